"""The parts of the forecast, each by numbers that the eye can check."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import RequestError
from analytics_lib.models import load, load_page
from analytics_lib.models.load_anomalies import find_anomalies, profile
from analytics_lib.models.load_backtest import Rolled, naive, prepare, roll
from analytics_lib.models.load_calendar import Calendar, read_events
from analytics_lib.models.load_coverage import worth
from analytics_lib.models.load_grid import read_grid, read_horizon
from analytics_lib.models.load_intervals import Scale, Spread, fit_spread, wide_spread
from analytics_lib.models.load_result import find_peaks
from analytics_lib.models.load_scores import busiest, choose, mase_scale, peak_hit
from analytics_lib.store import Store
from load_days import hours

HOUR = pd.Timedelta(hours=1)


def frame(times, values):
    return pd.DataFrame({"at": pd.to_datetime(times), "value": values})


def test_hours_without_a_row_are_unknown_and_doubles_are_averaged():
    grid = read_grid(
        frame(["2026-01-01 02:00", "2026-01-01 00:00", "2026-01-01 00:00"], [5, 1, 3]), step="1h"
    )

    assert list(grid.values[[0, 2]]) == [2, 5]
    assert np.isnan(grid.values[1])
    assert grid.notes == ("unordered", "duplicates", "gaps")
    assert grid.end == pd.Timestamp("2026-01-01 03:00")


def test_minutes_are_added_up_to_hours():
    times = pd.date_range("2026-01-01", periods=24, freq="5min")
    grid = read_grid(pd.DataFrame({"at": times, "value": 2}))

    assert grid.step == HOUR
    assert list(grid.values) == [24, 24]


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-01", "2026-01-01T01:00:00", "2026-01-01 02:00:00.000001"],
        ["2026-01-01 00:00", "2026-01-01T06:00:00Z", "2026-01-01T02:00:00-05:00"],
        [
            pd.Timestamp("2026-01-01"),
            dt.datetime(2026, 1, 1, 6, tzinfo=dt.UTC),
            pd.Timestamp("2026-01-01 02:00"),
        ],
    ],
)
def test_times_written_in_several_ways_are_all_read(times):
    grid = read_grid(pd.DataFrame({"at": pd.Series(times, dtype=object), "value": [1, 2, 3]}))

    assert list(grid.values) == [1, 2, 3]
    assert grid.start == pd.Timestamp("2026-01-01")
    assert "no_time" not in grid.notes


def test_one_text_that_is_no_time_leaves_the_others_without_a_zone():
    grid = read_grid(pd.DataFrame({"at": ["2026-01-01 00:00", "soon"], "value": [1, 2]}))

    assert (list(grid.values), grid.zone, grid.notes) == ([1], None, ("no_time",))


def test_two_whole_values_of_one_time_are_one_whole_value():
    grid = read_grid(frame(["2026-01-01 00:00", "2026-01-01 00:00", "2026-01-01 01:00"], [3, 4, 5]))

    assert list(grid.values) == [4, 5]


def test_the_step_that_as_of_lies_in_is_not_seen():
    grid = read_grid(
        frame(["2026-01-01 00:00", "2026-01-01 01:00"], [3, 4]),
        as_of=dt.datetime(2026, 1, 1, 6, 20, tzinfo=dt.UTC),
    )

    assert list(grid.values) == [3]
    assert grid.end == pd.Timestamp("2026-01-01 01:00")


@pytest.mark.parametrize(
    ("minutes", "step"), [(10, "30min"), (12, "1h"), (15, "15min"), (20, "1h"), (30, "30min"), (60, "1h")]
)
def test_a_step_holds_the_same_number_of_rows_each_time(minutes, step):
    times = pd.date_range("2026-01-01", periods=24, freq=f"{minutes}min")
    grid = read_grid(pd.DataFrame({"at": times, "value": 1}))

    assert grid.step == pd.Timedelta(step)
    assert len(set(grid.values[:-1])) == 1


def test_a_horizon_beyond_every_clock_is_too_many_steps():
    assert read_horizon("9999999999w", HOUR) > 1_000_000
    assert read_horizon(dt.timedelta.max, HOUR) > 1_000_000


@pytest.mark.parametrize(
    ("given", "steps"), [("24h", 24), ("7d", 168), ("90min", 2), (dt.timedelta(hours=3), 3), ("1w", 168)]
)
def test_horizon_is_read_in_steps(given, steps):
    assert read_horizon(given, HOUR) == steps


def test_seasonal_naive_takes_the_last_known_value_of_the_same_step():
    values = np.array([1.0, 2, 3, 4, np.nan, 6])

    assert list(naive(values, season=3, steps=4)) == [4, 2, 6, 4]


def test_seasonal_naive_takes_the_same_step_of_the_day_where_the_week_is_unknown():
    values = np.array([np.nan, 2, 3, 4.0])

    assert list(naive(values, season=4, steps=4, day=2)) == [3, 2, 3, 4]


def test_hours_that_are_off_together_are_worth_fewer_rows():
    days = np.repeat(np.arange(4), 6).reshape(4, 6)
    together, apart = np.ones((4, 6)), np.ones((4, 6))
    together[0, :4] = 0
    apart[:, 0] = 0

    # p = 20/24; errors of the days: -1 and three of 1: their squares 9 + 3 = 12, so that the variance is
    # 4/3 * 12/24², as of 5 independent rows (p(1-p) / variance).
    assert worth(together, days) == pytest.approx(20 / 24 * 4 / 24 / (4 / 3 * 12 / 24**2))
    assert worth(apart, days) == 24
    assert worth(np.ones((4, 6)), days) == 4
    assert worth(np.full((4, 6), np.nan), days) == 0


def test_scale_of_mase_is_the_mean_step_over_a_season():
    assert mase_scale(np.arange(1.0, 7), season=2) == 2
    assert np.isnan(mase_scale(np.array([3.0, 3, 3]), season=1))


def rolled(actual, **expected):
    made = {name: np.asarray(values, dtype=float) for name, values in expected.items()}
    return Rolled(np.arange(len(actual)), np.asarray(actual, dtype=float), made, 168)


def test_the_method_that_errs_least_is_chosen_and_the_baseline_where_nothing_beats_it():
    actual = [[10, 10, 10]]

    assert choose(rolled(actual, seasonal_naive=[[12] * 3], regression=[[15] * 3]))[0] == "seasonal_naive"
    assert choose(rolled(actual, seasonal_naive=[[15] * 3], regression=[[16] * 3]))[0] == "seasonal_naive"
    assert choose(rolled(actual, seasonal_naive=[[15] * 3], regression=[[12] * 3]))[0] == "regression"
    mean = choose(rolled(actual, seasonal_naive=[[14] * 3], regression=[[7] * 3]))
    assert mean == ("combined", ("regression", "seasonal_naive"))


def test_always_none_does_not_win_where_most_hours_are_zero():
    actual = [[0, 0, 0, 4]]

    assert choose(rolled(actual, seasonal_naive=[[0] * 4], regression=[[1] * 4]))[0] == "regression"


def test_peak_is_hit_within_an_hour_and_days_with_unknown_hours_do_not_count():
    actual = np.zeros((3, 24))
    actual[[0, 1, 2], [20, 20, 20]] = 5
    actual[2, 3] = np.nan
    expected = np.zeros((3, 24))
    expected[[0, 1, 2], [19, 18, 20]] = 5

    assert peak_hit(actual, expected, day=24) == 0.5


def test_the_four_busiest_hours_are_those_of_each_day():
    actual = np.arange(48.0).reshape(1, 48)

    assert list(np.flatnonzero(busiest(actual, 24)[0])) == [20, 21, 22, 23, 44, 45, 46, 47]


def test_bounds_are_the_errors_at_their_ranks():
    # 39 errors -19..19 on the scale: of 40 ranks, 80 % lie between the 4th and the 36th.
    scale = Scale(0.0)
    spread = Spread(scale, (np.arange(-19.0, 20),), np.ones(1), np.full((1, 1), 0.5))
    where = {"slots": np.array([0]), "leads": np.array([0])}
    (low, high), (lowest, highest) = spread.bounds(np.array([900.0]), (0.8, 0.95), **where)
    centre = np.sqrt(900 + 3 / 8)

    assert (low[0], high[0]) == pytest.approx(((centre - 16) ** 2 - 3 / 8, (centre + 16) ** 2 - 3 / 8))
    assert (lowest[0], highest[0]) == pytest.approx(((centre - 19) ** 2 - 3 / 8, (centre + 19) ** 2 - 3 / 8))


def test_a_higher_level_never_lies_inside_a_lower_one_where_errors_are_alike():
    alike = Spread(Scale(0.1), (np.repeat([-0.5, 0.5], 100),), np.ones(1), np.full((1, 1), 0.5), 0.85)
    slots = np.zeros(1, dtype=np.int64)

    narrow, wide = alike.bounds(np.array([5.0]), (0.8, 0.95), slots=slots, leads=slots)

    assert wide[0] <= narrow[0]
    assert wide[1] >= narrow[1]


def test_interval_by_rule_is_a_third_to_triple_and_of_nothing_a_few():
    spread, first = wide_spread(day=1, unit=1.0), np.zeros(2, dtype=np.int64)
    (low, high), (_, top) = spread.bounds(np.array([0.0, 200.0]), (0.8, 0.95), slots=first, leads=first)

    assert low[1] == pytest.approx(200 / 3.3, rel=0.05)
    assert high[1] == pytest.approx(200 * 3.3, rel=0.05)
    assert top[1] == pytest.approx(200 * 6.2, rel=0.05)
    assert (low[0], top[0] < 6) == (0, True)


def test_sum_that_is_expected_lies_in_its_interval():
    made = load.forecast(hours(20).assign(value=0.0), horizon="7d")

    assert load_page.totals_of(made)["low"] == 0


def test_scale_goes_up_and_down_and_never_under_zero():
    values = np.array([0.0, 1, 10, 1e6])

    for dispersion in (0.0, 0.1, 2.0):
        scale = Scale(dispersion)
        assert scale.down(scale.up(values)) == pytest.approx(values, abs=1e-6)
        assert scale.down(np.array([-5.0])) == 0


def test_errors_of_later_lead_days_widen_later_days_only():
    rng = np.random.default_rng(0)
    expected = np.full((40, 48), 100.0)
    actual = expected + rng.normal(0, np.repeat([5, 20], 24), (40, 48))
    slots = np.tile(np.arange(48) % 24, (40, 1))
    spread = fit_spread(actual, expected, slots=slots, day=24, unit=1.0)

    assert spread.by_lead[0] == 1
    assert spread.by_lead[1] == pytest.approx(4, rel=0.15)


def test_zeros_at_busy_hours_are_an_outage_and_a_lone_wild_hour_is_a_spike():
    days = hours(40)
    days.loc[days.index[800:812], "value"] = 0
    days.loc[500, "value"] = 400
    found = find_anomalies(read_grid(days))

    assert list(found.rows["kind"]) == ["spike", "outage"]
    assert found.rows["since"].iloc[0] == days["at"][500]
    assert (found.rows["since"].iloc[1], found.rows["until"].iloc[1]) == (days["at"][800], days["at"][812])
    assert found.left_out.sum() == 13
    assert found.outage.sum() == 12
    assert found.shifts == ()


def test_zeros_at_night_are_demand():
    quiet = hours(40, mean=1.0)

    assert (quiet["value"] == 0).mean() > 0.3
    assert not find_anomalies(read_grid(quiet)).left_out.any()


def test_hours_without_any_of_what_comes_in_clumps_are_demand():
    talks_an_hour = hours(40, mean=1.5)
    clumps = talks_an_hour.assign(value=15 * talks_an_hour["value"])
    found = find_anomalies(read_grid(clumps))

    assert not found.outage.any()
    assert found.left_out.sum() <= 2


def test_a_level_that_stays_is_no_anomaly():
    days = hours(40)
    days.loc[720:, "value"] *= 4
    found = find_anomalies(read_grid(days))

    assert found.shifts == (720,)
    assert found.left_out.mean() < 0.01


def test_profile_is_the_median_of_the_same_step_in_the_seasons_around():
    assert list(profile(np.array([1.0, 9, 3, np.nan, 8, 7]), season=2)) == [3, 8, 3, 8, 3, 8]


def test_nothing_after_an_origin_reaches_its_forecast():
    def rolled_over(history):
        grid = read_grid(history)
        special = (Calendar().columns(grid.times(24)), np.ones(len(grid.values) + 24))
        outage = np.zeros(len(grid.values), dtype=bool)
        methods = ("seasonal_naive", "yesterday", "regression")
        return roll(prepare(grid, steps=24, special=special, outage=outage, methods=methods), steps=24)

    past = hours(25)
    first = rolled_over(past)
    place = 5
    later = past.copy()
    later.loc[first.origins[place] :, "value"] = 7 * later["value"] + 100
    second = rolled_over(later)

    for name in first.expected:
        assert np.array_equal(first.expected[name][: place + 1], second.expected[name][: place + 1]), name
    assert not np.array_equal(first.expected["regression"][-1], second.expected["regression"][-1])


def test_calendar_knows_colombian_holidays_paydays_and_events():
    at = pd.date_range("2026-02-27", "2026-03-24", freq="D")
    sale = {"name": "sale", "since": "2026-03-02", "until": "2026-03-04"}
    found = Calendar(events=read_events([sale])).columns(at)

    assert list(at[found["payday"] == 1].day) == [28, 15]
    # San José, moved to the Monday after the 19th.
    assert list(at[found["holiday"] == 1]) == [pd.Timestamp("2026-03-23")]
    assert list(at[found["event:sale"] == 1].day) == [2, 3]
    assert list(found["event"]) == list(found["event:sale"])


def test_events_are_written_in_one_line():
    found = load_page.events_of("sale=2026-03-02/2026-03-03, opening=2026-04-01/2026-04-01x1.8")

    assert found == read_events(
        [
            {"name": "sale", "since": "2026-03-02", "until": "2026-03-04"},
            {"name": "opening", "since": "2026-04-01", "until": "2026-04-02", "factor": 1.8},
        ]
    )
    assert load_page.events_of("") == ()
    with pytest.raises(RequestError, match="'sale 2026' is no event"):
        load_page.events_of("sale 2026")
    with pytest.raises(RequestError, match="since must be before until"):
        read_events([{"name": "sale", "since": "2026-03-02", "until": "2026-03-02"}])


def test_a_tie_for_the_peak_counts_for_each_in_equal_parts():
    at = pd.Series(pd.date_range("2026-01-05 10:00", periods=3, freq="h"))
    made = pd.DataFrame({"at": at, "expected": [4.0, 4, 1], "low_95": 0.0, "high_95": 9.0})
    paths = np.array([[5.0, 5, 0], [7, 3, 0]])
    found = find_peaks(made, paths, levels=(0.95,), daily=False)

    assert list(found["at"].dt.hour) == [10, 11, 12]
    assert list(found["probability"]) == [0.75, 0.25, 0]


def talks(*started):
    ids = [f"c{place}" for place in range(len(started))]
    channels = ["web", *["whatsapp"] * (len(started) - 1)]
    return pd.DataFrame(
        {
            "conversation_id": ids,
            "user_id": "u",
            "channel": channels,
            "started_at": [pd.Timestamp(one, tz="America/Bogota").tz_convert("UTC") for one in started],
            "started_local": [pd.Timestamp(one) for one in started],
        }
    )


def test_hours_of_the_first_day_are_zero_and_the_running_hour_is_absent():
    rows = talks("2026-01-05 02:10", "2026-01-05 02:50", "2026-01-05 05:20")
    with Store.in_memory(conversations=rows) as store:
        whole = load.history(store)
        known = load.history(store, as_of=dt.datetime(2026, 1, 5, 10, 0, tzinfo=dt.UTC))
        by = load.history(store, by="channel")

    assert list(whole["value"]) == [0, 0, 2, 0, 0]
    assert whole["at"].iloc[0] == pd.Timestamp("2026-01-05")
    assert list(known["value"]) == [0, 0, 2]
    assert by.groupby("channel")["value"].apply(list).to_dict() == {
        "web": [0, 0, 1, 0, 0],
        "whatsapp": [0, 0, 1, 0, 0],
    }


def wrote(**senders):
    rows = [(one, who) for one, several in senders.items() for who in several]
    at = pd.Timestamp("2026-01-05 12:00", tz="UTC")
    return pd.DataFrame(
        {
            "message_id": [f"m{place}" for place in range(len(rows))],
            "conversation_id": [one for one, _ in rows],
            "sent_at": at,
            "sent_local": at.tz_localize(None),
            "sender": [who for _, who in rows],
            "user_id": "u",
            "kind": "text",
        }
    )


def test_what_the_business_began_and_nobody_answered_is_no_demand():
    rows = talks("2026-01-05 00:10", "2026-01-05 00:20", "2026-01-05 00:50", "2026-01-05 01:20")
    # Of c2 nothing is stored of what was written: it counts.
    messages = wrote(c0=["bot", "user"], c1=["bot", "agent"], c3=["user"])
    with Store.in_memory(conversations=rows, messages=messages) as store:
        assert list(load.history(store)["value"]) == [2]
        assert list(load.history(store, as_of=dt.datetime(2026, 1, 6, tzinfo=dt.UTC))["value"]) == [2, 1]
        by = load.history(store, by="channel").set_index("channel")["value"]
    assert by.to_dict() == {"web": 1, "whatsapp": 1}


def test_an_empty_table_has_no_history_and_an_unknown_measure_is_refused():
    with Store.in_memory() as store:
        assert load.history(store, by="channel").empty
        with pytest.raises(RequestError, match="Unknown measure 'calls'"):
            load.history(store, measure="calls")
        with pytest.raises(RequestError, match="expected endpoint"):
            load.history(store, measure="api_requests", by="channel")


odd = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 10**9), st.just(0.0))


@settings(max_examples=25, deadline=None)
@given(values=st.lists(odd, max_size=130), gaps=st.integers(0, 3), horizon=st.sampled_from(["1h", "30h"]))
def test_no_history_however_odd_makes_it_raise_or_give_no_number(values, gaps, horizon):
    at = pd.date_range("2026-01-05 07:00", periods=len(values), freq="h")
    rows = pd.DataFrame({"at": at, "value": np.array(values, dtype=float)})
    made = load.forecast(rows.iloc[:: gaps + 1], horizon=horizon, methods=["seasonal_naive", "regression"])
    numbers = made.frame.drop(columns="at").to_numpy(dtype=float)

    assert len(made.frame) == {"1h": 1, "30h": 30}[horizon]
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (made.frame["low_95"] <= made.frame["high_95"]).all()
    assert made.peaks["probability"].between(0, 1).all()
