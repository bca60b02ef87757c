"""What is said of the steps asked for: by the methods that did best on the past, or by a plain fallback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.load_backtest import BASELINE, COMBINED, fit_models, naive, predict, prepare, roll
from analytics_lib.models.load_components import components_of
from analytics_lib.models.load_coverage import COLUMNS, groups_of
from analytics_lib.models.load_intervals import Spread, fit_spread, wide_spread
from analytics_lib.models.load_result import places
from analytics_lib.models.load_scores import Judging, choose, combine, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_anomalies import Anomalies
    from analytics_lib.models.load_backtest import Material, Rolled
    from analytics_lib.models.load_grid import Grid

    Floats = NDArray[np.float64]

_LEAST_DAYS = 4
_PROPHET_DAYS = 21
_FEW_ORIGINS = 14
# A history of which so much is one value has nothing to learn from.
_STILL = 0.98
_EXACT = 1e-9
# Nothing above so many times the most that ever came is said.
_MOST_OF_SEEN = 5.0


@dataclass(frozen=True)
class Said:
    """What was worked out for the steps asked for.

    Attributes:
        expected: By step.
        method: Which gave it.
        spread: How far off it may be.
        backtest: See ``Forecast.backtest``.
        methods: By name: what each expects.
        components: See ``components_of``.
        coverage: See ``Forecast.coverage``.
        notes: What a reader should know, as codes.
    """

    expected: Floats
    method: str
    spread: Spread
    backtest: pd.DataFrame
    methods: dict[str, Floats]
    components: pd.DataFrame
    coverage: pd.DataFrame
    notes: tuple[str, ...] = ()


def too_little(grid: Grid, anomalies: Anomalies) -> str:
    """Why nothing can be learnt from a history; empty where something can."""
    usable = grid.values[~np.isnan(grid.values) & ~anomalies.outage]
    if not len(usable):
        return "empty" if np.isnan(grid.values).all() else "only_outage"
    if len(usable) < max(2 * grid.day, _LEAST_DAYS) or len(grid.values) < _LEAST_DAYS * grid.day:
        return "few_days"
    usual = float(np.median(usable))
    if (usable == usual).mean() >= _STILL:
        return "zeros" if usual == 0 else "constant"
    return ""


def fallback(grid: Grid, anomalies: Anomalies, *, steps: int, reason: str, levels: tuple[float, ...]) -> Said:
    """A plain answer, with an interval that is wide by rule."""
    # A lone spike would come back a week later.
    values = np.where(anomalies.left_out, np.nan, grid.values)
    known = values[~np.isnan(values)]
    whole = bool(np.all(known % 1 == 0))
    unit = 1.0 if whole else max(float(known.mean()) / 50, 1e-12)
    if not len(known):
        expected, method = np.zeros(steps), "none"
    elif len(grid.values) >= grid.week:
        expected, method = naive(values, season=grid.week, steps=steps, day=grid.day), BASELINE
    elif len(grid.values) >= grid.day > 1:
        expected, method = naive(values, season=grid.day, steps=steps), "yesterday"
    else:
        expected, method = np.full(steps, known.mean()), "mean"
    spread = wide_spread(day=grid.day, unit=unit)
    components = pd.DataFrame(columns=["source", "component", "item", "factor"])
    table = _no_backtest(method, levels)
    covered = pd.DataFrame(columns=list(COLUMNS))
    return Said(expected, method, spread, table, {method: expected}, components, covered, (reason,))


def _no_backtest(method: str, levels: tuple[float, ...]) -> pd.DataFrame:
    row: dict[str, object] = {"method": method, "mase": np.nan, "season": 0, "wape": np.nan, "bias": np.nan}
    row |= {"peak_hit": np.nan, "origins": 0, "steps": 0, "n": 0, "chosen": True}
    for name in (f"{100 * level:g}" for level in levels):
        for kind in ("coverage", "coverage_busy"):
            row |= {f"{kind}_{name}": np.nan, f"{kind}_{name}_low": np.nan, f"{kind}_{name}_high": np.nan}
            row[f"{kind}_{name}_n"] = 0
        row[f"winkler_{name}"] = np.nan
    return pd.DataFrame([row])


def tried(
    grid: Grid,
    anomalies: Anomalies,
    *,
    special: tuple[pd.DataFrame, Floats],
    steps: int,
    methods: tuple[str, ...],
    levels: tuple[float, ...],
) -> Said:
    """What the method that erred least on the past expects.

    Args:
        grid: The history.
        anomalies: What of it no fit sees.
        special: Calendar columns and known factors, for the history and the steps asked for.
        steps: How many are asked for.
        methods: Which are tried.
        levels: Of the intervals.
    """
    short = len(grid.values) < _PROPHET_DAYS * grid.day
    usable = tuple(name for name in methods if not (short and name.startswith("prophet")))
    material = prepare(grid, steps=steps, special=special, outage=anomalies.outage, methods=usable)
    rolled = roll(material, steps=steps)
    chosen, parts = choose(rolled)
    size = len(grid.values)
    models = fit_models(material, origin=size, ahead=steps)
    said = predict(material, models, origin=size, steps=steps)
    for made in (rolled.expected, said) if chosen == COMBINED else ():
        made[COMBINED] = combine(made, parts)
    how = _judging(material, rolled, levels)
    training = material.judged[: rolled.origins[0]] if len(rolled.origins) else material.judged
    scores = score(rolled, chosen=chosen, training=training, how=how)
    repeats = _repeats(rolled.actual, rolled.expected[chosen])
    spread = _spread(rolled, rolled.expected[chosen], how, scores.stretch, repeats=repeats)
    spread = replace(spread, most=_MOST_OF_SEEN * float(np.nanmax(grid.values)))
    notes = (
        *(["prophet_short"] if short and len(usable) < len(methods) else []),
        *(["few_origins"] if len(rolled.origins) < _FEW_ORIGINS else []),
        *(["by_rule"] if repeats else []),
        *(["baseline"] if chosen == BASELINE and len(usable) > 1 else []),
        *([f"parts:{'+'.join(parts)}"] if chosen == COMBINED else []),
    )
    components = components_of(material, models, origin=size)
    return Said(said[chosen], chosen, spread, scores.table, said, components, scores.coverage, notes)


def _repeats(actual: Floats, expected: Floats) -> bool:
    """Whether nearly all of the past was foreseen exactly: no width can be learnt from that."""
    off = np.abs(actual - expected)[~np.isnan(actual)]
    return bool(len(off)) and float((off <= _EXACT * np.nanmax(np.abs(actual)) + _EXACT).mean()) >= _STILL


def _spread(rolled: Rolled, expected: Floats, how: Judging, stretch: float, *, repeats: bool) -> Spread:
    if repeats or (~np.isnan(rolled.actual)).sum() < how.day:
        return wide_spread(day=how.day, unit=how.unit)
    found = fit_spread(rolled.actual, expected, slots=how.slots, day=how.day, unit=how.unit)
    return replace(found, stretch=stretch)


def _judging(material: Material, rolled: Rolled, levels: tuple[float, ...]) -> Judging:
    grid, size = material.grid, len(material.grid.values)
    index = rolled.origins[:, None] + np.arange(rolled.actual.shape[1])[None, :]
    first, _ = places(pd.Series([grid.start]), grid.day, grid.step)
    slots = np.asarray((first[0] + index) % grid.day, dtype=np.int64)
    groups = groups_of(grid.at, index, calendar=material.calendar.iloc[:size], factor=material.factor[:size])
    return Judging(slots, grid.day, material.unit, levels, groups)
