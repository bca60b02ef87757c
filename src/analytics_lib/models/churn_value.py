"""What is at stake: what people are expected to spend if they stay, and so what their leaving puts at risk.

Buyers: the orders expected while active (MBG/NBD, divided by P(alive), since staying is what is supposed)
times the spend expected a time (Gamma-Gamma). Everybody else, and buyers where nothing can be fitted: the
mean spent by those like them who stayed in the model's last window, drawn out to the horizon of value. Who
leaves for the model's horizon may still come back later: the value at risk is an upper bound of what a return
would save.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError
from analytics_lib.models.lifetime_orders import converted, summarize
from analytics_lib.models.lifetime_repeat import fit_mbg_nbd
from analytics_lib.models.lifetime_spend import fit_gamma_gamma

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

# P(alive) of a buyer long gone is nearly 0; what they would spend is not without bound.
LEAST_ALIVE = 0.01

_SPENT = """
with rates as (
    select split_part(listed, '|', 1) as currency, split_part(listed, '|', 2)::double as rate
    from (select unnest($rates) as listed) as given
)
select
    orders.user_id,
    min(orders.ordered_at) < $since as bought_before,
    coalesce(
        sum(case when orders.ordered_at >= $since then orders.amount * rates.rate end), 0.0
    ) as spent
from orders
inner join rates on orders.currency = rates.currency
where orders.amount > 0 and orders.ordered_at < $until
group by orders.user_id
order by orders.user_id
"""


@dataclass(frozen=True)
class Stakes:
    """What people would spend if they stayed.

    Attributes:
        values: One row per user asked about, in their order: ``user_id``, ``bought``, ``spend_if_stays``
            (over the horizon of value, in the currency), ``source`` (``model``, or ``mean`` of those like
            them).
        means: One row per group: ``bought`` ``users`` (who stayed in the last window) ``mean`` (spent over
            the horizon of value; null where nobody stayed).
        currency: Of the amounts; empty where nobody ever ordered.
        horizon: Over how long.
        problems: Codes of the fitted models' problems; ``unfitted`` where there was no model of buyers.
    """

    values: pd.DataFrame
    means: pd.DataFrame
    currency: str
    horizon: dt.timedelta
    problems: tuple[str, ...] = ()


def stakes(
    store: Store,
    people: pd.DataFrame,
    *,
    as_of: Moment,
    seen: pd.DataFrame,
    horizon: dt.timedelta,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> Stakes:
    """What each of these people is expected to spend over the horizon if they stay.

    Args:
        store: As known at ``as_of``. Read: ``orders``.
        people: Whom: ``user_id``.
        as_of: Orders from here on are not seen.
        seen: The last window that is over: ``user_id left``, with ``cutoff`` and ``horizon`` in its
            ``attrs``.
        horizon: How far value looks.
        currency: As of ``lifetime.summarize``.
        rates: Likewise.

    Raises:
        RequestError: If orders are in several currencies without a rate for each.
    """
    nothing = pd.DataFrame({"bought": [False, True], "users": 0, "mean": np.nan})
    try:
        money, listed = converted(store, until=as_of, currency=currency, rates=rates)
    except NotTrainableError:
        # Nobody ever ordered: what cannot be known is not 0.
        values = people[["user_id"]].assign(bought=False, spend_if_stays=np.nan, source="mean")
        return Stakes(values, nothing, "", horizon, ("unfitted",))
    means = _means(store, seen, listed, horizon)
    expected, problems = _modelled(store, as_of, horizon, currency=currency, rates=rates)
    values = people[["user_id"]].merge(expected, on="user_id", how="left")
    bought = values["bought"].notna()
    mean_of = means.set_index("bought")["mean"]
    by_mean = np.where(bought, mean_of[True], mean_of[False])
    modelled = values["spend_if_stays"].notna()
    values = values.assign(
        bought=bought.to_numpy(),
        spend_if_stays=values["spend_if_stays"].where(modelled, by_mean),
        source=np.where(modelled, "model", "mean"),
    )
    return Stakes(values, means, money, horizon, problems)


def _means(store: Store, seen: pd.DataFrame, listed: list[str], horizon: dt.timedelta) -> pd.DataFrame:
    """Mean spent of those who stayed, by whether they had bought before, over the horizon of value."""
    since, length = seen.attrs["cutoff"], seen.attrs["horizon"]
    spent = store.query(_SPENT, since=since, until=since + length, rates=listed)
    stayed = seen.loc[~seen["left"], ["user_id"]].merge(spent, on="user_id", how="left")
    bought = stayed["bought_before"].astype("boolean").fillna(value=False).astype(bool)
    amounts = stayed["spent"].fillna(0.0).astype(float) * (horizon / length)
    rows = [
        {"bought": kind, "users": int((bought == kind).sum()), "mean": amounts[bought == kind].mean()}
        for kind in (False, True)
    ]
    return pd.DataFrame(rows)


def _modelled(
    store: Store,
    as_of: Moment,
    horizon: dt.timedelta,
    *,
    currency: str | None,
    rates: Mapping[str, float] | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """``user_id bought spend_if_stays`` of every buyer; null where no model could be fitted."""
    summary = summarize(store, until=as_of, currency=currency, rates=rates)
    rows = summary[["user_id"]].assign(bought=True, spend_if_stays=np.nan)
    try:
        repeat, spend = fit_mbg_nbd(summary), fit_gamma_gamma(summary)
    except NotTrainableError:
        return rows, ("unfitted",)
    problems = tuple(sorted({*repeat.problems, *spend.problems}))
    if "no_mean" in problems:
        return rows, problems
    alive = np.maximum(repeat.probability_alive(summary), LEAST_ALIVE)
    orders = repeat.expected_purchases(summary, horizon) / alive
    return rows.assign(spend_if_stays=orders * spend.expected_spend(summary)), problems
