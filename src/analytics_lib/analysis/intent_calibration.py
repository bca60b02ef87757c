"""Whether the bot is right as often as its confidence says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis import intent_queries as queries
from analytics_lib.analysis.scope import bounds
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Whether the bot is right as often as it says.

    Attributes:
        bins: One row per bin of nearly equal count, by confidence: ``messages``, ``mean_confidence``,
            ``correct``, ``accuracy`` and its Wilson limits ``low`` and ``high``.
        messages: Reviewed detections with a confidence, fallbacks left out: these claim nothing.
        error: Expected calibration error, 0 to 1; NaN without any message.
        floor: About how large it is for a bot that is right exactly as often as it says, by chance alone.
        bias: Mean confidence less accuracy: above 0 the bot is too sure of itself.
    """

    bins: pd.DataFrame
    messages: int
    error: float
    floor: float
    bias: float


def calibration(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> Calibration:
    """The expected calibration error of the bot's confidence, its noise floor, and the bins it comes from.

    ``error = Σ n_b/n · abs(accuracy - mean confidence)`` over 10 bins of equal count, messages of one
    confidence in one bin; ``floor = Σ n_b/n · √(2 p_b (1 - p_b) / (π n_b))`` with p_b the mean confidence of
    a bin.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Raises:
        RequestError: If the window is empty.
    """
    frame = store.query(queries.CONFIDENCES, **bounds(since=since, until=until, channel=channel, as_of=as_of))
    total = int(frame["messages"].sum())
    frame["bin"] = equal_count_bins(frame["messages"].to_numpy(dtype=float), BINS)
    frame["sum"] = frame["confidence"] * frame["messages"]
    bins = frame.groupby("bin", as_index=False)[["messages", "sum", "correct"]].sum()
    n, correct = bins["messages"].to_numpy(dtype=float), bins["correct"].to_numpy(dtype=float)
    sure = (bins["sum"] / n).clip(0, 1).to_numpy(dtype=float)
    low, high = wilson_limits(correct, n)
    bins = bins.assign(mean_confidence=sure, accuracy=correct / n, low=low, high=high)
    columns = ["messages", "mean_confidence", "correct", "accuracy", "low", "high"]
    if not total:
        return Calibration(bins[columns], 0, math.nan, math.nan, math.nan)
    error = float((n / total * np.abs(correct / n - sure)).sum())
    floor = float((n / total * np.sqrt(2 * sure * (1 - sure) / (np.pi * n))).sum())
    return Calibration(bins[columns], total, error, floor, float((n * sure).sum() - correct.sum()) / total)


def equal_count_bins(counts: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The bin of each value of an ascending list, where each value stands for so many tied rows.

    A value goes to the bin in which the middle of its rows falls, so that ties stay together and bins are of
    equal count as far as ties allow; numbers of empty bins are skipped.
    """
    total = counts.sum()
    middles = counts.cumsum() - counts / 2
    places = np.floor(middles / total * bins) if total else np.zeros(len(counts))
    return np.unique(places, return_inverse=True)[1].astype(np.int64)
