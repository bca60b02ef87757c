"""Whether two groups differ, and by how much: shares, medians and words, each with its uncertainty.

A difference is always the first group less the second. It is called real when its p-value survives the
correction for the number of comparisons made beside it (Benjamini and Hochberg 1995, 5 % false discoveries)
and there is enough to go by in both groups:

- a share: its 95 % interval leaves out 0, and each group has 30 conversations or more that were looked at;
- a median wait: its 95 % interval leaves out 0, and each group has 20 replies or more (``group_waits``);
- a word: 30 users or more of each group wrote any word (``group_sample``); it has a z-score, no interval.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.metrics.intervals import effective_size, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

SIDES = ("first", "second")
FALSE_DISCOVERY_RATE = 0.05
SMALL_N = 30
# Values weighed at once by the bootstrap: they fit the cache of a processor.
_BLOCK = 250_000


class Share(NamedTuple):
    """A share and the number of independent rows it is worth; NaN and 0 where nothing was measured."""

    share: float
    size: float

    @property
    def limits(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson on the effective size)."""
        return wilson(self.share * self.size if self.size else 0.0, self.size)


class MedianDifference(NamedTuple):
    """Two medians and their difference, each with the limits of its 95 % interval; NaN where unknown."""

    first: float
    first_low: float
    first_high: float
    second: float
    second_low: float
    second_high: float
    difference: float
    low: float
    high: float
    p_value: float


def newcombe(first: Share, second: Share) -> tuple[float, float]:
    """The 95 % interval of ``first.share - second.share`` from Wilson's limits (Newcombe 1998, method 10)."""
    (low_1, high_1), (low_2, high_2) = first.limits, second.limits
    difference = first.share - second.share
    below = math.hypot(first.share - low_1, high_2 - second.share)
    above = math.hypot(high_1 - first.share, second.share - low_2)
    return max(difference - below, -1.0), min(difference + above, 1.0)


def share_p_value(first: Share, second: Share) -> float:
    """How often two equal shares differ by at least this much: the score test with the pooled share.

    ``z = (p₁ - p₂) / √(p(1 - p)(1/n₁ + 1/n₂))``, two-sided by the normal distribution; NaN where a share is.
    """
    if not first.size or not second.size:
        return math.nan
    total = first.size + second.size
    pooled = (first.share * first.size + second.share * second.size) / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.size + 1 / second.size))
    return _two_sided((first.share - second.share) / error) if error else 1.0


