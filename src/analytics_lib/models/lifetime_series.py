"""Gauss's hypergeometric function where lifetime models need it: 0 <= z < 1, many values of c and z at once.

SciPy's is fast and right but at some whole numbers: F(1, 1; 101; 0.9) comes out wrong, where the formulas of
the models would give no orders at all. Up to z = 0.95 the series itself is summed; beyond, where it takes
long, SciPy's is taken next to the whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import hyp2f1

if TYPE_CHECKING:
    from analytics_lib.models.lifetime_fitting import Floats

_SUMMED_TO = 0.95
# The terms of a negative first argument take turns, and lose digits.
_LEAST = -20.0
_TERMS = 2_000
_SMALL = 1e-14
_ASIDE = 1e-7


def gauss(first: float, second: float, third: Floats, z: Floats) -> Floats:
    """F(first, second; third; z), value by value.

    Args:
        first: One number for all.
        second: One number for all.
        third: No whole number up to 0.
        z: From 0 to under 1.
    """
    summed = z <= (_SUMMED_TO if first >= _LEAST else -1.0)
    found = np.ones(z.shape)
    found[summed] = _series(first, second, third[summed], z[summed])
    found[~summed] = hyp2f1(first + _ASIDE, second + _ASIDE / 3, third[~summed], z[~summed])
    return found


def _series(first: float, second: float, third: Floats, z: Floats) -> Floats:
    total, term = np.ones(z.shape), np.ones(z.shape)
    for place in range(_TERMS):
        term = term * ((first + place) * (second + place) / (place + 1) * z / (third + place))
        total = total + term
        if place > -first and not (np.abs(term) > _SMALL * np.abs(total)).any():
            break
    return total


def over_dropout(a: float, b: Floats, power: Floats, after: Floats) -> Floats:
    """The mean of (1 - (1 + p after)^-power) / p where p is Beta(a, b), as if p were always its mean.

    Where a fit has run off to an a of thousands the series overflows; there p hardly varies.
    """
    p = a / (a + b)
    found: Floats = -np.expm1(-power * np.log1p(p * after)) / p
    return found
