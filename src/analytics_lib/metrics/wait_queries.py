"""Who wrote and who replied, of everything the store holds: what ``reply_queries`` finds for one window.

Numbers of conversations run in the order of users, so that the rows of one user lie together: what groups by
users finds them near each other.
"""

from __future__ import annotations

WAITERS = """
with begun as (
    select
        conversation_id, min(user_id) as user_id, min(user_id) <> max(user_id) as is_shared
    from messages
    where sender = 'user'
    group by conversation_id
),
numbered as (
    select
        conversation_id, user_id, is_shared,
        (row_number() over (order by user_id, conversation_id))::int as number,
        (dense_rank() over (order by user_id))::int as user_number
    from begun
)
select
    number, user_number, numbered.conversation_id, numbered.user_id, is_shared, channel, entry_point,
    conversations.city, conversations.region, conversations.country, segment
from numbered
    left join conversations on numbered.conversation_id = conversations.conversation_id
    left join users on numbered.user_id = users.user_id
order by number
"""

# Only the three senders of the contract are known to wait or to reply: 0 user, 1 bot, 2 agent; 3 is nobody.
# As in ``reply_queries``, only conversations in which two messages have the same time are ordered by ids.
WAITS = """
with begun as (
    select conversation_id, min(user_id) as user_id, min(sent_at) as first_at
    from messages
    where sender = 'user'
    group by conversation_id
),
numbered as materialized (
    select
        conversation_id, first_at,
        (row_number() over (order by user_id, conversation_id))::int as number,
        (dense_rank() over (order by user_id))::int as user_number
    from begun
),
loosely as materialized (
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
        where sender in ('user', 'bot', 'agent')
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
        where sender in ('user', 'bot', 'agent')
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
    stretches.number, user_number, sent_at, sent_local,
    coalesce(is_first, sent_at = first_at) as is_first,
    case replier when 1 then 'bot' when 2 then 'agent' end as replier,
    date_diff('microsecond', sent_at, after_at) / 1000000.0 as response_time_seconds
from stretches
    join (select number, user_number, first_at from numbered) as named on stretches.number = named.number
order by stretches.number, sent_at
"""

# Everything in the store is known.
REPLIES = """
select number, user_number, sent_local as local, is_first, replier, response_time_seconds
from waits
where sent_local >= $since and sent_local < $until
"""

# What is known before a moment: stretches begun by then, and the replies that had come.
REPLIES_BEFORE = """
select
    number, user_number, sent_local as local, is_first,
    case when is_known then replier end as replier,
    case when is_known then response_time_seconds end as response_time_seconds
from (
    select *, date_diff('microsecond', sent_at, $as_of) / 1000000.0 > response_time_seconds as is_known
    from waits
    where sent_local >= $since and sent_local < $until and sent_at < $as_of
) as begun
"""

NUMBERED = "select conversation_id, user_id, number, user_number from waiters"

PLACES = "select number, channel, entry_point, city, region, country from waiters"

SEGMENTS = "select number, segment from waiters"

NAMES = "select number, conversation_id, user_id from waiters"

SHARED = "select count(*) as shared from waiters where is_shared"
