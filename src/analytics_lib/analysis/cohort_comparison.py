"""Which cohorts return otherwise than the rest, and whether they would if they were made up alike.

Everything is told at one age, of users whose cohort is observed at it. The difference between a cohort and
all the others together falls into two parts over the groups of another dimension (see ``driver_split``):

- *mix*: it is made up of other groups, some of which return more often everywhere;
- *behaviour*: its groups return otherwise than the same groups of the others.

A difference is real if its p-value survives the correction for all cohorts compared beside it (Benjamini and
Hochberg 1995), its interval leaves out 0, and both sides have 30 users or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import starts_of
from analytics_lib.analysis.cohort_groups import By, Groups, column_of, groups_of
from analytics_lib.analysis.cohort_presence import Presence, first_number, presence
from analytics_lib.analysis.differences import SMALL_N, Share, judged, newcombe, share_p_value
from analytics_lib.analysis.driver_split import Counts, split
from analytics_lib.errors import NotEnoughDataError, RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

COHORT = "cohort"
WAYS = ("on", "on_or_before")


def compare(  # noqa: PLR0913  # which users, what they did, and what they are told apart by
    store: Store,
    *,
    period: str,
    as_of: Moment,
    age: int,
    by: By = COHORT,
    within: By | None = None,
    returned: str = "on",
    activity: str = "messages",
) -> pd.DataFrame:
    """Each cohort against all the others together, at one age.

    Args:
        store: Read: the table of the activity, and those of the dimensions.
        period: hour, day, week or month.
        as_of: The period running then is left out.
        age: At which users are active or not, from 1.
        by: ``cohort`` (the period of the first activity), a dimension or a ``Condition``, as of
            ``cohorts.retention``.
        within: By what mix and behaviour are told apart, likewise; null = they are not.
        returned: ``on``: active at that age; ``on_or_before``: at any from 1 up to it.
        activity: As of ``cohorts.retention``.

    Returns:
        One row per cohort, what is real first and then by size of the difference: the column of ``by``;
        ``users active_users retention`` and ``rest_users rest_active_users rest_retention``; ``difference``
        (cohort less rest), its 95 % interval ``low`` ``high`` (Newcombe 1998, method 10), ``p_value`` (score
        test, adjusted for all rows tested), ``few`` (under 30 users on a side: not tested), ``real``; ``mix``
        and ``behaviour``, which sum to the difference, null without ``within``. Shares are 0 to 1.

    Raises:
        RequestError: If a name is unknown, the age is below 1, or ``by`` and ``within`` are the same.
        NotEnoughDataError: If no cohort is observed at the age, or there is one cohort only.
    """
    if age < 1 or returned not in WAYS:
        raise RequestError(f"age is {age} and returned {returned!r}; expected 1 or more, and one of {WAYS}.")
    if within is not None and column_of(by) == column_of(within):
        raise RequestError(f"by and within are both {column_of(by)!r}; expected two that differ.")
    present = presence(store, period=period, as_of=as_of, activity=activity)
    chosen = _mature(present, age, as_of)
    groups = _groups(store, present, by, as_of)
    strata = _groups(store, present, within, as_of) if within is not None else None
    active = _active(present, age, returned)[chosen]
    inner = strata.codes[chosen] if strata else np.zeros(len(chosen), dtype=np.int64)
    n, y = _counts(groups.codes[chosen], inner, active)
    rows = [
        {groups.column: groups.names[place], **_compared(n, y, int(place), split_up=strata is not None)}
        for place in np.flatnonzero(n.sum(axis=1))
    ]
    if len(rows) < 2:
        raise NotEnoughDataError(
            f"There is one cohort by {groups.column} at age {age}, {rows[0][groups.column]}, and nothing to "
            "compare it with. Choose another by, or a lower age."
        )
    return judged(pd.DataFrame(rows))


def _mature(present: Presence, age: int, as_of: Moment) -> Ints:
    """The users whose cohort is observed at the age."""
    chosen = np.flatnonzero(present.depths[present.cohorts] >= age)
    if not len(chosen):
        raise NotEnoughDataError(
            f"No cohort is observed at age {age} on {as_of}: the oldest is {int(present.depths[0])} of a "
            f"{present.period} old. Choose a lower age, a later as_of or a shorter period."
        )
    return chosen


def _groups(store: Store, present: Presence, by: By, as_of: Moment) -> Groups:
    if by != COHORT:
        return groups_of(store, present.user_ids, by=by, as_of=as_of)
    first = first_number(present)
    starts = starts_of(first + np.arange(len(present.depths)), present.period)
    names: list[Any] = [pd.Timestamp(start) for start in starts]
    return Groups(present.cohorts, names, COHORT)


def _active(present: Presence, age: int, returned: str) -> Bools:
    """Of each user whether they were there."""
    least = 1 if returned == "on_or_before" else age
    found = np.zeros(len(present.user_ids), dtype=bool)
    found[present.users[(present.ages >= least) & (present.ages <= age)]] = True
    return found


def _counts(groups: Ints, strata: Ints, active: Bools) -> tuple[Ints, Ints]:
    """Users, and those active, by group and stratum."""
    shape = (int(groups.max()) + 1, int(strata.max()) + 1)
    cells, size = groups * shape[1] + strata, shape[0] * shape[1]
    n = np.bincount(cells, minlength=size).reshape(shape)
    return n, np.bincount(cells[active], minlength=size).reshape(shape)


def _compared(n: Ints, y: Ints, place: int, *, split_up: bool) -> dict[str, Any]:
    own = (int(n[place].sum()), int(y[place].sum()))
    rest = (int(n.sum()) - own[0], int(y.sum()) - own[1])
    first, second = (Share(part[1] / part[0] if part[0] else np.nan, float(part[0])) for part in (own, rest))
    low, high = newcombe(first, second) if second.size else (np.nan, np.nan)
    mix, behaviour = _parts(n, y, place) if split_up and second.size else (np.nan, np.nan)
    few = min(own[0], rest[0]) < SMALL_N
    return {
        "users": own[0],
        "active_users": own[1],
        "retention": first.share,
        "rest_users": rest[0],
        "rest_active_users": rest[1],
        "rest_retention": second.share,
        "difference": first.share - second.share,
        "low": low,
        "high": high,
        "p_value": np.nan if few else share_p_value(first, second),
        "few": few,
        "mix": mix,
        "behaviour": behaviour,
    }


def _parts(n: Ints, y: Ints, place: int) -> tuple[float, float]:
    """What the groups' sizes explain of the difference, and what their own returning does."""
    sides = (y.sum(axis=0) - y[place], n.sum(axis=0) - n[place], y[place], n[place])
    groups = Counts(*(side.astype(float) for side in (*sides, sides[1])))
    found = split(groups, groups.summed())
    return float(np.sum(found.mix)), float(np.sum(found.rate))
