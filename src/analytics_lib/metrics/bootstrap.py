"""How sure a mean is: the percentile bootstrap over users, for many groups at once.

A draw gives every user a weight from the Poisson distribution with mean 1, which is what drawing users with
replacement comes to when there are many (Hanley and MacGibbon 2006, Computer Methods and Programs in
Biomedicine 83:57). The weights of one block of users are drawn once from the seed; every further block of a
large group takes the same weights with the draws in another order. So groups of any number and size cost a
few products of matrices, and the same data give the same limits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 1_000
SEED = 20_260_101
_LIMITS = (2.5, 97.5)
_BLOCK = 2_048
# So many columns at once fit a processor's cache beside the weights.
_COLUMNS = 256


def sums(columns: Floats, *, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """The sum of every column in every draw.

    Args:
        columns: One row per user, in an order that does not depend on chance.
        draws: Number of draws.
        seed: Of the weights; the same seed and columns give the same sums.

    Returns:
        One row per draw, in the columns given.
    """
    total = np.zeros((draws, columns.shape[1]))
    for place, start in enumerate(range(0, len(columns), _BLOCK)):
        block = columns[start : start + _BLOCK]
        total += (_weights(draws, seed)[:, : len(block)] @ block)[_order(place, draws, seed)]
    return total


def ratio_limits(
    pairs: Sequence[tuple[Floats, Floats]], *, draws: int = DRAWS, seed: int = SEED
) -> NDArray[np.float64]:
    """The 95 % limits of Σ numerators / Σ denominators of every group.

    Args:
        pairs: Numerators and denominators of the users of each group; their order does not matter.
        draws: Number of draws.
        seed: Of the weights.

    Returns:
        One row per group: low and high; NaN for fewer than two users.
    """
    limits = np.full((len(pairs), 2), np.nan)
    # Groups of one size stand side by side, so that little is filled up.
    by_size = sorted((len(y), place) for place, (y, _) in enumerate(pairs) if len(y) > 1)
    places = [place for _, place in by_size]
    for start in range(0, len(places), _COLUMNS):
        chosen = places[start : start + _COLUMNS]
        limits[chosen] = _limits(*_drawn([_ordered(*pairs[place]) for place in chosen], draws, seed))
    return limits


def percentiles(drawn: Floats) -> tuple[float, float]:
    """The 2.5 % and the 97.5 % point of what was drawn; NaN without any."""
    if not len(drawn):
        return np.nan, np.nan
    low, high = np.percentile(drawn, _LIMITS)
    return float(low), float(high)


def _limits(y: Floats, n: Floats) -> Floats:
    """The limits of every group, a row each; draws without a denominator are left out."""
    known = n > 0
    ratios = np.divide(y, n, out=np.full_like(y, np.nan), where=known)
    limits = np.percentile(ratios, _LIMITS, axis=0).T
    for column in np.flatnonzero(~known.all(axis=0)):
        limits[column] = percentiles(ratios[known[:, column], column])
    return np.asarray(limits)


def _drawn(groups: Sequence[Floats], draws: int, seed: int) -> tuple[Floats, Floats]:
    """Sums of numerators and of denominators: a row for each draw, a column for each group."""
    total = np.zeros((draws, 2 * len(groups)))
    for place, block in enumerate(_blocks(groups)):
        total += (_weights(draws, seed)[:, : len(block)] @ block)[_order(place, draws, seed)]
    return total[:, : len(groups)], total[:, len(groups) :]


def _blocks(groups: Sequence[Floats]) -> Iterator[Floats]:
    """The users of all groups side by side, a block at a time, filled up with zeros."""
    longest = max(len(group) for group in groups)
    for start in range(0, longest, _BLOCK):
        block = np.zeros((min(_BLOCK, longest - start), 2 * len(groups)))
        for column, group in enumerate(groups):
            part = group[start : start + _BLOCK]
            block[: len(part), column] = part[:, 0]
            block[: len(part), len(groups) + column] = part[:, 1]
        yield block


def _ordered(numerators: Floats, denominators: Floats) -> Floats:
    """The users in an order of their numbers: which of two equal ones comes first makes no difference."""
    whole = len(denominators) and denominators.min() >= 0 and denominators.max() < 2**15
    if whole and np.array_equal(small := denominators.astype(np.int16), denominators):
        # Small whole numbers are put in order in a few passes.
        order = np.argsort(numerators)
        order = order[np.argsort(small[order], kind="stable")]
    else:
        order = np.lexsort((numerators, denominators))
    return np.column_stack([numerators[order], denominators[order]])


@lru_cache(maxsize=4)
def _weights(draws: int, seed: int) -> Floats:
    return np.random.default_rng(seed).poisson(1.0, (draws, _BLOCK)).astype(np.float64)


@lru_cache(maxsize=1024)
def _order(place: int, draws: int, seed: int) -> NDArray[np.int64]:
    """In which order a block takes the draws; the first as they are."""
    return np.random.default_rng([seed, place]).permutation(draws) if place else np.arange(draws)
