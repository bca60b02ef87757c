"""The queries of the facts and of their parts (see ``facts``)."""

from __future__ import annotations

CONVERSATIONS = """
with begun as (
    select *, coalesce(ended_at < $as_of, false) as closed
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select
    conversation_id, user_id, channel, entry_point, city, region, country, agent_id, closed,
    started_at, started_local as local,
    case when closed then ended_at end as ended_at,
    case when closed then outcome end as outcome,
    case when closed then resolved end as resolved,
    case when ended_at >= $as_of then null else csat end as csat,
    case when ended_at >= $as_of then null else nps end as nps,
    case when escalated_at < $as_of then escalated_at end as escalated_at,
    case when escalated_at < $as_of then escalation_reason end as escalation_reason,
    case when closed and ended_at >= started_at
        then date_diff('microsecond', started_at, ended_at) / 1000000.0 end as duration_seconds
from begun
"""

MESSAGES = """
select
    message_id, conversation_id, user_id, sent_local as local, sender, kind, intent, true_intent, confidence,
    sentiment, status, sender = 'user' and intent is not null as detected,
    sender = 'user' and kind = 'text' as written
from messages
where sent_local >= $since and sent_local < $until and sent_at < $as_of
"""

ACTIONS = """
select action_id, conversation_id, started_local as local, name, duration_ms, succeeded, error
from actions
where started_local >= $since and started_local < $until and started_at < $as_of
"""

ORDERS = """
select order_id, user_id, conversation_id, ordered_local as local, amount, currency
from orders
where ordered_local >= $since and ordered_local < $until and ordered_at < $as_of
"""

API_REQUESTS = """
select request_id, requested_local as local, endpoint, method, status_code, duration_ms
from api_requests
where requested_local >= $since and requested_local < $until and requested_at < $as_of
"""

SAMPLES = """
select
    metric, labels, sampled_local as local, value, date_trunc('hour', sampled_local)::timestamp as block
from samples
where sampled_local >= $since and sampled_local < $until and sampled_at < $as_of
"""

USERS = "select user_id, segment from users"

PLACES = "select conversation_id, channel, entry_point, city, region, country from conversations"

OWNERS = "select conversation_id, user_id, channel, entry_point, city, region, country from conversations"

# Of the whole past of the users in the window, since when they came back is told from it too.
TALKS = """
with asked as (
    select user_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
theirs as (select conversation_id from conversations where user_id in (select user_id from asked))
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
    max(sent_at) filter (where sender = 'agent') as last_agent_at
from messages
where sent_at < $as_of and conversation_id in (select conversation_id from theirs)
group by conversation_id
"""

# Who had the last word, of the conversations of which nobody told the result.
LAST_WORDS = """
with untold as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and ended_at < $as_of and resolved is null
),
ranked as (
    select
        conversation_id, sender,
        row_number() over (partition by conversation_id order by sent_at desc, message_id desc) as place
    from messages
    where sent_at < $as_of and conversation_id in (select conversation_id from untold)
)
select conversation_id, sender as last_sender from ranked where place = 1
"""

STAGES = """
with numbered as (
    select
        conversation_id, name, occurred_at,
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
    where conversation_id is not null and occurred_at < $as_of
)
select
    conversation_id,
    max(stage) as stage,
    min(occurred_at) filter (where stage = 8) as purchased_at
from numbered
where stage is not null
group by conversation_id
"""

SALES = """
select
    conversation_id,
    sum(amount) as paid,
    count(*) filter (where amount > 0) as sales,
    count(*) filter (where amount < 0) as refunds
from orders
where conversation_id is not null and ordered_at < $as_of
group by conversation_id
"""

# Of equally frequent intents the last by name, so that the answer is the same twice.
INTENTS = """
with families as (
    select split_part(pair, '=', 1) as intent, split_part(pair, '=', 2) as family
    from (select unnest($families) as pair) as pairs
),
asked as (
    select user_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
theirs as (select conversation_id from conversations where user_id in (select user_id from asked)),
said as (
    select conversation_id, coalesce(family, messages.intent) as intent, count(*) as times
    from messages left join families on messages.intent = families.intent
    where sender = 'user' and sent_at < $as_of and messages.intent is not null
        and lower(messages.intent) not in ('fallback', 'unknown:fallback', 'default fallback intent',
            'nlu_fallback', 'none', 'greeting', 'greet', 'hello', 'thanks', 'goodbye')
        and conversation_id in (select conversation_id from theirs)
    group by all
)
select conversation_id, substr(max(concat(lpad(times::varchar, 9, '0'), intent)), 10) as intent
from said
group by conversation_id
"""

INFLUENCED = """
select order_id, true as influenced
from orders join conversations using (user_id)
where ordered_local >= $since and ordered_local < $until and ordered_at < $as_of
    and started_at <= ordered_at and started_at > ordered_at - $influence_days * interval 1 day
group by order_id
"""

RATES = """
with dated as (
    select
        split_part(listed, '|', 1)::timestamp as rate_since,
        split_part(listed, '|', 2)::double as agent_minute,
        split_part(listed, '|', 3)::double as template,
        split_part(listed, '|', 4)::double as conversation
    from (select unnest($rates) as listed) as given
),
begun as (
    select conversation_id, started_local
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select
    conversation_id,
    arg_max(agent_minute, rate_since) as rate_agent_minute,
    arg_max(template, rate_since) as rate_template,
    arg_max(conversation, rate_since) as rate_conversation
from begun join dated on started_local >= rate_since
group by conversation_id
"""
