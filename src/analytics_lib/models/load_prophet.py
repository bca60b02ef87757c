"""Prophet (Taylor and Letham 2018), used for what it is good at: a mean by hour, week and year.

It is fitted to log(1 + count), on which counts spread more alike and no forecast is negative; its growth is
flattened after the last day seen; its own intervals are not used, since they are too narrow exactly at the
peak. The package is slow to import, so that is done where it is first needed.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.models.load_regression import DAMPING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray
    from prophet import Prophet

    Floats = NDArray[np.float64]

CHANGEPOINTS = 12
# Days that are seen whole; of the steps before them only every fifth, eleventh or so: numbers that share no
# factor with the steps of a week, so that each hour of it is seen as often as any other.
RECENT_DAYS = 56
OLDER_STEPS = 1_600
_EVERY = (1, 5, 11, 17, 23, 29, 37, 47)
YEARLY_FROM_DAYS = 700
_SEED = 0
_LOUD = ("prophet", "prophet.models", "cmdstanpy")


def fit_prophet(
    frame: pd.DataFrame,
    *,
    regressors: tuple[str, ...] = (),
    **options: Any,  # noqa: ANN401  # they are Prophet's
) -> Prophet:
    """A Prophet fitted without its chatter, always to the same parameters.

    Args:
        frame: ``ds`` (wall clock without a zone), ``y`` (NaN is left out), and the regressors.
        regressors: Columns of 0 and 1, each an effect that is added.
        options: Of ``prophet.Prophet``; ``interval_width`` and the like mean what they mean there.
    """
    with _quiet() as prophet:
        model = prophet.Prophet(**options)
        for name in regressors:
            model.add_regressor(name, prior_scale=1.0, standardize=False)
        fitted: Prophet = model.fit(frame, seed=_SEED)
    return fitted


def predict_prophet(model: Prophet, frame: pd.DataFrame) -> pd.DataFrame:
    """What a fitted Prophet says of the moments ``ds``, its random intervals the same every time."""
    with _quiet():
        state = np.random.get_state()  # noqa: NPY002  # Prophet draws from the old generator
        np.random.seed(_SEED)  # noqa: NPY002
        try:
            return model.predict(frame)
        finally:
            np.random.set_state(state)  # noqa: NPY002


def prophet_mean(
    at: pd.DatetimeIndex, values: Floats, *, origin: int, calendar: pd.DataFrame, day: int
) -> tuple[Floats, pd.DataFrame]:
    """Prophet's mean by step, before and after an origin, and its components on the log scale.

    Args:
        at: The steps, of the history and after it.
        values: By step of the history; NaN is left out.
        origin: The first step that is not seen.
        calendar: By step: columns of 0 and 1 (see ``Calendar.columns``).
        day: Steps a day.
    """
    scale = _scale(values[:origin])
    frame = pd.DataFrame({"ds": at})
    frame["y"] = np.nan
    frame.loc[: origin - 1, "y"] = np.log1p(values[:origin] / scale)
    frame = frame.join(calendar.reset_index(drop=True))
    seen = frame.iloc[_thinned(origin, day)].dropna(subset=["y"])
    # An effect that was never seen, or always, cannot be told from the rest.
    usable = tuple(str(name) for name in calendar if 0 < seen[name].mean() < 1)
    model = fit_prophet(seen, regressors=usable, **_options(seen, day))
    said = predict_prophet(model, frame)
    trend = _flattened(said["trend"].to_numpy(), origin, day)
    log_mean = said["yhat"].to_numpy() - said["trend"].to_numpy() + trend
    seen_values = np.log1p(values[seen.index] / scale)
    top = seen_values.max() + np.log(5.0)
    mean = scale * np.expm1(np.clip(log_mean, 0, top))
    # The mean of counts lies above the mean of their logs.
    lifted = values[seen.index].sum() / max(mean[seen.index].sum(), 1e-9)
    wanted = [name for name in ("daily", "weekly", "yearly", *usable) if name in said]
    return mean * float(np.clip(lifted, 0.5, 2.0)), said[wanted].assign(trend=trend)


def _options(seen: pd.DataFrame, day: int) -> dict[str, Any]:
    span = (seen["ds"].iloc[-1] - seen["ds"].iloc[0]).days
    return {
        "daily_seasonality": day > 1 and 12,
        "weekly_seasonality": span >= 14 and 4,
        "yearly_seasonality": span >= YEARLY_FROM_DAYS and 6,
        "n_changepoints": min(CHANGEPOINTS, max(0, len(seen) // (2 * day) - 1)),
        "changepoint_prior_scale": 0.05,
        "uncertainty_samples": 0,
    }


def _thinned(origin: int, day: int) -> NDArray[np.int64]:
    """Which steps before the origin are fitted to."""
    older = max(0, origin - RECENT_DAYS * min(day, 24))
    every = next((every for every in _EVERY if older / every <= OLDER_STEPS), _EVERY[-1])
    return np.concatenate([np.arange(older % every, older, every), np.arange(older, origin)])


def _flattened(trend: Floats, origin: int, day: int) -> Floats:
    """The trend with less of its growth every day after the origin."""
    slope = (trend[-1] - trend[origin - 1]) / max(len(trend) - origin, 1) * day
    ahead = np.arange(1, len(trend) - origin + 1) / day
    flat = trend.copy()
    flat[origin:] = trend[origin - 1] + slope * (1 - DAMPING**ahead) * DAMPING / (1 - DAMPING)
    return flat


def _scale(values: Floats) -> float:
    """1 for counts; for numbers that are none, what makes them like counts."""
    known = values[~np.isnan(values)]
    return 1.0 if np.all(known % 1 == 0) else max(float(known.mean()) / 50, 1e-12)


@contextmanager
def _quiet() -> Iterator[ModuleType]:
    """Prophet, without its notices and those of the program that fits it; errors stay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import prophet  # noqa: PLC0415  # slow and loud
    loggers = [logging.getLogger(name) for name in _LOUD]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield prophet
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
