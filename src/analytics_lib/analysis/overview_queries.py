"""The queries of the overview of conversations that no other question asks (see ``overview``).

All of them take a channel and a segment, null for all; a segment that is not known is ``unknown``.
"""

from __future__ import annotations

# What a filter can be set to.
CHOICES = """
select 'channel' as name, channel as value from conversations group by channel
union all
select 'segment' as name, coalesce(segment, 'unknown') as value
from users
group by coalesce(segment, 'unknown')
order by name, value
"""

ACTIVITY = """
with chosen as (
    select conversation_id, conversations.user_id, started_local, started_at
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
written as (
    select conversation_id, user_id, count(*) as messages
    from messages
    where sent_local >= $since and sent_local < $until and sent_at < $as_of
        and conversation_id in (select conversation_id from chosen)
    group by conversation_id, user_id
),
started as (
    select count(*) as started
    from chosen
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select
    count(distinct conversation_id) as conversations, count(distinct user_id) as users,
    cast(coalesce(sum(messages), 0) as bigint) as messages, any_value(started) as started
from started left join written on true
"""

PACE = """
with chosen as (
    select conversation_id
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
)
select date_trunc($grain, sent_local)::timestamp as moment, count(*) as messages
from messages
where sent_local >= $since and sent_local < $until and sent_at < $as_of
    and conversation_id in (select conversation_id from chosen)
group by moment
order by moment
"""

LASTED = """
select
    date_diff('microsecond', started_at, case when ended_at < $as_of then ended_at else $known_to end)
        / 1000000.0 as seconds,
    coalesce(ended_at < $as_of, false) as closed
from conversations left join users using (user_id)
where started_local >= $since and started_local < $until and started_at < $as_of
    and channel = coalesce($channel, channel)
    and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
"""

PLACES = """
with begun as (
    select
        conversations.user_id,
        conversation_id, started_at,
        coalesce(conversations.city, users.city) as city,
        case when conversations.city is null and users.city is not null then users.region
            else coalesce(conversations.region, users.region) end as region,
        case when conversations.city is null and users.city is not null then users.country
            else coalesce(conversations.country, users.country) end as country
    from conversations left join users using (user_id)
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
numbered as (
    select
        user_id, city, region, country,
        row_number() over (
            partition by user_id
            order by city is null, region is null, country is null, started_at desc, conversation_id
        ) as place
    from begun
)
select city, region, country, count(*) as users
from numbered
where place = 1
group by city, region, country
order by users desc, city nulls last, region nulls last, country nulls last
"""

ESCALATIONS = """
with called as (
    select conversations.user_id, coalesce(escalation_reason, 'unknown') as reason
    from conversations left join users using (user_id)
    where started_local >= $since and started_local < $until and escalated_at < $as_of
        and channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
totals as (select user_id, count(*) as n from called group by user_id),
sizes as (
    select sum(n)::double as n, count(*)::double as users, sum(n * n)::double as nn from totals
),
each as (select user_id, reason, count(*) as y from called group by user_id, reason),
summed as (
    select reason, sum(y)::double as y, sum(y * y)::double as yy, sum(y * n)::double as yn
    from each join totals using (user_id)
    group by reason
)
select reason, y, n, users, yy, yn, nn
from summed cross join sizes
order by y desc, reason
"""

ESCALATIONS_EVER = "select count(escalated_at) as escalations from conversations"

# One row for each agent and user.
HANDLED = """
with taken as (
    select
        conversation_id, conversations.user_id, agent_id,
        case when ended_at < $as_of then resolved end as resolved,
        case when ended_at < $as_of then csat end as csat
    from conversations left join users using (user_id)
    where started_local >= $since and started_local < $until and started_at < $as_of
        and agent_id is not null
        and channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
spoken as (
    select
        conversation_id,
        date_diff('microsecond', min(sent_at), max(sent_at)) / 1000000.0 as seconds
    from messages
    where sender = 'agent' and sent_at < $as_of
        and conversation_id in (select conversation_id from taken)
    group by conversation_id
    having count(*) > 1
)
select
    agent_id, user_id, count(*) as conversations, count(resolved) as resolution_n,
    count(*) filter (where resolved) as resolution_y, count(csat) as csat_n,
    count(*) filter (where csat >= 4) as csat_y,
    count(*) filter (where seconds > 0) as handling_n,
    coalesce(sum(ln(greatest(seconds, 1e-6))) filter (where seconds > 0), 0) as handling_y,
    coalesce(sum(ln(greatest(seconds, 1e-6)) * ln(greatest(seconds, 1e-6)))
        filter (where seconds > 0), 0) as handling_yy
from taken left join spoken using (conversation_id)
group by agent_id, user_id
order by agent_id, user_id
"""

UNSCORED = """
with chosen as (
    select conversation_id
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
)
select message_id, conversation_id, user_id, sent_at, sent_local, sender, kind, text
from messages
where sender = 'user' and text is not null and sent_local >= $since and sent_local < $until
    and sent_at < $as_of and conversation_id in (select conversation_id from chosen)
order by md5(message_id), message_id
limit $most
"""

MOODS_STORED = """
with chosen as (
    select conversation_id
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
)
select
    count(*) filter (where text is not null) as texts, count(sentiment) as stored
from messages
where sender = 'user' and sent_local >= $since and sent_local < $until and sent_at < $as_of
    and conversation_id in (select conversation_id from chosen)
"""

# A part of the store, for questions that know no segment (see ``overview_scope``).
PART_CONVERSATIONS = """
with described as (
    select conversation_id
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
)
select *
from conversations
where conversation_id in (select conversation_id from described)
    and (
        (started_local >= $since and started_local < $until)
        or conversation_id in (
            select conversation_id from messages where sent_local >= $since and sent_local < $until
        )
    )
"""

PART_MESSAGES = """
with described as (
    select conversation_id, started_local
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
begun as (
    select conversation_id from described where started_local >= $since and started_local < $until
)
select *
from messages
where conversation_id in (select conversation_id from described)
    and (
        (sent_local >= $since and sent_local < $until)
        or conversation_id in (select conversation_id from begun)
    )
"""

PART_EVENTS = """
with described as (
    select conversation_id
    from conversations left join users using (user_id)
    where channel = coalesce($channel, channel)
        and coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')
),
people as (
    select user_id from users where $channel is null and coalesce(segment, 'unknown') = $segment
)
select *
from events
where occurred_local >= $since
    and (
        conversation_id in (select conversation_id from described)
        or (conversation_id is null and user_id in (select user_id from people))
    )
"""

PART_PRODUCTS = "select * from products"
PART_USERS = "select * from users where coalesce(segment, 'unknown') = coalesce($segment, segment, 'unknown')"
