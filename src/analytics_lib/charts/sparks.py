"""A row of small marks, one a day: how a number ran, drawn with nothing but HTML.

A page lets no SVG through, and a table of pictures would be heavy. Counts are bars from 0; everything else,
which may run between 90 and 95 %, is a line of dashes between its own lowest and highest value. A day without
a value is a gap.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.charts.measures import write_value
from analytics_lib.charts.style import NEUTRAL, PALE
from analytics_lib.charts.words import Language, count, say

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

_HEIGHT = 24
_DASH = 3
_BOX = "display:flex;align-items:flex-end;gap:1px;height:{height}px;width:{width}px"
_DAY_WIDTH = 4


def spark(daily: pd.Series, *, unit: str, bars: bool, since: dt.date, language: Language) -> str:
    """The days of one metric as marks, those from ``since`` on in the darker colour.

    Args:
        daily: Values by day in order; null where there is none.
        unit: Of the values, for the text on hover.
        bars: Whether they are counts, drawn from 0.
        since: First day of the window the card is about.
        language: es or en.
    """
    values = daily.to_numpy(dtype=float)
    known = values[~np.isnan(values)]
    if not len(known):
        return ""
    low, high = float(known.min()), float(known.max())
    dark = [day.date() >= since for day in daily.index]
    marks = [
        _mark(value, (0.0 if bars else low, high), bars=bars, colour=NEUTRAL if here else PALE)
        for value, here in zip(values, dark, strict=True)
    ]
    ends = {"low": low, "high": high, "last": float(known[-1])}
    said = {name: write_value(value, unit, language) for name, value in ends.items()}
    title = say("kpis.spark", language, days=count(len(known), language), **said)
    box = _BOX.format(height=_HEIGHT, width=len(values) * (_DAY_WIDTH + 1))
    return f'<span style="{box}" title="{html.escape(title)}">{"".join(marks)}</span>'


def _mark(value: float, ends: tuple[float, float], *, bars: bool, colour: str) -> str:
    width = f"width:{_DAY_WIDTH}px"
    if np.isnan(value):
        return f'<span style="{width}"></span>'
    low, high = ends
    place = (value - low) / (high - low) if high > low else 0.5
    if bars:
        size = max(round(place * _HEIGHT), 1) if high > 0 else 1
        return f'<span style="{width};height:{size}px;background-color:{colour}"></span>'
    rise = round(place * (_HEIGHT - _DASH))
    return f'<span style="{width};height:{_DASH}px;margin-bottom:{rise}px;background-color:{colour}"></span>'
