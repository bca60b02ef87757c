"""Records as columns: the same field of many records in one Arrow array, typed where all agree."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from analytics_lib.sources.json_text import parse_line
from analytics_lib.sources.record import BadRecordError
from analytics_lib.text.masking import mask_text

if TYPE_CHECKING:
    from analytics_lib.schema import Type

# What a type's values are when they arrive as they should; everything else is looked at one by one.
EXPECTED: dict[str, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "json": pa.string(),
    "at": pa.string(),
    "local": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}
_PYTHON: dict[str, set[type]] = {
    **{kind: {str, type(None)} for kind in ("id", "text", "json", "at", "local")},
    "int": {int, type(None)},
    "float": {float, int, type(None)},
    "bool": {bool, type(None)},
}
_LARGEST = 2**63
_MAYBE_PERSONAL = re.compile(r"@|\d(?:[\s().+-]*\d){5}")


@dataclass
class Columns:
    """Columns of equal length, the positions whose value no cast can save, and what became null."""

    arrays: dict[str, pa.Array] = field(default_factory=dict)
    refused: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, kind: Type, values: list[object]) -> None:
        """Add a column of a contract type."""
        self.arrays[name] = self._typed(kind, values)
        if self.arrays[name] is None:
            texts = [self._text(name, kind, position, value) for position, value in enumerate(values)]
            self.arrays[name] = pa.array(texts, pa.string())

    def _typed(self, kind: Type, values: list[object]) -> pa.Array | None:
        """The values in their type, or None where one of them is of another; 1.5 is no whole number."""
        if not _PYTHON[kind].issuperset(map(type, values)):
            return None
        try:
            return pa.array(values, EXPECTED[kind])
        except (pa.ArrowInvalid, OverflowError):  # a number beyond 64 bits
            return None

    def _text(self, name: str, kind: Type, position: int, value: object) -> str | None:
        if kind in ("int", "float") and _is_endless(value, kind):
            self.flags["NUM_RANGE"] += 1
            return None
        text, code = _as_text(kind, value)
        if code:
            # Masked before it is cut, so that half a phone number does not pass as none.
            shown = f"{mask_text(str(value)[:2000])[:60]!r} is a {type(value).__name__}, not of type {kind}"
            self.refused.setdefault(position, (code, name, shown))
        return text


def columns(records: Sequence[Mapping[str, object]], types: Mapping[str, Type]) -> Columns:
    """The columns ``types`` names, from records that may lack them; the fields it does not name are left."""
    built = Columns()
    for name, kind in types.items():
        built.add(name, kind, [record.get(name) for record in records])
    return built


def extras(records: Sequence[Mapping[str, object]], known: frozenset[str]) -> tuple[list[object], int]:
    """Of each record the fields outside ``known`` (and its ``extra``) as masked JSON; how many had any."""
    texts: list[object] = []
    hits = 0
    for record in records:
        given = record.get("extra")
        if record.keys() <= known:
            texts.append(None if given is None else _masked_json(given))
            continue
        hits += 1
        unknown = {key: value for key, value in record.items() if key not in known}
        texts.append(_masked_json({**_as_object(given), **unknown}))
    return texts, hits


def _as_object(extra: object) -> Mapping[str, object]:
    """A record's own ``extra`` as fields that others can join."""
    parsed = _parsed(extra) if isinstance(extra, str) else None
    value = extra if parsed is None else parsed
    return value if isinstance(value, dict) else {} if value is None else {"extra": value}


def _masked_json(value: object) -> str:
    text = value if isinstance(value, str) else _dumps(value)
    if not _MAYBE_PERSONAL.search(text):
        return text
    parsed = _parsed(text)
    return mask_text(text) if parsed is None else _dumps(_masked(parsed))


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {mask_text(str(key)): _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, str):
        return mask_text(value)
    masked = mask_text(str(value))
    return value if masked == str(value) else masked


def _parsed(text: str) -> object:
    """What a JSON text says; null where it is none, or nests deeper than a record may."""
    try:
        return parse_line(text.encode(), Counter())
    except BadRecordError:
        return None


def _dumps(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()


def _as_text(kind: Type, value: object) -> tuple[str | None, str | None]:
    """A value as text for the contract to cast, and the code of its refusal where none would be lossless."""
    if value is None or isinstance(value, str):
        return value, None
    if kind == "json":
        return _dumps(value), None
    if isinstance(value, dict | list | bytes) or (isinstance(value, bool) and kind != "bool"):
        return None, "BAD_TYPE"
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat(), None
    if isinstance(value, float):
        return _float_as_text(kind, value)
    return (str(value).lower() if isinstance(value, bool) else str(value)), None


def _float_as_text(kind: Type, value: float) -> tuple[str | None, str | None]:
    if kind in ("id", "text"):
        return None, "PHONE_LOSSY" if kind == "id" else "BAD_TYPE"
    return str(int(value) if kind == "int" and value.is_integer() else value), None


def _is_endless(value: object, kind: Type) -> bool:
    """Whether a number is none that can be stored: NaN, infinite, or a whole one beyond 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return True
    return kind == "int" and not -_LARGEST <= value < _LARGEST
