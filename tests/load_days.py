"""Histories for tests of the load forecast: hours of a shop whose true rates are known."""

import numpy as np
import pandas as pd

HOURS = np.array(
    [
        *(0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.7, 1.0, 1.2, 1.4, 1.5),
        *(1.6, 1.4, 1.3, 1.3, 1.4, 1.5, 1.7, 1.9, 2.2, 1.7, 1.2, 0.6),
    ]
)
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.25, 0.75])


def rates(at, *, mean=20.0):
    """The true count to be expected in each hour."""
    return mean * HOURS[at.hour] * WEEKDAYS[at.day_of_week]


def hours(days, *, start="2026-01-05", mean=20.0, seed=0, factor=None):
    """So many days of hourly counts, ``at value``, from Poisson; ``factor`` by time multiplies rates."""
    at = pd.date_range(start, periods=24 * days, freq="h", unit="us")
    rate = rates(at, mean=mean) * (1.0 if factor is None else factor(at))
    return pd.DataFrame({"at": at, "value": np.random.default_rng(seed).poisson(rate).astype(float)})
