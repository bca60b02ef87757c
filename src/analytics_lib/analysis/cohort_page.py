"""What the page of cohorts asks, together, with empty frames where the store cannot answer yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import pandas as pd

from analytics_lib.analysis.cohort_comparison import COHORT, compare
from analytics_lib.analysis.cohort_groups import By, Condition, column_of
from analytics_lib.analysis.cohort_lifecycle import INTERVALS, lifecycle, stickiness, usage_interval
from analytics_lib.analysis.cohort_retention import pooled, retention
from analytics_lib.analysis.cohort_revenue import revenue
from analytics_lib.analysis.survival import Lasting, outcomes, time_to_first_order, time_to_next_contact
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analytics_lib.store import Store

    T = TypeVar("T")

_RETENTION = ["cohort", "age", "users", "active_users", "retention", "low", "high", "clock"]
_POOLED = ["age", "cohorts", "users", "active_users", "retention", "low", "high"]
_LIFECYCLE = ["period", "active", "new", "returning", "resurrected", "dormant", "quick_ratio"]
_DAYS = ["period", "days", "users", "active_users", "share", "at_least_share", "daily_share"]
_REVENUE = ["cohort", "age", "users", "revenue", "revenue_per_user", "currency"]
_COMPARED = [
    *(
        "users",
        "active_users",
        "retention",
        "rest_users",
        "rest_active_users",
        "rest_retention",
        "difference",
    ),
    *("low", "high", "p_value", "few", "real", "mix", "behaviour"),
]


_CURVE = ["group", "time_seconds", "survival", "low", "high", "at_risk"]
_ENDS = ["outcome", "time_seconds", "incidence", "low", "high", "conversations"]
_LASTED = [
    *("group", "users", "events", "median_seconds"),
    *("restricted_seconds", "low_seconds", "high_seconds"),
]


class Answers(TypedDict):
    """Frames of the questions on cohorts; without a row where there is not enough to answer.

    Attributes:
        cells: ``cohorts.retention`` of everybody.
        whole: ``cohorts.pooled`` of it.
        groups: The same by the dimension.
        life: ``cohorts.lifecycle``.
        days: ``cohorts.stickiness`` by month, or by week where the period is shorter than a month.
        worth: ``cohorts.revenue``; without a row too where orders have several currencies.
        together: ``value_by_age`` of it.
        usage: ``users``, ``period`` and its ``share`` of ``cohorts.usage_interval``; null without activity.
        curve: ``survival.time_to_next_contact`` by the dimension.
        lasted: Its groups.
        p_value: Of its log-rank test.
        order_curve: ``survival.time_to_first_order`` by the dimension.
        ordered: Its groups.
        order_p_value: Of its log-rank test.
        ends: ``survival.outcomes``.
        compared: ``cohorts.compare`` by the dimension.
        by_cohort: The same by cohort.
    """

    cells: pd.DataFrame
    whole: pd.DataFrame
    groups: pd.DataFrame
    life: pd.DataFrame
    days: pd.DataFrame
    worth: pd.DataFrame
    together: pd.DataFrame
    usage: dict[str, Any] | None
    curve: pd.DataFrame
    lasted: pd.DataFrame
    p_value: float
    order_curve: pd.DataFrame
    ordered: pd.DataFrame
    order_p_value: float
    ends: pd.DataFrame
    compared: pd.DataFrame
    by_cohort: pd.DataFrame


def definition(by: str, condition: str) -> By:
    """A dimension by its name, or a condition where there is one; the name is then what it is called."""
    return Condition(by, condition) if condition.strip() else by


def read(  # noqa: PLR0913  # what a reader of the page may set
    store: Store,
    *,
    period: str,
    as_of: Moment,
    since: Moment,
    by: By,
    age: int = 1,
    returned: str = "on",
    activity: str = "messages",
) -> Answers:
    """All that the page of cohorts asks.

    Args:
        store: Read: ``messages conversations events orders users products``.
        period: As of ``cohorts.retention``.
        as_of: Likewise.
        since: From when people are followed to their next contact and to their first order.
        by: What cohorts are told apart by.
        age: At which they are compared.
        returned: As of ``cohorts.retention``, for the heatmap and the curves.
        activity: Likewise, everywhere.

    Raises:
        RequestError: As ``cohorts.retention``.
    """
    asked: dict[str, Any] = {"period": period, "as_of": as_of, "activity": activity}
    column = column_of(by)
    cells = _or(lambda: retention(store, **asked, returned=returned), _empty(_RETENTION))
    parts = _or(lambda: retention(store, **asked, returned=returned, by=by), _empty([column, *_RETENTION]))
    compared, by_cohort = (
        _or(
            lambda one=one, other=other: compare(store, **asked, age=age, by=one, within=other),  # type: ignore[misc]  # both bound now
            _empty([column_of(one), *_COMPARED]),
        )
        for one, other in ((by, COHORT), (COHORT, by))
    )
    lasting, order = (
        _until(ask, store, since=since, as_of=as_of, by=by)
        for ask in (time_to_next_contact, time_to_first_order)
    )
    length = "month" if period == "month" else "week"
    worth = _worth(store, period, as_of)
    return Answers(
        cells=cells,
        whole=pooled(cells) if len(cells) else _empty(_POOLED),
        groups=pooled(parts, by=column) if len(parts) else _empty([column, *_POOLED]),
        life=_or(lambda: lifecycle(store, **asked), _empty(_LIFECYCLE)),
        days=_or(lambda: stickiness(store, **{**asked, "period": length}), _empty(_DAYS)),
        worth=worth,
        together=value_by_age(worth),
        usage=_usage(store, as_of, activity),
        curve=lasting.curve if lasting else _empty(_CURVE),
        lasted=lasting.groups if lasting else _empty(_LASTED),
        p_value=lasting.log_rank.p_value if lasting else math.nan,
        order_curve=order.curve if order else _empty(_CURVE),
        ordered=order.groups if order else _empty(_LASTED),
        order_p_value=order.log_rank.p_value if order else math.nan,
        ends=_ends(store, since, as_of),
        compared=compared,
        by_cohort=by_cohort,
    )


def value_by_age(worth: pd.DataFrame) -> pd.DataFrame:
    """All cohorts together: Σ revenue by Σ users over those mature at each age.

    Returns:
        One row per age: ``age cohorts users revenue revenue_per_user currency``. Fewer cohorts
        stand behind later ages.
    """
    if worth.empty:
        return _empty(["age", "cohorts", "users", "revenue", "revenue_per_user", "currency"])
    ages = worth.groupby("age")
    sums = ages[["users", "revenue"]].sum()
    sums.insert(0, "cohorts", ages["cohort"].nunique())
    found = sums.assign(revenue_per_user=sums["revenue"] / sums["users"], currency=worth["currency"].iloc[0])
    return found.reset_index()


def results(found: Answers, *, by: str) -> dict[str, object]:
    """What a run of the page records of its answers."""
    cells, compared = found["cells"], found["compared"]
    return {
        "users": int(cells.loc[cells["age"] == 0, "users"].sum()),
        "cohorts": int(cells["cohort"].nunique()),
        "retention": found["whole"]["retention"].tolist(),
        "pooled_users": found["whole"]["users"].tolist(),
        "active": found["life"]["active"].tolist(),
        "revenue_per_user": found["together"]["revenue_per_user"].tolist(),
        "real": compared.loc[compared["real"].astype(bool), by].astype(str).tolist(),
    }


def _worth(store: Store, period: str, as_of: Moment) -> pd.DataFrame:
    """Revenue where it can be told: there are orders, and in one currency."""
    try:
        return revenue(store, period=period, as_of=as_of)
    except (NotEnoughDataError, RequestError):
        return _empty(_REVENUE)


def _usage(store: Store, as_of: Moment, activity: str) -> dict[str, Any] | None:
    usage = _or(lambda: usage_interval(store, as_of=as_of, activity=activity), None)
    if usage is None:
        return None
    within = usage.rows["days"] <= INTERVALS.get(usage.period or "", 0)  # type: ignore[call-overload]  # "" is none
    return {"users": usage.users, "period": usage.period, "share": float(usage.rows["share"][within].sum())}


def _until(
    ask: Callable[..., Lasting], store: Store, *, since: Moment, as_of: Moment, by: By
) -> Lasting | None:
    if utc_moment(since) >= utc_moment(as_of):
        return None
    return _or(lambda: ask(store, since=since, until=as_of, as_of=as_of, by=by), None)


def _ends(store: Store, since: Moment, as_of: Moment) -> pd.DataFrame:
    if utc_moment(since) >= utc_moment(as_of):
        return _empty(_ENDS)
    return _or(lambda: outcomes(store, since=since, until=as_of, as_of=as_of), _empty(_ENDS))


def _or(ask: Callable[[], T], instead: T) -> T:
    try:
        return ask()
    except NotEnoughDataError:
        return instead


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
