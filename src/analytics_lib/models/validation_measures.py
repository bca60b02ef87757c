"""What tells a good score from a bad one: how it ranks, and how its probabilities hold.

Every measure takes a weight for each row, so that a bootstrap needs no copy of the rows: sorted once, a draw
costs a few passes. Null where undefined: a ranking without both classes, a lift without positives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.models.validation_rows import prepared

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Floats, Rows

TOP = 0.1
MEASURED = (
    "roc_auc",
    "pr_auc",
    "base_rate",
    "brier",
    "brier_skill",
    "log_loss",
    "ece",
    "lift_top_decile",
    # The part of the log loss that comes from positives; over all outcomes these add up to the loss of all.
    "positive_loss",
)


def roc_auc(labels: ArrayLike, scores: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """P(score of a positive > score of a negative) + ½ P(they are equal); null where one class is absent.

    Raises:
        RequestError: If lengths differ, a label is neither true nor false, or a score is not a number.
    """
    return _ranked(labels, scores, weights)[0]


def average_precision(labels: ArrayLike, scores: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """The area under precision by recall as a sum of steps, not interpolated; null where a class is absent.

    ``Σ (R_k - R_(k-1)) P_k`` over the distinct scores, highest first.

    Raises:
        RequestError: As ``roc_auc``.
    """
    return _ranked(labels, scores, weights)[1]


def _ranked(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None) -> tuple[float, float]:
    rows = prepared(labels, scores)
    given = np.ones(rows.n) if weights is None else np.asarray(weights, dtype=np.float64)
    # Without groups a row's number is its place before sorting.
    auc, precision, _ = ranking(rows, given[rows.group])
    return auc, precision


def measures(rows: Rows, weights: Floats) -> Floats:
    """The values of ``MEASURED``, in their order, of rows that count ``weights`` times."""
    total = weights.sum()
    if not total > 0:
        return np.full(len(MEASURED), np.nan)
    base, brier, loss, positive_loss = dot(rows.losses, weights) / total
    skill = 1 - brier / (base * (1 - base)) if 0 < base < 1 else np.nan
    ece = np.abs(rows.in_bins(weights * rows.gap)).sum() / total
    auc, precision, lift = ranking(rows, weights)
    return np.array([auc, precision, base, brier, skill, loss, ece, lift, positive_loss])


def dot(values: Floats, weights: Floats) -> Floats:
    """Σ weights times values, of every row of ``values`` if it has several."""
    # `@` waits for threads that other processes hold up, hundreds of times; this needs none.
    product: Floats = np.einsum("...i,i->...", values, weights)
    return product


def ranking(rows: Rows, weights: Floats) -> tuple[float, float, float]:
    """ROC AUC, average precision and the lift of the highest tenth."""
    positive = _before(weights * rows.happened)
    everything = _before(weights)
    happened, total = positive[-1], everything[-1]
    if not happened > 0:
        return np.nan, np.nan, np.nan
    lift = float((happened - _at(rows, everything, positive, (1 - TOP) * total)) / happened / TOP)
    if not total > happened:
        return np.nan, np.nan, lift
    own = weights[rows.positives]
    first, last = rows.positive_blocks
    negative = everything - positive
    auc = dot(own, negative[first] + negative[last]) / 2 / happened / negative[-1]
    # A row of weight 0 may be the highest: nothing is above it, and nothing is counted.
    above = np.maximum(total - everything[first], np.finfo(float).tiny)
    precision = dot(own, (happened - positive[first]) / above) / happened
    return float(auc), float(precision), lift


def _before(values: Floats) -> Floats:
    """Sums of what stands before each place, and of everything at the end."""
    sums: Floats = np.zeros(len(values) + 1)
    np.cumsum(values, out=sums[1:])
    return sums


def _at(rows: Rows, everything: Floats, positive: Floats, amount: float) -> float:
    """Positives among the lowest ``amount`` of rows; a block of tied scores is taken in proportion."""
    place = min(int(np.searchsorted(everything, amount)), rows.n) - 1
    if place < 0:
        return 0.0
    first, last = (int(places[place]) for places in rows.blocks)
    share = (amount - everything[first]) / (everything[last] - everything[first])
    return float(positive[first] + share * (positive[last] - positive[first]))
