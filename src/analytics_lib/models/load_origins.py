"""From which moments of the past forecasts are made, to be held to what came after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_grid import Grid

# By whether steps are shorter than a day: from an origin 24 hours or more are judged, of days perhaps one.
_MOST_ORIGINS = {True: 42, False: 112}
_WANTED_ORIGINS = {True: 14, False: 42}
_LONGEST_DAYS = 14
# Days that are seen before the first origin: the first of these that leaves as many as wanted, or the last.
_LEAST_DAYS = {True: (14, 12, 10, 8, 6, 4, 2), False: (56, 28, 14, 7, 2)}
_FEWEST_DAYS = 2


def origins_of(grid: Grid, steps: int) -> tuple[NDArray[np.int64], int]:
    """First steps of the forecasts of the past, and how many steps of each are judged."""
    size, day = len(grid.values), grid.day
    finer = day > 1
    for days in _LEAST_DAYS[finer]:
        room = size - days * day
        judged = min(steps, _LONGEST_DAYS * day if finer else steps, max(day, room // 2))
        reach = -(-judged // day) * day
        many = min(_MOST_ORIGINS[finer], (room - reach) // day + 1) if room >= reach else 0
        if many >= _WANTED_ORIGINS[finer]:
            break
    # Whole days back, so that every origin has the hour at which the forecast itself begins.
    origins = size - reach - day * np.arange(many - 1, -1, -1, dtype=np.int64)
    # Before an origin there has to be something to learn from: it may lie in a gap.
    known = np.concatenate([[0], np.cumsum(~np.isnan(grid.values))])
    return origins[known[origins] >= _FEWEST_DAYS * day], judged
