"""What is sold: the catalogue, the events of each conversation, the orders and refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate.behaviours import EVENT_NAMES, events_between
from analytics_lib.simulate.columns import constant, identifiers, moments, numbers, picked, spelled, table
from analytics_lib.simulate.funnel import STAGES
from analytics_lib.simulate.turns import Turns, stage_rows
from analytics_lib.simulate.world import MS_PER_DAY, World

if TYPE_CHECKING:
    from analytics_lib.simulate.contacts import Contacts

# Category, garments, list price in COP of the cheapest.
CATALOGUE = (
    ("jeans", ("Jean skinny", "Jean mom", "Jean recto", "Jean cargo"), 99_900),
    ("camisetas", ("Camiseta básica", "Camiseta oversize", "Camiseta polo", "Crop top"), 34_900),
    ("vestidos", ("Vestido midi", "Vestido camisero", "Vestido largo"), 89_900),
    ("chaquetas", ("Chaqueta denim", "Chaqueta bomber", "Buzo con capota"), 129_900),
    ("calzado", ("Tenis blancos", "Botas", "Sandalias"), 119_900),
    ("accesorios", ("Bolso", "Cinturón", "Gorra"), 29_900),
)
COLOURS = ("negro", "blanco", "azul", "beige", "verde", "rojo")
STAGE_WITH_PRODUCT = FUNNEL_STAGES.index("product_selected")
REFUND_DAYS = (2.0, 15.0)


def products_table(world: World) -> pa.Table:
    """One row per garment and colour."""
    rows = [
        (f"{garment} {colour}", category, price + 10_000 * place)
        for category, garments, price in CATALOGUE
        for place, garment in enumerate(garments)
        for colour in COLOURS
    ]
    names, categories, prices = zip(*rows, strict=True)
    return table(
        {
            "product_id": product_ids(world, np.arange(len(rows))),
            "name": pa.array(names),
            "category": pa.array(categories),
            "price": pa.array(prices),
        }
    )


def product_ids(world: World, numbers_: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Ids of products by their number."""
    return identifiers(f"p{world.seed}-", numbers_, known)


def product_count() -> int:
    """Number of products in the catalogue."""
    return sum(len(garments) for _, garments, _ in CATALOGUE) * len(COLOURS)


def simulate_orders(world: World, contacts: Contacts, chats: pd.DataFrame, turns: Turns) -> pd.DataFrame:
    """Orders in order of time: ``user ordered_ms conversation`` (-1 outside chat) ``amount product``."""
    rng, spend = world.stream("orders"), world.parameters.gamma_gamma
    conversation, stage, turn = stage_rows(chats, turns)
    bought = stage == STAGES - 1
    in_chat = pd.DataFrame({"conversation": conversation[bought], "ordered_ms": turns.reply_ms[turn[bought]]})
    in_chat = in_chat.assign(user=chats["user"].to_numpy()[in_chat["conversation"]])
    orders = pd.concat([in_chat, contacts.shop_orders.assign(conversation=-1)], ignore_index=True)
    orders = orders[orders["ordered_ms"] < world.window.until_ms]
    orders = orders.sort_values(["ordered_ms", "user"], kind="stable", ignore_index=True)
    nu = rng.gamma(spend["q"], 1 / spend["v"], contacts.users)
    amount = rng.gamma(spend["p"], 1 / nu[orders["user"].to_numpy()])
    # Prices end in hundreds of pesos.
    return orders.assign(
        amount=np.maximum(np.round(amount / 100) * 100, 100).astype(np.int64),
        product=rng.integers(0, product_count(), len(orders)),
    )


def orders_table(world: World, orders: pd.DataFrame, ids: tuple[pa.Array, pa.Array]) -> pa.Table:
    """Orders, then their refunds with negative amounts; ``ids`` are those of conversations and users."""
    rng = world.stream("refunds")
    number, ordered_ms = np.arange(len(orders)), orders["ordered_ms"].to_numpy()
    refunded_ms = ordered_ms + (MS_PER_DAY * rng.uniform(*REFUND_DAYS, number.size)).astype(np.int64)
    refunded = rng.random(number.size) < world.parameters.refund_rate
    refunds = np.flatnonzero(refunded & (refunded_ms < world.window.until_ms))
    row = np.concatenate([number, refunds])
    refund = np.arange(row.size) >= number.size
    order_id = identifiers(f"o{world.seed}-", row)
    conversation = orders["conversation"].to_numpy()[row]
    product = product_ids(world, orders["product"].to_numpy()[row])
    return table(
        {
            "order_id": pc.binary_join_element_wise(
                order_id, spelled(refund.astype(np.int8), ("", "-refund")), ""
            ),
            "user_id": picked(orders["user"].to_numpy()[row], ids[1]),
            "conversation_id": picked(conversation, ids[0], ~refund & (conversation >= 0)),
            "ordered_at": moments(np.where(refund, refunded_ms[row], ordered_ms[row])),
            "amount": numbers(np.where(refund, -1, 1) * orders["amount"].to_numpy()[row]),
            "currency": constant("COP", row.size),
            "items": pc.binary_join_element_wise('[{"product_id":"', product, '","quantity":1}]', ""),
        },
        json=("items",),
    )


def events_table(
    world: World, parts: tuple[pd.DataFrame, Turns, pd.DataFrame], ids: tuple[pa.Array, pa.Array]
) -> pa.Table:
    """Stages, and what happens between them, before ``until``; a purchase carries its order's amount."""
    chats, turns, orders = parts
    happened = _happened(world, chats, turns)
    conversation, stage = happened["conversation"].to_numpy(), happened["stage"].to_numpy()
    product = world.stream("events").integers(0, product_count(), len(chats))
    amount = np.zeros(len(chats), dtype=np.int64)
    in_chat = orders[orders["conversation"] >= 0]
    amount[in_chat["conversation"]] = in_chat["amount"]
    product[in_chat["conversation"]] = in_chat["product"]
    return table(
        {
            "event_id": identifiers(f"e{world.seed}-", np.arange(len(happened))),
            "user_id": picked(chats["user"].to_numpy()[conversation], ids[1]),
            "conversation_id": picked(conversation, ids[0]),
            "occurred_at": moments(happened["occurred_ms"].to_numpy()),
            "name": picked(happened["name"].to_numpy(), EVENT_NAMES),
            "product_id": product_ids(world, product[conversation], stage >= STAGE_WITH_PRODUCT),
            "value": numbers(amount[conversation], stage == STAGES - 1),
        }
    )


def _happened(world: World, chats: pd.DataFrame, turns: Turns) -> pd.DataFrame:
    """Every event before ``until`` in order of time: ``conversation stage name occurred_ms``."""
    conversation, stage, turn = stage_rows(chats, turns)
    occurred_ms = np.where(stage == STAGES - 1, turns.reply_ms[turn], turns.user_ms[turn])
    reached = pd.DataFrame(
        {"conversation": conversation, "stage": stage, "name": stage, "occurred_ms": occurred_ms}
    )
    events = pd.concat([reached, events_between(world, chats, occurred_ms)], ignore_index=True)
    events = events[events["occurred_ms"] < world.window.until_ms]
    return events.iloc[np.lexsort((events["name"], events["occurred_ms"]))]
