"""Whom a unit with a pattern is compared with: units of the same length, segment and point of the flow.

Longer journeys contain more of everything, so units are compared within strata of their length (deciles) and
their users' segment. Where a journey has to pass certain events to reach the outcome (the flow), this is not
enough: what happens only late in the flow is had by those who got far. Each journey is therefore also taken
apart into stays, the events from one event of the flow to the next. A unit that has the pattern is compared,
at the stay in which the pattern became complete, with the units that were there and had not had it so far;
strata are then the stay and the segment, and a tell has to hold as well among units with as many events by
then (``by_events_so_far``). Without a flow there is one stay, the whole journey, by deciles of its length,
and both ways are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.pattern_growth import Distinct, Match

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

LENGTH_GROUPS = 10
# Where the groups of events so far begin: each number by itself, then ever wider.
EVENTS_SO_FAR = (*range(1, 21), 22, 24, 27, 30, 35, 40, 50, 70, 100)
# Later than any stay: the journey never has the pattern.
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Units:
    """What is known of every unit beside its events.

    Attributes:
        reached: Whether it reached the outcome.
        people: The number of its user.
        segments: The number of its user's segment.
        held_out: 1 where its user only confirms, 0 where patterns are judged by them.
    """

    reached: Bools
    people: Ints
    segments: Ints
    held_out: Ints


@dataclass(frozen=True)
class Cells:
    """Units that nothing tells apart, put together; units of users with several units stay single.

    Attributes:
        journey: The journey of the cell.
        reached: 1 where its units reached the outcome.
        segment: Number of their segment.
        held_out: 1 where they only confirm.
        key: What the bootstrap draws: the cell, or the user.
        sizes: Units of a row of each key.
    """

    journey: Ints
    reached: Ints
    segment: Ints
    held_out: Ints
    key: Ints
    sizes: Ints


@dataclass(frozen=True)
class Stays:
    """The stretches of every journey between events of the flow.

    Attributes:
        of_place: The stay each event belongs to.
        first: The first stay of each journey, and at last their number.
        state: How many different events of the flow had happened.
        events: Number of events.
    """

    of_place: Ints
    first: Ints
    state: Ints
    events: Ints


@dataclass(frozen=True)
class Rows:
    """One row per cell and stay, sorted by half, stratum and outcome.

    Attributes:
        journey: The journey it is of.
        stay: The stay it is of.
        stratum: Number of its stratum, from 0, within its half.
        reached: 1 where the outcome was reached.
        key: What the bootstrap draws.
        units: How many units it stands for.
        held_out: 1 in the half that confirms.
    """

    journey: Ints
    stay: Ints
    stratum: Ints
    reached: Ints
    key: Ints
    units: Ints
    held_out: Ints


def cells_of(world: Distinct, units: Units) -> Cells:
    """The cells, those of users with one unit first."""
    again = np.bincount(units.people)[units.people] > 1 if len(units.people) else units.reached
    segments = int(units.segments.max(initial=0)) + 1
    what = ((world.of_unit * segments + units.segments) * 2 + units.reached) * 2 + units.held_out
    single, sizes = np.unique(what[~again], return_counts=True)
    people, owner = np.unique(units.people[again], return_inverse=True)
    every = np.concatenate([single, what[again]])
    key = np.concatenate([np.arange(len(single)), len(single) + owner])
    return Cells(
        journey=every // 4 // segments,
        segment=every // 4 % segments,
        reached=every // 2 % 2,
        held_out=every % 2,
        key=key,
        sizes=np.concatenate([sizes, np.ones(len(people), dtype=np.int64)]),
    )


def stays_of(world: Distinct, flow: Sequence[int]) -> Stays:
    """Every journey from one first event of the flow to the next."""
    is_new = np.zeros(len(world.codes), dtype=np.int64)
    for code in flow:
        places = np.flatnonzero(world.codes == code)
        is_new[places[np.unique(world.owner[places], return_index=True)[1]]] = 1
    seen = np.append(0, is_new.cumsum())
    state = seen[1:] - seen[world.starts[:-1]][world.owner]
    reached = seen[world.starts[1:]] - seen[world.starts[:-1]]
    first = np.append(0, (reached + 1).cumsum())
    of_place = first[world.owner] + state
    every = np.arange(first[-1]) - np.repeat(first[:-1], reached + 1)
    return Stays(of_place, first, every, np.bincount(of_place, minlength=first[-1]))


def rows_of(cells: Cells, stays: Stays) -> Rows:
    """The rows to be compared, with their strata.

    Without a flow the strata are deciles of the length, by segment; with one, its state, by segment.
    """
    sizes = np.diff(stays.first)[cells.journey]
    cell = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(cell)) - np.repeat(sizes.cumsum() - sizes, sizes)
    stay = stays.first[cells.journey][cell] + within
    group = np.zeros(len(stays.events), dtype=np.int64)
    if not stays.state.any():
        weights = np.bincount(stay, cells.sizes[cells.key[cell]], len(group)).astype(float)
        group = _length_groups(stays.events, weights)
    segments = int(cells.segment.max(initial=0)) + 1
    place = (stays.state[stay] * LENGTH_GROUPS + group[stay]) * segments + cells.segment[cell]
    stratum = np.unique(place, return_inverse=True)[1]
    order = np.lexsort((cells.reached[cell], stratum, cells.held_out[cell]))
    cell, stay, stratum = cell[order], stay[order], stratum[order]
    key = cells.key[cell]
    return Rows(
        cells.journey[cell], stay, stratum, cells.reached[cell], key, cells.sizes[key], cells.held_out[cell]
    )


def half_of(rows: Rows, held_out: int) -> Rows:
    """The rows of one half."""
    chosen = rows.held_out == held_out
    return Rows(*(getattr(rows, name)[chosen] for name in Rows.__dataclass_fields__))


def exposures(rows: Rows, stays: Stays, match: Match) -> tuple[Bools, Bools]:
    """Of every row whether the pattern became complete in it, and whether it had not been so before."""
    hit = np.full(len(stays.first) - 1, _NEVER)
    hit[match.journeys] = stays.of_place[match.places]
    then = hit[rows.journey]
    return rows.stay == then, rows.stay <= then


def by_events_so_far(rows: Rows, stays: Stays) -> Rows:
    """The same rows, their strata also parted by how many events had happened by the end of the stay.

    Who does more of everything has more chances to show any pattern.
    """
    seen = np.append(0, stays.events.cumsum())
    so_far = seen[1:] - seen[stays.first[:-1]].repeat(np.diff(stays.first))
    group = np.searchsorted(EVENTS_SO_FAR, so_far, side="right")
    stratum = rows.stratum * (len(EVENTS_SO_FAR) + 1) + group[rows.stay]
    return replace(rows, stratum=np.unique(stratum, return_inverse=True)[1])


def _length_groups(events: Ints, units: NDArray[np.float64]) -> Ints:
    """The decile of each length; what is equally long falls together."""
    lengths, place = np.unique(events, return_inverse=True)
    below = np.bincount(place, units, len(lengths)).cumsum()
    # The limits are the lengths at which each tenth of the units is complete.
    limits = np.searchsorted(below, below[-1] * np.arange(1, LENGTH_GROUPS) / LENGTH_GROUPS - 1e-9)
    return np.searchsorted(limits, place, side="left")
