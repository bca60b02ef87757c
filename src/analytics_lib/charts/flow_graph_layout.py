"""Where the events of a transition graph stand: in rows from the start down to the end, none on another.

How far down an event stands follows from its transitions alone: what is first met later, by walks from the
start, stands lower, and each target as nearly as can be one row below its sources (least squares, weighted by
how often). The same frame gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.charts.journey_words import END, START

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Rows of four and of three by turns, so that a line past a row finds a gap.
MOST_IN_ROW = (4, 3)
_MOST_ROWS = 9
_MOST_WALKED = 60
_TINY = 1e-12
_GAPS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, np.inf)

Edge = tuple[str, str]


@dataclass(frozen=True)
class Spot:
    """Where an event stands.

    Attributes:
        row: From 0 at the top.
        x: From 0 at the left to 1.
    """

    row: int
    x: float


def place_events(edges: Mapping[Edge, float]) -> dict[str, Spot]:
    """A place for every event of the edges, none shared.

    Args:
        edges: How often source is followed by target.
    """
    marks = {name for edge in edges for name in edge} & {START, END}
    heights = _heights(edges)
    events = sorted(heights, key=lambda name: (heights[name], name))
    rows = [[START]] if START in marks else []
    rows += _rows(events, heights)
    rows += [[END]] if END in marks else []
    spots: dict[str, Spot] = {}
    for number, row in enumerate(rows):
        ordered = sorted(row, key=lambda name: (_pull(name, edges, spots), name))
        spots |= {name: Spot(number, (place + 0.5) / len(ordered)) for place, name in enumerate(ordered)}
    return spots


def _heights(edges: Mapping[Edge, float]) -> dict[str, float]:
    """How far down each event is; what leads back to an event met earlier has no say."""
    passage = _first_passage(edges)
    inner = {edge: weight for edge, weight in edges.items() if not {START, END}.intersection(edge)}
    down = {
        (source, target): weight
        for (source, target), weight in inner.items()
        if passage[source] < passage[target]
    }
    return _balanced({(name, name): 0.0 for name in passage if name not in {START, END}} | down)


def _first_passage(edges: Mapping[Edge, float]) -> dict[str, float]:
    """After how many steps each event is first met, by walks along the edges that do meet it; their mean.

    Walks begin at the start, or anywhere if there is none. What no walk meets comes last.
    """
    names = sorted({name for edge in edges for name in edge})
    index = {name: place for place, name in enumerate(names)}
    walk = np.zeros((len(names), len(names)))
    for (source, target), weight in edges.items():
        walk[index[source], index[target]] += weight if source != target else 0.0
    walk /= np.maximum(walk.sum(axis=1, keepdims=True), _TINY)
    begin = np.full(len(names), 1 / max(len(names), 1))
    if START in index:
        begin = np.eye(len(names))[index[START]]
    return {name: _mean_passage(walk, begin, place) for name, place in index.items()}


def _mean_passage(walk: NDArray[np.float64], begin: NDArray[np.float64], place: int) -> float:
    at, met = begin.copy(), np.zeros(_MOST_WALKED)
    for step in range(_MOST_WALKED):
        met[step], at[place] = at[place], 0.0
        at = at @ walk
    # Rounded, so that what is equal but for the arithmetic stays in the order of its names.
    return (
        round(float(met @ np.arange(_MOST_WALKED) / met.sum()), 6)
        if met.sum() > _TINY
        else float(_MOST_WALKED)
    )


def _balanced(edges: Mapping[Edge, float]) -> dict[str, float]:
    names = sorted({name for edge in edges for name in edge})
    index = {name: place for place, name in enumerate(names)}
    balance, pull = np.zeros((len(names), len(names))), np.zeros(len(names))
    for (source, target), weight in edges.items():
        above, below = index[source], index[target]
        if above == below:
            continue
        balance[above, above] += weight
        balance[below, below] += weight
        balance[above, below] -= weight
        balance[below, above] -= weight
        pull[above] -= weight
        pull[below] += weight
    solved = np.linalg.lstsq(balance, pull, rcond=None)[0]
    return {name: round(float(solved[place]), 6) for name, place in index.items()}


def _rows(events: Sequence[str], heights: Mapping[str, float]) -> list[list[str]]:
    """The events in rows, near heights together; wider apart only where there would be too many rows."""
    tried = (_packed(events, heights, gap) for gap in _GAPS)
    return next((rows for rows in tried if len(rows) <= _MOST_ROWS), _packed(events, heights, np.inf))


def _packed(events: Sequence[str], heights: Mapping[str, float], gap: float) -> list[list[str]]:
    rows: list[list[str]] = []
    for name in events:
        room = MOST_IN_ROW[(len(rows) - 1) % len(MOST_IN_ROW)] if rows else 0
        if rows and len(rows[-1]) < room and heights[name] - heights[rows[-1][0]] <= gap:
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows


def _pull(name: str, edges: Mapping[Edge, float], spots: Mapping[str, Spot]) -> float:
    """The mean place of the neighbours that stand already, weighted; the middle without any."""
    near = [
        (spots[other].x, weight)
        for (source, target), weight in edges.items()
        for other in ({source, target} - {name})
        if name in {source, target} and other in spots
    ]
    whole = sum(weight for _, weight in near)
    return round(sum(x * weight for x, weight in near) / whole, 6) if whole else 0.5
