"""Where one person met trouble, each with its conversation, its moment and what shows it.

The troubles of conversations are the key moments that reviews find (see ``key_moments``), with the
escalations. Added is the cart that was left: something was put into it, and neither was anything bought in
the same conversation from then on, nor by the person within 24 hours. Under 24 hours before the window's end
that is not known yet, and the cart is no trouble.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from analytics_lib.analysis.key_moments import TROUBLES
from analytics_lib.analysis.rows import frame_of, records
from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.text.masking import mask_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.analysis.detectors import Row
    from analytics_lib.analysis.user_rows import UserRows

CART_HOURS = 24
_CART_SPAN = dt.timedelta(hours=CART_HOURS)
_ESCALATED = "escalated"
_ADDED, _BOUGHT = "cart_added", "purchase_completed"
TROUBLE_TYPES = {
    "kind": "str",
    "at_local": "datetime64[us]",
    "conversation_id": "str",
    "message_id": "str",
    "action_id": "str",
    "event_id": "str",
    "name": "str",
    "product_id": "str",
    "product": "str",
    "n": "int64",
    "value": "float64",
    "text": "str",
}


def pain_points(rows: UserRows) -> pd.DataFrame:
    """The troubles of one person in the window, in order of time.

    Returns:
        One row per trouble: ``kind`` (a trouble of ``key_moments``, escalated, or abandoned_cart),
        ``at_local``, ``conversation_id``, ``message_id`` (what to read; null where nothing was said before),
        ``action_id`` of a failed action, ``event_id`` of the last thing put into a cart, ``name`` (action;
        reason of an escalation; furthest stage of a cart's conversation), ``product_id`` and ``product`` of
        that last thing, ``n`` (things put into the cart; else 1), ``value`` (seconds of a silence; what the
        cart is worth by its events or list prices, null where one is unknown), ``text`` of the message,
        masked.
    """
    found = [*_of_conversations(rows), *abandoned_carts(rows)]
    # At one instant by kind, so that the same data give the same order.
    ordered = sorted(found, key=lambda row: (row["at_local"], row["kind"], str(row["conversation_id"])))
    return frame_of((tuple(row[name] for name in TROUBLE_TYPES) for row in ordered), TROUBLE_TYPES)


def abandoned_carts(rows: UserRows) -> Iterator[Row]:
    """The carts that were left, one per conversation; outside conversations, one per day of 24 hours."""
    moments, by_talk = purchase_moments(rows)
    happened = records(rows.events)
    left: dict[str, list[Row]] = {}
    chain, last = 0, None
    for event in happened:
        talk, at = event["conversation_id"], event["occurred_local"]
        if event["name"] != _ADDED or at + _CART_SPAN > rows.until:
            continue
        place = bisect_left(moments, at)
        soon = place < len(moments) and moments[place] - at <= _CART_SPAN
        here = isinstance(talk, str)
        if soon or (here and any(bought >= at for bought in by_talk.get(talk, ()))):
            continue
        if not here:
            chain += last is not None and at - last > _CART_SPAN
            last = at
        left.setdefault(f"in {talk}" if here else f"beside {chain}", []).append(event)
    furthest: dict[object, int] = {}
    for event in happened:
        if event["name"] in FUNNEL_STAGES:
            place = FUNNEL_STAGES.index(event["name"])
            furthest[event["conversation_id"]] = max(place, furthest.get(event["conversation_id"], 0))
    for events in left.values():
        yield _cart(events, furthest)


def _cart(events: list[Row], furthest: dict[object, int]) -> Row:
    last = events[-1]
    # Who goes round the checkout puts the same product into the cart again; it is carried once.
    carried = {_thing(event): event for event in events}.values()
    worth = [event["price"] if math.isnan(event["value"]) else event["value"] for event in carried]
    talk = last["conversation_id"]
    return _trouble(
        "abandoned_cart",
        last["occurred_local"],
        talk,
        event_id=last["event_id"],
        name=FUNNEL_STAGES[furthest[talk]] if isinstance(talk, str) else _ADDED,
        product_id=last["product_id"],
        product=last["product"],
        n=len(carried),
        value=math.fsum(worth),
    )


def _thing(event: Row) -> object:
    return event["product_id"] if isinstance(event["product_id"], str) else event["event_id"]


def purchase_moments(rows: UserRows) -> tuple[list[dt.datetime], dict[str, list[dt.datetime]]]:
    """When something was bought by events or orders, ascending; and the same by conversation."""
    bought = [
        (row["occurred_local"], row["conversation_id"])
        for row in records(rows.events[["name", "occurred_local", "conversation_id"]])
        if row["name"] == _BOUGHT
    ]
    paid = rows.orders[rows.orders["amount"] > 0]
    bought += list(zip(paid["ordered_local"], paid["conversation_id"], strict=True))
    by_talk: dict[str, list[dt.datetime]] = {}
    for at, talk in bought:
        if isinstance(talk, str):
            by_talk.setdefault(talk, []).append(at)
    return sorted(at for at, _ in bought), by_talk


def _of_conversations(rows: UserRows) -> Iterator[Row]:
    said = _said(rows)
    failed = _failed(rows)
    starts = rows.talks.conversation.set_index("conversation_id")["started_local"].to_dict()
    for moment in records(rows.moments):
        talk, kind = moment["conversation_id"], moment["kind"]
        at = starts[talk] + pd.Timedelta(moment["seconds"], unit="s").round("us")
        if kind not in (*TROUBLES, _ESCALATED) or not rows.since <= at < rows.until:
            continue
        actions = failed.get((talk, moment["name"], moment["seconds"]), [])
        yield _trouble(
            kind,
            at,
            talk,
            message_id=moment["message_id"],
            action_id=actions.pop(0) if kind == "failed_action" and actions else None,
            name=moment["name"],
            value=moment["value"],
            text=said.get(moment["message_id"]),
        )


def _trouble(kind: str, at: dt.datetime, talk: object, **more: object) -> Row:
    row: Row = dict.fromkeys(TROUBLE_TYPES)
    row.update(kind=kind, at_local=at, conversation_id=talk, n=1, value=math.nan)
    row.update(more)
    return row


def _said(rows: UserRows) -> dict[str, str]:
    """The masked texts of the messages that show a trouble."""
    shown = rows.talks.messages
    shown = shown[shown["message_id"].isin(rows.moments["message_id"]) & shown["text"].notna()]
    texts = mask_column(pa.array(shown["text"].tolist(), pa.string())).to_pylist()
    return dict(zip(shown["message_id"], texts, strict=True))


def _failed(rows: UserRows) -> dict[tuple[str, str, float], list[str]]:
    """The ids of failed actions by conversation, name and second."""
    actions = [row for row in records(rows.talks.actions) if row["succeeded"] is False]
    keyed = ((row["conversation_id"], row["name"], row["seconds"]) for row in actions)
    pairs = sorted(zip(keyed, (row["action_id"] for row in actions), strict=True))
    return {key: [name for _, name in found] for key, found in groupby(pairs, key=lambda pair: pair[0])}
