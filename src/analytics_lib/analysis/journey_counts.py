"""Shares of what happened, when the same users make it happen again and again.

A share is how often a thing happened by how often anything of its kind did. Its interval is Wilson's on the
effective size (``metrics.intervals``), since what one user does is not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.metrics.intervals import effective_sizes, wilson_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


# Up to so many cells (kind, user) an array with a place for each is faster than sorting those that occur.
DENSE = 2**25


@dataclass(frozen=True)
class Shares:
    """One share per thing.

    Attributes:
        keys: The things, ascending.
        counts: How often each happened.
        users: To how many users.
        totals: How often anything of its kind happened: the denominator.
        total_users: To how many users.
        sizes: How many independent ones the denominator is worth.
    """

    keys: Ints
    counts: Ints
    users: Ints
    totals: Ints
    total_users: Ints
    sizes: Floats

    def columns(self) -> dict[str, Floats]:
        """``share`` with its limits ``low`` and ``high``; NaN where nothing of the kind happened."""
        share = self.counts / np.where(self.totals > 0, self.totals, np.nan)
        low, high = wilson_limits(share * self.sizes, self.sizes)
        return {"share": share, "low": low, "high": high}


def shares(keys: Ints, users: Ints, *, width: int, wanted: Ints | None = None) -> Shares:
    """What happened, counted by user and summed.

    Args:
        keys: Of everything that happened which thing it was.
        users: And to whom, in the same order; numbers from 0.
        width: Things of one kind have one ``key // width``.
        wanted: The things to report, ascending; null = those that happened.
    """
    people = _people(users)
    cells, times = runs(np.sort(keys * people + users))
    things, who = np.divmod(cells, people)
    kinds, totals, place = _by_kind(things // width, who, times, people)
    known, counts = _sums(things, times, np.ones_like(times), times**2, times * place)
    asked = known if wanted is None else wanted
    count, with_it, squares, products = (_at(asked, known, each) for each in counts)
    total, total_users, all_squares = (_at(asked // width, kinds, each) for each in totals)
    share = count / np.where(total > 0, total, np.nan)
    errors = squares - 2 * share * products + share**2 * all_squares
    sizes = effective_sizes(share, total.astype(float), total_users.astype(float), errors)
    return Shares(asked, count, with_it, total, total_users, np.where(total > 0, sizes, 0.0))


def distinct_users(*happened: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """The things that happened, ascending, and to how many users each did.

    Args:
        happened: Pairs of things and, in the same order, users.
    """
    people = max(_people(users) for _, users in happened)
    things = 1 + max(int(keys.max(initial=0)) for keys, _ in happened)
    if things * people > DENSE:
        cells, _ = runs(np.sort(np.concatenate([keys * people + users for keys, users in happened])))
        return runs(cells // people)
    seen = np.zeros(things * people, dtype=bool)
    for keys, users in happened:
        seen[keys * people + users] = True
    counts = np.count_nonzero(seen.reshape(things, people), axis=1)
    known = np.flatnonzero(counts)
    return known, counts[known]


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """The values of an ascending array, each once, and how often each stands there."""
    starts = _firsts(ordered)
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


def _firsts(ordered: Ints) -> Ints:
    changes = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def _people(users: Ints) -> int:
    return int(users.max(initial=0)) + 1


def _by_kind(kinds: Ints, who: Ints, times: Ints, people: int) -> tuple[Ints, list[Ints], Ints]:
    """The kinds; over users the sums of totals, of one each, and of squares; and each cell's own total."""
    cells = kinds * people + who
    labels, place = None, cells
    if (int(kinds.max(initial=0)) + 1) * people > DENSE:
        labels, place = np.unique(cells, return_inverse=True)
    every = np.bincount(place, weights=times)
    there = np.flatnonzero(every)
    totals = every[there].astype(np.int64)
    known, sums = _sums(
        (there if labels is None else labels[there]) // people, totals, np.ones_like(totals), totals**2
    )
    return known, sums, every[place].astype(np.int64)


def _sums(ordered: Ints, *columns: Ints) -> tuple[Ints, list[Ints]]:
    """The keys of an ascending array, each once, and the sums of columns over each."""
    starts = _firsts(ordered)
    return ordered[starts], [np.add.reduceat(each, starts) if len(starts) else each for each in columns]


def _at(asked: Ints, known: Ints, values: Ints) -> Ints:
    """The values of the keys asked for; 0 where a key is not known."""
    if not len(known):
        return np.zeros(len(asked), dtype=np.int64)
    place = np.searchsorted(known, asked).clip(max=len(known) - 1)
    return np.where(known[place] == asked, values[place], 0)
