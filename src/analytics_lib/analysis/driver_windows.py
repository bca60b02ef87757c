"""The baseline of a window: which hours before it are like its own, and how much each of them weighs.

A window is compared with the whole weeks right before it: four times its own, as far as the data reach, and
no more than a quarter of a year unless it is longer itself. Each hour of the window takes as its baseline the
same hour of the same weekday, on the days of the same kind: holidays (Colombia's) with holidays, paydays (the
15th and the last of a month) with paydays, ordinary days with ordinary ones. Where those weeks hold no such
day, the day kind gives way, then the weekday; the result counts the days of the window of which that is true.
The hours that match one hour of the window share its weight, so a baseline weighs as much as the window and
has its weekdays and hours, exactly.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import holidays
import pandas as pd

from analytics_lib.analysis.scope import choose_scope
from analytics_lib.analysis.windows import choose_window
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import Moment, local_moment, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.store import Store

TIMES, MOST_WEEKS = 4, 13
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Baseline:
    """What a window is compared with.

    Attributes:
        since: Where it begins, on the wall clock.
        until: Where it ends, excluded.
        given: Whether somebody chose it; else it is the weeks before the window.
        weights: For each of its hours (``period``) how many hours of the window it stands for; sums to the
            window's.
        days: Days of the window.
        special_days: Of these, holidays and paydays.
        other_kind_days: Days of the window compared with days of another kind: no such day in the baseline.
        other_weekday_days: Likewise with other weekdays.
        compared_days: Days of the baseline that weigh anything.
    """

    since: dt.datetime
    until: dt.datetime
    given: bool
    weights: pd.Series
    days: int
    special_days: int
    other_kind_days: int
    other_weekday_days: int
    compared_days: int


class Asked(TypedDict):
    """The two windows that were asked for, and up to when the data are known; see ``drivers.drivers``."""

    since: Moment
    until: Moment
    baseline_since: Moment | None
    baseline_until: Moment | None
    as_of: Moment | None


def choose_windows(
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    baseline_since: dt.date | str | None = None,
    baseline_until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
) -> Asked:
    """The windows somebody asked for; an open one is the last 7 complete days, an open baseline stays open.

    Raises:
        NotEnoughDataError: If the end is left open and the store holds no message.
        RequestError: If a day cannot be read, a window is empty, or one bound of the baseline is left out.
    """
    window = choose_window(store, since=since, until=until, as_of=as_of)
    if not baseline_since and not baseline_until:
        return Asked(**window, baseline_since=None, baseline_until=None)
    _check_both(baseline_since, baseline_until)
    given = choose_scope(store, since=baseline_since, until=baseline_until)
    return Asked(**window, baseline_since=given["since"], baseline_until=given["until"])


def day_kind(day: dt.date) -> str:
    """``holiday``, ``payday`` (the 15th or the last of a month) or ``ordinary``."""
    if day in holidays.country_holidays("CO", years=day.year):
        return "holiday"
    last = (day + dt.timedelta(days=1)).month != day.month
    return "payday" if last or day.day == 15 else "ordinary"


def choose_baseline(
    bounds: tuple[Moment, Moment],
    given: tuple[Moment | None, Moment | None],
    *,
    known: tuple[dt.datetime, dt.datetime],
    what: str,
) -> Baseline:
    """The baseline of a window: the one given, or the weeks before it, with what each hour weighs.

    Args:
        bounds: Since and until of the window.
        given: Since and until of the baseline, both or neither.
        known: First moment and end of what the data hold, on the wall clock.
        what: What is asked for, for messages.

    Raises:
        RequestError: If a window is empty or does not begin and end on the hour, the two overlap, one bound
            of the baseline is left out, or its hours of the day are others than the window's.
        NotEnoughDataError: If the data do not reach over the baseline and the window; the message says from
            when on they will.
    """
    since, until = window(*bounds).values()
    _check_hours(since, until)
    if until > known[1]:
        raise NotEnoughDataError(
            f"{what} is asked for until {until:%Y-%m-%d %H:%M}, and the data end with "
            f"{known[1]:%Y-%m-%d %H:%M}. Choose an earlier until, or ask again when the data reach it."
        )
    _check_both(*given)
    chosen = (local_moment(given[0]), local_moment(given[1])) if given[0] and given[1] else None
    start, end = chosen or (since - _weeks_before(since, until, known[0], what) * _WEEK, since)
    _check_hours(start, end)
    _check_given(start, end, (since, until), known[0])
    return _weighed((since, until), (start, end), given=chosen is not None)


def _check_both(since: Moment | str | None, until: Moment | str | None) -> None:
    if bool(since) != bool(until):
        raise RequestError(f"The baseline is [{since}, {until}); give both of its bounds, or neither.")


def _weeks_before(since: dt.datetime, until: dt.datetime, first: dt.datetime, what: str) -> int:
    """How many whole weeks before the window are compared."""
    own = math.ceil((until - since) / _WEEK)
    held = (since - first) // _WEEK
    if held < own:
        raise NotEnoughDataError(
            f"{what} from {since:%Y-%m-%d %H:%M} is compared with the {own} week(s) before, and the data "
            f"begin on {first:%Y-%m-%d}. It works for windows from {first + own * _WEEK:%Y-%m-%d} on; choose "
            "a later since, or give baseline_since and baseline_until."
        )
    return min(held, max(own, min(TIMES * own, MOST_WEEKS)))


def _check_hours(*moments: dt.datetime) -> None:
    odd = [moment for moment in moments if moment.minute or moment.second or moment.microsecond]
    if odd:
        raise RequestError(
            f"{odd[0]} lies within an hour; hours are matched whole. Give a day or a full hour."
        )


def _check_given(
    start: dt.datetime, end: dt.datetime, bounds: tuple[dt.datetime, dt.datetime], first: dt.datetime
) -> None:
    if start >= end:
        raise RequestError(
            f"The baseline [{start}, {end}) is empty: baseline_since must be before baseline_until."
        )
    if start < bounds[1] and end > bounds[0]:
        raise RequestError(
            f"The baseline [{start}, {end}) and the window [{bounds[0]}, {bounds[1]}) overlap; what they "
            "share cannot differ. Move one of them."
        )
    if start < first:
        raise NotEnoughDataError(
            f"The baseline begins on {start:%Y-%m-%d %H:%M}, and the data on {first:%Y-%m-%d}. Choose a "
            f"baseline_since of {first:%Y-%m-%d} or later."
        )


def _weighed(
    bounds: tuple[dt.datetime, dt.datetime], compared: tuple[dt.datetime, dt.datetime], *, given: bool
) -> Baseline:
    hours, pool = _hours(*bounds), _hours(*compared)
    parts, by_day = [], []
    for _, asked in hours.groupby("day"):
        like, level = _alike(asked, pool)
        by_day.append((asked["kind"].iloc[0] != "ordinary", level))
        parts.append(_shared(asked, like))
    if any(level == "nothing" for _, level in by_day):
        raise RequestError(
            f"The baseline [{compared[0]}, {compared[1]}) has not all hours of the day that the window "
            f"[{bounds[0]}, {bounds[1]}) has. Give one that covers the same hours, best whole weeks."
        )
    weights = pd.concat(parts).groupby(level=0).sum()
    levels = [level for _, level in by_day]
    return Baseline(
        *compared,
        given=given,
        weights=weights,
        days=len(levels),
        special_days=sum(special for special, _ in by_day),
        other_kind_days=levels.count("kind"),
        other_weekday_days=levels.count("weekday"),
        compared_days=weights.index.normalize().nunique(),
    )


def _hours(since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
    """One row per hour of a stretch: ``period day weekday kind hour``."""
    starts = pd.date_range(since, until, freq="h", inclusive="left")
    days = starts.normalize()
    kinds = {day: day_kind(day.date()) for day in days.unique()}
    return pd.DataFrame(
        {
            "period": starts,
            "day": days,
            "weekday": starts.day_of_week,
            "kind": days.map(kinds),
            "hour": starts.hour,
        }
    )


def _alike(asked: pd.DataFrame, pool: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The hours most like those of one day that cover all of them, and what had to give way."""
    first = asked.iloc[0]
    weekday, kind = pool["weekday"] == first["weekday"], pool["kind"] == first["kind"]
    stages: Sequence[tuple[pd.Series, str]] = [
        (weekday & kind, ""),
        (weekday & (pool["kind"] == "ordinary"), "kind"),
        (weekday, "kind"),
        (kind, "weekday"),
        (pool["hour"] >= 0, "weekday"),
    ]
    for fits, given_up in stages:
        like = pool[fits]
        if set(asked["hour"]) <= set(like["hour"]):
            return like, given_up
    return pool[:0], "nothing"


def _shared(asked: pd.DataFrame, like: pd.DataFrame) -> pd.Series:
    """The weight of the hours alike: each hour of the day is shared among them."""
    like = like[like["hour"].isin(asked["hour"])]
    weight = 1 / like.groupby("hour")["period"].transform("size")
    return weight.set_axis(pd.DatetimeIndex(like["period"]))
