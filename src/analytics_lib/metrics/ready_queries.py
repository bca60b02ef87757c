"""Facts worked out ahead: what the queries of facts and their parts find, of every row at once.

Each query here says the same as those it stands for where nothing is cut off: as known after the last moment
of the store. Conversations and users are numbered first, since the engine orders and joins numbers several
times faster than texts. Rows lie in order of time, so that a window reads its own part of them.
"""

from __future__ import annotations

CONVERSATION_FACTS = """
with people as (
    select user_id, (row_number() over (order by user_id))::int as user_number
    from (select distinct user_id from conversations) as them
),
talks as (
    select
        conversation_id,
        count(*) as messages,
        count(*) filter (where sender = 'user') as user_messages,
        count(*) filter (where sender = 'bot') as bot_messages,
        count(*) filter (where sender = 'agent') as agent_messages,
        count(*) filter (where kind = 'template') as templates,
        min(sent_at) filter (where sender = 'user') as first_user_at,
        max(sent_at) filter (where sender = 'user') as last_user_at,
        min(sent_at) filter (where sender = 'agent') as first_agent_at,
        max(sent_at) filter (where sender = 'agent') as last_agent_at,
        max(sent_at) as newest_at
    from messages
    group by conversation_id
),
said as (
    select conversation_id, intent, count(*) as times
    from messages
    where sender = 'user' and intent is not null
        and lower(intent) not in ('fallback', 'unknown:fallback', 'default fallback intent',
            'nlu_fallback', 'none', 'greeting', 'greet', 'hello', 'thanks', 'goodbye')
    group by conversation_id, intent
),
intents as (
    select conversation_id, substr(max(concat(lpad(times::varchar, 9, '0'), intent)), 10) as intent
    from said
    group by conversation_id
),
untold as (
    select talks.conversation_id, newest_at
    from talks join conversations on talks.conversation_id = conversations.conversation_id
    where ended_at is not null and resolved is null
),
last_words as (
    select messages.conversation_id, arg_max(sender, message_id) as last_sender
    from messages join untold
        on messages.conversation_id = untold.conversation_id and messages.sent_at = newest_at
    group by messages.conversation_id
),
steps as (
    select
        conversation_id, occurred_at,
        case name
            when 'conversation_started' then 1
            when 'interest_shown' then 2
            when 'products_viewed' then 3
            when 'product_selected' then 4
            when 'size_selected' then 5
            when 'cart_added' then 6
            when 'purchase_initiated' then 7
            when 'purchase_completed' then 8
        end as stage
    from events
    where conversation_id is not null
),
stages as (
    select
        conversation_id, max(stage) as stage, min(occurred_at) filter (where stage = 8) as purchased_at
    from steps
    where stage is not null
    group by conversation_id
),
bought as (
    select
        conversation_id,
        sum(amount) as paid,
        count(*) filter (where amount > 0) as sales,
        count(*) filter (where amount < 0) as refunds
    from orders
    where conversation_id is not null
    group by conversation_id
),
told as materialized (
    select
        conversations.conversation_id, conversations.user_id, user_number,
        (row_number() over (order by conversations.conversation_id))::int as number,
        channel, entry_point, city, region, country, agent_id, started_at, started_local, ended_at, outcome,
        resolved, csat, nps, escalated_at, escalation_reason, messages, user_messages, bot_messages,
        agent_messages, templates, first_user_at, last_user_at, first_agent_at, last_agent_at, intent,
        last_sender, stage, purchased_at, paid, sales, refunds,
        case when first_user_at is not null or messages is null then coalesce(first_user_at, started_at)
            end as contact_at,
        case when first_user_at is not null or messages is null then coalesce(last_user_at, started_at)
            end as last_at
    from conversations
        join people on conversations.user_id = people.user_id
        left join talks on conversations.conversation_id = talks.conversation_id
        left join intents on conversations.conversation_id = intents.conversation_id
        left join last_words on conversations.conversation_id = last_words.conversation_id
        left join stages on conversations.conversation_id = stages.conversation_id
        left join bought on conversations.conversation_id = bought.conversation_id
),
going_on as (select conversation_id, number, ended_at from told where last_user_at > ended_at),
late as (
    select number, min(sent_at) as reopened_at
    from messages join going_on on messages.conversation_id = going_on.conversation_id
    where sender = 'user' and sent_at > ended_at
    group by number
),
issues as (
    select
        number,
        max(coalesce(ended_at, last_user_at, started_at)) over (
            partition by user_number, coalesce(intent, '') order by contact_at, number
            rows between unbounded preceding and 1 preceding
        ) as issue_before_at,
        lead(contact_at) over (
            partition by user_number, coalesce(intent, '') order by contact_at, number
        ) as issue_after_at
    from told
    where contact_at is not null
),
lined as (
    select user_number, contact_at as moment, contact_at, last_at, null as number
    from told
    where contact_at is not null
    union all
    select user_number, ended_at as moment, null as contact_at, null as last_at, number
    from told
    where ended_at is not null
),
followed as (
    select
        number, user_number, moment as ended_at,
        lead(contact_at ignore nulls)
            over (partition by user_number order by moment, number nulls first) as opened_at,
        max(last_at) over (
            partition by user_number order by moment, number nulls first
            rows between unbounded preceding and current row
        ) as going_on_to
    from lined
),
overlapping as (
    select followed.number, told.conversation_id as other_id, followed.ended_at
    from followed join told on followed.user_number = told.user_number
    where followed.number is not null and going_on_to > followed.ended_at
        and contact_at <= followed.ended_at and last_at > followed.ended_at
),
within as (
    select number, min(sent_at) as written_at
    from messages join overlapping on messages.conversation_id = other_id
    where sender = 'user' and sent_at > ended_at
    group by number
),
next_contacts as (
    select followed.number, least(opened_at, written_at) as next_contact_at
    from followed left join within on followed.number = within.number
    where followed.number is not null
)
select
    conversation_id, user_id, user_number, channel, entry_point, city, region, country, agent_id, started_at,
    started_local, ended_at, outcome, resolved, csat, nps, escalated_at, escalation_reason, messages,
    user_messages, bot_messages, agent_messages, templates, first_user_at, last_user_at, first_agent_at,
    last_agent_at, intent, last_sender, stage, purchased_at, paid, sales, refunds, next_contact_at,
    contact_at, issue_before_at, least(reopened_at, issue_after_at) as next_issue_contact_at
from told
    left join next_contacts on told.number = next_contacts.number
    left join issues on told.number = issues.number
    left join late on told.number = late.number
order by started_local, conversation_id
"""

