"""The words of charts and notebooks in Spanish and English, and how they write numbers, times and days.

The catalogue is ``words.yaml`` and, for single notebooks, the files ``words_*.yaml`` beside it. A number that
is unknown is written as a dash, never as zero.
"""

from __future__ import annotations

import datetime as dt
import importlib.resources
import math
from functools import cache
from typing import Literal, get_args

import pandas as pd
import yaml

from analytics_lib.errors import RequestError

Language = Literal["es", "en"]

# The same safe loader written in C, where there is one: every process reads the whole catalogue once.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOLDER = importlib.resources.files("analytics_lib.charts")
CATALOGUES = sorted(
    file.name for file in _FOLDER.iterdir() if file.name.startswith("words") and file.name.endswith(".yaml")
)
UNKNOWN = "\u2013"
_SPACE = "\u00a0"
_MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_SECONDS_BELOW = 10
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def say(key: str, language: Language, **values: object) -> str:
    """The catalogue's text for ``key`` with its ``{placeholders}`` filled.

    Raises:
        RequestError: If there is no such text, or no such language.
    """
    texts = _catalogue().get(key)
    if texts is None:
        raise RequestError(f"The catalogue has no text {key!r}; add it to charts/words.yaml.")
    if language not in get_args(Language):
        raise RequestError(f"Unknown language {language!r}; expected {' or '.join(get_args(Language))}.")
    return texts[language].format(**values)


def label(kind: str, value: object, language: Language) -> str:
    """What readers call a value of the data, such as an outcome; the value itself if it has no other name."""
    key = f"{kind}.{value}"
    return say(key, language) if key in _catalogue() else str(value)


def counted(n: float, noun: str, language: Language) -> str:
    """A count with its noun in the right number: ``1 conversación``, ``3.705 conversaciones``."""
    return f"{count(n, language)}{_SPACE}{say(f'{noun}.one' if n == 1 else f'{noun}.many', language)}"


def count(n: float, language: Language) -> str:
    """A whole number with its thousands marked."""
    return UNKNOWN if absent(n) else _marked(f"{int(n):,}", language)


def number(value: float, language: Language, *, digits: int = 1) -> str:
    """A number with so many decimals."""
    return UNKNOWN if absent(value) else _marked(f"{value:,.{digits}f}", language)


def share(value: float, language: Language) -> str:
    """A share of 0 to 1 in percent with one decimal."""
    if absent(value):
        return UNKNOWN
    return number(100 * value, language) + (f"{_SPACE}%" if language == "es" else "%")


def duration(seconds: float, language: Language) -> str:
    """A time span in its two largest units, such as ``3 min 20 s``; below ten seconds with a decimal."""
    if absent(seconds):
        return UNKNOWN
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    # Rounded first: 59.7 s is a minute, not 60 s.
    if round(size, 1) < _SECONDS_BELOW:
        digits = 0 if float(round(size, 1)).is_integer() else 1
        return f"{sign}{number(size, language, digits=digits)}{_SPACE}s"
    return sign + _in_units(round(size))


def day(moment: dt.date, language: Language) -> str:
    """A day, such as ``3 nov 2026``."""
    if absent(moment):
        return UNKNOWN
    return f"{short_day(moment, language)}{'' if language == 'es' else ','} {moment.year}"


def days(since: dt.date, until: dt.date, language: Language) -> str:
    """The days of a window whose end is excluded, such as ``26 oct al 22 nov 2026``."""
    last = (
        until - dt.timedelta(microseconds=1)
        if isinstance(until, dt.datetime)
        else until - dt.timedelta(days=1)
    )
    first = short_day(since, language) if since.year == last.year else day(since, language)
    return say("days.range", language, first=first, last=day(last, language))


def short_day(moment: dt.date, language: Language) -> str:
    """A day without its year, such as ``3 nov``."""
    month = _MONTHS[language][moment.month - 1]
    return f"{moment.day} {month}" if language == "es" else f"{month} {moment.day}"


def clock(moment: dt.datetime) -> str:
    """The time of day to the second."""
    return f"{moment:%H:%M:%S}"


def _in_units(size: int) -> str:
    place = next(place for place, (unit, _) in enumerate(_UNITS) if size >= unit)
    unit, name = _UNITS[place]
    parts = [f"{size // unit}{_SPACE}{name}"]
    if place + 1 < len(_UNITS):
        smaller, smaller_name = _UNITS[place + 1]
        rest = size % unit // smaller
        parts += [f"{rest}{_SPACE}{smaller_name}"] if rest else []
    return _SPACE.join(parts)


def _marked(text: str, language: Language) -> str:
    return text.translate(str.maketrans(",.", ".,")) if language == "es" else text


def absent(value: object) -> bool:
    """Whether there is no value: None, NaN, NaT, NA; an infinite number is none either."""
    infinite = isinstance(value, float) and math.isinf(value)
    # NaN and NaT are the values that differ from themselves.
    return value is None or value is pd.NA or value != value or infinite  # noqa: PLR0124  # see above


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    texts = [_FOLDER.joinpath(name).read_text(encoding="utf-8") for name in CATALOGUES]
    return {key: said for text in texts for key, said in yaml.load(text, _LOADER).items()}  # noqa: S506  # safe
