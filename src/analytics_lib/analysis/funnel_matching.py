"""Which stages each user reaches: the earliest next event of every stage, for all users at once.

For a fixed anchor the earliest next event leaves most room for what follows, so it finds the deepest stage
that can be reached. Events are ordered by time; where two that matter coincide, the matching says so for this
user and is done again with the ids of the events deciding.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.analysis.funnel_events import journeys, tied_journeys
from analytics_lib.analysis.funnel_question import check_exist

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_events import Ints, Journeys
    from analytics_lib.analysis.funnel_question import Asked, Steps
    from analytics_lib.store import Store

    Bools = NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max


class Matched(NamedTuple):
    """When each user reached each stage.

    ``reached`` has a row a stage and a column a user: microseconds since 1970, ``NEVER`` where it was not
    reached. ``entered`` is the time of the anchor; ``kept`` is false of whom an excluded event removes.
    """

    reached: Ints
    entered: Ints
    kept: Bools


def match(store: Store, asked: Asked) -> Matched:
    """The stages reached by everybody who entered, users numbered as ``funnel_events`` does.

    Args:
        store: Read: ``events``.
        asked: The question.

    Raises:
        RequestError: If no event of the store has the name of a stage or of what is excluded.
        NotEnoughDataError: If the store holds no events at all.
    """
    found = journeys(store, asked)
    check_exist(store, _not_met(found, asked.steps))
    reached, kept, tied = _match(found, asked.steps)
    if tied.any():
        units = np.flatnonzero(tied)
        again, times = tied_journeys(store, asked, units)
        places, kept[units], _ = _match(again, asked.steps)
        known = places < NEVER
        reached[:, units] = np.where(known, times[np.where(known, places, 0)], NEVER)
    return Matched(reached, found.entered_at, kept)


def nobody(steps: Steps) -> Matched:
    """What is matched where there is nobody."""
    none = np.zeros((len(steps.stages), 0), dtype=np.int64)
    return Matched(none, none[0], none[0] < NEVER)


def _not_met(found: Journeys, steps: Steps) -> list[str]:
    names = [name for name in steps.names if not (found.codes == steps.code(name)).any()]
    return names if len(found.entered) else [*steps.entry_names, *names]


def _match(found: Journeys, steps: Steps) -> tuple[Ints, Bools, Bools]:
    """Keys of the stages reached, who is kept, and of whom coinciding events leave it open."""
    matching = _Matching(found, steps)
    ways = {"ordered": _in_order, "any_order": _in_any_order, "strict": _strictly}
    reached = np.vstack(ways[steps.mode](matching, steps))
    return reached, _kept(matching, steps, reached), matching.tied


class _Matching:
    """Events by their code, and the users of whom it was left open which of two events came first."""

    def __init__(self, found: Journeys, steps: Steps) -> None:
        self.entered = found.entered
        self.tied = np.zeros(len(found.entered), dtype=np.bool_)
        self.every = (found.units, found.keys)
        self._of = {}
        for name in steps.names:
            rows = np.flatnonzero(found.codes == steps.code(name))
            self._of[name] = (found.units[rows], found.keys[rows])

    def of(self, name: str) -> tuple[Ints, Ints]:
        return self._of[name]

    def next(self, rows: tuple[Ints, Ints], after: Ints, *, itself: int) -> Ints:
        """The least key above ``after`` of every user; ``itself`` rows may be the event of ``after``."""
        units, keys = rows
        bounds = after[units]
        least = np.full(len(after), NEVER)
        later = keys > bounds
        np.minimum.at(least, units[later], keys[later])
        self.note_ties(units[keys == bounds], itself)
        return least

    def note_ties(self, units: Ints, most: int) -> None:
        if len(units):
            self.tied |= np.bincount(units, minlength=len(self.tied)) > most


def _in_order(matching: _Matching, steps: Steps) -> list[Ints]:
    reached = [matching.entered]
    for before, stage in pairwise(steps.stages):
        reached.append(matching.next(matching.of(stage), reached[-1], itself=int(before == stage)))
    return reached


def _strictly(matching: _Matching, steps: Steps) -> list[Ints]:
    """Each stage the very next event of all."""
    reached = [matching.entered]
    units, keys = matching.every
    for stage in steps.stages[1:]:
        following = matching.next(matching.every, reached[-1], itself=1)
        matching.note_ties(units[keys == following[units]], 1)
        wanted = matching.next(matching.of(stage), reached[-1], itself=1)
        reached.append(np.where(wanted == following, wanted, NEVER))
    return reached


def _in_any_order(matching: _Matching, steps: Steps) -> list[Ints]:
    """When all stages up to each were there; the second of a name needs a second event."""
    last: dict[str, Ints] = {}
    reached = [np.zeros(len(matching.entered), dtype=np.int64)]
    for stage in steps.stages:
        after, itself = (last[stage], 1) if stage in last else (matching.entered - 1, 0)
        last[stage] = matching.next(matching.of(stage), after, itself=itself)
        reached.append(np.maximum(reached[-1], last[stage]))
    return reached[1:]


def _kept(matching: _Matching, steps: Steps, reached: Ints) -> Bools:
    """Who has no excluded event between the anchor and the last stage reached."""
    kept = np.ones(len(matching.entered), dtype=np.bool_)
    deepest = np.where(reached < NEVER, reached, -1).max(axis=0, initial=-1)
    for name in steps.excluded:
        units, keys = matching.of(name)
        kept[units[(keys > matching.entered[units]) & (keys < deepest[units])]] = False
        for stage in (matching.entered, *reached):
            matching.note_ties(units[keys == stage[units]], 0)
    return kept
