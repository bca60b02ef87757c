"""Comparing how long things take: restricted means, the log-rank test, competing outcomes.

The Kaplan-Meier curve itself is ``metrics.survival``. Formulas are those of the textbooks (Kalbfleisch and
Prentice 2002); all agree with lifelines 0.30.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.metrics.intervals import Z_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class RestrictedMean(NamedTuple):
    """The mean time until the event, cut at a horizon, and its 95 % interval; in the durations' unit."""

    mean: float
    standard_error: float
    low: float
    high: float


class LogRank(NamedTuple):
    """Whether groups differ anywhere along their curves; NaN where there is nothing to compare."""

    chi_square: float
    degrees: int
    p_value: float


class Competing(NamedTuple):
    """How many have had each outcome by each time.

    Attributes:
        incidence: One row per cause, one column per time: the share that has had it (Aalen, Johansen 1978).
        low: Lower 95 % limits, log-log.
        high: Upper ones.
        survival: The share that has had none of them yet; with the incidences it sums to 1.
    """

    incidence: Floats
    low: Floats
    high: Floats
    survival: Floats


def restricted_mean(durations: Floats, events: Bools, *, until: float) -> RestrictedMean:
    """RMST(τ) = ∫₀^τ Ŝ, with ``Var = Σ (∫_{t_i}^τ Ŝ)² · d_i / (n_i (n_i - d_i))``.

    Args:
        durations: How long each was watched.
        events: Whether it ended then.
        until: The horizon τ, no later than the last time anybody was watched; NaN beyond it, unless the curve
            has reached 0.
    """
    times, ended, watched = _steps(durations, events)
    if not len(durations) or (until > durations.max() and not _all_ended(durations, events)):
        return RestrictedMean(*[math.nan] * 4)
    inside = times < until
    times, ended, watched = times[inside], ended[inside], watched[inside]
    survival = np.cumprod(1 - ended / watched)
    widths = np.diff([*times, until], prepend=0.0)
    areas = np.concatenate([[1.0], survival]) * widths
    # What lies beyond each moment, the step that begins there included.
    beyond = areas[::-1].cumsum()[::-1][1:]
    alive = watched > ended
    variance = float(
        (beyond[alive] ** 2 * ended[alive] / (watched[alive] * (watched[alive] - ended[alive]))).sum()
    )
    mean, error = float(areas.sum()), math.sqrt(variance)
    return RestrictedMean(mean, error, max(mean - Z_95 * error, 0.0), min(mean + Z_95 * error, until))


def log_rank(durations: Floats, events: Bools, groups: Ints) -> LogRank:
    """χ² of observed less expected events over all groups, with their hypergeometric covariance.

    Args:
        durations: How long each was watched.
        events: Whether it ended then.
        groups: Of each the group, from 0.
    """
    used, codes = np.unique(groups, return_inverse=True)
    if len(used) < 2 or not events.any():
        return LogRank(math.nan, max(len(used) - 1, 0), math.nan)
    times = np.unique(durations[events])
    watched, ended = (np.empty((len(used), len(times))) for _ in range(2))
    for group in range(len(used)):
        own = np.sort(durations[codes == group])
        watched[group] = len(own) - np.searchsorted(own, times, side="left")
        happened = np.searchsorted(times, durations[(codes == group) & events])
        ended[group] = np.bincount(happened, minlength=len(times))
    return _log_rank(watched, ended)


def _log_rank(watched: Floats, ended: Floats) -> LogRank:
    n, d = watched.sum(axis=0), ended.sum(axis=0)
    shares = watched / n
    apart = (ended - d * shares).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(n > 1, d * (n - d) / (n - 1), 0.0)
    covariance = np.diag((weights * shares).sum(axis=1)) - (weights * shares) @ shares.T
    # One group follows from the others.
    kept, degrees = slice(0, -1), len(watched) - 1
    inverse = np.linalg.pinv(covariance[kept, kept])
    found = float(apart[kept] @ inverse @ apart[kept])
    return LogRank(found, degrees, chi_square_beyond(found, degrees))


