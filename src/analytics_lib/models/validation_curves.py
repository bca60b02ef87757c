"""Whether probabilities hold (calibration) and how much of what happens the highest scores hold (lift).

Calibration goes by at most ten bins of equal count; tied scores stay together, so bins may be fewer and
unequal. Even a perfect model's bins are off by chance: ``noise`` says by how much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.intervals import effective_sizes, wilson_limits
from analytics_lib.models.validation_rows import BINS, checked_probabilities, prepared

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Floats, Places, Rows

_DRAWS = 2_000


def calibration_curve(
    labels: ArrayLike, scores: ArrayLike, *, groups: ArrayLike | None = None
) -> pd.DataFrame:
    """Predicted beside observed, by bins of equal count; the bins of the ECE.

    Args:
        labels: Whether it happened: true or false, 1 or 0.
        scores: Its predicted probability.
        groups: The user of each row; the intervals are widened where users repeat.

    Returns:
        One row per bin, lowest first: ``bin`` (from 1) ``predicted`` (mean probability) ``observed`` (share
        that happened) ``low high`` (its 95 % Wilson interval) ``n`` (rows) ``positives`` (of them).

    Raises:
        RequestError: If lengths differ, a label is neither true nor false, or a score is no probability.
    """
    rows = checked_probabilities(prepared(labels, scores, groups=groups))
    return _shares(rows, _bins(rows), rows.in_bins(rows.score)).rename_axis("bin").reset_index()


def _bins(rows: Rows) -> Places:
    """The number of each row's bin, from 0."""
    return np.repeat(np.arange(len(rows.bin_sizes)), rows.bin_sizes)


def _shares(rows: Rows, number: Places, predicted: Floats) -> pd.DataFrame:
    n, positives = _total(number), _total(number, rows.happened)
    share = positives / n
    sizes = _sizes(rows, number, share, n)
    low, high = wilson_limits(share * sizes, sizes)
    columns = {"predicted": predicted / n, "observed": share, "low": low, "high": high}
    counts = {"n": n.astype(np.int64), "positives": positives.astype(np.int64)}
    return pd.DataFrame(columns | counts, index=np.arange(1, len(n) + 1))


def _sizes(rows: Rows, number: Places, share: Floats, n: Floats) -> Floats:
    """How many independent rows each bin is worth, as users repeat in it."""
    pairs, place = np.unique(number * rows.groups + rows.group, return_inverse=True)
    bins = pairs // max(rows.groups, 1)
    errors = _total(place, rows.happened - share[number])
    users, squares = _total(bins), _total(bins, errors**2)
    return effective_sizes(share, n, users, squares)


def _total(places: Places, values: Floats | None = None) -> Floats:
    """The sum of the values at each place, or their number."""
    sums: Floats = np.bincount(places, weights=values).astype(np.float64)
    return sums


def base_rate_limits(rows: Rows) -> tuple[float, float]:
    """The 95 % interval of the share in which it happened; null without rows."""
    if not rows.n:
        return np.nan, np.nan
    one = _shares(rows, np.zeros(rows.n, dtype=np.int64), np.array([rows.score.sum()])).iloc[0]
    return float(one["low"]), float(one["high"])


def noise(rows: Rows, *, seed: int = 0) -> tuple[float, float, float]:
    """The ECE a perfect model shows on as many rows: expected, and from where to where in 95 of 100 cases.

    ``Σ n_b/n √(2 p_b (1 - p_b) / (π n_b))``, the mean of a folded normal in each bin; the range by drawing
    those normals. Where users repeat, a bin has as many rows as they are worth: what happens to a user's rows
    alike shows as a larger gap.
    """
    if not rows.n:
        return np.nan, np.nan, np.nan
    n, number = rows.bin_sizes.astype(np.float64), _bins(rows)
    p = rows.in_bins(rows.score) / n
    worth = _sizes(rows, number, _total(number, rows.happened) / n, n)
    spread = n / rows.n * np.sqrt(np.clip(p * (1 - p), 0, None) / worth)
    drawn = np.abs(np.random.default_rng(seed).standard_normal((_DRAWS, len(n)))) @ spread
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(np.sqrt(2 / np.pi) * spread.sum()), float(low), float(high)


def lift_by_decile(labels: ArrayLike, scores: ArrayLike) -> pd.DataFrame:
    """How much of what happens each tenth of the rows holds, highest scores first.

    A block of tied scores across a border is shared out in proportion, as if its rows came in any order.

    Returns:
        One row per decile: ``decile`` (1 = highest scores) ``n positives`` (may be parts of rows)
        ``observed`` (share that happened) ``lift`` (it ÷ base rate; null without positives) ``low high``
        (of the lift, by Wilson's interval of the share) ``captured`` (share of all positives up to here).
        No rows: an empty frame.

    Raises:
        RequestError: If lengths differ, a label is neither true nor false, or a score is not a number.
    """
    rows = prepared(labels, scores)
    if not rows.n:
        return pd.DataFrame(
            columns=["decile", "n", "positives", "observed", "lift", "low", "high", "captured"]
        )
    edges = np.r_[rows.starts, rows.n]
    below = np.r_[0.0, np.cumsum(rows.happened)][edges]
    borders = np.linspace(rows.n, 0, BINS + 1)
    positives = -np.diff(np.interp(borders, edges, below))
    n, total = np.full(BINS, rows.n / BINS), rows.happened.sum()
    base = total / rows.n if total else np.nan
    low, high = wilson_limits(positives, n)
    return pd.DataFrame(
        {
            "decile": np.arange(1, BINS + 1),
            "n": n,
            "positives": positives,
            "observed": positives / n,
            "lift": positives / n / base,
            "low": low / base,
            "high": high / base,
            "captured": np.cumsum(positives) / (total or np.nan),
        }
    )
