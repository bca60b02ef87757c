"""Any ratio of the catalogue by cohort and age: is a cohort served as well in month three as at first?

The metric keeps its definition; its rows are told apart by when their user first came. A cell is
observed once its period has ended; one in which nobody of the cohort did anything that counts is there
without a value: unknown, not 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import number_of, starts_of
from analytics_lib.analysis.cohort_presence import running_since
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.facts import FACTS, Part
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits
from analytics_lib.metrics.pairs import pairs
from analytics_lib.periods import Moment, check_period

if TYPE_CHECKING:
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.store import Store

COLUMNS = ["cohort", "age", "users", "numerator", "denominator", "value", "low", "high"]

FIRST_DAYS = """
with happened as (
    select user_id, sent_local as at_local from messages where sender = 'user' and sent_at < $as_of
    union all
    select user_id, started_local as at_local from conversations where started_at < $as_of
    union all
    select user_id, occurred_local as at_local from events where occurred_at < $as_of
    union all
    select user_id, ordered_local as at_local from orders where ordered_at < $as_of
)
select user_id, cast(cast(min(at_local) as date) as text) as first_day
from happened
group by user_id
"""

FIRST_DAYS_OF_CONVERSATIONS = """
with happened as (
    select user_id, sent_local as at_local from messages where sender = 'user' and sent_at < $as_of
    union all
    select user_id, started_local as at_local from conversations where started_at < $as_of
    union all
    select user_id, occurred_local as at_local from events where occurred_at < $as_of
    union all
    select user_id, ordered_local as at_local from orders where ordered_at < $as_of
),
firsts as (select user_id, min(at_local) as first_local from happened group by user_id)
select conversation_id, cast(cast(first_local as date) as text) as first_day
from conversations join firsts on conversations.user_id = firsts.user_id
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

# By what a fact is told whose its rows are.
_PARTS = {
    "user_id": Part("first_days", "user_id", ("first_day",), FIRST_DAYS),
    "conversation_id": Part("first_days", "conversation_id", ("first_day",), FIRST_DAYS_OF_CONVERSATIONS),
}


def metric_by_age(store: Store, metric: Metric, *, period: str, as_of: Moment) -> pd.DataFrame:
    """A ratio of the catalogue for each cohort at each age.

    Args:
        store: Read: the tables of the metric; ``messages conversations events orders`` for the first contact,
            which may be of any kind.
        metric: A share, mean or nps of ``CATALOG`` over conversations, messages, actions or orders.
        period: day, week or month: length of a cohort and of one step of age.
        as_of: The period running then is left out, and nothing later is known.

    Returns:
        One row per observed cell, oldest cohort first: ``cohort`` (start of its period), ``age``, ``users``
        (who count at that age), ``numerator``, ``denominator``, ``value`` (in the metric's unit; null where
        nothing counts), its 95 % interval ``low`` ``high``: Wilson on the effective size for shares, a
        bootstrap over users for all others.

    Raises:
        RequestError: If the metric is no ratio or its rows name no user, or a name is unknown.
        NotEnoughDataError: If no period has ended since the first contact, or the metric's tables are empty.
    """
    length = check_period(period)
    until, first = running_since(as_of, length), store.query(FIRST_MOMENT)["first_local"].iloc[0]
    if pd.isna(first) or first >= until:
        raise NotEnoughDataError(
            f"Nobody came before {until:%Y-%m-%d}, the start of the {period} running on {as_of}. "
            "Choose a later as_of or a shorter period."
        )
    span = {"since": first.date(), "until": until.date()}
    asked = {"by": ["first_day"], "period": length, "parts": [_part(metric)], "as_of": as_of}
    rows = pairs(store, metric, **span, **asked)  # type: ignore[arg-type]  # each by its name
    rows = rows[rows["first_day"] != "unknown"]
    cohorts = number_of(pd.to_datetime(rows["first_day"]).to_numpy().astype("datetime64[us]"), length)
    ages = number_of(rows["period"].to_numpy().astype("datetime64[us]"), length) - cohorts
    told = rows.assign(cohort=cohorts, age=ages)
    last = int(number_of(np.array([until], dtype="datetime64[us]"), length)[0])
    return _cells(told[told["age"] >= 0], metric, last).assign(
        cohort=lambda found: starts_of(found["cohort"].to_numpy(), length)
    )[COLUMNS]


def _part(metric: Metric) -> Part:
    """When the users of the metric's rows first came, told by what its fact has of them."""
    keys = {part.key for part in FACTS[metric.table].parts}
    found = next((part for key, part in _PARTS.items() if key in keys), None)
    if found is None:
        raise RequestError(
            f"{metric.name} is counted over {metric.table}, whose rows name no user: no cohorts. "
            "Choose a metric of conversations, messages, actions or orders."
        )
    return found


def _cells(told: pd.DataFrame, metric: Metric, last: int) -> pd.DataFrame:
    """Every observed cell of the cohorts there are, with what counts in it."""
    # A user is in one cohort, and in a period once, so that a row is a user.
    keys = ["cohort", "age"]
    groups = told.groupby(keys)
    grid = [(cohort, age) for cohort in sorted(set(told["cohort"])) for age in range(last - cohort)]
    index = pd.MultiIndex.from_tuples(grid, names=keys)
    sums = groups[["numerator", "denominator"]].sum().reindex(index, fill_value=0.0)
    sums.insert(0, "users", groups.size().reindex(index, fill_value=0))
    scale = 100.0 if metric.kind == "nps" else 1.0
    sums["value"] = scale * sums["numerator"] / sums["denominator"].where(sums["denominator"] > 0)
    limits = _wilson(told, sums) if metric.kind == "share" else _drawn(groups, sums, scale)
    return sums.assign(low=limits[0], high=limits[1]).reset_index()


def _wilson(told: pd.DataFrame, sums: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    own = told.join(sums["value"], on=["cohort", "age"])
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
