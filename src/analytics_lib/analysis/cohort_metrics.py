"""Metrics of the catalogue by cohort and age: is a cohort served as well later as at first?

The metric keeps its definition; its rows are told apart by when their user first came. A cell is
observed once its period has ended; one in which nobody of the cohort did anything that counts is there
without a value: unknown, not 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import number_of, starts_of
from analytics_lib.analysis.cohort_presence import running_since
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.facts import FACTS, NUMBERED, Part
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits
from analytics_lib.metrics.pairs import pairs
from analytics_lib.metrics.quantiles import quantiles
from analytics_lib.periods import Moment, check_period

if TYPE_CHECKING:
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.periods import Period
    from analytics_lib.store import Store

COLUMNS = ["cohort", "age", "users", "numerator", "denominator", "value", "low", "high"]
_KEYS = ["cohort", "age"]
# Kinds without a denominator that add up over users.
COUNTED = ("count", "total")

FIRST_PERIODS = """
with happened as (
    select user_id, sent_local as at_local from messages where sender = 'user' and sent_at < $as_of
    union all
    select user_id, started_local as at_local from conversations where started_at < $as_of
    union all
    select user_id, occurred_local as at_local from events where occurred_at < $as_of
    union all
    select user_id, ordered_local as at_local from orders where ordered_at < $as_of
)
select user_id, cast(cast(date_trunc($period, min(at_local)) as timestamp) as text) as first_period
from happened
group by user_id
"""

OF_CONVERSATIONS = """
select conversation_id, first_period
from conversations join first_periods on conversations.user_id = first_periods.user_id
"""

OF_REPLIES = """
select number, first_period
from numbered join first_periods on numbered.user_id = first_periods.user_id
"""

FIRST_MOMENT = """
with happened as (
    select min(sent_local) as at_local from messages where sender = 'user'
    union all
    select min(started_local) as at_local from conversations
    union all
    select min(occurred_local) as at_local from events
    union all
    select min(ordered_local) as at_local from orders
)
select min(at_local) as first_local from happened
"""

_COHORT = ("first_period",)
_BY_USER = Part("first_periods", "user_id", _COHORT, FIRST_PERIODS)
# By what a fact is told whose its rows are.
_PARTS = {
    "user_id": _BY_USER,
    "conversation_id": Part("owners_first", "conversation_id", _COHORT, OF_CONVERSATIONS, needs=(_BY_USER,)),
    "number": Part("waiters_first", "number", _COHORT, OF_REPLIES, needs=(NUMBERED, _BY_USER)),
}


def metric_by_age(store: Store, metric: Metric, *, period: str, as_of: Moment) -> pd.DataFrame:
    """A ratio or a quantile of the catalogue for each cohort at each age.

    Args:
        store: Read: the tables of the metric; ``messages conversations events orders`` for the first contact,
            which may be of any kind.
        metric: One of ``CATALOG`` over conversations, messages, replies, actions or orders. Nothing else has
            cohorts: requests and samples name no user, a peak or an hourly rate is of all users together.
        period: hour, day, week or month: length of a cohort and of one step of age.
        as_of: The period running then is left out, and nothing later is known.

    Returns:
        One row per observed cell, oldest cohort first: ``cohort`` (start of its period), ``age``, ``users``
        (who count at that age), ``numerator`` (null of a quantile), ``denominator`` (of a quantile the number
        of values; null of a count or a sum), ``value`` (in the metric's unit; null where nothing counts, 0
        where a count is), its 95 % interval ``low`` ``high``: Wilson on the effective size for shares,
        Woodruff's for quantiles, none for counts and sums, a bootstrap over users for all others.

    Raises:
        RequestError: If the metric is a peak or an hourly rate, its rows name no user, or it lacks prices.
        NotEnoughDataError: If no period has ended since the first contact, or the metric's tables are empty.
    """
    length = check_period(period)
    until, first = running_since(as_of, length), store.query(FIRST_MOMENT)["first_local"].iloc[0]
    if pd.isna(first) or first >= until:
        raise NotEnoughDataError(
            f"Nobody came before {until:%Y-%m-%d}, the start of the {period} running on {as_of}. "
            "Choose a later as_of or a shorter period."
        )
    read, cells = (quantiles, _quantiles) if metric.kind == "quantile" else (pairs, _cells)
    counted = metric.kind in COUNTED
    span = {"since": first.date(), "until": until.date()}
    asked = {"by": _COHORT, "period": length, "parts": [_part(metric)], "as_of": as_of}
    # Users' counts add up as numerators do; what they are divided by is not looked at.
    chosen = replace(metric, kind="mean", denominator="count(*)") if counted else metric
    rows = read(store, chosen, **span, **asked)  # type: ignore[arg-type]  # each by its name
    last = int(number_of(np.array([until], dtype="datetime64[us]"), length)[0])
    found = (_totals if counted else cells)(_aged(rows, length), metric, last)
    return found.assign(cohort=starts_of(found["cohort"].to_numpy(), length))[COLUMNS]


def _part(metric: Metric) -> Part:
    """When the users of the metric's rows first came, told by what its fact has of them."""
    keys = {part.key for part in FACTS[metric.table].parts}
    found = next((part for key, part in _PARTS.items() if key in keys), None)
    if found is None:
        raise RequestError(
            f"{metric.name} is counted over {metric.table}, whose rows name no user: no cohorts. "
            "Choose a metric of conversations, messages, replies, actions or orders."
        )
    return found


