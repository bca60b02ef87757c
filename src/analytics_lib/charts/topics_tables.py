"""What people ask in figures: the topics with examples, words and products on the move, common issues."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.topics_words import (
    MOVED,
    issue_name,
    q_value,
    side,
    times,
    topic_name,
    word_name,
)
from analytics_lib.charts.words import Language, count, number, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.charts.style import Record

_MOST_MOVED, _LEAST_SHOWN, _MOST_ISSUES, _MOST_TOPICS = 12, 5, 12, 10


def topic_table(rows: pd.DataFrame, *, language: Language = "es") -> Html:
    """The topics with their counts and examples.

    Args:
        rows: One row per topic: ``topic messages share users user_share low high conversations examples``.
        language: es or en.
    """
    if rows.empty:
        return Html("")
    none = rows["topic"].isin(["other", "unknown"])
    named = rows[~none]
    shown = pd.concat([named.head(_MOST_TOPICS), rows[none]])
    cells = [
        [
            topic_name(row["topic"], language),
            " / ".join(f"«{text}»" for text in row["examples"]),
            say(
                "intents.cell.share",
                language,
                n=count(row["messages"], language),
                share=share(row["share"], language),
            ),
            say(
                "topics.cell.users",
                language,
                n=count(row["users"], language),
                share=share(row["user_share"], language),
                low=share(row["low"], language),
                high=share(row["high"], language),
            ),
            count(row["conversations"], language),
        ]
        for row in shown.to_dict("records")
    ]
    body = _table(cells, "topics.table", say("topics.table.head", language), language)
    if len(named) <= _MOST_TOPICS:
        return body
    counts = {"shown": count(_MOST_TOPICS, language), "n": count(len(named), language)}
    return Html(f"{body.html}<p>{html.escape(say('topics.table.cut', language, **counts))}</p>")


def trending_words(frame: pd.DataFrame, *, recent: int = 1, language: Language = "es") -> Html:
    """Words that moved, or else those that moved most and that it is no more than chance.

    Args:
        frame: One row per word in order: ``word`` and the columns of a comparison with the weeks before.
        recent: How many weeks are compared with those before.
        language: es or en.
    """
    rows = frame.to_dict("records")
    named: list[tuple[str, Record]] = [(word_name(row["word"], language), row) for row in rows]
    return _trending(named, "words", recent, language)


def trending_products(frame: pd.DataFrame, *, recent: int = 1, language: Language = "es") -> Html:
    """Products that moved, likewise.

    Args:
        frame: One row per product and measure in order: ``product measure`` and the same columns.
        recent: How many weeks are compared with those before.
        language: es or en.
    """
    named: list[tuple[str, Record]] = [
        (say(f"trends.measure.{row['measure']}", language, product=row["product"]), row)
        for row in frame.to_dict("records")
    ]
    return _trending(named, "products", recent, language)


def issue_table(frame: pd.DataFrame, unrecorded: Sequence[str], *, language: Language = "es") -> Html:
    """Common issues for every 1,000 conversations, those that moved first, and what no source records.

    Args:
        frame: One row per issue: ``kind name detail conversations total per_thousand low high`` and the
            columns of a comparison with the weeks before.
        unrecorded: Kinds that cannot be told.
        language: es or en.
    """
    kinds = ", ".join(say(f"issue.{kind}", language) for kind in unrecorded)
    note = f"<p>{html.escape(say('issues.unrecorded', language, kinds=kinds))}</p>" if kinds else ""
    if frame.empty:
        return Html(f"<p>{html.escape(say('issues.empty', language))}</p>{note}")
    moved = frame["verdict"].isin(MOVED)
    shown = pd.concat([frame[moved], frame[~moved]]).head(_MOST_ISSUES)
    cells = [_issue(row, language) for row in shown.to_dict("records")]
    return Html(_table(cells, "issues.table", say("issues.head", language), language).html + note)


def _issue(row: Record, language: Language) -> list[str]:
    value, low, high = (number(row[name], language) for name in ("per_thousand", "low", "high"))
    of = {"count": count(row["conversations"], language), "n": count(row["total"], language)}
    return [
        issue_name(row, language),
        say("issues.interval", language, value=value, low=low, high=high),
        say(f"verdict.{row['verdict']}", language),
        times(row, language),
        say("issues.of", language, **of),
        q_value(row["q_value"], language),
    ]


def _trending(named: list[tuple[str, Record]], what: str, recent: int, language: Language) -> Html:
    tested = [(name, row) for name, row in named if row["verdict"] != "few"]
    if not tested:
        return Html(f"<p>{html.escape(say(f'trends.empty.{what}', language))}</p>")
    moved = [(name, row) for name, row in tested if row["verdict"] in MOVED][:_MOST_MOVED]
    none = say(f"trends.none.{what}", language, n=count(len(tested), language))
    note = "" if moved else f"<p>{html.escape(none)}</p>"
    cells = [
        [
            name,
            say(f"verdict.{row['verdict']}", language),
            times(row, language),
            side(row, "now", language),
            side(row, "before", language),
            q_value(row["q_value"], language),
        ]
        for name, row in moved or tested[:_LEAST_SHOWN]
    ]
    key = "trends.head" if recent == 1 else "trends.head.weeks"
    heads = say(key, language) if recent == 1 else say(key, language, n=count(recent, language))
    return Html(note + _table(cells, f"trends.{what}", heads, language).html)


def _table(cells: list[list[str]], title: str, heads: str, language: Language) -> Html:
    return table(pd.DataFrame(cells, columns=heads.split("|")), title=title, language=language)
