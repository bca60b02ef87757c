"""Which rows a model learns from and which ones judge it: in time, and by user where that would tell.

At a cut-off c, features come from before c and the label from ``[c, c + horizon)``. A model that is judged at
a cut-off learns at cut-offs earlier by at least the horizon: by then, all it learns from had happened.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import local_moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Bools
    from analytics_lib.periods import Moment

HELD_OUT = 0.25
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Split:
    """A cut-off to judge a model at, and those it learns at.

    Attributes:
        train: The earlier cut-offs, oldest first.
        test: The cut-off at which it is judged.
    """

    train: tuple[Moment, ...]
    test: Moment


class Sides(NamedTuple):
    """Which rows are learned from and which ones judge; some may be neither.

    Attributes:
        train: True for the first.
        test: True for the second.
    """

    train: Bools
    test: Bools


def cutoffs(
    as_of: Moment, *, horizon: dt.timedelta, count: int = 3, step: dt.timedelta | None = None
) -> list[Moment]:
    """Cut-offs whose labels are all known at ``as_of``, the latest of them ``horizon`` before it.

    Args:
        as_of: Nothing from here on is known.
        horizon: How long after a cut-off its label is watched.
        count: How many cut-offs.
        step: From one to the next; the horizon unless given, so that labels do not overlap.

    Returns:
        Oldest first; dates where ``as_of`` is one and horizon and step are whole days, else instants in UTC.

    Raises:
        RequestError: If the horizon, the step or the count is not above zero.
    """
    step = horizon if step is None else step
    for name, span in (("horizon", horizon), ("step", step)):
        if span <= dt.timedelta(0):
            raise RequestError(f"The {name} is {span}; expected a time above zero, such as 30 days.")
    if count < 1:
        raise RequestError(f"{count} cut-offs were asked for; expected 1 or more.")
    whole = not isinstance(as_of, dt.datetime) and not horizon % _DAY and not step % _DAY
    end = as_of if whole else utc_moment(as_of)
    return [end - horizon - step * back for back in reversed(range(count))]


def splits(moments: Sequence[Moment], *, horizon: dt.timedelta) -> list[Split]:
    """Of several cut-offs, each that has earlier ones to learn at: one split per cut-off to be judged at.

    Raises:
        NotEnoughDataError: If no two of them are ``horizon`` apart.
    """
    ordered = sorted(moments, key=utc_moment)
    found = [
        Split(tuple(early for early in ordered if _apart(early, test) >= horizon), test) for test in ordered
    ]
    usable = [split for split in found if split.train]
    if not usable:
        raise NotEnoughDataError(
            f"No two of {len(ordered)} cut-offs are {horizon} apart, so labels would overlap. "
            "Give more cut-offs, or a shorter horizon."
        )
    return usable


def _apart(early: Moment, late: Moment) -> dt.timedelta:
    return utc_moment(late) - utc_moment(early)


def split_users(groups: ArrayLike, *, share: float = HELD_OUT, seed: int = 0) -> Bools:
    """True for rows of users who are held out: all rows of a user lie on one side.

    The side follows from the user's id and the seed alone, so it stays the same as users come and go.

    Args:
        groups: The user of each row.
        share: Of the users, held out (about).
        seed: Another seed holds out others.

    Raises:
        RequestError: If the share is not between 0 and 1, or a user is null.
    """
    if not 0 < share < 1:
        raise RequestError(f"The share held out is {share}; expected one between 0 and 1, such as 0.25.")
    values = pd.Series(np.asarray(groups))
    if values.isna().any():
        place = int(np.flatnonzero(values.isna())[0])
        raise RequestError(f"The group of row {place} is null: give the user of every row.")
    numbers, names = pd.factorize(values)
    texts = pd.Index(names).astype(str).to_numpy(dtype=object)
    # A key of sixteen characters is what the hash takes.
    hashed = pd.util.hash_array(texts, hash_key=f"{seed:016d}"[-16:], categorize=False)
    held: Bools = (hashed / 2.0**64 < share)[numbers]
    return held


def split_time(
    moments: ArrayLike,
    *,
    cutoff: Any,  # noqa: ANN401  # a moment, or a number where moments are numbers
    known_at: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Sides:
    """Learn from rows that were over before the cut-off, judge by rows from it on.

    Args:
        moments: When each row's features were known: aware, or wall clock without a zone, or numbers.
        cutoff: A date or an aware datetime; a number where moments are numbers.
        known_at: When each row's label became known; a row known at the cut-off or later teaches nothing (of
            a label window, give its last instant, not its excluded end). Null = not known yet. As ``moments``
            unless given.
        groups: Given, users are kept apart too: half of them only teach, half of them only judge.
        seed: Which half.

    Raises:
        RequestError: If the cut-off is a datetime without zone, or as ``split_users``.
    """
    begins: pd.Series[Any] = pd.Series(moments)
    ends: pd.Series[Any] = begins if known_at is None else pd.Series(known_at)
    test = (begins >= _bound(begins, cutoff)).to_numpy(dtype=bool)
    train = (ends < _bound(ends, cutoff)).to_numpy(dtype=bool) & ~test
    if groups is not None:
        held = split_users(groups, share=0.5, seed=seed)
        train, test = train & ~held, test & held
    return Sides(train, test)


def _bound(moments: pd.Series[Any], cutoff: Any) -> Any:  # noqa: ANN401
    if not pd.api.types.is_datetime64_any_dtype(moments):
        return cutoff
    aware = isinstance(moments.dtype, pd.DatetimeTZDtype)
    if isinstance(cutoff, pd.Timestamp) and aware == (cutoff.tzinfo is not None):
        return cutoff
    return pd.Timestamp(utc_moment(cutoff) if aware else local_moment(cutoff))
