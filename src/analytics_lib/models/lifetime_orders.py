"""What a lifetime model sees of each buyer: how often, how recently, for how long, for how much.

A day with an order is one transaction, whatever the number of its orders; its spend is their sum. Refunds,
orders of nothing and orders that lie in the future are no transactions: they are left out and counted.
Time runs in days from the first order, divided by the days of the unit.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.periods import Moment, local_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.store import Store

Unit = Literal["day", "week", "month", "year"]
UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
SUMMARY = ("user_id", "frequency", "recency", "age", "monetary")
# Earlier than any time that ingest lets into the store.
_EVER = dt.datetime(1900, 1, 1)  # noqa: DTZ001  # a wall clock, as the twins are

CURRENCIES = """
select currency, count(*) as orders
from orders
where ordered_local < $until and amount > 0
group by currency
order by orders desc, currency
"""

BUYERS = """
with rates as (
    select split_part(listed, '|', 1) as currency, split_part(listed, '|', 2)::double as rate
    from (select unnest($rates) as listed) as given
),
days as (
    select orders.user_id, orders.ordered_local::date as day, sum(orders.amount * rates.rate) as spent
    from orders
    inner join rates on orders.currency = rates.currency
    where orders.ordered_local < $until and orders.amount > 0
    group by orders.user_id, orders.ordered_local::date
),
buyers as (
    select
        user_id, min(day) as first_day, max(day) as last_day, count(*) - 1 as frequency,
        sum(spent) as spent, arg_min(spent, day) as first_spent
    from days
    group by user_id
)
select
    user_id, frequency::bigint as frequency,
    date_diff('day', first_day, last_day)::bigint as recency_days,
    date_diff('day', first_day, $last_day::date)::bigint as age_days,
    case when frequency > 0 then (spent - first_spent) / nullif(frequency, 0) end as monetary
from buyers
order by user_id
"""

LATER = """
with rates as (
    select split_part(listed, '|', 1) as currency, split_part(listed, '|', 2)::double as rate
    from (select unnest($rates) as listed) as given
),
buyers as (
    select distinct user_id from orders where ordered_local < $since and amount > 0
),
days as (
    select orders.user_id, orders.ordered_local::date as day, sum(orders.amount * rates.rate) as spent
    from orders
    inner join rates on orders.currency = rates.currency
    where
        orders.ordered_local >= $since and orders.ordered_local < $until and orders.amount > 0
        and orders.user_id in (select user_id from buyers)
    group by orders.user_id, orders.ordered_local::date
),
bought as (
    select user_id, count(*) as orders, sum(spent) as spent from days group by user_id
)
select
    buyers.user_id, coalesce(bought.orders, 0)::bigint as orders, coalesce(bought.spent, 0.0) as spent
from buyers
left join bought on buyers.user_id = bought.user_id
order by buyers.user_id
"""

LEFT_OUT = """
select
    count(*) filter (where ordered_local < $until and amount > 0) as orders,
    count(*) filter (where ordered_local < $until and amount < 0) as refunds,
    count(*) filter (where ordered_local < $until and amount = 0) as zeros,
    count(*) filter (where ordered_local >= $until) as later,
    sum(-amount) filter (where ordered_local < $until and amount < 0)
        / nullif(sum(amount) filter (where ordered_local < $until and amount > 0), 0) as refunded_share
