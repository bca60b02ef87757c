"""When a user came back after a conversation had ended: about anything, or about the same issue.

Both read the steps ``talks`` and ``intents`` (see ``derived``). A conversation of which the store holds no
message is
a contact from its start: nobody knows better.
"""

from __future__ import annotations

# The next message of the user, whichever conversation it is in. Nearly always it opens a conversation; where
# one of the user's conversations went on beyond the end of another, its messages are looked through.
NEXT_CONTACTS = """
with ended as (
    select conversation_id, user_id, ended_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of and ended_at < $as_of
),
spoken as (
    select
        conversations.conversation_id, user_id,
        coalesce(first_user_at, started_at) as contact_at, coalesce(last_user_at, started_at) as last_at
    from conversations left join talks on conversations.conversation_id = talks.conversation_id
    where started_at < $as_of and user_id in (select user_id from ended)
        and (first_user_at is not null or messages is null)
),
lined as (
    select user_id, contact_at as moment, contact_at, last_at, null as conversation_id from spoken
    union all
    select user_id, ended_at as moment, null as contact_at, null as last_at, conversation_id from ended
),
followed as (
    select
        conversation_id, user_id, moment as ended_at,
        lead(contact_at ignore nulls)
            over (partition by user_id order by moment, conversation_id nulls first) as opened_at,
        max(last_at) over (
            partition by user_id order by moment, conversation_id nulls first
            rows between unbounded preceding and current row
        ) as going_on_to
    from lined
),
overlapping as (
    select followed.conversation_id, spoken.conversation_id as other_id, ended_at
    from followed join spoken on followed.user_id = spoken.user_id
    where followed.conversation_id is not null and going_on_to > ended_at
        and contact_at <= ended_at and last_at > ended_at
),
within as (
    select overlapping.conversation_id, min(sent_at) as written_at
    from messages join overlapping on messages.conversation_id = other_id
    where sender = 'user' and sent_at > ended_at and sent_at < $as_of
    group by overlapping.conversation_id
)
select followed.conversation_id, least(opened_at, written_at) as next_contact_at
from followed left join within on followed.conversation_id = within.conversation_id
where followed.conversation_id is not null
"""

# An issue is a user and the conversation's main intent; without a known intent, the user alone. Whether an
# earlier contact belongs to it is not known for the first days of the data.
ISSUES = """
with asked as (
    select user_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
late as (
    select messages.conversation_id, min(sent_at) as reopened_at
    from messages join conversations on messages.conversation_id = conversations.conversation_id
    where sender = 'user' and sent_at > ended_at and sent_at < $as_of
        and messages.conversation_id in (
            select talks.conversation_id
            from talks join conversations on talks.conversation_id = conversations.conversation_id
            where last_user_at > ended_at
        )
    group by messages.conversation_id
),
contacts as (
    select
        conversations.conversation_id, conversations.user_id, coalesce(intent, '') as issue, reopened_at,
        coalesce(first_user_at, started_at) as contact_at,
        coalesce(ended_at, last_user_at, started_at) as over_at
    from conversations
        left join talks on conversations.conversation_id = talks.conversation_id
        left join intents on conversations.conversation_id = intents.conversation_id
        left join late on conversations.conversation_id = late.conversation_id
    where started_at < $as_of and conversations.user_id in (select user_id from asked)
        and (first_user_at is not null or messages is null)
),
lined as (
    select
        conversation_id, contact_at, reopened_at,
        max(over_at) over (
            partition by user_id, issue order by contact_at, conversation_id
            rows between unbounded preceding and 1 preceding
        ) as before_at,
        lead(contact_at) over (partition by user_id, issue order by contact_at, conversation_id) as after_at
    from contacts
)
select
    conversation_id,
    contact_at >= (select min(started_at) from conversations) + $within_days * interval 1 day
        and coalesce(contact_at > before_at + $within_days * interval 1 day, true) as is_first_contact,
    least(reopened_at, after_at) as next_issue_contact_at
from lined
"""
