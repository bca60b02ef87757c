"""What users add to a metric, laid out for the split: every group in both windows, by block of users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.driver_evidence import BLOCKS
from analytics_lib.analysis.driver_split import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

OTHER = "(other)"


@dataclass(frozen=True)
class Rows:
    """Rows of ``metrics.pairs`` on their sides.

    Attributes:
        block: The block of users each belongs to, from 0.
        counts: Numerator and denominator in the window and, weighed, in the baseline; 0 on the other side.
        counted: Denominators of the baseline as they were counted, unweighed.
        labels: The dimensions.
    """

    block: Codes
    counts: Counts
    counted: Floats
    labels: pd.DataFrame

    def by_block(self, codes: Codes, groups: int) -> Counts:
        """The counts of each group (columns) in each block (rows)."""
        blocks = int(self.block.max(initial=-1)) + 1
        place = self.block * groups + codes
        return Counts(
            *(_summed(place, numbers, blocks * groups).reshape(blocks, groups) for numbers in self.counts)
        )


@dataclass(frozen=True)
class Groups:
    """The groups by one dimension, or by two.

    Attributes:
        dimensions: Their names.
        names: The values of each group, one for each dimension; ``OTHER`` for what was pooled, last if at
            all.
        codes: The group of each row.
    """

    dimensions: tuple[str, ...]
    names: list[tuple[str, ...]]
    codes: Codes

    @property
    def named(self) -> int:
        """How many are not pooled."""
        return sum(OTHER not in names for names in self.names)


def _summed(codes: Codes, numbers: Floats, size: int) -> Floats:
    return np.bincount(codes, numbers, minlength=size).astype(np.float64)


def lay_out(pairs: pd.DataFrame, weights: pd.Series, *, since: pd.Timestamp, until: pd.Timestamp) -> Rows:
    """The rows of the window and of the hours of the baseline that weigh anything.

    Args:
        pairs: By hour (``period``), dimensions and ``unit``.
        weights: Of the baseline's hours.
        since: The first hour of the window.
        until: The hour after its last.
    """
    after = (pairs["period"] >= since) & (pairs["period"] < until)
    weight = pairs["period"].map(weights).fillna(0.0).where(~after, 0.0)
    kept = (after | (weight > 0)).to_numpy()
    y, n, w = (
        numbers[kept].to_numpy(dtype=float) for numbers in (pairs["numerator"], pairs["denominator"], weight)
    )
    now = after[kept].to_numpy()
    # Users without a row here take no part, so that each of the others has a block while there is room.
    users = pd.factorize(pairs["unit"][kept], sort=True)[0]
    return Rows(
        block=users % BLOCKS,
        counts=Counts(
            y0=y * w,
            n0=n * w,
            y1=np.where(now, y, 0.0),
            n1=np.where(now, n, 0.0),
            q0=n * w**2,
        ),
        counted=np.where(now, 0.0, n),
        labels=pairs[kept].drop(columns=["period", "unit", "numerator", "denominator"]),
    )


def grouped(
    rows: Rows, dimensions: Sequence[tuple[str, ...]], *, limit: int, minimum_n: int
) -> Iterator[Groups]:
    """The groups by each dimension and pair that tells groups apart.

    Of a dimension the ``limit`` largest groups are kept. A group that reaches ``minimum_n`` in neither window
    is pooled, and so is one whose numerator has no denominator. A dimension that tells apart what an earlier
    one does (cities and their regions), and a pair that tells apart no more than one of its dimensions, are
    left out.
    """
    single: dict[str, Groups] = {}
    for names in dimensions:
        if len(names) == 1:
            found = _pooled(rows, _of_one(rows, names[0]), limit=limit, minimum_n=minimum_n)
            if _too_few(rows, found, minimum_n) or any(_same(found, other) for other in single.values()):
                continue
            single[names[0]] = found
            yield found
        elif set(names) <= single.keys():
            both = [single[name] for name in names]
            crossed = _crossed(*both)
            if len(crossed.names) > max(len(one.names) for one in both):
                yield _pooled(rows, crossed, limit=len(crossed.names), minimum_n=minimum_n)


def _too_few(rows: Rows, groups: Groups, minimum_n: int) -> bool:
    """Whether fewer than two groups, the pooled one among them, reach the minimum in one of the windows."""
    sizes = (np.bincount(groups.codes, n, minlength=2) for n in (rows.counted, rows.counts.n1))
    return groups.named < 1 or int((np.maximum(*sizes) >= minimum_n).sum()) < 2


def _same(one: Groups, other: Groups) -> bool:
    """Whether two dimensions tell the same groups apart."""
    return len(one.names) == len(other.names) == len(_crossed(one, other).names)


def _of_one(rows: Rows, name: str) -> Groups:
    codes, values = pd.factorize(rows.labels[name], sort=True)
    return Groups((name,), [(str(value),) for value in values], codes)


def _crossed(one: Groups, other: Groups) -> Groups:
    place = one.codes * len(other.names) + other.codes
    codes, places = pd.factorize(place, sort=True)
    names = [one.names[at // len(other.names)] + other.names[at % len(other.names)] for at in places]
    return Groups(one.dimensions + other.dimensions, names, codes)


def _pooled(rows: Rows, groups: Groups, *, limit: int, minimum_n: int) -> Groups:
    """The same groups, small ones and those beyond the limit put together as the last."""
    size = len(groups.names)
    before = _summed(groups.codes, rows.counted, size)
    counts = Counts(*(_summed(groups.codes, numbers, size) for numbers in rows.counts))
    large = np.maximum(before, counts.n1) >= minimum_n
    large &= ((counts.n0 != 0) | (counts.y0 == 0)) & ((counts.n1 != 0) | (counts.y1 == 0))
    large &= np.array([OTHER not in names for names in groups.names], dtype=bool)
    ranked = np.argsort(-(before + counts.n1) * large, kind="stable")[:limit]
    kept = np.sort(ranked[large[ranked]])
    to = np.full(size, len(kept), dtype=np.intp)
    to[kept] = np.arange(len(kept))
    names = [groups.names[at] for at in kept]
    rest = [(OTHER,) * len(groups.dimensions)] if len(kept) < size else []
    return Groups(groups.dimensions, names + rest, to[groups.codes])
