"""The arithmetic of a change in a rate R = Σ w r over groups, w their shares of the denominator.

Exact symmetric split, bars the mean of the two windows: mix ``(w₁ - w₀)(r̄ - R̄)``, rate ``w̄ (r₁ - r₀)``;
over the groups of one dimension both together sum to R₁ - R₀. A group absent in one window takes its other
window's rate, so all its effect is mix. What a group explains is the same split of two groups, itself and the
rest: the weight that moved between them and its own rate, ``(w₁ - w₀)(r̄ - r̄_rest) + w̄ (r₁ - r₀)``; what
remains of the change is ``w̄_rest (r₁ - r₀)_rest``, the rest's own. A group is specific by as much as the
rest moved less than the whole: ``w̄_rest ((R₁ - R₀) - (r₁ - r₀)_rest)``, 0 where all groups moved alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


_NOTHING = 1e-9


class Counts(NamedTuple):
    """Numerators and denominators of groups in the window and its baseline; all of one shape.

    Attributes:
        y0: Numerators of the baseline, each row by its weight.
        n0: Denominators of the baseline, likewise.
        y1: Numerators of the window.
        n1: Denominators of the window.
        q0: Denominators of the baseline by the square of the weight: ``n0² / q0`` rows of one weight would be
            worth as much.
    """

    y0: Floats
    n0: Floats
    y1: Floats
    n1: Floats
    q0: Floats

    def less(self, others: Counts) -> Counts:
        """What is left without others."""
        left = (mine - theirs for mine, theirs in zip(self, others, strict=True))
        # Weighted sums are added up in another order than their parts.
        return Counts(*(np.where(np.abs(numbers) < _NOTHING, 0.0, numbers) for numbers in left))

    def column(self, place: slice | list[int] | int) -> Counts:
        """The counts in some columns, or in one."""
        return Counts(*(numbers[:, place] for numbers in self))

    def summed(self) -> Counts:
        """The counts added up over the first axis."""
        return Counts(*(numbers.sum(axis=0) for numbers in self))


class Split(NamedTuple):
    """A change by its groups, all in the unit of the rate."""

    mix: Floats
    rate: Floats
    explained: Floats
    specific: Floats


def ratio(y: Floats, n: Floats) -> Floats:
    """The quotient, NaN where nothing was counted."""
    return np.asarray(y / np.where(n != 0, n, np.nan))


def rates(counts: Counts) -> tuple[Floats, Floats]:
    """The rate in the baseline and in the window; one that is absent takes the other's, absent in both 0."""
    before, after = ratio(counts.y0, counts.n0), ratio(counts.y1, counts.n1)
    filled = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    return np.nan_to_num(filled[0]), np.nan_to_num(filled[1])


def weights(counts: Counts, whole: Counts) -> tuple[Floats, Floats]:
    """The shares of the denominator in the baseline and in the window; 0 where the whole has none."""
    return np.nan_to_num(ratio(counts.n0, whole.n0)), np.nan_to_num(ratio(counts.n1, whole.n1))


def split(groups: Counts, whole: Counts) -> Split:
    """The change of the whole by its groups; both windows of the whole hold something.

    Where a group has a numerator and no denominator, it has no rate: that numerator counts as mix.
    """
    rest = whole.less(groups)
    (w0, w1), (r0, r1), (rest0, rest1), (all0, all1) = (
        weights(groups, whole),
        rates(groups),
        rates(rest),
        rates(whole),
    )
    rate = (w0 + w1) / 2 * (r1 - r0)
    # Mix and rate together are Δ(y / n of the whole) - R̄ Δw, also where a rate is absent.
    part0, part1 = (np.nan_to_num(ratio(*side)) for side in ((groups.y0, whole.n0), (groups.y1, whole.n1)))
    both = part1 - part0 - (all0 + all1) / 2 * (w1 - w0)
    moved = (w1 - w0) * ((r0 + r1) - (rest0 + rest1)) / 2
    rest_weight = 1 - (w0 + w1) / 2
    specific = rest_weight * ((all1 - all0) - (rest1 - rest0))
    return Split(mix=both - rate, rate=rate, explained=moved + rate, specific=specific)
