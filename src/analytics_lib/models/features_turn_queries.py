"""What was known after each turn of a conversation, as SQL; ``features_list`` says what the columns mean.

Moments are counted in microseconds since 1970, conversations and people are numbered: windows and joins over
narrow whole numbers are what makes a million turns quick.
"""

TURNS = """
with wanted as (
    select conversation_id, user_id, started_at
    from conversations
    where (not $at_end or ended_at is not null)
        and ($conversation_id::varchar is null or conversation_id = $conversation_id::varchar)
        and ($since::timestamptz is null or started_at >= $since::timestamptz)
),
people as (
    select user_id, row_number() over (order by user_id) as person
    from wanted
    group by user_id
),
talks as (
    select
        conversation_id, conversations.user_id, person, channel, entry_point, conversations.city, started_at,
        ended_at, outcome, csat, escalated_at,
        row_number() over (order by started_at, conversation_id) as talk,
        date_diff('microsecond', timestamp '1970-01-01', started_at::timestamp) as started,
        date_diff('microsecond', timestamp '1970-01-01', ended_at::timestamp) as ended,
        date_diff('microsecond', timestamp '1970-01-01', escalated_at::timestamp) as escalated
    from conversations join people on people.user_id = conversations.user_id
),
asked as (
    select talk, talks.conversation_id, person, started, ended
    from talks join wanted on wanted.conversation_id = talks.conversation_id
),
said as (
    select
        talk, sender, intent, confidence, sentiment, text, sent_local, sent_at,
        case when sender = 'user' then length(text) end as letters,
        date_diff('microsecond', timestamp '1970-01-01', sent_at::timestamp) as sent,
        sender = 'user' and (intent is not null or kind = 'text') as question,
        sender = 'user' and (
            (intent is null and kind = 'text') or lower(intent) in (
                'fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none')
        ) as fell,
        row_number() over line as position,
        case when sender = 'user' and lag(sender) over line is distinct from 'user' then 1 else 0 end
            as begins
    from messages join asked on asked.conversation_id = messages.conversation_id
    where not $at_end
        or date_diff('microsecond', timestamp '1970-01-01', sent_at::timestamp) <= ended
    window line as (partition by talk order by sent_at, message_id)
),
placed as (
    select said.*, sum(begins) over (partition by talk order by position) as turn
    from said
),
turns as (
    select
        talk, turn::bigint as turn,
        max(sent_at) as last_at, max(sent_local) as last_local, max(sent) as last_sent,
        count(*) filter (where sender = 'user') as user_messages,
        count(*) filter (where sender = 'bot') as bot_messages,
        count(*) filter (where sender = 'agent') as agent_messages,
        count(*) filter (where question) as questions,
        count(*) filter (where fell) as fallbacks,
        count(confidence) filter (where sender = 'user') as detections,
        count(*) filter (where sender = 'user' and confidence < 0.7) as unsure,
        sum(confidence) filter (where sender = 'user') as confidences,
        min(confidence) filter (where sender = 'user') as least_confidence,
        arg_max(confidence, position) filter (where sender = 'user' and confidence is not null)
            as last_confidence,
        arg_max(intent, position) filter (where sender = 'user' and intent is not null) as last_intent,
        arg_max(text, position) filter (where sender = 'user' and text is not null) as last_text,
        sum(sentiment) filter (where sender = 'user') as sentiments,
        count(sentiment) filter (where sender = 'user') as scored,
        max(sentiment) filter (where sender = 'user') as best_sentiment,
        arg_max(sentiment, position) filter (where sender = 'user' and sentiment is not null)
            as last_sentiment,
        sum(letters) as letters,
        count(letters) as texts,
        arg_max(letters, position) filter (where letters is not null) as last_letters,
        min(sent) filter (where sender = 'user') as first_user,
        min(sent) filter (where sender <> 'user') as first_reply,
        arg_min(sender, position) filter (where sender <> 'user') as replier
    from placed
    where $last_turn::bigint is null or turn <= $last_turn::bigint
    group by talk, turn
),
first_intents as (
    select talk, turn, count(*) as new_intents
    from (
        select talk, intent, min(turn) as turn
        from placed
        where sender = 'user' and intent is not null and not fell
        group by talk, intent
    ) as met
    group by talk, turn
),
steps as (
    select
        turns.*, coalesce(new_intents, 0) as new_intents,
        case when turns.turn >= 1 and replier = 'bot' then (first_reply - first_user) / 1000000.0 end as wait,
        case when turns.turn >= 1
            then (first_user - lag(last_sent) over line) / 1000000.0 end as thought,
        case when turns.turn >= 2 and (
            last_intent = lag(last_intent) over line and fallbacks < questions
            or lower(trim(last_text)) = lag(lower(trim(last_text))) over line) then 1 else 0 end as repeated
    from turns left join first_intents on first_intents.talk = turns.talk and first_intents.turn = turns.turn
    window line as (partition by turns.talk order by turns.turn)
),
sums as (
    select
        talk, turn, last_at, last_local, last_sent,
        lead(turn) over (partition by talk order by turn) is null as is_last,
        sum(user_messages) over line as user_messages,
        sum(bot_messages) over line as bot_messages,
        sum(agent_messages) over line as agent_messages,
        sum(questions) over line as questions,
        sum(fallbacks) over line as fallbacks,
        sum(detections) over line as detections,
        sum(unsure) over line as unsure,
        sum(confidences) over line as confidences,
        min(least_confidence) over line as least_confidence,
        last_value(last_confidence ignore nulls) over line as last_confidence,
        last_value(last_intent ignore nulls) over line as last_intent,
        sum(new_intents) over line as intents,
        sum(repeated) over line as repeats,
        sum(sentiments) over line as sentiments,
        sum(scored) over line as scored,
        max(best_sentiment) over line as best_sentiment,
        last_value(last_sentiment ignore nulls) over line as last_sentiment,
        sum(letters) over line as letters,
        sum(texts) over line as texts,
        last_value(last_letters ignore nulls) over line as last_letters,
        first_reply is not null as answered,
        last_value(wait ignore nulls) over line as last_wait,
        avg(wait) over line as mean_wait,
        max(wait) over line as longest_wait,
        thought as last_thought,
        avg(thought) over line as mean_thought
    from steps
    window line as (partition by talk order by turn rows between unbounded preceding and current row)
),
moments as (
    select
        asked.talk, turn, case when $at_end then ended else greatest(last_sent, started) end as moment,
        1 as kind, 0 as called, 0 as failed, null::int as stage, 0 as escalated, 0 as ordered
    from sums join asked on asked.talk = sums.talk
    where turn >= 1 or ($at_end and is_last)
    union all
    select
        talk, 0, date_diff('microsecond', timestamp '1970-01-01', actions.started_at::timestamp), 0, 1, 0,
        null::int, 0, 0
    from actions join asked on asked.conversation_id = actions.conversation_id
    union all
    select
        talk, 0,
        date_diff('microsecond', timestamp '1970-01-01', actions.started_at::timestamp)
            + cast(round(least(coalesce(duration_ms, 0), 1e12) * 1000) as bigint),
        0, 0, 1, null::int, 0, 0
    from actions join asked on asked.conversation_id = actions.conversation_id
    where not succeeded
    union all
    select
        talk, 0, date_diff('microsecond', timestamp '1970-01-01', occurred_at::timestamp), 0, 0, 0,
        case name
            when 'conversation_started' then 1 when 'interest_shown' then 2 when 'products_viewed' then 3
            when 'product_selected' then 4 when 'size_selected' then 5 when 'cart_added' then 6
            when 'purchase_initiated' then 7 when 'purchase_completed' then 8 end,
        0, 0
    from events join asked on asked.conversation_id = events.conversation_id
    union all
    select talks.talk, 0, escalated, 0, 0, 0, null::int, 1, 0
    from talks join asked on asked.talk = talks.talk
    where escalated is not null
    union all
    select
        talk, 0, date_diff('microsecond', timestamp '1970-01-01', ordered_at::timestamp), 0, 0, 0,
        null::int, 0, 1
    from orders join asked on asked.conversation_id = orders.conversation_id
    where amount > 0
),
reached as (
    select
        talk, turn, moment, kind,
        sum(called) over line as actions,
        sum(failed) over line as failed_actions,
        max(stage) over line as stage,
        max(case when stage is not null then moment end) over line as stage_at,
        max(escalated) over line as escalated,
        sum(ordered) over line as orders
    from moments
    window line as (
        partition by talk order by moment, kind, turn rows between unbounded preceding and current row
    )
),
at_turns as (
    select reached.*, coalesce(stage_at > lag(moment) over line, stage_at is not null) as new_stage
    from reached
    where kind = 1
    window line as (partition by talk order by turn)
),
since_stage as (
    select at_turns.*, turn - max(case when new_stage then turn end) over line as turns_since_stage
    from at_turns
    window line as (partition by talk order by turn rows between unbounded preceding and current row)
),
past_moments as (
    select
        person, talk, started as moment, 1 as kind, null::bigint as began, 0 as ended, null as outcome,
        0 as bought, 0 as left_open, 0 as escalated, null::bigint as csat, 0 as ordered
    from asked
    union all
    select person, 0, started, 2, started, 0, null, 0, 0, 0, null::bigint, 0
    from talks
    union all
    select
        person, 0, ended, 2, null::bigint, 1, outcome, case when outcome = 'purchase' then 1 else 0 end,
        case when outcome = 'abandoned' then 1 else 0 end, 0, null::bigint, 0
    from talks
    where ended is not null
    union all
    select person, 0, escalated, 2, null::bigint, 0, null, 0, 0, 1, null::bigint, 0
    from talks
    where escalated is not null
    union all
    select person, 0, ended + 172800000000, 0, null::bigint, 0, null, 0, 0, 0, csat, 0
    from talks
    where csat is not null
    union all
    select
        person, 0, date_diff('microsecond', timestamp '1970-01-01', ordered_at::timestamp), 2,
        null::bigint, 0, null, 0, 0, 0, null::bigint, 1
    from orders join people on people.user_id = orders.user_id
    where amount > 0
),
past as (
    select
        talk, kind, moment,
        count(began) over line as past_conversations,
        max(began) over line as last_began,
        min(began) over line as first_began,
        sum(bought) over line as past_purchases,
        sum(left_open) over line as past_abandoned,
        sum(escalated) over line as past_escalations,
        last_value(outcome ignore nulls) over line as last_outcome,
        last_value(csat ignore nulls) over line as last_csat,
        sum(ordered) over line as past_orders
    from past_moments
    window line as (
        partition by person order by moment, kind, talk, outcome, csat
        rows between unbounded preceding and current row
    )
),
span as (select min(started_at) - interval 1 hour as first_at, max(started_at) as last_at from wanted),
busy as (
    select
        conversation_id,
        count(*) over (
            order by started_at range between interval 1 hour preceding and current row
        ) as conversations_last_hour
    from conversations join span on started_at >= first_at and started_at <= last_at
)
select
    talks.conversation_id, talks.user_id, sums.turn, greatest(last_at, started_at) as known_at, started_at,
    (last_sent - started) / 1000000.0 as seconds_since_start,
    extract('hour' from last_local)::int as hour,
    date_diff('day', date '1900-01-01', last_local::date) % 7 + 1 as weekday,
    channel, entry_point, talks.city,
    case when first_seen_at is null or first_seen_at <= greatest(last_at, started_at) then segment end
        as segment,
    user_messages::bigint as user_messages, bot_messages::bigint as bot_messages,
    agent_messages::bigint as agent_messages,
    last_intent, intents::bigint as intents, fallbacks::double / nullif(questions, 0) as fallback_share,
    unsure::double / nullif(detections, 0) as low_confidence_share,
    confidences / nullif(detections, 0) as mean_confidence,
    least_confidence, last_confidence, repeats::bigint as repeats,
    last_sentiment, sentiments / nullif(scored, 0) as mean_sentiment,
    best_sentiment - last_sentiment as sentiment_fall,
    letters::double / nullif(texts, 0) as mean_letters, last_letters,
    answered::int as answered, last_wait as last_response_seconds, mean_wait as mean_response_seconds,
    longest_wait as longest_response_seconds, last_thought as last_pause_seconds,
    mean_thought as mean_pause_seconds,
    actions::bigint as actions, failed_actions::bigint as failed_actions, stage,
    (reached.moment - stage_at) / 1000000.0 as seconds_since_stage,
    turns_since_stage,
    reached.escalated, orders::bigint as orders,
    past_conversations, past_purchases::bigint as past_purchases, past_abandoned::bigint as past_abandoned,
    past_escalations::bigint as past_escalations, past_orders::bigint as past_orders,
    (started - last_began)::double / 86400000000.0 as days_since_conversation,
    (started - first_began)::double / 86400000000.0 as days_since_first_conversation,
    coalesce(last_outcome, 'none') as last_outcome, last_csat, conversations_last_hour
from sums
join since_stage as reached on reached.talk = sums.talk and reached.turn = sums.turn
join talks on talks.talk = sums.talk
join past on past.kind = 1 and past.talk = sums.talk
join busy on busy.conversation_id = talks.conversation_id
left join users on users.user_id = talks.user_id
where not $at_end or is_last
order by talks.talk, sums.turn
"""
