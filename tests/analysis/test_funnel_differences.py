"""Groups of a funnel against each other."""

import pandas as pd
import pytest

from analytics_lib.analysis.funnels import against_rest, between
from analytics_lib.errors import RequestError


def rows(**groups):
    """Users of two stages by segment."""
    return pd.DataFrame(
        [
            {
                "segment": name,
                "stage": stage,
                "position": place,
                "users": n,
                "entered": users[0],
                "users_before": users[0],
            }
            for name, users in groups.items()
            for place, (stage, n) in enumerate(zip("ab", users, strict=True), 1)
        ]
    )


def test_difference_of_two_groups_has_newcombes_interval():
    # Newcombe 1998, table II, row (a): 56/70 against 48/80 is 0.2000, from 0.0524 to 0.3339.
    found = between(rows(one=(70, 56), other=(80, 48)), "one", "other", by="segment").iloc[0]

    assert found[["stage", "first_users", "first_n", "second_users", "second_n"]].tolist() == [
        "b",
        56,
        70,
        48,
        80,
    ]
    assert found["difference"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found["real"]


def test_group_is_compared_with_all_the_others_together():
    found = against_rest(rows(one=(40, 30), two=(40, 10), three=(60, 27)), by="segment").set_index("segment")

    assert found.loc["one", ["first_users", "first_n", "second_users", "second_n"]].tolist() == [
        30,
        40,
        37,
        100,
    ]
    assert found["real"].tolist() == [True, True, False]


def test_few_users_are_never_a_real_difference():
    found = between(rows(one=(29, 29), other=(200, 2)), "one", "other", by="segment").iloc[0]

    assert found["few"]
    assert not found["real"]


def test_group_alone_has_nothing_to_be_compared_with():
    found = against_rest(rows(one=(40, 30)), by="segment").iloc[0]

    assert pd.isna(found["difference"])
    assert not found["real"]


def test_unknown_group_and_rate_are_refused():
    with pytest.raises(RequestError, match=r"No group of segment is called 'x'\. There are one"):
        between(rows(one=(4, 3)), "one", "x", by="segment")
    with pytest.raises(RequestError, match="Unknown rate 'users'"):
        against_rest(rows(one=(4, 3)), by="segment", rate="users")