# The fact ``conversations`` with all its parts but those that depend on what is asked.
CONVERSATIONS = """
with begun as (
    select *, coalesce(ended_at < $as_of, false) as closed
    from conversation_facts
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select
    conversation_id, user_id, user_number, channel, entry_point, city, region, country, agent_id, closed,
    started_at, started_local as local,
    case when closed then ended_at end as ended_at,
    case when closed then outcome end as outcome,
    case when closed then resolved end as resolved,
    csat, nps,
    case when escalated_at < $as_of then escalated_at end as escalated_at,
    case when escalated_at < $as_of then escalation_reason end as escalation_reason,
    case when closed and ended_at >= started_at
        then date_diff('microsecond', started_at, ended_at) / 1000000.0 end as duration_seconds,
    messages, user_messages, bot_messages, agent_messages, templates, first_user_at, last_user_at,
    first_agent_at, last_agent_at, intent, last_sender, stage, purchased_at, paid, sales, refunds,
    next_contact_at, contact_at, issue_before_at, next_issue_contact_at
from begun
"""

IS_FIRST_CONTACT = """
contact_at >= (select min(started_at) from conversation_facts) + $within_days * interval 1 day
    and coalesce(contact_at > issue_before_at + $within_days * interval 1 day, true)
"""

# Each price from the day it comes into force to the next.
RATES = """
with dated as (
    select
        split_part(listed, '|', 1)::timestamp as rate_since,
        split_part(listed, '|', 2)::double as rate_agent_minute,
        split_part(listed, '|', 3)::double as rate_template,
        split_part(listed, '|', 4)::double as rate_conversation
    from (select unnest($rates) as listed) as given
)
select
    rate_since,
    coalesce(lead(rate_since) over (order by rate_since), timestamp '9999-01-01 00:00:00') as rate_until,
    rate_agent_minute, rate_template, rate_conversation
from dated
"""

