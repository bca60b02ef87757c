"""How wide a forecast has to be, learnt from how far forecasts of the past were off.

Errors are measured on a scale on which counts spread alike: the inverse hyperbolic sine that stabilises the
variance mean + a·mean². They are grouped by hour of day, with neighbouring hours joined where there are few,
and made comparable over lead days. The bounds of a level are the errors at ranks ⌈(n + 1)(1 + level)/2⌉ from
below and from above (split conformal, each side by itself, since errors above are larger than those below;
Lei et al. 2018): no distribution is assumed, only that errors stay as they were. Bounds end at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SHIFT = 3 / 8
_ENOUGH = 200
# The level at which errors are stretched whole.
_OUTER = 0.95
# What a fallback takes for the spread: a third to triple at 80 %, a sixth to sixfold at 95 %, and never under
# what chance does to counts (on the scale that is 1/2).
_WIDE, _WIDE_ERROR = 0.6, 0.6


@dataclass(frozen=True)
class Scale:
    """The scale on which counts of the variance mean + a·mean² spread alike.

    Attributes:
        dispersion: The a.
        unit: What numbers are divided by so that they are like counts.
    """

    dispersion: float
    unit: float = 1.0

    def up(self, values: Floats) -> Floats:
        """Onto the scale."""
        root = np.sqrt(np.maximum(values / self.unit, 0) + _SHIFT)
        if self.dispersion < 1e-6:
            return np.asarray(root)
        size = np.sqrt(self.dispersion)
        return np.asarray(np.arcsinh(size * root) / size)

    def down(self, values: Floats) -> Floats:
        """Back from it, at least 0."""
        held = np.maximum(values, 0)
        if self.dispersion >= 1e-6:
            size = np.sqrt(self.dispersion)
            held = np.sinh(np.minimum(size * held, 300.0)) / size
        return np.asarray(np.maximum(held**2 - _SHIFT, 0) * self.unit)


def fit_scale(actual: Floats, expected: Floats, *, unit: float) -> Scale:
    """The scale for such errors, its a by moments."""
    known = ~np.isnan(actual)
    mean, error = expected[known] / unit, (actual[known] - expected[known]) / unit
    if not len(mean) or not (mean**2).sum() > 0:
        return Scale(0.1, unit)
    excess = (error**2 - mean).sum() / (mean**2).sum()
    return Scale(float(np.clip(excess, 0.0, 2.0)), unit)


@dataclass(frozen=True)
class Spread:
    """How far off forecasts were, as a scale and the errors on it.

    Attributes:
        scale: The scale of the errors.
        errors: By slot of the day: errors in order, as if all were of the first lead day.
        by_lead: By lead day: what they are multiplied by; the last holds for all later days.
        ranks: By forecast of the past and its step: where its error stands among those of this step, 0 to 1;
            NaN where unknown. They tell which hours are off together.
        stretch: What errors at the ends are multiplied by, 1 or more (see ``needed_stretch``); those of the
            middle half are left as they are.
        most: No count above it is said, but twice what is expected: on this scale a wild error grows without
            end.
    """

    scale: Scale
    errors: tuple[Floats, ...]
    by_lead: Floats
    ranks: Floats
    stretch: float = 1.0
    most: float = np.inf

    @cached_property
    def rows(self) -> int:
        """Steps a day."""
        return len(self.errors)

    def at(self, share: Floats, expected: Floats, *, slots: Ints, leads: Ints) -> Floats:
        """The count under which a share of what may come lies, for each step.

        Args:
            share: Above 0 and below 1, of each step in the last axis.
            expected: Of each step.
            slots: Slot of the day of each step.
            leads: Lead day of each step (0 first).
        """
        off = np.empty(share.shape)
        for slot in np.unique(slots):
            here = slots == slot
            off[..., here] = _quantile(self.errors[slot], share[..., here])
        return self._counts(off * self._stretched(share), expected, leads)

    def bounds(
        self, expected: Floats, levels: tuple[float, ...], *, slots: Ints, leads: Ints
    ) -> list[tuple[Floats, Floats]]:
        """The interval of each level."""
        shares = np.array([(1 + side * level) / 2 for level in levels for side in (-1, 1)])
        off = self._table(shares) * self._stretched(shares)[:, None]
        ends = [self._counts(row[slots], expected, leads) for row in off]
        lows, highs = ends[::2], ends[1::2]
        # Where errors are alike, a stretch below 1 would put the ends of a higher level inside a lower one's.
        for narrow, wide in pairwise(np.argsort(levels, kind="stable")):
            lows[wide] = np.minimum(lows[wide], lows[narrow])
            highs[wide] = np.maximum(highs[wide], highs[narrow])
        return list(zip(lows, highs, strict=True))

    def needed(self, actual: Floats, expected: Floats, *, slots: Ints, leads: Ints) -> Floats:
        """By how much the 95 % interval had to be stretched to hold what came; NaN where that is unknown."""
        off = (self.scale.up(actual) - self.scale.up(expected)) / self.lead(leads)
        low, high = self._table(np.array([1 - _OUTER, 1 + _OUTER]) / 2)[:, slots]
        return np.asarray(np.abs(off) / np.maximum(np.where(off > 0, high, -low), 1e-9))

    def _table(self, shares: Floats) -> Floats:
        """The errors under which shares lie, by share and slot of the day."""
        return np.column_stack([_quantile(errors, shares) for errors in self.errors])

    def _stretched(self, share: Floats) -> Floats:
        outer = np.clip((np.abs(2 * share - 1) - 0.5) / (_OUTER - 0.5), 0, 1)
        return np.asarray(1 + (self.stretch - 1) * outer)

    def _counts(self, off: Floats, expected: Floats, leads: Ints) -> Floats:
        counts = self.scale.down(self.scale.up(expected) + off * self.lead(leads))
        return np.minimum(counts, np.maximum(self.most, 2 * expected))

    def lead(self, leads: Ints) -> Floats:
        """What the errors of these lead days are multiplied by."""
        return np.asarray(self.by_lead[np.minimum(leads, len(self.by_lead) - 1)])


def fit_spread(actual: Floats, expected: Floats, *, slots: Ints, day: int, unit: float) -> Spread:
    """The spread of forecasts of the past.

    Args:
        actual: By origin and step; NaN is left out.
        expected: Likewise.
        slots: Slot of the day of each, likewise.
        day: Steps a day.
        unit: What makes the numbers like counts.
    """
    scale = fit_scale(actual, expected, unit=unit)
    off = scale.up(actual) - scale.up(expected)
    by_lead = _by_lead(np.abs(off), day)
    even = off / by_lead[np.minimum(np.arange(off.shape[1]) // day, len(by_lead) - 1)]
    pooled = _pooled(even, slots, day)
    return Spread(scale, pooled, by_lead, _ranks(even))


def wide_spread(*, day: int, unit: float) -> Spread:
    """The spread where there are no forecasts of the past to learn from: by rule, and wide."""
    errors = _WIDE_ERROR * ndtri(np.arange(1, 400) / 400)
    together = _together(days=200, steps=day)
    return Spread(Scale(_WIDE, unit), tuple([errors] * day), 1 + 0.1 * np.arange(14.0), together)


def _by_lead(distances: Floats, day: int) -> Floats:
    """Mean distance of each lead day in those of the first; it does not fall."""
    days = -(-distances.shape[1] // day)
    means = np.array([_mean(distances[:, lead * day : (lead + 1) * day]) for lead in range(days)])
    if np.isnan(means[0]) or means[0] <= 0:
        return np.ones(1)
    return np.maximum.accumulate(np.where(np.isnan(means), means[0], means) / means[0])


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _pooled(errors: Floats, slots: Ints, day: int) -> tuple[Floats, ...]:
    """For each slot of the day its errors in order; its neighbours' too while there are few."""
    known = ~np.isnan(errors)
    values, places = errors[known], slots[known]
    own = [values[places == slot] for slot in range(day)]
    found = []
    for slot in range(day):
        near, reach = own[slot], 0
        while len(near) < _ENOUGH and reach < day // 2:
            reach += 1
            sides = {(slot - reach) % day, (slot + reach) % day}
            near = np.concatenate([near, *(own[side] for side in sides)])
        found.append(np.sort(near))
    return tuple(found)


