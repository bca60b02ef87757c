"""Which people's journeys deserve reading, so that nobody looks at random.

Each reason ranks its worst people; the list takes the worst of every reason, then the second of each, and so
on. Among equals those come first who are among the worst in several ways, by reciprocal rank fusion (Cormack,
Clarke and Büttcher, 2009: the sum of 1 / (60 + rank)):

- ``cart_left``: carts left in the window's last 7 days (see ``user_troubles``), nothing bought since;
- ``failing_action``: failures of one action in its last 30 days, from two on, that it has not worked since;
- ``low_csat_escalated``: the survey answered with 1 or 2 in an escalated conversation of its last 30 days;
- ``gone_quiet``: three purchases or more, and for over twice the median gap between them nothing at all;
  who bought most often first;
- ``escalated_often``: escalated conversations, from two on;
- ``most_active``: the most conversations and events; after all others, so that the list is not empty.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.periods import Moment, window

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.store import Store

WORTH = """
with added as (
    select user_id, conversation_id, event_id, occurred_local as at_local
    from events
    where name = 'cart_added' and occurred_local >= $cart_since and occurred_local < $until
),
paid as (
    select user_id, conversation_id, occurred_local as at_local
    from events
    where name = 'purchase_completed' and occurred_local >= $since and occurred_local < $until
    union all
    select user_id, conversation_id, ordered_local as at_local
    from orders
    where amount > 0 and ordered_local >= $since and ordered_local < $until
),
last_paid as (select user_id, max(at_local) as paid_local from paid group by user_id),
left_carts as (
    select added.user_id, coalesce(conversation_id, event_id) as cart, at_local
    from added left join last_paid on added.user_id = last_paid.user_id
    where at_local <= $decided and (paid_local is null or paid_local < at_local)
),
carts as (
    select user_id, count(distinct cart)::double as value, max(at_local) as at_local
    from left_carts
    group by user_id
),
called as (
    select user_id, actions.name, actions.started_local as at_local, succeeded
    from actions join conversations on actions.conversation_id = conversations.conversation_id
    where actions.started_local >= $recent and actions.started_local < $until and succeeded is not null
),
worked as (
    select user_id, name, max(at_local) filter (where succeeded) as worked_local from called group by all
),
failing as (
    select called.user_id, called.name, count(*)::double as value, max(at_local) as at_local
    from called join worked on called.user_id = worked.user_id and called.name = worked.name
    where not succeeded and (worked_local is null or at_local > worked_local)
    group by all
),
failures as (
    select user_id, max(value) as value, max(at_local) as at_local
    from failing
    where value >= 2
    group by user_id
),
talks as (
    select user_id, started_local, csat, escalated_at, outcome, ended_at
    from conversations
    where started_local >= $since and started_local < $until
),
unhappy as (
    select user_id, min(csat)::double as value, max(started_local) as at_local
    from talks
    where csat <= 2 and (escalated_at is not null or outcome = 'escalated') and started_local >= $recent
    group by user_id
),
escalations as (
    select user_id, count(*)::double as value, max(started_local) as at_local
    from talks
    where escalated_at is not null
    group by user_id
    having count(*) >= 2
),
orders_in_turn as (
    select
        user_id, ordered_local,
        lag(ordered_local) over (partition by user_id order by ordered_local) as before_local
    from orders
    where amount > 0 and ordered_local >= $since and ordered_local < $until
),
loyal as (
    select
        user_id,
        count(*)::double as purchases,
        max(ordered_local) as ordered_local,
        median(date_diff('microsecond', before_local, ordered_local)::double / 86400000000.0) as gap_days
    from orders_in_turn
    group by user_id
    having count(*) >= 3
),
seen as (
    select user_id, sent_local as at_local
    from messages
    where sender = 'user' and sent_local >= $since and sent_local < $until
        and user_id in (select user_id from loyal)
    union all
    select user_id, occurred_local as at_local
    from events
    where occurred_local >= $since and occurred_local < $until and user_id in (select user_id from loyal)
    union all
    select user_id, ordered_local as at_local from loyal
),
silences as (
    select
        user_id,
        max(at_local) as at_local,
        date_diff('microsecond', max(at_local), cast($until as timestamp))::double / 86400000000.0
            as quiet_days
    from seen
    group by user_id
),
quiet as (
    select loyal.user_id, quiet_days as value, purchases as severity, at_local
    from loyal join silences on loyal.user_id = silences.user_id
    where gap_days > 0 and quiet_days > 2 * gap_days
),
did as (
    select user_id, count(*) as n, max(started_local) as at_local from talks group by user_id
    union all
    select user_id, count(*) as n, max(occurred_local) as at_local
    from events
    where occurred_local >= $since and occurred_local < $until
    group by user_id
    union all
    select user_id, count(*) as n, max(at_local) as at_local from paid group by user_id
),
active as (select user_id, sum(n)::double as value, max(at_local) as at_local from did group by user_id),
found as (
    select 'cart_left' as reason, user_id, value, value as severity, at_local from carts
    union all
    select 'failing_action' as reason, user_id, value, value as severity, at_local from failures
    union all
    select 'low_csat_escalated' as reason, user_id, value, -value as severity, at_local from unhappy
    union all
    select 'gone_quiet' as reason, user_id, value, severity, at_local from quiet
    union all
    select 'escalated_often' as reason, user_id, value, value as severity, at_local from escalations
    union all
    select 'most_active' as reason, user_id, value, value as severity, at_local from active
),
ranked as (
    select
        reason, user_id, value,
        row_number() over (partition by reason order by severity desc, at_local desc, user_id) as place
    from found
),
placed as (
    select reason, user_id, value, place + case when reason = 'most_active' then $depth else 0 end as place
    from ranked
    where place <= $depth
),
listed as (
    select
        user_id,
        arg_min(reason, place) as reason,
        arg_min(value, place) as value,
        string_agg(reason, ', ' order by place, reason) as reasons,
        min(place) as best,
        sum(1.0 / nullif(60 + place, 0)) as fused
    from placed
    group by user_id
    order by best, fused desc, user_id
    limit $limit
)
select
    listed.user_id, listed.reason, listed.value, listed.reasons,
    active.at_local as last_local,
    coalesce(talked.conversations, 0) as conversations,
    coalesce(bought.purchases, 0) as purchases
