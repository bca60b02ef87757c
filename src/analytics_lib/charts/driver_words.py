"""How a driver is written: the name of its group, its weights and values, what it explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.measures import group_name, write_change, write_value
from analytics_lib.charts.words import Language, absent, count, label, say, share

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.style import Record

_OTHER = "(other)"


def driver_name(row: Record, language: Language) -> str:
    """What readers call the group of a row, or of its pair."""
    first = _one(row["dimension_1"], row["group_1"], language)
    if absent(row["dimension_2"]):
        return first
    second = _one(row["dimension_2"], row["group_2"], language)
    return say("drivers.pair", language, first=first, second=second)


def written(row: Record, overall: Record, unit: str, language: Language) -> dict[str, str]:
    """The numbers of a row in words: values, weights and n of both windows, what it explains with limits."""
    weights = {side: row[f"denominator{side}"] / (overall[f"denominator{side}"] or 1) for side in (0, 1)}
    limits = (write_change(row[f"explained_{end}"], unit, language) for end in ("low", "high"))
    return {
        **{f"value{side}": write_value(row[f"value{side}"], unit, language) for side in (0, 1)},
        **{f"weight{side}": share(weights[side], language) for side in (0, 1)},
        "n0": count(row["n0"], language),
        "n1": count(row["denominator1"], language),
        "explained": write_change(row["explained"], unit, language),
        "limits": say("kpis.interval", language, **dict(zip(("low", "high"), limits, strict=True))),
    }


def change_limits(overall: Record, unit: str, language: Language) -> str:
    """The interval of the overall change."""
    low, high = (write_change(overall[end], unit, language) for end in ("low", "high"))
    return say("kpis.interval", language, low=low, high=high)


def real_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that explain something, in the order given."""
    return rows[rows["real"].astype(bool)]


def moved(overall: Record) -> bool:
    """Whether the interval of the overall change leaves out 0."""
    return bool(overall["low"] > 0 or overall["high"] < 0)


def _one(dimension: str, group: str, language: Language) -> str:
    name = say("drivers.other", language) if group == _OTHER else group_name(dimension, group, language)
    return say("drivers.group", language, dimension=label("dimension", dimension, language), group=name)
