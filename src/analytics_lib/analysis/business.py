"""What one conversation was worth: products shown, how far it got, what was ordered, what others brought."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.analysis.comparable import comparable, single_currency
from analytics_lib.analysis.timeline import facts_of
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from analytics_lib.analysis.timeline import Timeline
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


@dataclass(frozen=True)
class Business:
    """The business side of one conversation.

    Attributes:
        products: One row per product of its events: ``product_id product category``, ``stage`` (the furthest
            it reached; null outside the funnel), ``seconds`` (first seen).
        stage: Furthest stage of the funnel; None where the source tells no events.
        left_at: The same where the conversation is over and nothing was bought; else None.
        orders: One row per order: ``order_id ordered_local amount currency``.
        revenue: Sum of their amounts; NaN without an order or in several currencies.
        currency: Of the revenue, and of what comparable ones brought; None where it is not one and the same.
        comparable: What comparable conversations brought (see ``comparable.comparable``).
    """

    products: pd.DataFrame
    stage: str | None
    left_at: str | None
    orders: pd.DataFrame
    revenue: float
    currency: str | None
    comparable: pd.DataFrame


def business(store: Store, timeline: Timeline, *, over: bool, as_of: Moment | None = None) -> Business:
    """The business side of one conversation.

    Args:
        store: Read for the comparable ones: ``conversations``, ``events``, ``orders``.
        timeline: One conversation.
        over: Whether it has ended.
        as_of: Nothing later is known; null = everything in the store is.
    """
    orders = timeline.orders
    currencies = orders["currency"].unique()
    single = len(currencies) == 1
    revenue = float(orders["amount"].sum()) if single else math.nan
    stage = _furthest(timeline.events["name"])
    return Business(
        _products(timeline.events),
        stage,
        stage if over and not bought(stage, orders["amount"]) else None,
        orders.drop(columns="conversation_id"),
        revenue,
        str(currencies[0]) if single else single_currency(store, as_of=as_of),
        comparable(store, facts_of(timeline), stage=stage, revenue=revenue, as_of=as_of),
    )


def bought(stage: str | None, amounts: Iterable[float]) -> bool:
    """Whether something was bought: the last stage reached, or an order of more than nothing."""
    return stage == FUNNEL_STAGES[-1] or any(amount > 0 for amount in amounts)


def _furthest(names: Iterable[str]) -> str | None:
    reached = {FUNNEL_STAGES.index(name) for name in names if name in FUNNEL_STAGES}
    return FUNNEL_STAGES[max(reached)] if reached else None


def _products(events: pd.DataFrame) -> pd.DataFrame:
    seen: dict[str, list[dict[Hashable, Any]]] = {}
    for event in events[events["product_id"].notna()].to_dict("records"):
        seen.setdefault(event["product_id"], []).append(event)
    rows = [
        {
            **{name: found[0][name] for name in ("product_id", "product", "category", "seconds")},
            "stage": _furthest(event["name"] for event in found),
        }
        for found in seen.values()
    ]
    return pd.DataFrame(rows, columns=["product_id", "product", "category", "stage", "seconds"])