def adjusted_p_values(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values corrected for being looked at together (Benjamini and Hochberg 1995).

    NaN stays NaN and is not counted. The i-th smallest of m becomes the least of ``p · m / rank`` over the
    ranks from i on, at most 1.
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    scaled = given[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    return adjusted


def share_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """The share of conversations with each thing in two groups, and the difference between the two.

    Args:
        counts: One row per ``side`` (first, second) and ``name``: ``conversations`` that have it; ``total``
            conversations of ``users`` users that were looked at; and, summed over those users,
            ``total_squares`` (their conversations, squared), ``squares`` (those with it, squared) and
            ``products`` (the two multiplied).

    Returns:
        One row per name that any conversation has, what is real first and then by size of the difference:
        ``name``; of each group ``first_conversations first_total first_share first_low first_high`` and
        likewise ``second_…``; ``difference``, its 95 % interval ``low`` ``high`` (Newcombe on effective
        sizes, since users repeat), ``p_value`` (adjusted for all rows), ``few`` (under 30 conversations in a
        group), ``real``. Shares are 0 to 1, null where a group has nothing to look at.
    """
    rows = [_share_row(str(name), sides) for name, sides in counts.groupby("name") if _occurs(sides)]
    frame = pd.DataFrame(rows, columns=_share_columns())
    few = (frame["first_total"] < SMALL_N) | (frame["second_total"] < SMALL_N)
    return judged(frame.assign(few=few.astype(bool)))


def median_difference(values: pd.DataFrame, *, draws: int = 1_000, seed: int = 0) -> MedianDifference:
    """The median of each group and their difference, with percentile bootstrap intervals over users.

    A draw takes as many users as there are, with replacement, and all values of each in both groups.

    Args:
        values: One row per value: ``side`` (first, second), ``user_id``, ``value``.
        draws: Number of draws.
        seed: Of the random numbers; the same seed and values give the same limits.

    Returns:
        Medians interpolate (type 7). Limits and p-value are NaN where a group has fewer than two users.
    """
    users = pd.factorize(values["user_id"])[0]
    sides = [(values["side"] == side).to_numpy() for side in SIDES]
    middle = [float(values.loc[side, "value"].median()) for side in sides]
    if min(len(np.unique(users[side])) for side in sides) < 2:
        return _without_limits(*middle)
    numbers = values["value"].to_numpy(dtype=float)
    drawn = np.column_stack(
        list(_drawn_medians([(users[side], numbers[side]) for side in sides], users.max() + 1, draws, seed))
    )
    apart = drawn[0] - drawn[1]
    apart = apart[~np.isnan(apart)]
    beyond = min(int((apart <= 0).sum()), int((apart >= 0).sum()))
    return MedianDifference(
        *(middle[0], *_middle_95(drawn[0])),
        *(middle[1], *_middle_95(drawn[1])),
        *(middle[0] - middle[1], *_middle_95(apart)),
        min(2 * (1 + beyond) / (len(apart) + 1), 1.0),
    )


def log_odds(
    first: ArrayLike, second: ArrayLike, *, prior_words: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much more each word belongs to one group than to the other, and the z-score of that.

    Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
    Political Analysis 16:372, equations 16 and 19 to 22): the prior of a word is its share of the two groups
    together, worth ``prior_words`` words in all.

    Args:
        first: Count of each word in the first group.
        second: Its count in the second, in the same order.
        prior_words: Weight of the prior; the more, the nearer to 0.

    Returns:
        Log-odds ratios (above 0: the first group's) and z-scores, one of each a word.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if np.count_nonzero(one + other) < 2:
        # The only word is every word of both groups.
        return np.zeros_like(one), np.zeros_like(one)
    prior = prior_words * (one + other) / max((one + other).sum(), 1.0)
    weights = [counts + prior for counts in (one, other)]
    odds = [weight / (weight.sum() - weight) for weight in weights]
    ratio = np.log(odds[0] / odds[1])
    return ratio, ratio / np.sqrt(1 / weights[0] + 1 / weights[1])


def z_p_values(z: ArrayLike) -> NDArray[np.float64]:
    """Two-sided p-values of z-scores."""
    return np.array([_two_sided(score) for score in np.asarray(z, dtype=float)], dtype=float)


def judged(frame: pd.DataFrame, *, unit: str = "") -> pd.DataFrame:
    """The rows with ``p_value`` adjusted and ``real`` decided, what is real first and then by its size.

    Args:
        frame: One row per comparison: ``difference`` and its limits ``low`` and ``high``, each with ``unit``
            at the end of its name; ``p_value`` and ``few``.
        unit: Such as ``_seconds``; none for shares.
    """
    adjusted = adjusted_p_values(frame["p_value"])
    away = (frame[f"low{unit}"] > 0) | (frame[f"high{unit}"] < 0)
    decided = frame.assign(p_value=adjusted, real=(adjusted <= FALSE_DISCOVERY_RATE) & away & ~frame["few"])
    by = pd.DataFrame({"real": ~decided["real"], "size": -decided[f"difference{unit}"].abs()})
    return decided.loc[by.sort_values(["real", "size"], kind="stable").index].reset_index(drop=True)


def _occurs(sides: pd.DataFrame) -> bool:
    return bool(sides["conversations"].sum() > 0)


def _share_columns() -> list[str]:
    each = ("conversations", "total", "share", "low", "high")
    return [
        "name",
        *(f"{side}_{name}" for side in SIDES for name in each),
        "difference",
        "low",
        "high",
        "p_value",
    ]


def _share_row(name: str, counts: pd.DataFrame) -> dict[str, object]:
    row: dict[str, object] = {"name": name}
    shares = []
    for side, found in zip(SIDES, (counts[counts["side"] == side].iloc[0] for side in SIDES), strict=True):
        shares.append(_share(found))
        low, high = shares[-1].limits
        row |= {f"{side}_conversations": int(found["conversations"]), f"{side}_total": int(found["total"])}
        row |= {f"{side}_share": shares[-1].share, f"{side}_low": low, f"{side}_high": high}
    low, high = newcombe(*shares) if all(share.size for share in shares) else (math.nan, math.nan)
    apart = shares[0].share - shares[1].share
    return row | {"difference": apart, "low": low, "high": high, "p_value": share_p_value(*shares)}


def _share(found: pd.Series) -> Share:
    total = int(found["total"])
    if not total:
        return Share(math.nan, 0.0)
    share = float(found["conversations"]) / total
    errors = found["squares"] - 2 * share * found["products"] + share**2 * found["total_squares"]
    return Share(
        share, effective_size(share, total=total, users=int(found["users"]), squared_errors=float(errors))
    )


def _drawn_medians(
    sides: list[tuple[NDArray[np.intp], NDArray[np.float64]]], users: int, draws: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Medians of both groups, a block of draws at a time."""
    random = np.random.default_rng(seed)
    ordered = [(who[np.argsort(values)], np.sort(values)) for who, values in sides]
    block = max(_BLOCK // max(users, *(len(values) for _, values in ordered)), 1)
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        picked = random.integers(0, users, size=(rows, users)) + users * np.arange(rows)[:, None]
        times = np.bincount(picked.ravel(), minlength=rows * users).astype(np.int32).reshape(rows, users)
        yield np.vstack([_weighted_medians(values, times[:, who]) for who, values in ordered])


def _weighted_medians(ordered: NDArray[np.float64], times: NDArray[np.int32]) -> NDArray[np.float64]:
    """The median of ascending values, each taken so many times, for every row; NaN where none is taken."""
    # One running count through all rows, so that one search finds the middle of each.
    running = times.ravel().cumsum(dtype=np.int64)
    ends = np.arange(1, len(times) + 1) * len(ordered)
    before = np.concatenate([[0], running[ends - 1]])
    totals = np.diff(before)
    places = [
        np.searchsorted(running, before[:-1] + rank.clip(min=0), side="right") - (ends - len(ordered))
        for rank in ((totals - 1) // 2, totals // 2)
    ]
    middle = np.mean([ordered[place.clip(max=len(ordered) - 1)] for place in places], axis=0)
    return np.where(totals > 0, middle, np.nan)


def _middle_95(drawn: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _without_limits(first: float, second: float) -> MedianDifference:
    unknown = (math.nan, math.nan)
    return MedianDifference(first, *unknown, second, *unknown, first - second, *unknown, math.nan)


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))
