"""How methods did on the past, and which one is used.

A forecast of the past is judged where something is known that is no outage. Coverage is that of intervals
which knew only the errors that had come before, never of the errors they were made from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from analytics_lib.models.load_backtest import BASELINE, COMBINED
from analytics_lib.models.load_coverage import COLUMNS, coverage_rows, worth
from analytics_lib.models.load_intervals import fit_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_backtest import Rolled
    from analytics_lib.models.load_coverage import Groups

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BUSIEST = 4
# Intervals are held to these shares of the past, overall and in the busiest hours.
_LEVEL, _BUSY_LEVEL = 0.95, 0.92
_LEAST_JUDGED, _LEAST_STRETCH, _MOST_STRETCH = 40, 0.85, 2.5
# Errors of so many origins have to be known before an interval of the past is judged.
_KNOWN_ORIGINS = 14
_EXACT = 1e-9


@dataclass(frozen=True)
class Judging:
    """What judging a past forecast takes.

    Attributes:
        slots: Slot of the day, by origin and step.
        day: Steps a day.
        unit: What makes the numbers like counts.
        levels: Of the intervals.
        groups: Which steps coverage is told of.
    """

    slots: Ints
    day: int
    unit: float
    levels: tuple[float, ...]
    groups: Groups


@dataclass(frozen=True)
class Scores:
    """How the methods did.

    Attributes:
        table: See ``Forecast.backtest``.
        coverage: See ``Forecast.coverage``.
        stretch: That of the chosen method's intervals.
    """

    table: pd.DataFrame
    coverage: pd.DataFrame
    stretch: float


def choose(rolled: Rolled) -> tuple[str, tuple[str, ...]]:
    """The method that erred least on the past, and what it is the mean of.

    Errors are absolute; where half of what came is zero they are squared, since "always none" errs least by
    the others. The mean of the two best is one more candidate. What does not beat the baseline is not used.
    """
    known = rolled.actual[~np.isnan(rolled.actual)]
    power = 2 if len(known) and (known == 0).mean() >= 0.5 else 1
    errors = {name: mean_error(rolled.actual, made, power=power) for name, made in rolled.expected.items()}
    ranked = sorted((name for name in errors if not np.isnan(errors[name])), key=lambda name: errors[name])
    if not ranked:
        return BASELINE, (BASELINE,)
    parts = tuple(sorted(ranked[:2]))
    if len(parts) == 2:
        both = mean_error(rolled.actual, combine(rolled.expected, parts), power=power)
        if both < min(errors[ranked[0]], errors.get(BASELINE, np.inf)):
            return COMBINED, parts
    best = ranked[0] if errors[ranked[0]] < errors.get(BASELINE, np.inf) else BASELINE
    return best, (best,)


def combine(expected: dict[str, Floats], parts: tuple[str, ...]) -> Floats:
    """The mean of what these methods expect."""
    return np.asarray(np.mean([expected[name] for name in parts], axis=0))


def mean_error(actual: Floats, expected: Floats, *, power: int) -> float:
    """Mean absolute (or squared) error where the truth is known; NaN where it nowhere is."""
    error = (np.abs(actual - expected) ** power)[~np.isnan(actual)]
    return float(error.mean()) if len(error) else float("nan")


def score(rolled: Rolled, *, chosen: str, training: Floats, how: Judging) -> Scores:
    """How each method did, the best first."""
    stretch, scale = 1.0, mase_scale(training, season=rolled.season)
    known = ~np.isnan(rolled.actual)
    actual, rows, covered = rolled.actual[known], [], []
    for name, expected in rolled.expected.items():
        made, total = expected[known], np.abs(actual).sum()
        error = np.abs(actual - made)
        row: dict[str, object] = {
            "method": name,
            "mase": _ratio(error.mean() if len(error) else np.nan, scale),
            "season": rolled.season,
            "wape": _ratio(error.sum(), total),
            "bias": _ratio((made - actual).sum(), total),
            "peak_hit": peak_hit(rolled.actual, expected, day=how.day),
            "origins": len(rolled.origins),
            "steps": rolled.actual.shape[1],
            "n": int(known.sum()),
            "chosen": name == chosen,
        }
        judged = judge(rolled, expected, how)
        rows.append(row | _columns(judged, how.levels))
        covered += [{"method": name, **told} for told in judged.coverage]
        stretch = judged.stretch if name == chosen else stretch
    table = pd.DataFrame(rows).sort_values(["mase", "method"], ignore_index=True)
    return Scores(table, pd.DataFrame(covered, columns=list(COLUMNS)), stretch)


def _columns(judged: Judged, levels: tuple[float, ...]) -> dict[str, object]:
    """What the table says of intervals, by level; null where nothing was judged."""
    found = {(row["level"], row["by"]): row for row in judged.coverage if row["by"] in {"all", "busiest"}}
    columns: dict[str, object] = {}
    for level in levels:
        name = f"{100 * level:g}"
        for by, start in (("all", "coverage"), ("busiest", "coverage_busy")):
            row = found.get((level, by), {"n": 0})
            columns[f"{start}_{name}"] = row.get("coverage", np.nan)
            columns |= {f"{start}_{name}_{end}": row.get(end, np.nan) for end in ("low", "high", "n")}
        columns[f"winkler_{name}"] = judged.winkler[level]
    return columns


def peak_hit(actual: Floats, expected: Floats, *, day: int) -> float:
    """Share of the days whose busiest hour was foreseen within one hour; null where steps are days.

    A day is the 24 hours from an origin on; one with an unknown hour does not count.
    """
    if day == 1:
        return float("nan")
    hits = []
    for start in range(0, actual.shape[1] - day + 1, day):
        whole = ~np.isnan(actual[:, start : start + day]).any(axis=1)
        came, said = (values[whole, start : start + day].argmax(axis=1) for values in (actual, expected))
        hits.append(np.abs(came - said) <= max(1, day // 24))
    found = np.concatenate(hits) if hits else np.array([])
    return float(found.mean()) if len(found) else float("nan")


def mase_scale(values: Floats, *, season: int) -> float:
    """Mean absolute difference between values a season apart; null where there is none, or it is 0."""
    apart = np.abs(values[season:] - values[:-season])
    known = apart[~np.isnan(apart)]
    return float(known.mean()) if len(known) and known.mean() > 0 else float("nan")


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0 else float("nan")


@dataclass(frozen=True)
class Judged:
    """How the intervals of one method held on the past.

    Attributes:
        coverage: Rows of ``Forecast.coverage`` without the method.
        winkler: Winkler's score by level; NaN where nothing was judged.
        stretch: By how much intervals have to be stretched from now on.
    """

    coverage: list[dict[str, object]]
    winkler: dict[float, float]
    stretch: float


def judge(rolled: Rolled, expected: Floats, how: Judging) -> Judged:
    """How intervals held on the past, and by how much they have to be stretched from now on.

    An interval of an origin is made from the errors, and stretched by the misses, that were known then; the
    first origins have none.
    """
    steps, day, slots = rolled.actual.shape[1], how.day, how.slots
    leads, ends = np.arange(steps) // day, rolled.origins[:, None] + np.arange(steps)[None, :]
    busy, days = busiest(rolled.actual, day), how.groups.days
    needed = np.full(rolled.actual.shape, np.nan)
    held = {level: np.full(rolled.actual.shape, np.nan) for level in how.levels}
    cost = {level: np.full(rolled.actual.shape, np.nan) for level in how.levels}
    for number in range(min(_KNOWN_ORIGINS, len(rolled.origins) // 2), len(rolled.origins)):
        known = ends[:number] < rolled.origins[number]
        past = np.where(known, rolled.actual[:number], np.nan)
        if np.isnan(past).all():
            continue
        plain = fit_spread(past, expected[:number], slots=slots[:number], day=day, unit=how.unit)
        told = np.where(known, needed[:number], np.nan)
        spread = replace(plain, stretch=_stretch(told, busy[:number], days[:number]))
        now = {"expected": expected[number], "slots": slots[number], "leads": leads}
        needed[number] = plain.needed(rolled.actual[number], **now)
        for level, bounds in zip(how.levels, spread.bounds(levels=how.levels, **now), strict=True):
            held[level][number], cost[level][number] = _held(rolled.actual[number], bounds, level)
    rows = coverage_rows(held, busy=busy, groups=how.groups)
    winkler = {level: _mean(values) for level, values in cost.items()}
    least = _least_stretch(int((~np.isnan(rolled.actual)).any(axis=1).sum()))
    return Judged(rows, winkler, max(_stretch(needed, busy, days), least))


def _stretch(needed: Floats, busy: NDArray[np.bool_], days: Ints) -> float:
    """The stretch with which 95 % would have been inside, and ``_BUSY_LEVEL`` in the four busiest hours.

    The rank that holds for a new row too is 1 + 1/n times as high (conformal), n being the rows that those
    judged are worth. While few forecasts were judged no interval is narrowed.
    """
    found = []
    for values, level in ((needed, _LEVEL), (np.where(busy, needed, np.nan), _BUSY_LEVEL)):
        known = np.sort(values[~np.isnan(values)])
        if len(known) >= _LEAST_JUDGED:
            inside = np.where(np.isnan(values), np.nan, values <= 1)
            place = np.ceil(len(known) * level * (1 + 1 / worth(inside, days)) - _EXACT)
            found.append(float(known[min(len(known), int(place)) - 1]))
    few = (~np.isnan(needed)).any(axis=1).sum() < _KNOWN_ORIGINS
    least = 1.0 if few else _LEAST_STRETCH
    return float(np.clip(max(found), least, _MOST_STRETCH)) if found else 1.0


def _least_stretch(origins: int) -> float:
    """How much wider few errors have to be taken: t(n - 1) √(1 + 1/n) / z, as for n normal ones.

    What is told of coverage is that of the narrower intervals.
    """
    if origins >= _KNOWN_ORIGINS:
        return 0.0
    share = (1 + _LEVEL) / 2
    wide = stdtrit(origins - 1, share) / ndtri(share) * np.sqrt(1 + 1 / origins) if origins > 1 else np.inf
    return float(min(wide, _MOST_STRETCH))


def _held(actual: Floats, bounds: tuple[Floats, Floats], level: float) -> tuple[Floats, Floats]:
    """Whether each lay inside (unknown where it is), and Winkler's score."""
    low, high = bounds
    inside = np.where(np.isnan(actual), np.nan, (actual >= low) & (actual <= high))
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return inside, high - low + 2 / (1 - level) * outside


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def busiest(actual: Floats, day: int) -> NDArray[np.bool_]:
    """The four busiest hours of each day that was judged; of steps of a day, all."""
    most = max(1, round(BUSIEST * day / 24))
    found = np.zeros(actual.shape, dtype=bool)
    filled = np.where(np.isnan(actual), -1.0, actual)
    for start in range(0, actual.shape[1], day):
        part = filled[:, start : start + day]
        order = np.argsort(-part, axis=1, kind="stable")[:, :most]
        np.put_along_axis(found[:, start : start + day], order, values=True, axis=1)
    return found
