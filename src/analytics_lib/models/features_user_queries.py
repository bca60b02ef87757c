"""What was known of each user at a moment, as SQL over the store of that moment."""

USERS = """
with written as (
    select
        conversation_id, min(sent_at) as first_at, max(sent_at) as last_at, count(*) as messages,
        sum(sentiment) as sentiments, count(sentiment) as scored,
        count(*) filter (where intent is not null or kind = 'text') as questions,
        count(*) filter (where (intent is null and kind = 'text') or lower(intent) in (
            'fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none')) as fallbacks
    from messages
    where sender = 'user'
    group by conversation_id
),
talks as (
    select
        user_id, conversation_id, channel, started_at, started_local, ended_at, outcome, resolved,
        escalated_at, csat, row_number() over (order by ended_at nulls first, conversation_id) as ended_order,
        date_diff('microsecond', timestamp '1970-01-01', started_at::timestamp) as started,
        date_diff('microsecond', timestamp '1970-01-01', $as_of::timestamptz::timestamp) as present
    from conversations
),
contacts as (
    select
        user_id, channel, messages, sentiments, scored, questions, fallbacks,
        date_diff('microsecond', timestamp '1970-01-01', first_at::timestamp) as first_wrote,
        date_diff('microsecond', timestamp '1970-01-01', last_at::timestamp) as last_wrote, present,
        case when date_diff('day', date '1900-01-01', started_local::date) % 7 >= 5 then 1 else 0 end
            as weekend,
        talks.conversation_id
    from talks join written on written.conversation_id = talks.conversation_id
),
spaced as (
    select
        contacts.*,
        (first_wrote - lag(first_wrote) over line)::double / 86400000000.0 as gap_days,
        sentiments / nullif(scored, 0) as mood,
        row_number() over line as contact
    from contacts
    window line as (partition by user_id order by first_wrote, conversation_id)
),
met as (
    select
        user_id,
        count(*) as contacts,
        count(*) filter (where first_wrote >= present - 2592000000000) as contacts_30_days,
        count(*) filter (where first_wrote >= present - 7776000000000) as contacts_90_days,
        count(*) filter (where first_wrote >= present - 2592000000000)
            - count(*) filter (
                where first_wrote < present - 2592000000000 and first_wrote >= present - 5184000000000
            ) as contacts_trend,
        min(present - last_wrote)::double / 86400000000.0 as recency_days,
        max(present - first_wrote)::double / 86400000000.0 as first_contact_days,
        avg(gap_days) as mean_gap_days, median(gap_days) as median_gap_days,
        avg(messages) as messages_per_contact,
        count(distinct channel) as channels,
        arg_max(channel, contact) as last_channel,
        avg(weekend) as weekend_share,
        sum(sentiments) / nullif(sum(scored), 0) as mean_sentiment,
        arg_max(mood, contact) filter (where mood is not null) as last_sentiment,
        sum(fallbacks)::double / nullif(sum(questions), 0) as fallback_share
    from spaced
    group by user_id
),
ended as (
    select
        user_id,
        count(*) as conversations,
        max(present - started)::double / 86400000000.0 as first_conversation_days,
        count(*) filter (where ended_at is null) as open_conversations,
        count(*) filter (where ended_at is not null and escalated_at is not null)::double
            / nullif(count(ended_at), 0) as escalated_share,
        count(*) filter (where outcome = 'abandoned')::double / nullif(count(outcome), 0) as abandoned_share,
        count(*) filter (where outcome = 'purchase')::double / nullif(count(outcome), 0) as purchase_share,
        count(*) filter (where resolved)::double / nullif(count(resolved), 0) as resolved_share,
        arg_max(outcome, ended_order) filter (where outcome is not null) as last_outcome,
        avg(csat) as mean_csat, count(csat) as csat_answers,
        arg_max(csat, ended_order) filter (where csat is not null) as last_csat
    from talks
    group by user_id
),
usual as (
    select currency from orders group by currency order by count(*) desc, currency limit 1
),
bought as (
    select
        user_id, amount, order_id, currency,
        date_diff('microsecond', timestamp '1970-01-01', ordered_at::timestamp) as ordered,
        date_diff('microsecond', timestamp '1970-01-01', $as_of::timestamptz::timestamp) as present
    from orders
),
order_gaps as (
    select
        user_id, ordered, present,
        (ordered - lag(ordered) over (partition by user_id order by ordered, order_id))::double
            / 86400000000.0 as gap_days
    from bought
    where amount > 0
),
orders_of as (
    select
        user_id, count(*) as orders,
        count(*) filter (where ordered >= present - 2592000000000) as orders_30_days,
        count(*) filter (where ordered >= present - 7776000000000) as orders_90_days,
        min(present - ordered)::double / 86400000000.0 as order_recency_days,
        max(present - ordered)::double / 86400000000.0 as first_order_days,
        avg(gap_days) as mean_order_gap_days
    from order_gaps
    group by user_id
),
spent as (
    select
        user_id, sum(amount) filter (where bought.currency = usual.currency) as revenue,
        count(*) filter (where amount < 0) as refunds
    from bought cross join usual
    group by user_id
),
journeys as (
    select
        user_id, count(*) as events,
        min(date_diff('microsecond', occurred_at::timestamp, $as_of::timestamptz::timestamp))::double
            / 86400000000.0 as event_recency_days,
        max(date_diff('microsecond', occurred_at::timestamp, $as_of::timestamptz::timestamp))::double
            / 86400000000.0 as first_event_days,
        max(case name
            when 'conversation_started' then 1 when 'interest_shown' then 2 when 'products_viewed' then 3
            when 'product_selected' then 4 when 'size_selected' then 5 when 'cart_added' then 6
            when 'purchase_initiated' then 7 when 'purchase_completed' then 8 end
        ) filter (where occurred_at >= $as_of::timestamptz - interval 90 day) as stage_90_days
    from events
    group by user_id
),
everybody as (
    select user_id from ended union select user_id from orders_of union select user_id from spent
    union select user_id from journeys
)
select
    everybody.user_id, $as_of::timestamptz as known_at,
    segment, users.city,
    coalesce(contacts, 0) as contacts, coalesce(contacts_30_days, 0) as contacts_30_days,
    coalesce(contacts_90_days, 0) as contacts_90_days, coalesce(contacts_trend, 0) as contacts_trend,
    recency_days, first_contact_days, mean_gap_days, median_gap_days,
    recency_days / nullif(mean_gap_days, 0) as recency_in_gaps,
    messages_per_contact, coalesce(channels, 0) as channels, last_channel, weekend_share,
    mean_sentiment, last_sentiment, fallback_share,
    coalesce(conversations, 0) as conversations, coalesce(open_conversations, 0) as open_conversations,
    escalated_share, abandoned_share, purchase_share, resolved_share,
    coalesce(last_outcome, 'none') as last_outcome, mean_csat, coalesce(csat_answers, 0) as csat_answers,
    last_csat,
    coalesce(orders, 0) as orders, coalesce(orders_30_days, 0) as orders_30_days,
    coalesce(orders_90_days, 0) as orders_90_days, order_recency_days, first_order_days, mean_order_gap_days,
    order_recency_days / nullif(mean_order_gap_days, 0) as order_recency_in_gaps,
    coalesce(revenue, 0) as revenue, coalesce(refunds, 0) as refunds,
    coalesce(events, 0) as events, event_recency_days, stage_90_days,
    least(recency_days, order_recency_days, event_recency_days) as activity_recency_days,
    greatest(
        first_conversation_days, first_contact_days, first_order_days, first_event_days,
        date_diff('microsecond', first_seen_at::timestamp, $as_of::timestamptz::timestamp)::double
            / 86400000000.0
    ) as tenure_days
from everybody
left join met on met.user_id = everybody.user_id
left join ended on ended.user_id = everybody.user_id
left join orders_of on orders_of.user_id = everybody.user_id
left join spent on spent.user_id = everybody.user_id
left join journeys on journeys.user_id = everybody.user_id
left join users on users.user_id = everybody.user_id
order by everybody.user_id
"""
