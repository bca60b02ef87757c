"""What the forecast promises of any history: counts with intervals, peaks, the best method, no surprises."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models import load
from analytics_lib.models.load_backtest import METHODS
from analytics_lib.simulate.arrivals import HOUR_FACTORS
from analytics_lib.simulate.arrivals import calendar as planted_calendar
from analytics_lib.simulate.world import create_world
from load_days import WEEKDAYS, hours, rates

QUICK = METHODS[:3]
FORTY = hours(40)


def quick(history, horizon="24h", **options):
    return load.forecast(history, horizon=horizon, methods=QUICK, **options)


@pytest.fixture(scope="module")
def forty():
    return quick(FORTY)


def is_sound(made, steps):
    numbers = made.frame.drop(columns="at").to_numpy(dtype=float)
    in_order = made.frame[["low_95", "low_80", "expected", "high_80", "high_95"]].to_numpy(dtype=float)
    return (
        len(made.frame) == steps
        and np.isfinite(numbers).all()
        and (numbers >= 0).all()
        and (np.diff(in_order, axis=1) >= 0).all()
        and np.isfinite(made.samples(20)).all()
    )


def test_forecast_begins_after_the_last_hour_and_has_the_pinned_columns(forty):
    assert list(forty.frame) == ["at", "expected", "low_80", "high_80", "low_95", "high_95"]
    assert list(forty.frame["at"]) == list(pd.date_range("2026-02-14", periods=24, freq="h"))
    assert is_sound(forty, 24)


def test_expected_counts_are_near_the_true_rates_and_beat_the_week_before(forty):
    truth = rates(pd.DatetimeIndex(forty.frame["at"]))
    table = forty.backtest.set_index("method")

    assert forty.method == "regression"
    assert np.abs(forty.frame["expected"] - truth).sum() / truth.sum() < 0.12
    assert table.loc["regression", "mase"] < table.loc["seasonal_naive", "mase"]
    assert table["season"].unique() == [168]
    assert table["origins"].unique() == [26]


def test_the_likeliest_peak_is_the_hour_of_the_highest_rate(forty):
    first = forty.peaks.iloc[0]

    assert first["at"].hour == 20
    assert list(forty.peaks["rank"]) == [1, 2, 3]
    assert forty.peaks["probability"].is_monotonic_decreasing
    assert 0.3 < first["probability"] < 1


def test_samples_are_whole_counts_spread_as_the_intervals_say(forty):
    paths = forty.samples(4_000, seed=1)
    frame = forty.frame

    assert paths.shape == (4_000, 24)
    assert (paths == np.rint(paths)).all()
    assert (paths == forty.samples(4_000, seed=1)).all()
    assert np.abs(paths.mean(axis=0) / frame["expected"] - 1).max() < 0.12
    for side, share in (("low_80", 0.1), ("high_80", 0.9)):
        assert np.abs(np.quantile(paths, share, axis=0) - frame[side]).max() <= 1.5


def test_same_history_gives_the_same_forecast(forty):
    pd.testing.assert_frame_equal(quick(FORTY.sample(frac=1, random_state=3)).frame, forty.frame)


def test_comparison_is_with_the_same_hour_a_week_and_52_weeks_before(forty):
    assert list(forty.comparison["last_week"]) == list(FORTY["value"].iloc[-168:-144])
    assert forty.comparison["last_year"].isna().all()


def test_aware_times_come_back_in_their_zone_and_are_read_by_the_wall_clock(forty):
    zoned = FORTY.assign(at=FORTY["at"].dt.tz_localize("America/Bogota").dt.tz_convert("UTC"))
    made = quick(zoned)

    assert made.frame["at"].iloc[0] == pd.Timestamp("2026-02-14T05:00Z")
    assert list(made.frame["expected"]) == list(forty.frame["expected"])


def spiked():
    return FORTY.assign(value=np.where(FORTY.index == 500, 1000.0, 0.0))


@pytest.mark.parametrize(
    ("history", "note"),
    [
        (FORTY.iloc[:0], "empty"),
        (FORTY.assign(value=np.nan), "empty"),
        (FORTY.iloc[:1], "few_days"),
        (FORTY.iloc[:2], "few_days"),
        (FORTY.iloc[:72], "few_days"),
        (FORTY.assign(value=5.0), "constant"),
        (FORTY.assign(value=0.0), "zeros"),
        (spiked(), "zeros"),
    ],
    ids=["no row", "nothing known", "one hour", "two hours", "three days", "constant", "zeros", "one spike"],
)
def test_where_nothing_can_be_learnt_the_answer_is_plain_wide_and_noted(history, note):
    made = quick(history)

    assert note in made.notes
    assert is_sound(made, 24)
    assert (made.frame["high_95"] > made.frame["low_95"] + 1).all()
    assert made.method in {"none", "mean", "yesterday", "seasonal_naive"}


@pytest.mark.parametrize("usual", [0.0, 20.0])
def test_a_lone_spike_in_what_stands_still_does_not_come_back(usual):
    history = FORTY.assign(value=usual)
    history.loc[len(history) - 60, "value"] = 900.0
    made = quick(history, "7d")

    assert made.frame["expected"].unique().tolist() == [usual]
    assert list(made.anomalies["kind"]) == ["spike"]


def test_what_repeats_exactly_has_a_wide_interval_by_rule():
    history = FORTY.assign(value=np.where(FORTY["at"].dt.hour == 9, 70.0, 10.0))
    made = quick(history)

    assert made.frame["expected"].tolist() == [70.0 if hour == 9 else 10.0 for hour in range(24)]
    assert (made.frame["high_80"] > 2 * made.frame["expected"]).all()
    assert "by_rule" in made.notes


def test_no_interval_goes_beyond_five_times_the_most_that_came():
    random = np.random.default_rng(0)
    history = FORTY.assign(
        value=np.where(random.random(len(FORTY)) < 0.03, 300.0, random.poisson(5, len(FORTY)))
    )
    made = quick(history, levels=(0.8, 0.999))

    assert made.frame["high_99.9"].max() <= 5 * 300
    assert made.samples(500).max() <= 5 * 300


def test_what_begins_with_weeks_of_which_nothing_is_known_is_forecast_from_the_rest():
    history = FORTY.copy()
    history.loc[: 24 * 25, "value"] = np.nan
    lone = pd.concat([FORTY.iloc[:1], FORTY.iloc[24 * 18 :]])

    assert is_sound(quick(history), 24)
    assert is_sound(load.forecast(lone, horizon="24h"), 24)


def test_steps_without_any_time_are_counted_from_1970_and_that_is_said():
    assert "no_start" in quick(FORTY.iloc[:0]).notes
    made = quick(FORTY.iloc[:0], as_of=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))

    assert "no_start" not in made.notes
    assert made.frame["at"].iloc[0] == pd.Timestamp("2026-02-28 19:00")


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        (lambda h: h.drop(index=range(400, 500)), {"gaps"}),
        (lambda h: pd.concat([h, h.iloc[100:130]]), {"duplicates"}),
        (lambda h: h.assign(value=h["value"].where(h.index != 50, np.inf)), {"not_finite"}),
        (lambda h: h.assign(value=h["value"].where(h.index != 50, -3)), {"negative"}),
        (lambda h: h.assign(value=h["value"].where((h.index < 800) | (h.index > 830), 0)), {"outage"}),
        (lambda h: h.assign(value=h["value"] * np.where(h.index < 700, 1, 4)), {"level_shift"}),
    ],
    ids=["gap", "doubles", "infinite", "negative", "outage", "level"],
)
def test_what_is_wrong_with_a_history_is_noted_and_moves_the_forecast_little(change, notes, forty):
    made = quick(change(FORTY))
    scale = 4 if "level_shift" in notes else 1

    assert notes <= set(made.notes)
    assert is_sound(made, 24)
    assert made.frame["expected"].sum() == pytest.approx(scale * forty.frame["expected"].sum(), rel=0.12)


def test_days_and_quarters_of_an_hour_are_forecast_in_their_own_step():
    days = hours(120).set_index("at").resample("D")["value"].sum().reset_index()
    made = quick(days, "14d")
    of_weekday = made.frame.groupby(made.frame["at"].dt.day_of_week)["expected"].mean()

    assert is_sound(made, 14)
    assert made.step == pd.Timedelta(days=1)
    assert np.abs(of_weekday / of_weekday.mean() - WEEKDAYS / WEEKDAYS.mean()).max() < 0.1
    quarter = pd.DataFrame({"at": pd.date_range("2026-01-05", periods=96 * 6, freq="15min"), "value": 3.0})
    assert len(quick(quarter, "2h").frame) == 8


def test_events_of_the_past_tell_what_one_to_come_will_do():
    on = [("2026-02-03", "2026-02-05"), ("2026-02-24", "2026-02-26"), ("2026-03-11", "2026-03-13")]
    events = load.read_events([{"name": "sale", "since": a, "until": b} for a, b in on])

    def doubled(at):
        return 1.0 + np.any([(at >= a) & (at < b) for a, b in on], axis=0)

    past = hours(65, factor=doubled)
    calendar = load.Calendar(country=None, paydays=(), events=events)
    with_it = quick(past, calendar=calendar)
    truth = 2 * rates(pd.DatetimeIndex(with_it.frame["at"])).sum()

    assert past["at"].iloc[-1] == pd.Timestamp("2026-03-10 23:00")
    factor = with_it.components.set_index("item").loc["event:sale", "factor"]
    assert factor == pytest.approx(2.0, rel=0.08)
    assert with_it.frame["expected"].sum() == pytest.approx(truth, rel=0.1)


def test_a_known_factor_of_an_event_is_used_as_it_is(forty):
    event = {"name": "opening", "since": "2026-02-14", "until": "2026-02-15", "factor": 3}
    made = quick(FORTY, calendar=load.Calendar(events=load.read_events([event])))

    assert made.frame["expected"].sum() == pytest.approx(3 * forty.frame["expected"].sum(), rel=1e-6)


def test_growth_goes_on_and_flattens_and_does_not_fall_back_to_the_past():
    def growing(at):
        return 1.1 ** np.asarray((at - at[0]) / pd.Timedelta(days=1))

    past = hours(28, mean=2.0, factor=growing)
    made = load.forecast(past, horizon="8w", methods=["seasonal_naive", "regression"])
    last = past["value"].iloc[-168:].sum()
    weeks = made.methods["regression"].to_numpy().reshape(8, 168).sum(axis=1)

    # Ten percent a day is twice as much a week later; all the growth to come is that of 19 days: six times.
    assert 1.2 * last < weeks[0] < 2.1 * last
    assert (np.diff(weeks) > 0).all()
    assert np.diff(weeks)[-1] < np.diff(weeks)[1]
    assert weeks[-1] < 6.2 * 2.1 * last


def test_an_outage_in_the_first_week_is_no_demand():
    past = hours(5, seed=3)
    broken = past.assign(value=past["value"].where((past.index < 58) | (past.index >= 70), 0))
    made, whole = (quick(one).methods["regression"].sum() for one in (broken, past))

    assert list(quick(broken).anomalies["kind"]) == ["outage"]
    assert made == pytest.approx(whole, rel=0.02)


def test_of_few_forecasts_intervals_are_wider_and_what_held_has_its_n_and_limits():
    made = quick(hours(12))
    best = made.backtest.loc[made.backtest["chosen"]].iloc[0]

    # Ten forecasts: t with 9 degrees of freedom is 2.262, and 2.262 / 1.960 * sqrt(1.1) = 1.210.
    assert best["origins"] == 10
    assert made.spread.stretch >= 1.21
    assert best["coverage_95_n"] == 5 * 24
    assert 0.85 < best["coverage_95_low"] < best["coverage_95"] <= best["coverage_95_high"] <= 1


def test_coverage_is_told_by_weekday_and_by_kind_of_day_with_its_n(forty):
    told = forty.coverage
    told = told[(told["method"] == forty.method) & (told["level"] == 0.95)].set_index(["by", "item"])
    judged = 13 * 24

    # Of 26 origins the last 13 are judged, from Sunday 1 February 2026 on: no wage is paid, no holiday is.
    assert told.loc[("all", ""), "n"] == judged
    assert told.loc["weekday", "n"].to_dict() == {str(day): 24 if day == 6 else 48 for day in range(1, 8)}
    assert told.loc[("kind", "ordinary"), "n"] == judged
    assert (told["low"] <= told["coverage"]).all()
    assert ("kind", "payday") not in told.index


@pytest.mark.parametrize(("days", "origins"), [(63, 43), (70, 50), (200, 112)])
def test_forecasts_by_the_day_are_judged_on_many_days(days, origins):
    rows = hours(days).set_index("at").resample("D")["value"].sum().reset_index()
    made = load.forecast(rows, horizon="7d", methods=["seasonal_naive"])

    # 14 days are seen before the first origin where 28 would leave too few, and 7 after the last.
    assert made.backtest["origins"].unique().tolist() == [origins]


def test_each_channel_has_its_forecast():
    both = pd.concat(
        [FORTY.assign(channel="web"), FORTY.assign(channel="instagram", value=FORTY["value"] * 2)]
    )
    made = load.forecast_by(both, horizon="24h", methods=["seasonal_naive"])

    assert list(made) == ["instagram", "web"]
    assert list(made["instagram"].frame["expected"]) == list(2 * made["web"].frame["expected"])
    with pytest.raises(RequestError, match="2 channels"):
        load.forecast(both, horizon="24h")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": "soon"}, "horizon is 'soon'"),
        ({"horizon": dt.timedelta(0)}, "above 0"),
        ({"horizon": 24}, "horizon is 24"),
        ({"horizon": "24h", "levels": (0.8, 1.2)}, "levels is"),
        ({"horizon": "24h", "step": "2h"}, "Unknown step '2h'"),
        ({"horizon": "24h", "methods": ["oracle"]}, "Unknown method 'oracle'"),
    ],
)
def test_a_wrong_request_says_what_was_expected(options, message):
    with pytest.raises(RequestError, match=message):
        load.forecast(FORTY, **options)
    with pytest.raises(RequestError, match="at missing"):
        load.forecast(FORTY[["value"]], horizon="24h")


def test_what_the_simulator_planted_is_found_again_and_the_daily_peak_is_hit():
    world = create_world(conversations=1, seed=1, until=dt.date(2026, 11, 1), days=180)
    days = planted_calendar(world)
    at = pd.date_range(days["day"].iloc[0], periods=24 * len(days), freq="h", unit="us")
    rate = np.outer(days["intensity"], HOUR_FACTORS).ravel() * 50
    past = pd.DataFrame({"at": at, "value": np.random.default_rng(0).poisson(rate).astype(float)})
    campaigns = days[days["campaign"] != ""].groupby("campaign")["day"].agg(["min", "max"])
    events = [
        {"name": name, "since": first, "until": last + dt.timedelta(days=1)}
        for name, first, last in campaigns.itertuples()
    ]
    made = quick(past, calendar=load.Calendar(events=load.read_events(events)))
    found = made.components.set_index("item")["factor"]
    hour = made.components[made.components["component"] == "hour"].set_index("item")["factor"]

    assert found["payday"] == pytest.approx(1.35, rel=0.04)
    assert found["holiday"] == pytest.approx(0.70, rel=0.04)
    assert found["event:temporada"] == pytest.approx(2.0, rel=0.06)
    assert hour["20"] / hour["3"] == pytest.approx(1.90 / 0.05, rel=0.1)
    assert made.backtest.set_index("method").loc[made.method, "peak_hit"] >= 0.8
