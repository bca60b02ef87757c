"""The looks of ``looks`` for one conversation, into rows that lie in the order of conversations.

Three of them take a quarter of the time of the five looks into the tables; they are asked where ingest has
kept the rows (``Store.has``), since a single review is no reason to make them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.store import Derived

ROWS = """
select
    conversation_id, user_id, channel, started_at, started_local, ended_at, outcome, resolved, escalated_at,
    escalation_reason, csat, nps, entry_point, city
from conversations
"""

WRITTEN = """
select
    conversation_id, message_id, sent_at, sent_local, sender, kind, text,
    intent, confidence, true_intent, sentiment
from messages
"""

STEPS = """
select
    conversation_id, 'action' as kind, action_id as step_id, started_at as moment,
    started_local as moment_local, name, duration_ms, succeeded, error,
    null as product_id, null as product, null as category, null as value, null as amount, null as currency
from actions
union all
select
    conversation_id, 'event' as kind, event_id as step_id, occurred_at as moment,
    occurred_local as moment_local, events.name, null as duration_ms, null as succeeded, null as error,
    events.product_id, products.name as product, category, value, null as amount, null as currency
from events left join products on events.product_id = products.product_id
where conversation_id is not null
union all
select
    conversation_id, 'order' as kind, order_id as step_id, ordered_at as moment,
    ordered_local as moment_local, null as name, null as duration_ms, null as succeeded, null as error,
    null as product_id, null as product, null as category, null as value, amount, currency
from orders
where conversation_id is not null
"""

CONVERSATION_ROWS = Derived("conversation_rows", ("conversations",), ROWS, looked_up="conversation_id")
CONVERSATION_MESSAGES = Derived("conversation_messages", ("messages",), WRITTEN, looked_up="conversation_id")
CONVERSATION_STEPS = Derived(
    "conversation_steps", ("actions", "events", "orders", "products"), STEPS, looked_up="conversation_id"
)

KEPT_CONVERSATION = """
select
    conversation_id, user_id, channel, started_at, started_local, ended_at, outcome, resolved, escalated_at,
    escalation_reason, csat, nps, entry_point, city
from conversation_rows
where conversation_id = $conversation_id
"""

KEPT_MESSAGES = """
select
    conversation_id, message_id, sent_at, sent_local, sender, kind, text,
    intent, confidence, true_intent, sentiment
from conversation_messages
where conversation_id = $conversation_id
order by conversation_id, sent_at, message_id
"""

KEPT_STEPS = """
select
    conversation_id, kind, step_id, moment, moment_local, name, duration_ms, succeeded, error, product_id,
    product, category, value, amount, currency
from conversation_steps
where conversation_id = $conversation_id and moment < $as_of
order by kind, moment, step_id
"""

_COLUMNS = {
    "actions": (
        "action",
        {"step_id": "action_id", "moment": "started_at", "moment_local": "started_local"},
        ("name", "duration_ms", "succeeded", "error"),
    ),
    "events": (
        "event",
        {"step_id": "event_id", "moment": "occurred_at", "moment_local": "occurred_local"},
        ("name", "product_id", "product", "category", "value"),
    ),
    "orders": (
        "order",
        {"step_id": "order_id", "moment_local": "ordered_local"},
        ("amount", "currency"),
    ),
}


def apart(steps: pa.Table) -> dict[str, pa.Table]:
    """Actions, events and orders, each with the columns of its own look and in its order."""
    found = {}
    for name, (kind, called, others) in _COLUMNS.items():
        rows = steps.filter(pc.equal(steps["kind"], kind)).select(["conversation_id", *called, *others])
        found[name] = rows.rename_columns([called.get(column, column) for column in rows.column_names])
    return found
