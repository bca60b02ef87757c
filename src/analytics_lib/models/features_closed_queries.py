"""What was known of each conversation that had ended, as SQL over the store of that moment."""

CLOSED = """
select
    conversation_id, conversations.user_id, ended_at as known_at, started_at, outcome,
    resolved::int as resolved,
    extract('hour' from started_local)::int as hour,
    date_diff('day', date '1900-01-01', started_local::date) % 7 + 1 as weekday,
    channel, entry_point, conversations.city,
    case when first_seen_at is null or first_seen_at <= ended_at then segment end as segment,
    case when escalated_at <= ended_at then 1 else 0 end as escalated,
    date_diff('microsecond', started_at::timestamp, ended_at::timestamp)::double / 1000000.0
        as duration_seconds,
    date_diff('microsecond', started_at::timestamp, escalated_at::timestamp)::double / 1000000.0
        as seconds_to_escalation
from conversations left join users on users.user_id = conversations.user_id
where ended_at is not null and ($since::timestamptz is null or started_at >= $since::timestamptz)
order by started_at, conversation_id
"""
