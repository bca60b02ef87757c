"""What one person does: on which days, on which channels, at what times, and how far towards a purchase."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.rows import frame_of, records
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from analytics_lib.analysis.user_rows import UserRows

_COUNTS = ["conversations", "messages", "own_messages", "events", "orders", "refunds"]
_STAGE_TYPES = {
    "stage": "str",
    "position": "Int64",
    "events": "int64",
    "conversations": "int64",
    "first_local": "datetime64[us]",
    "last_local": "datetime64[us]",
}


def interactions(rows: UserRows) -> pd.DataFrame:
    """What happened on each day; a day without a row saw nothing.

    Returns:
        One row per day: ``day``, ``conversations`` that started, ``messages`` of anybody, ``own_messages``,
        ``events``, ``orders`` (of more than nothing), ``refunds``, ``first_local``, ``last_local``.
    """
    by_day = rows.days.groupby("day")
    found = by_day[_COUNTS].sum()
    found["first_local"], found["last_local"] = by_day["first_local"].min(), by_day["last_local"].max()
    return found.reset_index()


def times(rows: UserRows) -> pd.DataFrame:
    """At which hours of the week the person is there.

    An hour counts once a day however much was written in it. What counts is the person's own: messages,
    events, orders of more than nothing.

    Returns:
        One row per hour of the week with anything, ``weekday`` (Monday 1 to Sunday 7), ``hour``, ``days`` on
        which the person was there, ``share`` of all such hours (0 to 1).
    """
    own = rows.days[rows.days["own"] > 0]
    weekday = (own["day"].dt.day_of_week + 1).rename("weekday")
    counted = own.groupby([weekday, own["hour"].astype(int)]).size().reset_index(name="days")
    return counted.assign(share=counted["days"] / max(len(own), 1))


def channels(talks: pd.DataFrame, rows: UserRows) -> pd.DataFrame:
    """Where the person talks with the shop.

    Args:
        talks: The person's conversations (see ``user_talks.talks``).
        rows: The person's rows.

    Returns:
        One row per channel, the most used first: ``channel``, ``conversations`` that started in the window,
        ``own_messages``, ``share`` of the conversations (0 to 1; null where none started),
        ``last_local`` (last message of anybody, or start).
    """
    started = talks["started_local"] >= pd.Timestamp(rows.since)
    total = int(started.sum())
    by_channel = talks.assign(conversations=started.astype(int)).groupby("channel")
    found = by_channel[["conversations", "own_messages"]].sum()
    found["last_local"] = by_channel["last_local"].max()
    found = found.reset_index()
    found["share"] = found["conversations"] / total if total else math.nan
    ordered = found.sort_values(["conversations", "own_messages", "channel"], ascending=[False, False, True])
    return ordered[["channel", "conversations", "own_messages", "share", "last_local"]].reset_index(drop=True)


def stages(rows: UserRows) -> pd.DataFrame:
    """Which steps the person took, the stages of the funnel first.

    Returns:
        One row per stage of the funnel, in order, also of those not reached (0), where the store records any;
        then one per other event of the person, the most frequent first: ``stage``, ``position`` (1 to 8;
        null outside the funnel), ``events``, ``conversations`` they happened in, ``first_local``,
        ``last_local`` (null where not reached). No row where the store records no events.
    """
    happened: dict[str, list[tuple[object, pd.Timestamp]]] = {}
    for row in records(rows.events[["name", "conversation_id", "occurred_local"]]):
        happened.setdefault(row["name"], []).append((row["conversation_id"], row["occurred_local"]))
    funnel = FUNNEL_STAGES if "stages" in rows.known else ()
    others = [name for name in happened if name not in funnel]
    others.sort(key=lambda name: (-len(happened[name]), name))
    found = [_stage(name, place, happened.get(name, [])) for place, name in enumerate(funnel, start=1)]
    return frame_of([*found, *(_stage(name, None, happened[name]) for name in others)], _STAGE_TYPES)


def _stage(
    name: str, position: int | None, happened: list[tuple[object, pd.Timestamp]]
) -> tuple[object, ...]:
    moments = [moment for _, moment in happened]
    talks = {talk for talk, _ in happened if isinstance(talk, str)}
    ends = (min(moments), max(moments)) if moments else (pd.NaT, pd.NaT)
    return (name, position, len(happened), len(talks), *ends)
