"""The key moments of a conversation as marks and words: one symbol and one name for each kind, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.links import filled, message_name, to_message
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import UNKNOWN, Language, absent, duration, label, number, say

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

# What went wrong, and its symbol in plotly; told apart by shape, so that no colour is needed.
TROUBLES = {
    "escalation_request": "triangle-up",
    "repeated_question": "circle",
    "bot_loop": "circle-open-dot",
    "not_understood": "x",
    "dead_end": "square",
    "unanswered_question": "square-open",
    "long_silence": "hourglass",
    "failed_action": "cross",
    "sentiment_fall": "triangle-down",
}
MILESTONES = {"escalated": "star", "purchase_step": "diamond", "turning_point": "bowtie"}
# These happen beside the messages and have lines of their own in the chat.
BESIDE = frozenset({"failed_action", "escalated", "purchase_step"})
NEGATIVE = -0.1
_LONGEST_NAME = 80
_NAMED_BY = {"purchase_step": "event", "escalated": "escalation_reason", "turning_point": "outcome"}


def in_words(moment: Record, language: Language, *, key: str = "moment") -> str:
    """A moment as plain text, such as ``el cliente repite la pregunta del mensaje 3: …``.

    Args:
        moment: ``kind name value related``.
        language: es or en.
        key: ``moment``, or ``chip`` for the short form on its message.
    """
    name = _name(moment, language)
    pieces = {"message": _related(moment, language), **_sizes(moment, language)}
    said = say(f"{key}.{moment['kind']}", language, **pieces) if _known(moment) else str(moment["kind"])
    return f"{said}: {name}" if name else said


def in_html(moment: Record, language: Language, *, key: str = "moment") -> str:
    """As ``in_words``, for a page: what it repeats is a link."""
    if not _known(moment):
        return for_page(cut(str(moment["kind"]), _LONGEST_NAME, language))
    name, related = _name(moment, language), moment["related"]
    link = _related(moment, language) if absent(related) else to_message(related, language)
    said = filled(f"{key}.{moment['kind']}", language, message=link, **_sizes(moment, language))
    return f"{said}: {for_page(name)}" if name else said


def feeling(sentiment: float, language: Language) -> str:
    """A sentiment of -1 to 1 with its word, such as ``negativo -0,6``."""
    word = "negative" if sentiment <= NEGATIVE else "positive" if sentiment >= -NEGATIVE else "neutral"
    return f"{say(f'sentiment.{word}', language)}\u00a0{signed(sentiment, language)}"


def signed(value: float, language: Language) -> str:
    """A number with its sign."""
    if absent(value):
        return UNKNOWN
    sign = "\N{MINUS SIGN}" if round(value, 1) < 0 else "+" if round(value, 1) > 0 else ""
    return sign + number(abs(value), language)


def _known(moment: Record) -> bool:
    return moment["kind"] in TROUBLES or moment["kind"] in MILESTONES


def _name(moment: Record, language: Language) -> str:
    if absent(moment["name"]):
        return ""
    kind = _NAMED_BY.get(moment["kind"], "name")
    return cut(label(kind, moment["name"], language), _LONGEST_NAME, language)


def _related(moment: Record, language: Language) -> str:
    return UNKNOWN if absent(moment["related"]) else message_name(moment["related"], language)


def _sizes(moment: Record, language: Language) -> dict[str, str]:
    value = float("nan") if absent(moment["value"]) else moment["value"]
    moved = f"{signed(100 * value, language)}".removesuffix(",0").removesuffix(".0")
    return {"duration": duration(value, language), "value": number(value, language), "points": moved}
