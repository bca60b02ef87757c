"""What each conversation shows to a scan, worked out once for every state of the store.

``conversation_signals`` has one row for each conversation (columns in ``derived_tables``) and holds all that
the store shows: a question as of an earlier moment counts for itself what was known then (``scans``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pandas as pd

from analytics_lib.store import Derived

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.store import Store

# Intents of a user are told apart by bits, one for the length and first letter of the name: counting distinct
# names would make it count three times as long.
SIGNALS = """
with said as (
    select
        conversation_id, sent_at, sender,
        case when sender = 'user' then sentiment end as sentiment,
        case when sender = 'user' then 1::bigint << (26 * length(intent) + ascii(intent)) % 61 end as intent
    from messages
),
written as (
    select
        conversation_id,
        min(sent_at) as first_at,
        max(sent_at) as last_at,
        count(*) filter (where sender = 'user') as user_messages,
        count(intent) - coalesce(bit_count(bit_or(intent)), 0) as intents_again,
        count(sentiment) as known,
        avg(sentiment) as sentiment
    from said
    group by conversation_id
),
failed as (
    select conversation_id, min(started_at) as failed_at
    from actions
    where succeeded = false
    group by conversation_id
),
steps as (
    select
        conversation_id,
        bool_or(events.name = 'purchase_initiated') as initiated,
        bool_or(events.name = 'purchase_completed') as completed,
        max(value) filter (where events.name = 'purchase_initiated') as agreed
    from events
    where events.name in ('cart_added', 'purchase_initiated', 'purchase_completed')
    group by conversation_id
),
carted as (
    select conversation_id, max(coalesce(value, price)) as value
    from events left join products using (product_id)
    where events.name = 'cart_added'
    group by conversation_id, coalesce(product_id, event_id)
),
carts as (select conversation_id, sum(value) as carried from carted group by conversation_id),
bought as (
    select conversation_id, bool_or(amount > 0) as bought
    from orders
    group by conversation_id
)
select
    conversation_id, channel, started_at, started_local, ended_at, escalated_at,
    first_at, last_at, user_messages, intents_again, known, sentiment, failed_at,
    initiated, completed, agreed, carried, coalesce(bought, false) as bought
from conversations
    left join written using (conversation_id)
    left join failed using (conversation_id)
    left join steps using (conversation_id)
    left join carts using (conversation_id)
    left join bought using (conversation_id)
"""

CONVERSATION_SIGNALS = Derived(
    name="conversation_signals",
    reads=("conversations", "messages", "actions", "events", "orders", "products"),
    make=SIGNALS,
)

LAST_ROW = """
select max(row_at) as last_at
from (
    select max(sent_at) as row_at from messages
    union all
    select max(occurred_at) as row_at from events
    union all
    select max(ordered_at) as row_at from orders
) as lasts
"""

_LAST: WeakKeyDictionary[Store, pd.Timestamp] = WeakKeyDictionary()


def signals_known(store: Store, as_of: dt.datetime) -> bool:
    """Whether all that ``conversation_signals`` tells was known at a moment; if so, it can be read now.

    What was known of a whole store at a moment (``Store.known_at``) is asked about that once or twice: there
    it is counted for the question alone.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``orders``, ``products``.
        as_of: Nothing of this moment or later is known.
    """
    if store.cutoff is not None:
        return False
    if store not in _LAST:
        _LAST[store] = pd.Timestamp(store.query(LAST_ROW)["last_at"].iloc[0])
    if _LAST[store] >= pd.Timestamp(as_of):
        return False
    store.derived(CONVERSATION_SIGNALS)
    return True
