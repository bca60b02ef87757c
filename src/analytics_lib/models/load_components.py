"""What a forecast is made of: by how much each hour, weekday, season and special day multiplies demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from analytics_lib.models.load_backtest import Material, Models

COLUMNS = ["source", "component", "item", "factor"]


def components_of(material: Material, models: Models, *, origin: int) -> pd.DataFrame:
    """What multiplies demand by how much, in the regression and in Prophet.

    Returns:
        One row each: ``source`` (regression or prophet), ``component`` (hour, weekday, month, special),
        ``item`` (0 to 23; Monday 1 to Sunday 7; 1 to 12; holiday, payday, event, event:<name>), ``factor``:
        of hours, weekdays and months in their mean, of what is special in days without it. A month is there
        only where a whole year was seen.
    """
    at = pd.DatetimeIndex(material.calendar.index[:origin])
    found = []
    if models.regression is not None:
        found.append(_regression(material, models.regression.effects, at).assign(source="regression"))
    if models.components is not None:
        found.append(_prophet(models.components.iloc[:origin], at, material).assign(source="prophet"))
    return pd.concat(found, ignore_index=True)[COLUMNS] if found else pd.DataFrame(columns=COLUMNS)


def _regression(material: Material, effects: pd.Series, at: pd.DatetimeIndex) -> pd.DataFrame:
    design, size = material.design, len(at)
    split = design.week.shape[1]
    own, groups = effects.iloc[: len(design.groups)].to_numpy(), np.array(design.groups)
    week = (design.week @ own[:split])[design.cell[:size]]
    parts = [*_by(week, at, day=design.day)]
    yearly = np.flatnonzero(groups == "year")
    if len(yearly):
        waves = design.columns[:size][:, yearly - split] @ own[yearly]
        parts.append(_mean_by(waves, at.month, "month"))
    special = np.isin(groups, ["calendar", "event", "named"])
    named = dict(zip(np.array(design.names)[special], own[special], strict=True))
    return pd.concat([*parts, _special(named, material)], ignore_index=True)


def _prophet(said: pd.DataFrame, at: pd.DatetimeIndex, material: Material) -> pd.DataFrame:
    daily = said["daily"].to_numpy() if "daily" in said else np.zeros(len(said))
    weekly = said["weekly"].to_numpy() if "weekly" in said else np.zeros(len(said))
    parts = [*_by(daily + weekly, at, day=material.grid.day)]
    if "yearly" in said:
        parts.append(_mean_by(said["yearly"].to_numpy(), at.month, "month"))
    calendar = material.calendar.iloc[: len(said)]
    named = {
        str(name): float(said[name].to_numpy()[calendar[name].to_numpy() > 0].mean())
        for name in calendar
        if name in said and calendar[name].any()
    }
    return pd.concat([*parts, _special(named, material)], ignore_index=True)


def _by(log: np.ndarray, at: pd.DatetimeIndex, *, day: int) -> list[pd.DataFrame]:
    hours = [_mean_by(log, at.hour, "hour")] if day > 1 else []
    return [*hours, _mean_by(log, at.day_of_week + 1, "weekday")]


def _mean_by(log: np.ndarray, keys: pd.Index, component: str) -> pd.DataFrame:
    """Factors by key, in the mean of all keys."""
    means = pd.Series(np.exp(log)).groupby(np.asarray(keys)).mean()
    factor = means / means.mean()
    return pd.DataFrame(
        {"component": component, "item": factor.index.astype(str), "factor": factor.to_numpy()}
    )


def _special(effects: dict[str, float], material: Material) -> pd.DataFrame:
    """Factors of what was seen in the past; an event's name has its own part and that of all events."""
    seen = material.calendar.iloc[: len(material.grid.values)]
    rows = []
    for name, effect in effects.items():
        if name not in seen or not seen[name].any():
            continue
        whole = effect + (effects.get("event", 0.0) if name.startswith("event:") else 0.0)
        rows.append({"component": "special", "item": name, "factor": float(np.exp(whole))})
    return pd.DataFrame(rows, columns=["component", "item", "factor"])
