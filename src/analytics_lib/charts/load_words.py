"""How a load forecast writes moments, counts and the names of what multiplies demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.words import Language, absent, count, label, number, say, short_day

if TYPE_CHECKING:
    import datetime as dt

_SMALL = 10
_MONTH = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def moment(at: dt.datetime, language: Language) -> str:
    """A step, such as ``mié 3 nov, 18:00``."""
    return f"{say(f'weekday.{at.isoweekday()}', language)} {short_day(at, language)}, {at:%H:%M}"


def counts(value: float, language: Language) -> str:
    """An expected count: whole, below ten with a decimal."""
    if absent(value):
        return count(value, language)
    return number(value, language) if value < _SMALL else count(round(value), language)


def between(low: float, high: float, language: Language) -> str:
    """An interval of counts, such as ``12 a 30``."""
    return say("load.interval", language, low=counts(low, language), high=counts(high, language))


def method(name: str, language: Language) -> str:
    """What readers call a method."""
    return label("load.method", name, language)


def component(kind: str, item: str, language: Language) -> str:
    """What readers call something that multiplies demand; an event has its own name."""
    if kind == "weekday":
        return say(f"weekday.{item}", language)
    if kind == "month":
        return _MONTH[language][int(item) - 1]
    if item.startswith("event:"):
        return say("load.special.named", language, name=item.removeprefix("event:"))
    return label("load.special", item, language)
