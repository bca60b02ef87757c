import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics_lib.analysis.volume import volume, volume_by_hour
from analytics_lib.errors import RequestError

# 2 March 2026 is a Monday.
WEEK = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}


def started(*moments, user="u1"):
    return [(f"{user}-{moment}", moment, [("user", moment)], {"user": user}) for moment in moments]


def days(frame, column="conversations"):
    return {str(row["period"])[5:10]: row[column] for row in frame.to_dict("records")}


def test_day_on_which_nothing_started_is_zero(tell):
    store = tell(*started("2026-03-02 10:00", "2026-03-02 11:00", "2026-03-04 10:00"))
    assert days(volume(store, **WEEK, period="day")) == {"03-02": 2, "03-03": 0, "03-04": 1}


def test_days_outside_of_what_the_store_knows_are_absent(tell):
    store = tell(*started("2026-03-04 10:00", "2026-03-05 10:00"))
    assert list(days(volume(store, **WEEK, period="day"))) == ["03-04", "03-05"]


def test_window_the_store_knows_nothing_of_is_empty(tell):
    store = tell(*started("2026-05-04 10:00"))
    assert volume(store, **WEEK, period="day").empty
    assert volume(tell(), **WEEK, period="day").empty


def test_day_of_the_last_message_may_still_be_running(tell):
    store = tell(*started("2026-03-04 10:00", "2026-03-05 10:00"))
    assert days(volume(store, **WEEK, period="day"), "complete") == {"03-04": True, "03-05": False}


def test_day_before_as_of_is_complete_and_later_ones_are_absent(tell):
    store = tell(*started("2026-03-04 10:00", "2026-03-05 10:00", "2026-03-06 10:00"))
    frame = volume(store, **WEEK, period="day", as_of=dt.date(2026, 3, 5))
    assert days(frame, "complete") == {"03-04": True}


def test_week_cut_off_by_the_window_is_incomplete(tell):
    store = tell(*started("2026-02-23 10:00", "2026-03-05 10:00", "2026-03-20 10:00"))
    frame = volume(store, since=dt.date(2026, 2, 25), until=dt.date(2026, 3, 16), period="week")
    assert days(frame, "complete") == {"02-23": False, "03-02": True, "03-09": True}


def test_week_in_which_the_data_begin_is_incomplete(tell):
    store = tell(*started("2026-03-03 10:00", "2026-03-20 10:00"))
    assert days(volume(store, **WEEK, period="week"), "complete") == {"03-02": False}


def test_users_count_once_a_period_and_messages_where_they_were_sent(tell):
    store = tell(
        *started("2026-03-02 10:00", "2026-03-02 12:00"),
        *started("2026-03-02 11:00", user="u2"),
        ("late", "2026-03-02 23:59", [("user", "2026-03-02 23:59"), ("bot", "2026-03-03 00:01")]),
    )
    frame = volume(store, **WEEK, period="day")
    assert days(frame, "users") == {"03-02": 2, "03-03": 0}
    assert days(frame, "messages") == {"03-02": 4, "03-03": 1}


def test_months_hold_their_own_number_of_days(tell):
    store = tell(*started("2026-01-01 10:00", "2026-02-28 10:00", "2026-03-01 10:00"))
    frame = volume(store, since=dt.date(2026, 1, 1), until=dt.date(2026, 3, 1), period="month")
    assert days(frame, "complete") == {"01-01": True, "02-01": True}


def test_unknown_period_is_refused(tell):
    with pytest.raises(RequestError, match="Unknown period 'year'"):
        volume(tell(), **WEEK, period="year")


def test_mean_by_hour_counts_days_on_which_nobody_wrote(tell):
    # Two Mondays at ten, one conversation; the data reach to the second Tuesday.
    store = tell(*started("2026-03-02 10:30", "2026-03-10 09:00"))
    frame = volume_by_hour(store, since=dt.date(2026, 3, 2), until=dt.date(2026, 3, 16))
    row = frame.set_index(["weekday", "hour"]).loc[(1, 10)]
    assert (row["conversations"], row["days"], row["conversations_per_day"]) == (1, 2, 0.5)


def test_sunday_is_day_seven(tell):
    store = tell(*started("2026-03-08 22:00", "2026-03-09 22:00"))
    frame = volume_by_hour(store, **WEEK)
    busy = frame[frame["conversations"] > 0]
    assert busy[["weekday", "hour"]].to_numpy().tolist() == [[7, 22]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 7 * 24 * 60 - 1), min_size=1, max_size=8, unique=True))
def test_every_way_to_cut_the_week_counts_the_same(tell, minutes):
    start = dt.datetime(2026, 3, 2)  # noqa: DTZ001  # wall clock
    store = tell(*started(*[str(start + dt.timedelta(minutes=minute)) for minute in minutes]))
    totals = {
        period: volume(store, **WEEK, period=period)["conversations"].sum()
        for period in ("hour", "day", "week")
    }
    assert set(totals.values()) == {len(minutes)}
    assert volume_by_hour(store, **WEEK)["conversations"].sum() == len(minutes)
