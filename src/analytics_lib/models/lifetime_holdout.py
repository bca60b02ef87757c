"""What a model fitted before a cut-off said of the orders after it: the test of a prediction that counts.

Buyers known at the cut-off are compared by how often they had bought again, and one by one: the slope of
actual on predicted orders is 1 for a model that is right, and it may be used from 0.9 to 1.1.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.lifetime_fitting import Z
from analytics_lib.models.lifetime_orders import Unit, later_orders, summarize
from analytics_lib.models.lifetime_repeat import fit_bg_nbd, fit_mbg_nbd
from analytics_lib.models.lifetime_spend import fit_gamma_gamma

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.models.lifetime_fitting import Floats
    from analytics_lib.models.lifetime_repeat import RepeatModel
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

# Buyers with more repeat orders than this stand in one row.
MOST_REPEATS = 6
SLOPES = (0.9, 1.1)
LEAST_DAYS = 7


@dataclass(frozen=True)
class Holdout:
    """How the models did on orders they had not seen.

    Attributes:
        cutoff: Where what they saw ends.
        until: Where what they were to predict ends.
        by_frequency: One row per number of repeat orders before the cut-off, the last one of all above 6:
            ``frequency users orders`` (mean a buyer, after it) ``low high`` (95 % of that mean) ``bg_nbd
            mbg_nbd`` (predicted mean).
        models: One row per model: ``model predicted actual`` (orders of all) ``slope slope_low slope_high``
            (of actual on predicted) ``error baseline_error`` (mean absolute error of a buyer's orders, and
            that of the rate so far going on) ``squared_error verdict`` (``good``: the slope lies from 0.9 to
            1.1; ``unsure``: it does not, but its interval reaches there; ``bad``) ``problems``.
        spend: ``predicted`` and ``actual`` mean spend of an order in the window, over ``users`` who ordered;
            null where it cannot be fitted.
    """

    cutoff: Moment
    until: Moment
    by_frequency: pd.DataFrame
    models: pd.DataFrame
    spend: dict[str, float]


def hold_out(
    store: Store,
    *,
    cutoff: dt.date,
    until: dt.date,
    unit: Unit = "week",
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> Holdout:
    """Fits to what was known at the cut-off, and compares with what came up to ``until``.

    Args:
        store: Read: ``orders``.
        cutoff: Nothing from here on is seen in fitting.
        until: End of the hold-out, excluded.
        unit: As of ``summarize``.
        currency: As of ``summarize``.
        rates: As of ``summarize``.

    Raises:
        RequestError: If ``until`` is not after the cut-off; or as ``summarize``.
        NotTrainableError: If nothing can be fitted at the cut-off.
    """
    came = later_orders(store, since=cutoff, until=until, currency=currency, rates=rates)
    seen = summarize(store, until=cutoff, unit=unit, currency=currency, rates=rates)
    models = [fit_bg_nbd(seen), fit_mbg_nbd(seen)]
    span, actual = until - cutoff, came["orders"].to_numpy(dtype=float)
    predicted: dict[str, Floats] = {model.kind: model.expected_purchases(seen, span) for model in models}
    time = models[0].units(span)
    # The last day before the cut-off has passed: a buyer of that day has an age of 0, and a day of it.
    rate_goes_on = (seen["frequency"] / (seen["age"] + 1 / 7) * time).to_numpy()
    rows = [_compared(model, predicted[model.kind], actual, rate_goes_on) for model in models]
    by_frequency = _by_frequency(seen["frequency"].to_numpy(), actual, predicted)
    return Holdout(cutoff, until, by_frequency, pd.DataFrame(rows), _spend(seen, came))


def _compared(model: RepeatModel, predicted: Floats, actual: Floats, baseline: Floats) -> dict[str, object]:
    slope, error = _slope(predicted, actual)
    low, high = slope - Z * error, slope + Z * error
    return {
        "model": model.kind,
        "predicted": float(predicted.sum()),
        "actual": float(actual.sum()),
        "slope": slope,
        "slope_low": low,
        "slope_high": high,
        "error": float(np.abs(predicted - actual).mean()),
        "baseline_error": float(np.abs(baseline - actual).mean()),
        "squared_error": float(((predicted - actual) ** 2).mean()),
        "verdict": _verdict(slope, low, high),
        "problems": model.problems,
    }


def _verdict(slope: float, low: float, high: float) -> str:
    if SLOPES[0] <= slope <= SLOPES[1]:
        return "good"
    return "unsure" if low <= SLOPES[1] and high >= SLOPES[0] else "bad"


def _slope(predicted: Floats, actual: Floats) -> tuple[float, float]:
    """Least squares of actual on predicted; its standard error lets the spread differ by buyer (HC0)."""
    centred = predicted - predicted.mean()
    squares = float(centred @ centred)
    if squares <= 0 or predicted.size < 3:
        return np.nan, np.nan
    slope = float(centred @ actual) / squares
    noise = actual - actual.mean() - slope * centred
    return slope, float(np.sqrt(((centred * noise) ** 2).sum())) / squares


def _by_frequency(frequency: Floats, actual: Floats, predicted: Mapping[str, Floats]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"frequency": np.minimum(frequency, MOST_REPEATS + 1), "orders": actual, **predicted}
    )
    grouped = frame.groupby("frequency")
    found = grouped.mean().assign(users=grouped.size(), spread=grouped["orders"].std())
    half = Z * found["spread"] / np.sqrt(found["users"])
    found = found.assign(
        low=(found["orders"] - half).clip(lower=0), high=found["orders"] + half
    ).reset_index()
    return found[["frequency", "users", "orders", "low", "high", *predicted]]


def _spend(seen: pd.DataFrame, came: pd.DataFrame) -> dict[str, float]:
    bought = came["orders"].to_numpy() > 0
    nothing = {"predicted": np.nan, "actual": np.nan, "users": int(bought.sum())}
    if not bought.any():
        return nothing
    expected = fit_gamma_gamma(seen).expected_spend(seen)[bought]
    actual = (came["spent"] / came["orders"]).to_numpy()[bought]
    return nothing | {"predicted": float(expected.mean()), "actual": float(actual.mean())}


def usual_cutoff(first: dt.date, until: dt.date, *, share: float) -> dt.date:
    """Up to where the models look: the last ``share`` of the time since the first order is kept back."""
    days = (until - first).days
    return until - dt.timedelta(days=max(round(days * share), min(LEAST_DAYS, max(days - 1, 1))))
