"""How a measured KPI is written: its name, its value in its unit, its change with a sign."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from analytics_lib.charts.compared import points
from analytics_lib.charts.texts import cut
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, label, number, say, share
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.charts.style import Record

_LONGEST_NAME = 60
_LONGEST_GROUP = 40
_WHOLE_FROM = 100
_SHORT = 10
_DIMENSIONS = {"channel": "channel", "outcome": "outcome", "escalation_reason": "escalation_reason"}


def name_of(row: Record, language: Language) -> str:
    """What readers call a metric; with the days it waits for where it does (``metric``, ``days``)."""
    metric = CATALOG.get(row["metric"])
    name = cut(metric.label[language] if metric else str(row["metric"]), _LONGEST_NAME, language)
    days = row.get("days") or math.nan
    return name if absent(days) else say("kpis.within", language, name=name, days=count(days, language))


def write_value(value: float, unit: str, language: Language) -> str:
    """A value in its unit; a count without its noun, which the name of the metric says."""
    if absent(value):
        return UNKNOWN
    return _WRITERS[unit](value, language) if unit in _WRITERS else _in_words(value, unit, language)


def write_interval(low: float, high: float, unit: str, language: Language) -> str:
    """Two limits, the unit once where both have the same."""
    first, second = (write_value(limit, unit, language) for limit in (low, high))
    parts, others = (re.split("[ \N{NO-BREAK SPACE}]", text) for text in (first, second))
    if len(parts) == len(others) == 2 and parts[1] == others[1]:
        first = parts[0]
    return say("kpis.interval", language, low=first, high=second)


def write_change(change: float, unit: str, language: Language) -> str:
    """A change with its sign; of shares in percentage points."""
    if absent(change):
        return UNKNOWN
    if unit == "share":
        return say("kpis.points", language, n=points(change, language))
    return _signed(change, write_value(abs(change), unit, language))


def group_name(by: str, group: object, language: Language) -> str:
    """What readers call a value of a dimension."""
    if group == "unknown" and by != "outcome":
        return say("kpis.unknown", language)
    return cut(label(_DIMENSIONS.get(by, by), group, language), _LONGEST_GROUP, language)


def _signed(change: float, text: str) -> str:
    # What rounds to nothing has no sign.
    if not any(letter in "123456789" for letter in text):
        return text
    return f"+{text}" if change > 0 else f"\N{MINUS SIGN}{text}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _seconds(value: float, language: Language) -> str:
    """A time; what is short enough to be told apart in hundredths is."""
    if abs(value) >= _SHORT:
        return duration(value, language)
    return f"{number(value, language, digits=2)}\N{NO-BREAK SPACE}s"


def _plain(value: float, language: Language) -> str:
    whole = float(value).is_integer() or abs(value) >= _WHOLE_FROM
    return count(round(value), language) if whole else number(value, language)


def _in_words(value: float, unit: str, language: Language) -> str:
    """Counts as such; what is named in three capitals is money."""
    if len(unit) == 3 and unit.isupper():  # ISO 4217
        return say("kpis.money", language, n=count(round(value), language), currency=unit)
    return _plain(value, language)


_WRITERS: dict[str, Callable[[float, Language], str]] = {
    "share": share,
    "seconds": _seconds,
    "milliseconds": lambda value, language: say("kpis.milliseconds", language, n=_plain(value, language)),
    "points": lambda value, language: say("kpis.points", language, n=_minus(number(value, language))),
    "score": lambda value, language: number(value, language, digits=2),
    "conversations per minute": lambda value, language: say(
        "kpis.a_minute", language, n=number(value, language)
    ),
}
