"""How sure a share is: Wilson's interval, widened where the same users were counted again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z_95 = 1.959963984540054


def wilson(numerator: float, denominator: float) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927); NaN without a denominator.

    Inside 0 to 1 and of use at ``numerator`` 0 too: centre ``(p + z²/2n) / (1 + z²/n)``, half width
    ``z √(p(1 - p)/n + z²/4n²) / (1 + z²/n)``.
    """
    low, high = wilson_limits(np.array([numerator], dtype=float), np.array([denominator], dtype=float))
    return float(low[0]), float(high[0])


def wilson_limits(numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
    """``wilson`` of many shares at once."""
    n = np.where(denominators > 0, denominators, np.nan)
    share, z2 = numerators / n, Z_95**2
    centre = share + z2 / (2 * n)
    half = Z_95 * np.sqrt(np.clip(share * (1 - share), 0, None) / n + z2 / (4 * n**2))
    scale = 1 + z2 / n
    # At 0 of n and n of n the formula misses the share itself by a rounding.
    low, high = np.minimum((centre - half) / scale, share), np.maximum((centre + half) / scale, share)
    return np.clip(low, 0.0, None), np.clip(high, None, 1.0)


def effective_size(share: float, *, total: int, users: int, squared_errors: float) -> float:
    """How many independent rows ``total`` rows of ``users`` users are worth for a share.

    ``total`` by the design effect of a ratio over users (linearised variance, survey sampling), never more
    than ``total``; ``total`` itself where no user repeats; the number of users where the share is 0 or 1 or
    there is one user.

    Args:
        share: The share p among the rows.
        total: Rows.
        users: Users who have any of them.
        squared_errors: Σ over users of (their successes - p times their rows)².
    """
    given = (np.array([float(value)]) for value in (share, total, users, squared_errors))
    return float(effective_sizes(*given)[0])


def effective_sizes(shares: Floats, totals: Floats, users: Floats, squared_errors: Floats) -> Floats:
    """``effective_size`` of many shares at once."""
    spread = shares * (1 - shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = users / (users - 1) * squared_errors / totals**2
        sizes = totals / np.maximum(variance / (spread / totals), 1.0)
    sizes = np.where((users < 2) | ~(spread > 0), users, sizes)
    return np.where(users >= totals, totals, sizes)


def nps_limits(
    means: Floats, mean_squares: Floats, totals: Floats, users: Floats, squared_errors: Floats
) -> tuple[Floats, Floats]:
    """The 95 % interval of a net promoter score, in points.

    ``nps ± 1.96 · √(100² · (p + d - (p - d)²) / n)`` with p promoters and d detractors, widened by the design
    effect where users repeat, cut at ±100; NaN without an answer.

    Args:
        means: (p - d), the mean of answers counted 1, 0 or -1.
        mean_squares: (p + d).
        totals: Answers n.
        users: Users who gave them.
        squared_errors: Σ over users of (their sum - mean times their answers)².
    """
    n = np.where(totals > 0, totals, np.nan)
    plain = (mean_squares - means**2) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        clustered = users / (users - 1) * squared_errors / n**2
    variance = np.where(users >= totals, plain, np.fmax(plain, clustered))
    variance = np.where(users == 1, plain * n, variance)
    half = Z_95 * 100 * np.sqrt(np.clip(variance, 0, None))
    return np.clip(100 * means - half, -100, None), np.clip(100 * means + half, None, 100)
