"""One conversation as people know it from their phone: bubbles by sender, with what the bot made of them.

The user stands on the left, the shop on the right. Times of day, waits, intents, actions and events stand
where they happened. A message is marked with its key moments and its mood, and links lead to it as
``#message-<position>``. Every text is escaped and isolated; styles are those a report lets through.
"""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from analytics_lib.charts.links import anchor
from analytics_lib.charts.marks import BESIDE, TROUBLES, feeling, in_html
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import FAILURE, INK, LINE, LOW_CONFIDENCE, NEUTRAL, QUIET, SENDERS, SUCCESS
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

    from analytics_lib.charts.style import Record

_LONGEST_TEXT = 800
_LONGEST_NAME = 80
_FIRST_SHOWN, _LAST_SHOWN, _MOST_MARKED_SHOWN = 160, 40, 60
_TINTS = {"user": "#E6F1F8", "bot": "#FDF4E1", "agent": "#F9ECF3"}
_COLUMN = "display:flex;flex-direction:column;gap:8px;max-width:720px;font-size:15px;line-height:1.45"
_SMALL = f"font-size:12.5px;color:{QUIET}"
_CHIP = f"align-self:center;font-size:12.5px;color:{QUIET};padding:1px 12px;text-align:center"
_NOTE = f"align-self:flex-end;max-width:86%;font-size:12.5px;color:{QUIET};text-align:right"
_MARKS = "display:flex;flex-wrap:wrap;gap:4px;margin-top:4px"
_MARK = "font-size:12.5px;font-weight:600;border:1px solid;border-radius:99px;padding:0 9px"
_TEXT = f"white-space:pre-wrap;overflow-wrap:anywhere;color:{INK}"


@dataclass(frozen=True)
class _Item:
    """Something that happened: a message, an event, an action, or ``escalated`` and ``ended``.

    ``moments`` are the key moments of a message.
    """

    kind: str
    row: Record
    moments: tuple[Record, ...] = ()


def chat(
    conversation: pd.DataFrame,
    messages: pd.DataFrame,
    actions: pd.DataFrame,
    events: pd.DataFrame,
    *,
    moments: pd.DataFrame | None = None,
    long_gap_seconds: float = 120,
    language: Language = "es",
) -> Html:
    """The conversation from top to bottom; of a very long one its beginning, its key moments and its end.

    Args:
        conversation: One row: ``conversation_id channel started_local outcome escalation_reason
            ended_seconds escalated_seconds``; or none.
        messages: ``position sent_local sender kind text intent confidence seconds gap_seconds
            response_time_seconds``, in order; ``sentiment`` (-1 to 1) where it was read.
        actions: ``name duration_ms succeeded error seconds``.
        events: ``name seconds``.
        moments: Key moments: ``kind position name value related``; null = none are marked.
        long_gap_seconds: A silence at least this long is marked.
        language: es or en.
    """
    if conversation.empty:
        return Html(f"<p>{html.escape(say('chat.none', language))}</p>")
    head = _head(conversation.iloc[0].to_dict(), messages, actions, language)
    items = _marked(_in_order(conversation, messages, actions, events), moments)
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


def _marked(items: list[_Item], moments: pd.DataFrame | None) -> list[_Item]:
    """The same with the key moments at their messages; what has a line of its own is not said twice."""
    at: defaultdict[int, list[Record]] = defaultdict(list)
    for moment in [] if moments is None else moments.to_dict("records"):
        if moment["kind"] not in BESIDE and not absent(moment["position"]):
            at[int(moment["position"])].append(moment)
    return [
        replace(item, moments=tuple(at[item.row["position"]])) if item.kind == "message" else item
        for item in items
    ]


def _pieces(items: Sequence[_Item], long_gap_seconds: float, language: Language) -> Iterator[str]:
    shown, shown_day = _shown(items), None
    for visible, run in groupby(zip(items, shown, strict=True), key=itemgetter(1)):
        part = [item for item, _ in run]
        if not visible:
            yield _hidden(part, language)
            continue
        for item in part:
            if item.kind == "message":
                yield from _before(item.row, shown_day, long_gap_seconds, language)
                shown_day = item.row["sent_local"].date()
                yield _message(item, language)
            else:
                yield _DRAWN[item.kind](item.row, language)


