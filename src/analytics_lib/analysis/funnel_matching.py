"""Which stages each user reaches: the earliest next event of every stage, for all users at once.

For a fixed anchor the earliest next event leaves most room for what follows, so it finds the deepest stage
that can be reached. Events stand in the order (occurred_at, event_id), so that no two coincide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.analysis.funnel_events import journeys
from analytics_lib.analysis.funnel_question import check_exist

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_events import Ints, Journeys
    from analytics_lib.analysis.funnel_question import Asked, Steps
    from analytics_lib.store import Store

    Bools = NDArray[np.bool_]
    # The user and the place of every event, in their order.
    Events = tuple[Ints, Ints]

NEVER = np.iinfo(np.int64).max


class Matched(NamedTuple):
    """When each user reached each stage.

    ``reached`` has a row a stage and a column a user: microseconds since 1970, ``NEVER`` where it was not
    reached. ``entered`` is the time of the anchor; ``kept`` is false of whom an excluded event removes.
    ``people`` and ``anchors`` are the numbers of user and anchor in ``numbered_events``.
    """

    reached: Ints
    entered: Ints
    kept: Bools
    people: Ints
    anchors: Ints


def match(store: Store, asked: Asked) -> Matched:
    """The stages reached by everybody who entered, users numbered as ``funnel_events`` does.

    Args:
        store: Read: ``events``.
        asked: The question.

    Raises:
        RequestError: If no event of the store has the name of a stage or of what is excluded.
        NotEnoughDataError: If the store holds no events at all.
    """
    found, steps = journeys(store, asked), asked.steps
    check_exist(store, [name for name in (*steps.entry_names, *steps.names) if name not in found.names])
    events = {name: found.of(name) for name in steps.names}
    reached = np.full((len(steps.stages), len(found.entered)), NEVER)
    _WAYS[steps.mode](found, events, steps, reached)
    kept = _kept(found, events, steps, reached)
    for row in reached:
        some = np.flatnonzero(row < NEVER)
        row[some] = found.moments[row[some]]
    entered = found.entered
    return Matched(reached, found.moments[entered], kept, found.people[entered], found.places[entered])


def nobody(steps: Steps) -> Matched:
    """What is matched where there is nobody."""
    none = np.zeros((len(steps.stages), 0), dtype=np.int64)
    return Matched(none, none[0], none[0] < NEVER, none[0], none[0])


def _find_next(events: Events, after: Ints, found: Ints) -> None:
    """Write into ``found`` the first event of every user behind that of ``after``, where there is one."""
    units, places = events
    later = np.flatnonzero(places > after[units])[::-1]
    # The first event of a user is written last.
    found[units[later]] = places[later]


def _in_order(found: Journeys, events: Mapping[str, Events], steps: Steps, reached: Ints) -> None:
    reached[0] = found.entered
    for place, stage in enumerate(steps.stages[1:], 1):
        _find_next(events[stage], reached[place - 1], reached[place])


def _strictly(found: Journeys, events: Mapping[str, Events], steps: Steps, reached: Ints) -> None:
    """Each stage the very next event of all."""
    reached[0] = found.entered
    for place, stage in enumerate(steps.stages[1:], 1):
        following = np.full(len(found.entered), NEVER)
        _find_next(found.every, reached[place - 1], following)
        _find_next(events[stage], reached[place - 1], reached[place])
        reached[place, reached[place] != following] = NEVER


def _in_any_order(found: Journeys, events: Mapping[str, Events], steps: Steps, reached: Ints) -> None:
    """When all stages up to each were there; the second of a name needs a second event."""
    last: dict[str, Ints] = {}
    for place, stage in enumerate(steps.stages):
        following = np.full(len(found.entered), NEVER)
        _find_next(events[stage], last.get(stage, found.entered - 1), following)
        last[stage] = following
        reached[place] = np.maximum(reached[place - 1], following) if place else following


_WAYS = {"ordered": _in_order, "any_order": _in_any_order, "strict": _strictly}


def _kept(found: Journeys, events: Mapping[str, Events], steps: Steps, reached: Ints) -> Bools:
    """Who has no excluded event between the anchor and the last stage reached."""
    kept = np.ones(len(found.entered), dtype=np.bool_)
    if not steps.excluded:
        return kept
    deepest = np.where(reached < NEVER, reached, -1).max(axis=0, initial=-1)
    for name in steps.excluded:
        units, places = events[name]
        kept[units[(places > found.entered[units]) & (places < deepest[units])]] = False
    return kept
