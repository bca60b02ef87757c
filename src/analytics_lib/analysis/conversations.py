"""Conversations at a glance: how many there were and how they ended; which to read, and one read closely.

Every question takes the same scope (see ``scope``): conversations that started in ``[since, until)`` on the
wall clock of the business, of one channel or of all, as far as they are known at ``as_of``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.analysis.review import ConversationReview, review
from analytics_lib.analysis.scope import bounds
from analytics_lib.analysis.worth_reading import find
from analytics_lib.metrics.intervals import effective_size, wilson

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

__all__ = ["ConversationReview", "find", "outcomes", "overview", "review"]

OVERVIEW = """
with started as (
    select conversation_id, user_id, ended_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
written as (
    select
        conversation_id,
        count(*) as messages,
        count(*) filter (where sender = 'user') as user_messages,
        count(*) filter (where sender = 'agent') as agent_messages
    from messages
    where conversation_id in (select conversation_id from started) and sent_at < $as_of
    group by conversation_id
),
known as (select min(sent_local) as first_message, max(sent_local) as last_message from messages)
select
    count(conversation_id) as conversations,
    count(*) filter (where user_messages > 0) as demand,
    count(distinct user_id) as users,
    coalesce(sum(messages), 0)::bigint as messages,
    count(*) filter (where agent_messages > 0) as with_agent,
    count(*) filter (where ended_at < $as_of) as closed,
    any_value(first_message) as first_message,
    any_value(last_message) as last_message
from known left join (select * from started left join written using (conversation_id)) as each on true
"""

OUTCOMES = """
with counted as (
    select
        user_id,
        case
            when ended_at is null or ended_at >= $as_of then 'open'
            else coalesce(outcome, 'unknown')
        end as outcome,
        count(*) as conversations
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
    group by all
),
closed as (
    select user_id, sum(conversations)::bigint as total
    from counted
    where outcome not in ('open', 'unknown')
    group by user_id
),
named as (
    select outcome from conversations where outcome is not null
    union
    select 'open' as outcome
    union
    select 'unknown' as outcome
),
summed as (
    select
        outcome,
        sum(conversations)::bigint as conversations,
        sum(conversations * conversations)::bigint as squares,
        sum(conversations * total)::bigint as products
    from counted left join closed using (user_id)
    group by outcome
),
sizes as (
    select count(*) as users, sum(total)::bigint as total, sum(total * total)::bigint as total_squares
    from closed
)
select
    outcome,
    coalesce(conversations, 0) as conversations,
    coalesce(squares, 0) as squares,
    coalesce(products, 0) as products,
    users,
    coalesce(total, 0) as total,
    coalesce(total_squares, 0) as total_squares
from named left join summed using (outcome) cross join sizes
order by outcome in ('open', 'unknown'), conversations desc, outcome
"""


def overview(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.Series:
    """What a window holds, in one row.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        ``conversations`` that started; ``demand``, those with a message of the user; ``users``, distinct;
        ``messages`` in them; ``with_agent``, those an agent wrote in; ``closed``, those that have ended;
        ``first_message`` and ``last_message`` of the whole store (null where it holds none).
    """
    return store.query(OVERVIEW, **bounds(since=since, until=until, channel=channel, as_of=as_of)).iloc[0]


def outcomes(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """How conversations ended.

    Args:
        store: Read: ``conversations``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: A conversation ending at this moment or later is still open; null = everything is known.

    Returns:
        One row per outcome that the store knows at all, the most frequent first, then ``open`` (not ended)
        and ``unknown`` (ended, the source does not say how): ``outcome``, ``conversations``, ``share`` (of
        those closed with a known outcome, 0 to 1), ``low``, ``high`` (its 95 % interval: Wilson on the
        effective size, since users repeat). The three are null for ``open`` and ``unknown`` and where no
        outcome is known.

    Raises:
        RequestError: If the window is empty.
    """
    frame = store.query(OUTCOMES, **bounds(since=since, until=until, channel=channel, as_of=as_of))
    known = ~frame["outcome"].isin(["open", "unknown"]) & (frame["total"] > 0)
    frame["share"] = (frame["conversations"] / frame["total"].where(known)).astype(float)
    limits = frame.apply(_share_interval, axis=1, result_type="expand")
    frame["low"], frame["high"] = limits[0], limits[1]
    return frame[["outcome", "conversations", "share", "low", "high"]]


def _share_interval(row: pd.Series) -> tuple[float, float]:
    share = float(row["share"])
    if math.isnan(share):
        return wilson(0, 0)
    errors = row["squares"] - 2 * share * row["products"] + share**2 * row["total_squares"]
    size = effective_size(share, total=int(row["total"]), users=int(row["users"]), squared_errors=errors)
    return wilson(share * size, size)
