"""Which conversation each Bird message belongs to, and what each conversation was, from all that is known.

In this order, a message belongs to

1. the conversation that some delivery named with it;
2. a conversation of the platform, of the same user and channel, that was open when it was sent;
3. a derived conversation: the user's remaining messages on that channel, a new one after 24 h of silence.

The answer is a function of the set of what was delivered: neither order nor repetition changes it. So it may
change when something late arrives, and the conversations that thereby cease to exist are named.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.schema import TABLES
from analytics_lib.sources.bird_threads import Thread, read_extra, read_threads

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENCE = pd.Timedelta(hours=24)
_COLUMNS = [
    column.name
    for column in TABLES["conversations"].columns
    if column.name != TABLES["conversations"].local_time
]


class _Message(NamedTuple):
    message_id: str
    user_id: str
    user_unknown: bool
    sent_at: pd.Timestamp
    changed_at: pd.Timestamp
    sender: str
    given: str | None
    channel: str | None
    channel_id: str | None


class _Known(NamedTuple):
    """What the deliveries say as a whole: threads by id, thread by message, channel by channel id."""

    threads: Mapping[str, Thread]
    claims: Mapping[str, str]
    channels: Mapping[str, str]


def settle(
    messages: pd.DataFrame,
    states: pd.DataFrame,
    *,
    events: pd.DataFrame | None = None,
    conversations: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Conversations of a group of users, derived from everything that is stored about them.

    The group must be whole: with a message or state, every message and state that shares its ``user_id`` or
    its conversation (of a message: ``conversation_id`` or ``extra.given_conversation_id``).

    Args:
        messages: Stored ``messages`` rows of the users.
        states: Stored ``conversation_states`` rows of the users.
        events: Stored ``events`` rows of the users, to be given the conversation of their message.
        conversations: Stored ``conversations`` rows of the users, to tell which ceased to exist.

    Returns:
        ``messages``: the rows whose conversation or user changes, whole. ``events``: likewise.
        ``conversations``: one row per conversation of the users, without ``started_local``; ``outcome``,
        ``resolved``, ``csat`` and what else Bird does not know are null, which is no reason to erase them.
        ``obsolete``: ``conversation_id`` of stored conversations that no longer exist, to be deleted.
    """
    known = _known(messages, states)
    read = _with_customers(_read_messages(messages, known.claims), known.threads)
    placed = _placed(read, known)
    rows = _conversations(read, placed, known)
    users = {message.message_id: message.user_id for message in read}
    return {
        "messages": _changed(messages, messages["message_id"], placed, users),
        "events": _changed_events(events, placed, users),
        "conversations": rows,
        "obsolete": _obsolete(messages, conversations, kept=set(rows["conversation_id"])),
    }


def _known(messages: pd.DataFrame, states: pd.DataFrame) -> _Known:
    threads, claims = read_threads(states)
    named = [(thread.channel_id, thread.channel) for thread in threads.values()]
    extras = [read_extra(extra) for extra in messages["extra"]]
    named += [(extra.get("channel_id"), extra.get("channel")) for extra in extras]
    # Should one id have got two names, the first in the alphabet stands, whatever came first.
    channels = dict(sorted({(one, two) for one, two in named if one and two}, reverse=True))
    return _Known(threads, claims, channels)


def _read_messages(messages: pd.DataFrame, claims: Mapping[str, str]) -> list[_Message]:
    names = ["message_id", "user_id", "sent_at", "updated_at", "sender", "extra"]
    read = []
    for message_id, user_id, sent_at, updated_at, sender, text in zip(
        *(messages[n] for n in names), strict=True
    ):
        extra = read_extra(text)
        read.append(
            _Message(
                message_id=message_id,
                user_id=user_id,
                user_unknown=bool(extra.get("user_unknown")),
                sent_at=sent_at,
                changed_at=sent_at if pd.isna(updated_at) else max(sent_at, updated_at),
                sender=sender,
                given=claims.get(message_id, extra.get("given_conversation_id")),
                channel=extra.get("channel"),
                channel_id=extra.get("channel_id"),
            )
        )
    return sorted(read, key=lambda message: (message.sent_at, message.message_id))


def _with_customers(messages: list[_Message], threads: Mapping[str, Thread]) -> list[_Message]:
    """The messages, those that named no customer given the one of their conversation, where it is known."""
    customers = {
        message.given: message.user_id
        for message in reversed(messages)
        if message.given and not message.user_unknown
    }
    customers |= {thread.conversation_id: thread.user_id for thread in threads.values() if thread.user_id}
    return [
        message._replace(user_id=customers[message.given], user_unknown=False)
        if message.user_unknown and message.given in customers
        else message
        for message in messages
    ]


def _placed(messages: list[_Message], known: _Known) -> dict[str, str]:
    """Conversation by message."""
    of_user: dict[str, list[Thread]] = defaultdict(list)
    for thread in known.threads.values():
        if thread.user_id:
            of_user[thread.user_id].append(thread)
    placed, rest = {}, defaultdict(list)
    for message in messages:
        channel = _channel(message, known)
        conversation_id = message.given or _open_thread(message, channel, of_user[message.user_id], known)
        if conversation_id is None:
            rest[message.user_id, channel].append(message)
        else:
            placed[message.message_id] = conversation_id
    for (user_id, channel), remaining in rest.items():
        placed |= _derived(user_id, channel, remaining)
    return placed


