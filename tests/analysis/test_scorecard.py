import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.card import CARD, card_metrics, main_rates, read_rates
from analytics_lib.analysis.changes import change_of, count_change, daily_variance, judged, share_size
from analytics_lib.analysis.scorecard import by_group, scorecard, sparklines
from analytics_lib.analysis.windows import choose_window, usual_windows
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.intervals import wilson
from analytics_lib.metrics.rates import Rates

# 30 March 2026 is a Monday.
MONDAY = {"since": dt.date(2026, 3, 30), "until": dt.date(2026, 3, 31)}
RATES = Rates("COP", ((dt.date(2026, 1, 1), 400.0, 50.0, 90.0),))


def talk(day, number=0, *, resolved=None, outcome=None, channel="web", user=None):
    """A conversation closed within its hour."""
    name = f"{day}-{channel}-{number}"
    more = {"end": f"{day} 10:30", "resolved": resolved, "outcome": outcome, "channel": channel}
    return (name, f"{day} 10:00", [("user", f"{day} 10:00")], {**more, "user": user or name})


def talks(day, of, *, resolved, **more):
    """So many conversations of as many users, the first ``resolved`` of them resolved."""
    return [talk(day, number, resolved=number < resolved, **more) for number in range(of)]


def row(frame, metric):
    return frame.set_index("metric").loc[metric]


def measured(store, *names, window=MONDAY, **more):
    return scorecard(store, [CATALOG[name] for name in names], **window, **more)


def test_usual_count_is_the_mean_of_the_same_weekdays(tell):
    store = tell(
        *talks("2026-03-02", 2, resolved=0), *talks("2026-03-16", 3, resolved=0),
        *talks("2026-03-23", 1, resolved=0), *talks("2026-03-24", 9, resolved=0),
        *talks("2026-03-30", 4, resolved=0),
    )  # fmt: skip
    found = row(measured(store, "conversations"), "conversations")
    assert (found["value"], found["usual_value"], found["usual_windows"]) == (4, 1.5, 4)
    assert found["usual_change"] == 2.5


def test_usual_rate_pools_counts_and_never_averages_rates(tell):
    store = tell(
        *talks("2026-03-02", 1, resolved=1), *talks("2026-03-16", 3, resolved=0),
        *talks("2026-03-30", 2, resolved=1),
    )  # fmt: skip
    found = row(measured(store, "resolution_rate"), "resolution_rate")
    assert (found["usual_numerator"], found["usual_denominator"], found["usual_value"]) == (1, 4, 0.25)
    assert (found["usual_low"], found["usual_high"]) == pytest.approx(wilson(1, 4))


def test_window_before_the_data_begin_is_not_observed_and_no_zero(tell):
    store = tell(*talks("2026-03-30", 2, resolved=1))
    found = row(measured(store, "conversations"), "conversations")
    assert found["value"] == 2
    assert math.isnan(found["previous_value"])
    assert math.isnan(found["previous_change"])
    assert found["usual_windows"] == 0
    assert found["previous_verdict"] == found["usual_verdict"] == "unknown"


def test_day_on_which_nobody_wrote_is_zero_and_its_rate_is_null(tell):
    store = tell(*talks("2026-03-02", 2, resolved=1), *talks("2026-03-30", 2, resolved=1))
    found = measured(store, "conversations", "resolution_rate")
    assert row(found, "conversations")["previous_value"] == 0
    assert math.isnan(row(found, "resolution_rate")["previous_value"])


def test_what_the_store_never_held_is_named_and_the_rest_is_measured(tell):
    store = tell(*talks("2026-03-30", 2, resolved=1))
    names = (
        "resolution_rate",
        "error_rate",
        "fallback_rate",
        "csat_response_rate",
        "conversion_rate",
        "orders",
    )
    found = measured(store, *names).set_index("metric")
    assert found["missing"].to_dict() == dict(
        zip(names, ["", "api_requests", "intent", "csat", "events", "orders"], strict=True)
    )
    assert found["value"]["resolution_rate"] == 0.5
    assert found["value"].drop("resolution_rate").isna().all()


def test_large_change_of_many_users_is_real_in_the_direction_of_the_metric(tell):
    before, after = "2026-03-29", "2026-03-30"
    store = tell(
        *talks(before, 40, resolved=4, outcome="resolved"),
        *talks(after, 40, resolved=36, outcome="abandoned"),
    )
    found = measured(store, "resolution_rate", "abandonment_rate").set_index("metric")
    assert found["previous_change"]["resolution_rate"] == pytest.approx(0.8)
    assert found["previous_verdict"].to_dict() == {"resolution_rate": "better", "abandonment_rate": "worse"}


def test_change_of_a_handful_is_called_few(tell):
    store = tell(*talks("2026-03-29", 9, resolved=0), *talks("2026-03-30", 9, resolved=9))
    found = row(measured(store, "resolution_rate"), "resolution_rate")
    assert found["previous_verdict"] == "few"


