"""What the store tells of staffing: how many need an agent, how long each takes, how many at once.

Of the conversations that started in the window and are demand (see ``load_history``). An agent's handling of
one lasts from their first message in it to their last; of a single message nobody knows how long it took, so
it is left out and counted. Handle times are those at the chats at once that agents had in the window: with
more at once each takes longer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.periods import utc_moment, window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]
    Limits = tuple[float, float, float]

# One row for each channel.
CHANNELS = """
with started as (
    select conversation_id, channel, ended_at, escalated_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
unanswered as (
    select conversation_id
    from messages inner join started using (conversation_id)
    where sent_at < $as_of
    group by conversation_id
    having count(*) filter (where sender = 'user') = 0
)
select
    s.channel,
    count(*) as conversations,
    count(*) filter (where s.ended_at < $as_of) as closed,
    count(s.escalated_at) filter (where s.ended_at < $as_of) as escalations
from started as s
left join unanswered as u on s.conversation_id = u.conversation_id
where u.conversation_id is null
group by s.channel
order by conversations desc, channel
"""

# One row for each conversation that an agent wrote in.
HANDLED = """
with started as (
    select conversation_id, agent_id, started_at, escalated_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
spoken as (
    select
        conversation_id,
        min(sent_at) filter (where sender = 'agent') as first_at,
        max(sent_at) filter (where sender = 'agent') as last_at
    from messages inner join started using (conversation_id)
    where sent_at < $as_of
    group by conversation_id
    having count(*) filter (where sender = 'user') > 0
)
select
    coalesce(agent_id, 'unknown') as agent_id,
    first_at,
    last_at,
    date_diff('microsecond', started_at, escalated_at) / 1000000.0 as called_after_seconds
from started inner join spoken using (conversation_id)
where first_at is not null
order by first_at, conversation_id
"""

ANSWERED = """
with started as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
answered as (
    select conversation_id, count(*) filter (where sender = 'bot') as messages
    from messages inner join started using (conversation_id)
    where sent_at < $as_of
    group by conversation_id
    having count(*) filter (where sender = 'user') > 0
)
select
    count(*) as conversations,
    coalesce(sum(messages), 0)::double as messages,
    coalesce(sum(messages * messages), 0)::double as squares
from answered
"""

_EVERYTHING = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_95 = 1.959963984540054
_FEWEST = 2


@dataclass(frozen=True)
class Inputs:
    """What the store tells; null where it does not.

    Attributes:
        channels: One row per channel of demand: ``channel conversations closed escalations share`` (of all
            conversations) ``escalation_rate`` (of the closed; null without one).
        escalation_rate: Counts ``(escalated, closed)`` of closed conversations; null where none is closed.
        handle_time_seconds: Mean of an agent's handling with 95 % limits; null with fewer than two.
        handled: Handlings it is the mean of.
        single: Of one message, which are left out.
        chats_at_once: Handlings at once of one agent, mean over the time in which there is any; null without.
        called_after_seconds: Median time from the start of a conversation to its escalation; null without.
        messages_per_conversation: That the bot writes, mean with 95 % limits; null with fewer than two.
        response_seconds: Mean time to the bot's reply with 95 % limits; null where it is not known.
    """

    channels: pd.DataFrame
    escalation_rate: tuple[int, int] | None
    handle_time_seconds: Limits | None
    handled: int
    single: int
    chats_at_once: float | None
    called_after_seconds: float | None
    messages_per_conversation: Limits | None
    response_seconds: Limits | None


def staffing_inputs(store: Store, *, since: Moment, until: Moment, as_of: Moment | None = None) -> Inputs:
    """What the store tells of the conversations that started in ``[since, until)``.

    Args:
        store: Read: ``conversations messages``.
        since: Start of the window.
        until: Its end, excluded.
        as_of: Nothing later is known; null = everything in the store is.

    Raises:
        RequestError: If the window is empty.
    """
    scope = window(since, until) | {"as_of": utc_moment(as_of or _EVERYTHING)}
    channels = store.query(CHANNELS, **scope)
    closed, escalated = int(channels["closed"].sum()), int(channels["escalations"].sum())
    handled = store.query(HANDLED, **scope)
    seconds = (handled["last_at"] - handled["first_at"]).dt.total_seconds().to_numpy(dtype=float)
    answered = store.query(ANSWERED, **scope).iloc[0]
    waits = handled["called_after_seconds"].dropna()
    return Inputs(
        channels=_shares(channels),
        escalation_rate=(escalated, closed) if closed else None,
        handle_time_seconds=_mean(seconds[seconds > 0]),
        handled=int((seconds > 0).sum()),
        single=int((seconds == 0).sum()),
        chats_at_once=chats_at_once(handled),
        called_after_seconds=float(waits.median()) if len(waits) else None,
        messages_per_conversation=_mean_of_sums(
            answered["conversations"], answered["messages"], answered["squares"]
        ),
        response_seconds=_response(store, since=since, until=until, as_of=as_of),
    )


def chats_at_once(handled: pd.DataFrame) -> float | None:
    """Chats of one agent at once, mean over the time in which the agent has any.

    All handling together by the time in which there was some: half an hour with two and half an hour with one
    is 1.5.

    Args:
        handled: One row a handling: ``agent_id first_at last_at``.
    """
    rows = handled.sort_values(["agent_id", "first_at"], ignore_index=True)
    lasting = (rows["last_at"] - rows["first_at"]).dt.total_seconds().sum()
    # The latest end so far of the same agent: what lies before it is counted already.
    before = rows.groupby("agent_id")["last_at"].cummax().groupby(rows["agent_id"]).shift()
    begins = rows["first_at"].where(before.isna() | (before < rows["first_at"]), before)
    busy = (rows["last_at"] - begins).dt.total_seconds().clip(lower=0).sum()
    return float(lasting / busy) if busy > 0 else None


def _shares(channels: pd.DataFrame) -> pd.DataFrame:
    total, closed = channels["conversations"].sum(), channels["closed"]
    rate = channels["escalations"] / closed.where(closed > 0)
    return channels.assign(share=channels["conversations"] / (total or np.nan), escalation_rate=rate)


def _mean(values: NDArray[np.floating]) -> Limits | None:
    return _mean_of_sums(values.size, float(values.sum()), float((values**2).sum()))


def _mean_of_sums(n: float, total: float, squares: float) -> Limits | None:
    """A mean with limits that are as far apart on the log scale, so that none is below 0."""
    if n < _FEWEST or not total > 0:
        return None
    mean = float(total / n)
    variance = max(squares / n - mean**2, 0.0) * n / (n - 1)
    width = float(np.exp(_95 * np.sqrt(variance / n) / mean))
    return mean, mean / width, mean * width


def _response(store: Store, *, since: Moment, until: Moment, as_of: Moment | None) -> Limits | None:
    try:
        found = measure(store, CATALOG["average_response_time"], since=since, until=until, as_of=as_of)
    except NotEnoughDataError:
        return None
    if found.empty or not found["value"].iloc[0] > 0:
        return None
    value, low, high = (float(found[name].iloc[0]) for name in ("value", "low", "high"))
    return (value, low, high) if 0 < low <= value <= high < np.inf else (value, value, value)