def _open_thread(message: _Message, channel: str, threads: list[Thread], known: _Known) -> str | None:
    """The thread of this user and channel that was open at that moment; of several, the one begun last."""
    is_open = [
        thread
        for thread in threads
        if _thread_channel(thread, known) == channel and thread.is_open_at(message.sent_at)
    ]
    newest = max(is_open, key=lambda thread: (thread.started_at, thread.conversation_id), default=None)
    return newest.conversation_id if newest else None


def _derived(user_id: str, channel: str, messages: list[_Message]) -> dict[str, str]:
    """Conversation by message, for messages in order of time."""
    placed: dict[str, str] = {}
    last, conversation_id = None, ""
    for message in messages:
        if last is None or message.sent_at - last >= SILENCE:
            first = json.dumps([user_id, channel, message.message_id], ensure_ascii=False)
            conversation_id = hashlib.sha256(first.encode()).hexdigest()
        placed[message.message_id] = conversation_id
        last = message.sent_at
    return placed


def _channel(message: _Message, known: _Known) -> str:
    if message.channel:
        return message.channel
    thread = known.threads.get(message.given or "")
    of_thread = _thread_channel(thread, known) if thread and not message.channel_id else None
    return of_thread or _channel_name(None, message.channel_id, known)


def _thread_channel(thread: Thread, known: _Known) -> str:
    return _channel_name(thread.channel, thread.channel_id, known)


def _channel_name(channel: str | None, channel_id: str | None, known: _Known) -> str:
    unnamed = f"unknown:{channel_id}" if channel_id else "unknown"
    return channel or known.channels.get(channel_id or "", unnamed)


def _conversations(messages: list[_Message], placed: Mapping[str, str], known: _Known) -> pd.DataFrame:
    held: dict[str, list[_Message]] = defaultdict(list)
    for message in messages:
        held[placed[message.message_id]].append(message)
    # A thread of which neither a message nor a customer is known has nobody to belong to.
    ids = held.keys() | {thread.conversation_id for thread in known.threads.values() if thread.is_complete}
    rows = [_conversation(one, held.get(one, []), known.threads.get(one), known) for one in sorted(ids)]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    for column in ("started_at", "ended_at", "escalated_at", "updated_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def _conversation(
    conversation_id: str, messages: list[_Message], thread: Thread | None, known: _Known
) -> dict[str, object]:
    named = [message for message in messages if not message.user_unknown] or messages
    began = thread.began_at if thread else None
    user = thread.user_id if thread else None
    channel = _thread_channel(thread, known) if thread and (thread.channel or thread.channel_id) else None
    by_agent = [message.sent_at for message in messages if message.sender == "agent"]
    changed = [message.changed_at for message in messages] + ([thread.changed_at] if thread else [])
    extra = {"derived": None if thread else True, "channel_id": thread.channel_id if thread else None}
    return {
        "conversation_id": conversation_id,
        "user_id": user or named[0].user_id,
        "channel": channel or (_channel(messages[0], known) if messages else "unknown"),
        "started_at": began if began is not None or not messages else messages[0].sent_at,
        "ended_at": thread.ended_at if thread else None,
        "escalated_at": min([*by_agent, *(thread.agents_at if thread else [])], default=None),
        "agent_id": thread.agent_id if thread else None,
        "entry_point": thread.entry_point if thread else None,
        "updated_at": max(changed),
        "extra": json.dumps({key: value for key, value in extra.items() if value}, sort_keys=True),
    }


def _changed(
    frame: pd.DataFrame, message_ids: pd.Series, placed: Mapping[str, str], users: Mapping[str, str]
) -> pd.DataFrame:
    conversations = message_ids.map(placed).where(message_ids.isin(placed.keys()), frame["conversation_id"])
    people = message_ids.map(users).where(message_ids.isin(users.keys()), frame["user_id"])
    same = (conversations.fillna("") == frame["conversation_id"].fillna("")) & (people == frame["user_id"])
    return frame.assign(conversation_id=conversations, user_id=people)[~same]


def _changed_events(
    events: pd.DataFrame | None, placed: Mapping[str, str], users: Mapping[str, str]
) -> pd.DataFrame:
    if events is None:
        return pd.DataFrame()
    about = [read_extra(extra).get("message_id") for extra in events["extra"]]
    return _changed(events, pd.Series(about, index=events.index, dtype=object), placed, users)


def _obsolete(messages: pd.DataFrame, conversations: pd.DataFrame | None, *, kept: set[str]) -> pd.DataFrame:
    before = {one for one in messages["conversation_id"] if not one.startswith("pending:")}
    if conversations is not None:
        stored = zip(conversations["conversation_id"], conversations["extra"], strict=True)
        before |= {one for one, extra in stored if read_extra(extra).get("derived")}
    return pd.DataFrame({"conversation_id": pd.Series(sorted(before - kept), dtype=object)})