def test_count_without_two_weeks_of_days_has_no_interval(tell):
    store = tell(*talks("2026-03-29", 9, resolved=0), *talks("2026-03-30", 90, resolved=0))
    found = row(measured(store, "conversations"), "conversations")
    assert found["previous_change"] == 81
    assert found["previous_verdict"] == "unknown"


def test_count_is_judged_by_how_much_days_vary(tell):
    """28 days of 1 conversation vary like Poisson's: error of a day's difference √2, so 9 more is real."""
    days = [str(dt.date(2026, 3, 2) + dt.timedelta(days=n)) for n in range(28)]
    store = tell(*(talk(day) for day in days), *talks("2026-03-30", 10, resolved=0))
    found = row(measured(store, "conversations"), "conversations")
    assert found["previous_change"] == 9
    assert found["previous_change_low"] == pytest.approx(9 - 1.959964 * math.sqrt(2), abs=1e-6)
    assert found["previous_verdict"] == "moved"


def test_percentile_of_scattered_days_is_not_pooled_and_of_whole_weeks_it_is(tell):
    days = [str(dt.date(2026, 3, 2) + dt.timedelta(days=n)) for n in range(35)]
    store = tell(*(talk(day) for day in days))
    week = {"since": dt.date(2026, 3, 30), "until": dt.date(2026, 4, 6)}
    assert math.isnan(row(measured(store, "median_duration"), "median_duration")["usual_value"])
    assert row(measured(store, "median_duration", window=week), "median_duration")["usual_value"] == 1800


def test_nothing_later_than_as_of_is_known(tell):
    store = tell(*talks("2026-03-29", 1, resolved=1), talk("2026-03-30"))
    # The conversation starts at ten in Bogotá and is closed half an hour later.
    eleven = dt.datetime(2026, 3, 30, 16, tzinfo=dt.UTC)
    assert row(measured(store, "conversations", as_of=eleven), "conversations")["value"] == 1
    ten = eleven - dt.timedelta(hours=1)
    assert row(measured(store, "conversations", as_of=ten), "conversations")["value"] == 0
    assert math.isnan(row(measured(store, "conversations", as_of=MONDAY["since"]), "conversations")["value"])


def test_usual_windows_keep_the_weekdays_and_do_not_overlap():
    day = usual_windows(dt.date(2026, 3, 30), dt.date(2026, 3, 31))
    fortnight = usual_windows(dt.date(2026, 3, 16), dt.date(2026, 3, 30))
    assert [since.day for since, _ in day] == [23, 16, 9, 2]
    assert fortnight == [
        (dt.date(2026, 3, 2), dt.date(2026, 3, 16)),
        (dt.date(2026, 2, 16), dt.date(2026, 3, 2)),
    ]
    assert len(usual_windows(dt.date(2026, 1, 1), dt.date(2026, 2, 15))) == 1


def test_window_left_open_is_the_seven_days_before_the_last_one(tell):
    store = tell(talk("2026-03-10"))
    assert choose_window(store) == {
        "since": dt.date(2026, 3, 3),
        "until": dt.date(2026, 3, 10),
        "as_of": None,
    }
    assert choose_window(store, as_of="2026-03-06")["until"] == dt.date(2026, 3, 6)
    with pytest.raises(NotEnoughDataError, match="no message yet"):
        choose_window(tell())


def test_sparkline_has_zero_for_a_day_of_nobody_and_no_row_before_the_data(tell):
    store = tell(*talks("2026-03-27", 2, resolved=1), *talks("2026-03-29", 1, resolved=1))
    wanted = [CATALOG["conversations"], CATALOG["resolution_rate"]]
    daily = sparklines(store, wanted, until=dt.date(2026, 3, 30))
    values = {name: part["value"].tolist() for name, part in daily.groupby("metric")}
    assert values["conversations"] == [2, 0, 1]
    assert np.array_equal(values["resolution_rate"], [0.5, math.nan, 1.0], equal_nan=True)


def test_group_is_tested_against_all_others_together(tell):
    store = tell(
        *talks("2026-03-30", 40, resolved=36, channel="whatsapp"), *talks("2026-03-30", 30, resolved=6),
        *talks("2026-03-30", 10, resolved=0, channel="instagram"),
    )  # fmt: skip
    found = by_group(store, [CATALOG["resolution_rate"]], by="channel", **MONDAY).set_index("group")
    assert list(found.index) == ["whatsapp", "web", "instagram"]
    assert found["overall"].tolist() == pytest.approx([42 / 80] * 3)
    assert found["difference"]["whatsapp"] == pytest.approx(36 / 40 - 6 / 40)
    assert found["real"].to_dict() == {"whatsapp": True, "web": True, "instagram": False}


def test_one_group_alone_differs_from_nobody_and_unknown_dimensions_leave_nothing(tell):
    store = tell(*talks("2026-03-30", 40, resolved=9))
    alone = by_group(store, main_rates(), by="channel", **MONDAY)
    assert alone["difference"].isna().all()
    assert not alone["real"].any()
    assert by_group(store, main_rates(), by="endpoint", **MONDAY).empty


