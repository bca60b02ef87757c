"""Counting users by cohort and age, whichever way they may have returned.

Every way is one number per user and age: they are counted in the cell of their cohort. Nothing here knows
where the numbers come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.cohort_presence import Presence

    Ints = NDArray[np.int64]

Returned = Literal["on", "on_or_after", "on_or_before", "streak"]


def active_users(present: Presence, groups: Ints, returned: str) -> Ints:
    """How many users of each group are active at each age.

    Args:
        present: The observed pairs.
        groups: Of each user the group, from 0; each group is observed alike.
        returned: ``on``: at that age; ``on_or_after``: at it or later; ``on_or_before``: at an age from 1 up
            to it; ``streak``: at every age from 1 up to it. At age 0 everybody counts by all of them.

    Returns:
        One row per group, one column per age.
    """
    return _WAYS[returned](present, groups, int(groups.max()) + 1, int(present.depths.max()) + 1)


def _table(groups: Ints, ages: Ints, shape: tuple[int, int]) -> Ints:
    return np.bincount(groups * shape[1] + ages, minlength=shape[0] * shape[1]).reshape(shape)


def _on(present: Presence, groups: Ints, rows: int, ages: int) -> Ints:
    return _table(groups[present.users], present.ages, (rows, ages))


def _on_or_after(present: Presence, groups: Ints, rows: int, ages: int) -> Ints:
    # Pairs ascend, so that the last one written of a user is their highest age.
    last = np.full(len(groups), -1, dtype=np.int64)
    last[present.users] = present.ages
    seen = np.flatnonzero(last >= 0)
    counts = _table(groups[seen], last[seen], (rows, ages))
    return counts[:, ::-1].cumsum(axis=1)[:, ::-1]


def _on_or_before(present: Presence, groups: Ints, rows: int, ages: int) -> Ints:
    later = present.ages > 0
    users, firsts = np.unique(present.users[later], return_index=True)
    counts = _table(groups[users], present.ages[later][firsts], (rows, ages)).cumsum(axis=1)
    return _with_everybody(counts, groups, rows)


def _streak(present: Presence, groups: Ints, rows: int, ages: int) -> Ints:
    begins = np.flatnonzero(np.diff(present.users, prepend=-1))
    place = np.arange(len(present.users)) - np.repeat(begins, np.diff([*begins, len(present.users)]))
    kept = present.ages == place
    # The first gap ends a streak; what comes after it has a higher age than its place.
    return _with_everybody(
        _table(groups[present.users[kept]], present.ages[kept], (rows, ages)), groups, rows
    )


def _with_everybody(counts: Ints, groups: Ints, rows: int) -> Ints:
    counts[:, 0] = np.bincount(groups, minlength=rows)
    return counts


_WAYS = {"on": _on, "on_or_after": _on_or_after, "on_or_before": _on_or_before, "streak": _streak}


def in_brackets(present: Presence, groups: Ints, brackets: Sequence[tuple[int, int]]) -> Ints:
    """How many users of each group are active at any age of each bracket ``(first, last)``, both included."""
    found = [
        np.bincount(
            groups[np.unique(present.users[(present.ages >= low) & (present.ages <= high)])],
            minlength=int(groups.max()) + 1,
        )
        for low, high in brackets
    ]
    return np.column_stack(found)
