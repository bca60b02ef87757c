"""The scan that reads the texts of the conversations that ``scans`` chose (see ``candidates``).

It gives the messages of those it picks, so that the close reading need not look for them again.
"""

from __future__ import annotations

from analytics_lib.store import Derived

TEXTS = """
select
    conversation_id, message_id, sent_at, sender, kind, text, intent, sentiment
from messages
"""

MESSAGE_TEXTS = Derived("message_texts", ("messages",), TEXTS)

CLOSER = """
with lasting as (select unnest($lasting_ids) as conversation_id),
talkative as (select unnest($talkative_ids) as conversation_id),
called as (select unnest($called_ids) as conversation_id),
unhappy as (select unnest($unhappy_ids) as conversation_id),
unsold as (select unnest($unsold_ids) as conversation_id),
chosen as (
    select conversation_id from lasting
    union
    select conversation_id from talkative
    union
    select conversation_id from called
    union
    select conversation_id from unhappy
    union
    select conversation_id from unsold
),
fallbacks as (select unnest($fallbacks) as intent),
told_reasons as (select unnest($told_reasons) as reason),
known as (
    select conversation_id, escalated_at, escalation_reason
    from conversations
    where conversation_id in (select conversation_id from chosen) and escalated_at < $as_of
),
written as (
    select
        conversation_id, message_id, sent_at, sender, kind, text, intent, sentiment
    from message_texts
    where conversation_id in (select conversation_id from chosen) and sent_at < $as_of
),
ordered as (
    select
        conversation_id, sender, sent_at, text,
        lag(sent_at) over (partition by conversation_id order by sent_at, sender) as before_at,
        row_number() over (partition by conversation_id order by sent_at, sender) as position
    from written
    where conversation_id in (select conversation_id from lasting)
),
said as (
    select
        conversation_id, sender, sent_at, position,
        lag(sender, 1, 'nobody') over (partition by conversation_id order by position) as previous
    from ordered
    where sender <> 'user' or not coalesce(regexp_matches(text, $courtesy), false)
),
turning as (
    select
        conversation_id, sender, sent_at,
        lag(sent_at) over (partition by conversation_id order by position) as waiting_since
    from said
    where (sender = 'user') <> (previous = 'user')
),
waited as (
    select conversation_id, date_diff('microsecond', waiting_since, sent_at) / 1000000.0 as seconds
    from turning
    where sender <> 'user'
    union all
    select conversation_id, date_diff('microsecond', escalated_at, min(sent_at)) / 1000000.0 as seconds
    from ordered join known using (conversation_id)
    where sender = 'agent' and sent_at >= escalated_at
    group by conversation_id, escalated_at
    union all
    select conversation_id, date_diff('microsecond', before_at, sent_at) / 1000000.0 as seconds
    from ordered
    where sender = 'agent'
),
waits as (
    select conversation_id, max(seconds) as seconds
    from waited
    group by conversation_id
    order by seconds desc, conversation_id
    limit $waits
),
units as (
    select conversation_id, sender, unit
    from (
        select conversation_id, sender, unnest(string_split(lower(text), ' ')) as unit
        from written
        where sender = 'user' and conversation_id in (select conversation_id from talkative)
    ) as words
    where length(unit) > 4
    union all
    select conversation_id, sender, text as unit
    from written
    where sender = 'bot' and text is not null and conversation_id in (select conversation_id from talkative)
),
again as (
    select conversation_id, sender, unit, count(*) - 1 as times from units group by all
),
repeats as (
    select conversation_id
    from again
    group by conversation_id
    order by sum(times) desc, count(*) desc, conversation_id
    limit $repeats
),
before as (
    select
        conversation_id,
        count(*) as messages,
        coalesce(bool_or(
            sentiment <= $negative
            or regexp_matches(text, $person)
            or lower(intent) in (select intent from fallbacks)
            or escalation_reason in (select reason from told_reasons)
        ), false) as troubled
    from written join known using (conversation_id)
    where sender = 'user' and sent_at <= escalated_at
        and conversation_id in (select conversation_id from called)
    group by conversation_id
),
escalations as (
    select conversation_id
    from before
    order by troubled, messages, conversation_id
    limit $escalations
),
felt as (
    select
        conversation_id,
        case
            when sentiment is not null then sentiment
            when regexp_matches(text, $bad_words) then $bad_word
        end as sentiment
    from written
    where sender = 'user' and conversation_id in (select conversation_id from unhappy)
),
moods as (
    select conversation_id, avg(sentiment) as sentiment, count(sentiment) as known
    from felt
    group by conversation_id
),
sure as (
    select conversation_id from moods
    where known > 1
    order by sentiment, known desc, conversation_id
    limit $sure
),
unsure as (
    select conversation_id
    from moods
    where known < 2
    order by sentiment nulls last, conversation_id
    limit $unsure
),
picked as (
    select conversation_id from waits
    union
    select conversation_id from repeats
    union
    select conversation_id from escalations
    union
    select conversation_id from sure
    union
    select conversation_id from unsure
    union
    select conversation_id from unsold
)
select
    conversation_id, message_id, sent_at, sender, kind, text, intent, sentiment, seconds as waited_seconds
from written left join waits using (conversation_id)
where conversation_id in (select conversation_id from picked)
order by conversation_id, sent_at, message_id
"""
