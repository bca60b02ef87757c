"""How each key of a page in ``params/dashboards.yaml`` becomes a field of the page, or is refused."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from analytics_lib.runs.labels import LANGUAGES
from analytics_lib.runs.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_STEM = re.compile(r"[A-Za-z0-9_]+")
_LONGEST_TEXT = 200
_SHORTEST_REFRESH, _LONGEST_REFRESH = 1, 3600
# The gallery's own file.
_TAKEN = ("index",)


def check_name(name: str) -> str:
    """What is wrong with the name of a page; empty if nothing is."""
    if not _NAME.fullmatch(name):
        return "use a-z, 0-9 and _ (at most 40), such as business."
    return f"{name!r} is the gallery's own name; take another." if name in _TAKEN else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that is most like this one; empty if none is."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {found[0]!r}?" if found else ""


def read_key(key: str, value: object) -> object:
    """A key's value as the page's field of that name.

    Raises:
        Refused: If the key is unknown or its value does not fit.
    """
    if key not in _READERS:
        raise Refused(f"unknown key.{nearest(key, _READERS)} There are: {', '.join(_READERS)}.")
    return _READERS[key](value)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Refused(f"expected a list of names, not {value!r:.60}.")
    for name in value:
        if value.count(name) > 1:
            raise Refused(f"{name!r} is there twice.")
    return tuple(value)


def _stems(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not names:
        raise Refused("expected at least one notebook.")
    for name in names:
        if not _STEM.fullmatch(name):
            raise Refused(f"{name!r:.60} is no notebook's name; give it without folder, such as kpis.")
    return names


def _texts(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise Refused(f"expected a text in each of {', '.join(LANGUAGES)}, not {value!r:.60}.")
    for text in value.values():
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TEXT:
            raise Refused(f"expected text of at most {_LONGEST_TEXT} characters, not {text!r:.60}.")
    return {str(language): " ".join(text.split()) for language, text in value.items()}


def _values(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise Refused(f"expected a mapping of names to values, not {value!r:.60}.")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{value!r:.60} is not a number of seconds.")
    if not _SHORTEST_REFRESH <= value <= _LONGEST_REFRESH:
        raise Refused(f"{value} is not from {_SHORTEST_REFRESH} to {_LONGEST_REFRESH:,} seconds.")
    return float(value)


_READERS: Mapping[str, Callable[[object], object]] = {
    "notebooks": _stems,
    "title": _texts,
    "audience": _texts,
    "controls": _names,
    "parameters": _values,
    "refresh_seconds": _seconds,
}
