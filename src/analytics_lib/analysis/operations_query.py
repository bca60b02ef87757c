"""The one statement behind the page of operations: all it shows now, beside the same time of other weeks.

Rows are in long form: ``kind name week person moment value n``. ``week`` counts back from 0, this one; the
clock of earlier weeks is turned forward by whole weeks, so that all are held against the same bounds. What
each kind holds is said where it is read (``operations_rows``, ``operations_tiles``).

Bounds: ``until`` (excluded) is the moment asked about, ``day`` the midnight before it, ``recent`` and
``active`` where the last hour and the last quarter of an hour begin, ``lines`` where the lines of the systems
begin. Every table is read by ranges of its own time, so that the engine passes over files and row groups by
their statistics. Conversations are looked up in the three days before; one that began earlier is open, and of
an unknown channel. Of a wait that had begun over an hour before the first message read, the rest is
seen.
"""

from __future__ import annotations

NOW = """
with begun as (
    select
        conversation_id, conversations.user_id, week, escalation_reason, resolved, csat,
        channel = coalesce($channel, channel)
            and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown') as asked,
        started_local + week * interval 7 day as clock,
        started_local + (ended_at - started_at) + week * interval 7 day as ended_clock,
        started_local + (escalated_at - started_at) + week * interval 7 day as escalated_clock
    from (
        select
            *, floor(date_diff('microsecond', started_local, $until)::double / 604800000000.0)::int as week
        from conversations
        where started_at < $as_of and (
            (started_local >= $until - interval 3 day and started_local < $until)
            or (started_local >= $until - interval 10 day and started_local < $until - interval 7 day)
            or (started_local >= $until - interval 17 day and started_local < $until - interval 14 day)
            or (started_local >= $until - interval 24 day and started_local < $until - interval 21 day)
            or (started_local >= $until - interval 31 day and started_local < $until - interval 28 day)
        )
    ) as conversations
    left join (select user_id, segment from users where $segment is not null) as segments
        on conversations.user_id = segments.user_id
),
written as (
    select
        message_id, conversation_id, user_id, sender, lower(intent) as intent, sent_at, sent_local,
        floor(date_diff('microsecond', sent_local, $until)::double / 604800000000.0)::int as week
    from messages
    where sent_at < $as_of and sender in ('user', 'bot', 'agent') and (
        (sent_local >= least($day, $recent) - interval 1 hour and sent_local < $until)
        or (sent_local >= $recent - interval 169 hour and sent_local < $until - interval 7 day)
        or (sent_local >= $recent - interval 337 hour and sent_local < $until - interval 14 day)
        or (sent_local >= $recent - interval 505 hour and sent_local < $until - interval 21 day)
        or (sent_local >= $recent - interval 673 hour and sent_local < $until - interval 28 day)
    )
),
said as (
    select
        message_id, conversation_id, user_id, sender, intent, sent_at, week,
        sent_local + week * interval 7 day as clock
    from written
    where $everyone or conversation_id in (select conversation_id from begun where asked)
),
turns as (
    select
        user_id, week, clock, sender, sent_at,
        lag(sender, 1, '') over (partition by conversation_id order by sent_at, message_id) as before,
        lead(case when sender <> 'user' then sender end ignore nulls)
            over (partition by conversation_id order by sent_at, message_id) as replier,
        lead(case when sender <> 'user' then sent_at end ignore nulls)
            over (partition by conversation_id order by sent_at, message_id) as replied_at
    from said
),
waits as (
    select user_id, week, clock, date_diff('microsecond', sent_at, replied_at) / 1000000.0 as seconds
    from turns
    where sender = 'user' and before <> 'user' and replier = 'bot'
),
today as (
    select
        *, coalesce(ended_clock < $until, false) as closed,
        coalesce(ended_clock < $until, false) and resolved is not null as known,
        case when ended_clock >= $until then null else csat end as answer
    from begun
    where asked and clock >= $day
),
happened as (
    select
        user_id, conversation_id, product_id, week, occurred_local + week * interval 7 day as clock
    from (
        select
            *, floor(date_diff('microsecond', occurred_local, $until)::double / 604800000000.0)::int as week
        from events
        where occurred_at < $as_of and product_id is not null and (
            (occurred_local >= $recent and occurred_local < $until)
            or (occurred_local >= $recent - interval 7 day and occurred_local < $until - interval 7 day)
            or (occurred_local >= $recent - interval 14 day and occurred_local < $until - interval 14 day)
            or (occurred_local >= $recent - interval 21 day and occurred_local < $until - interval 21 day)
            or (occurred_local >= $recent - interval 28 day and occurred_local < $until - interval 28 day)
        )
    ) as events
),
chosen as (
    select user_id, product_id, week
    from happened
    where $everyone or conversation_id in (select conversation_id from begun where asked)
),
failed as (
    select conversation_id, name, week
    from (
        select
            *, floor(date_diff('microsecond', started_local, $until)::double / 604800000000.0)::int as week
        from actions
        where started_at < $as_of and not succeeded and (
            (started_local >= $recent and started_local < $until)
            or (started_local >= $recent - interval 7 day and started_local < $until - interval 7 day)
            or (started_local >= $recent - interval 14 day and started_local < $until - interval 14 day)
            or (started_local >= $recent - interval 21 day and started_local < $until - interval 21 day)
            or (started_local >= $recent - interval 28 day and started_local < $until - interval 28 day)
        )
    ) as calls
    where $everyone or conversation_id in (select conversation_id from begun where asked)
),
troubles as (
    select 'failed_action' as trouble, name, week, conversation_id from failed
    union all
    select 'escalation' as trouble, escalation_reason as name, week, conversation_id
    from begun
    where asked and escalated_clock >= $recent and escalated_clock < $until
    union all
    select 'fallback' as trouble, null as name, week, conversation_id
    from said
    where sender = 'user' and clock >= $recent
        and intent in ('fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none')
),
requested as (
    select
        date_trunc('hour', requested_local)::timestamp
            + floor(minute(requested_local) / 15)::int * interval 15 minute as slot,
        requested_local >= $recent as is_recent, status_code, duration_ms
    from api_requests
    where requested_local >= $lines and requested_local < $until and requested_at < $as_of
),
served as (
    select slot, status_code, duration_ms from requested
    union all
    select null as slot, status_code, duration_ms from requested where is_recent
),
placed as (
    select
        slot, duration_ms, row_number() over (partition by slot order by duration_ms) as place,
        count(*) over (partition by slot) as n
    from served
    where duration_ms is not null
),
found as (
    select 'week' as kind, 'conversations' as name, week, null as person, min(clock) as moment,
        count(*)::double as value, null as n
    from begun group by week
    union all
    select 'active' as kind, 'users' as name, week, null as person, null as moment,
        count(distinct user_id)::double as value, null as n
    from said where sender = 'user' and clock >= $active group by week
    union all
    select 'active' as kind, 'conversations' as name, week, null as person, null as moment,
        count(distinct conversation_id)::double as value, null as n
    from said
    where clock >= $active
        and conversation_id not in (select conversation_id from begun where ended_clock < $until)
    group by week
    union all
    select 'active' as kind, 'messages' as name, week, null as person, null as moment,
        count(*)::double as value, null as n
    from said where clock >= $active group by week
    union all
    select 'talking' as kind, 'conversations' as name, week, null as person, null as moment,
        count(distinct conversation_id)::double as value, count(distinct user_id)::double as n
    from said where sender = 'user' and clock >= $recent group by week
    union all
    select 'hour' as kind, null as name, week, null as person, date_trunc('hour', clock)::timestamp as moment,
        count(*)::double as value, null as n
    from today group by week, date_trunc('hour', clock)::timestamp
    union all
    select 'usual' as kind, 'resolution_rate' as name, week, null as person, null as moment,
        count(*) filter (where known and resolved)::double as value,
        count(*) filter (where known)::double as n
    from today where week > 0 group by week
    union all
    select 'part' as kind, 'resolution_rate' as name, 0 as week, user_id as person, null as moment,
        count(*) filter (where resolved)::double as value, count(*)::double as n
    from today where week = 0 and known group by user_id
    union all
    select 'part' as kind, 'csat' as name, 0 as week, user_id as person, null as moment,
        count(*) filter (where answer >= 4)::double as value, count(*)::double as n
    from today where week = 0 and answer is not null group by user_id
    union all
    select 'part' as kind, 'escalation_rate' as name, 0 as week, user_id as person, null as moment,
        count(*) filter (where escalated_clock < $until)::double as value, count(*)::double as n
    from today where week = 0 and closed group by user_id
    union all
    select 'part' as kind, 'average_response_time' as name, 0 as week, user_id as person, null as moment,
        sum(seconds) as value, count(*)::double as n
    from waits where week = 0 and clock >= $day group by user_id
    union all
    select 'wait' as kind, null as name, week, user_id as person, clock as moment, seconds as value, 1 as n
    from waits where clock >= $recent
    union all
    select 'minute' as kind, null as name, 0 as week, null as person,
        date_trunc('minute', clock)::timestamp as moment, count(*)::double as value,
        count(distinct user_id) filter (where sender = 'user')::double as n
    from said where week = 0 and clock >= $recent_minute group by date_trunc('minute', clock)::timestamp
    union all
    select 'query' as kind, intent as name, week, null as person, null as moment,
        count(distinct conversation_id)::double as value, null as n
    from said
    where sender = 'user' and clock >= $recent and intent not in ('fallback', 'unknown:fallback',
        'default fallback intent', 'nlu_fallback', 'none', 'greeting', 'greet', 'hello', 'thanks', 'goodbye')
    group by intent, week
    union all
    select 'product' as kind, coalesce(products.name, chosen.product_id) as name, week, null as person,
        null as moment, count(distinct user_id)::double as value, null as n
    from chosen left join products on chosen.product_id = products.product_id
    group by coalesce(products.name, chosen.product_id), week
    union all
    select trouble as kind, name, week, null as person, null as moment,
        count(distinct conversation_id)::double as value, null as n
    from troubles group by trouble, name, week
    union all
    select 'queue' as kind, labels as name, 0 as week, null as person,
        date_trunc('minute', sampled_local)::timestamp as moment, avg(value) as value, count(*)::double as n
    from samples
    where metric = 'queue_depth' and value is not null and sampled_local >= $lines
        and sampled_local < $until and sampled_at < $as_of
    group by labels, date_trunc('minute', sampled_local)::timestamp
    union all
    select 'errors' as kind, null as name, 0 as week, null as person, slot as moment,
        count(*) filter (where status_code >= 500)::double as value, count(*)::double as n
    from served group by slot
    union all
    select 'p50' as kind, null as name, 0 as week, null as person, slot as moment,
        sum(duration_ms * greatest(0, 1 - abs(place - 1 - 0.5::double * (n - 1)))) as value,
        max(n)::double as n
    from placed where abs(place - 1 - 0.5::double * (n - 1)) < 1 group by slot
    union all
    select 'p95' as kind, null as name, 0 as week, null as person, slot as moment,
        sum(duration_ms * greatest(0, 1 - abs(place - 1 - 0.95::double * (n - 1)))) as value,
        max(n)::double as n
    from placed where abs(place - 1 - 0.95::double * (n - 1)) < 1 group by slot
    union all
    select 'source' as kind, 'conversations' as name, 0 as week, null as person, max(clock) as moment,
        null as value, null as n
    from begun where week = 0
    union all
    select 'source' as kind, 'messages' as name, 0 as week, null as person, max(sent_local) as moment,
        null as value, null as n
    from written where week = 0
    union all
    select 'source' as kind, 'actions' as name, 0 as week, null as person, max(started_local) as moment,
        null as value, null as n
    from actions
    where started_local >= $until - interval 1 day and started_local < $until and started_at < $as_of
    union all
    select 'source' as kind, 'events' as name, 0 as week, null as person, max(occurred_local) as moment,
        null as value, null as n
    from events
    where occurred_local >= $until - interval 1 day and occurred_local < $until and occurred_at < $as_of
    union all
    select 'source' as kind, 'api_requests' as name, 0 as week, null as person,
        max(requested_local) as moment, null as value, null as n
    from api_requests
    where requested_local >= $until - interval 1 day and requested_local < $until and requested_at < $as_of
    union all
    select 'source' as kind, 'samples' as name, 0 as week, null as person, max(sampled_local) as moment,
        null as value, null as n
    from samples
    where metric = 'queue_depth' and sampled_local >= $until - interval 1 day
        and sampled_local < $until and sampled_at < $as_of
)
select kind, name, week, person, moment, value, n
from found
"""
