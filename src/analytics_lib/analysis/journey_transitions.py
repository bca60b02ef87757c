"""Transitions: which event follows which, how often, for how many users, and how fast.

Two shares that are never mixed: ``share`` is of the transitions that leave the source, ``reach`` of the users
who had it. Equal events one after the other are a transition from the event to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.analysis.journey_counts import Shares, distinct_users, shares
from analytics_lib.analysis.journey_events import SESSION_GAP, Journeys, load
from analytics_lib.analysis.numbered_events import narrow
from analytics_lib.errors import RequestError
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.analysis.journey_counts import Floats, Ints
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

ENDS = ("start", "end")
_BITS = 63


class _Steps(NamedTuple):
    """Every transition, by number: group and source and target, user, and time.

    ``time`` is in microseconds, and -1 where it is unknown.
    """

    pair: Ints
    user: Ints
    time: Ints


def transitions(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    ends: bool = False,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """Which event is directly followed by which.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        by: Split by channel, entry_point, city, region, country or segment of a journey's first event; or by
            a moment, into journeys that begin ``before`` it and ``after`` (column ``period``).
        ends: Whether ``start`` stands before each first event and ``end`` behind each last one.
        gap: The longest pause within a session.

    Returns:
        One row per pair that occurs, the most frequent first: ``by`` (if asked), ``source``, ``target``,
        ``transitions``, ``users`` (distinct); ``share`` of ``source_transitions``, those leaving the source
        (of ``leaving_users``), with its limits ``low`` ``high`` and the effective ``size`` they rest on;
        ``reach``, ``users`` by ``source_users`` who had the source, with ``reach_low`` ``reach_high``;
        ``median_seconds`` between the two over all ``transitions``, null with ``start`` and ``end``. No row
        where nothing is followed by anything.

    Raises:
        RequestError: As ``journey_events.load``; or if ``ends`` is asked for and an event has such a name.
    """
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    names = [*journeys.names, *ENDS]
    if ends:
        _check_ends(journeys.names)
    had = _had(journeys, width=len(names))
    steps = _steps(journeys, had, width=len(names), ends=ends)
    counted = shares(steps.pair, steps.user, width=len(names))
    frame = _named(counted, journeys, names).assign(
        **_reach(counted, journeys, had, len(names)), median_seconds=_median_seconds(steps, counted)
    )
    # Keys ascend by group, source and target, and a stable sort keeps that where counts are equal.
    order = np.lexsort((-counted.counts, counted.keys // len(names) ** 2))
    return frame.iloc[order].reset_index(drop=True)


def _check_ends(names: list[str]) -> None:
    taken = [name for name in ENDS if name in names]
    if taken:
        raise RequestError(
            f"An event is itself called {taken[0]!r}, the name of an end of a journey. Leave out ends=True, "
            "or rename the event where its source is mapped."
        )


def _had(journeys: Journeys, *, width: int) -> tuple[Ints, Ints]:
    """Of every event its group and name as one number, and its user."""
    base = (journeys.groups * width).astype(narrow(len(journeys.labels) * width**2))
    keys = np.repeat(base, journeys.lengths)
    keys += journeys.codes
    users = journeys.users.astype(narrow(int(journeys.users.max(initial=0))))
    return keys, np.repeat(users, journeys.lengths)


def _steps(journeys: Journeys, had: tuple[Ints, Ints], *, width: int, ends: bool) -> _Steps:
    inside = np.ones(len(journeys.codes), dtype=bool)
    inside[journeys.starts[1:] - 1] = False
    inside, (keys, users) = inside[:-1], had
    pairs = keys[:-1] * width
    pairs += journeys.codes[1:]
    found = _Steps(pairs[inside], users[:-1][inside], np.diff(journeys.moments)[inside])
    if not ends:
        return found
    start, end = len(journeys.names), len(journeys.names) + 1
    first, last = journeys.codes[journeys.starts[:-1]], keys[journeys.starts[1:] - 1]
    unknown = np.full(len(journeys), -1)
    begun = _Steps((journeys.groups * width + start) * width + first, journeys.users, unknown)
    over = _Steps(last * width + end, journeys.users, unknown)
    return _Steps(*(np.concatenate(parts) for parts in zip(found, begun, over, strict=True)))


def _named(counted: Shares, journeys: Journeys, names: list[str]) -> pd.DataFrame:
    source, target = np.divmod(counted.keys, len(names))
    group, source = np.divmod(source, len(names))
    words, labels = np.array(names, dtype=object), np.array(journeys.labels, dtype=object)
    columns: dict[str, object] = {journeys.column: labels[group]} if journeys.column else {}
    columns |= {"source": words[source], "target": words[target], "transitions": counted.counts}
    columns |= {"users": counted.users, **counted.columns()}
    columns |= {"source_transitions": counted.totals, "leaving_users": counted.total_users}
    return pd.DataFrame({**columns, "size": counted.sizes})


def _reach(
    counted: Shares, journeys: Journeys, had: tuple[Ints, Ints], width: int
) -> dict[str, Floats | Ints]:
    """Who had an event: with ``start`` everybody did."""
    start = journeys.groups * width + len(journeys.names)
    known, users = distinct_users(had, (start, journeys.users))
    of_source = users[np.searchsorted(known, counted.keys // width)]
    low, high = wilson_limits(counted.users.astype(float), of_source.astype(float))
    limits = {"reach_low": low, "reach_high": high}
    return {"reach": counted.users / of_source, **limits, "source_users": of_source}


def _median_seconds(steps: _Steps, counted: Shares) -> Floats:
    """The median time of each pair in seconds; NaN where a time is unknown."""
    ordered = _by_pair(steps, counted.keys)
    ends = np.cumsum(counted.counts)
    middle = [ordered[ends - counted.counts + rank] for rank in _middles(counted.counts)]
    found = (middle[0] + middle[1]) / 2 - 1
    return np.where(found >= 0, found / 1e6, np.nan)


def _by_pair(steps: _Steps, pairs: Ints) -> Ints:
    """All times and one microsecond, by pair and then ascending."""
    bits = int(steps.time.max(initial=0) + 1).bit_length()
    if bits + int(pairs.max(initial=0)).bit_length() > _BITS:
        return (steps.time + 1)[np.lexsort((steps.time, steps.pair))]
    # One sort of single numbers is ten times faster than one by two columns.
    keys = steps.pair.astype(np.int64)
    keys <<= bits
    keys += steps.time
    keys += 1
    keys.sort()
    keys &= (1 << bits) - 1
    return keys


def _middles(counts: Ints) -> tuple[Ints, Ints]:
    return (counts - 1) // 2, counts // 2
