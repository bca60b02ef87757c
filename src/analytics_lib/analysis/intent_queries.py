"""The queries on what the bot took messages for (see ``intents``)."""

from __future__ import annotations

COUNTS = """
with begun as (
    select
        conversation_id, user_id, coalesce(ended_at < $as_of, false) as closed,
        case when ended_at < $as_of then outcome end as outcome,
        coalesce(escalated_at < $as_of, false) as escalated
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
written as (
    select
        conversation_id, intent, confidence, true_intent,
        lead(
            intent is null or lower(intent) in ('fallback', 'unknown:fallback', 'default fallback intent',
                'nlu_fallback', 'none')
        ) over (partition by conversation_id order by sent_at, message_id) as fails_next
    from messages
    where sender = 'user' and sent_at < $as_of
        and (intent is not null or (kind = 'text' and text is not null))
        and conversation_id in (select conversation_id from begun)
),
detected as (
    select intent as name, written.*, user_id, closed, outcome, escalated
    from written join begun using (conversation_id)
    where intent is not null
    union all
    select '' as name, written.*, user_id, closed, outcome, escalated
    from written join begun using (conversation_id)
    where intent is not null
),
said as (
    select
        name, user_id, count(*) as detections, count(confidence) as scored, sum(confidence) as confidences,
        count(*) filter (where confidence < $low_confidence) as unsure, count(true_intent) as reviewed,
        count(*) filter (where intent = true_intent) as correct, count(fails_next) as followed,
        count(*) filter (where fails_next) as failed_next
    from detected
    group by name, user_id
),
contained as (
    select distinct name, conversation_id, user_id, closed, outcome, escalated from detected
),
ended as (
    select
        name, user_id, count(*) filter (where closed) as closed,
        count(*) filter (where closed and escalated) as escalated, count(outcome) as known,
        count(*) filter (where outcome = 'abandoned') as abandoned,
        count(*) filter (
            where outcome is not null and (outcome in ('abandoned', 'escalated') or escalated)
        ) as lost
    from contained
    group by name, user_id
),
counted as (
    select name, user_id, 'confidence' as rate, confidences::double as y, scored::double as n from said
    union all
    select name, user_id, 'low_confidence', unsure::double, scored::double from said
    union all
    select name, user_id, 'accuracy', correct::double, reviewed::double from said
    union all
    select name, user_id, 'fallback_next', failed_next::double, followed::double from said
    union all
    select name, user_id, 'detected', detections::double, detections::double from said
    union all
    select name, user_id, 'escalation', escalated::double, closed::double from ended
    union all
    select name, user_id, 'abandonment', abandoned::double, known::double from ended
    union all
    select name, user_id, 'lost', lost::double, known::double from ended
)
select
    name as intent, rate, coalesce(sum(y), 0) as y, sum(n) as n,
    count(*) filter (where n > 0)::double as users,
    coalesce(sum(y * y), 0) as yy, coalesce(sum(y * n), 0) as yn, sum(n * n) as nn
from counted
group by name, rate
order by name, rate
"""

CONFUSIONS = """
with begun as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
reviewed as (
    select true_intent, coalesce(intent, 'fallback') as intent
    from messages
    where sender = 'user' and true_intent is not null and sent_at < $as_of
        and conversation_id in (select conversation_id from begun)
),
pairs as (select true_intent, intent, count(*) as messages from reviewed group by true_intent, intent)
select true_intent, intent, messages, sum(messages) over (partition by true_intent)::bigint as reviewed
from pairs
order by messages desc, true_intent, intent
"""

CONFIDENCES = """
with begun as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
)
select confidence, count(*) as messages, count(*) filter (where intent = true_intent) as correct
from messages
where sender = 'user' and sent_at < $as_of and true_intent is not null and confidence is not null
    and lower(intent) not in ('fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback',
        'none')
    and conversation_id in (select conversation_id from begun)
group by confidence
order by confidence
"""

EXAMPLES = """
with begun as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
doubtful as (
    select
        intent, true_intent, confidence, substr(text, 1, 1000) as text, conversation_id, message_id,
        coalesce(true_intent <> intent, false) as wrong
    from messages
    where sender = 'user' and sent_at < $as_of and text is not null
        and intent in (select unnest($intents) as wanted)
        and (confidence < $low_confidence or true_intent <> intent)
        and conversation_id in (select conversation_id from begun)
),
different as (
    select
        *, row_number() over (
            partition by intent, text order by wrong desc, confidence nulls last, message_id
        ) as again
    from doubtful
),
numbered as (
    select
        *, row_number() over (
            partition by intent order by wrong desc, confidence nulls last, message_id
        ) as place
    from different
    where again = 1
)
select intent, true_intent, confidence, text, conversation_id
from numbered
where place <= $most
order by intent, place
"""
