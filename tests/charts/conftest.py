"""What the tests of the pictures share: small frames as the questions give them, and one that means harm."""

from types import SimpleNamespace

import pandas as pd
import pytest

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)"> $\\href{javascript:alert(3)}{x}$'
_NAN = float("nan")


@pytest.fixture
def hostile():
    return HOSTILE


@pytest.fixture
def talk():
    """The four frames of a conversation: what was said as ``(sender, second, text)``, and what happened."""

    def talk(*said, actions=(), events=(), **conversation):
        start = pd.Timestamp("2026-03-02 23:59:00")
        row = {
            "conversation_id": "c1",
            "channel": "whatsapp",
            "started_local": start,
            "outcome": "resolved",
            "escalation_reason": None,
            "ended_seconds": 600.0,
            "escalated_seconds": _NAN,
        }
        messages = pd.DataFrame(
            [_message(place, start, *one) for place, one in enumerate(said, 1)],
            columns=list(_message(1, start, "user", 0, "")),
        )
        messages["gap_seconds"] = messages["seconds"].diff()
        return (
            pd.DataFrame([{**row, **conversation}]),
            messages,
            pd.DataFrame(
                [_action(start, *one) for one in actions], columns=list(_action(start, "", 0, None))
            ),
            pd.DataFrame([_event(start, *one) for one in events], columns=list(_event(start, "", 0))),
        )

    return talk


@pytest.fixture
def told(talk):
    """The same frames under their names, as a picture of the whole conversation takes them."""

    def told(*said, **happened):
        names = ("conversation", "messages", "actions", "events")
        return SimpleNamespace(**dict(zip(names, talk(*said, **happened), strict=True)))

    return told


@pytest.fixture
def moments():
    """Key moments, each a dictionary of ``kind``, ``seconds`` and ``position``, and what else it has."""

    def moments(*each):
        empty = {"name": None, "value": _NAN, "related": pd.NA, "position": pd.NA}
        columns = ["kind", "seconds", "position", "name", "value", "related"]
        frame = pd.DataFrame([{**empty, **one} for one in each], columns=columns)
        return frame.astype(
            {"position": "Int64", "related": "Int64", "value": float, "seconds": float, "name": "str"}
        )

    return moments


def _message(place, start, sender, second, text, more=None):
    row = {
        "position": place,
        "sent_local": start + pd.Timedelta(second, "s"),
        "sender": sender,
        "kind": "text",
        "text": text,
        "intent": None,
        "confidence": _NAN,
        "true_intent": None,
        "sentiment": _NAN,
        "seconds": float(second),
        "response_time_seconds": _NAN,
    }
    return {**row, **(more or {})}


def _action(start, name, second, succeeded, error=None):
    times = {
        "started_local": start + pd.Timedelta(second, "s"),
        "seconds": float(second),
        "duration_ms": 1500.0,
    }
    return {"name": name, "succeeded": succeeded, "error": error, **times}


def _event(start, name, second):
    return {"name": name, "occurred_local": start + pd.Timedelta(second, "s"), "seconds": float(second)}
