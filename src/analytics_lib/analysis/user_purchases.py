"""What one person bought and how regularly, and what they like.

A purchase is an order of more than nothing; a refund (negative amount) is none, and takes nothing back from
the counts. Amounts of different currencies are never added.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd

from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.rows import frame_of, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analytics_lib.analysis.detectors import Row
    from analytics_lib.analysis.user_rows import UserRows
    from analytics_lib.store import Store

NAMES = """
with asked as (select unnest($product_ids) as product_id)
select product_id, name as product, category
from products
where product_id in (select product_id from asked)
"""
_DAY_SECONDS = 86_400.0
_PER_DAYS = 30.0
# What says nothing about a taste.
_COURTESY = frozenset({"greeting", "greet", "hello", "thanks", "goodbye"})
_MOST_ITEMS = 1_000
_ORDER_TYPES = {
    "order_id": "str",
    "ordered_local": "datetime64[us]",
    "conversation_id": "str",
    "kind": "str",
    "amount": "float64",
    "currency": "str",
    "items": "Int64",
}
_TASTE_TYPES = {
    "kind": "str",
    "value": "str",
    "name": "str",
    "occasions": "int64",
    "share": "float64",
    "bought": "Int64",
}


@dataclass(frozen=True)
class Purchases:
    """What one person bought in the window; null where the store records no orders at all.

    Attributes:
        orders: One row per order or refund, in order of time: ``order_id ordered_local conversation_id``
            (null = outside chat), ``kind`` (purchase, refund, or free: amount 0), ``amount currency items``
            (pieces; null where the source does not list them).
        by_currency: One row per currency, by number of purchases: ``currency purchases amount mean_amount
            refunds refunded`` (amount given back, positive) and ``net``.
        count: Purchases; None where the store records no orders.
        per_30_days: Purchases by length of the window, in 30 days.
        median_days_between: Median of the days from one purchase to the next; NaN under two.
        recency_days: Days from the last purchase to the window's end; NaN without any.
    """

    orders: pd.DataFrame
    by_currency: pd.DataFrame
    count: int | None
    per_30_days: float
    median_days_between: float
    recency_days: float


def purchases(rows: UserRows) -> Purchases:
    """The purchases of one person."""
    orders = _orders(rows.orders)
    bought = orders[orders["kind"] == "purchase"]
    moments = list(bought["ordered_local"])
    known = "orders" in rows.known
    days = (rows.until - rows.since).total_seconds() / _DAY_SECONDS
    gaps = [_days(after - before) for before, after in pairwise(moments)]
    return Purchases(
        orders=orders,
        by_currency=_by_currency(orders),
        count=len(moments) if known else None,
        per_30_days=_PER_DAYS * len(moments) / days if known else math.nan,
        median_days_between=median(gaps) if gaps else math.nan,
        recency_days=_days(pd.Timestamp(rows.until) - moments[-1]) if moments else math.nan,
    )


def preferences(store: Store, rows: UserRows) -> pd.DataFrame:
    """What the person looks at, buys and asks about.

    An occasion is a conversation, or a day for what happened outside one; it counts once however often a
    product came up in it. Greetings, thanks and what was not understood say nothing and are left out.

    Args:
        store: Read: ``products``, for the names of what was ordered.
        rows: The person's rows.

    Returns:
        One row per thing, by ``kind`` (category, product, intent), the most frequent first: ``value`` (its id
        or name), ``name`` (of a product, where the store has it), ``occasions``, ``share`` of the occasions
        on which anything of this kind came up (0 to 1; they overlap), ``bought`` (pieces in purchases; null
        for intents). Categories are known for products of the products table only.
    """
    bought = list(_pieces(rows.orders[rows.orders["amount"] > 0]))
    names = _names(store, rows.events, {product for product, _, _ in bought})
    seen: list[tuple[str, str]] = [
        (row["product_id"], _occasion(row, "occurred_local"))
        for row in records(rows.events[["product_id", "conversation_id", "occurred_local"]])
        if isinstance(row["product_id"], str)
    ]
    seen += [(product, occasion) for product, occasion, _ in bought]
    pieces: Counter[str] = Counter()
    for product, _, quantity in bought:
        pieces[product] += quantity
    kinds = {product: names.get(product, (None, None))[1] for product, _ in seen}
    in_kind: Counter[str] = Counter()
    for product, quantity in pieces.items():
        if isinstance(kinds[product], str):
            in_kind[str(kinds[product])] += quantity
    tastes = [
        (str(kinds[product]), occasion) for product, occasion in seen if isinstance(kinds[product], str)
    ]
    found: list[tuple[object, ...]] = [
        ("category", value, None, n, share, in_kind[value]) for value, n, share in _counted(tastes)
    ]
    found += [
        ("product", value, names.get(value, (None, None))[0], n, share, pieces[value])
        for value, n, share in _counted(seen)
    ]
    found += [("intent", value, None, n, share, None) for value, n, share in _counted(_intents(rows.intents))]
    return frame_of(found, _TASTE_TYPES)


def products_of(items: object) -> list[tuple[str, int]]:
    """The products and pieces of an order, as far as its ``items`` can be read.

    Read are a list of objects with ``product_id`` (and ``quantity``, one if absent) or of ids.
    """
    if not isinstance(items, str):
        return []
    try:
        listed: Any = orjson.loads(items)
    except orjson.JSONDecodeError:
        return []
    return [
        found
        for item in (listed if isinstance(listed, list) else [])[:_MOST_ITEMS]
        if (found := _piece(item))
    ]


def _piece(item: object) -> tuple[str, int] | None:
    if isinstance(item, str) and item:
        return item, 1
    if not isinstance(item, dict):
        return None
    product, quantity = item.get("product_id"), item.get("quantity", 1)
    counted = isinstance(quantity, int) and not isinstance(quantity, bool) and 0 < quantity < 1_000_000
    return (product, quantity if counted else 1) if isinstance(product, str) and product else None


def _pieces(bought: pd.DataFrame) -> Iterator[tuple[str, str, int]]:
    """Product, occasion and quantity of every line of what was bought."""
    for row in records(bought):
        for product, quantity in products_of(row["items"]):
            yield product, _occasion(row, "ordered_local"), quantity


def _occasion(row: Row, moment: str) -> str:
    talk = row["conversation_id"]
    return f"in {talk}" if isinstance(talk, str) else f"on {row[moment]:%Y-%m-%d}"


def _names(store: Store, events: pd.DataFrame, ordered: set[str]) -> dict[str, tuple[Any, Any]]:
    """Name and category of products."""
    told = {row["product_id"]: (row["product"], row["category"]) for row in records(events)}
    asked = sorted(ordered - told.keys())
    looked_up = store.query(NAMES, product_ids=asked) if asked else pd.DataFrame()
    return told | {row["product_id"]: (row["product"], row["category"]) for row in records(looked_up)}


def _intents(intents: pd.DataFrame) -> list[tuple[str, str]]:
    return [
        (row["intent"], row["conversation_id"])
        for row in records(intents)
        if row["intent"].lower() not in _COURTESY | FALLBACKS
    ]


def _counted(seen: Iterable[tuple[str, str]]) -> list[tuple[str, int, float]]:
    """Each value with its occasions and their share of all, the most frequent first."""
    on: defaultdict[str, set[str]] = defaultdict(set)
    for value, occasion in seen:
        on[value].add(occasion)
    total = len(set().union(*on.values())) if on else 1
    ordered = sorted(on, key=lambda value: (-len(on[value]), value))
    return [(value, len(on[value]), len(on[value]) / total) for value in ordered]


def _orders(orders: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in records(orders):
        kind = "purchase" if row["amount"] > 0 else "refund" if row["amount"] < 0 else "free"
        pieces = products_of(row["items"])
        n = sum(quantity for _, quantity in pieces) if pieces else None
        names = ("order_id", "ordered_local", "conversation_id")
        rows.append((*(row[name] for name in names), kind, row["amount"], row["currency"], n))
    return frame_of(rows, _ORDER_TYPES)


def _by_currency(orders: pd.DataFrame) -> pd.DataFrame:
    columns = ["currency", "purchases", "amount", "mean_amount", "refunds", "refunded", "net"]
    rows = []
    for currency, found in orders.groupby("currency"):
        bought, back = (found.loc[found["kind"] == kind, "amount"] for kind in ("purchase", "refund"))
        amount, refunded = float(bought.sum()), abs(float(back.sum()))
        mean = float(bought.mean()) if len(bought) else math.nan
        rows.append((currency, len(bought), amount, mean, len(back), refunded, amount - refunded))
    ordered = sorted(rows, key=lambda row: (-row[1], row[0]))
    return pd.DataFrame(ordered, columns=columns)


def _days(span: pd.Timedelta) -> float:
    return span.total_seconds() / _DAY_SECONDS
