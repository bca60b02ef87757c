"""What people ask, what moves and what ends badly, in sentences: the answer at the top of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.charts.journey_words import event_name, path_text
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.topics_words import MOVED, issue_name, topic_name, word_name
from analytics_lib.charts.words import Language, count, counted, days, number, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.charts.style import Record

_MOST_NAMED, _MOST_MOVED = 3, 4


class Found(NamedTuple):
    """Everything the answer is about.

    Attributes:
        topics: One row per topic in order: ``topic messages user_share``; at the end ``other``, ``unknown``.
        users: Who asked something.
        hours: One row per metric and hour of the week: ``metric weekday hour value days``.
        growth: Topics against their weeks before, what moved most surely first.
        words: Words likewise.
        products: Products likewise.
        issues: Common issues likewise.
        worse: Topics that really end worse, the costliest first.
        compared_endings: How many endings were compared.
        tells: Sequences that go with the outcome, strongest first.
        outcome: The event those are about.
    """

    topics: pd.DataFrame
    users: int
    hours: pd.DataFrame
    growth: pd.DataFrame
    words: pd.DataFrame
    products: pd.DataFrame
    issues: pd.DataFrame
    worse: pd.DataFrame
    compared_endings: int
    tells: pd.DataFrame
    outcome: str


def answer(found: Found, *, since: dt.date, until: dt.date, language: Language = "es") -> Markdown:
    """What is asked most, when, what moves, what ends badly and what tells those who get there.

    Args:
        found: What was found.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    shown = days(since, until, language)
    if found.topics.empty:
        parts = [say("patterns.answer.none", language, days=shown)]
    else:
        parts = [_asked(found, shown, language)]
    parts += [_peak(found.hours, language), _moved(found, language)]
    parts += [_badly(found, language), _tell(found, language)]
    return Markdown("\n\n".join(part for part in parts if part))


def _asked(found: Found, shown: str, language: Language) -> str:
    rows = found.topics
    named = rows[~rows["topic"].isin(["other", "unknown"])]
    topics = [
        say(
            "patterns.answer.topic",
            language,
            topic=inert(topic_name(row["topic"], language)),
            share=share(row["user_share"], language),
        )
        for row in named.head(_MOST_NAMED).to_dict("records")
    ]
    said = [
        say(
            "patterns.answer.asked",
            language,
            days=shown,
            users=counted(found.users, "users", language),
            messages=counted(int(rows["messages"].sum()), "messages", language),
            topics="; ".join(topics),
        )
    ]
    none = {name: int(rows.loc[rows["topic"] == name, "messages"].sum()) for name in ("other", "unknown")}
    if sum(none.values()):
        part = share(sum(none.values()) / int(rows["messages"].sum()), language)
        counts = {name: count(n, language) for name, n in none.items()}
        said.append(say("patterns.answer.unknown", language, share=part, **counts))
    return " ".join(said)


def _peak(hours: pd.DataFrame, language: Language) -> str:
    volume = hours[(hours["metric"] == "conversations") & hours["value"].notna()]
    if volume.empty or not volume["value"].max() > 0:
        return ""
    row = volume.iloc[int(volume["value"].argmax())]
    return say(
        "patterns.answer.peak",
        language,
        weekday=say(f"weekday.{row['weekday']:.0f}", language),
        hour=f"{row['hour']:.0f}:00",
        value=number(row["value"], language),
        n=count(row["days"], language),
    )


def _moved(found: Found, language: Language) -> str:
    sides = [
        [(topic_name(row["topic"], language), row) for row in found.growth.to_dict("records")],
        [(issue_name(row, language), row) for row in found.issues.to_dict("records")],
        [(word_name(row["word"], language), row) for row in found.words.to_dict("records")],
        [(str(row["product"]), row) for row in found.products.to_dict("records")],
    ]
    compared = [(name, row) for side in sides for name, row in side if row["verdict"] != "few"]
    if not compared:
        return say("patterns.answer.no_weeks", language)
    moved = sorted(
        ((name, row) for name, row in compared if row["verdict"] in MOVED),
        key=lambda pair: pair[1]["p_value"],
    )
    if not moved:
        return say("patterns.answer.still", language, n=count(len(compared), language))
    things = "; ".join(_thing(name, row, language) for name, row in moved[:_MOST_MOVED])
    return say("patterns.answer.moved", language, things=things)


def _thing(name: str, row: Record, language: Language) -> str:
    return say(
        "patterns.answer.thing",
        language,
        name=inert(name),
        verdict=say(f"verdict.{row['verdict']}", language),
        now=share(row["share_now"], language),
        before=share(row["share_before"], language),
    )


def _badly(found: Found, language: Language) -> str:
    if not found.compared_endings:
        return ""
    if found.worse.empty:
        return say("patterns.answer.not_badly", language)
    row = found.worse.to_dict("records")[0]
    return say(
        "patterns.answer.badly",
        language,
        topic=inert(topic_name(row["topic"], language)),
        ending=say(f"ending.{row['ending']}", language),
        first=share(row["first_share"], language),
        second=share(row["second_share"], language),
        n=count(row["first_total"], language),
    )


def _tell(found: Found, language: Language) -> str:
    if found.tells.empty:
        return ""
    sure = found.tells[found.tells["verdict"].isin(["buyers", "leavers"]) & found.tells["part_of"].isna()]
    if sure.empty:
        return ""
    row = sure.to_dict("records")[0]
    lift, low, high = (
        number(row[name], language, digits=2) for name in ("flow_lift", "flow_low", "flow_high")
    )
    return say(
        "patterns.answer.tell",
        language,
        outcome=inert(event_name(found.outcome, language)),
        pattern=inert(path_text(row["pattern"], language)),
        lift=lift,
        low=low,
        high=high,
    )
