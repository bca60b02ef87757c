"""Who is new, stays, returns and leaves; on how many days; how often people come by themselves."""

import datetime as dt

import numpy as np
import pytest
from cohort_stories import writing
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.analysis import cohorts
from analytics_lib.errors import RequestError

MAY = dt.date(2024, 5, 1)


def test_each_state_is_counted_where_it_happens():
    store = writing(
        *(("a", f"2024-0{month}-05") for month in (1, 2, 4)),
        ("b", "2024-01-07"),
        ("c", "2024-02-01"),
        ("c", "2024-02-02"),
    )
    found = cohorts.lifecycle(store, period="month", as_of=MAY)

    assert found[["active", "new", "returning", "resurrected", "dormant"]].to_numpy().tolist() == [
        [2, 2, 0, 0, 0],
        [2, 1, 1, 0, 1],
        [0, 0, 0, 0, 2],
        [1, 0, 0, 1, 0],
    ]
    assert found["quick_ratio"].tolist() == pytest.approx([np.nan, 1, 0, np.nan], nan_ok=True)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 60)), min_size=1, max_size=25))
def test_states_add_up(visits):
    store = writing(*((user, dt.datetime(2024, 1, 1) + dt.timedelta(days=day)) for user, day in visits))  # noqa: DTZ001  # wall clock
    found = cohorts.lifecycle(store, period="week", as_of=MAY)

    assert (found["active"] == found["new"] + found["returning"] + found["resurrected"]).all()
    assert (found["dormant"].iloc[1:] == (found["active"].shift() - found["returning"]).iloc[1:]).all()
    assert found["new"].sum() == len({user for user, _ in visits})
    assert (found[["new", "returning", "resurrected", "dormant"]] >= 0).all().all()


def test_days_of_a_leap_february_are_counted_once_each():
    store = writing(
        ("a", "2024-02-29 01:00"), ("a", "2024-02-29 23:00"), ("b", "2024-02-01"), ("b", "2024-02-28")
    )
    found = cohorts.stickiness(store, period="month", as_of=dt.date(2024, 3, 5))

    assert found["days"].tolist() == list(range(1, 30))
    assert found["users"].tolist()[:3] == [1, 1, 0]
    assert found["at_least_share"].tolist()[:3] == [1, 0.5, 0]
    # Three days with somebody there in 29, by two users.
    assert found["daily_share"].iloc[0] == pytest.approx(3 / 29 / 2)


def test_stickiness_of_a_day_is_no_question():
    with pytest.raises(RequestError, match="'day'"):
        cohorts.stickiness(writing(("a", "2024-01-01")), period="day", as_of=MAY)


def test_usage_interval_is_the_median_pause_of_whoever_came_twice():
    weekly = [("a", f"2024-01-{day:02}") for day in (1, 8, 15, 29)]
    found = cohorts.usage_interval(writing(*weekly, ("b", "2024-01-01"), ("b", "2024-01-31")), as_of=MAY)

    assert found.rows[["days", "users"]].to_numpy().tolist() == [[7, 1], [30, 1]]
    assert found.period == "month"
    assert found.users == 2


def test_one_visit_says_nothing_about_the_interval():
    found = cohorts.usage_interval(writing(("a", "2024-01-01")), as_of=MAY)
    assert (found.users, found.single_day_users, found.period) == (0, 1, None)