def test_money_in_two_currencies_is_missing_and_in_one_is_named(tell):
    def orders(*currencies):
        at = pd.Timestamp("2026-03-30 15:00", tz="UTC")
        rows = [(f"o{n}", "u1", at, 10.0, currency) for n, currency in enumerate(currencies)]
        return pd.DataFrame(rows, columns=["order_id", "user_id", "ordered_at", "amount", "currency"])

    one = measured(tell(talk("2026-03-30"), orders=orders("COP", "COP")), "revenue")
    two = measured(tell(talk("2026-03-30"), orders=orders("COP", "USD")), "revenue")
    assert (row(one, "revenue")["value"], row(one, "revenue")["unit"]) == (20, "COP")
    assert row(two, "revenue")["missing"] == "currencies"


def test_costs_need_rates_in_force_on_the_first_day(tell):
    store = tell(*talks("2026-03-30", 2, resolved=1))
    later = Rates("COP", ((dt.date(2026, 4, 1), 400.0, 50.0, 90.0),))
    for rates in (later, None):
        costs = [metric for metric in card_metrics(rates) if metric.name == "cost_per_resolution"]
        assert row(scorecard(store, costs, **MONDAY), "cost_per_resolution")["missing"] == "rates"


def test_card_holds_every_metric_once_with_its_rates_and_days():
    metrics = {metric.name: metric for metric in card_metrics(RATES, within_days=3)}
    assert list(metrics) == [name for names in CARD.values() for name in names]
    assert metrics["cost_per_order"].unit == "COP"
    assert metrics["durable_resolution_rate"].parameters["within_days"] == 3
    assert read_rates("no/such/rates.yaml") is None


def test_share_is_worth_what_wilson_took_it_for():
    """Wilson 8/10 of definitions: 0.490162 to 0.943318."""
    assert share_size(0.8, 0.490162, 0.943318) == pytest.approx(10, abs=1e-4)
    assert share_size(math.nan, math.nan, math.nan) == 0


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_size_is_read_back_from_any_interval_of_wilson(counts):
    k, n = counts
    assert share_size(k / n, *wilson(k, n)) == pytest.approx(n, rel=1e-6)


def test_change_of_shares_is_newcombes():
    """Newcombe 1998, table II: 56/70 less 48/80 is 0.0524 to 0.3339 by method 10."""
    sides = [
        dict(zip(("value", "low", "high"), (k / n, *wilson(k, n)), strict=True))
        for k, n in ((56, 70), (48, 80))
    ]
    change, low, high, p_value = change_of(*sides, share=True)
    assert (change, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert p_value < 0.05


def test_change_of_means_adds_the_squares_of_their_whiskers():
    now, before = {"value": 10, "low": 7, "high": 13}, {"value": 20, "low": 16, "high": 24}
    change, low, high, p_value = change_of(now, before, share=False)
    assert (change, low, high) == (-10, -15, -5)
    assert p_value == pytest.approx(math.erfc(10 / (5 / 1.959964) / math.sqrt(2)), rel=1e-4)


def test_count_that_never_varies_cannot_be_judged_unless_it_stays():
    assert count_change(5, 5, error=0.0)[3] == 1
    assert math.isnan(count_change(6, 5, error=0.0)[3])


def test_daily_variance_is_around_the_weekday_and_counts_vary_as_poissons_at_least():
    def days(values):
        return pd.DataFrame({"period": pd.date_range("2026-03-02", periods=len(values)), "numerator": values})

    swaying = [1.0] * 7 + [3.0] * 7
    assert daily_variance(days(swaying)) == 2
    assert daily_variance(days([5.0] * 14)) == 0
    assert daily_variance(days([5.0] * 14), at_least=1) == 5
    assert math.isnan(daily_variance(days([5.0] * 13)))


def test_all_comparisons_of_a_card_are_corrected_together():
    """BH of .01, .04, .03, .2 is .04, .0533, .0533, .2."""
    frame = pd.DataFrame(
        {
            "better": ["higher", "neither"], "few": False,
            **{f"{side}_few": False for side in ("a", "b")},
            **{f"{side}_change": 1.0 for side in ("a", "b")},
            **{f"{side}_change_low": 0.5 for side in ("a", "b")},
            **{f"{side}_change_high": 2.0 for side in ("a", "b")},
            "a_p_value": [0.01, 0.03], "b_p_value": [0.04, 0.2],
        }
    )  # fmt: skip
    found = judged(frame, ("a", "b"))
    assert found["a_p_value"].tolist() == pytest.approx([0.04, 0.053333], abs=1e-6)
    assert found["b_p_value"].tolist() == pytest.approx([0.053333, 0.2], abs=1e-6)
    assert [*found["a_verdict"], *found["b_verdict"]] == ["better", "same", "same", "same"]
