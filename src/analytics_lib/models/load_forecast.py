"""From a history to a forecast: read, cleaned, tried on its own past, and said with its doubt.

A history too short or too still to learn from gets a plain answer with a wide interval and a note; what is
missing is never taken for zero, and nothing raises but a request that is wrong.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.load_anomalies import find_anomalies
from analytics_lib.models.load_backtest import BASELINE, METHODS, explained
from analytics_lib.models.load_calendar import Calendar
from analytics_lib.models.load_grid import business_zone, read_grid, read_horizon
from analytics_lib.models.load_result import DRAWS_FOR_PEAKS, Forecast, drawn, find_peaks, places
from analytics_lib.models.load_said import fallback, too_little, tried

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from analytics_lib.models.load_anomalies import Anomalies
    from analytics_lib.models.load_grid import Grid
    from analytics_lib.models.load_said import Said
    from analytics_lib.periods import Moment

LEVELS = (0.8, 0.95)
_LONGEST_STEPS = 20_000
_BACK = {"last_week": pd.Timedelta(days=7), "last_year": pd.Timedelta(days=364)}


def forecast(
    history: pd.DataFrame,
    *,
    horizon: str | dt.timedelta,
    levels: Sequence[float] = LEVELS,
    calendar: Calendar | None = None,
    step: str | None = None,
    as_of: Moment | None = None,
    methods: Sequence[str] = METHODS,
) -> Forecast:
    """What to expect in the time after a history, how sure that is, and how it is known.

    Seasonal naive (the same hour a week earlier), the same hour a day earlier, a count regression, Prophet
    as it is and with its level corrected, and the mean of the two best are tried on the past (rolling origin,
    up to 42 days); what erred least is used, and seasonal naive where nothing beats it. Intervals come from
    those errors, by hour of day.

    Args:
        history: ``at`` (naive = wall clock, or aware), ``value`` (counts); zero where nothing came, no row
            where nothing is known. Any order; gaps, doubles, negatives and infinities are noted, not guessed.
        horizon: How far ahead, such as ``"24h"``, ``"7d"`` or a timedelta.
        levels: Of the intervals, each above 0 and below 1.
        calendar: Holidays, paydays and events; null = Colombian holidays, wages on the 15th and the last.
        step: 15min, 30min, 1h or 1d; null = the usual distance between rows.
        as_of: Where the forecast begins, at the start of the step it lies in; null = after the last row.
        methods: Which are tried; seasonal naive always is.

    Raises:
        RequestError: If a column is missing, or the horizon, a level, the step or a method is none there is.
    """
    grid = read_grid(history, step=step, as_of=as_of)
    steps = read_horizon(horizon, grid.step)
    if steps > _LONGEST_STEPS:
        raise RequestError(
            f"horizon {horizon!r} is {steps:,} steps of {grid.step}; at most {_LONGEST_STEPS:,}."
        )
    wanted, names = _levels(levels), _methods(methods)
    times = grid.times(steps)
    known = calendar or Calendar()
    special = known.columns(times), known.known_factor(times)
    size = len(grid.values)
    anomalies = find_anomalies(grid, explained=explained(special, size))
    reason = too_little(grid, anomalies)
    if reason:
        said = fallback(grid, anomalies, steps=steps, reason=reason, levels=wanted)
    else:
        said = tried(grid, anomalies, special=special, steps=steps, methods=names, levels=wanted)
    notes = (*grid.notes, *_told(anomalies), *said.notes)
    return _laid_out(grid, replace(said, notes=notes), anomalies, times=times[size:], levels=wanted)


def _levels(given: Sequence[float]) -> tuple[float, ...]:
    wrong = [level for level in given if not 0 < level < 1]
    if wrong or not len(given):
        raise RequestError(
            f"levels is {tuple(given)!r}; expected shares above 0 and below 1, such as (0.8, 0.95)."
        )
    return tuple(sorted({float(level) for level in given}))


def _methods(given: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in given if name not in METHODS]
    if unknown:
        raise RequestError(f"Unknown method {unknown[0]!r}. Expected some of {', '.join(METHODS)}.")
    return tuple(name for name in METHODS if name in given or name == BASELINE)


def _told(anomalies: Anomalies) -> tuple[str, ...]:
    kinds = set(anomalies.rows["kind"])
    return tuple(note for note in ("outage", "level_shift") if note in kinds)


def _laid_out(
    grid: Grid, said: Said, anomalies: Anomalies, *, times: pd.DatetimeIndex, levels: tuple[float, ...]
) -> Forecast:
    at = pd.Series(times, name="at")
    slots, leads = places(at, grid.day, grid.step)
    expected = np.maximum(said.expected, 0.0)
    frame = pd.DataFrame({"at": at, "expected": expected})
    ends = said.spread.bounds(expected, levels, slots=slots, leads=leads)
    for level, (low, high) in zip(levels, ends, strict=True):
        name = f"{100 * level:g}"
        frame[f"low_{name}"], frame[f"high_{name}"] = np.minimum(low, expected), np.maximum(high, expected)
    paths = drawn(expected, said.spread, draws=DRAWS_FOR_PEAKS, slots=slots, leads=leads)
    peaks = find_peaks(frame, paths, levels=levels, daily=grid.day == 1)
    history = pd.DataFrame({"at": grid.at, "value": grid.values, "left_out": anomalies.left_out})
    return Forecast(
        _zoned(frame, grid),
        _zoned(peaks, grid),
        said.method,
        said.backtest,
        said.coverage,
        tuple(dict.fromkeys(said.notes)),
        anomalies.rows,
        said.components,
        _zoned(_compared(frame, history), grid),
        _zoned(pd.DataFrame({"at": at} | {name: np.maximum(x, 0) for name, x in said.methods.items()}), grid),
        history,
        grid.step,
        said.spread,
    )


def _zoned(frame: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Times as the history had them: aware where it was."""
    if grid.zone is None:
        return frame
    zone = business_zone()
    return frame.assign(
        **{
            name: frame[name].dt.tz_localize(zone).dt.tz_convert(grid.zone)
            for name in ("at", "day")
            if name in frame
        }
    )


def _compared(frame: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    past = history.set_index("at")["value"]
    found = frame[["at", "expected"]].copy()
    for name, back in _BACK.items():
        found[name] = past.reindex(pd.DatetimeIndex(frame["at"]) - back).to_numpy()
    return found


def forecast_by(
    history: pd.DataFrame,
    *,
    horizon: str | dt.timedelta,
    by: str = "channel",
    workers: int = 1,
    **options: Any,  # noqa: ANN401  # they are those of ``forecast``
) -> dict[str, Forecast]:
    """A forecast for each part of a history.

    Args:
        history: ``at value`` and the column of the parts.
        horizon: As of ``forecast``.
        by: The column of the parts.
        workers: Processes that work side by side; above 1 only where the calling script has a main guard.
        options: The others of ``forecast``.

    Returns:
        By part, in the order of their names.

    Raises:
        RequestError: If the column is missing, and as ``forecast``.
    """
    if by not in history:
        raise RequestError(
            f"The history has no column {by!r}; it has {', '.join(map(str, history.columns))}."
        )
    parts = {str(name): rows[["at", "value"]] for name, rows in history.groupby(by)}
    asked = {"horizon": horizon, **options}
    if workers == 1 or len(parts) < 2:
        return {name: _asked(asked, rows) for name, rows in parts.items()}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(parts, pool.map(partial(_asked, asked), parts.values()), strict=True))


def _asked(asked: dict[str, Any], rows: pd.DataFrame) -> Forecast:
    return forecast(rows, **asked)
