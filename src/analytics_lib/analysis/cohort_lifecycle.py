"""How the people who are there change from period to period, on how many days, and how often they return.

In each period that has ended a user who was ever there before it or is there now is

- ``new``: active for the first time;
- ``returning``: active now and in the period before;
- ``resurrected``: active now, not in the period before, and not new;
- ``dormant``: active in the period before and not now;

so that active = new + returning + resurrected, and dormant = active before - returning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import number_of, start_of, starts_of
from analytics_lib.analysis.cohort_presence import Presence, first_number, presence
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.periods import Moment, Period
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

# A period fits once this share of people usually return within it (Amplitude, usage interval).
USUAL_SHARE = 0.8
INTERVALS: dict[Period, int] = {"day": 1, "week": 7, "month": 31}


def lifecycle(store: Store, *, period: str, as_of: Moment, activity: str = "messages") -> pd.DataFrame:
    """Who is new, stays, returns and leaves, by period.

    Args:
        store: Read: the table of the activity.
        period: hour, day, week or month.
        as_of: The period running then is left out.
        activity: As of ``cohorts.retention``.

    Returns:
        One row per period from the first activity on, empty ones too: ``period`` (its start), ``active``,
        ``new``, ``returning``, ``resurrected``, ``dormant`` (users), ``quick_ratio`` ((new + resurrected) by
        dormant; null where nobody is dormant).

    Raises:
        RequestError: If a name is unknown.
        NotEnoughDataError: If no period has ended since the first activity.
    """
    present = presence(store, period=period, as_of=as_of, activity=activity)
    numbers, size = _numbers(present), present.complete
    active = np.bincount(numbers, minlength=size)
    new = np.bincount(present.cohorts, minlength=size)
    same = np.flatnonzero((np.diff(present.users) == 0) & (np.diff(present.ages) == 1)) + 1
    returning = np.bincount(numbers[same], minlength=size)
    dormant = np.concatenate([[0], active[:-1]]) - returning
    resurrected = active - new - returning
    back = (new + resurrected).astype(float)
    ratio = np.divide(back, dormant, out=np.full(size, np.nan), where=dormant > 0)
    return pd.DataFrame(
        {
            "period": starts_of(first_number(present) + np.arange(size), present.period),
            "active": active,
            "new": new,
            "returning": returning,
            "resurrected": resurrected,
            "dormant": dormant,
            "quick_ratio": ratio,
        }
    )


def stickiness(store: Store, *, period: str, as_of: Moment, activity: str = "messages") -> pd.DataFrame:
    """On how many of a period's days its users were there.

    Args:
        store: Read: the table of the activity.
        period: week or month.
        as_of: The period running then is left out.
        activity: As of ``cohorts.retention``.

    Returns:
        One row per period and number of days, from 1 to the days of the period: ``period``, ``days``,
        ``users`` (there on exactly so many days), ``active_users`` (of the period), ``share`` (of these),
        ``at_least_share`` (there on so many days or more), ``daily_share`` (mean daily users by users of the
        period: daily by monthly actives). Periods in which nobody was there are absent.

    Raises:
        RequestError: If the period is neither week nor month, or a name is unknown.
        NotEnoughDataError: If no period has ended since the first activity.
    """
    if period not in {"week", "month"}:
        raise RequestError(f"period is {period!r}; stickiness counts the days of a week or a month.")
    present = presence(store, period=period, as_of=as_of, activity=activity)
    daily = presence(store, period="day", as_of=start_of_running(present), activity=activity)
    days = starts_of(first_number(daily) + _numbers(daily), "day")
    first, longest = first_number(present), 31 if period == "month" else 7
    numbers = number_of(days, present.period) - first
    _, times = np.unique(daily.users * present.complete + numbers, return_counts=True)
    keys = np.unique(daily.users * present.complete + numbers) % present.complete
    counts = np.bincount(keys * longest + times - 1, minlength=present.complete * longest)
    return _by_days(counts.reshape(-1, longest), first, present.period)


class UsageInterval(NamedTuple):
    """How often people return by themselves.

    Attributes:
        rows: One row per whole number of days that occurs: ``days``, ``users`` (whose median pause between
            days with activity is up to that long, and over a day less), ``share`` (of them), and
            ``cumulative_share``.
        users: Users with activity on two days or more.
        single_day_users: Users with activity on one day only, who say nothing about it.
        period: The shortest of day, week and month in which 80 % of the users usually return; null where even
            a month is too short, or nobody has two days.
    """

    rows: pd.DataFrame
    users: int
    single_day_users: int
    period: str | None


def usage_interval(store: Store, *, as_of: Moment, activity: str = "messages") -> UsageInterval:
    """Each user's median pause between days with activity, as a distribution.

    Who came once is not in it, and who came lately has had less time for long pauses: it leans to the short.

    Args:
        store: Read: the table of the activity.
        as_of: The day running then is left out.
        activity: As of ``cohorts.retention``.

    Raises:
        RequestError: If the activity is unknown.
        NotEnoughDataError: If no day has ended since the first activity.
    """
    present = presence(store, period="day", as_of=as_of, activity=activity)
    again = np.flatnonzero(np.diff(present.users) == 0) + 1
    pauses, users = np.diff(present.ages)[again - 1], present.users[again]
    middle = np.ceil(_medians(users, pauses)).astype(np.int64)
    days, counts = np.unique(middle, return_counts=True)
    rows = pd.DataFrame({"days": days, "users": counts, "share": counts / max(counts.sum(), 1)})
    rows["cumulative_share"] = counts.cumsum() / max(counts.sum(), 1)
    fits = (
        name for name, most in INTERVALS.items() if len(middle) and (middle <= most).mean() >= USUAL_SHARE
    )
    return UsageInterval(rows, len(middle), len(present.user_ids) - len(middle), next(fits, None))


def start_of_running(present: Presence) -> Moment:
    """The start of the period that was running, as a date: nothing of it is looked at."""
    return start_of(first_number(present) + present.complete, present.period).date()


def _medians(users: Ints, values: Ints) -> NDArray[np.float64]:
    """The median of each user's values."""
    order = np.lexsort((values, users))
    begins = np.flatnonzero(np.diff(users, prepend=-1))
    counts = np.diff([*begins, len(users)])
    ordered = values[order]
    return np.asarray((ordered[begins + (counts - 1) // 2] + ordered[begins + counts // 2]) / 2)


def _by_days(counts: Ints, first: int, period: Period) -> pd.DataFrame:
    active = counts.sum(axis=1)
    numbers = np.arange(first, first + len(counts) + 1)
    lengths = np.diff(starts_of(numbers, period)) // np.timedelta64(1, "D")
    days = np.arange(1, counts.shape[1] + 1)
    rows, places = np.nonzero((active > 0)[:, None] & (days <= lengths[:, None]))
    beyond = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    means = (counts * days).sum(axis=1) / lengths
    return pd.DataFrame(
        {
            "period": starts_of(numbers[rows], period),
            "days": days[places],
            "users": counts[rows, places],
            "active_users": active[rows],
            "share": counts[rows, places] / active[rows],
            "at_least_share": beyond[rows, places] / active[rows],
            "daily_share": means[rows] / active[rows],
        }
    )


def _numbers(present: Presence) -> Ints:
    """Of each pair the number of the period from the oldest one."""
    return present.cohorts[present.users] + present.ages
