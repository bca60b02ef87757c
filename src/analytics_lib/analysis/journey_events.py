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
from typing import TYPE_CHECKING, Literal, get_args

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
UNKNOWN = "unknown"
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
    dimension = _dimension(by)
    names: list[str] = store.query(queries.NAMES, **bounds)["name"].tolist()
    read = _read(store, bounds, names, dimension)
    journeys = sessions_of(read, gap) if unit == "session" else read
    return _grouped(journeys, store, by, since=since, until=until)


def sessions_of(journeys: Journeys, gap: dt.timedelta) -> Journeys:
    """The journeys of users cut wherever a pause is longer than ``gap``; groups are still those of events.

    Raises:
        RequestError: If the gap is not positive.
    """
    if gap <= dt.timedelta():
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


def _read(store: Store, bounds: dict[str, object], names: list[str], by: str | None) -> Journeys:
    """Users or conversations in order; with a dimension the groups of single events."""
    asked = {**bounds, "by": by} if by else bounds
    rows = store.query_arrow(queries.EVENTS_BY if by else queries.EVENTS, **asked)
    # Users are numbered on the other core while events are put in order.
    with ThreadPoolExecutor(1) as helper:
        people = helper.submit(_users, rows)
        starts, moments, events = _in_order(store, {**bounds, "by": by or ""}, rows)
        users, user_ids = people.result()
    return Journeys(names, events[0], moments, starts, users, user_ids, events[-1], [], by)


def _in_order(store: Store, asked: dict[str, object], rows: pa.Table) -> tuple[Ints, Ints, list[Ints]]:
    """Where journeys begin; and of every event its moment, its name and, if asked for, its label."""
    lists = [
        rows[name].combine_chunks() for name in ("times", "codes", "labels") if name in rows.column_names
    ]
    starts = lists[0].offsets.to_numpy().astype(np.int64)
    at = lists[0].values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    order = _order(starts, at)
    columns = [column.values.to_numpy() for column in lists[1:]]
    # What Arrow lends cannot be written to.
    events = [column.copy() if order is None else column[order] for column in columns]
    moments = at if order is None else at[order]
    _settle(store, asked, rows["unit"], starts, moments, events)
    return starts, moments, events


def _users(rows: pa.Table) -> tuple[Ints, pa.Array]:
    ids = rows["user_id"].combine_chunks()
    if ids.null_count:
        return np.arange(len(ids)), rows["unit"].combine_chunks()
    found = ids.dictionary_encode()
    return found.indices.to_numpy().astype(np.int64), found.dictionary


def _order(starts: Ints, moments: Ints) -> Ints | None:
    """Where each event has to come from so that every journey runs in time; null where all do."""
    if not len(_backwards(starts, moments)):
        return None
    since = moments - moments.min()
    numbers = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    bits = int(since.max()).bit_length()
    # One sort by single numbers is ten times faster than one by two columns; where both do not fit into one,
    # the last bits of the time wait, and what is then still out of order is few.
    spare = max(bits + len(starts).bit_length() - 63, 0)
    order = np.argsort((numbers << (bits - spare)) | (since >> spare))
    rows = np.flatnonzero(np.isin(numbers, numbers[_backwards(starts, moments[order])]))
    order[rows] = order[rows[np.lexsort((moments[order[rows]], numbers[rows]))]]
    return order


def _backwards(starts: Ints, moments: Ints) -> Ints:
    """The events that stand behind a later one of their journey."""
    back = moments[1:] < moments[:-1]
    back[starts[1:-1] - 1] = False
    return np.flatnonzero(back) + 1


def _settle(
    store: Store,
    asked: dict[str, object],
    units: pa.ChunkedArray,
    starts: Ints,
    at: Ints,
    events: list[Ints],
) -> None:
    """Put events of one journey and one moment into the order of their ids, in place."""
    same = at[1:] == at[:-1]
    same[starts[1:-1] - 1] = False
    tied = np.unique(np.searchsorted(starts, np.flatnonzero(same) + 1, side="right") - 1)
    if not len(tied):
        return
    ids = units.take(pa.array(tied))
    found = store.query_arrow(queries.TIED, **asked, units=ids.to_pylist())
    places = tied[pc.index_in(found["unit"], value_set=ids.combine_chunks()).to_numpy()]
    target = starts[places] + found["place"].to_numpy()
    for column, name in zip(events, ("code", "label"), strict=False):
        column[target] = found[name].to_numpy()


def _grouped(
    journeys: Journeys, store: Store, by: str | Moment | None, *, since: Moment, until: Moment
) -> Journeys:
    """Each journey in the group of its first event."""
    first = journeys.starts[:-1]
    if by is None:
        return replace(journeys, groups=np.zeros(len(journeys), dtype=np.int64), labels=[""])
    if not isinstance(by, str):
        split = _split(by, since=since, until=until)
        groups = (journeys.moments[first] >= split).astype(np.int64)
        return replace(journeys, groups=groups, labels=list(PERIODS), column="period")
    values = [UNKNOWN, *store.query(queries.LABELS, by=by)["value"].tolist()]
    labels = sorted(set(values))
    of_label = np.array([labels.index(value) for value in values])
    return replace(journeys, groups=of_label[journeys.groups[first]], labels=labels)


def _split(at: Moment, *, since: Moment, until: Moment) -> int:
    moment = utc_moment(at)
    if not utc_moment(since) < moment < utc_moment(until):
        raise RequestError(f"The moment {at} does not split the window [{since}, {until}). Give one between.")
    return (moment - _EPOCH) // _MICROSECOND
