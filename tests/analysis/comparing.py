"""Stores with two groups of conversations, told in a line each: user, outcome, and what happened."""

import pandas as pd
from telling import at

from analytics_lib.analysis.groups import choose_groups
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.store import Store

START = pd.Timestamp("2026-03-02 10:00")


def chat(user, outcome, *said, events=()):
    """One conversation; ``said`` lists ``(sender, second)`` or with a dict of more columns."""
    return user, outcome, said, events


def store_of(*chats):
    """A store of chats, the n-th with the id ``c<n>``; all start at one moment and end an hour later."""
    conversations, messages, events = [], [], []
    for place, (user, outcome, said, happened) in enumerate(chats):
        own = {"conversation_id": f"c{place}", "user_id": user}
        times = {"started_at": at(str(START)), "started_local": START}
        end = at(str(START + pd.Timedelta(hours=1)))
        conversations.append({**own, **times, "channel": "web", "outcome": outcome, "ended_at": end})
        messages += [_message(own, number, *one) for number, one in enumerate(said)]
        events += [
            {**own, "event_id": f"c{place}-{number}", "occurred_at": at(str(START)), "name": name}
            for number, name in enumerate(happened)
        ]
    tables = {"conversations": conversations, "messages": messages, "events": events}
    return Store.in_memory(**{name: pd.DataFrame(rows) for name, rows in tables.items() if rows})


def _message(own, number, sender, second, more=None):
    sent = START + pd.Timedelta(seconds=second)
    row = {
        "message_id": f"{own['conversation_id']}-{number:03}",
        "sent_at": at(str(sent)),
        "sent_local": sent,
    }
    return {**own, **row, "sender": sender, "kind": "text", "text": "hola", "intent": None, **(more or {})}


def groups_of(store, **asked):
    """The groups asked for, of that one day."""
    day = choose_scope(store, since="2026-03-02", until="2026-03-03")
    return choose_groups(store, day, **asked)
