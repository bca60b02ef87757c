"""How likely a count as large or small as this one is: tails of the binomial distribution, for many at once.

They are values of the regularised incomplete beta function, ``P(X >= a) = I_p(a, n - a + 1)``, which also
takes counts that are no whole numbers, such as those shrunk because they vary more than chance alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 300
_HALVINGS = 44
_TINY = 1e-300


def beta_shares(a: Floats, b: Floats, x: Floats) -> Floats:
    """The regularised incomplete beta function ``I_x(a, b)``, by its continued fraction (Lentz's method).

    Press et al., Numerical Recipes (3rd edition), 6.4.

    Args:
        a: Above 0.
        b: Above 0, of the same shape.
        x: 0 to 1, of the same shape.
    """
    a, b, x = np.broadcast_arrays(a, b, x)
    # The fraction converges fast below the mean; above it the other tail is worked out.
    turned = x > (a + 1) / (a + b + 2)
    first, second, at = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    with np.errstate(divide="ignore"):
        front = np.exp(first * np.log(at) + second * np.log1p(-at) - _log_beta(first, second) - np.log(first))
    share = np.where(at > 0, front * _fraction(first, second, at), 0.0)
    return np.clip(np.where(turned, 1 - share, share), 0.0, 1.0)


def beta_points(a: Floats, b: Floats, share: float) -> Floats:
    """Where the share of a beta distribution lies below: the x with ``I_x(a, b) = share``, by halving."""
    low, high = np.zeros(a.shape), np.ones(a.shape)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = beta_shares(a, b, middle) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def tails(counts: Floats, of: Floats, share: Floats) -> tuple[Floats, Floats]:
    """The chances of at least, and of at most, so many of ``of`` at that share; 1 without any."""
    rest = of - counts
    least = np.where(counts > 0, beta_shares(np.maximum(counts, _TINY), rest + 1, share), 1.0)
    most = np.where(rest > 0, beta_shares(np.maximum(rest, _TINY), counts + 1, 1 - share), 1.0)
    return least, most


def exact_limits(counts: Floats, of: Floats) -> tuple[Floats, Floats]:
    """The 95 % limits of shares after Clopper and Pearson (1934); 0 to 1 without any."""
    rest = of - counts
    low = np.where(counts > 0, beta_points(np.maximum(counts, _TINY), rest + 1, 0.025), 0.0)
    high = np.where(rest > 0, beta_points(counts + 1, np.maximum(rest, _TINY), 0.975), 1.0)
    return low, high


_LOG_GAMMA = np.vectorize(math.lgamma, otypes=[float])


def _log_beta(a: Floats, b: Floats) -> Floats:
    sizes: Floats = _LOG_GAMMA(a) + _LOG_GAMMA(b) - _LOG_GAMMA(a + b)
    return sizes


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """The continued fraction of the incomplete beta function."""
    c, d = np.ones(x.shape), 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        value = value * d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        value = value * d * c
        if np.all(np.abs(d * c - 1) < 1e-14):
            break
    return value


def _away(value: Floats) -> Floats:
    """The value, kept away from 0, by which is divided."""
    return np.where(np.abs(value) < 1e-30, 1e-30, value)
