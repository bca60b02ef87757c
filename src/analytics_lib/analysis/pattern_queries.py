"""The SQL that patterns are looked for with, beside that of journeys."""

SIZE = """
select count(*) as events
from events
where occurred_local >= $since and occurred_local < $until
"""

PEOPLE = """
select
    coalesce(segment, 'unknown') as segment,
    case when md5(concat(user_id, $seed)) < '8' then 1 else 0 end as held_out
from event_people
where person in (
    select person
    from numbered_events
    where occurred_local >= $since and occurred_local < $until
        and ($unit <> 'conversation' or chat is not null)
)
order by person
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
