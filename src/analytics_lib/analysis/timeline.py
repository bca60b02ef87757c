"""Conversations message by message, with the bot's actions, the journey's events and orders beside them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from analytics_lib.analysis.looks import (
    ACTIONS,
    CONVERSATION,
    CONVERSATION_ORDERS,
    EVENTS,
    MESSAGES,
    ORDERS,
    PRODUCT_NAMES,
)
from analytics_lib.analysis.looks_kept import look_up_parts
from analytics_lib.analysis.rows import records
from analytics_lib.analysis.scope import bounds, known_before
from analytics_lib.analysis.timeline_rows import as_known, earlier, of_known, spaced, timed
from analytics_lib.errors import NotFoundError
from analytics_lib.store.frames import to_pandas

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    import pandas as pd
    import pyarrow as pa

    from analytics_lib.analysis.detectors import Row
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Reading = Callable[[pa.Table], pa.Table]

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
_PARTS = {
    "messages": MESSAGES,
    "conversation": CONVERSATION,
    "events": EVENTS,
    "actions": ACTIONS,
    "orders": ORDERS,
}
_AT_ONCE = 2
_MOMENTS = {"actions": "started_at", "events": "occurred_at"}


@dataclass(frozen=True)
class Timeline:
    """One conversation, or several; ``seconds`` count from the start of each everywhere.

    Every frame has ``conversation_id`` and comes in its order.

    Attributes:
        conversation: One row each: ``user_id channel started_at started_local entry_point city outcome
            resolved csat nps escalation_reason ended_seconds escalated_seconds``; how it ended is null while
            it is open. No row where no conversation was asked for.
        messages: One row per message, ordered by ``(sent_at, message_id)``: ``position`` (from 1),
            ``message_id sent_local sender kind text intent confidence true_intent sentiment seconds``,
            ``gap_seconds`` since the message before (null for the first), ``response_time_seconds`` on a
            reply: since the first message of the user that it answers (null elsewhere).
        actions: One row per action, in order: ``action_id started_local name duration_ms succeeded error
            seconds``.
        events: One row per event of the journey, in order: ``event_id occurred_local name product_id product
            category value seconds``.
        orders: One row per order placed in it, in order: ``order_id ordered_local amount currency``.
    """

    conversation: pd.DataFrame
    messages: pd.DataFrame
    actions: pd.DataFrame
    events: pd.DataFrame
    orders: pd.DataFrame


def timeline(
    store: Store, conversation_id: str | None, *, as_of: Moment | None = None, read: Reading | None = None
) -> Timeline:
    """Everything known of one conversation, in the order it happened.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``products``, ``orders``.
        conversation_id: The conversation; null where none could be chosen, which gives a timeline without
            rows.
        as_of: Nothing later is known; null = everything in the store is.
        read: What to do with the messages, as Arrow, while the rest may still be asked for; null = nothing.

    Raises:
        NotFoundError: If there is no such conversation; the message names the nearest id.
        StoreError: If what ingest has kept of it is damaged.
    """
    asked = [] if conversation_id is None else [conversation_id]
    found = timelines(store, asked, as_of=as_of, read=read)
    if conversation_id is not None and found.conversation.empty:
        raise NotFoundError(_not_found(store, conversation_id[:_LONGEST_ID]))
    return found


def timelines(
    store: Store,
    conversation_ids: Sequence[str],
    *,
    as_of: Moment | None = None,
    messages: pa.Table | None = None,
    read: Reading | None = None,
) -> Timeline:
    """Everything known of several conversations; ids that the store does not hold have no rows.

    ``messages`` are those of the conversations where somebody has them already, in their order and with the
    columns that matter to whoever asks; ``read`` is as in ``timeline``.
    """
    before = known_before(as_of)
    looks = _looks(store, list(conversation_ids), before, without="" if messages is None else "messages")
    conversation = as_known(looks.pop("conversation")(), before)
    # Looked up once and not joined in each query: every look into a large table takes time.
    begun = conversation.select(["conversation_id", "started_at"])
    written = looks.pop("messages")() if messages is None else messages
    written = written.filter(earlier(written["sent_at"], before))
    told = timed(spaced(of_known(written, begun)), begun, "sent_at")
    told = told if read is None else read(told)
    rows = {name: of_known(look(), begun) for name, look in looks.items()}
    rows |= {name: timed(rows[name], begun, moment) for name, moment in _MOMENTS.items()}
    others = {name: to_pandas(part) for name, part in rows.items()}
    return Timeline(conversation=to_pandas(conversation), messages=to_pandas(told), **others)


def _looks(
    store: Store, conversation_ids: list[str], before: dt.datetime, *, without: str
) -> dict[str, Callable[[], pa.Table]]:
    """The rows of every part but one, to be asked for."""
    kept = look_up_parts(store, conversation_ids, before, without=without)
    asked = {name: sql for name, sql in _PARTS.items() if name not in (without, *kept)}
    looked_up = {name: partial(_same, rows) for name, rows in kept.items()}
    return {**looked_up, **(_asked(store, conversation_ids, before, asked) if asked else {})}


def _asked(
    store: Store, conversation_ids: list[str], before: dt.datetime, parts: dict[str, str]
) -> dict[str, Callable[[], pa.Table]]:
    store.derived(PRODUCT_NAMES)
    store.derived(CONVERSATION_ORDERS)
    # Each look into a large table takes its time: two side by side take less than one after the other, and
    # what is written is read while the engine looks for the rest.
    pool = ThreadPoolExecutor(_AT_ONCE)
    found: dict[str, Callable[[], pa.Table]] = {
        name: pool.submit(
            store.query_arrow, sql, conversation_ids=conversation_ids, **_cut(sql, before)
        ).result
        for name, sql in parts.items()
    }
    pool.shutdown(wait=False)
    return found


def _same(rows: pa.Table) -> pa.Table:
    return rows


def _cut(sql: str, before: dt.datetime) -> dict[str, object]:
    """The end of what is known, for a look that asks for it."""
    return {"as_of": before} if "$as_of" in sql else {}


def facts_of(timeline: Timeline) -> Row:
    """The one row of the conversation of a timeline; all null where none was asked for."""
    rows = records(timeline.conversation)
    return rows[0] if rows else dict.fromkeys(timeline.conversation, math.nan)


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
    if conversation_id in set(nearest):
        return f"Conversation {conversation_id!r} had not started by as_of. Choose a later as_of."
    hint = "The store holds none yet." if nearest.empty else f"Did you mean {nearest.iloc[0]!r}?"
    return f"There is no conversation {conversation_id!r} in the store. {hint}"
