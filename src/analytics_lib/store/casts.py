"""One lossless cast a contract type; what cannot be cast without loss is marked, not changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.moments import parse_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.schema import Type

_INTEGER = r"^\s*[+-]?[0-9]{1,18}\s*$"
_WHOLE_PART = r"([0-9])\.0*\s*$"
_NUMBER = r"(?i)^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+|nan|inf|infinity)(e[+-]?[0-9]{1,3})?\s*$"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_REPLACEMENT = "\ufffd"
_LARGEST = 2**63 - 1


@dataclass
class Cast:
    """A column in its contract type.

    Attributes:
        values: The values; null where none was given or the cast failed.
        failed: True where a value was given that cannot be cast without loss.
        flags: Counts by code of ``codes.FLAG_CODES``.
    """

    values: pa.Array
    failed: np.ndarray
    flags: Counter[str] = field(default_factory=Counter)


def cast(to: Type, given: pa.Array, *, naive_zone: str) -> Cast:
    """``given`` as contract type ``to``; naive times are taken in ``naive_zone``."""
    if pa.types.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    if pa.types.is_large_string(given.type) or pa.types.is_string_view(given.type):
        given = given.cast(pa.string())
    if to in ("at", "local"):
        return _at(given, naive_zone) if to == "at" else _local(given)
    return _CASTS[to](given)


def mask(array: pa.Array) -> np.ndarray:
    """A boolean Arrow array as numpy, null counted as false."""
    return np.asarray(pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def missing(values: pa.Array) -> np.ndarray:
    """True where a required value is absent: null, or an empty text."""
    absent = mask(pc.is_null(values))
    return absent | mask(pc.equal(values, "")) if pa.types.is_string(values.type) else absent


def _nothing(given: pa.Array, to: pa.DataType) -> Cast:
    """Every given value fails."""
    return Cast(pa.nulls(len(given), to), mask(pc.is_valid(given)))


def _text(given: pa.Array) -> Cast:
    if pa.types.is_string(given.type):
        return _clean(given)
    if pa.types.is_integer(given.type) or pa.types.is_null(given.type):
        return Cast(given.cast(pa.string()), np.zeros(len(given), dtype=bool))
    return _nothing(given, pa.string())


def _clean(given: pa.Array) -> Cast:
    nul = pc.match_substring(given, "\x00")
    hits = pc.sum(nul).as_py() or 0
    values = pc.replace_substring(given, "\x00", _REPLACEMENT) if hits else given
    return Cast(values, np.zeros(len(given), dtype=bool), Counter(NUL_TEXT=hits))


def _json(given: pa.Array) -> Cast:
    """JSON text with sorted keys, so that equal objects are equal texts."""
    if pa.types.is_null(given.type):
        return _text(given)
    encoded = given.dictionary_encode()
    texts = [_json_text(value) for value in encoded.dictionary.to_pylist()]
    values = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(texts, pa.string())).cast(pa.string())
    return Cast(values, mask(pc.and_(pc.is_valid(given), pc.is_null(values))))


def _json_text(value: object) -> str | None:
    try:
        parsed = orjson.loads(value) if isinstance(value, str) else value
        return orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS).decode()
    except (orjson.JSONDecodeError, TypeError):
        return None


def _int(given: pa.Array) -> Cast:
    if pa.types.is_integer(given.type):
        return _integer(given)
    if pa.types.is_string(given.type):
        return _matching(pc.replace_substring_regex(given, _WHOLE_PART, r"\1"), _INTEGER, pa.int64())
    if pa.types.is_floating(given.type):
        return _whole(given)
    return _nothing(given, pa.int64())


def _integer(given: pa.Array) -> Cast:
    if not pa.types.is_uint64(given.type):
        return Cast(given.cast(pa.int64()), np.zeros(len(given), dtype=bool))
    too_large = mask(pc.greater(given, pa.scalar(_LARGEST, pa.uint64())))
    return Cast(pc.if_else(pa.array(too_large), None, given).cast(pa.int64()), too_large)


def _whole(given: pa.Array) -> Cast:
    finite = mask(pc.is_finite(given))
    whole = finite & mask(pc.equal(given, pc.floor(given))) & mask(pc.less(pc.abs(given), float(2**63)))
    values = pc.if_else(pa.array(whole), given, None).cast(pa.int64())
    return Cast(values, finite & ~whole, Counter(NUM_RANGE=int((mask(pc.is_valid(given)) & ~finite).sum())))


def _float(given: pa.Array) -> Cast:
    if pa.types.is_string(given.type):
        numbers = _matching(given, _NUMBER, pa.float64())
        values, failed = numbers.values, numbers.failed
    elif (
        pa.types.is_integer(given.type) or pa.types.is_floating(given.type) or pa.types.is_decimal(given.type)
    ):
        values, failed = given.cast(pa.float64(), safe=False), np.zeros(len(given), dtype=bool)
    else:
        return _nothing(given, pa.float64())
    # Whole numbers of 20 digits and more arrive rounded: what they said is lost.
    endless = mask(pc.invert(pc.is_finite(values))) | mask(pc.greater_equal(pc.abs(values), float(2**63)))
    if endless.any():
        values = pc.if_else(pa.array(endless), None, values)
    return Cast(values, failed, Counter(NUM_RANGE=int(endless.sum())))


def _bool(given: pa.Array) -> Cast:
    if pa.types.is_boolean(given.type):
        return Cast(given, np.zeros(len(given), dtype=bool))
    if pa.types.is_floating(given.type):
        known = pc.is_in(given, pa.array([0.0, 1.0], given.type))
        failed = mask(pc.is_valid(given)) & ~mask(known) & ~mask(pc.is_nan(given))
        return Cast(pc.if_else(known, pc.equal(given, 1.0), None), failed)
    if pa.types.is_string(given.type) or pa.types.is_integer(given.type):
        texts = [(text or "").strip().lower() for text in given.cast(pa.string()).to_pylist()]
        values = [_BOOLEANS.get(text) for text in texts]
        unread = [text != "" and value is None for text, value in zip(texts, values, strict=True)]
        return Cast(pa.array(values, pa.bool_()), np.array(unread, dtype=bool))
    return _nothing(given, pa.bool_())


def _matching(given: pa.Array, pattern: str, to: pa.DataType) -> Cast:
    """Texts of a pattern cast to a number; blank is null, every other text fails."""
    fits = pc.match_substring_regex(given, pattern)
    values = pc.utf8_ltrim(pc.utf8_trim_whitespace(pc.if_else(fits, given, None)), "+").cast(to)
    blank = pc.equal(pc.utf8_trim_whitespace(given), "")
    return Cast(values, mask(pc.invert(pc.or_(fits, blank))))


def _at(given: pa.Array, naive_zone: str) -> Cast:
    if not _may_hold_times(given.type):
        return _nothing(given, pa.timestamp("us", tz="UTC"))
    parsed = parse_times(given, time_zone=naive_zone)
    return Cast(parsed.at, mask(parsed.bad), Counter(NAIVE_TIME=int(mask(parsed.naive).sum())))


def _local(given: pa.Array) -> Cast:
    """Wall-clock times as they are, or timestamps of a zone on its clock; a text with an offset is none."""
    if pa.types.is_timestamp(given.type):
        wall = given if given.type.tz is None else pc.local_timestamp(given)
        return Cast(wall.cast(pa.timestamp("us"), safe=False), np.zeros(len(given), dtype=bool))
    if not _may_hold_times(given.type):
        return _nothing(given, pa.timestamp("us"))
    parsed = parse_times(given, time_zone="UTC")
    zoned = mask(pc.is_valid(parsed.at)) & ~mask(parsed.naive)
    return Cast(parsed.at.cast(pa.timestamp("us")), mask(parsed.bad) | zoned)


def _may_hold_times(kind: pa.DataType) -> bool:
    readable = (pa.types.is_string, pa.types.is_timestamp, pa.types.is_date)
    return any(check(kind) for check in (*readable, pa.types.is_integer, pa.types.is_floating))


_CASTS: dict[str, Callable[[pa.Array], Cast]] = {
    "id": _text,
    "text": _text,
    "json": _json,
    "int": _int,
    "float": _float,
    "bool": _bool,
}
