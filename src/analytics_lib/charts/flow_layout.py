"""Where the events of a flow stand: a column a step, each with room for its name, none on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.charts.journey_words import START

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PLOT_HEIGHT = 560
# Four lines of small type.
NAME_HEIGHT = 54
_FIRST, _LAST = 0.056, 1.0
# A place of exactly 0 counts as none.
_EDGE = 0.012
_HALVINGS = 40


@dataclass(frozen=True)
class Place:
    """An event at a step.

    Attributes:
        step: From 1; 0 is the start.
        name: Of the event.
        journeys: That are there.
        x: Of its middle, from 0 at the left to 1.
        y: Of its middle, from 0 at the top to 1.
    """

    step: int
    name: str
    journeys: int
    x: float
    y: float


def place_nodes(bands: pd.DataFrame, order: Sequence[str]) -> tuple[list[Place], float]:
    """All events of all steps, from left to right and from top to bottom, and the gap plotly is to leave.

    Plotly makes the bars as high as that gap allows: with the one given here, bars and names fit.

    Args:
        bands: ``step source target journeys``.
        order: Events from top to bottom.
    """
    reached = bands.groupby(["step", "target"])["journeys"].sum()
    total = int(reached.loc[1].sum())
    steps = int(bands["step"].max())
    columns = [
        [(name, int(reached[step, name])) for name in order if (step, name) in reached.index]
        for step in range(1, steps + 1)
    ]
    scale = _scale([[float(size) for _, size in column] for column in columns], total)
    places = [Place(0, START, total, _EDGE, 0.5)]
    for step, column in enumerate(columns, 1):
        x = _FIRST + (step - 1) * (_LAST - _FIRST) / steps
        middles = _middles([size * scale for _, size in column])
        places += [
            Place(step, name, size, x, middle) for (name, size), middle in zip(column, middles, strict=True)
        ]
    gaps = [
        (PLOT_HEIGHT - scale * sum(size for _, size in column)) / (len(column) - 1)
        for column in columns
        if len(column) > 1
    ]
    return places, min(gaps, default=0.0)


def _scale(columns: Sequence[Sequence[float]], total: float) -> float:
    """The most pixels a journey can have so that every column has room for its bars and names."""
    low, high = 0.0, PLOT_HEIGHT / total
    if all(_height(column, high) <= PLOT_HEIGHT for column in columns):
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = all(_height(column, middle) <= PLOT_HEIGHT for column in columns)
        low, high = (middle, high) if fits else (low, middle)
    return low


def _height(sizes: Sequence[float], scale: float) -> float:
    return sum(max(size * scale, NAME_HEIGHT) for size in sizes)


def _middles(heights: Sequence[float]) -> list[float]:
    """Where the middles of bars stand, each in its room; what height is left is shared out."""
    rooms = [max(height, NAME_HEIGHT) for height in heights]
    spare = max(PLOT_HEIGHT - sum(rooms), 0.0) / (len(rooms) + 1)
    middles, above = [], spare
    for room in rooms:
        middles.append((above + room / 2) / PLOT_HEIGHT)
        above += room + spare
    return middles
