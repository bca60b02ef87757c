"""The queries that journeys are read by: one row for each unit, with what happened in it as lists.

A unit is a conversation or a user (sessions are cut out of users' events later). The lists of a row belong
together place by place, in no order; names and values of a dimension are numbered by the alphabet.
"""

from __future__ import annotations

NAMES = """
select distinct name
from events
where occurred_local >= $since and occurred_local < $until
    and ($unit <> 'conversation' or conversation_id is not null)
order by name
"""

# Names are numbered from the table itself: a step read twice would be kept in memory whole.
EVENTS = """
with names as (
    select name, row_number() over (order by name) - 1 as code
    from (
        select distinct name
        from events
        where occurred_local >= $since and occurred_local < $until
            and ($unit <> 'conversation' or conversation_id is not null)
    ) as found
),
happened as (
    select
        case when $unit = 'conversation' then conversation_id else user_id end as unit,
        case when $unit = 'conversation' then user_id end as user_id,
        occurred_at, code::int as code
    from events join names using (name)
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or conversation_id is not null)
)
select unit, min(user_id) as user_id, list(occurred_at) as times, list(code) as codes
from happened
group by unit
"""

LABELS = """
with described as (
    select
        case $by
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then city
            when 'region' then region
            when 'country' then country
        end as value
    from conversations
    where $by <> 'segment'
    union all
    select segment as value from users where $by = 'segment'
)
select distinct value from described where value is not null order by value
"""

# The label of an event is the number of its value in LABELS, and 0 where there is none.
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
        end as value
    from conversations
    where $by <> 'segment'
    union all
    select user_id as holder, segment as value from users where $by = 'segment'
),
labels as (
    select value, row_number() over (order by value) as label
    from (select distinct value from described where value is not null) as found
),
labelled as (select holder, label from described join labels using (value)),
names as (
    select name, row_number() over (order by name) - 1 as code
    from (
        select distinct name
        from events
        where occurred_local >= $since and occurred_local < $until
            and ($unit <> 'conversation' or conversation_id is not null)
    ) as found
),
happened as (
    select
        case when $unit = 'conversation' then conversation_id else user_id end as unit,
        case when $unit = 'conversation' then user_id end as user_id,
        case when $by = 'segment' then user_id else conversation_id end as holder,
        occurred_at, code::int as code
    from events join names using (name)
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or conversation_id is not null)
)
select
    unit, min(user_id) as user_id, list(occurred_at) as times, list(code) as codes,
    list(coalesce(label, 0)::int) as labels
from happened left join labelled using (holder)
group by unit
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
        end as value
    from conversations
    where $by <> 'segment'
    union all
    select user_id as holder, segment as value from users where $by = 'segment'
),
labels as (
    select value, row_number() over (order by value) as label
    from (select distinct value from described where value is not null) as found
),
labelled as (select holder, label from described join labels using (value)),
names as (
    select name, row_number() over (order by name) - 1 as code
    from (
        select distinct name
        from events
        where occurred_local >= $since and occurred_local < $until
            and ($unit <> 'conversation' or conversation_id is not null)
    ) as found
),
happened as (
    select
        case when $unit = 'conversation' then conversation_id else user_id end as unit,
        case when $by = 'segment' then user_id else conversation_id end as holder,
        occurred_at, event_id, code::int as code
    from events join names using (name)
    where occurred_local >= $since and occurred_local < $until
        and case when $unit = 'conversation' then conversation_id else user_id end in (select unnest($units))
)
select
    unit, code, coalesce(label, 0)::int as label,
    row_number() over (partition by unit order by occurred_at, event_id) - 1 as place
from happened left join labelled using (holder)
"""
