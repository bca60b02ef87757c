"""Every method against the same past: fitted before an origin, held to what came after it, moved on a day.

Fits are costly, so one serves the week of origins that follows it (of Prophet: two weeks); each origin
corrects the level by what was known then. Nothing that lies at or after an origin reaches its forecast. The
baseline is the same hour a week earlier (168 hours).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.load_anomalies import find_anomalies
from analytics_lib.models.load_level import Level, corrected, fit_level
from analytics_lib.models.load_origins import origins_of
from analytics_lib.models.load_prophet import prophet_mean
from analytics_lib.models.load_regression import Fitted, fit_regression, make_design

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analytics_lib.models.load_grid import Grid
    from analytics_lib.models.load_regression import Design

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

BASELINE = "seasonal_naive"
METHODS = (BASELINE, "yesterday", "regression", "prophet", "prophet_level")
COMBINED = "combined"
# A regression takes a fifth of a second; Prophet takes seconds, and its parameters move little in two weeks.
_REFIT_DAYS = 7
_PROPHET_DAYS = 14


@dataclass(frozen=True)
class Material:
    """What forecasts are made from.

    Attributes:
        grid: The history.
        explained: By step of it: whether something known was on.
        judged: Its values for judging: NaN where unknown or an outage.
        unit: 1 for counts; for other numbers what makes them like counts.
        design: Columns of the regression, for the history and the steps asked for.
        calendar: Columns of 0 and 1, likewise.
        factor: Known factors of events, likewise.
        methods: Which are tried.
    """

    grid: Grid
    explained: Flags
    judged: Floats
    unit: float
    design: Design
    calendar: pd.DataFrame
    factor: Floats
    methods: tuple[str, ...]

    def seen(self, origin: int, *, since: int = 0) -> tuple[Floats, tuple[int, ...]]:
        """The values between two steps as a fit sees them, and where the level moved.

        NaN is what is unknown or was an anomaly by what lies there alone: nothing later is looked at.
        """
        grid = self.grid
        part = grid.part(since, origin)
        found = find_anomalies(part, explained=self.explained[since:origin])
        values = np.where(found.left_out, np.nan, part.values) / self.unit / self.factor[since:origin]
        return values, found.shifts


@dataclass(frozen=True)
class Models:
    """What was fitted before one origin; null where a method is not asked for.

    Attributes:
        seen: The values that were fitted to (see ``Material.seen``).
        regression: The count regression.
        prophet: Prophet's mean by step.
        components: Prophet's components by step.
        levels: By name of a mean: what lasts of its level.
    """

    seen: Floats
    regression: Fitted | None
    prophet: Floats | None
    components: pd.DataFrame | None
    levels: Mapping[str, Level]


@dataclass(frozen=True)
class Rolled:
    """Forecasts of the past.

    Attributes:
        origins: First step of each forecast.
        actual: By origin and step: what came; NaN where unknown or an outage.
        expected: By method: by origin and step.
        season: Steps of the baseline's season.
    """

    origins: NDArray[np.int64]
    actual: Floats
    expected: dict[str, Floats]
    season: int


def prepare(
    grid: Grid,
    *,
    steps: int,
    special: tuple[pd.DataFrame, Floats],
    outage: Flags,
    methods: tuple[str, ...],
) -> Material:
    """The material of forecasts.

    Args:
        grid: The history.
        steps: How many are asked for.
        special: Calendar columns and known factors, for the history and those steps.
        outage: By step of the history: whether it is part of one, which judges nobody.
        methods: Which are tried.
    """
    calendar, factor = special
    known = grid.values[~np.isnan(grid.values)]
    whole = bool(np.all(known % 1 == 0))
    return Material(
        grid,
        explained(special, len(grid.values)),
        np.where(outage, np.nan, grid.values),
        1.0 if whole else max(float(known.mean()) / 50, 1e-12),
        make_design(grid, steps=steps, calendar=calendar),
        calendar,
        factor,
        methods,
    )


def explained(special: tuple[pd.DataFrame, Floats], size: int) -> Flags:
    """By step of the history: whether a holiday, a payday or an event was on."""
    calendar, factor = special
    on = calendar.iloc[:size].to_numpy().any(axis=1) | (factor[:size] != 1)
    return np.asarray(on, dtype=bool)


def roll(material: Material, *, steps: int) -> Rolled:
    """Forecasts from so many origins as the history allows, at most 42 (steps of a day: 112), a day apart.

    Args:
        material: What they are made from.
        steps: How many are asked for; at most two weeks of them are judged.
    """
    grid = material.grid
    origins, judged = origins_of(grid, steps)
    season = usual_season(grid, origins)
    found: dict[str, list[Floats]] = {name: [] for name in material.methods}
    models: Models | None = None
    for number, origin in enumerate(origins):
        if models is None or number % _REFIT_DAYS == 0:
            held = None if number % _PROPHET_DAYS == 0 else models
            models = fit_models(material, origin=int(origin), ahead=_reach(grid.day, judged), held=held)
        for name, expected in predict(material, models, origin=int(origin), steps=judged).items():
            found[name].append(expected)
    places = origins[:, None] + np.arange(judged)[None, :]
    made = {name: np.array(rows).reshape(len(origins), judged) for name, rows in found.items()}
    return Rolled(origins, material.judged[places], made, season)


def _reach(day: int, judged: int) -> int:
    """Steps that a fit has to say until the next one."""
    return _PROPHET_DAYS * day + judged


def usual_season(grid: Grid, origins: NDArray[np.int64]) -> int:
    """A week, or a day where the first origin has no whole week behind it."""
    return grid.week if len(origins) and origins[0] >= grid.week else min(grid.day, grid.week)


def fit_models(material: Material, *, origin: int, ahead: int, held: Models | None = None) -> Models:
    """Everything that has parameters, fitted to what lies before an origin.

    Args:
        material: What they are made from.
        origin: The first step that is not seen.
        ahead: Steps after it that Prophet is asked for.
        held: Fitted earlier; its Prophet is kept.
    """
    regression = None
    means: dict[str, Floats] = {}
    seen, shifts = material.seen(origin)
    if "regression" in material.methods:
        regression = fit_regression(replace(material.design, shifts=shifts), seen, origin=origin)
        means["regression"] = regression.mean
    if held:
        prophet, components = held.prophet, held.components
    else:
        prophet, components = _prophet(material, seen, ahead)
    if prophet is not None:
        means["prophet"] = prophet
    day = material.grid.day
    levels = {name: fit_level(seen, mean, origin=origin, day=day) for name, mean in means.items()}
    return Models(seen, regression, prophet, components, levels)


def _prophet(material: Material, seen: Floats, ahead: int) -> tuple[Floats | None, pd.DataFrame | None]:
    if not {"prophet", "prophet_level"} & set(material.methods):
        return None, None
    upto = min(len(seen) + ahead, len(material.calendar))
    calendar = material.calendar.iloc[:upto]
    return prophet_mean(
        pd.DatetimeIndex(calendar.index),
        seen,
        origin=len(seen),
        calendar=calendar,
        day=material.grid.day,
    )


def predict(material: Material, models: Models, *, origin: int, steps: int) -> dict[str, Floats]:
    """What each method expects of the steps from an origin on, by what was known before it."""
    grid = material.grid
    fit = _upto(material, models.seen, origin)
    found: dict[str, Floats] = {}
    for name, season in ((BASELINE, grid.week), ("yesterday", grid.day)):
        if name in material.methods:
            used = season if origin >= season else grid.day
            found[name] = naive(fit[:origin], season=used, steps=steps, day=grid.day)
    regressed = models.regression.mean if models.regression else None
    means = {"regression": regressed, "prophet_level": models.prophet}
    for name, mean in means.items():
        if name in material.methods and mean is not None:
            level = models.levels[name.removesuffix("_level")]
            found[name] = corrected(level, fit, mean, origin=origin, steps=steps)
    if "prophet" in material.methods and models.prophet is not None:
        found["prophet"] = models.prophet[origin : origin + steps]
    factor = material.unit * material.factor[origin : origin + steps]
    return {name: found[name] * factor for name in material.methods}


def _upto(material: Material, seen: Floats, origin: int) -> Floats:
    """What was fitted to, and what has come since, up to an origin."""
    if origin == len(seen):
        return seen
    # Nine weeks are what the usual profile of the last days looks at.
    since = max(0, len(seen) - 9 * material.grid.week)
    lately, _ = material.seen(origin, since=since)
    return np.concatenate([seen, lately[len(seen) - since :]])


def naive(values: Floats, *, season: int, steps: int, day: int = 1) -> Floats:
    """The last known value of the same step of the season.

    Where there is none, that of the same step of the day; where there is none either, the mean of what is
    known.

    Args:
        values: By step; NaN is unknown.
        season: Steps of a season, whole days.
        steps: How many follow.
        day: Steps a day; 1 = not looked at.
    """
    seasons = max(1, -(-len(values) // season))
    laid = np.full(seasons * season, np.nan)
    if len(values):
        laid[-len(values) :] = values
    rows = laid.reshape(seasons, season)
    last = np.array(rows[-1])
    for row in rows[-2::-1]:
        last = np.where(np.isnan(last), row, last)
    if np.isnan(last).any():
        known = values[~np.isnan(values)]
        rest = np.full(season, known.mean() if len(known) else 0.0)
        if 1 < day < season:
            rest = naive(values, season=day, steps=season)
        last = np.where(np.isnan(last), rest, last)
    return np.resize(last, steps)
