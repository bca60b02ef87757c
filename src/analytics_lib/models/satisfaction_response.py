"""What all customers would have answered, from those who did: raw, corrected for silence, and bounds.

Who answers a survey is no random part of those asked. With the chance ê of answering, each answer stands for
1/ê conversations like it (inverse probability weights, Hájek); that is right as far as what is known of a
conversation tells answering and satisfaction apart. The bounds assume nothing: every silent customer would
have given the worst answer, or the best (Manski 1990, American Economic Review 80:319).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.bootstrap import ratio_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_CHANCE = 0.02
SATISFIED_FROM = 4
ESTIMATES = ("raw", "corrected", "worst", "best")


@dataclass(frozen=True)
class Measure:
    """One way to sum up answers of 1 to 5, with its worst and its best value."""

    name: str
    of: Callable[[Floats], Floats]
    worst: float
    best: float


MEASURES = (
    Measure("csat", lambda answers: (answers >= SATISFIED_FROM).astype(np.float64), 0.0, 1.0),
    Measure("csat_mean", lambda answers: answers, 1.0, 5.0),
)


def estimates(csat: pd.Series, chance: Floats, users: pd.Series) -> pd.DataFrame:
    """The satisfaction of everybody asked, four ways.

    Args:
        csat: The answer of each conversation, 1 to 5; null where the customer stayed silent.
        chance: The chance of an answer, above 0 up to 1; below 0.02 it counts as 0.02.
        users: Whose conversation it was.

    Returns:
        One row for each of the measures ``csat`` (share of 4 and 5) and ``csat_mean`` (1 to 5), and each
        ``estimate`` ``raw corrected worst best``: ``value``, its 95 % interval ``low high`` (bootstrap over
        users, the chances taken as they are; null for fewer than two users), ``n`` (answers, or all
        conversations for the bounds). Null without an answer.
    """
    answered = csat.notna().to_numpy()
    given = csat.to_numpy(dtype=np.float64, na_value=np.nan)
    weight = 1 / np.clip(chance, LEAST_CHANCE, 1.0)
    codes, names = pd.factorize(users)
    rows = []
    for measure in MEASURES:
        ratios = list(_ratios(measure, given, answered, weight))
        sums = [
            (_by_user(top, codes, len(names)), _by_user(bottom, codes, len(names))) for top, bottom in ratios
        ]
        limits = ratio_limits([_of_users(*pair) for pair in sums])
        for name, (top, bottom), (low, high) in zip(ESTIMATES, sums, limits, strict=True):
            total = bottom.sum()
            value = float(top.sum() / total) if answered.any() and total else np.nan
            n = int(answered.sum()) if name in ("raw", "corrected") else len(csat)
            known = np.isfinite(value)
            rows.append((measure.name, name, value, low if known else np.nan, high if known else np.nan, n))
    return pd.DataFrame(rows, columns=["measure", "estimate", "value", "low", "high", "n"])


def _ratios(
    measure: Measure, given: Floats, answered: NDArray[np.bool_], weight: Floats
) -> Iterator[tuple[Floats, Floats]]:
    """Numerator and denominator of each conversation, for each of ``ESTIMATES``."""
    worth = np.where(answered, measure.of(np.where(answered, given, 1.0)), 0.0)
    counts, everybody = answered.astype(np.float64), np.ones(answered.size)
    yield worth, counts
    yield worth * weight, counts * weight
    yield np.where(answered, worth, measure.worst), everybody
    yield np.where(answered, worth, measure.best), everybody


def _by_user(values: Floats, codes: NDArray[np.int64], users: int) -> Floats:
    return np.bincount(codes, values, users).astype(np.float64)


def _of_users(top: Floats, bottom: Floats) -> tuple[Floats, Floats]:
    """Those who count at all."""
    counts = bottom > 0
    return top[counts], bottom[counts]
