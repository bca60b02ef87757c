"""The events a funnel looks at: of everybody who entered, from the anchor on, as numbers.

A user enters by their first event of the first stage in the window (in any order: of any stage), the
anchor. Everything afterwards counts up to the anchor plus ``within``, also after the window's end, as far as
is known. Users are numbered by the time of their anchor, then by id.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis.numbered_events import (
    NUMBERED_EVENTS,
    event_names,
    in_order,
    microseconds,
    narrow,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_question import Asked
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# What may be an anchor lies between the two; later than the last one plus ``within`` nothing counts.
WINDOW = """
select min(occurred_at) as first_at, max(occurred_at) as last_at
from numbered_events
where occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
"""

EVENTS = """
select
    place, person, code, occurred_at,
    occurred_local >= $since and occurred_local < $until as in_window
from numbered_events
where occurred_at >= $first_at and occurred_at < $ends_at
"""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Journeys:
    """Events in their order, (occurred_at, event_id), and the users who entered.

    Attributes:
        names: Names of events; a code is a place among them.
        people: Of every event its user, by number (``numbered_events``).
        codes: Of every event its name.
        moments: Of every event its time, microseconds since 1970 (UTC).
        places: Of every event its place in ``numbered_events``.
        entered: Of every user the event that is the anchor, a place in ``codes``.
        within: How long from the anchor events count, in microseconds; null = all of them.
    """

    names: list[str]
    people: Ints
    codes: Ints
    moments: Ints
    places: Ints
    entered: Ints
    within: int | None

    def of(self, name: str) -> tuple[Ints, Ints]:
        """The events of a name that count, in their order: the user of each, and its place in ``codes``."""
        if name not in self.names:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return self._counting(np.flatnonzero(self.codes == self.names.index(name)))

    @cached_property
    def every(self) -> tuple[Ints, Ints]:
        """All events that count, like ``of``."""
        return self._counting(np.arange(len(self.codes)))

    @cached_property
    def _units(self) -> Ints:
        """Of everybody, by number, which of those who entered they are, else -1."""
        units = np.full(int(self.people.max(initial=0)) + 1, -1, dtype=narrow(len(self.entered)))
        units[self.people[self.entered]] = np.arange(len(self.entered))
        return units

    @cached_property
    def _ends(self) -> Ints:
        return self.moments[self.entered] + (self.within or 0)

    def _counting(self, rows: Ints) -> tuple[Ints, Ints]:
        units = self._units[self.people[rows]]
        chosen = np.flatnonzero(units >= 0)
        units, rows = units[chosen], rows[chosen]
        counts = rows >= self.entered[units]
        if self.within is not None:
            counts &= self.moments[rows] < self._ends[units]
        return units[counts], rows[counts]


def journeys(store: Store, asked: Asked) -> Journeys:
    """The events of everybody who entered.

    Args:
        store: Read: ``events``.
        asked: The question.
    """
    names = event_names(store)
    store.derived(NUMBERED_EVENTS)
    bounds = {"since": asked.since, "until": asked.until}
    between = store.query_arrow(WINDOW, **bounds, as_of=asked.as_of).to_pylist()[0]
    # Nobody can enter where the window holds nothing: then no moment lies between the two.
    first, last = between["first_at"] or asked.as_of, between["last_at"] or asked.as_of
    ends = {"first_at": first, "ends_at": _ends_at(asked, last)}
    found = in_order(store.query_arrow(EVENTS, **bounds, **ends), "place")
    people, codes = found["person"].to_numpy(), found["code"].to_numpy()
    within = asked.steps.within
    moments = microseconds(found["occurred_at"])
    enters = found["in_window"].to_numpy()
    if asked.steps.entry_names:
        enters &= np.isin(names, asked.steps.entry_names)[codes]
    return Journeys(
        names=names,
        people=people,
        codes=codes,
        moments=moments,
        places=found["place"].to_numpy(),
        entered=_anchors(people, moments, enters),
        within=None if within is None else within // _MICROSECOND,
    )


def _ends_at(asked: Asked, last: dt.datetime) -> dt.datetime:
    """From when on nothing counts for anybody."""
    within = asked.steps.within
    # The other way round ``within`` might lead beyond the last year there is.
    return asked.as_of if within is None or asked.as_of - last <= within else last + within


def _anchors(people: Ints, moments: Ints, enters: Bools) -> Ints:
    """The first event of everybody by which they may enter, by its time and then by user."""
    rows = np.flatnonzero(enters)[::-1]
    first = np.full(int(people.max(initial=0)) + 1, -1, dtype=np.int64)
    # The first event of a user is written last.
    first[people[rows]] = rows
    found = first[first >= 0]
    return found[np.argsort(moments[found], kind="stable")]
