"""How far an expected answer may be off: conformal intervals for those who did not answer.

The errors of answers that a model had not seen say how wide an interval must be. Those who answer
are not those who stay silent, so an error counts as much more as conversations like its own stay silent
(weighted conformal prediction: Tibshirani, Barber, Candès, Ramdas 2019, NeurIPS 32). With equal weights it is
the plain rule, the error of rank ``⌈(n + 1) level⌉``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WORST, BEST = 1.0, 5.0
LEAST_SPREAD = 0.05


@dataclass(frozen=True)
class Errors:
    """Errors of answers that a model had not seen, smallest first.

    Attributes:
        sizes: Error ÷ spread expected there.
        weights: How much each counts, added up.
    """

    sizes: Floats
    weights: Floats


def errors(answers: Floats, expected: Floats, spread: Floats, weights: Floats) -> Errors:
    """The errors of answered conversations, one weight each; a row without a weight counts for nothing."""
    sizes = np.abs(answers - expected) / np.maximum(spread, LEAST_SPREAD)
    order = np.argsort(sizes, kind="stable")
    return Errors(sizes[order], np.cumsum(weights[order]))


def interval(
    known: Errors, expected: Floats, spread: Floats, weights: Floats, *, level: float
) -> tuple[Floats, Floats]:
    """``low`` and ``high`` of each expected answer, within 1 to 5.

    Args:
        known: Errors of answers that were not seen.
        expected: The expected answer.
        spread: Standard deviation of the answer, as the model sees it.
        weights: How much an error would count that happened here.
        level: Share of the answers that should lie inside.
    """
    total = float(known.weights[-1]) if known.weights.size else 0.0
    # The error here is unknown: it counts as endless.
    needed = level * (total + weights)
    place = np.searchsorted(known.weights, needed * (1 - 1e-12))
    reach = np.append(known.sizes, np.inf)[place] * np.maximum(spread, LEAST_SPREAD)
    return np.maximum(expected - reach, WORST), np.minimum(expected + reach, BEST)
