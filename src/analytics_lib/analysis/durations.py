"""How long things take: whole conversations, and the waits of users for a reply.

Percentiles interpolate linearly between order statistics (Hyndman and Fan, type 7): the value at rank
``1 + q (n - 1)``. In the queries, each value is weighted by how near its rank lies to that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.analysis.scope import bounds

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

DURATIONS = """
with closed as (
    select
        coalesce(outcome, 'unknown') as outcome,
        date_diff('microsecond', started_at, ended_at) / 1000000.0 as seconds
    from conversations
    where started_local >= $since and started_local < $until and ended_at < $as_of
        and channel = coalesce($channel, channel)
),
each as (
    select outcome, seconds from closed
    union all
    select 'all' as outcome, seconds from closed
),
ranked as (
    select
        outcome,
        seconds::double as seconds,
        row_number() over (partition by outcome order by seconds)::double as position,
        count(*) over (partition by outcome)::double as n
    from each
    where seconds >= 0
),
spread as (
    select
        outcome,
        count(*) as measured,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.10 * (n - 1)))) as p10_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.25 * (n - 1)))) as p25_seconds,
        median(seconds) as median_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.75 * (n - 1)))) as p75_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.90 * (n - 1)))) as p90_seconds,
        avg(seconds) as mean_seconds
    from ranked
    group by outcome
),
counted as (
    select outcome, count(*) as conversations, count(*) filter (where seconds < 0) as negative
    from each
    group by outcome
)
select
    outcome, conversations, negative, coalesce(measured, 0) as measured,
    p10_seconds, p25_seconds, median_seconds, p75_seconds, p90_seconds, mean_seconds
from counted left join spread using (outcome)
order by outcome = 'all' desc, conversations desc, outcome
"""

RESPONSE_TIMES = """
with started as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
written as (
    select
        conversation_id, message_id, sent_at, sender,
        lag(sender, 1, 'nobody') over (partition by conversation_id order by sent_at, message_id) as previous
    from messages
    where conversation_id in (select conversation_id from started) and sent_at < $as_of
),
turning as (
    select
        conversation_id, message_id, sent_at, sender,
        lead(sender) over (partition by conversation_id order by sent_at, message_id) as replier,
        lead(sent_at) over (partition by conversation_id order by sent_at, message_id) as replied_at
    from written
    where (sender = 'user') <> (previous = 'user')
),
stretches as (
    select
        case
            when replier is null then 'unanswered'
            when replier in ('bot', 'agent') then replier
            else 'other'
        end as replier,
        date_diff('microsecond', sent_at, replied_at) / 1000000.0 as seconds,
        row_number() over (partition by conversation_id order by sent_at, message_id) as number
    from turning
    where sender = 'user'
),
ranked as (
    select
        replier,
        seconds::double as seconds,
        row_number() over (partition by replier order by seconds)::double as position,
        count(*) over (partition by replier)::double as n
    from stretches
    where number <= $stretches
),
spread as (
    select
        replier,
        count(*) as stretches,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.10 * (n - 1)))) as p10_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.25 * (n - 1)))) as p25_seconds,
        median(seconds) as median_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.75 * (n - 1)))) as p75_seconds,
        sum(seconds * greatest(0, 1 - abs(position - 1 - 0.90 * (n - 1)))) as p90_seconds,
        avg(seconds) as mean_seconds
    from ranked
    group by replier
),
repliers as (
    select 1 as place, 'bot' as replier
    union all
    select 2 as place, 'agent' as replier
    union all
    select 3 as place, 'unanswered' as replier
    union all
    select 4 as place, 'other' as replier from spread where replier = 'other'
)
select
    replier, coalesce(stretches, 0) as stretches,
    p10_seconds, p25_seconds, median_seconds, p75_seconds, p90_seconds, mean_seconds
from repliers left join spread using (replier)
order by place
"""
_EVERY = 2**31


def durations(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """How long closed conversations lasted, from the first message to the closing.

    Args:
        store: Read: ``conversations``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: A conversation ending at this moment or later is still open; null = everything is known.

    Returns:
        One row per outcome, the most frequent first, after a row ``all``: ``outcome`` (``unknown`` where
        the source does not say), ``conversations`` (closed), ``negative`` (of them, those ending before
        they started, which are measured nowhere), ``measured`` (the others), ``p10_seconds``,
        ``p25_seconds``, ``median_seconds``, ``p75_seconds``, ``p90_seconds``, ``mean_seconds`` (null where
        nothing was measured). No row where nothing was closed.

    Raises:
        RequestError: If the window is empty.
    """
    return store.query(DURATIONS, **bounds(since=since, until=until, channel=channel, as_of=as_of))


def response_times(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """How long users waited for a reply, by who gave it.

    A stretch begins with a message of the user while none is waiting, and ends with the next message of the
    bot or an agent; its response time runs from its first message. What the shop sends while nobody waits
    is no response. Messages are ordered by ``(sent_at, message_id)``.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window; its conversations are taken whole.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        Three rows, ``replier`` bot, agent and unanswered, and a fourth, other, where a sender of unknown kind
        replied: ``stretches``, ``p10_seconds``, ``p25_seconds``,
        ``median_seconds``, ``p75_seconds``, ``p90_seconds``, ``mean_seconds``; seconds are null where there
        is no stretch, and always for unanswered ones, which are counted and not averaged.

    Raises:
        RequestError: If the window is empty.
    """
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    return store.query(RESPONSE_TIMES, stretches=_EVERY, **scope)


def first_response_times(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """How long users waited for the first reply of a conversation, by who gave it.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window; its conversations are taken whole.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        As ``response_times``, of the first stretch of each conversation: ``stretches`` counts conversations
        in which the user wrote.

    Raises:
        RequestError: If the window is empty.
    """
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    return store.query(RESPONSE_TIMES, stretches=1, **scope)
