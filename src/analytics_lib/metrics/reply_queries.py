"""The replies of bot and agents: stretches of messages of a user, and who answered when.

The engine orders and joins numbers several times faster than texts, so conversations and users are numbered
first.
"""

from __future__ import annotations

NUMBERED = """
with begun as (
    select conversation_id, min(user_id) as user_id
    from messages
    where sent_local >= $since and sent_local < $until and sent_at < $as_of and sender = 'user'
    group by conversation_id
)
select
    conversation_id, user_id,
    (row_number() over (order by conversation_id))::int as number,
    (dense_rank() over (order by user_id))::int as user_number
from begun
"""

PLACES = """
select number, channel, entry_point, city, region, country
from numbered join conversations on numbered.conversation_id = conversations.conversation_id
"""

SEGMENTS = "select number, segment from numbered join users on numbered.user_id = users.user_id"

NAMES = "select number, conversation_id, user_id from numbered"

# Of who wrote what, only the three senders of the contract are known to wait or to reply. Messages are put in
# order of time; only conversations in which two have the same time are ordered again, by the ids of messages
# as well. Most stretches are one message and its reply stands next to it; only longer ones are looked
# through.
REPLIES = """
with loosely as materialized (
    select
        number, user_number, sent_at, sent_local, sender,
        row_number() over (partition by number order by sent_at) as place,
        lag(sent_at) over (partition by number order by sent_at) as before_at,
        lag(sender, 1, 'nobody') over (partition by number order by sent_at) as previous,
        lead(sender, 1, 'nobody') over (partition by number order by sent_at) as following,
        lead(sent_at) over (partition by number order by sent_at) as after_at
    from messages join (select conversation_id, number, user_number from numbered) as named
        on messages.conversation_id = named.conversation_id
    where sent_at < $as_of and sender in ('user', 'bot', 'agent')
),
tied as (select distinct number from loosely where sent_at = before_at),
closely as (
    select
        number, user_number, sent_at, sent_local, sender,
        row_number() over (partition by number order by sent_at, message_id) as place,
        lag(sender, 1, 'nobody') over (partition by number order by sent_at, message_id) as previous,
        lead(sender, 1, 'nobody') over (partition by number order by sent_at, message_id) as following,
        lead(sent_at) over (partition by number order by sent_at, message_id) as after_at
    from messages join numbered on messages.conversation_id = numbered.conversation_id
    where sent_at < $as_of and sender in ('user', 'bot', 'agent')
        and messages.conversation_id in (
            select conversation_id from numbered where number in (select number from tied)
        )
),
written as materialized (
    select number, user_number, place, sent_at, sent_local, previous, following, after_at
    from loosely
    where sender = 'user' and number not in (select number from tied)
    union all
    select number, user_number, place, sent_at, sent_local, previous, following, after_at
    from closely
    where sender = 'user'
),
longer as (
    select
        number, user_number, sent_at, sent_local, previous, place,
        lead(case when following <> 'user' then after_at end ignore nulls)
            over (partition by number order by place) as after_at,
        lead(case when following <> 'user' then following end ignore nulls)
            over (partition by number order by place) as replier
    from written
    where previous = 'user' or following = 'user'
),
stretches as (
    select number, user_number, place, sent_at, sent_local, after_at, following as replier
    from written
    where previous <> 'user' and following <> 'user'
    union all
    select number, user_number, place, sent_at, sent_local, after_at, replier
    from longer
    where previous <> 'user'
),
opened as (select number, min(place) as first_place from written group by number)
select
    stretches.number, user_number, sent_local as local, place = first_place as is_first,
    case when replier <> 'nobody' then replier end as replier,
    date_diff('microsecond', sent_at, after_at) / 1000000.0 as response_time_seconds
from stretches join opened on stretches.number = opened.number
where sent_local >= $since and sent_local < $until
"""
