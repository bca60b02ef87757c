"""The types a notebook's parameter may have, and how a value that somebody gives becomes one of them."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.runs.results import Json

MISSING = object()


class Refused(Exception):  # noqa: N818  # a step on the way to a RequestError that lists all of them
    """A value or a declaration that does not fit, with what was expected."""


@dataclass(frozen=True)
class ValueType:
    """A declared type: one of ``SCALARS``, or ``literal`` with its choices; ``nullable`` adds null."""

    kind: str
    choices: tuple[object, ...] = ()
    nullable: bool = False

    def __str__(self) -> str:
        name = " or ".join(repr(choice) for choice in self.choices) if self.choices else self.kind
        return f"{name} or null" if self.nullable else name


def convert(value: object, type_: ValueType) -> Json:
    """The value in the declared type, as JSON knows it; text is read by that type.

    Raises:
        Refused: If it does not fit without loss.
    """
    if value is None or (type_.nullable and value == ""):
        if type_.nullable:
            return None
        raise Refused(f"null is not {_expected(type_)}.")
    if type_.kind == "literal":
        return _choice(value, type_)
    return SCALARS[type_.kind](value)


def _expected(type_: ValueType) -> str:
    return str(type_) if type_.choices else _EXAMPLES[type_.kind]


def _refuse(value: object, kind: str) -> Refused:
    return Refused(f"{value!r:.100} is not {_EXAMPLES[kind]}.")


def _choice(value: object, type_: ValueType) -> Json:
    for choice in type_.choices:
        # 1 == True in Python: the type must agree too, unless the value is text from a command line.
        if (type(choice) is type(value) and choice == value) or str(choice) == value:
            return choice  # type: ignore[return-value]  # literals of a notebook are JSON values
    raise Refused(f"{value!r:.100} is not {type_}.")


def _text(value: object) -> str:
    if not isinstance(value, str):
        # YAML reads 00123 as 83 and no as false: what was meant cannot be recovered.
        raise Refused(f"{value!r:.100} is a {type(value).__name__}, not text; put it in quotes.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Refused(f"{value!r:.100} holds half a character and cannot be stored.") from error
    return value


def _whole_number(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _refuse(value, "int")


def _number(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise _refuse(value, "float")


def _truth(value: object) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise _refuse(value, "bool")


def _day(value: object) -> str:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise Refused(f"{value!r} is not a day: {error}.") from error
    raise _refuse(value, "date")


def _texts(value: object) -> list[Json]:
    if isinstance(value, str):
        value = _read_list(value)
    if isinstance(value, list | tuple):
        return [_text(item) for item in value]
    raise _refuse(value, "list[str]")


def _read_list(text: str) -> object:
    if not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",")] if text.strip() else []
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(f"{text!r:.100} is not a JSON list: {error}.") from error


SCALARS: dict[str, Callable[[object], Json]] = {
    "str": _text,
    "int": _whole_number,
    "float": _number,
    "bool": _truth,
    "date": _day,
    "list[str]": _texts,
}
_EXAMPLES = {
    "str": "text",
    "int": "a whole number, such as 28",
    "float": "a finite number, such as 0.5",
    "bool": "true or false",
    "date": "a day, such as 2026-01-31",
    "list[str]": 'a list of texts, such as a,b or ["a", "b"]',
}
