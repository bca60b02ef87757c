"""Whether a number moved between two windows: the change, its 95 % interval, how surprising it is.

The interval of a change is put together from the limits of the two values by squares and add (MOVER: Zou and
Donner 2008, Statistics in Medicine 27:1693). For shares with Wilson's limits that is Newcombe's interval; for
means, medians and scores it takes the limits of their bootstrap, of Woodruff, of their variance. Counts and
totals are counted in full and have no limits: how much they sway by themselves is taken from the days before,
weekday by weekday.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.analysis.differences import FALSE_DISCOVERY_RATE, Share, adjusted_p_values, share_p_value
from analytics_lib.metrics.intervals import Z_95

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    import pandas as pd

LEAST_DAYS = 14
CHANGES = ("change", "change_low", "change_high", "p_value")


def share_size(value: float, low: float, high: float) -> float:
    """How many independent rows a share is worth, read back from Wilson's limits; 0 where it is unknown.

    With ``w`` half the width and ``x = z²/n`` Wilson's half width solves
    ``(w² - ¼) x² + (2w² - p(1 - p)) x + w² = 0``, which has one positive root.
    """
    if math.isnan(value + low + high):
        return 0.0
    square = ((high - low) / 2) ** 2
    first, second = square - 0.25, 2 * square - value * (1 - value)
    root = (second + math.sqrt(second**2 - 4 * first * square)) / (-2 * first)
    return Z_95**2 / root if root else math.inf


def change_of(
    now: Mapping[Hashable, Any], before: Mapping[Hashable, Any], *, share: bool
) -> tuple[float, ...]:
    """The change from ``before`` to ``now``, its limits and its p-value; NaN where one of the two is unknown.

    Args:
        now: ``value low high``.
        before: Likewise.
        share: Whether they are shares; then the p-value is of the score test on their effective sizes, else
            of the normal distribution with the interval's own width towards 0.
    """
    change = now["value"] - before["value"]
    down = math.hypot(now["value"] - now["low"], before["high"] - before["value"])
    up = math.hypot(now["high"] - now["value"], before["value"] - before["low"])
    if share:
        sides = [
            Share(side["value"], share_size(side["value"], side["low"], side["high"]))
            for side in (now, before)
        ]
        return change, max(change - down, -1.0), min(change + up, 1.0), share_p_value(*sides)
    return change, change - down, change + up, _p_value(change, down if change > 0 else up)


def count_change(now: float, before: float, *, error: float) -> tuple[float, ...]:
    """The change of a count or total, with limits ``± 1.96 error``; NaN where one is unknown.

    Args:
        now: The count of this window.
        before: That of the window before, or the mean of several.
        error: Standard error of their difference.
    """
    half = Z_95 * error
    return now - before, now - before - half, now - before + half, _p_value(now - before, half)


def daily_variance(daily: pd.DataFrame, *, at_least: float = 0.0) -> float:
    """How much a daily count varies by itself: the variance around the mean of its weekday.

    ``Σ (y - mean of the weekday)² / (days - weekdays)``, never below ``at_least`` times the mean: counts vary
    as Poisson's do or more. Days are taken as independent of each other.

    Args:
        daily: One row per day: ``period`` and ``numerator``.
        at_least: 1 for counts, 0 for amounts.

    Returns:
        The variance of one day; NaN with fewer than 14 days.
    """
    known = daily.dropna(subset="numerator")
    if len(known) < LEAST_DAYS:
        return math.nan
    days = known["numerator"].groupby(known["period"].dt.day_of_week)
    squares = float(((known["numerator"] - days.transform("mean")) ** 2).sum())
    variance = squares / max(len(known) - days.ngroups, 1)
    return max(variance, at_least * float(known["numerator"].mean()))


def judged(frame: pd.DataFrame, sides: tuple[str, ...]) -> pd.DataFrame:
    """The rows with every ``<side>_p_value`` corrected for all of them together, and ``<side>_verdict``.

    Args:
        frame: ``better``, ``few`` and, of each side, ``<side>_few`` and the columns of ``CHANGES`` with its
            name.
        sides: What the rows were compared with.

    Returns:
        A verdict is ``better``, ``worse`` or ``moved`` (where neither way is good) once the corrected p-value
        is at most 0.05 and the interval leaves out 0; ``same`` where it is not; ``few`` under the metric's
        minimum in one of the windows; ``unknown`` where there is no value or no interval to judge by.
    """
    p_values = adjusted_p_values(frame[[f"{side}_p_value" for side in sides]].to_numpy(dtype=float).ravel())
    corrected = p_values.reshape(len(frame), len(sides))
    decided = frame.copy()
    for place, side in enumerate(sides):
        rows = zip(frame.to_dict("records"), corrected[:, place], strict=True)
        decided[f"{side}_p_value"] = corrected[:, place]
        decided[f"{side}_verdict"] = [_verdict(row, side, p_value) for row, p_value in rows]
    return decided


def _verdict(row: Mapping[Hashable, Any], side: str, p_value: float) -> str:
    if math.isnan(p_value):
        return "unknown"
    if row["few"] or row[f"{side}_few"]:
        return "few"
    away = row[f"{side}_change_low"] > 0 or row[f"{side}_change_high"] < 0
    if p_value > FALSE_DISCOVERY_RATE or not away:
        return "same"
    if row["better"] == "neither":
        return "moved"
    return "better" if (row[f"{side}_change"] > 0) == (row["better"] == "higher") else "worse"


def _p_value(change: float, half: float) -> float:
    """Two-sided, of a change whose 95 % interval reaches ``half`` towards 0."""
    if math.isnan(change) or math.isnan(half):
        return math.nan
    if not half:
        # Nothing varies: no change is none, and any change cannot be judged.
        return math.nan if change else 1.0
    return math.erfc(abs(change) / (half / Z_95) / math.sqrt(2))


def spread(frame: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, float]:
    """``daily_variance`` of every metric.

    Args:
        frame: One row per ``metric`` and ``period``: ``numerator``.
        kinds: The kind of each metric; a total is an amount, all else counts.
    """
    groups = frame.groupby("metric", sort=False)
    return {
        str(name): daily_variance(daily, at_least=0.0 if kinds[str(name)] == "total" else 1.0)
        for name, daily in groups
    }
