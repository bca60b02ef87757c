"""A history of counts as a grid: one value a step, absent where nothing is known.

What cannot be a count (a negative, an infinite number) and what has no time is left out and noted, never
guessed. Times are the business's wall clock, which has no summer time; aware times are read in its zone.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.periods import Moment

DAY = pd.Timedelta(days=1)
HOUR = pd.Timedelta(hours=1)
STEPS = {
    "15min": pd.Timedelta(minutes=15),
    "30min": pd.Timedelta(minutes=30),
    "1h": HOUR,
    "1d": DAY,
}
# The step that the usual distance between two rows means: the first whose limit it reaches.
_USUAL = ((20 * HOUR, "1d"), (0.75 * HOUR, "1h"), (HOUR / 3, "30min"), (HOUR / 6, "15min"))
_UNITS = {"min": pd.Timedelta(minutes=1), "h": HOUR, "d": DAY, "w": 7 * DAY}
# Where a history names no time at all, its steps are counted from here, and a note says so.
_NO_TIME = pd.Timestamp("1970-01-01")
_LONGEST_STEPS = 400_000


@dataclass(frozen=True)
class Grid:
    """A regular history.

    Attributes:
        at: Start of each step, wall clock without a zone.
        values: Counts; NaN where nothing is known.
        step: Length of a step.
        zone: That of the times as they were given; null where they had none.
        notes: What was met on the way, as codes: ``empty no_time negative not_finite duplicates summed
            unordered gaps no_start``.
        empty_from: Where a forecast begins if the history has no step.
    """

    at: pd.DatetimeIndex
    values: NDArray[np.float64]
    step: pd.Timedelta
    zone: dt.tzinfo | None = None
    notes: tuple[str, ...] = field(default=())
    empty_from: pd.Timestamp = _NO_TIME

    @property
    def day(self) -> int:
        """Steps a day."""
        return round(DAY / self.step)

    @property
    def week(self) -> int:
        """Steps a week: the season of the baseline (168 hours)."""
        return 7 * self.day

    @property
    def start(self) -> pd.Timestamp:
        """The first step; where there is none, where a forecast begins."""
        return pd.Timestamp(self.at.min()) if len(self.at) else self.empty_from

    @property
    def end(self) -> pd.Timestamp:
        """The first moment after the history, at which a forecast begins."""
        return self.start + len(self.at) * self.step

    def part(self, since: int, until: int) -> Grid:
        """The steps from one to another, which is excluded."""
        return replace(self, at=self.at[slice(since, until)], values=self.values[since:until])

    def times(self, steps: int) -> pd.DatetimeIndex:
        """The steps of the history and so many after it."""
        return pd.date_range(self.start, periods=len(self.at) + steps, freq=self.step, unit="us")


def read_grid(history: pd.DataFrame, *, step: str | None = None, as_of: Moment | None = None) -> Grid:
    """The history as a grid of its usual step, up to its last row (or ``as_of``, when that is later).

    Rows of one step are added up where they are finer than it, and averaged where a time stands twice.

    Args:
        history: ``at`` (naive = wall clock, or aware), ``value``; in any order.
        step: 15min, 30min, 1h or 1d; null = the usual distance between rows (finer than 10 minutes: 1h).
        as_of: The forecast begins with the step it lies in; rows from there on are not seen, and steps before
            it that have no row are unknown. Null = after the last row.

    Raises:
        RequestError: If a column is missing, there are several series, or the step is unknown.
    """
    times, values, zone, notes = _rows(history)
    length = _step(step, times)
    rows = pd.Series(values, index=times)
    # Of a step that is not over the row may hold what comes later: it is not seen.
    end = None if as_of is None else _wall(as_of).floor(length)
    if end is not None:
        rows = rows[rows.index < end]
    if rows.empty:
        start = (end or _NO_TIME).floor(length)
        told = (*notes, "empty", *_timeless(end))
        return Grid(_index(start, 0, length), np.array([]), length, zone, told, empty_from=start)
    if not rows.index.is_monotonic_increasing:
        notes, rows = [*notes, "unordered"], rows.sort_index(kind="stable")
    if rows.index.has_duplicates:
        notes, rows = [*notes, "duplicates"], _averaged(rows)
    steps = pd.DatetimeIndex(rows.index).floor(length)
    if steps.has_duplicates:
        notes = [*notes, "summed"]
    summed = rows.groupby(steps).sum(min_count=1)
    return _laid_out(summed, length, end, zone, notes)


def _averaged(rows: pd.Series) -> pd.Series:
    """The mean of each time's values; of counts rounded, since one half would make all of them no counts."""
    means = rows.groupby(level=0).mean()
    return means.round() if (rows.dropna() % 1 == 0).all() else means


def _laid_out(
    rows: pd.Series, length: pd.Timedelta, end: pd.Timestamp | None, zone: dt.tzinfo | None, notes: list[str]
) -> Grid:
    last = rows.index[-1] if end is None else max(rows.index[-1], end.floor(length) - length)
    size = round((last - rows.index[0]) / length) + 1
    if size > _LONGEST_STEPS:
        raise RequestError(
            f"The history runs from {rows.index[0]} to {last}, {size:,} steps of {length}; "
            f"at most {_LONGEST_STEPS:,} are read. Give a later start or a longer step."
        )
    laid = rows.reindex(_index(rows.index[0], size, length))
    values = laid.to_numpy(dtype=float, copy=True)
    if np.isnan(values).any():
        notes = [*notes, "gaps"]
    index = pd.DatetimeIndex(laid.index)
    return Grid(index, values, length, zone, tuple(dict.fromkeys(notes)))


