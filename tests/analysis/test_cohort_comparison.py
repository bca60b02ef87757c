"""Each cohort against the rest, and what its mix explains of the difference."""

import datetime as dt

import pandas as pd
import pytest
from cohort_stories import writing

from analytics_lib.analysis import cohorts
from analytics_lib.errors import NotEnoughDataError, RequestError

MARCH = dt.date(2024, 3, 1)


def world(groups, **more):
    """``{(segment, city): (users, how many come back)}``."""
    said, users = [], []
    for (segment, city), (size, back) in groups.items():
        for n in range(size):
            user = f"{segment}-{city}-{n}"
            said += [(user, "2024-01-05")] + [(user, "2024-02-05")] * (n < back)
            users.append({"user_id": user, "segment": segment, "city": city})
    return writing(*said, users=pd.DataFrame(users), **more)


def compare(store, **asked):
    return cohorts.compare(store, **{"period": "month", "as_of": MARCH, "age": 1, "by": "segment", **asked})


def test_segment_that_returns_less_is_told_apart():
    found = compare(world({("vip", "x"): (100, 60), ("new", "x"): (100, 20), ("old", "x"): (5, 0)}))
    vip = found.set_index("segment").loc["vip"]

    assert vip[["users", "active_users", "rest_users", "rest_active_users"]].tolist() == [100, 60, 105, 20]
    assert vip["difference"] == pytest.approx(0.6 - 20 / 105)
    assert found.set_index("segment")["real"].to_dict() == {"vip": True, "new": True, "old": False}
    assert found.set_index("segment")["few"].to_dict() == {"vip": False, "new": False, "old": True}
    assert pd.isna(vip["mix"])


def test_difference_by_mix_alone_is_no_behaviour():
    # Both segments return alike in each region; vip has more of the region that returns.
    talks, groups = (
        [],
        {("vip", "n"): (80, 40), ("vip", "s"): (20, 2), ("new", "n"): (20, 10), ("new", "s"): (80, 8)},
    )
    for (segment, city), (size, _) in groups.items():
        talks += [
            {"conversation_id": f"{segment}-{city}-{n}", "user_id": f"{segment}-{city}-{n}", "city": city}
            for n in range(size)
        ]
    begun = pd.DataFrame(talks).assign(channel="web", started_at=pd.Timestamp("2024-01-05", tz="UTC"))
    vip = compare(world(groups, conversations=begun), within="city").set_index("segment").loc["vip"]

    assert vip["difference"] == pytest.approx(0.42 - 0.18)
    assert vip["mix"] == pytest.approx(0.24)
    assert vip["behaviour"] == pytest.approx(0, abs=1e-12)


def test_cohorts_themselves_are_compared():
    said = [(f"a{n}", "2024-01-05") for n in range(40)] + [(f"a{n}", "2024-02-05") for n in range(30)]
    said += [(f"b{n}", "2024-02-05") for n in range(40)] + [(f"b{n}", "2024-03-05") for n in range(4)]
    found = compare(writing(*said), by="cohort", as_of=dt.date(2024, 4, 1)).set_index("cohort")

    assert found["retention"].to_dict() == {pd.Timestamp("2024-01-01"): 0.75, pd.Timestamp("2024-02-01"): 0.1}
    assert found["real"].all()


def test_everybody_in_one_cohort_has_nothing_to_compare():
    with pytest.raises(NotEnoughDataError, match="one cohort by segment at age 1, vip"):
        compare(world({("vip", "x"): (3, 1)}))


def test_age_that_no_cohort_has_reached_is_refused():
    with pytest.raises(NotEnoughDataError, match="No cohort is observed at age 9"):
        compare(world({("vip", "x"): (3, 1)}), age=9)


def test_same_dimension_twice_is_refused():
    with pytest.raises(RequestError, match="both 'segment'"):
        compare(world({("vip", "x"): (3, 1)}), within="segment")


def test_category_seen_later_is_not_that_of_the_first_contact():
    # Whoever returns would otherwise be told by what they saw when they returned.
    begun = pd.DataFrame(
        {
            "conversation_id": ["x", "y"],
            "user_id": ["a", "a"],
            "channel": "web",
            "started_at": pd.to_datetime(["2024-01-05", "2024-02-05"], utc=True),
        }
    )
    seen = pd.DataFrame(
        {
            "event_id": ["e"],
            "user_id": ["a"],
            "conversation_id": ["y"],
            "occurred_at": pd.to_datetime(["2024-02-05"], utc=True),
            "name": ["products_viewed"],
            "product_id": ["p"],
        }
    )
    products = pd.DataFrame({"product_id": ["p"], "name": ["jean"], "category": ["jeans"]})
    store = writing(
        ("a", "2024-01-05"), ("a", "2024-02-05"), conversations=begun, events=seen, products=products
    )
    found = cohorts.retention(store, period="month", as_of=MARCH, by="category")
    assert set(found["category"]) == {"unknown"}
