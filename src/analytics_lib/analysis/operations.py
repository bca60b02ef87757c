"""Operations, now: who is talking, what came in today, how it is served, and what stands out.

Everything is told as of one moment, the end of the data unless another is given, and held against the same
time of the last four same weekdays. The last hour and the last quarter of an hour end at that moment; the day
began at midnight on the wall clock of the business. What was never recorded is null and says so; a source
that fell silent is told apart from one in which nothing happened.

A week before counts only if the store knows a conversation from before its day began; else it is no week of
zeros but an unknown one. Queues and APIs belong to no channel: their numbers are those of all.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analytics_lib.analysis import operations_rows as frames
from analytics_lib.analysis.operations_ends import End, end_of, recorded
from analytics_lib.analysis.operations_query import NOW
from analytics_lib.analysis.operations_rows import Rows
from analytics_lib.analysis.operations_tiles import health_of, tiles
from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.periods import Moment, local_moment
from analytics_lib.schema import CHANNELS

if TYPE_CHECKING:
    from analytics_lib.metrics import HealthScore
    from analytics_lib.store import Store

ACTIVE_MINUTES = 15
RECENT_MINUTES = 60
_TICK = dt.timedelta(microseconds=1)
_MISSING = {
    "active_users": "messages",
    "active_conversations": "messages",
    "messages": "messages",
    "conversations": "conversations",
    "resolution_rate": "conversations",
    "median_response_time": "messages",
    "p90_response_time": "messages",
    "queue_depth": "samples",
    "latency_p95": "api_requests",
    "error_rate": "api_requests",
}
_VALUES = ["value", "low", "high", "numerator", "denominator", "usual", "usual_low", "usual_high"]


@dataclass(frozen=True)
class Now:
    """How things stand at one moment.

    Attributes:
        as_of: The moment, UTC; excluded. Where it was left open, right after the last row of the store.
        as_of_local: The same on the wall clock of the business.
        seen_local: When somebody looks, on the same clock.
        behind_seconds: From the last row of any source to when somebody looks; NaN where the day before has
            none.
        stale: Whether that is longer than was allowed.
        channel: Only conversations of this channel; null = of all.
        segment: Only users of this segment; null = all.
        tiles: One row per number: ``name`` (``active_users`` who wrote and ``active_conversations``, open,
            with a message, both in the last 15 minutes; ``messages`` of these minutes; ``conversations``
            since midnight; ``resolution_rate`` of those; ``median_response_time`` and ``p90_response_time``
            of the bot in the last hour; ``health_score`` of the day; ``queue_depth`` as last read;
            ``latency_p95`` and ``error_rate`` of the APIs in the last hour), ``unit`` (count, share, seconds,
            score, waiting, milliseconds), ``value``, ``low`` ``high`` (95 % interval), ``numerator``,
            ``denominator``, ``few``, ``usual`` (of the same time of earlier weeks: mean of counts, pooled
            rate, percentile of all waits; null where not compared), ``usual_low`` ``usual_high`` (least and
            most of the weeks), ``weeks`` (how many are known), ``verdict`` (more, less, same, few or
            unknown) and ``missing`` (the source that was never recorded; else empty).
        health: The health score of the day so far, with its parts.
        minutes: The last 60 minutes: ``at messages users complete``.
        hours: The day by hour: ``at conversations usual`` (null where no week is known).
        queue: Readings of the last hours: ``queue at depth readings``.
        api: Quarters of an hour: ``at requests timed`` (those whose duration is known) ``p50_ms p95_ms
            errors error_rate low high few``.
        top: See ``operations_rows.top``; a list is empty where nothing happened.
        sources: See ``operations_rows.sources``.
        recorded: Which of ``SOURCES`` hold anything at all.
        weeks: Which weeks before are known, 1 to 4.
    """

    as_of: dt.datetime
    as_of_local: dt.datetime
    seen_local: dt.datetime
    behind_seconds: float
    stale: bool
    channel: str | None
    segment: str | None
    tiles: pd.DataFrame
    health: HealthScore
    minutes: pd.DataFrame
    hours: pd.DataFrame
    queue: pd.DataFrame
    api: pd.DataFrame
    top: pd.DataFrame
    sources: pd.DataFrame
    recorded: frozenset[str]
    weeks: tuple[int, ...]


def now(  # noqa: PLR0913  # what the page may ask
    store: Store,
    *,
    as_of: Moment | None = None,
    channel: str | None = None,
    segment: str | None = None,
    seen_at: dt.datetime | None = None,
    stale_minutes: int = 15,
    hours: int = 6,
    limit: int = 5,
) -> Now:
    """How things stand: one query where ``as_of`` is given and every source has rows in the day before.

    Two small ones more find the end of the data where ``as_of`` is left open, and one tells silence from
    never recorded where a source has none.

    Args:
        store: Read: ``conversations messages events actions products users api_requests samples``.
        as_of: The moment, excluded; null = right after the last row of the store.
        channel: Only conversations of this channel; null or empty = all.
        segment: Only users of this segment, ``unknown`` for those without; null or empty = all.
        seen_at: When somebody looks; null = at ``as_of``.
        stale_minutes: Data that end longer than this before they are looked at are stale.
        hours: Length of the lines of queues and APIs.
        limit: Rows of each list.

    Raises:
        NotEnoughDataError: If ``as_of`` is left open and nothing ever happened in the store.
        RequestError: If a datetime has no zone, the channel does not exist, or a number is below 1.
    """
    _check(channel or None, stale_minutes=stale_minutes, hours=hours, limit=limit)
    end = end_of(store, as_of)
    bounds = _bounds(end, hours)
    rows = Rows(store.query(NOW, **bounds, **_audience(channel or None, segment or None)))
    weeks = frames.known_weeks(rows, bounds["day"])
    held = recorded(store, end, _seen(rows))
    health, (api, last_hour) = health_of(rows), frames.api(rows)
    found = Now(
        as_of=end.at,
        as_of_local=end.local,
        seen_local=end.local,
        behind_seconds=math.nan,
        stale=False,
        channel=channel or None,
        segment=segment or None,
        tiles=_with_missing(tiles(rows, health, last_hour, weeks), held),
        health=health,
        minutes=frames.minutes(rows, end),
        hours=_hours(rows, bounds["day"], end, weeks),
        queue=frames.queue(rows),
        api=api,
        top=frames.top(rows, weeks, limit=limit),
        sources=frames.sources(rows, held),
        recorded=held,
        weeks=tuple(weeks),
    )
    return looked_at(found, seen_at, stale_minutes=stale_minutes)


def looked_at(found: Now, seen_at: dt.datetime | None, *, stale_minutes: int = 15) -> Now:
    """The same numbers, looked at later: only how old they are is told anew.

    Args:
        found: How things stand.
        seen_at: When somebody looks; null = at the moment they are told as of.
        stale_minutes: As for ``now``.
    """
    looked = local_moment(seen_at) if seen_at else found.as_of_local
    behind = (looked - found.sources["last_local"]).dt.total_seconds()
    late = found.sources["recorded"] & ~(behind <= 60 * stale_minutes)
    least = float(behind.min())
    return replace(
        found,
        seen_local=looked,
        behind_seconds=least,
        stale=not least <= 60 * stale_minutes,
        sources=found.sources.assign(behind_seconds=behind, stale=late),
    )


def read_moment(given: str | None) -> Moment | None:
    """The moment somebody wrote: a day (its midnight) or a time, on the business clock unless zoned.

    Raises:
        RequestError: If it is neither.
    """
    if not given:
        return None
    try:
        if len(given) == len("2026-01-31"):
            return dt.date.fromisoformat(given)
        read = dt.datetime.fromisoformat(given)
    except ValueError as error:
        raise RequestError(f"{given!r} is no moment; expected a day or 2026-01-31T14:30.") from error
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(load_settings().time_zone))


def _check(channel: str | None, **numbers: int) -> None:
    if channel is not None and channel not in CHANNELS:
        near = difflib.get_close_matches(channel, CHANNELS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RequestError(f"Unknown channel {channel!r}.{hint} There are: {', '.join(CHANNELS)}.")
    for name, value in numbers.items():
        if value < 1:
            raise RequestError(f"{name} is {value!r}; expected a whole number of 1 or more.")


def _bounds(end: End, hours: int) -> dict[str, dt.datetime]:
    """The moments that the windows begin and end at, on the wall clock but for ``as_of``."""
    last = end.local - _TICK
    return {
        "as_of": end.at,
        "until": end.local,
        "day": last.replace(hour=0, minute=0, second=0, microsecond=0),
        "recent": end.local - dt.timedelta(minutes=RECENT_MINUTES),
        "recent_minute": last.replace(second=0, microsecond=0) - dt.timedelta(minutes=frames.MINUTES - 1),
        "active": end.local - dt.timedelta(minutes=ACTIVE_MINUTES),
        "lines": end.local - dt.timedelta(hours=hours),
    }


def _audience(channel: str | None, segment: str | None) -> dict[str, object]:
    return {"channel": channel, "segment": segment, "everyone": channel is None and segment is None}


def _seen(rows: Rows) -> list[str]:
    """The sources that the rows themselves show to hold something."""
    last = rows["source"].dropna(subset="moment")
    told = {"intents": "query" in rows or "fallback" in rows, "products": "product" in rows}
    return [*last["name"], *(name for name, known in told.items() if known)]


def _with_missing(found: pd.DataFrame, held: frozenset[str]) -> pd.DataFrame:
    """The tiles; of one whose source was never recorded nothing is known, not even that it was 0."""
    needs = found["name"].map(_MISSING).fillna("")
    missing = needs.where((needs != "") & ~needs.isin(held), "")
    found = found.astype(dict.fromkeys(_VALUES, float))
    found.loc[missing != "", _VALUES] = np.nan
    verdict = found["verdict"].where(missing == "", "unknown")
    return found.assign(verdict=verdict, missing=missing.astype("str"))


def _hours(rows: Rows, day: dt.datetime, end: End, weeks: list[int]) -> pd.DataFrame:
    """Conversations by hour since midnight; the running hour of earlier weeks ends where this one does."""
    at = pd.date_range(day, end.local - _TICK, freq="h").as_unit("us")
    begun = rows["hour"]
    counted = begun["value"].groupby([begun["moment"], begun["week"]]).sum()
    by_hour = {week: counted.xs(week, level="week") for week in {0, *weeks} & set(begun["week"])}
    wide = pd.DataFrame(by_hour, index=at, columns=[0, *weeks]).astype(float).fillna(0.0)
    usual = wide[weeks].mean(axis="columns") if weeks else pd.Series(np.nan, at)
    counts = wide[0].to_numpy().astype(np.int64)
    return pd.DataFrame({"at": at, "conversations": counts, "usual": usual.to_numpy()})
