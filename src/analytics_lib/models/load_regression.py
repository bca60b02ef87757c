"""A count regression: what an hour of a week brings, times season, trend, calendar and events.

log mean = hour of day + weekday + hour of the week + year (3 waves) + a trend that flattens after the last
day seen (damped: Gardner and McKenzie 1985, Management Science 31:1237) + level shifts + holidays, paydays
and events; variance mean + a·mean² (negative binomial, a by moments), fitted by reweighted least squares
(McCullagh and Nelder 1989, ch. 2). Each group of effects is drawn to zero as by so many observations of none
(ridge), so that what was seen rarely moves little; recent weeks weigh more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.linalg import solve
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Observations of "no effect" that stand against each column of a group; calendar effects are seen by days,
# whose hours are not apart, so theirs are counted in days.
PENALTIES = {"intercept": 1e-6, "slot": 0.3, "weekday": 0.3, "week_slot": 2.0}
# The trend is counted in years: with so little against it, that of a few weeks is learnt too; else the mean
# stays at the level of the past, and forecasts go back to it.
PENALTY_DAYS = {"year": 3.0, "trend": 0.005, "shift": 0.1, "calendar": 0.4, "event": 0.2, "named": 0.6}
HALF_LIFE_DAYS = 120.0
MOST_STEPS = 18_000
_YEAR = 365.25
_YEARLY_FROM_DAYS = 350
# A day further ahead, growth is so much of what it was: in the end 19 days of it.
DAMPING = 0.95
_ITERATIONS = 8
# Mean change of the log mean by a step, from which it is called settled.
_SETTLED = 2e-3
_KNOT_DAYS = 56
# Standard deviations beyond which a count pulls no harder.
_WILD = 6.0


@dataclass(frozen=True)
class Design:
    """The columns that do not depend on where a forecast begins.

    Attributes:
        week: One row a step of the week: columns of 0 and 1 for hour of day, weekday and hour of the week.
        cell: Step of the week of each step, of the history and after it.
        columns: All others, one row a step, of the history and after it.
        groups: Of each column, those of the week first (see ``PENALTIES``).
        names: Likewise.
        day: Steps a day.
        shifts: Steps at which the level moved.
    """

    week: Floats
    cell: Ints
    columns: Floats
    groups: tuple[str, ...]
    names: tuple[str, ...]
    day: int
    shifts: tuple[int, ...]


@dataclass(frozen=True)
class Fitted:
    """A fitted regression.

    Attributes:
        mean: By step, of the history and after it.
        dispersion: The a of the variance mean + a·mean².
        effects: By column: what it adds to log mean; by its name.
    """

    mean: Floats
    dispersion: float
    effects: pd.Series


def make_design(grid: Grid, *, steps: int, calendar: pd.DataFrame, shifts: tuple[int, ...] = ()) -> Design:
    """The columns for a history and so many steps after it.

    Args:
        grid: The history.
        steps: How many steps follow.
        calendar: By step: ``holiday payday event event:<name>`` (see ``Calendar.columns``).
        shifts: Steps at which the level moved.
    """
    at = grid.times(steps)
    week, names = _week(grid)
    minute = np.asarray(at.day_of_week * 1440 + at.hour * 60 + at.minute)
    groups = {"holiday": "calendar", "payday": "calendar", "event": "event"}
    blocks: list[tuple[str, str, Floats]] = [("intercept", "intercept", np.ones(len(at)))]
    if len(grid.values) >= _YEARLY_FROM_DAYS * grid.day:
        blocks += [("year", f"year:{order}", wave) for order, wave in enumerate(_waves(at))]
    for name in calendar:
        blocks.append((groups.get(str(name), "named"), str(name), calendar[name].to_numpy(dtype=float)))
    return Design(
        week,
        (minute // round(grid.step.total_seconds() / 60)).astype(np.int64),
        np.column_stack([block for _, _, block in blocks]),
        (*(name.partition(":")[0] for name in names), *(group for group, _, _ in blocks)),
        (*names, *(name for _, name, _ in blocks)),
        grid.day,
        shifts,
    )


def _week(grid: Grid) -> tuple[Floats, list[str]]:
    """The steps of a week by columns of 0 and 1, and what these are called."""
    step = np.arange(grid.week)
    weekday = np.eye(7)[step // grid.day]
    names = [f"weekday:{day + 1}" for day in range(7)]
    if grid.day == 1:
        return weekday, names
    slot, hour = np.eye(grid.day)[step % grid.day], np.eye(168)[step * 24 // grid.day]
    names += [f"slot:{place}" for place in range(grid.day)] + [f"week_slot:{place}" for place in range(168)]
    return np.hstack([weekday, slot, hour]), names


def fit_regression(design: Design, values: Floats, *, origin: int) -> Fitted:
    """The regression fitted to what lies before an origin, and its mean before and after it.

    Args:
        design: The columns.
        values: By step of the history; NaN is left out. Counts, or numbers scaled to be like them.
        origin: The first step that is not seen.
    """
    moving, groups, names = _moving(design, origin)
    columns = np.hstack([design.columns, moving])
    first = max(0, origin - MOST_STEPS)
    seen = first + np.flatnonzero(~np.isnan(values[first:origin]))
    recent = 0.5 ** ((origin - seen) / (design.day * HALF_LIFE_DAYS))
    penalties = np.array([_penalty(group, design.day) for group in (*design.groups, *groups)])
    rows = _Rows(design.week, design.cell[seen], columns[seen])
    effects, dispersion = _reweighted(rows, values[seen], recent, penalties)
    top = np.log(5 * values[seen].max() + 1)
    mean = np.exp(np.clip(_Rows(design.week, design.cell, columns).said(effects), -12, top))
    return Fitted(mean, dispersion, pd.Series(effects, index=[*design.names, *names]))


class _Rows:
    """Rows of a regression; the columns of the week repeat, and are added up before they are multiplied."""

    def __init__(self, week: Floats, cell: Ints, columns: Floats) -> None:
        self.week, self.cell, self.columns = week, cell, columns
        steps = np.arange(len(cell))
        self._by_cell = csr_array((np.ones(len(cell)), (cell, steps)), shape=(len(week), len(cell)))

    def said(self, effects: Floats) -> Floats:
        """The log mean of each row."""
        split = self.week.shape[1]
        by_cell = self.week @ effects[:split]
        return np.asarray(by_cell[self.cell] + self.columns @ effects[split:])

    def sizes(self) -> Floats:
        """The squares of each column, added up."""
        steps = self._by_cell @ np.ones(len(self.cell))
        return np.concatenate([(self.week**2).T @ steps, (self.columns**2).sum(axis=0)])

    def products(self, weight: Floats, aim: Floats) -> tuple[Floats, Floats]:
        """The weighted products of the columns with each other, and with an aim."""
        weighted = self.columns * weight[:, None]
        summed = self._by_cell @ np.column_stack([weight, weight * aim, weighted])
        corner = self.week.T @ summed[:, 2:]
        inner = np.block(
            [
                [(self.week * summed[:, :1]).T @ self.week, corner],
                [corner.T, weighted.T @ self.columns],
            ]
        )
        return inner, np.concatenate([self.week.T @ summed[:, 1], weighted.T @ aim])


def _waves(at: pd.DatetimeIndex) -> list[Floats]:
    turn = 2 * np.pi * np.asarray(at.day_of_year - 1 + at.hour / 24) / _YEAR
    return [wave(order * turn) for order in (1, 2, 3) for wave in (np.sin, np.cos)]


def _moving(design: Design, origin: int) -> tuple[Floats, list[str], list[str]]:
    """Trend and shifts as they look from an origin: growth goes on after it, less every day."""
    step = np.arange(len(design.cell), dtype=float)
    ahead = np.maximum(step - origin, 0) / design.day
    days = np.minimum(step, origin) / design.day + (1 - DAMPING**ahead) * DAMPING / (1 - DAMPING)
    last = origin / design.day
    knots = [0.0, *np.arange(_KNOT_DAYS, last - _KNOT_DAYS, _KNOT_DAYS)]
    trend = [np.maximum(days - knot, 0) / _YEAR for knot in knots]
    shifts = [place for place in design.shifts if design.day <= place < origin - design.day]
    stepped = [(step >= place).astype(float) for place in shifts]
    groups = ["trend"] * len(trend) + ["shift"] * len(stepped)
    names = [f"trend:{x}" for x in range(len(trend))] + [f"shift:{place}" for place in shifts]
    return np.column_stack([*trend, *stepped]), groups, names


def _penalty(group: str, day: int) -> float:
    return PENALTIES[group] if group in PENALTIES else PENALTY_DAYS[group] * day


def _reweighted(rows: _Rows, values: Floats, recent: Floats, penalties: Floats) -> tuple[Floats, float]:
    """Effects and dispersion by iteratively reweighted least squares."""
    log_mean = np.log((values + values.mean()) / 2 + 1e-9)
    dispersion, effects = 0.1, np.zeros(len(penalties))
    sizes = rows.sizes()
    for _ in range(_ITERATIONS):
        mean = np.exp(log_mean)
        weight = recent * mean / (1 + dispersion * mean)
        # One wild count shall not throw the fit.
        far = 1 + _WILD * np.sqrt(mean * (1 + dispersion * mean))
        aim = log_mean + np.minimum(values - mean, far) / mean
        inner, product = rows.products(weight, aim)
        # An observation of a column counts as much as those it had: nights are not drawn to days.
        each = np.diag(inner) / np.maximum(sizes, 1e-9)
        inner[np.diag_indices_from(inner)] += penalties * np.maximum(each, 1.0) + 1e-9
        effects = np.asarray(solve(inner, product, assume_a="pos"), dtype=float)
        before, log_mean = log_mean, np.clip(rows.said(effects), -12, np.log(5 * values.max() + 1))
        dispersion = _dispersion(values, np.exp(log_mean))
        if np.abs(log_mean - before).mean() < _SETTLED:
            break
    return effects, dispersion


def _dispersion(values: Floats, mean: Floats) -> float:
    """The a of the variance mean + a·mean², by moments."""
    excess = ((values - mean) ** 2 - mean).sum() / (mean**2).sum()
    return float(np.clip(excess, 0.0, 5.0))
