"""Sequences of events in figures: those set apart and why, and what comes before a sale or a loss."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.journey_words import path_text
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.patterns import lift_text
from analytics_lib.charts.topics_words import MOVED, issue_name, topic_name, word_name
from analytics_lib.charts.words import Language, count, number, say, share

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

_APART = ("structural", "flow", "length")
_MOST = 12
_MOST_SIGNALS = 3
_WIDTHS = (
    ' style="min-width:9rem;max-width:16rem"',
    ' style="min-width:11rem;max-width:20rem"',
    "",
    "",
    ' style="white-space:nowrap"',
)


def apart_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """Sequences that go with the outcome for a reason of the flow, and which.

    Args:
        frame: As for ``patterns.tells``, with ``support``.
        language: es or en.
    """
    if frame.empty:
        return Html("")
    apart = pd.concat([frame[frame["verdict"] == verdict].head(5) for verdict in _APART])
    cells = [
        [
            path_text(row["pattern"], language),
            say(f"tell.{row['verdict']}", language),
            _of(row["outcome_units"], row["units"], language),
            _of(row["other_outcome_units"], row["other_units"], language),
            _of(row["units"], row["units_total"], language),
        ]
        for row in apart.to_dict("records")
    ]
    return _table(cells, "tells.apart", language)


def drop_off_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The last events of those who left, the most frequent first.

    Args:
        frame: One row per pattern: ``pattern units ended ended_rate low high share lift``.
        language: es or en.
    """
    cells = [
        [
            path_text(row["pattern"], language),
            say(
                "intents.cell.share",
                language,
                n=count(row["ended"], language),
                share=share(row["share"], language),
            ),
            _rate(row, "ended_rate", "units", language),
            say("trends.ratio", language, ratio=number(row["lift"], language, digits=2)),
        ]
        for row in frame.head(_MOST).to_dict("records")
    ]
    return _table(cells, "drop_off", language)


def success_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The events just before the outcome, the most frequent first.

    Args:
        frame: One row per pattern: ``pattern before units outcome_rate low high lift lift_low lift_high
            structural``.
        language: es or en.
    """
    cells = [
        [
            path_text(row["pattern"], language),
            count(row["before"], language),
            _rate(row, "outcome_rate", "units", language),
            say("sequences.forced", language)
            if row["structural"]
            else lift_text(row, ("lift", "lift_low", "lift_high"), language),
        ]
        for row in frame.head(_MOST).to_dict("records")
    ]
    return _table(cells, "success", language)


def advice(
    moved: pd.DataFrame,
    issues: pd.DataFrame,
    worse: pd.DataFrame,
    *,
    most_per_thousand: float,
    language: Language = "es",
) -> Html:
    """What asks for action: what moves, what fails too often or more than before, what ends worse.

    Args:
        moved: Words compared with the weeks before, those that moved most surely first.
        issues: Common issues, the most frequent first.
        worse: Topics that really end worse, the costliest first.
        most_per_thousand: Failed actions of one kind above it ask for action.
        language: es or en.
    """
    rows = [
        *_moving(moved, language),
        *_failing(issues, most_per_thousand, language),
        *_ending(worse, language),
    ]
    heads = say("advice.head", language).split("|")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _moving(moved: pd.DataFrame, language: Language) -> list[tuple[str, ...]]:
    real = moved[moved["verdict"].isin(MOVED)].head(_MOST_SIGNALS).to_dict("records")
    limit = say("patterns.advice.q", language)
    if not real:
        none, wait = (say(f"patterns.advice.trend.{name}", language) for name in ("none", "wait"))
        return [(none, wait, "", limit, "")]
    return [
        (
            say("patterns.advice.trend", language, name=word_name(row["word"], language)),
            say("patterns.advice.trend.do", language),
            share(row["share_now"], language),
            limit,
            count(row["total_now"], language),
        )
        for row in real
    ]


def _failing(issues: pd.DataFrame, most: float, language: Language) -> list[tuple[str, ...]]:
    failed = issues[issues["kind"] == "failed_action"]
    growing = failed[failed["verdict"].isin(["new", "rising"])].head(_MOST_SIGNALS)
    frequent = failed[failed["low"] > most].head(1)
    limits = (
        say("patterns.advice.q", language),
        say("patterns.advice.at_most", language, value=number(most, language, digits=0)),
    )
    return [
        *(_issue(row, "issue", limits[0], language) for row in growing.to_dict("records")),
        *(_issue(row, "issue.frequent", limits[1], language) for row in frequent.to_dict("records")),
    ]


def _issue(row: Record, key: str, limit: str, language: Language) -> tuple[str, ...]:
    value = say("patterns.advice.per_thousand", language, value=number(row["per_thousand"], language))
    name = say(f"patterns.advice.{key}", language, name=issue_name(row, language))
    return name, say(f"patterns.advice.{key}.do", language), value, limit, count(row["total"], language)


def _ending(worse: pd.DataFrame, language: Language) -> list[tuple[str, ...]]:
    return [
        (
            say("patterns.advice.ending", language, name=topic_name(row["topic"], language)),
            say("patterns.advice.ending.do", language),
            f"{share(row['first_share'], language)} {say('ending.' + row['ending'], language)}",
            say("patterns.advice.at_most", language, value=share(row["second_share"], language)),
            count(row["first_total"], language),
        )
        for row in worse.head(_MOST_SIGNALS).to_dict("records")
    ]


def _cells(row: tuple[str, ...]) -> str:
    return "".join(f"<td{width}>{html.escape(cell)}</td>" for width, cell in zip(_WIDTHS, row, strict=True))


def _of(some: float, every: float, language: Language) -> str:
    rate = some / every if every else float("nan")
    return say(
        "compare.cell.share",
        language,
        share=share(rate, language),
        count=count(some, language),
        n=count(every, language),
    )


def _rate(row: Record, rate: str, n: str, language: Language) -> str:
    ends = {"rate": row[rate], "low": row["low"], "high": row["high"]}
    return say(
        "intents.cell.rate",
        language,
        n=count(row[n], language),
        **{name: share(value, language) for name, value in ends.items()},
    )


def _table(cells: list[list[str]], name: str, language: Language) -> Html:
    title = name if name == "tells.apart" else f"{name}.table"
    if not cells:
        return Html("")
    heads = say(f"{name}.head", language).split("|")
    return table(pd.DataFrame(cells, columns=heads), title=title, language=language)