def _shown(items: Sequence[_Item]) -> list[bool]:
    """Whether each is shown: all of a short conversation; of a long one both ends and what is marked."""
    n = len(items)
    if n <= _FIRST_SHOWN + _LAST_SHOWN:
        return [True] * n
    ends = [place < _FIRST_SHOWN or place >= n - _LAST_SHOWN for place in range(n)]
    notable = [place for place, item in enumerate(items) if not ends[place] and _is_notable(item)]
    kept = set(notable[:_MOST_MARKED_SHOWN])
    return [end or place in kept for place, end in enumerate(ends)]


def _is_notable(item: _Item) -> bool:
    failed = item.kind == "action" and item.row["succeeded"] is False
    return bool(item.moments) or failed or item.kind == "escalated"


def _hidden(items: Sequence[_Item], language: Language) -> str:
    """How much is left out; a link to a message in it leads here."""
    positions = [item.row["position"] for item in items if item.kind == "message"]
    text = say("chat.hidden", language, n=counted(len(positions), "messages", language))
    return _chip_html("".join(f"<i {anchor(at)}></i>" for at in positions) + html.escape(text))


def _before(row: Record, shown_day: object, long_gap_seconds: float, language: Language) -> Iterator[str]:
    if row["gap_seconds"] >= long_gap_seconds:
        yield _chip(say("chat.silence", language, duration=duration(row["gap_seconds"], language)))
    if row["sent_local"].date() != shown_day:
        yield _chip(day(row["sent_local"], language))


def _message(item: _Item, language: Language) -> str:
    row = item.row
    sender = row["sender"] if row["sender"] in SENDERS else "user"
    colour, tint = SENDERS[sender], _TINTS[sender]
    side = "left" if sender == "user" else "right"
    style = (
        f"align-self:flex-{'start' if side == 'left' else 'end'};max-width:86%;background-color:{tint};"
        f"border-{side}:4px solid {colour};border-radius:8px;padding:6px 12px 7px;overflow:hidden"
    )
    return (
        f'<div {anchor(row["position"])} style="{style}"><div style="{_SMALL}">{_who(row, language)}</div>'
        f'<div style="{_TEXT}">{_body(row, language)}</div>{_understood(row, language)}'
        f"{_moments(item.moments, language)}</div>"
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
    """What the bot took the message for, how sure it was, and how the message feels."""
    parts = []
    if not absent(row["intent"]):
        intent = for_page(cut(label("intent", row["intent"], language), _LONGEST_NAME, language))
        parts.append(f"{html.escape(say('chat.intent', language))} <strong>{intent}</strong>")
    if not absent(row["confidence"]):
        parts.append(_confidence(row["confidence"], language))
    if row["sender"] == "user" and not absent(row.get("sentiment")):
        parts.append(html.escape(feeling(row["sentiment"], language)))
    return f'<div style="{_SMALL}">{" · ".join(parts)}</div>' if parts else ""


def _moments(moments: Sequence[Record], language: Language) -> str:
    """The key moments of a message, a chip each."""
    chips = "".join(
        f'<span style="{_MARK};color:{FAILURE if moment["kind"] in TROUBLES else NEUTRAL}">'
        f"{in_html(moment, language, key='chip')}</span>"
        for moment in moments
    )
    return f'<div style="{_MARKS}">{chips}</div>' if chips else ""


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
    named = cut(label("escalation_reason", reason, language), _LONGEST_NAME, language)
    why = "" if absent(reason) else f": <strong>{for_page(named)}</strong>"
    return _chip_html(html.escape(say("chat.escalated", language)) + why)


def _ended(row: Record, language: Language) -> str:
    return _chip_html(
        f"{html.escape(say('chat.ended', language))}: <strong>{_named_outcome(row, language)}</strong>"
    )


def _chip(text: str) -> str:
    return _chip_html(html.escape(text))


def _chip_html(inner: str) -> str:
    return f'<div style="{_CHIP};border:1px solid {LINE};border-radius:99px">{inner}</div>'


_DRAWN = {"action": _action, "event": _event, "escalated": _escalated, "ended": _ended}