def _rows(
    history: pd.DataFrame,
) -> tuple[pd.DatetimeIndex, NDArray[np.float64], dt.tzinfo | None, list[str]]:
    """Times as wall clock, values with NaN for what is no count, the zone, and notes."""
    missing = [name for name in ("at", "value") if name not in history]
    if missing:
        raise RequestError(
            f"The history has the columns {', '.join(map(str, history.columns)) or 'none'}; "
            f"{' and '.join(missing)} missing. Expected at and value."
        )
    channels = len(history["channel"].unique()) if "channel" in history else 1
    if channels > 1:
        raise RequestError(
            f"The history holds {channels} channels; expected one. Use forecast_by, or choose one."
        )
    at, zone = _times(history["at"])
    values = pd.to_numeric(history["value"], errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    notes = []
    for note, wrong in (("not_finite", np.isinf(values)), ("negative", values < 0)):
        if wrong.any():
            notes.append(note)
            values[wrong] = np.nan
    timed = at.notna()
    return at[timed], values[timed], zone, notes if timed.all() else [*notes, "no_time"]


def _times(column: pd.Series) -> tuple[pd.DatetimeIndex, dt.tzinfo | None]:
    times = pd.DatetimeIndex(_read_times(column))
    zone = times.tz
    if zone is not None:
        times = times.tz_convert(business_zone()).tz_localize(None)
    return times.as_unit("us"), zone


def _read_times(column: pd.Series) -> pd.Series:
    """Times of a column; of texts each ISO 8601 by itself, so that a day may stand beside a fraction.

    Where some have a zone and others none, or another, they come back in the business's, and a time without
    one is wall clock.
    """
    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return pd.to_datetime(column, errors="coerce")
    try:
        return pd.to_datetime(column, format="ISO8601")
    except (ValueError, TypeError):
        each = [_one_time(given) for given in column]
    known = [stamp for stamp in each if stamp is not None]
    if not known:
        return pd.to_datetime(column, errors="coerce")
    if any(stamp.tzinfo for stamp in known):
        zone = business_zone()
        each = [stamp if stamp is None or stamp.tzinfo else stamp.tz_localize(zone) for stamp in each]
        return pd.to_datetime(pd.Series(each, dtype=object), utc=True).dt.tz_convert(zone)
    return pd.to_datetime(pd.Series(each, dtype=object))


def _one_time(given: object) -> pd.Timestamp | None:
    try:
        moment = dt.datetime.fromisoformat(given) if isinstance(given, str) else given
        stamp = pd.Timestamp(moment) if isinstance(moment, dt.date) else None
    except ValueError:
        return None
    # Among times, NaT is what is absent.
    return stamp if isinstance(stamp, pd.Timestamp) and not pd.isna(stamp) else None


def _step(given: str | None, times: pd.DatetimeIndex) -> pd.Timedelta:
    if given is not None:
        if given not in STEPS:
            raise RequestError(f"Unknown step {given!r}. Expected one of {', '.join(STEPS)}.")
        return STEPS[given]
    known = times.unique().sort_values()
    if len(known) < 2:
        return HOUR
    usual = pd.Series(known).diff().median()
    found = STEPS[next((name for limit, name in _USUAL if usual >= limit), "1h")]
    minutes = max(usual.round("min"), pd.Timedelta(minutes=1))
    # Of rows that do not fill a step evenly (every 20 minutes, by the half-hour) some steps would hold more.
    fitting = (step for step in STEPS.values() if step >= found and not step % minutes)
    return found if found >= HOUR else min(next(fitting, HOUR), HOUR)


def _wall(moment: Moment) -> pd.Timestamp:
    """A moment as wall clock; a naive time is one already."""
    stamp = pd.Timestamp(moment)
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert(business_zone()).tz_localize(None)
    return stamp.as_unit("us")


def business_zone() -> ZoneInfo:
    """The zone whose wall clock calendar questions use."""
    return ZoneInfo(load_settings().time_zone)


def _index(start: pd.Timestamp, size: int, length: pd.Timedelta) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=size, freq=length, unit="us")


def _timeless(end: pd.Timestamp | None) -> tuple[str, ...]:
    return () if end is not None else ("no_start",)


def _lasting(times: float, unit: dt.timedelta | np.timedelta64) -> pd.Timedelta:
    """So many times a length; what no clock holds is as long as one does, which is refused by its steps."""
    try:
        return pd.Timedelta(times * pd.Timedelta(unit))
    except (OverflowError, pd.errors.OutOfBoundsTimedelta):
        return pd.Timedelta.max


def read_horizon(given: str | dt.timedelta, step: pd.Timedelta) -> int:
    """How many steps a horizon holds, at least one.

    Raises:
        RequestError: If it cannot be read, or is not above 0.
    """
    if isinstance(given, str):
        read = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(min|h|d|w)\s*", given.lower())
        if not read:
            raise RequestError(
                f"horizon is {given!r}; expected a timedelta, or a text such as '24h' or '7d'."
            )
        length = _lasting(float(read[1]), _UNITS[read[2]])
    elif isinstance(given, dt.timedelta | np.timedelta64):
        length = _lasting(1, given)
    else:
        raise RequestError(f"horizon is {given!r}; expected a timedelta, or a text such as '24h' or '7d'.")
    if not length > pd.Timedelta(0):
        raise RequestError(f"horizon is {given!r}; expected a time above 0, such as '24h'.")
    return max(1, int(np.ceil(length / step)))
