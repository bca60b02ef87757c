"""How sure a driver is: intervals by bootstrap over users, and how often chance alone makes one.

Users are dealt into blocks, one each while there are fewer than ``BLOCKS``; a draw weighs all blocks anew,
for every group at once (``metrics.bootstrap``). With more users a block holds several, which leaves the
variance of a sum what it is (random groups, Wolter 2007, Introduction to Variance Estimation, chapter 2) and
the work the same.

Two things are tested. Whether a group moved at all: its rate changed, or its weight changed and its rate is
not the rest's (of these two the larger p-value). And whether it is special: the same with its rate changed
otherwise than the rest's. Of the chance of a false alarm a changed rate gets four fifths and a changed weight
one (each p-value by its part, the smaller one counts). Every test is a score test: the linearised standard
error over blocks uses the rate and the variance of all that would be alike without the difference, so that a
small group without a single case has one too. A sum of rare cases is skewed and taken for a gamma
distribution (Pearson's type III), by the cube root of Wilson and Hilferty (1931, PNAS 17:684); for a normal
one small groups would look surer than they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis.driver_split import Counts, rates, ratio, split, weights
from analytics_lib.metrics.bootstrap import sums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BLOCKS = 2_048
_RATE_PART = 0.8
# Less skew than that makes no difference.
_STRAIGHT = 1e-14


def limits(groups: Counts, whole: Counts) -> Mapping[str, tuple[Floats, Floats]]:
    """The 95 % limits of ``change`` (of the whole), ``contribution`` and ``explained`` of each group.

    Args:
        groups: One row per block, one column per group.
        whole: One number per block.
    """
    if len(whole.n0) < 2:
        unknown = np.full(groups.n0.shape[1], np.nan)
        return dict.fromkeys(("change", "contribution", "explained"), (unknown, unknown))
    drawn = Counts(*(sums(numbers) for numbers in groups))
    every = Counts(*(sums(numbers[:, None]) for numbers in whole))
    kept = (every.n0[:, 0] > 0) & (every.n1[:, 0] > 0)
    drawn, every = (Counts(*(numbers[kept] for numbers in counts)) for counts in (drawn, every))
    parts = split(drawn, every)
    change = ratio(every.y1, every.n1) - ratio(every.y0, every.n0)
    found = {"change": change, "contribution": parts.mix + parts.rate, "explained": parts.explained}
    return {name: tuple(np.percentile(values, [2.5, 97.5], axis=0)) for name, values in found.items()}


def p_values(groups: Counts, whole: Counts) -> tuple[Floats, Floats]:
    """How often chance alone moves a group as far as it moved, and makes it as special within the whole.

    Args:
        groups: One row per block, one column per group.
        whole: Likewise: what each group is part of.

    Returns:
        Two numbers per group; 1 where nothing can be told.
    """
    rests = whole.less(groups)
    weighed = np.maximum(_weight_p(groups, whole), _apart_p(groups, rests))
    found = (
        np.minimum(changed / _RATE_PART, weighed / (1 - _RATE_PART))
        for changed in (_rate_p([groups]), _rate_p([groups, rests]))
    )
    moved, special = (np.minimum(p, 1.0) for p in found)
    return moved, special


def rows_worth(total: Counts) -> Floats:
    """How many rows of one weight the baseline is worth."""
    return np.nan_to_num(ratio(total.n0**2, total.q0))


def two_sided(z: float, skewness: float = 0.0) -> float:
    """The two-sided p-value of a standardised sum with that skewness; 1 where it is unknown."""
    if math.isnan(z):
        return 1.0
    shape, side = 4 / max(skewness**2, _STRAIGHT), math.copysign(1, skewness)
    root = math.cbrt(1 + side * z / math.sqrt(shape))
    turned = side * (root - 1 + 1 / (9 * shape)) * math.sqrt(9 * shape)
    return math.erfc(abs(turned) / math.sqrt(2)) if turned * z > 0 else 1.0


def _rate_p(against: Sequence[Counts]) -> Floats:
    """Of the rate of the first having changed, otherwise than that of the second where there is one.

    1 where one of them has no rate in one of the windows.
    """
    shape = against[0].n0.shape
    difference, error, seen = np.zeros(shape[1]), np.zeros(shape), np.ones(shape[1], dtype=bool)
    for counts, sign in zip(against, (1, -1), strict=False):
        total = counts.summed()
        before, after = rates(total)
        difference += sign * (after - before)
        errors = _errors([counts])
        error += sign * (errors[1] - errors[0])
        seen &= (total.n0 > 0) & (total.n1 > 0)
    return np.where(seen, _p(difference, error), 1.0)


def _weight_p(groups: Counts, whole: Counts) -> Floats:
    """Of the weight having moved."""
    before, after = weights(groups.summed(), whole.summed())
    errors = _errors([whole._replace(y0=groups.n0, y1=groups.n1)])
    return _p(after - before, errors[1] - errors[0])


def _apart_p(groups: Counts, rests: Counts) -> Floats:
    """Of the rate, the mean of both windows, being not the rest's."""
    error, apart = np.zeros(groups.n0.shape), np.zeros(groups.n0.shape[1])
    errors = _errors([groups, rests])
    for counts, found, sign in ((groups, errors[:2], 1), (rests, errors[2:], -1)):
        total = counts.summed()
        seen = (total.n0 > 0).astype(float) + (total.n1 > 0)
        error += sign * (found[0] + found[1]) / np.maximum(seen, 1)
        apart += sign * sum(rates(total)) / 2
    return _p(apart, error)


def _errors(alike: Sequence[Counts]) -> list[Floats]:
    """What each block adds to the error of each rate, baseline and window in turn, were all of them alike.

    Rate and variance of a row are those of all together, each by the rows it is worth.
    """
    cells = [cell for one in alike for cell in ((one.y0, one.n0, one.q0), (one.y1, one.n1, one.n1))]
    y, n, q = (np.stack(numbers) for numbers in zip(*cells, strict=True))
    ys, ns, qs = (numbers.sum(axis=1) for numbers in (y, n, q))
    worth = np.nan_to_num(ratio(ns**2, qs))
    rate = _mean(np.nan_to_num(ratio(ys, ns)), worth)
    residuals = y - rate * n
    own = np.nan_to_num(ratio((residuals**2).sum(axis=1), qs))
    scale = np.sqrt(np.nan_to_num(ratio(_mean(own, worth), own))) / np.where(ns != 0, ns, np.inf)
    return list(residuals * scale[:, None])


def _mean(values: Floats, worth: Floats) -> Floats:
    """The mean over cells (rows) by what each is worth."""
    return np.nan_to_num(ratio((values * worth).sum(axis=0), worth.sum(axis=0)))


def _p(difference: Floats, error: Floats) -> Floats:
    """The p-value of a difference whose error is the sum over blocks (rows)."""
    squares = (error**2).sum(axis=0)
    known = np.where(squares > 0, squares, np.nan)
    z = difference / np.sqrt(known * len(error) / max(len(error) - 1, 1))
    skewness = (error**3).sum(axis=0) / known**1.5
    return np.array([two_sided(*pair) for pair in zip(z, skewness, strict=True)])
