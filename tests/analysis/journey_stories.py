"""Tiny stores of events, told as a person would: who did what when."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from telling import at

from analytics_lib.store import Store

DAY = dt.date(2026, 3, 2)
WINDOW = {"since": DAY, "until": DAY + dt.timedelta(days=1)}


def walk(user, told, *, chat=None, day="2026-03-02"):
    """Events of one user in one conversation: ``"10:00 a, 10:05 b"``, local time and name."""
    for step in told.split(","):
        time, name = step.split()
        local = pd.Timestamp(f"{day} {time}")
        yield {"user_id": user, "conversation_id": chat, "name": name, "occurred_local": local}


def store_of(*walks, chats=(), segments=(), ids=None):
    """A store of walks; ``chats`` are ``(conversation, user, channel)``, ``segments`` ``(user, segment)``.

    Events get ids in the order told, unless ``ids`` gives theirs.
    """
    rows = [event for one in walks for event in one]
    for number, event in enumerate(rows):
        event["event_id"] = ids[number] if ids else f"e{number:05}"
        event["occurred_at"] = at(str(event["occurred_local"]))
    tables = {"events": pd.DataFrame(rows)} if rows else {}
    if chats:
        frame = pd.DataFrame(chats, columns=["conversation_id", "user_id", "channel"])
        start = pd.Timestamp("2026-03-02 09:00")
        tables["conversations"] = frame.assign(started_at=at(str(start)), started_local=start)
    if segments:
        tables["users"] = pd.DataFrame(segments, columns=["user_id", "segment"])
    return Store.in_memory(**tables)


def rows(frame, *columns):
    """The rows of some columns, as tuples."""
    return list(frame[list(columns)].itertuples(index=False, name=None))
