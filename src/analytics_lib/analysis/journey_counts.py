"""Shares of what happened, when the same users make it happen again and again.

A share is how often a thing happened by how often anything of its kind did. Its interval is Wilson's on the
effective size (``metrics.intervals``), since what one user does is not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis.numbered_events import narrow
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


# Up to so many cells (kind, user) an array with a place for each is faster than sorting those that occur.
DENSE = 2**25
# Where so many times as many users are known as occur, those that occur are numbered anew.
_SPARSE = 8


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
    cells, times = runs(_cells(keys, users, _people(users), ordered=True))
    known, counts, kinds, totals = _counted(cells, times, width=width, people=_people(users))
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
        every = [_cells(keys, users, people).astype(np.int64) for keys, users in happened]
        cells, _ = runs(np.sort(np.concatenate(every)))
        return runs(cells // people)
    seen = np.zeros(things * people, dtype=bool)
    for keys, users in happened:
        seen[_cells(keys, users, people)] = True
    counts = np.count_nonzero(seen.reshape(things, people), axis=1)
    known = np.flatnonzero(counts)
    return known, counts[known]


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """The values of an ascending array, each once, and how often each stands there."""
    starts = _firsts(ordered)
    times = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=times[:-1])
    times[-1:] = len(ordered) - starts[-1:]
    return ordered[starts], times


def _firsts(ordered: Ints) -> Ints:
    changes = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def _cells(keys: Ints, users: Ints, people: int, *, ordered: bool = False) -> Ints:
    """One number for each key and user; ascending, or in the order given."""
    cells = keys.astype(narrow((int(keys.max(initial=0)) + 1) * people))
    cells *= people
    cells += users
    if ordered:
        cells.sort()
    return cells


def _people(users: Ints) -> int:
    return int(users.max(initial=0)) + 1


def _counted(
    cells: Ints, times: Ints, *, width: int, people: int
) -> tuple[Ints, tuple[Ints, ...], Ints, tuple[Ints, ...]]:
    """What is summed over users, of things and of kinds.

    Args:
        cells: Every thing and user that occur together, ascending.
        times: How often each does.
        width: As of ``shares``.
        people: What the numbers of users are below.

    Returns:
        The things; of each the sum of times, the users, the sums of squares and of products with the user's
        total of the kind; the kinds; of each the sum of totals, the users, and the sum of squares.
    """
    things = cells // people
    who = cells - things * people
    starts = _firsts(things)
    known, ends = things[starts].astype(np.int64), np.append(starts, len(things))
    first = _firsts(known // width)
    squares, products = np.zeros_like(known), np.zeros_like(known)
    totals = np.zeros((3, len(first)), dtype=np.int64)
    # Kind by kind, since all at once would take many times the memory.
    for place, (begin, end) in enumerate(pairwise([*first.tolist(), len(known)])):
        rows, own = slice(ends[begin], ends[end]), starts[begin:end] - ends[begin]
        every, total = _totals(who[rows], times[rows], people)
        squares[begin:end] = np.add.reduceat(times[rows] ** 2, own)
        products[begin:end] = np.add.reduceat(times[rows] * total, own)
        totals[:, place] = every.sum(), len(every), (every**2).sum()
    sums = np.add.reduceat(times, starts) if len(starts) else known
    return known, (sums, np.diff(ends), squares, products), known[first] // width, tuple(totals)


def _totals(who: Ints, times: Ints, people: int) -> tuple[Ints, Ints]:
    """The total of every user who occurs, and of every row that of its user."""
    if len(who) * _SPARSE < people:
        _, who = np.unique(who, return_inverse=True)
    totals = np.bincount(who, weights=times).astype(np.int64)
    return totals[totals > 0], totals[who]


def _at(asked: Ints, known: Ints, values: Ints) -> Ints:
    """The values of the keys asked for; 0 where a key is not known."""
    if not len(known):
        return np.zeros(len(asked), dtype=np.int64)
    place = np.searchsorted(known, asked).clip(max=len(known) - 1)
    return np.where(known[place] == asked, values[place], 0)