def _aged(rows: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Rows by period and first period as rows by cohort and age, both as numbers."""
    known = rows[rows["first_period"] != "unknown"]
    cohorts = number_of(pd.to_datetime(known["first_period"]).to_numpy().astype("datetime64[us]"), period)
    ages = number_of(known["period"].to_numpy().astype("datetime64[us]"), period) - cohorts
    return known.assign(cohort=cohorts, age=ages)[ages >= 0]


def _observed(told: pd.DataFrame, last: int) -> pd.MultiIndex:
    """The observed cells of the cohorts there are."""
    grid = [(cohort, age) for cohort in sorted(set(told["cohort"])) for age in range(last - cohort)]
    return pd.MultiIndex.from_tuples(grid, names=_KEYS)


def _quantiles(told: pd.DataFrame, _: Metric, last: int) -> pd.DataFrame:
    """Every observed cell with its quantile, null where there are no values."""
    found = told.set_index(_KEYS).reindex(_observed(told, last)).rename(columns={"units": "users"})
    counts = found[["users", "denominator"]].fillna(0)
    return found.assign(**counts.astype({"users": "int64"}), numerator=np.nan).reset_index()


def _totals(told: pd.DataFrame, _: Metric, last: int) -> pd.DataFrame:
    """Every observed cell with its count or sum: 0 where nobody of the cohort did anything."""
    groups, index = told.groupby(_KEYS), _observed(told, last)
    sums = groups[["numerator"]].sum().reindex(index, fill_value=0.0)
    users = groups.size().reindex(index, fill_value=0)
    unknown = dict.fromkeys(("denominator", "low", "high"), np.nan)
    return sums.assign(users=users, value=sums["numerator"], **unknown).reset_index()


def _cells(told: pd.DataFrame, metric: Metric, last: int) -> pd.DataFrame:
    """Every observed cell, with what counts in it."""
    # A user is in one cohort, and in a period once, so that a row is a user.
    groups, index = told.groupby(_KEYS), _observed(told, last)
    sums = groups[["numerator", "denominator"]].sum().reindex(index, fill_value=0.0)
    sums.insert(0, "users", groups.size().reindex(index, fill_value=0))
    scale = 100.0 if metric.kind == "nps" else 1.0
    sums["value"] = scale * sums["numerator"] / sums["denominator"].where(sums["denominator"] > 0)
    limits = _wilson(told, sums) if metric.kind == "share" else _drawn(groups, sums, scale)
    return sums.assign(low=limits[0], high=limits[1]).reset_index()


def _wilson(told: pd.DataFrame, sums: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    own = told.join(sums["value"], on=_KEYS)
    errors = (own["numerator"] - own["value"] * own["denominator"]) ** 2
    squares = errors.groupby([own["cohort"], own["age"]]).sum().reindex(sums.index, fill_value=0.0)
    columns = (sums["value"], sums["denominator"], sums["users"], squares)
    shares, totals, users, spread = (column.to_numpy(dtype=float) for column in columns)
    sizes = effective_sizes(shares, totals, users, spread)
    return wilson_limits(np.nan_to_num(shares) * sizes, sizes)


def _drawn(groups: object, sums: pd.DataFrame, scale: float) -> tuple[np.ndarray, np.ndarray]:
    found = {
        key: (own["numerator"].to_numpy(dtype=float), own["denominator"].to_numpy(dtype=float))
        for key, own in groups  # type: ignore[attr-defined]  # a GroupBy
    }
    nothing = (np.zeros(0), np.zeros(0))
    limits = scale * ratio_limits([found.get(key, nothing) for key in sums.index])
    return limits[:, 0], limits[:, 1]
