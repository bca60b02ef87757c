"""Conversations of a window at a glance: how many, how busy, how well they end, how long, where they go.

Of a channel and a segment where asked for. A conversation is *active* in a window if anybody wrote in it
then, also if it had started before; everything else counts the conversations that started in the window,
with all that was known of them later. Nobody is 0; what no row could tell is null.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.analysis.funnel_groups import whole
from analytics_lib.analysis.funnel_matching import nobody
from analytics_lib.analysis.funnel_question import NAMES_AMONG, ask
from analytics_lib.analysis.funnel_table import table
from analytics_lib.analysis.funnels import funnel
from analytics_lib.analysis.journey_paths import common_paths
from analytics_lib.analysis.overview_agents import agents, apart
from analytics_lib.analysis.overview_durations import Durations, durations
from analytics_lib.analysis.overview_moods import moods
from analytics_lib.analysis.overview_needs import (
    escalation_reasons,
    failing_intents,
    records_escalations,
    top_queries,
)
from analytics_lib.analysis.overview_places import places
from analytics_lib.analysis.overview_results import first_results, more_results
from analytics_lib.analysis.overview_scope import Asked, choose, part, starts_inside
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.metrics.question import spans
from analytics_lib.periods import local_moment
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Hashable

    from analytics_lib.store import Store

__all__ = [
    "WITHIN",
    "Asked",
    "Durations",
    "Grain",
    "Pace",
    "activity",
    "agents",
    "apart",
    "choose",
    "drop_off",
    "durations",
    "escalation_reasons",
    "failing_intents",
    "first_results",
    "first_row",
    "moods",
    "more_results",
    "pace",
    "paths",
    "places",
    "records_escalations",
    "resolution",
    "top_queries",
]

Grain = Literal["minute", "hour", "day"]
WITHIN = dt.timedelta(hours=24)
_MOST_PATHS, _MOST_STEPS = 200, 5
_MINUTES_UP_TO, _HOURS_UP_TO = dt.timedelta(days=1), dt.timedelta(days=14)
_STEPS: dict[Grain, dt.timedelta] = {
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
}


@dataclass(frozen=True)
class Pace:
    """How many messages are sent, through the window.

    Attributes:
        rows: One row per stretch that the store covers, in order: ``moment`` (its start), ``messages`` sent
            in it, ``rate`` (messages a minute where ``grain`` is minute, else an hour), ``complete`` (false
            where the store begins or ends within it).
        grain: minute for a day or less, hour for up to 14 days, else day.
    """

    rows: pd.DataFrame
    grain: Grain


def first_row(store: Store, asked: Asked) -> tuple[pd.DataFrame, pd.Series, Durations]:
    """What the answer says: ``activity``, ``resolution`` and ``durations``."""
    return activity(store, asked), resolution(store, asked), durations(store, asked)


def activity(store: Store, asked: Asked) -> pd.DataFrame:
    """How much there was in the window, and in the one before.

    Args:
        store: Read: ``conversations messages users``.
        asked: What was asked for.

    Returns:
        Two rows, ``side`` window and before: ``conversations`` (active), ``users`` who took part in them,
        ``messages`` sent, ``started`` (conversations that began), ``seen`` (false where the store begins only
        after that window does, so that a number is less than what there was).
    """
    rows = [store.query(queries.ACTIVITY, **each.bound).iloc[0] for each in (asked, asked.before)]
    first = spans(store)["first_local"][["conversations", "messages"]].min()
    nothing = pd.isna(first)
    seen = [not nothing and not starts_inside(each, first) for each in (asked, asked.before)]
    frame = pd.DataFrame(rows).reset_index(drop=True).astype("int64")
    return frame.assign(side=["window", "before"], seen=seen)


def pace(store: Store, asked: Asked) -> Pace:
    """How many messages were sent by minute, hour or day, whichever the length of the window lets be read.

    Args:
        store: Read: ``conversations messages users``.
        asked: What was asked for.
    """
    grain = _grain(asked.until - asked.since)
    found = store.query(queries.PACE, grain=grain, **asked.bound).set_index("moment")["messages"]
    since, until = _known(store, asked)
    step = pd.Timedelta(_STEPS[grain])
    if not since < until:
        return Pace(pd.DataFrame(columns=["moment", "messages", "rate", "complete"]), grain)
    moments = pd.date_range(since.floor(step), until, freq=step, inclusive="left", unit="us")
    messages = found.reindex(moments, fill_value=0).to_numpy(dtype=np.int64)
    units = 1.0 if grain == "minute" else step / pd.Timedelta(hours=1)
    complete = (moments >= since) & (moments + step <= until)
    rows = {"moment": moments, "messages": messages, "rate": messages / units, "complete": complete}
    return Pace(pd.DataFrame(rows), grain)


def resolution(store: Store, asked: Asked) -> pd.Series:
    """The resolution rate of the window, as ``metrics.measure`` gives it.

    Args:
        store: Read: ``conversations users``.
        asked: What was asked for.

    Returns:
        ``value low high numerator denominator few``; denominator 0 and the others null where nothing closed.
    """
    filters = {name: getattr(asked, name) for name in ("channel", "segment")}
    chosen = {name: value for name, value in filters.items() if value is not None}
    nothing = pd.Series(
        {"value": math.nan, "low": math.nan, "high": math.nan, "numerator": 0, "denominator": 0, "few": True}
    )
    try:
        metric = CATALOG["resolution_rate"]
        rows = measure(store, metric, since=asked.since, until=asked.until, by=[*chosen], as_of=asked.as_of)
    except NotEnoughDataError:
        return nothing
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    return rows.iloc[0][list(nothing.index)] if len(rows) else nothing


def paths(store: Store, asked: Asked) -> pd.DataFrame:
    """What happens one after the other in conversations, for a diagram of flows.

    Args:
        store: Read: ``events``; with a filter ``conversations users``.
        asked: What was asked for.

    Returns:
        As ``journeys.common_paths``: the 200 most frequent paths of at most five steps, and all others. No
        row where the store records no events.
    """
    return common_paths(
        part(store, asked), since=asked.since, until=asked.until, limit=_MOST_PATHS, steps=_MOST_STEPS
    )


def drop_off(store: Store, asked: Asked) -> pd.DataFrame:
    """How many users reach each stage of the shop's funnel within 24 hours of entering it.

    Args:
        store: Read: ``events``; with a filter ``conversations users``.
        asked: What was asked for.

    Returns:
        As ``funnels.funnel``; no row where the store records no events, or none of the shop's stages.
    """
    steps = ask(stages=FUNNEL_STAGES, within=WITHIN, as_of=asked.as_of, **asked.days).steps
    none, source = nobody(steps), part(store, asked)
    recorded, there = (
        len(each.query(NAMES_AMONG, names=list(FUNNEL_STAGES))) > 0 for each in (store, source)
    )
    if not there:
        return table(none, steps, whole(none) if recorded else [])
    return funnel(source, stages=FUNNEL_STAGES, within=WITHIN, as_of=asked.as_of, **asked.days)


def _grain(length: dt.timedelta) -> Grain:
    if length <= _MINUTES_UP_TO:
        return "minute"
    return "hour" if length <= _HOURS_UP_TO else "day"


def _known(store: Store, asked: Asked) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From when to when the store tells what was written; its first day is taken to be known whole."""
    row = spans(store).loc["messages"]
    since, until = (pd.Timestamp(local_moment(day)) for day in (asked.since, asked.until))
    if not row["rows_of"]:
        return since, since
    known: dict[Hashable, Any] = row.to_dict()
    first, last = known["first_local"], known["last_local"]
    ends = [until, last + pd.Timedelta(microseconds=1)]
    ends += [] if asked.as_of is None else [pd.Timestamp(local_moment(asked.as_of))]
    return max(since, first.floor("D")), min(ends)
