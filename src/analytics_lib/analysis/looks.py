"""The looks into each table that a timeline is made of: conversations by ids, as far as they are known."""

from __future__ import annotations

from analytics_lib.store import Derived

# Of a conversation and its messages, what was not known yet is left out afterwards (``timeline``).
CONVERSATION = """
with asked as (select unnest($conversation_ids) as conversation_id)
select
    conversation_id, user_id, channel, started_at, started_local, ended_at, outcome, resolved, escalated_at,
    escalation_reason, csat, nps, entry_point, city
from conversations
where conversation_id in (select conversation_id from asked)
order by conversation_id
"""

MESSAGES = """
with asked as (select unnest($conversation_ids) as conversation_id)
select
    conversation_id, message_id, sent_at, sent_local, sender, kind, text,
    intent, confidence, true_intent, sentiment
from messages
where conversation_id in (select conversation_id from asked)
order by conversation_id, sent_at, message_id
"""

ACTIONS = """
with asked as (select unnest($conversation_ids) as conversation_id)
select
    conversation_id, action_id, started_at, started_local, name, duration_ms, succeeded, error
from actions
where conversation_id in (select conversation_id from asked) and started_at < $as_of
order by conversation_id, started_at, action_id
"""

EVENTS = """
with asked as (select unnest($conversation_ids) as conversation_id)
select
    conversation_id, event_id, occurred_at, occurred_local, name, product_id, product, category, value
from events left join product_names using (product_id)
where conversation_id in (select conversation_id from asked) and occurred_at < $as_of
order by conversation_id, occurred_at, event_id
"""

ORDERS = """
with asked as (select unnest($conversation_ids) as conversation_id)
select conversation_id, order_id, ordered_local, amount, currency
from conversation_orders
where conversation_id in (select conversation_id from asked) and ordered_at < $as_of
order by conversation_id, ordered_at, order_id
"""

# Both are looked up for every conversation and are small in most shops: there they are kept in memory.
PRODUCTS = "select product_id, name as product, category from products"
PLACED = """
select conversation_id, order_id, ordered_at, ordered_local, amount, currency
from orders
where conversation_id is not null
order by conversation_id
"""

PRODUCT_NAMES = Derived(name="product_names", reads=("products",), make=PRODUCTS)
CONVERSATION_ORDERS = Derived(name="conversation_orders", reads=("orders",), make=PLACED)
