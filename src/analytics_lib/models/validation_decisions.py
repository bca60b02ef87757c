"""From which score on to act, and what acting there costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    _check_costs(false_alarm_cost, missed_cost)
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
    _check_costs(false_alarm_cost, missed_cost)
    rows = checked_probabilities(prepared(labels, scores))
    alarmed = rows.score >= threshold
    alarms, positives = int(alarmed.sum()), int(rows.positive.sum())
    right = int((alarmed & rows.positive).sum())
    cost = false_alarm_cost * (alarms - right) + missed_cost * (positives - right)
    shares = {
        "alarm_rate": (alarms, rows.n),
        "precision": (right, alarms),
        "recall": (right, positives),
    }
    totals = {
        "threshold": threshold,
        "alarms": alarms,
        "false_alarms": alarms - right,
        "missed": positives - right,
        "cost": cost,
        "cost_per_row": cost / rows.n if rows.n else np.nan,
        "cost_of_none": missed_cost * positives,
        "cost_of_all": false_alarm_cost * (rows.n - positives),
    }
    found = {name: (float(value), np.nan, np.nan) for name, value in totals.items()}
    found |= {
        name: (part / whole if whole else np.nan, *wilson(part, whole))
        for name, (part, whole) in shares.items()
    }
    return listed(found, n=[rows.n] * len(totals) + [whole for _, whole in shares.values()])


def _check_costs(false_alarm_cost: float, missed_cost: float) -> None:
    if not (false_alarm_cost >= 0 and missed_cost >= 0 and false_alarm_cost + missed_cost > 0):
        raise RequestError(
            f"A false alarm costs {false_alarm_cost} and a missed one {missed_cost}; "
            "expected costs of 0 or more, one of them above 0."
        )
