"""The axis that the panels of one conversation share: the time since its start, or the order of its messages.

Where one silence is longer than everything else together, time would squeeze the talk into a corner; then the
messages stand side by side in their order, and the axis says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analytics_lib.charts.words import Language, absent, duration, say
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analytics_lib.charts.reviewed import Told

By = Literal["time", "message"]
_UNITS = (("days", 86_400, 3), ("hours", 3_600, 3), ("minutes", 60, 3), ("seconds", 1, 0))
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_MOST_TICKS = 12
_ROOM = 0.04
# Beside a message, never on the one before or after it.
_BETWEEN = 0.5


@dataclass(frozen=True)
class Axis:
    """Where things stand.

    Attributes:
        by: time or message.
        title: What the axis says of itself.
        unit_seconds: Seconds in one step of a time axis.
        seconds: Of the messages, ascending.
        positions: Of the messages.
    """

    by: By
    title: str
    unit_seconds: int
    seconds: NDArray[np.float64]
    positions: NDArray[np.float64]


def choose_axis(told: Told, *, by: By | None, language: Language) -> Axis:
    """The axis for a conversation: the one asked for, or by order where one gap takes over half the time.

    Raises:
        RequestError: If ``by`` is neither time nor message.
    """
    if by not in {None, "time", "message"}:
        raise RequestError(f"Unknown axis {by!r}; expected time, message, or none for the one that fits.")
    moments = _every_second(told)
    gap = float(np.diff(moments).max()) if len(moments) > 1 else 0.0
    span = float(moments[-1] - moments[0]) if len(moments) else 0.0
    dominated = len(told.messages) > 1 and gap > span / 2
    chosen: By = by or ("message" if dominated else "time")
    unit, size = next((name, size) for name, size, least in _UNITS if span >= least * size)
    title = say(f"axis.since_start.{unit}", language)
    if chosen == "message":
        key = "axis.message.dominated" if by is None else "axis.message"
        title = say(key, language, gap=duration(gap, language), span=duration(span, language))
    messages = told.messages
    known = np.round(_floats(messages["seconds"]), 6)
    return Axis(chosen, title, size, known, _floats(messages["position"]))


def place_messages(axis: Axis, messages: pd.DataFrame) -> NDArray[np.float64]:
    """Where messages stand (``position seconds``)."""
    if axis.by == "message":
        return _floats(messages["position"])
    return _floats(messages["seconds"]) / axis.unit_seconds


def place_seconds(axis: Axis, seconds: Iterable[float]) -> NDArray[np.float64]:
    """Where moments stand that are no messages: between the message before and the one after."""
    # To the microsecond, as they are stored: differences of two are a hair beside it.
    at = np.round(np.asarray(list(seconds), dtype=float), 6)
    if axis.by == "time" or not len(axis.seconds):
        return at / axis.unit_seconds
    before, after = axis.positions[0] - _BETWEEN, axis.positions[-1] + _BETWEEN
    placed: NDArray[np.float64] = np.interp(at, axis.seconds, axis.positions, left=before, right=after)
    return placed


def ticks(axis: Axis) -> dict[str, object]:
    """Whole numbers where messages are counted; plotly's choice where time is."""
    if axis.by == "time":
        return {}
    n = len(axis.positions)
    return {
        "tick0": 0,
        "dtick": next((step for step in _STEPS if n / step <= _MOST_TICKS), n),
        "tickformat": "d",
    }


def padded(drawn: Iterable[float]) -> tuple[float, float]:
    """The range of everything drawn, with some room at both ends."""
    known = [x for x in drawn if not absent(x)] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = _ROOM * (high - low) or 1.0
    return low - room, high + room


def stack(places: Iterable[float], room: float, *, most: int) -> list[int]:
    """For places in ascending order, the lowest level on which each has so much room to the one before.

    What finds none on the first ``most`` levels is put on the one above them.
    """
    last: list[float] = []
    levels = []
    for place in places:
        level = next((level for level, taken in enumerate(last) if place - taken >= room), len(last))
        if level < most:
            last[level : level + 1] = [place]
        levels.append(min(level, most))
    return levels


def _every_second(told: Told) -> NDArray[np.float64]:
    columns = [told.messages["seconds"], told.actions["seconds"], told.events["seconds"]]
    columns += [told.conversation["ended_seconds"], told.conversation["escalated_seconds"]]
    joined = np.concatenate([_floats(column) for column in columns])
    return np.sort(joined[~np.isnan(joined)])


def _floats(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column).to_numpy(dtype=float)
