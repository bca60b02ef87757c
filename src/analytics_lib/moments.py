"""One reader for every way of writing an instant, and the wall clock that belongs to it.

Understood: ISO 8601 with ``T`` or a blank, with an offset, ``Z`` or none, down to a bare date; seconds,
milliseconds, microseconds or nanoseconds since 1970 as a number or as digits, told apart by their size; and
Arrow's own times. What cannot be read is marked, never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.errors import ContractError

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall clocks are counted from it as well
_MICROSECOND = dt.timedelta(microseconds=1)
_FIRST = -62_135_596_800_000_000  # 0001-01-01T00:00:00
_LAST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999
_DAY = 86_400_000_000
_NOT_READ = (None, False)

# A number below 1e11 counts seconds (until the year 5138), below 1e14 milliseconds, below 1e17 microseconds.
_UNIT_LIMITS = (1e11, 1e14, 1e17)

# The plain forms, which Arrow reads by itself; each is an existing time (29 February is left out).
_PLAIN_TIME = (
    r"^[1-9]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8]))[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?"
)
_PLAIN_OFFSET = r"(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)"
_ANY_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,12}))?)?)?[ ]?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_DIGITS = re.compile(r"(-?\d{1,19})(?:\.(\d{1,12}))?", re.ASCII)


@dataclass(frozen=True)
class ParsedTimes:
    """What a column of times says.

    Attributes:
        at: The instants, ``timestamp('us', 'UTC')``; null where none was given or it cannot be read.
        bad: True where a value was given that cannot be read, or lies outside the years 1 to 9999.
        naive: True where a value was read that names no zone; it was taken in the zone given.
    """

    at: pa.Array
    bad: pa.Array
    naive: pa.Array


def parse_times(values: pa.Array | pa.ChunkedArray, *, time_zone: str) -> ParsedTimes:
    """The instants that a column of texts, numbers or timestamps means, value by value.

    A wall-clock time that the clock skipped moves forward to the end of the gap; of one that it showed twice
    the first is taken. ``24:00:00`` is midnight of the next day, second ``:60`` is ``:59.999``; digits beyond
    the microsecond are cut.

    Args:
        values: Strings, integers, floats, dates or timestamps (with a zone or without).
        time_zone: Zone of the times that name none (IANA name).

    Raises:
        ContractError: If the column is of another type.
    """
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    micros, read, naive = _read(column)
    _settle_zone(micros, naive, time_zone)
    read &= (micros >= _FIRST) & (micros <= _LAST)
    given = column.is_valid().to_numpy(zero_copy_only=False)
    at = pa.array(micros, pa.int64(), mask=~read).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    return ParsedTimes(at, pa.array(given & ~read), pa.array(naive & read))


def local_times(at: pa.Array | pa.ChunkedArray, time_zone: str) -> pa.Array | pa.ChunkedArray:
    """The wall-clock times of instants in a zone, ``timestamp('us')`` without a zone; nulls stay null."""
    return pc.local_timestamp(at.cast(pa.timestamp("us", time_zone)))


def _read(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Microseconds since 1970 (of the wall clock where naive), which were read, which are naive."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _read(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _read_texts(column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _read_timestamps(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _read_numbers(column)
    if pa.types.is_null(kind):
        return _read_texts(column.cast(pa.string()))
    raise ContractError(f"A column of {kind} holds no times. Give texts, numbers since 1970, or timestamps.")


def _read_timestamps(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    zone = getattr(column.type, "tz", None)
    given = column.is_valid().to_numpy(zero_copy_only=False)
    ticks = column.cast(pa.timestamp(getattr(column.type, "unit", "ms"), zone)).cast(pa.int64())
    per_tick = {"s": 1_000_000, "ms": 1_000, "us": 1}.get(getattr(column.type, "unit", "ms"))
    counts = ticks.fill_null(0).to_numpy(zero_copy_only=False)
    if per_tick is None:
        micros = counts // 1_000
    else:
        # What overflows lies far beyond the year 9999 and is sent there.
        limit = _LAST // per_tick + 1
        micros = np.clip(counts, -limit, limit) * per_tick
    return micros, given, given & (zone is None)


def _read_numbers(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    given = column.is_valid().to_numpy(zero_copy_only=False)
    filled = column.fill_null(0)
    if pa.types.is_floating(column.type):
        numbers = filled.cast(pa.float64()).to_numpy(zero_copy_only=False)
        read = given & np.isfinite(numbers)
        micros = _scaled(np.where(read, numbers, 0.0))
    else:
        in_range = pc.less_equal(filled, np.iinfo(np.int64).max).to_numpy(zero_copy_only=False)
        read = given & in_range
        micros = _scaled(filled.cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False))
    return micros, read, np.zeros(len(column), bool)


def _scaled(numbers: np.ndarray) -> np.ndarray:
    """Microseconds from numbers since 1970, their unit told by their size."""
    size = np.abs(numbers.astype(float))
    seconds, milliseconds, microseconds = (size < limit for limit in _UNIT_LIMITS)
    nanoseconds = np.where(size < 2**63, numbers, 0) // 1_000
    units = [seconds, milliseconds, microseconds]
    factors = [1_000_000, 1_000, 1]
    small = [np.where(unit, numbers, 0) * factor for unit, factor in zip(units, factors, strict=True)]
    beyond = np.where(size < 2**63, nanoseconds, _LAST + 1)
    return np.round(np.select(units, small, beyond)).astype(np.int64)


def _read_texts(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    micros = np.zeros(len(column), np.int64)
    read = np.zeros(len(column), bool)
    naive = np.zeros(len(column), bool)
    for pattern, zone in ((_PLAIN_TIME + _PLAIN_OFFSET + "$", "UTC"), (_PLAIN_TIME + "$", None)):
        plain = pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=False)
        where = plain.to_numpy(zero_copy_only=False)
        if where.any():
            times = column.filter(plain).cast(pa.timestamp("us", zone))
            micros[where] = times.cast(pa.int64()).to_numpy(zero_copy_only=False)
        read |= where
        if zone is None:
            naive |= where
    _read_the_rest(column, (micros, read, naive))
    return micros, read, naive


def _read_the_rest(column: pa.Array, into: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Fills in the texts that are not in a plain form, each distinct one read once."""
    micros, read, naive = into
    places = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False) & ~read)
    if len(places) == 0:
        return
    rest = column.take(pa.array(places)).dictionary_encode()
    outcomes = [_read_text(text.strip()) for text in rest.dictionary.to_pylist()]
    which = rest.indices.to_numpy(zero_copy_only=False)
    micros[places] = np.array([value or 0 for value, _ in outcomes], np.int64)[which]
    read[places] = np.array([value is not None for value, _ in outcomes], bool)[which]
    naive[places] = np.array([unzoned for _, unzoned in outcomes], bool)[which]


