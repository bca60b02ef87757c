"""How many times more often the outcome is reached with a pattern than without, and how sure that is.

Over strata i with n1 units that have the pattern, n0 that do not, a and c of them with the outcome, and
N = n1 + n0: ``RR = Σ(a n0 / N) / Σ(c n1 / N)`` (Mantel and Haenszel 1959). Its interval is
the percentile bootstrap over users (Poisson weights, as in ``metrics.bootstrap``): a user brings all their
units.

The p-value is that of outcomes permuted within strata. Under permutation a is hypergeometric in each stratum,
so no permutations have to be drawn: where the variance of Σa is small its distribution is worked out exactly,
by convolution over the strata, and two-sided by adding all values no more likely than the one observed; else
it is normal (the statistic of Cochran, Mantel and Haenszel). Users who bring several units are not permuted
apart: what their units have in common is added to the variance, and of the two p-values the larger counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis.pattern_strata import exposures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.pattern_growth import Match
    from analytics_lib.analysis.pattern_strata import Rows, Stays

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Weights = NDArray[np.float32]

# Of more than 100,000 users fewer draws are made: their limits lie close together.
DRAWS = 400
SEED = 20_260_101
# From here on the normal distribution is near enough (validated against permutations in the tests).
EXACT_VARIANCE = 100.0
LEAST_DRAWS = 100
# Rows times patterns, and users times draws, held at once.
_AT_ONCE = 50_000_000
_WEIGHTS_AT_ONCE = 40_000_000


@dataclass(frozen=True)
class Lift:
    """One pattern's comparison, NaN where nothing can be compared.

    Attributes:
        lift: The Mantel-Haenszel ratio.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p_value: Two-sided, not adjusted.
        with_units: Units with the pattern in strata that hold both kinds.
        without_units: Units without it there; at several stays, several times.
    """

    lift: float
    low: float
    high: float
    p_value: float
    with_units: float
    without_units: float


def lifts(rows: Rows, stays: Stays, matches: Sequence[Match]) -> list[Lift]:
    """The comparison of each pattern; the same rows and patterns always give the same limits.

    Args:
        rows: Whom to compare.
        stays: The stays of their journeys.
        matches: The patterns.
    """
    if not len(rows.stay) or not matches:
        return [Lift(math.nan, math.nan, math.nan, math.nan, 0.0, 0.0) for _ in matches]
    # Only what these rows hold is drawn.
    keys, key = np.unique(rows.key, return_inverse=True)
    rows = replace(rows, key=key)
    weights = _weights(rows, len(keys))
    size = max(1, _AT_ONCE // len(rows.stay))
    return [
        lift
        for start in range(0, len(matches), size)
        for lift in _some_lifts(rows, stays, matches[start : start + size], weights)
    ]


def exact_p_value(tables: Floats) -> float:
    """How often outcomes permuted within strata give a count no more likely than the one observed.

    Args:
        tables: One row per stratum: a, b (with the pattern, outcome reached or not), c, d (without it).
    """
    likely, observed = np.ones(1), 0
    for a, b, c, d in tables.astype(np.int64).tolist():
        low = max(0, a - d)
        likely = np.convolve(likely, _hypergeometric(a + b, c + d, a + c))
        observed += a - low
    return float(min(likely[likely <= likely[observed] * (1 + 1e-7)].sum(), 1.0))


def normal_p_value(tables: Floats, *, shared: float = 0.0) -> float:
    """Two-sided p-value of the Cochran-Mantel-Haenszel statistic, without correction for continuity.

    Args:
        tables: As in ``exact_p_value``.
        shared: Variance added by what units of one user have in common.
    """
    away, variance = _score(tables)
    total = float(variance + max(shared, 0.0))
    return math.erfc(abs(float(away)) / math.sqrt(total) / math.sqrt(2)) if total > 0 else 1.0


def compare(rows: Rows, exposed: Bools, at_risk: Bools) -> tuple[float, float]:
    """The Mantel-Haenszel ratio and its p-value of one pattern, without an interval.

    Args:
        rows: Whom to compare, with their strata.
        exposed: Whether each row has the pattern.
        at_risk: Whether it takes part.
    """
    cell = (rows.stratum * 2 + ~exposed) * 2 + (1 - rows.reached)
    size = 4 * (int(rows.stratum.max(initial=0)) + 1)
    counts: Floats = np.bincount(cell[at_risk], rows.units[at_risk], size).astype(float)
    tables = _informative(counts.reshape(-1, 4))
    a, b, c, d = tables.T
    above, below = ((one * other / (a + b + c + d)).sum() for one, other in ((a, c + d), (c, a + b)))
    return above / below if below else math.nan, _p_value(tables, _shared(rows, exposed, at_risk))


def _some_lifts(rows: Rows, stays: Stays, matches: Sequence[Match], weights: Weights) -> Iterator[Lift]:
    pairs = [exposures(rows, stays, match) for match in matches]
    above, below = (np.zeros((len(matches), weights.shape[1])) for _ in range(2))
    observed = []
    for a, b, c, d in _tables(rows, pairs, weights):
        n1, n0 = a + b, c + d
        n = np.maximum(n1 + n0, 1)
        above += a * n0 / n
        below += c * n1 / n
        observed.append(np.stack([a[:, 0], b[:, 0], c[:, 0], d[:, 0]], axis=1))
    repeats = len(rows.key) > len(weights)
    for place, (pair, own) in enumerate(zip(pairs, np.stack(observed, axis=1), strict=True)):
        tables = _informative(own)
        p_value = _p_value(tables, _shared(rows, *pair) if repeats else 0.0)
        sizes = tables.reshape(-1, 2, 2).sum(axis=(0, 2)).tolist()
        yield Lift(*_ratio(above[place], below[place]), p_value, *sizes)


def _tables(
    rows: Rows, pairs: Sequence[tuple[Bools, Bools]], weights: Weights
) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """Of each stratum a, b, c and d: one row per pattern, one column per draw, the first as observed."""
    both = np.array([one for one, _ in pairs] + [one for _, one in pairs], dtype=np.float32)
    group = rows.stratum * 2 + rows.reached
    edges = np.searchsorted(group, np.arange(int(group[-1]) // 2 * 2 + 3)).tolist()
    for low, middle, high in zip(edges[:-1:2], edges[1::2], edges[2::2], strict=True):
        left, done = (
            (both[:, start:end] @ weights[rows.key[start:end]]).astype(np.float64)
            for start, end in ((low, middle), (middle, high))
        )
        (b, left_at_risk), (a, done_at_risk) = (np.split(one, 2) for one in (left, done))
        yield a, b, done_at_risk - a, left_at_risk - b


def _weights(rows: Rows, keys: int) -> Weights:
    """One row per key: the units observed, then how many of them each draw takes."""
    sizes = np.zeros(keys)
    sizes[rows.key] = rows.units
    draws = min(DRAWS, max(LEAST_DRAWS, _WEIGHTS_AT_ONCE // keys))
    weights = np.empty((keys, draws + 1), dtype=np.float32)
    weights[:, 0] = sizes
    random = np.random.default_rng(SEED)
    for start in range(0, keys, 10_000):
        part = sizes[start : start + 10_000, None]
        weights[start : start + len(part), 1:] = random.poisson(part, (len(part), draws))
    return weights


def _ratio(above: Floats, below: Floats) -> tuple[float, float, float]:
    """The ratio as observed, and the limits of those drawn; NaN where nobody without it has the outcome."""
    if not below[0] or not above.any():
        return math.nan, math.nan, math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.sort(above[1:] / below[1:])
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return float(above[0] / below[0]), math.nan, math.nan
    low, high = (known[min(int(q * len(known)), len(known) - 1)] for q in (0.025, 0.975))
    return float(above[0] / below[0]), float(low), float(high) if np.isfinite(high) else math.nan


def _informative(tables: Floats) -> Floats:
    """The strata that hold units of both kinds."""
    chosen: Bools = (tables[:, :2].sum(axis=1) > 0) & (tables[:, 2:].sum(axis=1) > 0)
    kept: Floats = tables[chosen]
    return kept


def _p_value(tables: Floats, shared: float) -> float:
    if not len(tables):
        return math.nan
    normal = normal_p_value(tables, shared=shared)
    return max(normal, exact_p_value(tables)) if _score(tables)[1] < EXACT_VARIANCE else normal


def _score(tables: Floats) -> tuple[float, float]:
    """What Σa is away from its expectation, and its variance (hypergeometric)."""
    a, b, c, d = tables.T
    n1, n0, m1, m0 = a + b, c + d, a + c, b + d
    n = n1 + n0
    variance = n1 * n0 * m1 * m0 / np.maximum(n**2 * (n - 1), 1)
    return float((a - n1 * m1 / n).sum()), float(variance.sum())


def _shared(rows: Rows, exposed: Bools, at_risk: Bools) -> float:
    """How much the scores of rows of one key vary together: Σ over keys of (Σu)² - Σu²."""
    chosen = np.flatnonzero(at_risk)
    stratum, units = rows.stratum[chosen], rows.units[chosen]
    total = np.bincount(stratum, units)
    x, y = exposed[chosen].astype(float), rows.reached[chosen].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (np.bincount(stratum, units * one) / total for one in (x, y))
    score = (x - mean_x[stratum]) * (y - mean_y[stratum])
    key = rows.key[chosen]
    sums, squares = np.bincount(key, score), np.bincount(key, score**2)
    sizes = np.zeros(len(sums))
    sizes[key] = units
    return float((sizes * (sums**2 - squares)).sum())


def _hypergeometric(drawn: int, left: int, marked: int) -> Floats:
    """Probabilities of each number of marked ones among ``drawn``, from the least possible on."""
    whole = drawn + left
    counts = np.arange(max(0, marked - left), min(drawn, marked) + 1)
    logs = np.append(0.0, np.log(np.arange(1, whole + 1)).cumsum())
    ways = logs[drawn] - logs[counts] - logs[drawn - counts]
    others = logs[left] - logs[marked - counts] - logs[left - marked + counts]
    chances: Floats = np.exp(ways + others - (logs[whole] - logs[marked] - logs[whole - marked]))
    return chances
