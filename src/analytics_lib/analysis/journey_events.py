"""Journeys as numbers: which event follows which in every unit, and whose unit it is.

A unit is a conversation, a user or a session, a *journey* its events within the window in the order
(occurred_at, event_id). Events without a conversation belong to no conversation. A session ends where the
user does nothing for longer than the gap. What lies outside the window is not looked at, so that an edge of
the window cuts a journey: its start and its end are those within the window.

The first event of a journey in the window decides the journey's group; what a dimension does not say is
``unknown``.
"""

from __future__ import annotations

import datetime as dt
import difflib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.analysis import journey_queries as queries
from analytics_lib.errors import RequestError
from analytics_lib.periods import Moment, utc_moment, window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

Unit = Literal["conversation", "user", "session"]

DIMENSIONS = ("channel", "entry_point", "city", "region", "country", "segment")
PERIODS = ("before", "after")
SESSION_GAP = dt.timedelta(minutes=30)
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Journeys:
    """The journeys of a window; numbers stand for names, users and groups.

    Attributes:
        names: The events that occur, by the alphabet.
        codes: Of every event its place in ``names``; the events of one journey stand together, in order.
        moments: When each happened, microseconds since 1970 (UTC).
        starts: Where each journey begins in ``codes``, and behind the last one the number of events.
        users: Of each journey its user, a place in ``user_ids``.
        user_ids: The users.
        groups: Of each journey its group, a place in ``labels``.
        labels: Names of the groups; one nameless group where nothing is split.
        column: What the column of the groups is called; null where nothing is split.
    """

    names: list[str]
    codes: Ints
    moments: Ints
    starts: Ints
    users: Ints
    user_ids: pa.Array
    groups: Ints
    labels: list[str]
    column: str | None

    @property
    def lengths(self) -> Ints:
        """How many events each journey has."""
        return np.diff(self.starts)

    @property
    def numbers(self) -> Ints:
        """Of every event the number of its journey."""
        return np.repeat(np.arange(len(self.users)), self.lengths)

    def __len__(self) -> int:
        """How many journeys there are."""
        return len(self.users)


def load(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    gap: dt.timedelta = SESSION_GAP,
) -> Journeys:
    """The journeys of ``[since, until)``.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window.
        until: Its end, excluded.
        unit: conversation, user or session.
        by: A dimension; or a moment, which splits journeys into those that begin before it and after;
            null = one group.
        gap: The longest pause within a session.

    Raises:
        RequestError: If a unit or dimension is unknown, the moment does not split the window, the gap is not
            positive, or the window is empty.
    """
    bounds = {**window(since, until), "unit": _known("unit", unit, get_args(Unit))}
    read = _read(store, bounds, _dimension(by))
    journeys = sessions_of(read, gap) if unit == "session" else read
    return _grouped(journeys, by, since=since, until=until)


def sessions_of(journeys: Journeys, gap: dt.timedelta) -> Journeys:
    """The journeys of users cut wherever a pause is longer than ``gap``; groups are still those of events.

    Raises:
        RequestError: If the gap is not positive.
    """
    given: object = gap
    if not (isinstance(given, dt.timedelta) and given > dt.timedelta()):
        raise RequestError(f"gap is {gap}; expected a positive pause such as timedelta(minutes=30).")
    begins = np.zeros(len(journeys.codes) + 1, dtype=bool)
    begins[journeys.starts] = True
    begins[1:-1] |= np.diff(journeys.moments) > gap // _MICROSECOND
    starts = np.flatnonzero(begins)
    of_unit = np.searchsorted(journeys.starts, starts[:-1], side="right") - 1
    return replace(journeys, starts=starts, users=journeys.users[of_unit])


def check_event(name: str, role: str, known: Sequence[str]) -> int:
    """The place of an event among the known ones.

    Raises:
        RequestError: If no such event occurs; the message names the nearest and what there is.
    """
    return list(known).index(_known(role, name, known))


def _known(what: str, given: object, known: Iterable[str]) -> str:
    options = list(known)
    if given in options:
        return str(given)
    near = difflib.get_close_matches(str(given), options, n=1)
    listed = ", ".join(options[:20]) + (f" and {len(options) - 20} more" if len(options) > 20 else "")
    raise RequestError(
        f"Unknown {what} {given!r}.{f' Did you mean {near[0]!r}?' if near else ''} "
        f"Expected one of: {listed or 'nothing, since no event lies in the window'}."
    )


def _dimension(by: str | Moment | None) -> str | None:
    return _known("by", by, DIMENSIONS) if isinstance(by, str) else None


class _Words(NamedTuple):
    """A column of texts as numbers.

    Attributes:
        codes: Of every row the place of its text in ``words``.
        words: The different texts.
    """

    codes: Ints
    words: pa.Array

    def sorted(self) -> _Words:
        """The same with the texts in the order of the alphabet."""
        places = pc.array_sort_indices(self.words).to_numpy()
        rank = np.empty(len(places), dtype=np.int64)
        rank[places] = np.arange(len(places))
        return _Words(rank[self.codes], self.words.take(pa.array(places)))

    def take(self, rows: Ints) -> _Words:
        """Some of the rows."""
        return _Words(self.codes[rows], self.words)


