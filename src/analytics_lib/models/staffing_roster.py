"""The cheapest roster: which shifts on which days put enough people on duty in every half-hour.

A shift is a start, a length and a place of its break, as the rules allow. How many people work each is a
whole number, found by an integer programme (HiGHS, in scipy): the least cost with which nobody is missing.
What cannot be covered under the rules is said. Shifts begin on the days of the need; the whole shift is paid,
also what lies beyond its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_shifts import Grid, kinds_of_shifts, lay_out, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.staffing_rules import ShiftRules

    Floats = NDArray[np.float64]

SHIFTS = ("day", "starts", "ends", "break_starts", "break_ends", "paid_hours", "agents", "cost")
_SHOWN = 3


@dataclass(frozen=True)
class Roster:
    """Who works when.

    Attributes:
        shifts: One row per kind of shift that is worked: ``day`` (on which it starts), ``starts``, ``ends``,
            ``break_starts break_ends`` (null without a break), ``paid_hours`` (of one agent), ``agents`` (who
            work it), ``cost`` (of them all).
        cover: One row a slot: ``at needed on_duty short`` (missing, 0 or more).
        cost: Of all shifts.
        hours: Paid, of all.
        people: So many at least: the most shifts of a day, or all hours by those that one works a week.
        proven: Whether no cheaper roster exists (but for one part in ten thousand). If not, the search ran
            out of time, and another machine may find another roster.
    """

    shifts: pd.DataFrame
    cover: pd.DataFrame
    cost: float
    hours: float
    people: int
    proven: bool

    @property
    def missing(self) -> pd.DataFrame:
        """The slots of ``cover`` in which somebody is missing."""
        return self.cover[self.cover["short"] > 0]


def cheapest_roster(need: pd.DataFrame, rules: ShiftRules) -> Roster:
    """The cheapest roster that covers every need.

    Args:
        need: One row a slot, slots of one length without gaps: ``at`` (local time without a zone) and
            ``needed`` (people on duty); outside the opening hours it counts as 0.
        rules: What shifts may be.

    Raises:
        RequestError: If the rules do not let the need be covered: which slots, and how many are missing.
    """
    found = closest_roster(need, rules)
    if found.missing.empty:
        return found
    told = [
        f"{row['at']:%Y-%m-%d %H:%M} needs {row['needed']}, and {row['on_duty']} can be there"
        for row in found.missing.head(_SHOWN).to_dict("records")
    ]
    raise RequestError(
        f"No roster under these rules covers {len(found.missing)} of {len(need)} slots: {'; '.join(told)}. "
        "Allow more shifts a day (max_agents), or starts and lengths that reach these slots; "
        "closest_roster gives the roster that misses least."
    )


def closest_roster(need: pd.DataFrame, rules: ShiftRules) -> Roster:
    """The roster with the least missing, and of those the cheapest (see ``cheapest_roster``).

    Raises:
        RequestError: If a need is negative or missing, or slots do not fit each other or the rules.
    """
    grid = lay_out(need, rules)
    kinds = kinds_of_shifts(grid, rules)
    solved = [_planned(grid, part, rules) for _, part in kinds.groupby(_together(grid, kinds))]
    shifts = _named(grid, pd.concat([part for part, _ in solved], ignore_index=True), rules)
    cover = _cover(grid, shifts)
    hours = float((shifts["paid_hours"] * shifts["agents"]).sum())
    return Roster(
        shifts=shifts,
        cover=cover,
        cost=float(shifts["cost"].sum()),
        hours=hours,
        people=_people(shifts, hours, days=kinds["day"].nunique(), rules=rules),
        proven=all(proven for _, proven in solved),
    )


def _planned(grid: Grid, kinds: pd.DataFrame, rules: ShiftRules) -> tuple[pd.DataFrame, bool]:
    """Days that hang together: all at once or, where that takes too long, also day after day; the better."""
    several = len(set(kinds["day"])) > 1
    try:
        found, proven = solve(grid, kinds, rules)
    except RequestError:
        if not several:
            raise
        return _day_after_day(grid, kinds, rules), False
    if proven or not several:
        return found, proven
    rolled = _day_after_day(grid, kinds, rules)
    return min((rolled, found), key=lambda rows: _shortfall(grid, rows, rules)), False


def _day_after_day(grid: Grid, kinds: pd.DataFrame, rules: ShiftRules) -> pd.DataFrame:
    """Each day by itself, from its first start to the next one's; what shifts cover beyond counts there."""
    slots, left, parts = np.arange(len(grid.needed)), grid.needed, []
    for _, part in kinds.groupby("day"):
        own = (slots >= part["start"].min()) & (slots < part["start"].min() + grid.a_day)
        rows, _ = solve(replace(grid, needed=np.where(own, left, 0.0)), part, rules)
        left = np.maximum(left - on_duty(grid.at, _named(grid, rows, rules)).to_numpy(), 0)
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def _shortfall(grid: Grid, rows: pd.DataFrame, rules: ShiftRules) -> tuple[float, float]:
    """How many are missing, and what it costs."""
    shifts = _named(grid, rows, rules)
    missing = np.maximum(grid.needed - on_duty(grid.at, shifts).to_numpy(), 0)
    return float(missing.sum()), float(shifts["cost"].sum())


