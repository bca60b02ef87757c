"""How long the runs of a job took and how much memory, and which cells were slow.

A cell is slow if it took at least ``SLOW_TIMES`` its median and ``SLOW_SECONDS`` more, among the last
``_EARLIER`` good and earlier runs of the same notebook. With fewer than ``_FEWEST`` of them nothing is said.
"""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analytics_lib.runs.record import RunRecord

SLOW_TIMES = 2.0
SLOW_SECONDS = 0.5
_EARLIER = 20
_FEWEST = 3
_HEIGHT = 130.0
_TOP = 12.0
_MARGIN_PERCENT = 3.0
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class CellTime:
    """One cell of one run.

    Attributes:
        number: Its position among the code cells, from 1.
        seconds: How long it took.
        median: Of what it took in good and earlier runs; null where there are too few.
    """

    number: int
    seconds: float
    median: float | None

    @property
    def is_slow(self) -> bool:
        """Whether it took far longer than it usually does."""
        usual = self.median
        return usual is not None and self.seconds >= max(SLOW_TIMES * usual, usual + SLOW_SECONDS)


@dataclass(frozen=True)
class Point:
    """One run in a trend: ``x`` in per cent of the width, ``y`` in pixels from above."""

    run: str
    status: str
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Trend:
    """A measure of the runs of a job over time, ready to be drawn.

    Attributes:
        points: Oldest first, from left to right.
        ticks: Value and ``y`` of the lines behind them.
        median: Of the good runs; null without any.
        median_y: Where it lies.
        height: Of the drawing, in pixels.
    """

    points: list[Point]
    ticks: list[tuple[float, float]]
    median: float | None
    median_y: float | None
    height: float

    @property
    def lines(self) -> list[tuple[Point, Point]]:
        """Neighbours among the good runs."""
        good = [point for point in self.points if point.status == "succeeded"]
        return list(itertools.pairwise(good))


def cell_times(records: Iterable[RunRecord]) -> dict[str, list[CellTime]]:
    """The cells of each run with what they usually take, by the run's name; ``records`` oldest first."""
    earlier: dict[str, deque[list[float]]] = defaultdict(lambda: deque(maxlen=_EARLIER))
    found: dict[str, list[CellTime]] = {}
    for record in records:
        if not record.cells:
            continue
        before = earlier[record.notebook_hash]
        usual = _medians(before)
        found[record.run] = [
            CellTime(at + 1, seconds, usual[at] if at < len(usual) else None)
            for at, seconds in enumerate(record.cells)
            # A cell that raised took as long as that takes.
            if at + 1 != record.failed_cell
        ]
        if record.status == "succeeded":
            before.append(record.cells)
    return found


def trend(records: Sequence[RunRecord], measure: Callable[[RunRecord], float | None]) -> Trend | None:
    """The measure over the runs that have it, ``records`` oldest first; null with fewer than two."""
    measured = [(record, value) for record in records if (value := measure(record)) is not None]
    if len(measured) < 2:
        return None
    step, top = _scale(max(value for _, value in measured))
    wide = (100 - 2 * _MARGIN_PERCENT) / (len(measured) - 1)
    good = [value for record, value in measured if record.status == "succeeded"]
    usual = median(good) if good else None
    return Trend(
        points=[
            Point(record.run, record.status, value, round(_MARGIN_PERCENT + wide * at, 2), _y(value, top))
            for at, (record, value) in enumerate(measured)
        ],
        ticks=[(step * at, _y(step * at, top)) for at in range(round(top / step) + 1)],
        median=usual,
        median_y=None if usual is None else _y(usual, top),
        height=_TOP + _HEIGHT + _TOP,
    )


def _medians(runs: Sequence[list[float]]) -> list[float]:
    if len(runs) < _FEWEST:
        return []
    return [median(cells) for cells in zip(*runs, strict=False)]


def _scale(largest: float) -> tuple[float, float]:
    """A step of 1, 2 or 5 times a power of ten, two to five of which reach the largest value."""
    power = 10.0 ** _exponent(largest / 5)
    step = next(power * factor for factor in _STEPS if power * factor * 5 >= largest)
    steps = max(1, -int(-largest // step))
    return step, step * steps


def _exponent(value: float) -> int:
    exponent = -3
    while 10.0 ** (exponent + 1) <= value:
        exponent += 1
    return exponent


def _y(value: float, top: float) -> float:
    return round(_TOP + _HEIGHT * (1 - value / top), 1)