def _read(store: Store, bounds: dict[str, object], by: str | None) -> Journeys:
    """Users or conversations in order; with a dimension the groups of single events."""
    asked = {**bounds, "by": by} if by else bounds
    rows = store.query_arrow(queries.EVENTS_BY if by else queries.EVENTS, **asked)
    columns, moments = _columns(rows), _microseconds(rows["occurred_at"])
    del rows
    units = columns.pop("unit")
    order = _order(units.codes, moments)
    starts = np.concatenate([[0], np.cumsum(np.bincount(units.codes, minlength=len(units.words)))])
    # Where a unit is no conversation it is a user.
    users = columns.pop("user_id", units).take(order[starts[:-1]])
    told, moments = {name: one.sorted().take(order) for name, one in columns.items()}, moments[order]
    _settle(store, {**bounds, "by": by or ""}, units.words, starts, moments, told)
    groups = told.get("label", told["name"])
    names, labels = told["name"].words.to_pylist(), groups.words.to_pylist()
    return Journeys(names, told["name"].codes, moments, starts, *users, groups.codes, labels, by)


def _columns(rows: pa.Table) -> dict[str, _Words]:
    """The texts as numbers, two columns at a time."""
    names = [name for name in rows.column_names if name != "occurred_at"]
    if rows.num_rows and rows["user_id"].null_count:
        names.remove("user_id")
    with ThreadPoolExecutor(2) as workers:
        return dict(zip(names, workers.map(_numbered, map(rows.column, names)), strict=True))


def _numbered(column: pa.ChunkedArray) -> _Words:
    parts = column.dictionary_encode().chunks
    if not parts:
        return _Words(np.zeros(0, dtype=np.int64), pa.array([], pa.string()))
    return _Words(np.concatenate([part.indices.to_numpy() for part in parts]), parts[-1].dictionary)


def _microseconds(column: pa.ChunkedArray) -> Ints:
    parts = [part.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() for part in column.chunks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _order(units: Ints, moments: Ints) -> Ints:
    """Where each event has to come from so that units stand one after the other, each in time."""
    if not len(units):
        return units
    keys, since = units.astype(np.int64), moments - moments.min()
    bits = int(since.max()).bit_length()
    # One sort by single numbers is ten times faster than one by two columns; where both do not fit into one,
    # the last bits of the time wait, and what is then still out of order is few.
    spare = max(bits + int(keys.max()).bit_length() - 63, 0)
    keys <<= bits - spare
    keys |= since >> spare
    order = np.argsort(keys)
    if spare:
        unit, at = units[order], moments[order]
        back = unit[1:][(unit[1:] == unit[:-1]) & (at[1:] < at[:-1])]
        rows = np.flatnonzero(np.isin(unit, back))
        order[rows] = order[rows[np.lexsort((at[rows], unit[rows]))]]
    return order


def _settle(  # what was read, and where from
    store: Store,
    asked: dict[str, object],
    ids: pa.Array,
    starts: Ints,
    moments: Ints,
    told: dict[str, _Words],
) -> None:
    """Put events of one unit and one moment into the order of their ids, in place."""
    same = moments[1:] == moments[:-1]
    same[starts[1:-1] - 1] = False
    tied = np.unique(np.searchsorted(starts, np.flatnonzero(same) + 1, side="right") - 1)
    if not len(tied):
        return
    units = ids.take(pa.array(tied))
    found = store.query_arrow(queries.TIED, **asked, units=units.to_pylist())
    target = starts[tied[pc.index_in(found["unit"], value_set=units).to_numpy()]] + found["place"].to_numpy()
    for name, (codes, words) in told.items():
        codes[target] = pc.index_in(found[name], value_set=words).to_numpy()


def _grouped(journeys: Journeys, by: str | Moment | None, *, since: Moment, until: Moment) -> Journeys:
    """Each journey in the group of its first event."""
    first = journeys.starts[:-1]
    if by is None:
        return replace(journeys, groups=np.zeros(len(journeys), dtype=np.int64), labels=[""])
    if not isinstance(by, str):
        split = _split(by, since=since, until=until)
        groups = (journeys.moments[first] >= split).astype(np.int64)
        return replace(journeys, groups=groups, labels=list(PERIODS), column="period")
    return replace(journeys, groups=journeys.groups[first])


def _split(at: Moment, *, since: Moment, until: Moment) -> int:
    moment = utc_moment(at)
    if not utc_moment(since) < moment < utc_moment(until):
        raise RequestError(f"The moment {at} does not split the window [{since}, {until}). Give one between.")
    return (moment - _EPOCH) // _MICROSECOND
