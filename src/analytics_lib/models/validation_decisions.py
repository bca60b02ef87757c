"""From which score on to act, and what acting there costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.errors import RequestError
from analytics_lib.metrics.intervals import wilson
from analytics_lib.models.validation_rows import checked_probabilities, prepared
from analytics_lib.models.validation_scores import listed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

# No probability reaches it: nobody is acted on.
NEVER = float(np.nextafter(1.0, 2.0))


class Counts(NamedTuple):
    """What acting on some of the rows came to: ``right`` of the ``alarms`` were of the ``positives``."""

    rows: int
    positives: int
    alarms: int
    right: int


def least_cost_threshold(
    labels: ArrayLike, scores: ArrayLike, *, false_alarm_cost: float, missed_cost: float
) -> float:
    """The score from which on acting costs least: ``false_alarm_cost · FP + missed_cost · FN``.

    To be chosen on rows that are neither learned from nor reported on. Of thresholds that cost the same, the
    highest: the fewest alarms.

    Args:
        labels: Whether it happened.
        scores: Its predicted probability.
        false_alarm_cost: Of acting where it would not have happened.
        missed_cost: Of not acting where it happens.

    Returns:
        One of the scores, or ``NEVER`` (just above 1) where acting on nobody costs least.

    Raises:
        RequestError: If a cost is negative, none is above zero, or the rows are as ``evaluate`` refuses them.
    """
    check_costs(false_alarm_cost, missed_cost)
    rows = checked_probabilities(prepared(labels, scores))
    # Acting from a block of tied scores on: the positives below it are missed.
    below = np.append(0.0, np.cumsum(rows.happened))
    edges = np.append(rows.starts, rows.n)
    missed = below[edges]
    false_alarms = (rows.n - edges) - (below[-1] - missed)
    cost = false_alarm_cost * false_alarms + missed_cost * missed
    best = len(cost) - 1 - int(np.argmin(cost[::-1]))
    return float(rows.score[edges[best]]) if edges[best] < rows.n else NEVER


def costs_at(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    threshold: float,
    false_alarm_cost: float,
    missed_cost: float,
) -> pd.DataFrame:
    """What acting from a threshold on comes to, on rows that did not choose it.

    Returns:
        One row per metric: ``metric value low high n``. Counts ``alarms false_alarms missed``; ``precision``
        (alarms that were right; n = alarms), ``recall`` (of what happened, how much was seen; n = positives)
        and ``alarm_rate`` with Wilson intervals; ``cost``, ``cost_per_row``, ``cost_of_none`` and
        ``cost_of_all`` (acting on nobody, on everybody). Null where there is nothing to divide by.

    Raises:
        RequestError: As ``least_cost_threshold``.
    """
    rows = checked_probabilities(prepared(labels, scores))
    alarmed = rows.score >= threshold
    counts = Counts(
        rows.n, int(rows.positive.sum()), int(alarmed.sum()), int((alarmed & rows.positive).sum())
    )
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    return costs_of(counts, threshold=threshold, **costs)


def costs_of(
    counts: Counts, *, threshold: float, false_alarm_cost: float, missed_cost: float
) -> pd.DataFrame:
    """The rows of ``costs_at`` from what was counted.

    Raises:
        RequestError: If a cost is negative, or none is above 0.
    """
    check_costs(false_alarm_cost, missed_cost)
    rows, positives, alarms, right = counts
    cost = false_alarm_cost * (alarms - right) + missed_cost * (positives - right)
    shares = {"alarm_rate": (alarms, rows), "precision": (right, alarms), "recall": (right, positives)}
    totals = {
        "threshold": threshold,
        "alarms": alarms,
        "false_alarms": alarms - right,
        "missed": positives - right,
        "cost": cost,
        "cost_per_row": cost / rows if rows else np.nan,
        "cost_of_none": missed_cost * positives,
        "cost_of_all": false_alarm_cost * (rows - positives),
    }
    found = {name: (float(value), np.nan, np.nan) for name, value in totals.items()}
    found |= {
        name: (part / whole if whole else np.nan, *wilson(part, whole))
        for name, (part, whole) in shares.items()
    }
    return listed(found, n=[rows] * len(totals) + [whole for _, whole in shares.values()])


def check_costs(false_alarm_cost: float, missed_cost: float) -> None:
    """Refuses what are no costs.

    Raises:
        RequestError: If one is negative, or none is above 0.
    """
    if not (false_alarm_cost >= 0 and missed_cost >= 0 and false_alarm_cost + missed_cost > 0):
        raise RequestError(
            f"A false alarm costs {false_alarm_cost} and a missed one {missed_cost}; "
            "expected costs of 0 or more, one of them above 0."
        )
