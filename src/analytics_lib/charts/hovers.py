"""What is read when pointing at something in the picture of a conversation; every text of others is inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.marks import feeling, in_words
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, clock, duration, label, number, say

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

_EXCERPT, _BRIEF = 160, 40
# Of very many messages, each says less: the page has to be opened by a phone.
_MANY = 2_000
_WIDTH = 44


def message_hover(message: Record, language: Language, *, among: int = 1) -> str:
    """What was said when, what the bot took it for, how it feels, how long it took.

    Args:
        message: ``position sent_local kind text intent confidence true_intent response_time_seconds``; of a
            message of the user also ``sentiment``.
        language: es or en.
        among: How many messages the picture holds.
    """
    limit = _BRIEF if among > _MANY else _EXCERPT
    lines = [
        f"<b>#{message['position']} · {clock(message['sent_local'])}</b>",
        for_plotly(_said(message, limit, language), width=_WIDTH),
    ]
    lines += _understood(message, language)
    if message["sender"] == "user" and not absent(message.get("sentiment")):
        lines.append(feeling(message["sentiment"], language))
    if not absent(message["response_time_seconds"]):
        waited = duration(message["response_time_seconds"], language)
        lines.append(say("chat.replied", language, duration=waited))
    return "<br>".join(lines)


def action_hover(action: Record, state: str, language: Language) -> str:
    """An action, whether it worked, how long it took."""
    lines = [f"<b>{_inert(action['name'], language)}</b>", clock(action["started_local"])]
    lines.append(say(f"action.{state}", language))
    if not absent(action["duration_ms"]):
        lines.append(duration(action["duration_ms"] / 1000, language))
    if not absent(action["error"]):
        lines.append(_inert(action["error"], language))
    return "<br>".join(lines)


def event_hover(event: Record, language: Language) -> str:
    """A step of the journey and when it was."""
    name = _inert(label("event", event["name"], language), language)
    return f"<b>{name}</b><br>{clock(event['occurred_local'])}"


def moment_hover(moment: Record, said: Record | None, language: Language) -> str:
    """A key moment and the message it stands at, if any."""
    lines = [f"<b>{for_plotly(in_words(moment, language), width=_WIDTH)}</b>"]
    if said is not None:
        text = for_plotly(_said(said, _EXCERPT, language), width=_WIDTH)
        lines += [f"#{said['position']} · {clock(said['sent_local'])}", text]
    return "<br>".join(lines)


def _said(message: Record, limit: int, language: Language) -> str:
    if absent(message["text"]):
        return f"[{cut(label('kind', message['kind'], language), limit, language)}]"
    text: str = message["text"]
    return cut(text, limit, language) if text.strip() else say("no_text", language)


def _understood(message: Record, language: Language) -> list[str]:
    lines = []
    if not absent(message["intent"]):
        lines.append(f"{say('chat.intent', language)} {_intent(message['intent'], language)}")
    if not absent(message["confidence"]):
        lines.append(
            say("chat.confidence", language, value=number(message["confidence"], language, digits=2))
        )
    if not absent(message.get("true_intent")):
        lines.append(f"{say('story.true_intent', language)} {_intent(message['true_intent'], language)}")
    return lines


def _intent(name: str, language: Language) -> str:
    return _inert(label("intent", name, language), language)


def _inert(text: object, language: Language) -> str:
    return for_plotly(cut(str(text), _EXCERPT, language), width=_WIDTH)
