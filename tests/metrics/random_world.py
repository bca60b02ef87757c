"""A fortnight of a small service, drawn from a seed: every table, every kind of hole in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from small_world import bought, calls, chats, requests, said, samples, steps

from analytics_lib.schema import FUNNEL_STAGES

_FIRST = pd.Timestamp("2026-03-02")
_DAYS = 14
_KNOWN = (True, False, None)
_MESSAGE = {"conversation_id": "elsewhere", "user_id": "nobody", "sender": "bot"}
_INTENTS = ("envio", "cambio", "greeting", "fallback", None)


def frames(seed, conversations):
    """Tables of so many conversations of five users, by name."""
    random = np.random.default_rng(seed)
    told, talks, events, orders, actions = [], [], [], [], []
    for number in range(conversations):
        start = _moment(random)
        name, user = f"c{number:03}", f"u{random.integers(5)}"
        told.append({"conversation_id": name, "user_id": user, "at": start, **_conversation(random, start)})
        talks += [_message(random, name, user, start, i) for i in range(random.integers(0, 7))]
        ids = {"conversation_id": name, "at": start}
        reached = random.integers(0, len(FUNNEL_STAGES) + 1)
        events += [{**ids, "user_id": user, "name": stage} for stage in FUNNEL_STAGES[:reached]]
        if reached == len(FUNNEL_STAGES):
            orders += [{**ids, "user_id": user, "amount": float(random.integers(-50, 100))}]
        actions += [{**ids, "succeeded": _one(random, *_KNOWN)} for _ in range(random.integers(0, 3))]
    # A first and a last word, so that the table has data all the time whatever was drawn.
    talks.insert(0, {**_MESSAGE, "message_id": "a", "at": _FIRST})
    talks.append({**talks[-1], "message_id": "z", "sender": "user", "at": _FIRST + pd.Timedelta(days=_DAYS)})
    return {
        "conversations": chats(*told),
        "messages": said(*talks),
        "events": steps(*events, {"at": _FIRST, "name": "seen"}),
        "orders": bought(*orders, {"at": _FIRST, "amount": 1.0, "conversation_id": None}),
        "actions": calls(*actions, {"at": _FIRST}),
        "api_requests": requests(*(_request(random) for _ in range(30))),
        "samples": samples(
            *({"at": _FIRST + pd.Timedelta(minutes=i), "value": float(i % 7)} for i in range(60))
        ),
    }


def _one(random, *choices):
    return choices[random.integers(len(choices))]


def _moment(random):
    """Not around midnight, so that the few minutes of messages that follow lie on the same day."""
    seconds = random.integers(3_600, 79_200)
    return _FIRST + pd.Timedelta(days=int(random.integers(_DAYS)), seconds=int(seconds))


def _conversation(random, start):
    minutes = _one(random, None, -5, 0, 10, 300, 3000)
    end = None if minutes is None else start + pd.Timedelta(minutes=minutes)
    # Of what ends before it starts nobody can say what came afterwards.
    result = _one(random, *_KNOWN) if minutes != -5 else None
    return {
        "end": end,
        "resolved": result,
        "outcome": _one(random, "abandoned", "resolved", None),
        "escalated": _one(random, None, start),
        "channel": _one(random, "web", "instagram", "whatsapp"),
        "csat": _one(random, None, 1, 4, 5),
        "nps": _one(random, None, 0, 7, 10),
        "city": _one(random, "Cali", None),
    }


def _message(random, name, user, start, number):
    return {
        "message_id": f"{name}-{number}",
        "conversation_id": name,
        "user_id": user,
        "at": start + pd.Timedelta(seconds=int(random.integers(0, 60)) * number),
        "sender": _one(random, "user", "bot", "agent"),
        "intent": _one(random, *_INTENTS),
        "true_intent": _one(random, "envio", None),
        "confidence": _one(random, 0.5, 0.7, 0.9, None),
        "sentiment": _one(random, -0.5, 0.0, 0.5, None),
    }


def _request(random):
    status = int(_one(random, 200, 404, 500))
    return {
        "at": _moment(random),
        "status_code": status,
        "duration_ms": _one(random, 10.0, 200.0, 3000.0, None),
    }
