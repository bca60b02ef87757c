"""One conversation as people know it from their phone: bubbles by sender, with what the bot made of them.

The user stands on the left, the shop on the right. Times of day, waits, intents, actions and events stand
where they happened. Every text is escaped and isolated; styles are those a report lets through.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import FAILURE, INK, LINE, QUIET, SENDERS, SUCCESS, Record
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import (
    Language,
    absent,
    clock,
    count,
    counted,
    day,
    duration,
    label,
    number,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

LOW_CONFIDENCE = 0.7
_LONGEST_TEXT = 800
_LONGEST_NAME = 80
_FIRST_SHOWN, _LAST_SHOWN = 160, 40
_TINTS = {"user": "#E6F1F8", "bot": "#FDF4E1", "agent": "#F9ECF3"}
_COLUMN = "display:flex;flex-direction:column;gap:8px;max-width:720px;font-size:15px;line-height:1.45"
_SMALL = f"font-size:12.5px;color:{QUIET}"
_CHIP = f"align-self:center;font-size:12.5px;color:{QUIET};padding:1px 12px;text-align:center"
_NOTE = f"align-self:flex-end;max-width:86%;font-size:12.5px;color:{QUIET};text-align:right"
_TEXT = f"white-space:pre-wrap;overflow-wrap:anywhere;color:{INK}"


@dataclass(frozen=True)
class _Item:
    """Something that happened: a message, an event, an action, or ``escalated`` and ``ended``."""

    kind: str
    row: Record


def chat(
    conversation: pd.DataFrame,
    messages: pd.DataFrame,
    actions: pd.DataFrame,
    events: pd.DataFrame,
    *,
    long_gap_seconds: float = 120,
    language: Language = "es",
) -> Html:
    """The conversation from top to bottom; of a very long one its beginning and its end.

    Args:
        conversation: One row: ``conversation_id channel started_local outcome escalation_reason
            ended_seconds escalated_seconds``; or none.
        messages: ``position sent_local sender kind text intent confidence seconds gap_seconds
            response_time_seconds``, in order.
        actions: ``name duration_ms succeeded error seconds``.
        events: ``name seconds``.
        long_gap_seconds: A silence at least this long is marked.
        language: es or en.
    """
    if conversation.empty:
        return Html(f"<p>{html.escape(say('chat.none', language))}</p>")
    head = _head(conversation.iloc[0].to_dict(), messages, actions, language)
    items = _in_order(conversation, messages, actions, events)
    shown = "".join(_pieces(items, long_gap_seconds, language)) or _chip(say("chat.empty", language))
    return Html(f'{head}<div style="{_COLUMN}">{shown}</div>')


def _head(row: Record, messages: pd.DataFrame, actions: pd.DataFrame, language: Language) -> str:
    failed = int((actions["succeeded"] == False).sum())  # noqa: E712  # null is no failure
    facts = [
        for_page(label("channel", row["channel"], language)),
        f"{day(row['started_local'], language)}, {row['started_local']:%H:%M}",
        html.escape(counted(len(messages), "messages", language)),
        html.escape(counted(len(actions), "actions", language))
        + (f" ({html.escape(say('chat.failed', language, n=count(failed, language)))})" if failed else ""),
        html.escape(say("chat.lasted", language, duration=duration(row["ended_seconds"], language))),
        _named_outcome(row, language),
    ]
    title = for_page(cut(str(row["conversation_id"]), _LONGEST_NAME, language))
    return f'<p><strong>{title}</strong><br><span style="{_SMALL}">{" · ".join(facts)}</span></p>'


def _named_outcome(row: Record, language: Language) -> str:
    outcome = "open" if absent(row["ended_seconds"]) else "unknown"
    known = outcome if absent(row["outcome"]) else row["outcome"]
    return for_page(cut(label("outcome", known, language), _LONGEST_NAME, language))


def _in_order(
    conversation: pd.DataFrame, messages: pd.DataFrame, actions: pd.DataFrame, events: pd.DataFrame
) -> list[_Item]:
    """Everything by its moment; at the same moment a message, then what it set off."""
    kinds = (("message", messages), ("event", events), ("action", actions))
    items = [_Item(kind, row) for kind, frame in kinds for row in frame.to_dict("records")]
    for kind in ("escalated", "ended"):
        seconds = conversation[f"{kind}_seconds"].dropna()
        items += (
            [_Item(kind, {**conversation.to_dict("records")[0], "seconds": seconds.iloc[0]})]
            if len(seconds)
            else []
        )
    return sorted(items, key=lambda item: item.row["seconds"])


def _pieces(items: Sequence[_Item], long_gap_seconds: float, language: Language) -> Iterator[str]:
    hidden = items[_FIRST_SHOWN:-_LAST_SHOWN] if len(items) > _FIRST_SHOWN + _LAST_SHOWN else []
    shown_day = None
    for place, item in enumerate(items):
        if hidden and place == _FIRST_SHOWN:
            n = sum(other.kind == "message" for other in hidden)
            yield _chip(say("chat.hidden", language, n=counted(n, "messages", language)))
        if hidden and _FIRST_SHOWN <= place < len(items) - _LAST_SHOWN:
            continue
        if item.kind == "message":
            yield from _before(item.row, shown_day, long_gap_seconds, language)
            shown_day = item.row["sent_local"].date()
        yield _DRAWN[item.kind](item.row, language)


def _before(row: Record, shown_day: object, long_gap_seconds: float, language: Language) -> Iterator[str]:
    if row["gap_seconds"] >= long_gap_seconds:
        yield _chip(say("chat.silence", language, duration=duration(row["gap_seconds"], language)))
    if row["sent_local"].date() != shown_day:
        yield _chip(day(row["sent_local"], language))


def _message(row: Record, language: Language) -> str:
    sender = row["sender"] if row["sender"] in SENDERS else "user"
    colour, tint = SENDERS[sender], _TINTS[sender]
    side = "left" if sender == "user" else "right"
    style = (
        f"align-self:flex-{'start' if side == 'left' else 'end'};max-width:86%;background-color:{tint};"
        f"border-{side}:4px solid {colour};border-radius:8px;padding:6px 12px 7px;overflow:hidden"
    )
    return (
        f'<div style="{style}"><div style="{_SMALL}">{_who(row, language)}</div>'
        f'<div style="{_TEXT}">{_body(row, language)}</div>{_understood(row, language)}</div>'
    )


def _who(row: Record, language: Language) -> str:
    name = for_page(label("sender", row["sender"], language))
    parts = [f"<strong>{name}</strong>", clock(row["sent_local"])]
    if row["response_time_seconds"] >= 0:
        waited = duration(row["response_time_seconds"], language)
        parts.append(html.escape(say("chat.replied", language, duration=waited)))
    return " · ".join(parts)


def _body(row: Record, language: Language) -> str:
    kind = label("kind", row["kind"], language)
    if absent(row["text"]):
        return f"<em>[{for_page(kind)}]</em>"
    if not row["text"].strip():
        return f"<em>{html.escape(say('no_text', language))}</em>"
    text = for_page(cut(row["text"], _LONGEST_TEXT, language))
    return text if row["kind"] == "text" else f'<span style="{_SMALL}">[{for_page(kind)}]</span> {text}'


def _understood(row: Record, language: Language) -> str:
    """What the bot took the message for, and how sure it was."""
    parts = []
    if not absent(row["intent"]):
        intent = for_page(cut(row["intent"], _LONGEST_NAME, language))
        parts.append(f"{html.escape(say('chat.intent', language))} <strong>{intent}</strong>")
    if not absent(row["confidence"]):
        parts.append(_confidence(row["confidence"], language))
    return f'<div style="{_SMALL}">{" · ".join(parts)}</div>' if parts else ""


def _confidence(confidence: float, language: Language) -> str:
    value = number(confidence, language, digits=2)
    if confidence < LOW_CONFIDENCE:
        low = html.escape(say("chat.low_confidence", language, value=value))
        return f'<strong style="color:{FAILURE}">{low}</strong>'
    return html.escape(say("chat.confidence", language, value=value))


def _action(row: Record, language: Language) -> str:
    name = for_page(cut(row["name"], _LONGEST_NAME, language))
    known = not absent(row["succeeded"])
    state = ("succeeded" if row["succeeded"] else "failed") if known else "unknown"
    colour = {"succeeded": SUCCESS, "failed": FAILURE, "unknown": QUIET}[state]
    parts = [f"{html.escape(say('chat.action', language))} <strong>{name}</strong>"]
    if not absent(row["duration_ms"]):
        parts.append(duration(row["duration_ms"] / 1000, language))
    parts.append(f'<span style="color:{colour}">{html.escape(say(f"action.{state}", language))}</span>')
    if not absent(row["error"]):
        parts.append(for_page(cut(row["error"], _LONGEST_NAME, language)))
    return f'<div style="{_NOTE}">{" · ".join(parts)}</div>'


def _event(row: Record, language: Language) -> str:
    name = for_page(cut(label("event", row["name"], language), _LONGEST_NAME, language))
    return _chip_html(f"{html.escape(say('chat.event', language))} <strong>{name}</strong>")


def _escalated(row: Record, language: Language) -> str:
    reason = row["escalation_reason"]
    why = "" if absent(reason) else f": <strong>{for_page(cut(reason, _LONGEST_NAME, language))}</strong>"
    return _chip_html(html.escape(say("chat.escalated", language)) + why)


def _ended(row: Record, language: Language) -> str:
    return _chip_html(
        f"{html.escape(say('chat.ended', language))}: <strong>{_named_outcome(row, language)}</strong>"
    )


def _chip(text: str) -> str:
    return _chip_html(html.escape(text))


def _chip_html(inner: str) -> str:
    return f'<div style="{_CHIP};border:1px solid {LINE};border-radius:99px">{inner}</div>'


_DRAWN = {"message": _message, "action": _action, "event": _event, "escalated": _escalated, "ended": _ended}
