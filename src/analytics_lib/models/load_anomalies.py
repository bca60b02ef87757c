"""What in a history is not demand as usual: outages, drops, spikes, and levels that moved for good.

Each step is held against the median of the same hour of the week in the four weeks before and after it, on
the scale of square roots, on which counts spread alike whatever their size. What lies further off than
``LIMIT`` robust deviations (median and MAD of its hour of day), or is zero where demand was expected, is left
out of every fit and listed. Days that stay off to one side are no anomaly but a new level.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_grid import Grid

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LIMIT = 6.0
# Zeros are an outage where so many were expected in the run (Poisson counts would all be zero at a chance of
# e^-12), and where hours like these are zero so seldom that the run is less likely than this.
EXPECTED_OF_OUTAGE = 12.0
CHANCE_OF_OUTAGE = 0.001
SHIFT_DAYS = 3
_LEAST_SPREAD = 0.2
# Of a standard normal number squared, half lie under it.
_MEDIAN_OF_SQUARE = 0.455
_LEAST_SEEN = 48
_LEAST_DAYS = 2
_MOST_FLAGGED = 0.05
_WEEKS = 4
_MAD = 1.4826
_KINDS = ("outage", "drop", "spike")
COLUMNS = ("since", "until", "kind", "steps", "value", "expected")


@dataclass(frozen=True)
class Anomalies:
    """What was found.

    Attributes:
        rows: One row each, in order: ``since until`` (excluded) ``kind`` (outage, drop, spike; level_shift:
            from ``since`` on, left in the fit) ``steps value`` (observed in all) ``expected`` (of the usual
            profile).
        left_out: By step of the grid: whether no fit sees it.
        outage: By step: whether it is part of an outage, which is no demand and judges no forecast.
        shifts: Steps at which the level moved.
    """

    rows: pd.DataFrame
    left_out: Flags
    outage: Flags
    shifts: tuple[int, ...]


def find_anomalies(grid: Grid, *, explained: Flags | None = None) -> Anomalies:
    """The anomalies of a history: in one of less than a week outages alone, of less than two days none.

    Args:
        grid: The history.
        explained: By step: whether something known was on (a campaign, a holiday), so that it is no anomaly.
    """
    values, known = grid.values, ~np.isnan(grid.values)
    quiet = np.zeros(len(values), dtype=bool)
    if known.sum() < _LEAST_DAYS * grid.day:
        return Anomalies(_frame([]), quiet, quiet, ())
    usual = profile(values, season=_season(grid))
    allowed = quiet if explained is None else explained
    clump = _clump(values, usual)
    outage = _outages(values, usual, grid.day, clump)
    if known.sum() < grid.week:
        # Which weekdays are quieter is not known yet: only zeros tell.
        return Anomalies(_frame(_runs(outage, "outage", grid, usual)), outage, outage, ())
    distance = np.where(outage | allowed, 0.0, _distances(values, usual, grid.day, clump))
    moved, shifts = _shifts(distance, values, usual, grid.day)
    distance[moved] = 0.0
    sign = np.where(np.abs(distance) > _limit(distance), np.sign(distance), 0.0)
    kinds = {"outage": outage, "drop": sign < 0, "spike": sign > 0}
    rows = [row for kind in _KINDS for row in _runs(kinds[kind], kind, grid, usual)]
    rows += [_shift_row(start, grid, usual) for start in shifts]
    return Anomalies(_frame(rows), outage | (sign != 0), outage, shifts)


def profile(values: Floats, *, season: int) -> Floats:
    """What is usual at each step: the median of the same step of the season, four seasons to each side."""
    seasons = -(-len(values) // season)
    laid = np.full((seasons + 2 * _WEEKS, season), np.nan)
    laid.ravel()[_WEEKS * season : _WEEKS * season + len(values)] = values
    windows = np.lib.stride_tricks.sliding_window_view(laid, 2 * _WEEKS + 1, axis=0)
    with warnings.catch_warnings():
        # A step of the season that was never observed has no median, and stays unknown.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = np.nanmedian(windows, axis=-1)
    return np.asarray(found.ravel()[: len(values)])


def _season(grid: Grid) -> int:
    """A week once three of them are there, else a day."""
    return grid.week if len(grid.values) >= 3 * grid.week else grid.day


def _clump(values: Floats, usual: Floats) -> float:
    """How many come together: the variance of a count in its mean, robustly; 1 where each comes alone.

    The messages of one conversation come together: an hour with none of them is no outage.
    """
    seen = ~np.isnan(values) & (usual >= 1)
    if seen.sum() < _LEAST_SEEN:
        return 1.0
    ratio = (values[seen] - usual[seen]) ** 2 / usual[seen]
    return max(1.0, float(np.median(ratio)) / _MEDIAN_OF_SQUARE)


def _outages(values: Floats, usual: Floats, day: int, clump: float) -> Flags:
    """Runs of zeros where demand was expected, and which would be very rare by the zeros of their hours."""
    rare = np.zeros(len(values))
    for slot in range(day):
        seen = values[slot::day]
        known = seen[~np.isnan(seen)]
        rare[slot::day] = np.log(((known == 0).sum() + 0.5) / (len(known) + 1))
    found = np.zeros(len(values), dtype=bool)
    for start, end in runs(values == 0):
        inside = slice(start, end)
        if np.nansum(usual[inside]) >= EXPECTED_OF_OUTAGE * clump and rare[inside].sum() < np.log(
            CHANCE_OF_OUTAGE
        ):
            found[inside] = True
    return found


def _distances(values: Floats, usual: Floats, day: int, clump: float) -> Floats:
    """How many robust deviations of its hour of day each step lies from what is usual; unknown is 0."""
    whole = bool(np.all(values[~np.isnan(values)] % 1 == 0))
    middle = np.nanmedian(usual)
    shift = 3 / 8 if whole else 0.01 * middle
    off = np.sqrt(values + shift) - np.sqrt(usual + shift)
    # The square root of a Poisson count spreads by 1/2, of what comes in clumps by more; less is chance.
    least = 0.5 * np.sqrt(clump) if whole else 0.02 * np.sqrt(middle + 1e-12)
    spread = np.empty(len(values))
    for hour in range(day):
        near = np.concatenate([off[(hour + step) % day :: day] for step in range(-1, 2)])
        near = near[~np.isnan(near)]
        typical = _MAD * np.median(np.abs(near - np.median(near))) if len(near) else 0.0
        spread[hour::day] = max(typical, least, 1e-9)
    return np.nan_to_num(off / spread)


def _limit(distance: Floats) -> float:
    """The limit, further out where a series is so wild that much of it would be an anomaly."""
    # Steps that are not off at all count too: in a series that stands still a lone spike is one of many.
    return max(LIMIT, float(np.quantile(np.abs(distance), 1 - _MOST_FLAGGED)))


def _shifts(distance: Floats, values: Floats, usual: Floats, day: int) -> tuple[Flags, tuple[int, ...]]:
    """Which steps lie on days that stay off to one side, and where levels moved.

    A day is off by the mean of its distances, in robust deviations of all days, and by a third or more.
    """
    whole = len(distance) // day
    # Days are counted back from the end: a level that moved lately matters most.
    first = len(distance) - whole * day
    known = ~np.isnan(values) & ~np.isnan(usual)
    off, came, expected = (
        np.where(known, numbers, 0.0)[first:].reshape(whole, day).sum(axis=1)
        for numbers in (distance, values, usual)
    )
    mean = off / np.maximum(known[first:].reshape(whole, day).sum(axis=1), 1)
    spread = max(_MAD * float(np.median(np.abs(mean - np.median(mean)))), _LEAST_SPREAD)
    ratio = (came + 1) / (expected + 1)
    moved = np.zeros(len(distance), dtype=bool)
    places: list[int] = []
    for far in ((mean > LIMIT * spread) & (ratio > 4 / 3), (mean < -LIMIT * spread) & (ratio < 3 / 4)):
        for start, end in runs(far):
            if end - start >= SHIFT_DAYS:
                since, until = first + start * day, first + end * day
                moved[since:until] = True
                places += [since] if end == whole else [since, until]
    return moved, tuple(sorted(set(places)))


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Where flags are on: start and end (excluded) of each stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _runs(flags: Flags, kind: str, grid: Grid, usual: Floats) -> list[dict[str, object]]:
    return [_row(start, end, kind, grid, usual) for start, end in runs(flags)]


def _shift_row(start: int, grid: Grid, usual: Floats) -> dict[str, object]:
    end = min(start + SHIFT_DAYS * grid.day, len(grid.values))
    return _row(start, end, "level_shift", grid, usual)


def _row(start: int, end: int, kind: str, grid: Grid, usual: Floats) -> dict[str, object]:
    return {
        "since": grid.start + start * grid.step,
        "until": grid.start + end * grid.step,
        "kind": kind,
        "steps": end - start,
        "value": float(np.nansum(grid.values[start:end])),
        "expected": float(np.nansum(usual[start:end])),
    }


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values("since", ignore_index=True)
