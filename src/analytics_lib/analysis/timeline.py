"""One conversation, message by message, with the bot's actions and the journey's events beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.analysis.scope import bounds, known_before
from analytics_lib.errors import NotFoundError

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

CONVERSATION = """
with known as (
    select
        *,
        ended_at < $as_of as is_closed,
        escalated_at < $as_of as is_escalated
    from conversations
    where conversation_id = $conversation_id
)
select
    conversation_id, user_id, channel, started_local, entry_point, city,
    case when is_closed then outcome end as outcome,
    case when is_closed then resolved end as resolved,
    case when is_closed then csat end as csat,
    case when is_closed then nps end as nps,
    case when is_escalated then escalation_reason end as escalation_reason,
    case when is_closed then date_diff('microsecond', started_at, ended_at) / 1000000.0 end as ended_seconds,
    case when is_escalated then date_diff('microsecond', started_at, escalated_at) / 1000000.0 end
        as escalated_seconds
from known
"""

MESSAGES = """
with conversation as (select started_at from conversations where conversation_id = $conversation_id),
written as (
    select
        message_id, sent_at, sent_local, sender, kind, text, intent, confidence, sentiment,
        row_number() over (order by sent_at, message_id) as position,
        lag(sent_at) over (order by sent_at, message_id) as previous_at,
        lag(sender, 1, 'nobody') over (order by sent_at, message_id) as previous
    from messages
    where conversation_id = $conversation_id and sent_at < $as_of
),
turning as (
    select
        position, sender,
        lag(sent_at) over (order by position) as waiting_since
    from written
    where (sender = 'user') <> (previous = 'user')
),
replies as (select position, waiting_since from turning where sender <> 'user')
select
    written.position, message_id, sent_local, sender, kind, text, intent, confidence, sentiment,
    date_diff('microsecond', started_at, sent_at) / 1000000.0 as seconds,
    date_diff('microsecond', previous_at, sent_at) / 1000000.0 as gap_seconds,
    date_diff('microsecond', waiting_since, sent_at) / 1000000.0 as response_time_seconds
from written cross join conversation left join replies on written.position = replies.position
order by written.position
"""

ACTIONS = """
with conversation as (select started_at from conversations where conversation_id = $conversation_id)
select
    action_id, actions.started_local, name, duration_ms, succeeded, error,
    date_diff('microsecond', conversation.started_at, actions.started_at) / 1000000.0 as seconds
from actions cross join conversation
where conversation_id = $conversation_id and actions.started_at < $as_of
order by actions.started_at, action_id
"""

EVENTS = """
with conversation as (select started_at from conversations where conversation_id = $conversation_id)
select
    event_id, occurred_local, name, product_id, value,
    date_diff('microsecond', started_at, occurred_at) / 1000000.0 as seconds
from events cross join conversation
where conversation_id = $conversation_id and occurred_at < $as_of
order by occurred_at, event_id
"""

NEAREST = """
select conversation_id
from conversations
order by levenshtein(conversation_id, $conversation_id), conversation_id
limit 1
"""

TYPICAL = """
with started as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
written as (
    select
        conversation_id,
        count(*) as messages,
        count(*) filter (where sender = 'user') > 0
            and count(*) filter (where sender <> 'user') > 0 as answered
    from messages
    where conversation_id in (select conversation_id from started) and sent_at < $as_of
    group by conversation_id
),
acted as (select distinct conversation_id, true as has_action from actions where started_at < $as_of),
middle as (select median(messages) as messages from written)
select conversation_id
from written cross join middle left join acted using (conversation_id)
order by
    answered desc, coalesce(has_action, false) desc, abs(written.messages - middle.messages), conversation_id
limit 1
"""
_LONGEST_ID = 200


@dataclass(frozen=True)
class Timeline:
    """One conversation; ``seconds`` count from its start everywhere.

    Attributes:
        conversation: One row: ``conversation_id user_id channel started_local entry_point city outcome
            resolved csat nps escalation_reason ended_seconds escalated_seconds``; how it ended is null while
            it is open. No row where no conversation was asked for.
        messages: One row per message, ordered by ``(sent_at, message_id)``: ``position`` (from 1),
            ``message_id sent_local sender kind text intent confidence sentiment seconds``, ``gap_seconds``
            since the message before (null for the first), ``response_time_seconds`` on a reply: since the
            first message of the user that it answers (null elsewhere).
        actions: One row per action, in order: ``action_id started_local name duration_ms succeeded error
            seconds``.
        events: One row per event of the journey, in order: ``event_id occurred_local name product_id value
            seconds``.
    """

    conversation: pd.DataFrame
    messages: pd.DataFrame
    actions: pd.DataFrame
    events: pd.DataFrame


def timeline(store: Store, conversation_id: str | None, *, as_of: Moment | None = None) -> Timeline:
    """Everything known of one conversation, in the order it happened.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``.
        conversation_id: The conversation; null where none could be chosen, which gives a timeline without
            rows.
        as_of: Nothing later is known; null = everything in the store is.

    Raises:
        NotFoundError: If there is no such conversation; the message names the nearest id.
    """
    asked = {"conversation_id": conversation_id, "as_of": known_before(as_of)}
    conversation = store.query(CONVERSATION, **asked)
    if conversation_id is not None and conversation.empty:
        raise NotFoundError(_not_found(store, conversation_id[:_LONGEST_ID]))
    return Timeline(
        conversation,
        store.query(MESSAGES, **asked),
        store.query(ACTIONS, **asked),
        store.query(EVENTS, **asked),
    )


def choose_conversation(
    store: Store,
    conversation_id: str = "",
    *,
    since: Moment,
    until: Moment,
    channel: str | None = None,
    as_of: Moment | None = None,
) -> str | None:
    """The conversation somebody named, or else a typical one of the window to look at first.

    Typical is: the user was answered, the bot called a system, and the number of messages is nearest to the
    median of the window; of equals, the first by id. The same data give the same conversation.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``.
        conversation_id: Returned as it is unless empty.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        The id; null where no conversation of the window holds a message.
    """
    if conversation_id:
        return conversation_id
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    found = store.query(TYPICAL, **scope)["conversation_id"]
    return None if found.empty else str(found.iloc[0])


def _not_found(store: Store, conversation_id: str) -> str:
    nearest = store.query(NEAREST, conversation_id=conversation_id)["conversation_id"]
    hint = "The store holds none yet." if nearest.empty else f"Did you mean {nearest.iloc[0]!r}?"
    return f"There is no conversation {conversation_id!r} in the store. {hint}"