def chi_square_beyond(value: float, degrees: int) -> float:
    """How often a χ² of so many degrees of freedom is at least this large, by its finite sums."""
    half = value / 2
    if degrees % 2:
        terms = [math.pow(half, k - 0.5) / math.gamma(k + 0.5) for k in range(1, (degrees - 1) // 2 + 1)]
        return math.erfc(math.sqrt(half)) + math.exp(-half) * math.fsum(terms)
    return math.exp(-half) * math.fsum(math.pow(half, k) / math.factorial(k) for k in range(degrees // 2))


def aalen_johansen(durations: Floats, causes: Ints, times: Floats, *, kinds: int) -> Competing:
    """CIF_k(t) = Σ over t_i ≤ t of Ŝ(t_i-) · d_{k,i} / n_i, Ŝ over all causes together.

    One less Kaplan-Meier for each cause alone would be too much: it takes the others for people who could
    still have it. Limits are log-log with the delta method's variance, as lifelines has them.

    Args:
        durations: How long each was watched.
        causes: What it ended with, from 1 to ``kinds``; 0 = it was still going on.
        times: When to read it, ascending.
        kinds: How many causes there are.
    """
    moments, ended, watched = _steps(durations, causes > 0)
    survival = np.cumprod(1 - ended / watched)
    before = np.concatenate([[1.0], survival[:-1]])
    by_cause = np.array(
        [
            np.bincount(np.searchsorted(moments, durations[causes == kind]), minlength=len(moments))
            for kind in range(1, kinds + 1)
        ]
    ).reshape(kinds, len(moments))
    incidence = (before * by_cause / np.maximum(watched, 1)).cumsum(axis=1)
    place = np.searchsorted(moments, times, side="right")
    start = np.zeros((kinds, 1))
    read = np.hstack([start, incidence])[:, place]
    variance = np.array(
        [
            _variance(found, own, ended, watched, before)
            for found, own in zip(incidence, by_cause, strict=True)
        ]
    )
    low, high = _log_log(read, np.hstack([start, variance.reshape(kinds, len(moments))])[:, place])
    return Competing(read, low, high, np.concatenate([[1.0], survival])[place])


def _variance(found: Floats, own: Ints, ended: Ints, watched: Ints, before: Floats) -> Floats:
    """The delta method's variance of one cause's incidence at each moment, in one pass.

    ``Σ_{j≤i} (I_i - I_j)² d_j / (n_j (n_j - d_j)) + Σ Ŝ(t_j-)² d_{k,j} (n_j - d_{k,j}) / n_j³
    - 2 Σ (I_i - I_j) Ŝ(t_j-) d_{k,j} / n_j²``; the squares are multiplied out so that sums run on.
    """
    n = watched.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where all who are left end, (I_i - I_j) is 0 from there on.
        g = np.where(n > ended, ended / (n * (n - ended)), 0.0)
    h, c = before**2 * own * (n - own) / n**3, before * own / n**2
    squares = found**2 * g.cumsum() - 2 * found * (g * found).cumsum() + (g * found**2).cumsum()
    return np.asarray(
        np.clip(squares + h.cumsum() - 2 * (found * c.cumsum() - (c * found).cumsum()), 0, None)
    )


def _log_log(share: Floats, variance: Floats) -> tuple[Floats, Floats]:
    inside = (share > 0) & (share < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = Z_95 * np.sqrt(variance) / np.abs(share * np.log(share))
        low, high = share ** np.exp(wide), share ** np.exp(-wide)
    return np.where(inside, low, share), np.where(inside, high, share)


def _steps(durations: Floats, events: Bools) -> tuple[Floats, Ints, Ints]:
    """The moments anything ended at, how many did, and how many were watched until then."""
    moments, ended = np.unique(durations[events], return_counts=True)
    ordered = np.sort(durations)
    return moments, ended, len(ordered) - np.searchsorted(ordered, moments, side="left")


def _all_ended(durations: Floats, events: Bools) -> bool:
    return bool(events[durations == durations.max()].all())
