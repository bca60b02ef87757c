"""Periods as whole numbers, so that an age is a difference: calendar months, ISO weeks, days, hours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.periods import Period

    Ints = NDArray[np.int64]

# What a period lasts when it is counted from a moment and not by the calendar.
LENGTHS: dict[Period, dt.timedelta] = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
    "month": dt.timedelta(days=30),
}
_UNITS = {"hour": "h", "day": "D", "week": "D", "month": "M"}
# Days from 1970-01-01, a Thursday, back to the Monday before it.
_THURSDAY = 3


def number_of(local: NDArray[np.datetime64], period: Period) -> Ints:
    """Of each wall-clock time the number of its period; the next period has the next number."""
    units = local.astype(f"datetime64[{_UNITS[period]}]").astype(np.int64)
    return (units + _THURSDAY) // 7 if period == "week" else units


def start_of(number: int, period: Period) -> dt.datetime:
    """The start of the period of a number."""
    return starts_of(np.array([number]), period)[0].astype("datetime64[us]").item()  # type: ignore[no-any-return]


def starts_of(numbers: Ints, period: Period) -> NDArray[np.datetime64]:
    """The starts of the periods of many numbers."""
    units = 7 * numbers - _THURSDAY if period == "week" else numbers
    return units.astype(f"datetime64[{_UNITS[period]}]").astype("datetime64[us]")


def epoch_microseconds(column: pa.ChunkedArray) -> Ints:
    """Instants as microseconds since 1970."""
    parts = [part.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() for part in column.chunks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
