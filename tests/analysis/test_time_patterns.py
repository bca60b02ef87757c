"""The week's rhythm: volume and rates by weekday and hour."""

import datetime as dt
import math

import numpy as np
import pytest
from topic_asking import chat, store_of

from analytics_lib.analysis.time_patterns import week_hours
from analytics_lib.errors import RequestError

# 2026-03-02 is a Monday; the window holds two of each weekday.
FORTNIGHT = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 16)}
ENDS = [chat(day, f"edge{day}", "x", hour=3) for day in ("2026-03-02", "2026-03-15")]


def cells(*chats, metric="conversations", **more):
    frame = week_hours(store_of(*ENDS, *chats), **FORTNIGHT, **more)
    return frame[frame["metric"] == metric].set_index(["weekday", "hour"])


def test_volume_is_a_mean_over_the_days_of_the_window_that_are_that_weekday():
    tuesday = cells(*[chat("2026-03-03", f"u{n}", "x", hour=10) for n in range(6)]).loc[(2, 10)]
    assert (tuesday["numerator"], tuesday["days"], tuesday["value"]) == (6, 2, 3)


def test_every_hour_of_the_week_has_a_row_and_a_quiet_one_is_zero():
    frame = cells()
    assert len(frame) == 168
    assert frame.loc[(5, 14), "value"] == 0


def test_rate_of_an_hour_nobody_wrote_in_is_null_and_not_zero():
    assert math.isnan(cells(metric="escalation_rate").loc[(5, 14), "value"])


def test_hour_in_which_more_is_escalated_is_found_and_few_ones_are_marked():
    calm = [chat("2026-03-04", f"c{n}", "x", hour=n // 60 + 8, escalated=n % 20 == 0) for n in range(600)]
    bad = [chat("2026-03-05", f"b{n}", "x", hour=15, escalated=n % 2 == 0) for n in range(60)]
    one = [chat("2026-03-06", "one", "x", hour=20, escalated=True)]
    frame = cells(*calm, *bad, *one, metric="escalation_rate")
    assert frame.index[frame["real"]].tolist() == [(4, 15)]
    assert frame.loc[(4, 15), ["numerator", "denominator"]].tolist() == [30, 60]
    assert frame.loc[(4, 15), "difference"] == pytest.approx(0.5 - frame.loc[(4, 15), "rest"])
    assert frame.loc[(5, 20), "few"]
    assert math.isnan(frame.loc[(5, 20), "p_value"])


def test_numerators_add_up_to_all_conversations():
    random = np.random.default_rng(0)
    days, hours = random.integers(2, 16, 50), random.integers(0, 24, 50)
    chats = [
        chat(f"2026-03-{day:02}", f"r{n}", "x", hour=hour)
        for n, (day, hour) in enumerate(zip(days, hours, strict=True))
    ]
    assert cells(*chats)["numerator"].sum() == 52


def test_segment_leaves_the_others_out():
    chats = [
        chat("2026-03-03", "i", "x", hour=10, channel="instagram"),
        chat("2026-03-03", "w", "x", hour=10),
    ]
    assert cells(*chats, segment=("channel", "instagram"))["numerator"].sum() == 1


def test_rate_without_its_table_has_no_rows_and_the_volume_stays():
    frame = week_hours(store_of(*ENDS), **FORTNIGHT)
    assert frame["metric"].unique().tolist() == ["conversations", "escalation_rate"]


def test_end_that_decides_a_rate_leaves_the_rates_out():
    frame = week_hours(store_of(*ENDS), **FORTNIGHT, outcome="resolved")
    assert frame["metric"].unique().tolist() == ["conversations"]
    with pytest.raises(RequestError, match="Unknown outcome 'won'; expected one of purchase"):
        week_hours(store_of(*ENDS), **FORTNIGHT, outcome="won")
