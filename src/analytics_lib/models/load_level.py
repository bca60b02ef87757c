"""How far a model's level is off lately, and how much of that will still be so some hours ahead.

The last 3 hours, day and week are each compared with what the model says of them (log of the ratio, drawn to
0 where there are few counts). How much of it lasts is learnt from the past, separately for each stretch of
lead time, by ridge regression, which is drawn to "nothing lasts".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Hours looked back on, and where each stretch of lead time ends, in hours.
LOOKED_BACK = (3, 24, 168)
LEADS = (3, 8, 24, 48, 96, 168)
# Counts that stand against a ratio being other than 1, and observations against its lasting.
_QUIET_COUNTS = 3.0
_RIDGE = 8.0
_MOST_DAYS = 182


@dataclass(frozen=True)
class Level:
    """What lasts of how far the level is off.

    Attributes:
        lasting: By stretch of lead time and by hours looked back.
        day: Steps a day.
    """

    lasting: Floats
    day: int


def fit_level(values: Floats, mean: Floats, *, origin: int, day: int) -> Level:
    """What lasts, learnt from what lies before an origin.

    Args:
        values: By step; NaN is left out.
        mean: What the model says, by step.
        origin: The first step that is not seen.
        day: Steps a day.
    """
    behind = _Sums(values[:origin], mean[:origin])
    every = max(1, day // 4)
    first = max(day, origin - _MOST_DAYS * day)
    places = np.arange(first, origin - 1, every)
    off = _looking_back(behind, places, day)
    lasting = np.zeros((len(LEADS), len(LOOKED_BACK)))
    begins = 0
    for row, ends in enumerate(LEADS):
        since, until = places + _steps(begins, day), places + max(_steps(ends, day), _steps(begins, day) + 1)
        begins = ends
        inside = until <= origin
        if inside.sum() < 8:
            continue
        aim = behind.log_ratio(since[inside], until[inside])
        lasting[row] = _ridge(off[inside], aim)
    return Level(lasting, day)


def corrected(level: Level, values: Floats, mean: Floats, *, origin: int, steps: int) -> Floats:
    """The model's mean for the steps after an origin, with what lasts of the level.

    Args:
        level: What lasts.
        values: By step; NaN is left out. From the origin on they are not looked at.
        mean: What the model says, by step, up to the last that is asked for.
        origin: The first step that is not seen.
        steps: How many follow.
    """
    off = _looking_back(_Sums(values[:origin], mean[:origin]), np.array([origin]), level.day)[0]
    hours = np.arange(steps) * 24 / level.day
    stretch = np.searchsorted(LEADS, hours, side="right")
    # Beyond the last stretch, less lasts every week.
    fading = np.where(stretch < len(LEADS), 1.0, 0.5 ** ((hours - LEADS[-1]) / 168))
    shift = fading * (level.lasting @ off)[np.minimum(stretch, len(LEADS) - 1)]
    return np.asarray(mean[origin : origin + steps] * np.exp(shift))


class _Sums:
    """Sums of what was observed and of what the model said of the same steps, over any stretch."""

    def __init__(self, values: Floats, mean: Floats) -> None:
        known = ~np.isnan(values)
        self.observed = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
        self.said = np.concatenate([[0.0], np.cumsum(np.where(known, mean, 0.0))])

    def log_ratio(self, since: NDArray[np.int64], until: NDArray[np.int64]) -> Floats:
        observed = self.observed[until] - self.observed[since]
        said = self.said[until] - self.said[since]
        ratio: Floats = np.log((observed + _QUIET_COUNTS) / (said + _QUIET_COUNTS))
        return ratio


def _looking_back(sums: _Sums, places: NDArray[np.int64], day: int) -> Floats:
    columns = [sums.log_ratio(np.maximum(places - _steps(hours, day), 0), places) for hours in LOOKED_BACK]
    return np.column_stack(columns)


def _steps(hours: float, day: int) -> int:
    return max(1, round(hours * day / 24)) if hours else 0


def _ridge(off: Floats, aim: Floats) -> Floats:
    inner = off.T @ off + _RIDGE * np.diag(np.maximum((off**2).mean(axis=0), 1e-9))
    found = np.asarray(np.linalg.solve(inner, off.T @ aim), dtype=float)
    total = found.sum()
    # More than all of it does not last, and it does not turn round.
    return np.clip(found, -0.3, 1.0) / max(1.0, total) if total > 0 else np.zeros_like(found)
