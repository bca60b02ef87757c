"""Tiny stores, written as a person would tell them: who wrote when."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from analytics_lib.store import Store

# The business keeps the clock of Bogotá: five hours behind UTC all year.
_OFFSET = dt.timedelta(hours=5)
_MESSAGES = ["message_id", "conversation_id", "user_id", "sent_at", "sent_local", "sender", "kind", "text"]


def at(local: str | None) -> pd.Timestamp | None:
    """The instant of a wall-clock time."""
    return None if local is None else pd.Timestamp(pd.Timestamp(local) + _OFFSET, tz="UTC")


def _conversation(name, start, *, end=None, user="u1", channel="web", outcome=None, **more):
    times = {"started_at": at(start), "started_local": pd.Timestamp(start), "ended_at": at(end)}
    names = {"conversation_id": name, "user_id": user, "channel": channel}
    return {**names, **times, "outcome": outcome, **more}


def _messages(name, said, user):
    for number, (sender, local, *text) in enumerate(said):
        times = (at(local), pd.Timestamp(local))
        yield (f"{name}-{number:05}", name, user, *times, sender, "text", text[0] if text else "hola")


def store_of(*stories, **tables: pd.DataFrame) -> Store:
    """A store of conversations, each ``(name, start, said)`` or with a dict of more columns at the end.

    ``said`` lists ``(sender, local time)`` or ``(sender, local time, text)``. More tables are frames by name.
    """
    conversations, messages = [], []
    for name, start, said, *more in stories:
        columns = more[0] if more else {}
        conversations.append(_conversation(name, start, **columns))
        messages += _messages(name, said, columns.get("user", "u1"))
    frames = {"conversations": pd.DataFrame(conversations)} if conversations else {}
    if messages:
        frames["messages"] = pd.DataFrame(messages, columns=_MESSAGES)
    return Store.in_memory(**frames, **tables)
