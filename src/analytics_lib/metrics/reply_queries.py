"""The replies of bot and agents: stretches of messages of a user, and who answered when.

The engine orders and joins numbers several times faster than texts, so conversations and users are numbered
first.
"""

from __future__ import annotations

NUMBERED = """
with begun as (
    select
        conversation_id, min(user_id) as user_id, min(sent_at) as first_at,
        bool_or(sent_local >= $since and sent_local < $until) as asked
    from messages
    where sent_at < $as_of and sender = 'user'
    group by conversation_id
)
select
    conversation_id, user_id, first_at,
    (row_number() over (order by conversation_id))::int as number,
    (dense_rank() over (order by user_id))::int as user_number
from begun
where asked
"""

PLACES = """
select number, channel, entry_point, city, region, country
from numbered join conversations on numbered.conversation_id = conversations.conversation_id
"""

SEGMENTS = "select number, segment from numbered join users on numbered.user_id = users.user_id"

NAMES = "select number, conversation_id, user_id from numbered"

# Only the three senders of the contract are known to wait or to reply: 0 user, 1 bot, 2 agent; 3 is nobody.
# Messages are put in order of time; only conversations in which two have the same time are ordered again, by
# the ids of messages as well. Most stretches are one message and its reply stands next to it; only longer
# ones are looked through.
REPLIES = """
with loosely as materialized (
    select
        number, sent_at, sent_local, code,
        lag(sent_at) over (partition by number order by sent_at) as before_at,
        lag(code, 1, 3::tinyint) over (partition by number order by sent_at) as previous,
        lead(code, 1, 3::tinyint) over (partition by number order by sent_at) as following,
        lead(sent_at) over (partition by number order by sent_at) as after_at
    from (
        select
            number, sent_at, sent_local,
            (case sender when 'user' then 0 when 'bot' then 1 else 2 end)::tinyint as code
        from messages join (select conversation_id, number from numbered) as named
            on messages.conversation_id = named.conversation_id
        where sent_at < $as_of and sender in ('user', 'bot', 'agent')
    ) as coded
),
tied as (select distinct number from loosely where sent_at = before_at),
closely as (
    select
        number, sent_at, sent_local, code,
        row_number() over (partition by number order by sent_at, message_id) as place,
        count(*) filter (where code = 0) over (
            partition by number order by sent_at, message_id rows between unbounded preceding and current row
        ) as written,
        lag(code, 1, 3::tinyint) over (partition by number order by sent_at, message_id) as previous,
        lead(code, 1, 3::tinyint) over (partition by number order by sent_at, message_id) as following,
        lead(sent_at) over (partition by number order by sent_at, message_id) as after_at
    from (
        select
            number, message_id, sent_at, sent_local,
            (case sender when 'user' then 0 when 'bot' then 1 else 2 end)::tinyint as code
        from messages join numbered on messages.conversation_id = numbered.conversation_id
        where sent_at < $as_of and sender in ('user', 'bot', 'agent')
            and messages.conversation_id in (
                select conversation_id from numbered where number in (select number from tied)
            )
    ) as coded
),
written as materialized (
    select number, 0 as place, null::boolean as is_first, sent_at, sent_local, previous, following, after_at
    from loosely
    where code = 0 and number not in (select number from tied)
    union all
    select number, place, written = 1 as is_first, sent_at, sent_local, previous, following, after_at
    from closely
    where code = 0
),
longer as (
    select
        number, is_first, sent_at, sent_local, previous,
        lead(case when following <> 0 then after_at end ignore nulls)
            over (partition by number order by sent_at, place) as after_at,
        lead(case when following <> 0 then following end ignore nulls)
            over (partition by number order by sent_at, place) as replier
    from written
    where previous = 0 or following = 0
),
stretches as (
    select number, is_first, sent_at, sent_local, after_at, following as replier
    from written
    where previous <> 0 and following <> 0
    union all
    select number, is_first, sent_at, sent_local, after_at, replier
    from longer
    where previous <> 0
)
select
    stretches.number, user_number, sent_local as local, coalesce(is_first, sent_at = first_at) as is_first,
    case replier when 1 then 'bot' when 2 then 'agent' end as replier,
    date_diff('microsecond', sent_at, after_at) / 1000000.0 as response_time_seconds
from stretches
    join (select number, user_number, first_at from numbered) as named on stretches.number = named.number
where sent_local >= $since and sent_local < $until
"""
