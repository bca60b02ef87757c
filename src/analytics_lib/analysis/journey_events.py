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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from analytics_lib.analysis import journey_queries as queries
from analytics_lib.analysis.numbered_events import (
    NUMBERED_EVENTS,
    by_unit,
    event_names,
    in_order,
    labels,
    microseconds,
    occurring,
)
from analytics_lib.errors import RequestError
from analytics_lib.periods import Moment, utc_moment, window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.numbered_events import Labels
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
        users: Of each journey its user, by number (``numbered_events.user_ids`` says whose it is).
        groups: Of each journey its group, a place in ``labels``.
        labels: Names of the groups; one nameless group where nothing is split.
        column: What the column of the groups is called; null where nothing is split.
    """

    names: list[str]
    codes: Ints
    moments: Ints
    starts: Ints
    users: Ints
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
    bounds = window(since, until)
    _known("unit", unit, get_args(Unit))
    split = _split(by, since=since, until=until)
    journeys, rows = read(store, bounds, unit)
    if unit == "session":
        journeys = sessions_of(journeys, gap)
    if split is not None:
        return _in_periods(journeys, split)
    if not isinstance(by, str):
        return journeys
    return _in_groups(journeys, labels(store, by), rows.holders(journeys, by), by)


def sessions_of(journeys: Journeys, gap: dt.timedelta) -> Journeys:
    """The journeys of users cut wherever a pause is longer than ``gap``; groups are those of their users.

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
    return replace(journeys, starts=starts, users=journeys.users[of_unit], groups=journeys.groups[of_unit])


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


class Rows(NamedTuple):
    """The events of a window in the order of time: whose they are, by number (``numbered_events``).

    Attributes:
        people: Of every event its user.
        chats: Of every event its conversation, -1 without one.
        order: Of every event of the journeys which of these it is.
    """

    people: Ints
    chats: Ints
    order: Ints

    def holders(self, journeys: Journeys, by: str) -> Ints:
        """Of the first event of every journey what a dimension describes: its user or its conversation."""
        every = self.people if by == "segment" else self.chats
        return every[self.order[journeys.starts[:-1]]]


def read(store: Store, bounds: Mapping[str, dt.datetime], unit: str) -> tuple[Journeys, Rows]:
    """The journeys of conversations, else of users, in the order of their ids; in one group.

    Args:
        store: Read: ``events``.
        bounds: ``since`` and ``until`` on the wall clock.
        unit: conversation; any other is that of users.
    """
    names = event_names(store)
    store.derived(NUMBERED_EVENTS)
    asked = queries.OF_CHATS if unit == "conversation" else queries.OF_PEOPLE
    found = in_order(store.query_arrow(asked, **bounds), "place")
    units = found["unit"].to_numpy()
    other = found["person" if unit == "conversation" else "chat"].to_numpy()
    people, chats = (other, units) if unit == "conversation" else (units, other)
    names, codes = occurring(names, found["code"].to_numpy())
    moments = microseconds(found["occurred_at"])
    del found
    order, starts = by_unit(units)
    first = order[starts[:-1]]
    users, nothing = people[first].astype(np.int64), np.zeros(len(first), dtype=np.int64)
    journeys = Journeys(names, codes[order], moments[order], starts, users, nothing, [""], None)
    return journeys, Rows(people, chats, order)


def _in_periods(journeys: Journeys, split: int) -> Journeys:
    """Each journey in the group of those that begin before a moment, or of those after."""
    groups = (journeys.moments[journeys.starts[:-1]] >= split).astype(np.int64)
    return replace(journeys, groups=groups, labels=list(PERIODS), column="period")


def _in_groups(journeys: Journeys, said: Labels, holders: Ints, by: str) -> Journeys:
    """Each journey in the group of its first event; ``holders`` says whose or what conversation's it is."""
    there, groups = np.unique(said.codes[holders], return_inverse=True)
    return replace(journeys, groups=groups, labels=[said.words[place] for place in there], column=by)


def _split(by: str | Moment | None, *, since: Moment, until: Moment) -> int | None:
    """The moment at which journeys are split, microseconds since 1970; null where it is by a dimension."""
    if by is None or isinstance(by, str):
        if by is not None:
            _known("by", by, DIMENSIONS)
        return None
    moment = utc_moment(by)
    if not utc_moment(since) < moment < utc_moment(until):
        raise RequestError(f"The moment {by} does not split the window [{since}, {until}). Give one between.")
    return (moment - _EPOCH) // _MICROSECOND
