"""The journeys that patterns are looked for in, as numbers: which event follows which in every unit.

A unit is a conversation, a user or a session. Its events stand in the order (occurred_at, event_id). Events
without a conversation belong to no conversation. The unit's first event in the window decides which segment
it belongs to; what a dimension does not say is ``unknown``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from analytics_lib.analysis.journey_events import SESSION_GAP, read, sessions_of
from analytics_lib.analysis.numbered_events import EVENT_PEOPLE, NUMBERED_EVENTS, labels
from analytics_lib.analysis.pattern_queries import PEOPLE, SIZE, VALUES
from analytics_lib.errors import RequestError
from analytics_lib.periods import window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

Unit = Literal["conversation", "user", "session"]
Segment = tuple[str, str]

DIMENSIONS = ("channel", "entry_point", "city", "region", "country", "segment")
# Which half of the users a pattern is looked for in, and which half has to confirm it.
SPLIT_SEED = "halves-1"
# What the largest search may hold at once. A search takes some 90 bytes an event, reading the events more.
LARGEST_BYTES = 4 * 1024**3
BYTES_PER_EVENT = 200


@dataclass(frozen=True)
class Asked:
    """Which units a question is about.

    Attributes:
        bounds: ``since`` and ``until`` on the wall clock of the business.
        unit: conversation, user or session.
        segment: A dimension and the value its units have; null = all units.
    """

    bounds: dict[str, dt.datetime]
    unit: Unit
    segment: Segment | None


@dataclass(frozen=True)
class Journeys:
    """Units as slices of one array of events.

    Attributes:
        names: The name of each code.
        codes: The events of all units, one unit after the other, each in its order.
        starts: Where each unit begins in ``codes``, and at last their length.
        people: The number of each unit's user, in the order of their ids.
        last: When each unit's last event happened, microseconds since 1970 (UTC).
    """

    names: list[str]
    codes: Ints
    starts: Ints
    people: Ints
    last: Ints

    @property
    def lengths(self) -> Ints:
        """Events of each unit."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.people)


def choose(since: Moment, until: Moment, *, unit: str, segment: Segment | None) -> Asked:
    """What was asked, once it is known to make sense.

    Raises:
        RequestError: If the window is empty, or the unit or the dimension unknown.
    """
    if unit not in get_args(Unit):
        raise RequestError(f"Unknown unit {unit!r}. Expected one of {', '.join(get_args(Unit))}.")
    if segment is not None and segment[0] not in DIMENSIONS:
        raise RequestError(
            f"Unknown dimension {segment[0]!r}.{nearest(segment[0], DIMENSIONS)} "
            f"Expected one of {', '.join(DIMENSIONS)}."
        )
    return Asked(window(since, until), unit, segment)  # type: ignore[arg-type]  # checked above


def read_journeys(store: Store, asked: Asked) -> Journeys:
    """The units of the window, in the order of their ids.

    Raises:
        RequestError: If no unit has the value of the segment, or the window holds too many events to search.
    """
    refuse_too_large(store, asked)
    found, rows = read(store, asked.bounds, asked.unit)
    if asked.unit == "session":
        found = sessions_of(found, SESSION_GAP)
    # Numbered among all who have an event here, as ``read_people`` does.
    number = np.cumsum(np.bincount(rows.people) > 0) - 1
    last = found.moments[found.starts[1:] - 1]
    everything = Journeys(found.names, found.codes.astype(np.int64), found.starts, number[found.users], last)
    if asked.segment is None or not len(everything):
        return everything
    dimension, value = asked.segment
    said = labels(store, dimension)
    is_in = np.array([word == value for word in said.words])[said.codes[rows.holders(found, dimension)]]
    if not is_in.any():
        _refuse_value(store, asked)
    return everything if is_in.all() else part(everything, is_in)


