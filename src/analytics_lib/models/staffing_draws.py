"""What staffing is drawn from: arrivals of a forecast, and numbers that are known with an interval only.

A number may be given as it is (then it is taken as known), as ``(value, low, high)`` with its 95 % interval,
or, if it is a share, as counts ``(numerator, denominator)``. Seconds are drawn from a lognormal distribution
whose standard error is the width of the interval on the log scale by 3.92; a share of counts from
Beta(numerator + 1/2, others + 1/2), a share with an interval from a normal distribution of its log-odds. The
interval is that of the mean and not of single
contacts: how those vary is what Erlang's formulas are about.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Uncertain = float | tuple[float, float] | tuple[float, float, float] | list[float]

_WIDTH = 2 * 1.959963984540054
# The points at which an interval tells the distribution.
_POINTS = {"low_95": 0.025, "low_80": 0.1, "expected": 0.5, "high_80": 0.9, "high_95": 0.975}
_HOUR = pd.Timedelta(hours=1)


class Forecast(Protocol):
    """What ``load.forecast`` gives; of another object, or a frame alone, ``samples`` may be missing."""

    @property
    def frame(self) -> pd.DataFrame:
        """One row a step: ``at expected`` and limits."""

    def samples(self, draws: int, *, seed: int = 0) -> Floats:
        """Counts that may come: draws by steps."""


def steps_of(forecast: object) -> pd.DataFrame:
    """The steps of a forecast, or of a frame ``at expected [low_80 high_80 low_95 high_95]``.

    Raises:
        RequestError: If it has none, a column is missing, or a number is none, below 0 or not finite.
    """
    frame = forecast if isinstance(forecast, pd.DataFrame) else getattr(forecast, "frame", None)
    if not isinstance(frame, pd.DataFrame) or not {"at", "expected"} <= set(frame.columns):
        has = list(frame.columns) if isinstance(frame, pd.DataFrame) else type(forecast).__name__
        raise RequestError(
            f"Staffing was given {has}; expected what load.forecast gives, or a frame with at and expected."
        )
    if frame.empty:
        raise RequestError("The forecast has no step. Ask load.forecast for a horizon of an hour or more.")
    for name in _POINTS.keys() & set(frame.columns):
        _check_counts(frame[name].to_numpy(dtype=float), f"forecast column {name}")
    if not frame["at"].is_monotonic_increasing or frame["at"].hasnans or frame["at"].duplicated().any():
        raise RequestError(
            "The forecast's `at` does not rise from row to row; sort it and keep each moment once."
        )
    return frame


def step_of(forecast: object) -> pd.Timedelta:
    """How long a step is; of a forecast of one step that does not say it, an hour.

    Raises:
        RequestError: If steps differ.
    """
    lengths = steps_of(forecast)["at"].diff().dropna().unique()
    if len(lengths) > 1:
        found = ", ".join(str(pd.Timedelta(each)) for each in lengths[:3])
        raise RequestError(f"The forecast's steps are of different lengths ({found}); expected equal ones.")
    return pd.Timedelta(lengths[0]) if len(lengths) else getattr(forecast, "step", _HOUR)


def arrivals(forecast: object, *, draws: int, seed: int) -> Floats:
    """Counts that may come: draws by steps.

    By the forecast's own ``samples``, which know how one hour's error goes with the next one's. Without them
    by the limits in its frame, straight between them and none beyond the 95 % ones; half of the error (its
    variance) is then one for all steps, the other half each step's own. Without limits every draw is what is
    expected.

    Raises:
        RequestError: If samples are not of that shape, or a count is none, below 0 or not finite.
    """
    frame = steps_of(forecast)
    if hasattr(forecast, "samples"):
        found = np.asarray(cast("Forecast", forecast).samples(draws, seed=seed), dtype=float)
        if found.shape != (draws, len(frame)):
            raise RequestError(f"samples gave {found.shape}; expected {draws} draws of {len(frame)} steps.")
        return _check_counts(found, "samples of the forecast")
    return _by_limits(frame, draws=draws, random=np.random.default_rng([seed, 3]))


def _by_limits(frame: pd.DataFrame, *, draws: int, random: np.random.Generator) -> Floats:
    known = [name for name in _POINTS if name in frame.columns]
    shared, own = random.standard_normal((draws, 1)), random.standard_normal((draws, len(frame)))
    levels = ndtr((shared + own) / math.sqrt(2))
    points = [_POINTS[name] for name in known]
    limits = np.sort(frame[known].to_numpy(dtype=float), axis=1)
    drawn = [np.interp(levels[:, place], points, limits[place]) for place in range(len(frame))]
    return np.column_stack(drawn)


def seconds_drawn(given: Uncertain, name: str, *, draws: int, random: np.random.Generator) -> Floats:
    """Draws of a mean time.

    Raises:
        RequestError: If it is no number above 0, nor one with its limits.
    """
    value, low, high = _with_limits(given, name, above=0.0, most=math.inf)
    error = (math.log(high) - math.log(low)) / _WIDTH
    return value * np.exp(error * random.standard_normal(draws))


def share_drawn(
    given: Uncertain, name: str, *, draws: int, random: np.random.Generator, most: float = 1.0
) -> Floats:
    """Draws of a share: a number, one with its limits, or counts; 0 or 1 given as such is taken as known.

    Raises:
        RequestError: If it is no share, or counts are none.
    """
    if isinstance(given, tuple | list) and len(given) == 2:
        part, of = _counts(given, name)
        return random.beta(part + 0.5, of - part + 0.5, draws)
    value, low, high = _with_limits(given, name, above=None, most=most)
    if low == high or not 0 < low <= value <= high < 1:
        return np.full(draws, value)
    error = (logit(high) - logit(low)) / _WIDTH
    drawn: Floats = expit(logit(value) + error * random.standard_normal(draws))
    return drawn


def middle(given: Uncertain) -> float:
    """The value itself."""
    if isinstance(given, tuple | list):
        return float(given[0] / given[1] if len(given) == 2 else given[0])
    return float(given)


def _counts(given: Sequence[float], name: str) -> tuple[float, float]:
    try:
        part, of = (float(each) for each in given)
    except (TypeError, ValueError):
        part, of = math.nan, math.nan
    if not (math.isfinite(of) and 0 <= part <= of and of > 0):
        raise RequestError(
            f"{name} is {given}; expected counts (numerator, denominator), such as (312, 2480)."
        )
    return part, of


def _with_limits(
    given: Uncertain, name: str, *, above: float | None, most: float
) -> tuple[float, float, float]:
    values = given if isinstance(given, tuple | list) else (given, given, given)
    wanted = "a number above 0" if above is not None else f"a number from 0 to {most:g}"
    try:
        value, low, high = (float(each) for each in values)
    except (TypeError, ValueError) as error:
        raise RequestError(f"{name} is {given!r}; expected {wanted}, or it with its 95 % limits.") from error
    least_ok = low > above if above is not None else low >= 0
    if not (math.isfinite(low + value + high) and least_ok and low <= value <= high <= most):
        raise RequestError(
            f"{name} is {given!r}; expected {wanted}, or (value, low, high) in that order of size."
        )
    return value, low, high


def _check_counts(found: Floats, name: str) -> Floats:
    wrong = found[~(np.isfinite(found) & (found >= 0))]
    if wrong.size:
        raise RequestError(
            f"{name}: {wrong.flat[0]} is no number of arrivals; expected 0 or more, none missing."
        )
    return found