from listed
    join active on listed.user_id = active.user_id
    left join (select user_id, count(*) as conversations from talks group by user_id) as talked
        on listed.user_id = talked.user_id
    left join (select user_id, count(*) as purchases from orders_in_turn group by user_id) as bought
        on listed.user_id = bought.user_id
order by best, fused desc, listed.user_id
"""
_DEPTH = 40
_MOST = 10_000
_SPANS = {"cart_since": 7, "recent": 30, "decided": 1}


def worth_a_look(store: Store, *, since: Moment, until: Moment, limit: int = 20) -> pd.DataFrame:
    """The people of a window whose journey deserves reading, with why.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``orders``.
        since: Start of the window.
        until: Its end, excluded; what happened later is taken as not known yet.
        limit: How many people at most.

    Returns:
        One row per person, the most worth reading first: ``user_id``, ``reason`` (the one by which they rank
        highest), ``value`` (carts; failures; answer to the survey; days without a sign; escalations;
        conversations, events and purchases), ``reasons`` (all that hold, highest rank first, comma
        separated), ``last_local`` (last start, event or purchase), ``conversations`` that started,
        ``purchases`` (orders of more than nothing). No row where nobody did anything.

    Raises:
        RequestError: If the window is empty, or the limit is not 1 to 10,000.
    """
    if not 1 <= limit <= _MOST:
        raise RequestError(f"limit is {limit!r}; expected 1 to {_MOST:,} people to look at.")
    bounds = window(since, until)
    spans = {
        name: max(bounds["until"] - dt.timedelta(days=days), bounds["since"]) for name, days in _SPANS.items()
    }
    return store.query(WORTH, **bounds, **spans, limit=limit, depth=max(_DEPTH, limit))