def _read_text(text: str) -> tuple[int | None, bool]:
    """Microseconds since 1970, and whether they are of a wall clock; None if the text is no time."""
    number = _DIGITS.fullmatch(text)
    if number:
        return _read_digits(number), False
    parts = _ANY_TIME.fullmatch(text)
    if not parts:
        return _NOT_READ
    year, month, day, hour, minute, second, fraction, zone = parts.groups()
    clock = _clock_micros(
        int(hour or 0), int(minute or 0), int(second or 0), (fraction or "")[:6].ljust(6, "0")
    )
    offset = _offset_micros(zone)
    if clock is None or offset is None:
        return _NOT_READ
    try:
        midnight = (dt.datetime(int(year), int(month), int(day)) - _EPOCH) // _MICROSECOND  # noqa: DTZ001 - a date
    except ValueError:  # no such day
        return _NOT_READ
    return midnight + clock - offset, zone is None


def _read_digits(number: re.Match[str]) -> int | None:
    whole, fraction = int(number[1]), number[2]
    if fraction is None:
        return int(_scaled(np.array([whole], np.int64))[0]) if abs(whole) < 2**63 else None
    size = abs(whole)
    power = next((p for p, limit in zip((6, 3, 0), _UNIT_LIMITS, strict=True) if size < limit), -3)
    if power < 0:
        return whole // 1_000
    part = int(fraction.ljust(power, "0")[:power] or "0")
    return whole * int(10**power) + (-part if number[1].startswith("-") else part)


def _clock_micros(hour: int, minute: int, second: int, fraction: str) -> int | None:
    """Microseconds since midnight; None if no clock shows it."""
    micros = int(fraction)
    if hour == 24:
        return _DAY if minute == second == micros == 0 else None
    if second == 60:
        second, micros = 59, 999_000
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros


def _offset_micros(zone: str | None) -> int | None:
    """How far a zone is ahead of UTC; 0 if none is named, None if there is no such offset."""
    if zone is None or zone[0] not in "+-":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].removeprefix(":") or 0)
    if hours > 23 or minutes > 59:
        return None
    micros = (hours * 60 + minutes) * 60_000_000
    return -micros if zone[0] == "-" else micros


def _settle_zone(micros: np.ndarray, naive: np.ndarray, time_zone: str) -> None:
    """Turns wall-clock times into instants, in place."""
    settled = naive & (micros >= _FIRST) & (micros <= _LAST)
    if not settled.any():
        return
    walls = pa.array(micros[settled], pa.int64()).cast(pa.timestamp("us"))
    instants = pc.assume_timezone(walls, time_zone, ambiguous="earliest", nonexistent="latest")
    micros[settled] = instants.cast(pa.int64()).to_numpy(zero_copy_only=False)