def _quantile(errors: Floats, share: Floats) -> Floats:
    """The error under which a share lies, its rank rounded outwards; beyond the last it grows as a normal."""
    n = len(errors)
    if not n:
        return np.zeros_like(share)
    place = (n + 1) * share
    rank = np.where(share > 0.5, np.ceil(place - 1e-9), np.floor(place + 1e-9)).astype(int)
    inside = errors[np.clip(rank, 1, n) - 1]
    last = ndtri(n / (n + 1))
    beyond = np.maximum(np.abs(ndtri(np.clip(share, 1e-9, 1 - 1e-9))) / max(last, 0.3), 1.0)
    return np.asarray(np.where((rank > n) | (rank < 1), inside * beyond, inside))


def _ranks(errors: Floats) -> Floats:
    """Where each error stands among those of its step in all forecasts, above 0 and below 1."""
    known = ~np.isnan(errors)
    place = np.argsort(np.argsort(errors, axis=0, kind="stable"), axis=0)
    share = (place + 0.5) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(known, share, np.nan))


def _together(*, days: int, steps: int) -> Floats:
    """Ranks of days whose hours are off together by a third, where no past tells it."""
    random = np.random.default_rng(0)
    shared, own = random.standard_normal((days, 1)), random.standard_normal((days, steps))
    return np.asarray(ndtr(np.sqrt(1 / 3) * shared + np.sqrt(2 / 3) * own), dtype=float)
