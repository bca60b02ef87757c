"""Rows to be judged: what happened and what was predicted, checked at the door and put in order once.

Rows are sorted by score, lowest first. Tied scores stand in one block, and every measure treats a block
alike: which of two equal scores came first makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Bools = NDArray[np.bool_]
Seed = int | Sequence[int]
BINS = 10
CLIP = 1e-15


@dataclass(frozen=True)
class Rows:
    """Rows in the order of their scores, lowest first.

    Attributes:
        positive: Whether it happened.
        score: What was predicted.
        group: The number of the row's group (its user), from 0.
        groups: How many there are.
    """

    positive: Bools
    score: Floats
    group: Places
    groups: int

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.score)

    @cached_property
    def happened(self) -> Floats:
        """1 where it happened, else 0."""
        return self.positive.astype(np.float64)

    @cached_property
    def losses(self) -> Floats:
        """Columns of each row: it happened, squared error, minus ln of what happened, and that of positives.

        ln 0 would be endless: a probability is taken to be at least 1e-15 from 0 and 1.
        """
        given = np.where(self.positive, self.score, 1 - self.score)
        surprise = -np.log(np.clip(given, CLIP, 1 - CLIP))
        squared = (self.score - self.happened) ** 2
        return np.stack([self.happened, squared, surprise, surprise * self.happened])

    @cached_property
    def gap(self) -> Floats:
        """What happened minus what was predicted."""
        return self.happened - self.score

    @cached_property
    def positive_blocks(self) -> tuple[Places, Places]:
        """``blocks`` of the rows in which it happened."""
        first, last = self.blocks
        return first[self.positives], last[self.positives]

    @cached_property
    def positives(self) -> Places:
        """Where the rows stand in which it happened."""
        return np.flatnonzero(self.positive)

    @cached_property
    def starts(self) -> Places:
        """Where each block of tied scores begins."""
        return _changes(self.score)

    @cached_property
    def blocks(self) -> tuple[Places, Places]:
        """For every row, where its block begins and where the next one does."""
        ends = np.append(self.starts[1:], self.n)[: len(self.starts)]
        sizes = ends - self.starts
        return np.repeat(self.starts, sizes), np.repeat(ends, sizes)

    @cached_property
    def bin_starts(self) -> Places:
        """Where each of at most ten bins of equal count begins; a block lies in the bin of its middle."""
        first, last = self.blocks
        return _changes((first + last) * BINS // (2 * max(self.n, 1)))

    @cached_property
    def bin_sizes(self) -> Places:
        """How many rows each bin has."""
        sizes: Places = np.diff(np.append(self.bin_starts, self.n))
        return sizes

    def in_bins(self, values: Floats) -> Floats:
        """The sum of ``values`` in each bin."""
        return np.add.reduceat(values, self.bin_starts) if self.n else np.zeros(0)


def _changes(values: NDArray[Any]) -> Places:
    """Where a value differs from the one before it; the first one does."""
    changed = np.ones(len(values), dtype=bool)
    changed[1:] = values[1:] != values[:-1]
    return np.flatnonzero(changed)


def prepared(labels: ArrayLike, scores: ArrayLike, *, groups: ArrayLike | None = None) -> Rows:
    """The rows in order of their scores; without groups every row is its own.

    Raises:
        RequestError: If lengths differ, a label is not true or false (1 or 0), or a score is not a number.
    """
    positive, score = checked_labels(labels), np.asarray(scores, dtype=np.float64)
    number, count = group_numbers(groups, len(positive))
    if score.shape != positive.shape:
        raise RequestError(
            f"{len(positive)} labels and scores of shape {score.shape}: give one score for each label."
        )
    bad = np.flatnonzero(~np.isfinite(score))
    if bad.size:
        raise RequestError(
            f"The score of row {bad[0]} is {score[bad[0]]}; every row needs a finite one. "
            "Leave out what was not predicted, and say how much that is."
        )
    order = np.argsort(score, kind="stable")
    return Rows(positive[order], score[order], number[order], count)


def checked_labels(labels: ArrayLike) -> Bools:
    """Labels as booleans.

    Raises:
        RequestError: If one is neither true nor false (1 or 0), such as null.
    """
    values = pd.Series(np.asarray(labels)) if not isinstance(labels, pd.Series) else labels
    if values.isna().any():
        place = int(np.flatnonzero(values.isna())[0])
        raise RequestError(f"The label of row {place} is null. Leave out what is not known yet.")
    if not values.isin([0, 1]).all():
        odd = values[~values.isin([0, 1])].iloc[0]
        raise RequestError(
            f"{odd!r} is not a label; expected true or false (1 or 0). Compare with the class."
        )
    found: Bools = values.to_numpy(dtype=np.float64) == 1
    return found


def group_numbers(groups: ArrayLike | None, n: int) -> tuple[Places, int]:
    """Each row's group as a number from 0, and how many groups there are.

    Raises:
        RequestError: If there are not ``n`` of them, or one is null.
    """
    if groups is None:
        return np.arange(n), n
    values = groups if isinstance(groups, pd.Series) else pd.Series(np.asarray(groups))
    if len(values) != n:
        raise RequestError(f"{n} labels and {len(values)} groups: give the group (the user) of every row.")
    if values.isna().any():
        place = int(np.flatnonzero(values.isna())[0])
        raise RequestError(f"The group of row {place} is null: give the user of every row.")
    numbers, names = pd.factorize(values, sort=True)
    return numbers.astype(np.int64), len(names)


def checked_probabilities(rows: Rows) -> Rows:
    """The rows, once their scores lie from 0 to 1.

    Raises:
        RequestError: If one does not.
    """
    if rows.n and not (rows.score[0] >= 0 and rows.score[-1] <= 1):
        odd = rows.score[0] if rows.score[0] < 0 else rows.score[-1]
        raise RequestError(
            f"The score {odd} is no probability; expected 0 to 1. Calibrate the model's scores."
        )
    return rows


def resampled(groups: int, *, draws: int, seed: Seed) -> Iterator[Floats]:
    """How often each group was drawn, in each of ``draws`` samples of as many groups, with replacement."""
    random = np.random.default_rng(seed)
    for _ in range(draws):
        counts = np.bincount(random.integers(0, groups, groups), minlength=groups)
        yield counts.astype(np.float64)