def read_people(store: Store, asked: Asked) -> tuple[Ints, Ints]:
    """Of every user, in the order of their ids: the number of their segment, and whether they are held out.

    Half of the users are, by the md5 of their id.
    """
    store.derived(NUMBERED_EVENTS)
    store.derived(EVENT_PEOPLE)
    found = store.query(PEOPLE, **asked.bounds, unit=asked.unit, seed=SPLIT_SEED)
    segments = np.unique(found["segment"].to_numpy(dtype=str), return_inverse=True)[1]
    return segments.astype(np.int64), found["held_out"].to_numpy(dtype=np.int64)


def part(journeys: Journeys, chosen: NDArray[np.bool_]) -> Journeys:
    """Only the units chosen."""
    lengths = journeys.lengths
    codes = journeys.codes[np.repeat(chosen, lengths)]
    starts = np.append(0, lengths[chosen].cumsum())
    return Journeys(journeys.names, codes, starts, journeys.people[chosen], journeys.last[chosen])


def cut(journeys: Journeys, code: int) -> tuple[Journeys, NDArray[np.bool_]]:
    """Every unit up to the first event with this code, without it, and whether the unit has one."""
    places = np.flatnonzero(journeys.codes == code)
    units = np.searchsorted(journeys.starts, places, side="right") - 1
    reached, first = np.unique(units, return_index=True)
    ends = journeys.starts[1:].copy()
    ends[reached] = places[first]
    kept = np.arange(len(journeys.codes)) < np.repeat(ends, journeys.lengths)
    starts = np.append(0, (ends - journeys.starts[:-1]).cumsum())
    has = np.zeros(len(journeys), dtype=bool)
    has[reached] = True
    return Journeys(journeys.names, journeys.codes[kept], starts, journeys.people, journeys.last), has


def units_with_each(journeys: Journeys) -> Ints:
    """How many units have each event, by its code."""
    size = max(len(journeys.names), 1)
    return np.bincount(_different(_owners(journeys) * size + journeys.codes) % size, minlength=size)


def users_of(journeys: Journeys, groups: Ints) -> Ints:
    """How many users the units of each group have, the groups numbered from 0."""
    size = int(journeys.people.max(initial=0)) + 1
    return np.bincount(_different(groups * size + journeys.people) // size)


def _owners(journeys: Journeys) -> Ints:
    """The unit of each event."""
    return np.repeat(np.arange(len(journeys)), journeys.lengths)


def _different(numbers: Ints) -> Ints:
    """Each number once. Sorting is several times as fast as np.unique, which hashes."""
    ordered = np.sort(numbers)
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.asarray(ordered[is_first])


def code_of(journeys: Journeys, name: str) -> int:
    """The code of an event.

    Raises:
        RequestError: If no unit has such an event.
    """
    if name not in journeys.names:
        held = ", ".join(journeys.names) if journeys.names else "none"
        raise RequestError(
            f"No event {name!r} in the window.{nearest(name, journeys.names)} Events there: {held}."
        )
    return journeys.names.index(name)


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that names the one known that is most like it, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def refuse_too_large(store: Store, asked: Asked) -> None:
    """Refuse what would not fit into memory, before it is read.

    Raises:
        RequestError: If the events of the window would take more than ``LARGEST_BYTES``.
    """
    events = int(store.query(SIZE, **asked.bounds)["events"].iloc[0])
    if events * BYTES_PER_EVENT > LARGEST_BYTES:
        raise RequestError(
            f"The window holds {events:,} events; a search for patterns takes at most "
            f"{LARGEST_BYTES // BYTES_PER_EVENT:,} ({LARGEST_BYTES / 1024**3:.0f} GiB). "
            "Choose a shorter window."
        )


def _refuse_value(store: Store, asked: Asked) -> None:
    dimension, value = asked.segment or ("", "")
    known = store.query(VALUES, **asked.bounds, dimension=dimension)["value"].tolist()
    raise RequestError(
        f"No {asked.unit} has {dimension} {value!r}.{nearest(value, known)} There are: {', '.join(known)}."
    )
