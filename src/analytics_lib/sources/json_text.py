"""One JSON text as a value: what can be mended is mended and counted, the rest is refused with its reason."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import orjson

from analytics_lib.sources.record import BadRecordError

if TYPE_CHECKING:
    from collections import Counter

MAX_RECORD_BYTES = 1024 * 1024
_MAX_DEPTH = 64
_ENDLESS = 10**308
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
_ID = re.compile(rb'"(?:id|(?:message|conversation|event|order|action)_id)"\s*:\s*"([^"]{1,80})"')


def parse_line(line: bytes, flags: Counter[str], *, max_bytes: int = MAX_RECORD_BYTES) -> object:
    """The value of one JSON text; what can be mended is mended and counted in ``flags``.

    Raises:
        BadRecordError: TOO_LARGE, NUL_BYTE, TOO_DEEP, BAD_ENCODING or BAD_JSON.
    """
    if len(line) > max_bytes:
        found = _ID.search(line)
        name = f", id {found[1].decode('utf-8', 'replace')}" if found else ""
        raise BadRecordError("TOO_LARGE", f"the record is larger than {max_bytes:,} bytes{name}")
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _careful(line, flags)
    if type(parsed) is dict and line.count(b'":') == len(parsed) and _is_flat(line):
        return parsed
    _check_depth(line)
    return _check_keys(line, parsed, flags)


def _is_flat(line: bytes) -> bool:
    return b"[" not in line and line.count(b"{") == 1


def _check_depth(line: bytes) -> None:
    if line.count(b"[") + line.count(b"{") <= _MAX_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(line):
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise BadRecordError("TOO_DEEP", f"the record nests deeper than {_MAX_DEPTH} levels")


def _check_keys(line: bytes, parsed: object, flags: Counter[str]) -> object:
    """The parsed value itself, having counted objects in which a key stands twice (the last is taken)."""

    def count(pairs: list[tuple[str, object]]) -> None:
        flags["DUP_KEY"] += len({key for key, _ in pairs}) < len(pairs)

    if line.count(b'":') + line.count(b'" :') != _number_of_keys(parsed):
        json.loads(line, object_pairs_hook=count)
    return parsed


def _number_of_keys(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_number_of_keys, value.values()))
    if isinstance(value, list):
        return sum(map(_number_of_keys, value))
    return 0


def _careful(line: bytes, flags: Counter[str]) -> object:
    """What the fast parser refuses: half an emoji, NaN and 1e400 can be mended, the rest is named."""
    if b"\0" in line:
        raise BadRecordError("NUL_BYTE", "the line holds a raw NUL byte")
    _check_depth(line)
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise BadRecordError("BAD_JSON", "the line is cut off within a character") from error
        raise BadRecordError("BAD_ENCODING", f"byte {error.start + 1} of the line is not UTF-8") from error
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRecordError("BAD_JSON", f"not JSON: {error}") from error
    return _mend(parsed, flags)


def _mend(value: object, flags: Counter[str]) -> object:
    if isinstance(value, str):
        clean = _SURROGATE.sub("\ufffd", value)
        flags["SURROGATE"] += clean != value
        return clean
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _mended_number(value, flags)
    if isinstance(value, dict):
        return {str(_mend(key, flags)): _mend(item, flags) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item, flags) for item in value]
    return value


def _mended_number(value: float, flags: Counter[str]) -> float | None:
    """As the fast parser has it: whole numbers beyond 64 bits as fractions; what is not finite as null."""
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return value
        value = float(value) if abs(value) < _ENDLESS else math.inf
    if math.isfinite(value):
        return value
    flags["NUM_RANGE"] += 1
    return None
