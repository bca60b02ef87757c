"""The scans that choose which conversations may be the worst of a window (see ``candidates``).

``SCAN`` reads no text, by far the largest column. It tells the intents of a user apart by bits, one for the
length and first letter of the name: counting distinct names would make it count three times as long.
Where all that the store shows is known, ``signal_scans`` ask the same of rows that were counted before.
"""

from __future__ import annotations

SCAN = """
with started as (
    select conversation_id, escalated_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
said as (
    select
        conversation_id, sent_at, sender,
        case when sender = 'user' then sentiment end as sentiment,
        case when sender = 'user' then 1::bigint << (26 * length(intent) + ascii(intent)) % 61 end as intent
    from messages
    where sent_at < $as_of
),
counted as (
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
judged as (
    select
        *,
        date_diff('microsecond', least(first_at, escalated_at), last_at) / 1000000.0 as seconds
    from counted join started using (conversation_id)
),
lasting as (
    select conversation_id, seconds
    from judged
    where seconds >= $at_least
    order by seconds desc, conversation_id
    limit $lasting
),
talkative as (
    select conversation_id, seconds
    from judged
    where intents_again >= (select avg(intents_again) from judged)
    order by intents_again desc, user_messages desc, conversation_id
    limit $talkative
),
unhappy as (
    select conversation_id, seconds
    from judged
    where known > 1
    order by sentiment, known desc, conversation_id
    limit $unhappy
),
unsure as (
    select conversation_id, seconds, known
    from judged
    where known < 2 and user_messages > 1
    order by sentiment nulls first, user_messages desc, conversation_id
    limit $unsure
)
select 'lasting' as kind, conversation_id, seconds from lasting
union all
select 'talkative' as kind, conversation_id, seconds from talkative
union all
select 'unhappy' as kind, conversation_id, seconds from unhappy
union all
select case when known = 0 then 'unscored' else 'unsure' end as kind, conversation_id, seconds from unsure
"""

COMPLAINING = """
with started as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
)
select conversation_id
from messages join started using (conversation_id)
where sent_at < $as_of and sender = 'user' and sentiment is null and regexp_matches(text, $bad_words)
group by conversation_id
order by count(*) desc, conversation_id
limit $complaining
"""

CALLED = """
with called as (
    select conversation_id, started_at as since, escalated_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel) and escalated_at < $as_of
),
failed as (
    select actions.conversation_id
    from actions join called on actions.conversation_id = called.conversation_id
    where started_at <= escalated_at and succeeded = false
)
select conversation_id
from called
where conversation_id not in (select conversation_id from failed)
order by date_diff('microsecond', since, escalated_at), conversation_id
limit $called
"""

CHECKOUTS = """
with started as (
    select conversation_id, started_at, ended_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
steps as (
    select
        conversation_id,
        bool_or(events.name = 'purchase_initiated') as initiated,
        bool_or(events.name = 'purchase_completed') as completed,
        max(value) filter (where events.name = 'purchase_initiated') as agreed
    from events
    where occurred_at < $as_of and events.name in ('cart_added', 'purchase_initiated', 'purchase_completed')
    group by conversation_id
),
carted as (
    select conversation_id, max(coalesce(value, price)) as value
    from events left join products using (product_id)
    where occurred_at < $as_of and events.name = 'cart_added'
    group by conversation_id, coalesce(product_id, event_id)
),
carts as (select conversation_id, sum(value) as carried from carted group by conversation_id),
bought as (select distinct conversation_id from orders where ordered_at < $as_of and amount > 0),
unsold as (
    select conversation_id, initiated, coalesce(agreed, carried) as value, started_at, ended_at
    from steps join started using (conversation_id) left join carts using (conversation_id)
    where not completed
        and conversation_id not in (select conversation_id from bought where conversation_id is not null)
)
select conversation_id
from unsold
where ended_at < $as_of or started_at <= $quiet_since
order by initiated desc, value desc nulls last, conversation_id
limit $candidates
"""
