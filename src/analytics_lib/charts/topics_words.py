"""How topics, words that stand for one of many, and comparisons with the weeks before are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analytics_lib.charts.texts import cut
from analytics_lib.charts.words import Language, absent, count, label, number, say, share

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

MOVED = ("new", "rising", "falling")
_LONGEST = 70
_KIND = re.compile(r"\{(product|city|size|name)\}")
_NUMBER = re.compile(r"(?<!\w)#(?!\w)")
_LEAST_Q = 0.001


def topic_name(topic: object, language: Language) -> str:
    """What readers call a topic or a word: its words, with names for those that stand for one of many."""
    if topic in ("other", "unknown"):
        return label("topic", topic, language)
    return cut(word_name(topic, language), _LONGEST, language)


def word_name(word: object, language: Language) -> str:
    """Telling words as readers see them."""
    named = _KIND.sub(lambda kind: say(f"topic_word.{kind[1]}", language), str(word))
    return _NUMBER.sub(say("topic_word.number", language), named)


def issue_name(row: Record, language: Language) -> str:
    """What readers call an issue: its kind, of what, and the error."""
    parts = [say(f"issue.{row['kind']}", language)]
    if not absent(row["name"]):
        name = row["name"] if row["kind"] == "failed_action" else topic_name(row["name"], language)
        parts.append(str(name))
    parts += [] if absent(row["detail"]) else [str(row["detail"])]
    return ": ".join(parts[:2]) + (f" ({parts[2]})" if len(parts) > 2 else "")


def side(row: Record, name: str, language: Language) -> str:
    """A share of the weeks compared with its counts: ``12,0 % (24 de 200)``."""
    return say(
        "compare.cell.share",
        language,
        share=share(row[f"share_{name}"], language),
        count=count(row[f"count_{name}"], language),
        n=count(row[f"total_{name}"], language),
    )


def times(row: Record, language: Language) -> str:
    """How many times as much as before, with its interval; without any before, at least so many."""
    if absent(row["ratio_low"]):
        return say("verdict.few", language)
    low, high = (number(row[f"ratio_{end}"], language, digits=2) for end in ("low", "high"))
    if absent(row["ratio"]):
        return say("trends.times.least", language, low=low)
    ratio = number(row["ratio"], language, digits=2)
    return say("trends.times", language, ratio=ratio, low=low, high=high)


def q_value(value: float, language: Language) -> str:
    """A corrected p-value."""
    tiny = not absent(value) and value < _LEAST_Q
    return say("compare.cell.tiny", language) if tiny else number(value, language, digits=3)