MESSAGE_SUMS = """
with said as (
    select
        conversation_id, user_id, date_trunc('hour', sent_local)::timestamp as hour_local,
        count(*) as messages,
        count(*) filter (where sender = 'user' and sentiment <= -0.1) as negative,
        count(*) filter (where sender = 'user' and sentiment > -0.1 and sentiment < 0.1) as neutral,
        count(*) filter (where sender = 'user' and sentiment >= 0.1) as positive,
        count(sentiment) filter (where sender = 'user') as scored,
        count(*) filter (where sender = 'user' and kind = 'text') as written,
        count(*) filter (where sender = 'user' and kind = 'text' and sentiment is null) as unscored,
        count(*) filter (
            where sender = 'user' and kind = 'text' and (intent is null or lower(intent) in
                ('fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none'))
        ) as fallbacks,
        count(*) filter (where sender = 'user' and intent is not null) as detections,
        count(confidence) filter (where sender = 'user' and intent is not null) as weighed,
        count(*) filter (where sender = 'user' and intent is not null and confidence < 0.7) as unsure,
        sum(confidence) filter (where sender = 'user' and intent is not null) as confidence,
        count(true_intent) filter (where sender = 'user') as reviewed,
        count(*) filter (where sender = 'user' and intent = true_intent) as recognised
    from messages
    group by all
),
people as (
    select user_id, (row_number() over (order by user_id))::int as user_number
    from (select distinct user_id from said) as them
)
select
    said.user_id, user_number, hour_local, channel, entry_point, city, region, country, messages,
    negative, neutral, positive, scored, written, unscored, fallbacks, detections, weighed, unsure,
    confidence, reviewed, recognised
from said
    join people on said.user_id = people.user_id
    left join conversations on said.conversation_id = conversations.conversation_id
order by hour_local, said.conversation_id, said.user_id
"""

# The fact ``messages``, those of one user in one conversation and hour in a row; only sums can be told.
MESSAGES = """
select
    user_id, user_number, hour_local as local, channel, entry_point, city, region, country, messages,
    negative, neutral, positive, scored, written, unscored, fallbacks, detections, weighed, unsure,
    confidence, reviewed, recognised
from message_sums
where hour_local >= $since and hour_local < $until
"""

ACTION_SUMS = """
with made as (
    select
        conversation_id, date_trunc('hour', started_local)::timestamp as hour_local,
        count(succeeded) as judged, count(*) filter (where succeeded) as succeeded
    from actions
    group by all
),
people as (
    select user_id, (row_number() over (order by user_id))::int as user_number
    from (select distinct user_id from conversations) as them
)
select
    conversations.user_id, user_number, hour_local, channel, entry_point, city, region, country, judged,
    succeeded
from made
    left join conversations on made.conversation_id = conversations.conversation_id
    left join people on conversations.user_id = people.user_id
order by hour_local, made.conversation_id
"""

# The fact ``actions``, those of one conversation and hour in a row.
ACTIONS = """
select
    user_id, user_number, hour_local as local, channel, entry_point, city, region, country, judged, succeeded
from action_sums
where hour_local >= $since and hour_local < $until
"""
