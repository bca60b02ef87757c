"""The SQL that patterns are looked for with: events in their order, with users, chats and names numbered."""

SIZE = """
select count(*) as events
from events
where occurred_local >= $since and occurred_local < $until
"""

EVENTS = """
with happened as (
    select event_id, user_id, conversation_id, occurred_at, name
    from events
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or conversation_id is not null)
),
names as (
    select name, row_number() over (order by name) - 1 as code
    from (select distinct name from happened) as found
),
people as (
    select
        user_id, row_number() over (order by user_id) - 1 as person,
        coalesce(users.segment, 'unknown') = $value as is_in
    from (select distinct user_id from happened) as found
        left join users using (user_id)
),
described as (
    select
        conversation_id,
        case $dimension
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then city
            when 'region' then region
            when 'country' then country
        end as value
    from conversations
),
chats as (
    select
        conversation_id, row_number() over (order by conversation_id) - 1 as chat,
        coalesce(value, 'unknown') = $value as is_in
    from (select distinct conversation_id from happened where conversation_id is not null) as found
        left join described using (conversation_id)
),
numbered as (
    select
        event_id, occurred_at, person, code,
        case when $unit = 'conversation' then chat else person end as unit,
        case
            when $dimension = 'all' then true
            when $dimension = 'segment' then people.is_in
            else coalesce(chats.is_in, $value = 'unknown')
        end as is_in
    from happened
        join names using (name)
        join people using (user_id)
        left join chats using (conversation_id)
)
select unit::int as unit, person::int as person, code::int as code, is_in, occurred_at
from numbered
order by unit, occurred_at, event_id
"""

NAMES = """
select distinct name
from events
where occurred_local >= $since and occurred_local < $until
    and ($unit <> 'conversation' or conversation_id is not null)
order by name
"""

PEOPLE = """
select
    user_id, coalesce(users.segment, 'unknown') as segment,
    case when md5(concat(user_id, $seed)) < '8' then 1 else 0 end as held_out
from (
    select distinct user_id
    from events
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or conversation_id is not null)
) as found
    left join users using (user_id)
order by user_id
"""

VALUES = """
select distinct coalesce(
    case $dimension
        when 'channel' then channel
        when 'entry_point' then entry_point
        when 'city' then conversations.city
        when 'region' then conversations.region
        when 'country' then conversations.country
        else segment
    end, 'unknown') as value
from events
    left join conversations using (conversation_id)
    left join users on events.user_id = users.user_id
where occurred_local >= $since and occurred_local < $until
order by value
"""
