"""Facts of a moment: what is open at the end of a period, or at any time in the window; how a queue stands.

``$ends_local`` is the end of the window on the wall clock, or what is known where that comes before.
"""

from __future__ import annotations

# A message belongs to the end of a period if it lies in the 30 minutes before it.
ACTIVE = """
with written as (
    select
        conversation_id, sent_local, sent_local + interval 30 minute as heard_until,
        date_trunc($period, sent_local + interval 30 minute)::timestamp as boundary
    from messages
    where sent_local >= $since - interval 30 minute and sent_local < $ends_local and sent_at < $as_of
),
late as materialized (
    select conversation_id, heard_until, case when boundary > sent_local then boundary end as boundary
    from written
    where boundary > sent_local or heard_until >= $ends_local
),
heard as (
    select conversation_id, $ends_local::timestamp as boundary
    from late
    where heard_until >= $ends_local
    union
    select conversation_id, boundary
    from late
    where boundary <= $ends_local
)
select
    conversation_id, user_id, channel, entry_point, city, region, country,
    boundary - interval 1 microsecond as local
from heard join conversations using (conversation_id)
where boundary > $since and started_local < boundary
    and coalesce(started_local + (ended_at - started_at) >= boundary, true)
"""

OVERLAPPING = """
select
    conversation_id, user_id, channel, entry_point, city, region, country,
    started_local as local,
    least(coalesce(started_local + (ended_at - started_at), $ends_local), $ends_local) as ends_local
from conversations
where started_local < $ends_local
    and (ended_at is null or (ended_at > started_at and started_local + (ended_at - started_at) > $since))
"""

QUEUES = """
with read as (
    select
        labels, value, sampled_local,
        case when sampled_local + interval 5 minute >= $ends_local then $ends_local::timestamp
            else date_trunc($period, sampled_local + interval 5 minute)::timestamp end as boundary
    from samples
    where metric = 'queue_depth' and value is not null
        and sampled_local >= $since and sampled_local < $ends_local and sampled_at < $as_of
)
select
    labels, value, sampled_local as local,
    date_diff('microsecond', boundary, sampled_local)::double / 60000000 as minutes
from read
where boundary > sampled_local
"""
