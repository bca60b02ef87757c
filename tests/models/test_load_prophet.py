"""Prophet used rightly: its documented example, and what is made of it here."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics_lib.models import load
from analytics_lib.models.load_calendar import Calendar
from analytics_lib.models.load_prophet import fit_prophet, predict_prophet, prophet_mean
from load_days import hours, rates

PEYTON = Path(__file__).parents[3] / "shared/data/load-prophet/example_wp_log_peyton_manning.csv"


@pytest.mark.skipif(not PEYTON.exists(), reason="the example series of Prophet's documentation is not here")
def test_documented_forecast_is_found_again(capfd):
    series = pd.read_csv(PEYTON, parse_dates=["ds"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_prophet(series)
        said = predict_prophet(model, model.make_future_dataframe(periods=365)).set_index("ds")
        again = predict_prophet(model, pd.DataFrame({"ds": [pd.Timestamp("2017-01-15")]}))

    assert said.loc["2017-01-15", "yhat"] == pytest.approx(8.213, abs=0.02)
    assert said.loc["2017-01-16", "yhat"] == pytest.approx(8.538, abs=0.02)
    assert again["yhat"].iloc[0] == pytest.approx(said.loc["2017-01-15", "yhat"])
    assert capfd.readouterr() == ("", "")
    assert not logging.getLogger("cmdstanpy").disabled


def test_mean_by_prophet_is_near_the_true_rates_and_its_growth_flattens():
    past = hours(28, factor=lambda at: 1.0 + (at - at[0]).days / 28)
    at = pd.date_range(past["at"].iloc[0], periods=24 * 88, freq="h", unit="us")
    calendar = Calendar(country=None, paydays=()).columns(at)
    mean, parts = prophet_mean(at, past["value"].to_numpy(), origin=672, calendar=calendar, day=24)
    daily = mean.reshape(-1, 24).sum(axis=1)

    truth = np.asarray(rates(at) * (1.0 + (at - at[0]).days / 28))[:672]
    assert np.abs(mean[:672] - truth).sum() / truth.sum() < 0.1
    # It doubled in four weeks; eight weeks on it has not doubled twice more.
    assert daily[-7:].sum() < 2.5 * daily[21:28].sum()
    assert "trend" in parts


def test_prophet_is_always_shown_beside_the_others():
    made = load.forecast(hours(22), horizon="24h")

    assert {"seasonal_naive", "regression", "prophet", "prophet_level"} <= set(made.backtest["method"])
    assert made.backtest["mase"].notna().all()
    assert {"at", "prophet", "regression"} <= set(made.methods)
