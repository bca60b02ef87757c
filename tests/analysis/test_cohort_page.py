"""The page of cohorts answers what it can, also where there is next to nothing."""

import datetime as dt

import pandas as pd
import pytest
from cohort_stories import ordered, writing

from analytics_lib.analysis import cohort_page
from analytics_lib.errors import RequestError

MARCH = {"period": "month", "as_of": dt.date(2024, 3, 10), "since": dt.date(2023, 9, 1), "by": "channel"}


def test_one_user_who_did_not_return_is_one_of_one():
    found = cohort_page.read(writing(("a", "2024-01-05")), **MARCH)
    assert cohort_page.results(found, by="channel") == {
        "users": 1,
        "cohorts": 1,
        "retention": [1, 0],
        "pooled_users": [1, 1],
        "active": [1, 0],
        "revenue_per_user": [],
        "real": [],
    }


def test_before_anything_has_ended_every_frame_is_empty():
    found = cohort_page.read(writing(("a", "2024-03-05")), **MARCH)
    assert all(not len(frame) for frame in found.values() if isinstance(frame, pd.DataFrame))


def test_orders_in_two_currencies_leave_the_rest_of_the_page():
    orders = ordered(("a", "2024-01-06", 5), ("a", "2024-01-07", 1, "USD"))
    found = cohort_page.read(writing(("a", "2024-01-05"), orders=orders), **MARCH)
    assert len(found["worth"]) == 0
    assert len(found["cells"]) == 2


def test_value_by_age_sums_people_and_money():
    orders = ordered(("a", "2024-01-06", 30), ("b", "2024-02-07", 10))
    found = cohort_page.read(writing(("a", "2024-01-05"), ("b", "2024-02-07"), orders=orders), **MARCH)
    assert found["together"][["age", "users", "revenue_per_user"]].to_numpy().tolist() == [
        [0, 2, 20],
        [1, 1, 30],
    ]


def test_unknown_period_is_refused():
    with pytest.raises(RequestError, match="Unknown period"):
        cohort_page.read(writing(("a", "2024-01-05")), **{**MARCH, "period": "year"})


def test_first_order_and_days_are_those_of_the_store():
    orders = ordered(("a", "2024-01-06", 30))
    messages = (("a", "2024-01-05"), ("a", "2024-02-01"), ("a", "2024-02-02"), ("b", "2024-02-07"))
    found = cohort_page.read(writing(*messages, orders=orders), **MARCH)
    assert found["ordered"][["users", "events"]].to_numpy().tolist() == [[2, 1]]
    last = found["days"][found["days"]["period"] == "2024-02-01"]
    assert last["at_least_share"].tolist()[:3] == [1, 0.5, 0]


def test_shorter_periods_count_days_by_the_week():
    found = cohort_page.read(writing(("a", "2024-01-05"), ("a", "2024-01-06")), **{**MARCH, "period": "day"})
    assert found["days"]["days"].max() == 7
