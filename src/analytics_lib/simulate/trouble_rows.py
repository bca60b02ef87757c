"""Rows of the contract, and of the truth, from conversations that were written as scripts."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate.world import AGENTS, CHANNELS, ENTRY_POINTS, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.simulate.trouble_script import Script

COLUMNS = {
    "actions": (
        *("action_id", "conversation_id", "started_at", "started_local", "name", "duration_ms"),
        *("succeeded", "error"),
    ),
    "truth": ("conversation_id", "kind", "message_id", "action_id"),
}
IDLE = dt.timedelta(hours=1)
CLOSED_AFTER = dt.timedelta(seconds=45)


@dataclass(frozen=True)
class Chat:
    """A written conversation with its number, the moments of its lines, and whether it is still open."""

    seed: int
    number: int
    script: Script
    sent_at: list[dt.datetime]
    is_open: bool

    def id(self, prefix: str, position: int | None = None) -> str:
        """An id of this conversation, or of one of its rows; text order is the order of rows."""
        tail = "" if position is None else f"-{position:03d}"
        return f"{prefix}{self.seed}-{self.number:06d}{tail}"

    def draw(self, name: str) -> random.Random:
        """Random numbers for one part of its rows."""
        return random.Random(f"{self.seed}/{self.number}/{name}")


def frames(chats: list[Chat]) -> dict[str, pd.DataFrame]:
    """The tables ``conversations messages actions events`` and ``truth``, in order of their ids."""
    return {
        name: pd.DataFrame([row for chat in chats for row in rows(chat)], columns=COLUMNS.get(name))
        for name, rows in _ROWS.items()
    }


def _conversation_rows(chat: Chat) -> list[dict[str, Any]]:
    rng, handed_over = chat.draw("conversation"), chat.script.handed_over
    outcome = _outcome(chat)
    ended = chat.sent_at[-1] + (IDLE if outcome == "abandoned" else CLOSED_AFTER)
    asked = any(trouble.kind == "escalation_request" for trouble in chat.script.troubles)
    escalated = handed_over is not None
    return [
        {
            "conversation_id": chat.id("c"),
            "user_id": chat.id("u"),
            "channel": _drawn(rng, CHANNELS),
            "started_at": chat.sent_at[0],
            "started_local": _local(chat.sent_at[0]),
            "ended_at": None if chat.is_open else ended,
            "outcome": None if chat.is_open else outcome,
            "resolved": None if chat.is_open else outcome != "abandoned",
            "escalated_at": None if handed_over is None else chat.sent_at[handed_over],
            "escalation_reason": ("user_request" if asked else "low_confidence") if escalated else None,
            "agent_id": rng.choice(AGENTS) if escalated else None,
            "entry_point": _drawn(rng, ENTRY_POINTS),
        }
    ]


def _message_rows(chat: Chat) -> list[dict[str, Any]]:
    return [
        {
            "message_id": chat.id("m", position),
            "conversation_id": chat.id("c"),
            "user_id": chat.id("u"),
            "sent_at": sent_at,
            "sent_local": _local(sent_at),
            "sender": line.sender,
            "kind": line.kind,
            "text": line.text,
            "intent": line.intent,
            "confidence": line.confidence,
            "status": "read",
        }
        for position, (line, sent_at) in enumerate(zip(chat.script.lines, chat.sent_at, strict=True))
    ]


def _action_rows(chat: Chat) -> list[dict[str, Any]]:
    rows = []
    for position, call in enumerate(chat.script.calls):
        gap_ms = chat.script.lines[call.line].gap_ms
        started = chat.sent_at[call.line] - dt.timedelta(milliseconds=gap_ms * 9 // 10)
        row = {
            "action_id": chat.id("a", position),
            "conversation_id": chat.id("c"),
            "started_at": started,
            "started_local": _local(started),
            "name": call.name,
            "duration_ms": float(gap_ms * 8 // 10),
            "succeeded": call.succeeded,
            "error": call.error,
        }
        rows.append(row)
    return rows


def _event_rows(chat: Chat) -> list[dict[str, Any]]:
    """The stages reached, spread over the conversation; a purchase reaches them all."""
    rng, count = chat.draw("events"), len(chat.sent_at)
    reached = len(FUNNEL_STAGES) if _outcome(chat) == "purchase" else rng.randint(1, len(FUNNEL_STAGES) - 2)
    product = f"p-{rng.randrange(1000, 9999)}"
    return [
        {
            "event_id": chat.id("e", stage),
            "user_id": chat.id("u"),
            "conversation_id": chat.id("c"),
            "occurred_at": chat.sent_at[stage * count // reached],
            "occurred_local": _local(chat.sent_at[stage * count // reached]),
            "name": FUNNEL_STAGES[stage],
            "product_id": product if stage > 1 else None,
        }
        for stage in range(reached)
    ]


def _truth_rows(chat: Chat) -> list[dict[str, Any]]:
    return [
        {
            "conversation_id": chat.id("c"),
            "kind": trouble.kind,
            "message_id": None if trouble.line is None else chat.id("m", trouble.line),
            "action_id": None if trouble.call is None else chat.id("a", trouble.call),
        }
        for trouble in chat.script.troubles
    ]


_ROWS: dict[str, Callable[[Chat], list[dict[str, Any]]]] = {
    "conversations": _conversation_rows,
    "messages": _message_rows,
    "actions": _action_rows,
    "events": _event_rows,
    "truth": _truth_rows,
}


def _outcome(chat: Chat) -> str:
    """How it ended: with an agent it is escalated, without an answer abandoned; a few of the rest buy."""
    if chat.script.handed_over is not None:
        return "escalated"
    if {trouble.kind for trouble in chat.script.troubles} & {"dead_end", "unanswered_question"}:
        return "abandoned"
    bought = not chat.script.troubles and chat.draw("outcome").random() < 0.3
    return "purchase" if bought else "resolved"


def _drawn(rng: random.Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), weights=list(shares.values()))[0]


def _local(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(ZONE).replace(tzinfo=None)