def on_duty(at: pd.Series, shifts: pd.DataFrame) -> pd.Series:
    """How many are on duty at each moment: who has started, not ended, and has no break.

    Args:
        at: Moments, local time without a zone.
        shifts: ``starts ends agents``, and ``break_starts break_ends`` where there are breaks.
    """
    moments = at.to_numpy()[:, None]
    here = (moments >= shifts["starts"].to_numpy()) & (moments < shifts["ends"].to_numpy())
    if "break_starts" in shifts:
        since, until = shifts["break_starts"].to_numpy(), shifts["break_ends"].to_numpy()
        here &= ~((moments >= since) & (moments < until))
    return pd.Series(here @ shifts["agents"].to_numpy(dtype=np.int64), index=at.index)


def _together(grid: Grid, kinds: pd.DataFrame) -> Floats:
    """Of each kind the number of its plan: days are apart where no shift reaches the next one's need."""
    ends = (kinds["start"] + kinds["length"]).groupby(kinds["day"]).max()
    asked = np.flatnonzero(grid.needed)
    next_asked = np.searchsorted(asked, ends.index * grid.a_day + grid.a_day)
    reached = np.append(asked, len(grid.at))[next_asked] < ends
    plan = pd.Series(np.cumsum(np.append(0, ~reached[:-1])), index=ends.index)
    return kinds["day"].map(plan).to_numpy()


def _cover(grid: Grid, shifts: pd.DataFrame) -> pd.DataFrame:
    at = pd.Series(grid.at.to_numpy()[grid.inside])
    there, needed = on_duty(at, shifts), grid.needed[grid.inside].astype(np.int64)
    return pd.DataFrame(
        {"at": at, "needed": needed, "on_duty": there, "short": np.maximum(needed - there, 0)}
    )


def _people(shifts: pd.DataFrame, hours: float, *, days: int, rules: ShiftRules) -> int:
    if shifts.empty:
        return 0
    weekly = hours / max(days / 7, 1)
    return max(
        int(shifts.groupby("day")["agents"].sum().max()), math.ceil(weekly / rules.weekly_hours - 1e-9)
    )


def _named(grid: Grid, rows: pd.DataFrame, rules: ShiftRules) -> pd.DataFrame:
    """Shifts in times and money."""
    slot, midnight = pd.Timedelta(minutes=grid.minutes), grid.at.iloc[0]
    starts = midnight + rows["start"] * slot
    ends = starts + rows["length"] * slot
    pause = midnight + rows["pause"].where(rows["pause"] >= 0) * slot
    resting = pause + pd.Timedelta(minutes=rules.break_minutes)
    unpaid = 0 if rules.break_paid else 1
    spent = np.concatenate([[0.0], np.cumsum(rules.hourly_cost(grid.at)) * grid.minutes / 60])
    first, away = rows["start"].to_numpy(dtype=int), rows["pause"].to_numpy(dtype=int)
    rest = np.where(away >= 0, rules.break_minutes // grid.minutes, 0) * unpaid
    cost = (
        spent[first + rows["length"].to_numpy(dtype=int)] - spent[first] - (spent[away + rest] - spent[away])
    )
    return pd.DataFrame(
        {
            "day": starts.dt.normalize(),
            "starts": starts,
            "ends": ends,
            "break_starts": pause,
            "break_ends": resting,
            "paid_hours": (rows["length"] - rest) * grid.minutes / 60,
            "agents": rows["agents"],
            "cost": (cost + rules.cost_per_shift) * rows["agents"],
        },
        columns=list(SHIFTS),
    )
