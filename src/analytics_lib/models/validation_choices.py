"""Every threshold that could be the one of least cost, so that a model can be asked without its rows.

Costs are sums over false alarms and missed ones. Whatever each costs, the least sum lies on the lower convex
hull of the two counts (Provost and Fawcett 2001, Robust classification for imprecise environments, Machine
Learning 42:203). So some dozens of thresholds, with their counts, stand for all rows and name nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.validation_decisions import NEVER, Counts, check_costs, costs_of
from analytics_lib.models.validation_rows import checked_probabilities, prepared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

COLUMNS = ["threshold", "false_alarms", "missed", *Counts._fields]
_PERCENTS = np.arange(100, -1, -1) / 100


def choices(
    labels: ArrayLike, scores: ArrayLike, *, judged_labels: ArrayLike, judged_scores: ArrayLike
) -> pd.DataFrame:
    """The thresholds worth choosing from, the highest first, and what each comes to on other rows.

    Args:
        labels: Whether it happened, of the rows that choose.
        scores: Its predicted probability.
        judged_labels: Whether it happened, of the rows that report.
        judged_scores: Its predicted probability.

    Returns:
        One row per threshold: ``threshold`` (null = above every probability: nobody is acted on),
        ``false_alarms missed`` on the rows that choose, and ``rows positives alarms right`` on those that
        report. Where all or none of the choosing rows happened there is nothing to choose by: the whole
        percents, with null ``false_alarms missed``.

    Raises:
        RequestError: As ``least_cost_threshold``.
    """
    rows = checked_probabilities(prepared(labels, scores))
    if not 0 < rows.positive.sum() < rows.n:
        found = pd.DataFrame({"threshold": _PERCENTS, "false_alarms": np.nan, "missed": np.nan})
    else:
        below = np.append(0.0, np.cumsum(rows.happened))
        edges = np.append(rows.starts, rows.n)
        missed = below[edges]
        false_alarms = (rows.n - edges) - (below[-1] - missed)
        score = np.append(rows.score[rows.starts], np.nan)
        places = _hull(false_alarms[::-1], missed[::-1])
        found = pd.DataFrame({"threshold": score, "false_alarms": false_alarms, "missed": missed})[::-1]
        found = found.iloc[places].reset_index(drop=True)
    return pd.concat([found, _counted(found["threshold"], judged_labels, judged_scores)], axis=1)[COLUMNS]


def place_of(listed: pd.DataFrame, *, false_alarm_cost: float, missed_cost: float) -> int:
    """Which row of ``choices`` costs least; of several the highest threshold.

    Where nothing could choose: the one nearest to the false alarm's cost over the sum of both.

    Raises:
        RequestError: If a cost is negative, or none is above 0.
    """
    check_costs(false_alarm_cost, missed_cost)
    if is_by_formula(listed):
        wanted = false_alarm_cost / (false_alarm_cost + missed_cost)
        return int((listed["threshold"] - wanted).abs().to_numpy().argmin())
    costs = false_alarm_cost * listed["false_alarms"] + missed_cost * listed["missed"]
    return int(costs.to_numpy(dtype=np.float64).argmin())


def is_by_formula(listed: pd.DataFrame) -> bool:
    """Whether nothing could choose among these thresholds."""
    return bool(listed["missed"].isna().all())


def costs_there(
    listed: pd.DataFrame, place: int, *, false_alarm_cost: float, missed_cost: float
) -> tuple[float, pd.DataFrame]:
    """The threshold of a row of ``choices``, and as of ``costs_at`` what acting from it on comes to."""
    row = listed.iloc[place]
    threshold = NEVER if pd.isna(row["threshold"]) else float(row["threshold"])
    counts = Counts(*(int(row[name]) for name in Counts._fields))
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    return threshold, costs_of(counts, threshold=threshold, **costs)


def _counted(thresholds: pd.Series, labels: ArrayLike, scores: ArrayLike) -> pd.DataFrame:
    rows = checked_probabilities(prepared(labels, scores))
    # What lies below a threshold is not acted on; nothing reaches a null one.
    below = np.searchsorted(rows.score, thresholds.fillna(NEVER).to_numpy(dtype=np.float64), side="left")
    happened = np.append(0, np.cumsum(rows.positive))
    counts = {"alarms": rows.n - below, "right": happened[-1] - happened[below]}
    return pd.DataFrame({"rows": rows.n, "positives": int(happened[-1]), **counts}).astype(np.int64)


def _hull(false_alarms: NDArray[np.float64], missed: NDArray[np.float64]) -> list[int]:
    """Places of the lower hull's corners, of points in the order of rising false alarms, and of the first."""
    corners: list[tuple[int, int, int]] = []
    for point in _points(false_alarms, missed):
        while len(corners) > 1 and not _turns_left(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    # Acting on nobody is always there: it is the highest where a missed one costs nothing.
    return sorted({0, *(place for _, _, place in corners)})


def _points(false_alarms: NDArray[np.float64], missed: NDArray[np.float64]) -> Iterable[tuple[int, int, int]]:
    """The lowest point of each number of false alarms."""
    lowest = np.append(false_alarms[1:] != false_alarms[:-1], True)
    for place in np.flatnonzero(lowest).tolist():
        yield int(false_alarms[place]), int(missed[place]), place


def _turns_left(one: tuple[int, int, int], two: tuple[int, int, int], three: tuple[int, int, int]) -> bool:
    return (two[0] - one[0]) * (three[1] - one[1]) > (two[1] - one[1]) * (three[0] - one[0])
