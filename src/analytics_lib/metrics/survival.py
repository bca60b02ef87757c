"""How long something lasts while some of it is still going on: the Kaplan-Meier curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.metrics.intervals import Z_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Curve(NamedTuple):
    """The share that lasted beyond each time, its 95 % limits, and how many were still watched."""

    survival: Floats
    low: Floats
    high: Floats
    at_risk: Floats


def kaplan_meier(durations: Floats, events: NDArray[np.bool_], times: Floats) -> Curve:
    """Ŝ(t) = Π over t_i ≤ t of (1 - d_i / n_i), at each of ``times`` (Kaplan and Meier 1958).

    At equal times events come before censorings. Limits by Greenwood's variance on the log-log scale, as
    lifelines has them; where nothing has happened yet, or everything has, both are the value. ``at_risk``
    counts those whose duration reaches the time.

    Args:
        durations: How long each was watched.
        events: Whether it ended then; else it was still going on.
        times: When to read the curve, ascending.
    """
    if not len(durations):
        nothing = np.full(len(times), np.nan)
        return Curve(nothing, nothing, nothing, np.zeros(len(times)))
    moments, ended = np.unique(durations[events], return_counts=True)
    ordered = np.sort(durations)
    watched = len(ordered) - np.searchsorted(ordered, moments, side="left")
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.cumprod(1 - ended / watched)
        spread = np.cumsum(ended / (watched * (watched - ended)))
    place = np.searchsorted(moments, times, side="right")
    survival = np.concatenate([[1.0], steps])[place]
    low, high = _log_log(survival, np.concatenate([[0.0], spread])[place])
    at_risk = len(ordered) - np.searchsorted(ordered, times, side="left")
    return Curve(survival, low, high, at_risk.astype(float))


def _log_log(survival: Floats, spread: Floats) -> tuple[Floats, Floats]:
    inside = (survival > 0) & (survival < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = Z_95 * np.sqrt(spread) / np.abs(np.log(survival))
        low, high = survival ** np.exp(wide), survival ** np.exp(-wide)
    return np.where(inside, low, survival), np.where(inside, high, survival)