from orders
"""

FIRST_AND_LAST = """
select min(ordered_local)::date as first_day, max(ordered_local)::date as last_day
from orders
where ordered_local < $until and amount > 0
"""


def summarize(
    store: Store,
    *,
    until: Moment,
    unit: Unit = "week",
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """What is known before ``until`` of everybody who ever ordered.

    Args:
        store: Read: ``orders``.
        until: Orders from here on are not seen; the age runs to the last day before it.
        unit: Of the times: day, week, month (365.25 / 12 days) or year (365.25 days).
        currency: What amounts are in; null = that of the orders, if they have only one.
        rates: What one of another currency is worth in ``currency``, such as ``{"USD": 4000.0}``.

    Returns:
        One row per buyer, in order of ``user_id``: ``user_id``, ``frequency`` (days with an order after the
        first), ``recency`` (first to last such day, units; 0 for who bought once), ``age`` (first day to the
        last day before ``until``, units), ``monetary`` (mean spend of the days counted by ``frequency``;
        null where there is none). ``attrs`` hold ``unit``, ``until`` and ``currency``.

    Raises:
        RequestError: If the unit is unknown, or orders are in several currencies without a rate for each.
        NotTrainableError: If nobody ordered before ``until``.
    """
    _check_unit(unit)
    bound = local_moment(until)
    money, listed = converted(store, until=until, currency=currency, rates=rates)
    last = (bound - dt.timedelta(microseconds=1)).date()
    found = store.query(BUYERS, until=bound, last_day=last, rates=listed)
    days = UNIT_DAYS[unit]
    rows = found.assign(recency=found["recency_days"] / days, age=found["age_days"] / days)[list(SUMMARY)]
    rows.attrs = {"unit": unit, "until": str(until), "currency": money}
    return rows


def later_orders(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """What those who had bought before ``since`` bought in ``[since, until)``, to hold a model to.

    Args:
        store: Read: ``orders``.
        since: The cut-off of the model.
        until: End of the window, excluded.
        currency: As of ``summarize``.
        rates: As of ``summarize``.

    Returns:
        One row per buyer of ``summarize(until=since)``, in its order: ``user_id``, ``orders`` (days with an
        order in the window; 0 = none), ``spent`` (in the currency).

    Raises:
        RequestError: As ``summarize``, or if the window is empty.
        NotTrainableError: As ``summarize``.
    """
    bounds = {"since": local_moment(since), "until": local_moment(until)}
    if bounds["since"] >= bounds["until"]:
        raise RequestError(f"The hold-out [{since}, {until}) is empty: since must be before until.")
    _, listed = converted(store, until=until, currency=currency, rates=rates)
    return store.query(LATER, **bounds, rates=listed)


def left_out(store: Store, *, until: Moment) -> pd.Series:
    """What ``summarize`` does not count as a transaction, and what it does.

    Args:
        store: Read: ``orders``.
        until: As of ``summarize``.

    Returns:
        ``orders`` (counted), ``refunds`` (negative amounts), ``zeros``, ``later`` (at ``until`` or after, as
        an order of the future), ``refunded_share`` (refunded of the ordered amount; null without an order).
    """
    return store.query(LEFT_OUT, until=local_moment(until)).iloc[0]


def span(store: Store, *, until: Moment) -> tuple[dt.date, dt.date]:
    """The days of the first and the last order before ``until``.

    Raises:
        NotTrainableError: If there is none.
    """
    found = store.query(FIRST_AND_LAST, until=local_moment(until)).iloc[0]
    # NaT is the value that differs from itself.
    if found.isna().any():
        raise NotTrainableError(_nobody(until))
    first, last = (pd.Timestamp(found[name]).date() for name in ("first_day", "last_day"))
    return first, last


def converted(
    store: Store, *, until: Moment, currency: str | None, rates: Mapping[str, float] | None
) -> tuple[str, list[str]]:
    """The currency of the amounts, and what one of each is worth in it, as ``COP|1.0``.

    Raises:
        RequestError: If a rate is no positive number, or a currency has none.
        NotTrainableError: If nobody ordered before ``until``.
    """
    there = store.query(CURRENCIES, until=local_moment(until))["currency"].tolist()
    if not there:
        raise NotTrainableError(_nobody(until))
    given = dict(rates or {})
    for name, rate in given.items():
        if not (math.isfinite(rate) and rate > 0):
            raise RequestError(f"The rate of {name} is {rate!r}; expected what one of it is worth, above 0.")
    left = [name for name in there if name not in given]
    chosen = currency or (left or there)[0]
    unpriced = [name for name in left if name != chosen]
    if unpriced or (currency is None and len(left) != 1):
        example = f'currency="{chosen}", rates={{"{(unpriced or there)[0]}": …}}'
        raise RequestError(
            f"Orders are in {', '.join(there)}; amounts of several cannot be added. Give a currency "
            f"and a rate for each other one, such as {example}."
        )
    return chosen, [f"{name}|{1.0 if name == chosen else given[name]!r}" for name in there]


def _check_unit(unit: str) -> None:
    if unit not in get_args(Unit):
        raise RequestError(f"Unknown unit {unit!r}. Expected one of {', '.join(get_args(Unit))}.")


def _nobody(until: Moment) -> str:
    return (
        f"Nobody ordered anything before {until}: a lifetime model learns from orders. Ingest orders first."
    )
