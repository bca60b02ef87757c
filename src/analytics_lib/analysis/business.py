"""What one conversation was worth: products shown, how far it got, what was ordered, what others brought."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.analysis.comparable import comparable, single_currency
from analytics_lib.analysis.rows import frame_of
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analytics_lib.analysis.detectors import Row, Story
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
        foreseen_conversion: The probability of a purchase that a model gave last, before another end was
            decided; NaN where there is no model, and the share of comparable ones is all there is.
    """

    products: pd.DataFrame
    stage: str | None
    left_at: str | None
    orders: pd.DataFrame
    revenue: float
    currency: str | None
    comparable: pd.DataFrame
    foreseen_conversion: float = math.nan


def business(store: Store, story: Story, orders: pd.DataFrame, *, as_of: Moment | None = None) -> Business:
    """The business side of one conversation.

    Args:
        store: Read for the comparable ones: ``conversations``, ``events``, ``orders``.
        story: One conversation.
        orders: Its orders, as in ``Timeline.orders``.
        as_of: Nothing later is known; null = everything in the store is.
    """
    currencies = orders["currency"].unique()
    single = len(currencies) == 1
    revenue = float(orders["amount"].sum()) if single else math.nan
    stage = _furthest(event["name"] for event in story.events)
    return Business(
        _products(story.events),
        stage,
        stage if story.over and not bought(stage, orders["amount"]) else None,
        orders.iloc[:, 1:],
        revenue,
        str(currencies[0]) if single else single_currency(store, as_of=as_of),
        comparable(store, story.conversation, stage=stage, revenue=revenue, as_of=as_of),
    )


def bought(stage: str | None, amounts: Iterable[float]) -> bool:
    """Whether something was bought: the last stage reached, or an order of more than nothing."""
    return stage == FUNNEL_STAGES[-1] or any(amount > 0 for amount in amounts)


def _furthest(names: Iterable[str]) -> str | None:
    reached = {FUNNEL_STAGES.index(name) for name in names if name in FUNNEL_STAGES}
    return FUNNEL_STAGES[max(reached)] if reached else None


def _products(events: list[Row]) -> pd.DataFrame:
    seen: dict[str, list[Row]] = {}
    for event in events:
        if isinstance(event["product_id"], str):
            seen.setdefault(event["product_id"], []).append(event)
    rows = []
    for product_id, found in seen.items():
        first, stage = found[0], _furthest(event["name"] for event in found)
        rows.append((product_id, first["product"], first["category"], stage, first["seconds"]))
    return frame_of(rows, dict.fromkeys(("product_id", "product", "category", "stage", "seconds")))
