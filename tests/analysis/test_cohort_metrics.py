"""Metrics of the catalogue by cohort and age: counts the eye can check, totals those of ``measure``."""

import datetime as dt

import pandas as pd
import pytest
from cohort_stories import grid

from analytics_lib.analysis import cohorts
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics import CATALOG
from analytics_lib.store import Store

APRIL = dt.date(2024, 4, 10)


def talks(*told):
    """A store of ended conversations, each ``(user, day, resolved)``."""
    frame = pd.DataFrame(told, columns=["user_id", "day", "resolved"])
    started = pd.to_datetime(frame["day"] + " 12:00", utc=True)
    return Store.in_memory(
        conversations=frame.drop(columns="day").assign(
            conversation_id=[f"c{place}" for place in range(len(frame))],
            channel="web",
            started_at=started,
            ended_at=started + pd.Timedelta(minutes=5),
            outcome=["resolved" if done else "abandoned" for done in frame["resolved"]],
        )
    )


SPRING = [
    ("a", "2024-01-10", True),
    ("a", "2024-03-10", True),
    ("a", "2024-03-11", False),
    ("b", "2024-01-20", False),
    ("c", "2024-02-20", True),
    ("c", "2024-04-05", True),
]


def rate(store, name="resolution_rate", **asked):
    return cohorts.metric_by_age(store, CATALOG[name], **{"period": "month", "as_of": APRIL, **asked})


def test_rate_of_each_age_keeps_its_counts():
    found = rate(talks(*SPRING))
    assert grid(found, "numerator") == {"2024-01-01": {0: 1, 1: 0, 2: 1}, "2024-02-01": {0: 1, 1: 0}}
    assert grid(found, "denominator") == {"2024-01-01": {0: 2, 1: 0, 2: 2}, "2024-02-01": {0: 1, 1: 0}}


def test_age_at_which_nothing_counts_has_no_value():
    found = rate(talks(*SPRING)).set_index(["cohort", "age"])["value"]
    assert found.isna().tolist() == [False, True, False, False, True]
    assert found.iloc[0] == 0.5


def test_interval_of_users_with_one_conversation_each_is_wilsons():
    many = talks(*((f"u{n}", "2024-03-05", n < 8) for n in range(10)))
    row = rate(many).iloc[0]
    assert [row["low"], row["high"]] == pytest.approx([0.490162, 0.943318], abs=1e-6)


def test_metric_without_users_has_no_cohorts():
    with pytest.raises(RequestError, match=r"whose rows name no user.*Choose"):
        rate(talks(*SPRING), "average_response_time")


def test_before_any_period_has_ended_it_says_so():
    with pytest.raises(NotEnoughDataError, match="Nobody came before 2024-01-01"):
        rate(talks(*SPRING), as_of=dt.date(2024, 1, 31))
