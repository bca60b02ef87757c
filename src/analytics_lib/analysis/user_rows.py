"""The rows of one person that a window holds, and the refusals where there are none.

Each row belongs to the window by its own moment on the wall clock of the business: a conversation by its
start, a message by when it was sent. A conversation with anything in the window is read whole, as far as it
was known at the window's end, since a question repeated after midnight was first asked before it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.key_moments import key_moments
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.timeline import Timeline, timelines
from analytics_lib.analysis.user_known import parts_known, refuse_user
from analytics_lib.periods import Moment, utc_moment, window
from analytics_lib.text.sentiment import SCORERS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.store import Store
    from analytics_lib.text.sentiment import Scorer

PERSON = """
select user_id, segment, city, region, country, first_seen_at
from users
where user_id = $user_id
"""

TOUCHED = """
select conversation_id
from conversations
where user_id = $user_id and started_local >= $since and started_local < $until
union
select conversation_id
from messages
where user_id = $user_id and sent_local >= $since and sent_local < $until
"""

EVENTS = """
select
    event_id, conversation_id, occurred_local, events.name, product_id,
    products.name as product, category, value, price
from events left join products using (product_id)
where user_id = $user_id and occurred_local >= $since and occurred_local < $until
order by occurred_at, event_id
"""

ORDERS = """
select order_id, conversation_id, ordered_local, amount, currency, items
from orders
where user_id = $user_id and ordered_local >= $since and ordered_local < $until
order by ordered_at, order_id
"""

INTENTS = """
select intent, conversation_id, count(*) as messages
from messages
where user_id = $user_id and sent_local >= $since and sent_local < $until
    and sender = 'user' and intent is not null
group by intent, conversation_id
order by intent, conversation_id
"""

DAYS = """
with happened as (
    select 'conversations' as part, started_local as at_local
    from conversations
    where user_id = $user_id and started_local >= $since and started_local < $until
    union all
    select case when sender = 'user' then 'own' else 'shop' end as part, sent_local as at_local
    from messages
    where user_id = $user_id and sent_local >= $since and sent_local < $until
    union all
    select 'events' as part, occurred_local as at_local
    from events
    where user_id = $user_id and occurred_local >= $since and occurred_local < $until
    union all
    select case when amount > 0 then 'orders' else 'refunds' end as part, ordered_local as at_local
    from orders
    where user_id = $user_id and ordered_local >= $since and ordered_local < $until and amount <> 0
)
select
    date_trunc('day', at_local) as day,
    hour(at_local) as hour,
    count(*) filter (where part = 'conversations') as conversations,
    count(*) filter (where part in ('own', 'shop')) as messages,
    count(*) filter (where part = 'own') as own_messages,
    count(*) filter (where part = 'events') as events,
    count(*) filter (where part = 'orders') as orders,
    count(*) filter (where part = 'refunds') as refunds,
    count(*) filter (where part in ('own', 'events', 'orders')) as own,
    min(at_local) as first_local,
    max(at_local) as last_local,
    max(at_local) filter (where part in ('own', 'events', 'orders')) as own_last_local
from happened
group by all
order by day, hour
"""
_QUERIES = {
    "touched": TOUCHED,
    "days": DAYS,
    "events": EVENTS,
    "orders": ORDERS,
    "intents": INTENTS,
    "person": PERSON,
}
_AT_ONCE = 2


@dataclass(frozen=True)
class UserRows:
    """What a window holds of one person.

    Attributes:
        user_id: The person.
        since: Start of the window, wall clock.
        until: Its end, excluded, wall clock.
        known: Which parts the store holds at all (see ``user_known.parts_known``).
        person: Their row of ``users``, or none.
        days: One row per hour with anything: ``day hour conversations messages own_messages events orders
            refunds own first_local last_local own_last_local``.
        events: Their events in the window, in order: ``event_id conversation_id occurred_local name
            product_id product category value price``.
        orders: Their orders and refunds in the window, in order: ``order_id conversation_id ordered_local
            amount currency items``.
        intents: One row per intent and conversation: ``intent conversation_id messages`` of their own.
        talks: The conversations with anything in the window, whole, as a timeline; its messages as read.
        moments: Their key moments (see ``key_moments``), of any time before the window's end.
    """

    user_id: str
    since: dt.datetime
    until: dt.datetime
    known: frozenset[str]
    person: pd.DataFrame
    days: pd.DataFrame
    events: pd.DataFrame
    orders: pd.DataFrame
    intents: pd.DataFrame
    talks: Timeline
    moments: pd.DataFrame


def rows_of_user(
    store: Store,
    user_id: str,
    *,
    since: Moment,
    until: Moment,
    scorers: Mapping[str, Scorer] = SCORERS,
) -> UserRows:
    """The rows of one person in a window.

    Raises:
        RequestError: If the store knows no such user, or the window is empty.
        NotEnoughDataError: If the window holds no row of theirs; the message says when they were active.
    """
    bounds = window(since, until)
    asked = {"user_id": user_id, **bounds}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = {
            name: pool.submit(store.query, sql, **(asked if name != "person" else {"user_id": user_id}))
            for name, sql in _QUERIES.items()
        }
        known = pool.submit(parts_known, store)
        parts = {name: answer.result() for name, answer in answers.items()}
    if parts["days"].empty:
        refuse_user(store, user_id, bounds)
    read = partial(read_messages, scorers=scorers)
    told = timelines(store, list(parts.pop("touched")["conversation_id"]), as_of=until, read=read)
    known_until = pd.Timestamp(utc_moment(until))
    moments = key_moments(told, told.messages, known_until=known_until)
    return UserRows(
        user_id=user_id,
        since=bounds["since"],
        until=bounds["until"],
        known=known.result(),
        talks=told,
        moments=moments,
        **parts,
    )
