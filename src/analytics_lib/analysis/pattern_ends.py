"""What came just before a journey ended, and what came just before the outcome.

Both look at runs: so many events, one directly after the other. A journey that is shorter than the run begins
with ``start``, the pseudo-event before its first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.pattern_events import Journeys
from analytics_lib.analysis.pattern_growth import Rules, distinct, match_all
from analytics_lib.analysis.pattern_lift import lifts
from analytics_lib.analysis.pattern_strata import cells_of, rows_of, stays_of
from analytics_lib.analysis.pattern_tells import LEAST_UNITS, counts, structural_events
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.pattern_growth import Distinct, Match, Pattern
    from analytics_lib.analysis.pattern_tells import Outcomes

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

START = "start"
DROP_OFF_COLUMNS = [
    *("pattern", "units", "ended", "went_on", "outcome_units", "ended_rate", "low", "high", "share"),
    *("last_event_ended_rate", "lift"),
]
SUCCESS_COLUMNS = [
    *("pattern", "before", "share", "units", "outcome_units", "outcome_rate", "low", "high"),
    *("lift", "lift_low", "lift_high", "structural"),
]


def ends_without(given: Outcomes, *, last: int, limit: int) -> pd.DataFrame:
    """The runs that journeys without the outcome ended with, as ``patterns.drop_off_patterns``."""
    started = with_start(given.journeys)
    reached, people = given.units.reached, given.units.people
    runs, of_unit = last_runs(started, last)
    ended_with = np.where(reached, -1, of_unit)
    ended = np.bincount(ended_with[ended_with >= 0], minlength=len(runs))
    chosen = np.lexsort((np.arange(len(runs)), -ended))[:limit]
    chosen = chosen[ended[chosen] > 0]
    world = distinct(started, least=1)
    has = _units_with(world, [runs[run] for run in chosen])
    tails = _units_with(world, [runs[run][-1:] for run in chosen])
    last_code = started.codes[started.starts[1:] - 1]
    alone = [
        _rate((~reached & (last_code == runs[run][-1]))[tail])
        for run, tail in zip(chosen, tails, strict=True)
    ]
    frame = _with_rate(
        has, [ended_with == run for run in chosen], people, names=("units", "ended", "ended_rate")
    )
    frame = frame.assign(
        pattern=_named(started, [runs[run] for run in chosen]),
        went_on=frame["units"] - frame["ended"],
        outcome_units=[int(reached[units].sum()) for units in has],
        share=frame["ended"] / max(int((~reached).sum()), 1),
        last_event_ended_rate=alone,
    )
    return frame.assign(lift=frame["ended_rate"] / frame["last_event_ended_rate"])[DROP_OFF_COLUMNS]


def before_outcome(given: Outcomes, *, last: int, limit: int) -> pd.DataFrame:
    """The runs directly before the outcome, as ``patterns.success_patterns``."""
    started = with_start(given.journeys)
    reached = given.units.reached
    runs, of_unit = last_runs(started, last)
    before = np.bincount(of_unit[reached], minlength=len(runs))
    chosen = np.lexsort((np.arange(len(runs)), -before))[:limit]
    chosen = chosen[before[chosen] > 0]
    world = distinct(started, least=1)
    matches = _found(world, [runs[run] for run in chosen])
    has = [_members(world, match) for match in matches]
    frame = _with_rate(
        has, [reached] * len(has), given.units.people, names=("units", "outcome_units", "outcome_rate")
    )
    counted = counts(world, given.units, matches, started.names)
    frame = frame.assign(
        pattern=counted["pattern"],
        before=before[chosen],
        share=before[chosen] / int(reached.sum()),
        structural=counted["structural"],
    )
    return pd.concat([frame, _lifts(world, given, matches, counted)], axis=1)[SUCCESS_COLUMNS]


def with_start(journeys: Journeys) -> Journeys:
    """Every unit with the pseudo-event ``start`` before its first event."""
    code = len(journeys.names)
    codes = np.insert(journeys.codes, journeys.starts[:-1], code)
    starts = journeys.starts + np.arange(len(journeys.starts))
    return Journeys([*journeys.names, START], codes, starts, journeys.people, journeys.last)


def last_runs(journeys: Journeys, size: int) -> tuple[list[Pattern], Ints]:
    """The different runs of ``size`` events that units end with, and which of them each unit does.

    A unit with fewer events ends with all of its events.
    """
    ends = journeys.starts[1:, None] + np.arange(-size, 0)
    inside = ends >= journeys.starts[:-1, None]
    table = np.where(inside, journeys.codes[np.maximum(ends, 0)], -1)
    runs, of_unit = np.unique(table, axis=0, return_inverse=True)
    return [tuple(code for code in run if code >= 0) for run in runs.tolist()], of_unit.reshape(-1)


def _units_with(world: Distinct, runs: Sequence[Pattern]) -> list[Bools]:
    return [_members(world, match) for match in _found(world, runs)]


def _found(world: Distinct, runs: Sequence[Pattern]) -> list[Match]:
    rules = Rules(max_length=max((len(run) for run in runs), default=1), max_gap=0)
    by_run = {match.pattern: match for match in match_all(world, rules, runs)}
    return [by_run[run] for run in runs]


def _members(world: Distinct, match: Match) -> Bools:
    has = np.zeros(len(world.units), dtype=bool)
    has[match.journeys] = True
    return np.asarray(has[world.of_unit])


def _with_rate(
    has: Sequence[Bools], hits: Sequence[Bools], people: Ints, *, names: tuple[str, str, str]
) -> pd.DataFrame:
    """Units with each run, how many of them are hit, the share and its interval; users may repeat."""
    rows = [_sizes(people[units], hit[units]) for units, hit in zip(has, hits, strict=True)]
    total, hit, users, errors = np.array(rows, dtype=float).reshape(-1, 4).T
    share = hit / np.maximum(total, 1)
    size = effective_sizes(share, total, users, errors)
    low, high = wilson_limits(share * size, size)
    frame = pd.DataFrame({names[0]: total.astype(np.int64), names[1]: hit.astype(np.int64), names[2]: share})
    return frame.assign(low=low, high=high)


def _sizes(people: Ints, hit: Bools) -> tuple[int, int, int, float]:
    """Units, hits, users, and Σ over users of (hits - share of units)²."""
    users, own = np.unique(people, return_inverse=True)
    share = hit.mean() if len(hit) else 0.0
    errors = np.bincount(own, hit - share) ** 2
    return len(people), int(hit.sum()), len(users), float(errors.sum())


def _lifts(world: Distinct, given: Outcomes, matches: Sequence[Match], counted: pd.DataFrame) -> pd.DataFrame:
    """At the same point of the flow, of all users; null where structural or too few to compare."""
    stays = stays_of(world, structural_events(given))
    everybody = replace(given.units, held_out=np.zeros_like(given.units.held_out))
    cells = cells_of(world, everybody)
    found = lifts(rows_of(cells, stays), stays, matches)
    limits = [(one.lift, one.low, one.high) for one in found]
    frame = pd.DataFrame(limits, columns=["lift", "lift_low", "lift_high"], dtype=float)
    few = np.array([min(one.with_units, one.without_units) < LEAST_UNITS for one in found], dtype=bool)
    return frame.mask(few | counted["structural"])


def _named(journeys: Journeys, runs: Sequence[Pattern]) -> pd.Series:
    return pd.Series([[journeys.names[code] for code in run] for run in runs], dtype=object)


def _rate(hit: Bools) -> float:
    return float(hit.mean()) if len(hit) else np.nan
