"""The scans of ``scans`` over rows that were counted before (``signals``): the same answers.

They hold where all that the store shows was known at the moment of the question.
"""

from __future__ import annotations

SCAN_SIGNALS = """
with judged as (
    select
        conversation_id, user_messages, intents_again, known, sentiment,
        date_diff('microsecond', least(first_at, escalated_at), last_at) / 1000000.0 as seconds
    from conversation_signals
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel) and first_at is not null
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

CALLED_SIGNALS = """
select conversation_id
from conversation_signals
where started_local >= $since and started_local < $until and started_at < $as_of
    and channel = coalesce($channel, channel) and escalated_at < $as_of
    and not coalesce(failed_at <= escalated_at, false)
order by date_diff('microsecond', started_at, escalated_at), conversation_id
limit $called
"""

CHECKOUTS_SIGNALS = """
select conversation_id
from conversation_signals
where started_local >= $since and started_local < $until and started_at < $as_of
    and channel = coalesce($channel, channel)
    and not completed and not bought
    and (ended_at < $as_of or started_at <= $quiet_since)
order by initiated desc, coalesce(agreed, carried) desc nulls last, conversation_id
limit $candidates
"""
