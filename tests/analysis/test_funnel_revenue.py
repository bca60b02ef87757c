"""Revenue lost at each stage: whom the lost are compared with, and how wide the range is."""

import datetime as dt

import pandas as pd
import pytest
from funnel_by_loops import MARCH, journeys
from telling import at

from analytics_lib.analysis.funnel_scope import revenue_if_known
from analytics_lib.analysis.funnels import revenue_lost
from analytics_lib.errors import NotEnoughDataError, RequestError


def orders(*told, currency="COP"):
    """Each ``(user, wall-clock time, amount)``."""
    return pd.DataFrame(
        [
            {
                "order_id": f"o{place}",
                "user_id": user,
                "ordered_at": at(time),
                "amount": amount,
                "currency": currency,
            }
            for place, (user, time, amount) in enumerate(told)
        ]
    )


def crowd(name, passed, dropped, hour=10):
    """So many users who passed from a to b, and so many who stopped at a."""
    for user in range(passed + dropped):
        yield (f"{name}{user}", f"2026-03-02 {hour}:00", "a")
        if user < passed:
            yield (f"{name}{user}", f"2026-03-02 {hour}:01", "b")


def test_range_reaches_from_a_tenth_of_the_low_bound_to_the_high_one():
    # 40 of 80 who passed bought for 100, so the mean is 50; 20 were lost: about 1,000.
    told = orders(*((f"u{user}", "2026-03-02 11:00", 100.0) for user in range(40)))
    store = journeys(*crowd("u", passed=80, dropped=20), orders=told)

    row = revenue_lost(store, stages=["a", "b"], **MARCH).iloc[0]

    assert row[["stage", "position", "dropped", "passed", "buyers"]].tolist() == ["b", 2, 20, 80, 40]
    assert row["mean_revenue"] == 50
    assert row["comparable_rate"] == 1
    # Standard error of 20 x 50: 20 users have √20 of spread, the mean 50·√(1/40 + …) / … about a tenth.
    assert 10 * row["low"] == pytest.approx(1000 - 1.96 * 250, abs=130)
    assert row["high"] == pytest.approx(1000 + 1.96 * 250, abs=130)
    assert row["currency"] == "COP"


def test_lost_users_are_compared_with_their_own_kind():
    # In the morning users who passed spent 100 each, at night nothing; all the lost are of the night.
    store = journeys(
        *crowd("day", passed=30, dropped=0, hour=10),
        *crowd("night", passed=30, dropped=10, hour=22),
        orders=orders(*((f"day{user}", "2026-03-02 11:00", 100.0) for user in range(30))),
    )

    row = revenue_lost(store, stages=["a", "b"], **MARCH).iloc[0]

    assert (row["mean_revenue"], row["low"], row["high"]) == (0, 0, 0)


def test_kind_nobody_of_passed_takes_the_mean_of_all():
    store = journeys(
        *crowd("day", passed=40, dropped=0, hour=10),
        *crowd("night", passed=0, dropped=10, hour=22),
        orders=orders(*((f"day{user}", "2026-03-02 11:00", 100.0) for user in range(40))),
    )

    row = revenue_lost(store, stages=["a", "b"], **MARCH).iloc[0]

    assert (row["comparable_rate"], row["mean_revenue"]) == (0, 100)


def test_only_orders_from_the_anchor_to_the_limit_are_revenue():
    told = orders(
        ("u0", "2026-03-02 09:59", 1.0), ("u0", "2026-03-02 10:00", 10.0), ("u0", "2026-03-02 11:00", 100.0)
    )
    store = journeys(*crowd("u", passed=2, dropped=1), ("late", "2026-03-03 10:00", "x"), orders=told)

    row = revenue_lost(store, stages=["a", "b"], **MARCH, within=dt.timedelta(hours=1)).iloc[0]

    assert row["mean_revenue"] == 5


def test_nobody_lost_is_zero_and_too_few_who_passed_is_unknown():
    told = orders(("u0", "2026-03-02 11:00", 10.0))

    whole = revenue_lost(journeys(*crowd("u", passed=2, dropped=0), orders=told), stages=["a", "b"], **MARCH)
    alone = revenue_lost(journeys(*crowd("u", passed=1, dropped=5), orders=told), stages=["a", "b"], **MARCH)

    assert whole[["low", "high"]].to_numpy().tolist() == [[0, 0]]
    assert alone[["low", "high", "mean_revenue"]].isna().all(axis=None)


def test_same_data_give_the_same_range():
    told = list(crowd("u", passed=30, dropped=20))
    sold = orders(*((f"u{user}", "2026-03-02 11:00", 10.0 * user) for user in range(20)))

    first, second = (
        revenue_lost(journeys(*rows, orders=sold), stages=["a", "b"], **MARCH) for rows in (told, told[::-1])
    )

    assert first[["low", "high"]].equals(second[["low", "high"]])


def test_amounts_of_several_currencies_are_not_added():
    both = pd.concat(
        [
            orders(("u0", "2026-03-02 11:00", 10.0)),
            orders(("u1", "2026-03-02 11:00", 1.0), currency="USD").assign(order_id="usd"),
        ]
    )
    store = journeys(*crowd("u", passed=2, dropped=1), orders=both)

    with pytest.raises(RequestError, match="COP, USD"):
        revenue_lost(store, stages=["a", "b"], **MARCH)
    assert revenue_lost(store, stages=["a", "b"], **MARCH, currency="USD")["mean_revenue"].tolist() == [0.5]
    with pytest.raises(RequestError, match="No order is in 'EUR'"):
        revenue_lost(store, stages=["a", "b"], **MARCH, currency="EUR")


def test_store_without_orders_cannot_say_and_a_page_shows_none():
    store = journeys(*crowd("u", passed=2, dropped=1))

    with pytest.raises(NotEnoughDataError, match="none was ever ingested"):
        revenue_lost(store, stages=["a", "b"], **MARCH)
    assert revenue_if_known(store, stages=["a", "b"], **MARCH).empty


def test_share_beyond_one_is_refused():
    with pytest.raises(RequestError, match="recoverable is 2"):
        revenue_lost(journeys(("u1", "2026-03-02", "a")), stages=["a"], **MARCH, recoverable=2)
