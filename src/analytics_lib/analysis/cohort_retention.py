"""Cohort retention: of the users who first came in a period, how many came back.

A cell (cohort, age) is observed once its period has ended: an observed cell in which nobody returned is 0, an
unobserved cell is absent. Only the first may be averaged, and by counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import starts_of
from analytics_lib.analysis.cohort_cells import Returned, active_users, in_brackets
from analytics_lib.analysis.cohort_groups import By, Groups, groups_of
from analytics_lib.analysis.cohort_presence import Presence, first_number, presence
from analytics_lib.errors import ImpossibleError, RequestError
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]


def retention(  # noqa: PLR0913  # the ways retention is defined elsewhere, each by its name
    store: Store,
    *,
    period: str,
    as_of: Moment,
    returned: str = "on",
    activity: str = "messages",
    clock: str = "calendar",
    by: By | None = None,
    horizon: int | None = None,
) -> pd.DataFrame:
    """Share of each cohort active again, by age.

    Args:
        store: Read: the table of the activity; with ``by`` the tables of the dimension.
        period: Length of a cohort, and of one step of age: hour, day, week or month.
        as_of: The period running then is incomplete and left out.
        returned: ``on``: active at that age; ``on_or_after``: at it or later, as far as observed;
            ``on_or_before``: at any age from 1 up to it; ``streak``: at every age from 1 up to it.
        activity: ``messages conversations events orders``, or ``purchases`` or ``any``: see
            ``cohort_presence``.
        clock: ``calendar`` or ``rolling``; written in the result.
        by: What else tells cohorts apart: a dimension of ``cohort_groups``, or a ``Condition``.
        horizon: Look no further than this age, and only at cohorts observed up to it. Ages then have the same
            population, and ``on_or_after`` of different cohorts the same time to return in.

    Returns:
        One row per observed cell, oldest cohort first: the column of ``by``, ``cohort`` (start of its
        period), ``age`` (periods, from 0), ``users`` (size of the cohort), ``active_users``, ``retention``
        (their share, 0 to 1), its 95 % interval ``low`` ``high`` (Wilson), ``clock``.

    Raises:
        RequestError: If a name is unknown or the horizon is below 1.
        NotEnoughDataError: If no period has ended since the first activity.
    """
    check_returned(returned)
    present = within(presence(store, period=period, as_of=as_of, activity=activity, clock=clock), horizon)
    groups = groups_of(store, present.user_ids, by=by, as_of=as_of) if by else None
    return cells(present, groups, returned=returned)


def brackets(  # as of retention
    store: Store,
    *,
    period: str,
    as_of: Moment,
    ages: Sequence[tuple[int, int]],
    activity: str = "messages",
    clock: str = "calendar",
    by: By | None = None,
) -> pd.DataFrame:
    """Share of each cohort active at any age of a bracket, such as (1, 3).

    Args:
        store: As of ``retention``.
        period: Likewise.
        as_of: Likewise.
        ages: First and last age of each bracket, both included.
        activity: As of ``retention``.
        clock: Likewise.
        by: Likewise.

    Returns:
        The columns of ``retention``, ``age`` being the first age of the bracket, and ``last_age``; a bracket
        is there once its last age is observed.

    Raises:
        RequestError: As ``retention``; and if a bracket ends before it begins or begins before age 0.
    """
    for low, high in ages:
        if not 0 <= low <= high:
            raise RequestError(
                f"The bracket ({low}, {high}) is none; expected a first age from 0 up to its last."
            )
    present = presence(store, period=period, as_of=as_of, activity=activity, clock=clock).observed()
    groups = groups_of(store, present.user_ids, by=by, as_of=as_of) if by else None
    keys = _keys(present, groups)
    counts = in_brackets(present, keys, ages)
    last = np.array([high for _, high in ages])
    frame = _frame(present, groups, keys, counts, seen=last)
    firsts = np.array([low for low, _ in ages])
    return frame.assign(last_age=last[frame["age"]], age=firsts[frame["age"]])


def pooled(cells: pd.DataFrame, *, by: str | None = None) -> pd.DataFrame:
    """All cohorts together: Σ active users by Σ users over the cohorts observed at each age.

    The older the age, the fewer cohorts are in it, so that the curve may rise though nobody came back: see
    ``cohorts``. By ``on_or_after`` fix a ``horizon``, else young cohorts have had less time.

    Args:
        cells: As ``retention`` gives them.
        by: Their column of groups, each then pooled by itself; null = all together.

    Returns:
        One row per age (and group): ``[by] age cohorts users active_users retention low high``.
    """
    keys = [by, "age"] if by else ["age"]
    sums = cells.groupby(keys, sort=True)[["users", "active_users"]].sum()
    found = sums.assign(cohorts=cells.groupby(keys)["cohort"].nunique()).reset_index()
    return with_share(found)[[*keys, "cohorts", "users", "active_users", "retention", "low", "high"]]


def within(present: Presence, horizon: int | None) -> Presence:
    """What is observed; with a horizon no further than it, and only of cohorts observed up to it.

    Raises:
        RequestError: If the horizon is below 1.
    """
    if horizon is None:
        return present.observed()
    if horizon < 1:
        raise RequestError(f"horizon is {horizon}; expected an age of 1 or more.")
    depths = np.where(present.depths >= horizon, horizon, -1)
    return Presence(**{**present.__dict__, "depths": depths}).observed()


def cells(present: Presence, groups: Groups | None, *, returned: str) -> pd.DataFrame:
    """The rows of ``retention``."""
    keys = _keys(present, groups)
    if not (present.depths >= 0).any():
        return _frame(present, groups, keys, np.zeros((int(keys.max()) + 1, 1), dtype=np.int64))
    return _frame(present, groups, keys, active_users(present, keys, returned))


def check_returned(returned: str) -> None:
    """Refuse an unknown way of returning.

    Raises:
        RequestError: If it is none.
    """
    if returned not in get_args(Returned):
        raise RequestError(f"Unknown returned {returned!r}. Expected one of {', '.join(get_args(Returned))}.")


def with_share(frame: pd.DataFrame) -> pd.DataFrame:
    """Counts with ``retention`` and its limits.

    Raises:
        ImpossibleError: If more users were active than there are.
    """
    users, active = (frame[name].to_numpy(dtype=float) for name in ("users", "active_users"))
    if (active > users).any():
        raise ImpossibleError(
            f"{int(active.max())} users active of {int(users[active.argmax()])} in a cohort."
        )
    low, high = wilson_limits(active, users)
    return frame.assign(retention=active / users, low=low, high=high)


def _keys(present: Presence, groups: Groups | None) -> Ints:
    """Of each user the number of their group and cohort."""
    size = len(present.depths)
    return present.cohorts if groups is None else groups.codes * size + present.cohorts


def _frame(
    present: Presence, groups: Groups | None, keys: Ints, counts: Ints, *, seen: Ints | None = None
) -> pd.DataFrame:
    """One row per cell of cohorts that have users, as far as each is observed."""
    users = np.bincount(keys, minlength=len(counts))
    group, cohort = np.divmod(np.arange(len(counts)), len(present.depths))
    last = np.arange(counts.shape[1]) if seen is None else seen
    kept = (users > 0)[:, None] & (last <= present.depths[cohort][:, None])
    rows, ages = np.nonzero(kept)
    first = first_number(present)
    columns = {
        "cohort": starts_of(first + cohort[rows], present.period),
        "age": ages,
        "users": users[rows],
        "active_users": counts[rows, ages],
    }
    named = {} if groups is None else {groups.column: np.array(groups.names, dtype=object)[group[rows]]}
    return with_share(pd.DataFrame({**named, **columns})).assign(clock=present.clock)
