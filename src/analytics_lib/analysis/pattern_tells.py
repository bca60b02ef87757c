"""Which patterns tell units that reach an outcome from those that do not, and which only seem to.

Patterns are tested on half of the users and have to hold on the other half. A pattern that nearly everyone
who reaches the outcome has is structural: the flow forces it, and its lift says nothing. Of patterns that
just the same units have, one is tested, the shortest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import FALSE_DISCOVERY_RATE, adjusted_p_values
from analytics_lib.analysis.pattern_closed import mine_shortest
from analytics_lib.analysis.pattern_events import cut, part, units_with_each
from analytics_lib.analysis.pattern_growth import Rules, distinct, match_all
from analytics_lib.analysis.pattern_lift import Lift, compare, lifts
from analytics_lib.analysis.pattern_strata import (
    Units,
    by_events_so_far,
    cells_of,
    exposures,
    half_of,
    rows_of,
    stays_of,
)
from analytics_lib.errors import NotEnoughDataError, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.pattern_events import Journeys
    from analytics_lib.analysis.pattern_growth import Distinct, Match
    from analytics_lib.analysis.pattern_strata import Rows, Stays

    Ints = NDArray[np.int64]

STRUCTURAL_SHARE = 0.99
LEAST_UNITS = 30
MOST_TESTED = 2_000
VERDICTS = ("buyers", "leavers", "structural", "flow", "length", "not_replicated", "chance", "few")
COLUMNS = [
    *(
        "pattern",
        "length",
        "verdict",
        "part_of",
        "units",
        "outcome_units",
        "other_units",
        "other_outcome_units",
    ),
    *("units_total", "support", "outcome_rate", "other_outcome_rate", "naive_lift"),
    *("lift", "low", "high", "p_value", "adjusted_p_value", "structural"),
    *("flow_lift", "flow_low", "flow_high", "flow_p_value", "flow_adjusted_p_value"),
    *("length_lift", "length_p_value", "length_adjusted_p_value"),
    *("held_out_lift", "held_out_low", "held_out_high", "replicated"),
]


@dataclass(frozen=True)
class Outcomes:
    """Units up to the outcome, and whether they reached it.

    Attributes:
        journeys: Their events before the outcome.
        units: What else is known of them, in the same order.
        outcome: Its name.
    """

    journeys: Journeys
    units: Units
    outcome: str


def until_outcome(
    journeys: Journeys, code: int, *, people: tuple[Ints, Ints], decided_before: int
) -> Outcomes:
    """Every decided unit up to its first outcome.

    Args:
        journeys: The units.
        code: Of the outcome.
        people: Segment and half of every user (``pattern_events.read_people``).
        decided_before: A unit without the outcome whose last event is not before this moment (microseconds
            since 1970) may reach it yet, and is left out.

    Raises:
        NotEnoughDataError: If of the decided units none, or every one, reached the outcome.
    """
    shorter, reached = cut(journeys, code)
    decided = reached | (journeys.last < decided_before)
    name = journeys.names[code]
    if not decided.any() or reached[decided].all() or not reached.any():
        raise NotEnoughDataError(
            f"{int(reached[decided].sum())} of {int(decided.sum())} units reached {name!r} (another "
            f"{int((~decided).sum())} may yet): there is nobody to compare. "
            "Choose a longer window, or another outcome."
        )
    owner = journeys.people[decided]
    units = Units(reached[decided], owner, people[0][owner], people[1][owner])
    return Outcomes(part(shorter, decided), units, name)


def tested_patterns(given: Outcomes, rules: Rules) -> pd.DataFrame:
    """One row per pattern that was looked at, as ``patterns.tells``.

    Raises:
        RequestError: If more than ``MOST_TESTED`` patterns would have to be tested.
    """
    flow = structural_events(given)
    world, matches = _searched(given, rules, flow)
    counted = counts(world, given.units, matches, given.journeys.names)
    # A pattern that everybody has, or nearly, has nobody to be compared with.
    enough = (counted["units"] >= LEAST_UNITS) & (counted["other_units"] >= LEAST_UNITS)
    chosen = np.flatnonzero((enough | counted["structural"]).to_numpy())
    counted = counted.iloc[chosen].reset_index(drop=True)
    tested = [matches[place] for place in chosen[~counted["structural"].to_numpy()]]
    found = compared(world, given, tested, flow)
    places = np.flatnonzero(~counted["structural"].to_numpy())
    return judged(counted, found.set_index(places).reindex(range(len(counted))))


def structural_events(given: Outcomes) -> list[int]:
    """The codes of the events of the flow.

    At least 99 % of the units that reach the outcome have them before it, and not as many of all units do.
    """
    reached = given.units.reached
    forced = units_with_each(part(given.journeys, reached)) >= STRUCTURAL_SHARE * reached.sum()
    common = units_with_each(given.journeys) >= STRUCTURAL_SHARE * len(reached)
    return np.flatnonzero(forced & ~common).tolist()


def _searched(given: Outcomes, rules: Rules, flow: Sequence[int]) -> tuple[Distinct, list[Match]]:
    """The journeys, and the patterns to be tested: one for each set of units that have the same."""
    least = max(rules.least(len(given.journeys)), LEAST_UNITS)
    world = distinct(given.journeys, least=least, keep=flow)
    found = [one.pattern for one in mine_shortest(world, rules, least=least)]
    if len(found) > MOST_TESTED:
        raise RequestError(
            f"{len(found):,} patterns would have to be tested; at most {MOST_TESTED:,} are. "
            f"Raise min_support ({rules.min_support:g}), lower max_length ({rules.max_length}), "
            "or ask for a segment."
        )
    by_pattern = {match.pattern: match for match in match_all(world, rules, found)}
    return world, [by_pattern[pattern] for pattern in found]


def counts(world: Distinct, units: Units, matches: Sequence[Match], names: Sequence[str]) -> pd.DataFrame:
    """How many units have each pattern and reach the outcome, and how many of the others do."""
    total, reached = len(units.reached), int(units.reached.sum())
    of_journey = np.bincount(world.of_unit[units.reached], minlength=len(world.units))
    frame = pd.DataFrame(
        {
            "pattern": pd.Series([[names[code] for code in one.pattern] for one in matches], dtype=object),
            "length": np.array([len(one.pattern) for one in matches], dtype=np.int64),
            "units": np.array([one.units for one in matches], dtype=np.int64),
            "outcome_units": np.array([of_journey[one.journeys].sum() for one in matches], dtype=np.int64),
        }
    )
    others = {"other_units": total - frame["units"], "other_outcome_units": reached - frame["outcome_units"]}
    frame = frame.assign(**others, units_total=total, support=frame["units"] / total)
    rates = (_share(frame[f"{side}outcome_units"], frame[f"{side}units"]) for side in ("", "other_"))
    frame["outcome_rate"], frame["other_outcome_rate"] = rates
    frame["naive_lift"] = _share(frame["outcome_rate"], frame["other_outcome_rate"])
    return frame.assign(structural=frame["outcome_units"] >= STRUCTURAL_SHARE * reached)


def compared(world: Distinct, given: Outcomes, matches: Sequence[Match], flow: Sequence[int]) -> pd.DataFrame:
    """Each pattern compared: '' by length, 'flow_' and 'held_out_' by flow, 'length_' by both."""
    cells = cells_of(world, given.units)
    whole, parts = stays_of(world, ()), stays_of(world, flow)
    by_length, by_flow = rows_of(cells, whole), rows_of(cells, parts)
    sides = {
        "": lifts(half_of(by_length, 0), whole, matches),
        "flow_": lifts(half_of(by_flow, 0), parts, matches),
        "held_out_": lifts(half_of(by_flow, 1), parts, matches),
    }
    frame = pd.concat([_frame(found, prefix) for prefix, found in sides.items()], axis=1)
    if not flow:
        same = {"length_lift": "flow_lift", "length_p_value": "flow_p_value"}
        return frame.assign(**{name: frame[other] for name, other in same.items()}, length_replicated=True)
    return pd.concat([frame, _with_as_many_events(by_flow, parts, matches, frame["flow_p_value"])], axis=1)


def _with_as_many_events(
    by_flow: Rows, parts: Stays, matches: Sequence[Match], p_values: pd.Series
) -> pd.DataFrame:
    """The comparison among units with as many events so far, and whether the held-out half shows the same."""
    rows = by_events_so_far(by_flow, parts)
    halves = [half_of(rows, 0), half_of(rows, 1)]
    checks = np.full((len(matches), 4), np.nan)
    for place in np.flatnonzero(p_values <= FALSE_DISCOVERY_RATE):
        found = [compare(half, *exposures(half, parts, matches[int(place)])) for half in halves]
        checks[place] = [*found[0], *found[1]]
    lift, p_value, other_lift, other_p_value = checks.T
    again = ((lift > 1) == (other_lift > 1)) & (other_p_value <= FALSE_DISCOVERY_RATE)
    return pd.DataFrame({"length_lift": lift, "length_p_value": p_value, "length_replicated": again})


def judged(counted: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """What is said of each pattern, tells first, those of buyers before those of leavers."""
    frame = pd.concat([counted, found], axis=1)
    for prefix in ("", "flow_", "length_"):
        frame[f"{prefix}adjusted_p_value"] = adjusted_p_values(frame[f"{prefix}p_value"])
    frame["replicated"] = _replicated(frame)
    frame["verdict"] = _verdicts(frame)
    rank = frame["verdict"].map(VERDICTS.index)
    strength = -np.log(frame["flow_lift"].clip(lower=1e-9)).abs()
    order = np.lexsort((frame["length"], -frame["units"], strength.fillna(0.0), rank))
    return _with_parts(frame.iloc[order].reset_index(drop=True))[COLUMNS]


def _replicated(frame: pd.DataFrame) -> pd.Series:
    """Whether the other half of the users shows it too: the same side of 1, the whole interval."""
    enough = (frame["held_out_with_units"] >= LEAST_UNITS) & (frame["held_out_without_units"] >= LEAST_UNITS)
    known = enough & frame["held_out_lift"].notna() & frame["flow_lift"].notna()
    same = np.where(frame["flow_lift"] > 1, frame["held_out_low"] > 1, frame["held_out_high"] < 1)
    return pd.Series(same, index=frame.index, dtype="boolean").where(known)


def _verdicts(frame: pd.DataFrame) -> pd.Series:
    shown, by_length = (_is_shown(frame, prefix) for prefix in ("flow_", ""))
    arms = frame[["flow_with_units", "flow_without_units"]].min(axis=1)
    replicated = frame["replicated"].fillna(value=False).astype(bool)
    same_side = (frame["length_lift"] > 1) == (frame["flow_lift"] > 1)
    beyond_length = same_side & (frame["length_adjusted_p_value"] <= FALSE_DISCOVERY_RATE)
    # True and False, and missing where nothing was compared.
    again = frame["length_replicated"].eq(1)
    choices = [
        (frame["structural"], "structural"),
        ((arms < LEAST_UNITS) | frame["flow_lift"].isna(), "few"),
        (shown & (~beyond_length | (replicated & ~again)), "length"),
        (shown & replicated & (frame["flow_lift"] > 1), "buyers"),
        (shown & replicated, "leavers"),
        (shown, "not_replicated"),
        (by_length, "flow"),
    ]
    conditions = [condition.to_numpy(dtype=bool) for condition, _ in choices]
    return pd.Series(np.select(conditions, [name for _, name in choices], "chance"), index=frame.index)


def _is_shown(frame: pd.DataFrame, prefix: str) -> pd.Series:
    significant = frame[f"{prefix}adjusted_p_value"] <= FALSE_DISCOVERY_RATE
    away = (frame[f"{prefix}low"] > 1) | (frame[f"{prefix}high"] < 1)
    return significant & away


def _with_parts(frame: pd.DataFrame) -> pd.DataFrame:
    """With ``part_of``: the shortest tell of the same verdict that a tell contains; null = none."""
    told = frame[frame["verdict"].isin(["buyers", "leavers"])].sort_values("length", kind="stable")
    known = list(zip(told["verdict"], told["pattern"], strict=True))
    shorter = [
        next((one for name, one in known if name == verdict and _contains(pattern, one)), None)
        for verdict, pattern in zip(frame["verdict"], frame["pattern"], strict=True)
    ]
    return frame.assign(part_of=pd.Series(shorter, index=frame.index, dtype=object))


def _contains(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    events = iter(longer)
    return len(shorter) < len(longer) and all(event in events for event in shorter)


def _frame(found: Sequence[Lift], prefix: str) -> pd.DataFrame:
    names = list(Lift.__dataclass_fields__)
    rows = [[getattr(one, name) for name in names] for one in found]
    return pd.DataFrame(rows, columns=[prefix + name for name in names], dtype=float)


def _share(above: pd.Series, below: pd.Series) -> pd.Series:
    return above / below.where(below != 0)
