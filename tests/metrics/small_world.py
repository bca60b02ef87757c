"""Tiny stores for metrics: rows told by the wall clock of Bogotá, and one number read off."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from analytics_lib.metrics import CATALOG, measure
from analytics_lib.store import Store

MARCH = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)}
APRIL = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 5, 1)}
_OFFSET = pd.Timedelta(hours=5)


def instant(local):
    """The instant of a wall-clock time of Bogotá, five hours behind UTC all year."""
    return None if local is None else (pd.Timestamp(local) + _OFFSET).tz_localize("UTC")


def aware(local):
    """The same as a moment one may ask with."""
    return instant(local).to_pydatetime()


def _timed(row, clock):
    local = row.pop("at")
    return {f"{clock}_at": instant(local), f"{clock}_local": pd.Timestamp(local), **row}


def _rows(rows, key, clock, /, **defaults):
    return pd.DataFrame(
        [{key: f"{key[0]}{i:03}", **defaults, **_timed(dict(row), clock)} for i, row in enumerate(rows)]
    )


def chats(*rows):
    """Conversations; ``at`` is their start, ``end`` and ``escalated`` wall-clock times too."""
    told = []
    for row in rows:
        times = {
            f"{name}_at": instant(row.get(short))
            for name, short in (("ended", "end"), ("escalated", "escalated"))
        }
        told.append({key: value for key, value in row.items() if key not in ("end", "escalated")} | times)
    return _rows(told, "conversation_id", "started", user_id="u1", channel="web")


def said(*rows):
    """Messages; ``at`` is when."""
    return _rows(
        rows,
        "message_id",
        "sent",
        conversation_id="c000",
        user_id="u1",
        sender="user",
        kind="text",
        text="hola",
    )


def talk(*pairs, chat="c000", user="u1"):
    """Messages of one conversation as ``(sender, at)``, in their order."""
    return [
        {"message_id": f"{chat}-{i:03}", "conversation_id": chat, "user_id": user, "sender": sender, "at": at}
        for i, (sender, at) in enumerate(pairs)
    ]


def steps(*rows):
    """Events; ``at`` is when."""
    return _rows(rows, "event_id", "occurred", user_id="u1", conversation_id="c000")


def bought(*rows):
    """Orders; ``at`` is when."""
    return _rows(rows, "order_id", "ordered", user_id="u1", currency="COP")


def calls(*rows):
    """Actions; ``at`` is when."""
    return _rows(rows, "action_id", "started", conversation_id="c000", name="stock")


def requests(*rows):
    """Requests to an API; ``at`` is when."""
    return _rows(rows, "request_id", "requested", endpoint="/stock", status_code=200)


def samples(*rows):
    """Values of the infrastructure; ``at`` is when."""
    return _rows(rows, "sample", "sampled", metric="queue_depth", labels="{}").drop(columns="sample")


def shares(*counts):
    """``(value, times)`` spelled out: (True, 2), (False, 1) -> True True False."""
    return [value for value, times in counts for _ in range(times)]


def number(store, name, **asked):
    """The only row of a metric, by name or itself."""
    metric = CATALOG[name] if isinstance(name, str) else name
    frame = measure(store, metric, **{**MARCH, **asked})
    assert len(frame) == 1, frame
    return frame.iloc[0]


def counted(store, name, **asked):
    """Numerator, denominator and value of the only row."""
    row = number(store, name, **asked)
    return row["numerator"], row["denominator"], row["value"]


def memory(**frames):
    """A store over frames."""
    return Store.in_memory(**frames)
