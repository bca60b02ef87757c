"""The looks into each table that a timeline is made of: conversations by ids, as far as they are known."""

from __future__ import annotations

from analytics_lib.store import Derived

CONVERSATION = """
with asked as (select unnest($conversation_ids) as conversation_id),
known as (
    select
        conversations.*,
        ended_at < $as_of as is_closed,
        escalated_at < $as_of as is_escalated
    from conversations
    where conversation_id in (select conversation_id from asked) and started_at < $as_of
)
select
    conversation_id, user_id, channel, started_at, started_local, entry_point, city,
    case when is_closed then outcome end as outcome,
    case when is_closed then resolved end as resolved,
    case when is_closed then csat end as csat,
    case when is_closed then nps end as nps,
    case when is_escalated then escalation_reason end as escalation_reason,
    case when is_closed then date_diff('microsecond', started_at, ended_at) / 1000000.0 end as ended_seconds,
    case when is_escalated then date_diff('microsecond', started_at, escalated_at) / 1000000.0 end
        as escalated_seconds
from known
order by conversation_id
"""

# What had not been sent yet is left out afterwards (``timeline``): a second condition takes longer than that.
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
