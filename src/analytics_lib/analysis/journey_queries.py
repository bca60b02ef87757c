"""The queries that journeys are read by: one row for each event, in no order.

Events are put in order by number afterwards: to do it here would take ten million texts as keys.
"""

from __future__ import annotations

EVENTS = """
select
    case when $unit = 'conversation' then conversation_id else user_id end as unit,
    case when $unit = 'conversation' then user_id end as user_id,
    name, occurred_at
from events
where occurred_local >= $since and occurred_local < $until
    and ($unit <> 'conversation' or conversation_id is not null)
"""

EVENTS_BY = """
with described as (
    select
        conversation_id as holder,
        case $by
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then city
            when 'region' then region
            when 'country' then country
        end as label
    from conversations
    where $by <> 'segment'
    union all
    select user_id as holder, segment as label from users where $by = 'segment'
),
happened as (
    select
        case when $unit = 'conversation' then conversation_id else user_id end as unit,
        case when $unit = 'conversation' then user_id end as user_id,
        case when $by = 'segment' then user_id else conversation_id end as holder,
        name, occurred_at
    from events
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or conversation_id is not null)
)
select unit, user_id, name, occurred_at, coalesce(label, 'unknown') as label
from happened left join described using (holder)
"""

# Of units in which two events share a moment: which event stands where.
TIED = """
with described as (
    select
        conversation_id as holder,
        case $by
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then city
            when 'region' then region
            when 'country' then country
        end as label
    from conversations
    where $by <> 'segment'
    union all
    select user_id as holder, segment as label from users where $by = 'segment'
),
happened as (
    select
        case when $unit = 'conversation' then conversation_id else user_id end as unit,
        case when $by = 'segment' then user_id else conversation_id end as holder,
        name, occurred_at, event_id
    from events
    where occurred_local >= $since and occurred_local < $until
        and case when $unit = 'conversation' then conversation_id else user_id end in (select unnest($units))
)
select
    unit, name, coalesce(label, 'unknown') as label,
    row_number() over (partition by unit order by occurred_at, event_id) - 1 as place
from happened left join described using (holder)
"""
