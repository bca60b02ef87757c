"""The integer programme behind a roster: how many people start each shift, and when breaks begin.

Two kinds of whole numbers are sought: people by start and length of their shift, and breaks by when they
begin. Every shift that has a break may begin it in a window that has the same place for all of them; then
breaks can be given out in order of starts if, up to any moment, no more have begun than windows have opened,
and no fewer than have closed (Bechtold and Jacobs, 1990). Far fewer numbers than one for each shift with each
place of its break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, eye_array, hstack

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_rules import minutes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.staffing_rules import ShiftRules

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

_DAY_MINUTES = 24 * 60
# A break is none at the end of a shift: so many minutes of work follow it.
_WORK_AFTER = 60
_SECONDS = 10.0
# The search ends where no roster can be cheaper by more than this share.
_GAP = 1e-4


@dataclass(frozen=True)
class Grid:
    """Slots from the first day's midnight to the end of the last shift that may be.

    Attributes:
        at: When each begins.
        needed: People on duty; 0 outside of what was asked for and while closed.
        minutes: Length of a slot.
        inside: Which slots were asked about.
    """

    at: pd.Series
    needed: Floats
    minutes: int
    inside: slice

    @property
    def a_day(self) -> int:
        """Slots a day."""
        return _DAY_MINUTES // self.minutes


@dataclass(frozen=True)
class Window:
    """Where a break lies in a shift, in slots; of length 0 where shifts have none."""

    first: int
    last: int
    length: int
    from_length: int


def lay_out(need: pd.DataFrame, rules: ShiftRules) -> Grid:
    """The grid of a need (``at needed``).

    Raises:
        RequestError: If slots are not of one length that divides a day, or a need is negative or missing.
    """
    at, length = need["at"].reset_index(drop=True), _slot_minutes(need["at"])
    given = need["needed"].to_numpy(dtype=float)
    wrong = given[~(np.isfinite(given) & (given >= 0))]
    if wrong.size:
        raise RequestError(f"needed holds {wrong[0]}; expected people on duty, 0 or more, none missing.")
    asked = np.where(rules.open_at(at), np.maximum(np.ceil(given), rules.min_agents), 0.0)
    midnight = at.iloc[0].normalize()
    before = int((at.iloc[0] - midnight) / pd.Timedelta(minutes=length))
    last_day = (at.iloc[-1].normalize() - midnight).days
    end = last_day * _DAY_MINUTES + minutes(rules.last_start) + round(60 * max(rules.lengths_hours))
    slots = max(-(-end // length), before + len(at))
    times = pd.Series(pd.date_range(midnight, periods=slots, freq=f"{length}min"))
    needed = np.zeros(slots)
    needed[before : before + len(at)] = asked
    return Grid(times, needed, length, slice(before, before + len(at)))


def kinds_of_shifts(grid: Grid, rules: ShiftRules) -> pd.DataFrame:
    """Every start and length that the rules allow on every day.

    Returns:
        One row each: ``day`` (from 0), ``start`` (slot of the grid), ``length`` (slots), ``rests`` (whether
        it has a break), ``cost`` (of one agent, as if the break were paid).

    Raises:
        RequestError: If shifts do not begin and end with slots.
    """
    starts = np.arange(minutes(rules.first_start), minutes(rules.last_start) + 1, rules.start_every_minutes)
    lengths = np.round(60 * np.array(rules.lengths_hours)).astype(int)
    if (starts % grid.minutes).any() or (lengths % grid.minutes).any():
        raise RequestError(
            f"Shifts start from {rules.first_start} every {rules.start_every_minutes} minutes and last "
            f"{rules.lengths_hours} hours; expected multiples of a slot, {grid.minutes} minutes."
        )
    days = np.arange(-(-grid.inside.stop // grid.a_day))
    day, start, length = (each.ravel() for each in np.meshgrid(days, starts, lengths, indexing="ij"))
    first = day * grid.a_day + start // grid.minutes
    slots = length // grid.minutes
    paid = _paid(grid, rules)
    return pd.DataFrame(
        {
            "day": day,
            "start": first,
            "length": slots,
            "rests": slots >= break_window(grid, rules).from_length,
            "cost": paid[first + slots] - paid[first] + rules.cost_per_shift,
        }
    )


def break_window(grid: Grid, rules: ShiftRules) -> Window:
    """Where breaks may begin, the same in all shifts: the shortest that has one sets where it ends.

    Raises:
        RequestError: If there is no such place, or a break is no multiple of a slot.
    """
    long = [hours for hours in rules.lengths_hours if hours >= rules.break_from_hours]
    if not rules.break_minutes or not long:
        return Window(0, 0, 0, np.iinfo(np.int32).max)
    first = -(-round(60 * rules.break_after_hours) // grid.minutes)
    last = int(
        min(60 * rules.break_before_hours, 60 * min(long) - rules.break_minutes - _WORK_AFTER) // grid.minutes
    )
    if rules.break_minutes % grid.minutes or first > last:
        raise RequestError(
            f"A break of {rules.break_minutes} minutes that begins {rules.break_after_hours} to "
            f"{rules.break_before_hours} hours after the start does not fit {min(long)} hours in slots of "
            f"{grid.minutes} minutes. Widen break_after_hours to break_before_hours, or change break_minutes."
        )
    from_length = round(60 * min(long)) // grid.minutes
    return Window(first, last, rules.break_minutes // grid.minutes, from_length)


def solve(grid: Grid, kinds: pd.DataFrame, rules: ShiftRules) -> tuple[pd.DataFrame, bool]:
    """Who works what: as few missing as may be, and of those the cheapest.

    Returns:
        One row per kind of shift that is worked: ``day start length pause`` (slot of the grid at which the
        break begins; -1 without one) ``agents``, and whether nothing cheaper exists.
    """
    window = break_window(grid, rules)
    since, until = int(kinds["start"].min()), int((kinds["start"] + kinds["length"]).max())
    needed = grid.needed[since:until]
    if not needed.any():
        return pd.DataFrame(columns=["day", "start", "length", "pause", "agents"], dtype=np.int64), True
    saved = _saved(grid, rules, window)[since:until]
    found = _minimise(kinds.assign(start=kinds["start"] - since), needed, saved, window, rules.max_agents)
    people = np.round(found.x[: len(kinds)]).astype(np.int64)
    breaks = np.round(found.x[len(kinds) : len(kinds) + len(needed)]).astype(np.int64)
    began = since + np.repeat(np.arange(len(needed)), breaks)
    return _given_out(kinds, people, began), bool(found.status == 0)


def _minimise(
    kinds: pd.DataFrame, needed: Floats, saved: Floats, window: Window, most: int
) -> OptimizeResult:
    """People by kind; by slot: breaks, missing, breaks that may begin and have not, breaks begun before due.

    One missing costs more than the dearest shift.
    """
    slots, unit = len(needed), float(kinds["cost"].max())
    starts, rests = kinds["start"].to_numpy(), kinds["rests"].to_numpy()
    each, nothing = eye_array(slots), csr_array((slots, slots))
    # What is left at a slot less what was left at the one before.
    change = each - eye_array(slots, k=-1)
    opens = _at(starts + window.first, rests, slots)
    closes = _at(starts + window.last, rests, slots)
    breaks = each if window.length else nothing
    rows = [
        (
            [
                _during(starts, kinds["length"].to_numpy(), slots),
                -_lasting(window, slots),
                each,
                nothing,
                nothing,
            ],
            needed,
            np.inf,
        ),
        ([-opens, breaks, nothing, change, nothing], 0, 0),
        ([closes, -breaks, nothing, nothing, change], 0, 0),
    ]
    limits = [LinearConstraint(hstack(blocks, format="csr"), low, high) for blocks, low, high in rows]
    if most:
        days = kinds["day"].to_numpy()
        daily = csr_array((np.unique(days)[:, None] == days).astype(float))
        limits.append(LinearConstraint(hstack([daily, csr_array((daily.shape[0], 4 * slots))]), ub=most))
    free = np.full(slots, np.inf)
    # At the end every break that could begin has begun.
    ended = np.append(free[1:], 0.0)
    return milp(
        np.concatenate([kinds["cost"] / unit, -saved / unit, np.full(slots, 2.0), np.zeros(2 * slots)]),
        integrality=np.concatenate([np.ones(len(kinds) + slots), np.zeros(3 * slots)]),
        bounds=Bounds(0, np.concatenate([np.full(len(kinds), np.inf), free, free, ended, free])),
        constraints=limits,
        options={"mip_rel_gap": _GAP, "time_limit": _SECONDS},
    )


def _given_out(kinds: pd.DataFrame, people: Whole, breaks: Whole) -> pd.DataFrame:
    """Breaks to shifts, both in order; equal ones together."""
    each = kinds.loc[kinds.index.repeat(people), ["day", "start", "length", "rests"]]
    each = each.sort_values(["start", "length"], kind="stable", ignore_index=True)
    pause = np.full(len(each), -1)
    pause[each["rests"].to_numpy()] = breaks
    keys = ["day", "start", "length", "pause"]
    return each.assign(pause=pause).groupby(keys).size().rename("agents").reset_index()


def _during(starts: Whole, lengths: Whole, slots: int) -> csr_array:
    place = np.arange(slots)[:, None] - starts
    return csr_array(((place >= 0) & (place < lengths)).astype(float))


def _lasting(window: Window, slots: int) -> csr_array:
    """Breaks that are on at each slot, by when they began."""
    return _during(np.arange(slots), np.full(slots, window.length), slots)


def _at(moments: Whole, counts: NDArray[np.bool_], slots: int) -> csr_array:
    return csr_array(((np.arange(slots)[:, None] == moments) & counts).astype(float))


def _paid(grid: Grid, rules: ShiftRules) -> Floats:
    """What one agent costs from the grid's beginning up to each slot."""
    spent = np.cumsum(rules.hourly_cost(grid.at)) * grid.minutes / 60
    return np.concatenate([[0.0], spent])


def _saved(grid: Grid, rules: ShiftRules, window: Window) -> Floats:
    """What a break that begins at each slot need not be paid."""
    if rules.break_paid:
        return np.zeros(len(grid.at))
    paid = _paid(grid, rules)
    last = np.minimum(np.arange(len(grid.at)) + window.length, len(grid.at))
    return np.asarray(paid[last] - paid[:-1])


def _slot_minutes(at: pd.Series) -> int:
    lengths = [pd.Timedelta(each) for each in at.diff().dropna().unique()]
    if at.dt.tz is not None or len(lengths) != 1 or _DAY_MINUTES % (lengths[0].total_seconds() / 60):
        raise RequestError(
            f"A roster was asked for {len(at)} slots of lengths {[str(each) for each in lengths[:3]]}, zone "
            f"{at.dt.tz}; expected two or more of one length that divides a day, in local time."
        )
    return int(lengths[0].total_seconds() // 60)
