"""Who came back: small stores the eye can count, and the published purchases of an online retailer."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from cohort_stories import grid, ordered, writing
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.analysis import cohorts
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.store import Store

RETAIL = Path(__file__).parents[3] / "shared" / "data" / "purchases-online-retail" / "online_retail.csv.gz"
APRIL = dt.date(2024, 4, 10)
# a comes in January and twice in March; b in January only; c in February and March.
SPRING = [
    ("a", "2024-01-31 23:59"),
    ("a", "2024-03-01"),
    ("a", "2024-03-09"),
    ("b", "2024-01-02"),
    ("c", "2024-02-29 12:00"),
    ("c", "2024-03-31"),
]


def active(store, **asked):
    return grid(cohorts.retention(store, **{"period": "month", "as_of": APRIL, **asked}))


def test_month_nobody_returned_in_is_zero_and_who_wrote_twice_counts_once():
    assert active(writing(*SPRING)) == {"2024-01-01": {0: 2, 1: 0, 2: 1}, "2024-02-01": {0: 1, 1: 1}}


def test_running_month_is_absent():
    store = writing(*SPRING, ("a", "2024-04-02"), ("d", "2024-04-03"))
    assert active(store) == active(writing(*SPRING))


def test_month_is_complete_when_the_next_begins():
    store = writing(*SPRING)
    assert active(store, as_of=dt.date(2024, 4, 1)) == active(store)
    assert active(store, as_of=dt.date(2024, 3, 31))["2024-01-01"] == {0: 2, 1: 0}


def test_what_bot_and_agents_send_is_nobody_being_there():
    store = writing(("a", "2024-01-05"), ("a", "2024-02-05", "bot"), ("a", "2024-02-06", "agent"))
    assert active(store) == {"2024-01-01": {0: 1, 1: 0, 2: 0}}


def test_on_or_after_counts_who_comes_back_then_or_later():
    assert active(writing(*SPRING), returned="on_or_after")["2024-01-01"] == {0: 2, 1: 1, 2: 1}


def test_on_or_before_counts_who_has_come_back_by_then():
    store = writing(("a", "2024-01-05"), ("a", "2024-02-05"), ("b", "2024-01-06"), ("b", "2024-03-01"))
    assert active(store, returned="on_or_before") == {"2024-01-01": {0: 2, 1: 1, 2: 2}}


def test_streak_ends_at_the_first_month_away():
    store = writing(("a", "2024-01-05"), ("a", "2024-02-05"), ("b", "2024-01-06"), ("b", "2024-03-01"))
    assert active(store, returned="streak") == {"2024-01-01": {0: 2, 1: 1, 2: 0}}


def test_bracket_counts_once_who_was_there_at_any_of_its_ages():
    found = cohorts.brackets(writing(*SPRING), period="month", as_of=APRIL, ages=[(1, 2), (2, 5)])
    assert found[["age", "last_age", "users", "active_users"]].to_numpy().tolist() == [[1, 2, 2, 1]]


def test_horizon_leaves_out_cohorts_that_have_not_reached_it():
    assert active(writing(*SPRING), horizon=2) == {"2024-01-01": {0: 2, 1: 0, 2: 1}}


def test_iso_weeks_run_over_new_year():
    store = writing(("a", "2024-12-30"), ("a", "2025-01-05 23:59"), ("a", "2025-01-06"))
    found = active(store, period="week", as_of=dt.date(2025, 1, 13))
    assert found == {"2024-12-30": {0: 1, 1: 1}}


def test_rolling_days_are_counted_from_the_first_moment_of_each():
    said = [
        ("a", "2024-01-01 20:00"),
        ("a", "2024-01-02 19:59"),
        ("b", "2024-01-01 08:00"),
        ("b", "2024-01-02 08:00"),
    ]
    rolling = cohorts.retention(writing(*said), period="day", as_of=dt.date(2024, 1, 4), clock="rolling")

    assert grid(rolling) == {"2024-01-01": {0: 2, 1: 1}}
    assert set(rolling["clock"]) == {"rolling"}
    assert active(writing(*said), period="day", as_of=dt.date(2024, 1, 4)) == {
        "2024-01-01": {0: 2, 1: 2, 2: 0}
    }


def test_pooled_row_sums_people_over_the_cohorts_old_enough():
    whole = cohorts.pooled(cohorts.retention(writing(*SPRING), period="month", as_of=APRIL))
    assert whole[["age", "cohorts", "users", "active_users"]].to_numpy().tolist() == [
        [0, 2, 3, 3],
        [1, 2, 3, 1],
        [2, 1, 2, 1],
    ]


def test_interval_is_wilsons():
    said = [(f"u{n}", "2024-01-05") for n in range(10)] + [(f"u{n}", "2024-02-05") for n in range(8)]
    row = cohorts.retention(writing(*said), period="month", as_of=dt.date(2024, 3, 1)).iloc[-1]
    assert [row["low"], row["high"]] == pytest.approx([0.490162, 0.943318], abs=1e-6)


def test_before_the_first_month_has_ended_it_says_what_to_do():
    with pytest.raises(
        NotEnoughDataError, match=r"No message before 2024-04-01.*running on 2024-04-10.*later"
    ):
        cohorts.retention(writing(("a", "2024-04-02")), period="month", as_of=APRIL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"period": "year"},
        {"returned": "later"},
        {"activity": "calls"},
        {"clock": "lunar"},
        {"horizon": 0},
        {"by": "chanel"},
    ],
)
def test_unknown_names_are_refused_with_what_there_is(wrong):
    with pytest.raises(RequestError, match=r"Expected one of|expected"):
        active(writing(*SPRING), **wrong)


def test_revenue_is_cumulative_net_and_by_everybody():
    store = writing(
        *SPRING,
        orders=ordered(
            ("a", "2024-01-31", 100),
            ("a", "2024-03-02", 50),
            ("a", "2024-03-05", -30),
            ("c", "2024-04-02", 9),
        ),
    )
    found = cohorts.revenue(store, period="month", as_of=APRIL)

    assert grid(found, "revenue") == {"2024-01-01": {0: 100, 1: 100, 2: 120}, "2024-02-01": {0: 0, 1: 0}}
    assert grid(found, "revenue_per_user")["2024-01-01"] == {0: 50, 1: 50, 2: 60}


def test_order_after_as_of_is_not_known():
    store = writing(("a", "2024-01-05"), orders=ordered(("a", "2024-01-06", 5), ("a", "2030-01-01", 1e6)))
    assert grid(cohorts.revenue(store, period="month", as_of=dt.date(2024, 2, 1)), "revenue") == {
        "2024-01-01": {0: 5}
    }


def test_two_currencies_do_not_add_up():
    orders = ordered(("a", "2024-01-06", 5), ("a", "2024-01-07", 1, "USD"))
    store = writing(("a", "2024-01-05"), orders=orders)

    with pytest.raises(RequestError, match=r"2 currencies \(COP, USD\)"):
        cohorts.revenue(store, period="month", as_of=APRIL)
    assert cohorts.revenue(store, period="month", as_of=APRIL, currency="USD")["revenue"].tolist() == [
        1,
        1,
        1,
    ]


def test_without_orders_revenue_is_not_known():
    with pytest.raises(NotEnoughDataError, match="no orders"):
        cohorts.revenue(writing(*SPRING), period="month", as_of=APRIL)


def test_groups_are_those_of_the_first_conversation():
    talks = pd.DataFrame(
        {
            "conversation_id": ["x", "y", "z"],
            "user_id": ["a", "a", "b"],
            "channel": ["web", "whatsapp", "whatsapp"],
            "started_at": pd.to_datetime(["2024-01-31", "2024-03-01", "2024-01-02"], utc=True),
        }
    )
    found = cohorts.retention(
        writing(*SPRING, conversations=talks), period="month", as_of=APRIL, by="channel"
    )
    first = found[found["age"] == 0]
    assert first[["channel", "users"]].to_numpy().tolist() == [["unknown", 1], ["web", 1], ["whatsapp", 1]]


def test_condition_of_ones_own_makes_cohorts_everywhere():
    lucky = cohorts.Condition(
        "lucky", "select user_id from messages where sent_at < '2024-01-15 00:00:00+00'"
    )
    found = cohorts.retention(writing(*SPRING), period="month", as_of=APRIL, by=lucky)
    first = found[(found["age"] == 0) & (found["cohort"] == "2024-01-01")]
    assert first[["lucky", "users"]].to_numpy().tolist() == [["no", 1], ["yes", 1]]


def test_condition_that_puts_somebody_into_two_cohorts_is_refused():
    twice = cohorts.Condition("kind", "select user_id, message_id as cohort from messages")
    with pytest.raises(RequestError, match="puts 3 users into two cohorts"):
        active(writing(*SPRING), by=twice)


@pytest.fixture(scope="module")
def retail():
    if not RETAIL.exists():
        pytest.skip("the purchases of Online Retail lie outside the repository")
    rows = pd.read_csv(
        RETAIL, usecols=["Quantity", "InvoiceDate", "UnitPrice", "CustomerID"], engine="pyarrow"
    )
    rows = rows[rows["CustomerID"].notna()].assign(amount=rows["Quantity"] * rows["UnitPrice"])
    rows["sold"], rows["day"] = rows["amount"] > 0, pd.to_datetime(rows["InvoiceDate"]).dt.normalize()
    # A row for each customer and day, sales apart from what is cancelled, says as much and is read sooner.
    daily = rows.groupby(["CustomerID", "day", "sold"])["amount"].sum().reset_index()
    orders = pd.DataFrame(
        {
            "order_id": daily.index.astype(str),
            "user_id": daily["CustomerID"].astype(int).astype(str),
            "ordered_at": daily["day"].dt.tz_localize("UTC"),
            "amount": daily["amount"],
            "currency": "GBP",
        }
    )
    return Store.in_memory(orders=orders)


@pytest.mark.parametrize(
    ("activity", "known"),
    [
        ("orders", [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260]),
        ("purchases", [885, 324, 286, 340]),
    ],
)
def test_published_purchases_have_the_known_cohort(retail, activity, known):
    found = grid(cohorts.retention(retail, period="month", as_of=dt.date(2012, 1, 1), activity=activity))
    assert list(found["2010-12-01"].values())[: len(known)] == known


def test_last_month_of_the_published_purchases_is_left_out_while_it_runs(retail):
    found = grid(cohorts.retention(retail, period="month", as_of=dt.date(2011, 12, 10), activity="orders"))
    assert max(found["2010-12-01"]) == 11
    assert "2011-12-01" not in found


VISITS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 90)), min_size=1, max_size=30)


@settings(max_examples=5, deadline=None)
@given(VISITS, st.sampled_from(["week", "month"]))
def test_whatever_people_do_the_cells_hang_together(visits, period):
    store = writing(*((user, dt.datetime(2024, 1, 1) + dt.timedelta(days=day)) for user, day in visits))  # noqa: DTZ001  # wall clock
    asked = {"period": period, "as_of": dt.date(2024, 5, 6)}
    on, after, before, streak = (
        cohorts.retention(store, **asked, returned=way)
        for way in ("on", "on_or_after", "on_or_before", "streak")
    )
    first = on[on["age"] == 0]

    assert (on["active_users"] <= on["users"]).all()
    assert (first["active_users"] == first["users"]).all()
    assert first["users"].sum() == len({user for user, _ in visits})
    assert (after.groupby("cohort")["active_users"].diff().dropna() <= 0).all()
    assert (before[before["age"] > 0].groupby("cohort")["active_users"].diff().dropna() >= 0).all()
    assert (streak["active_users"] <= on["active_users"]).all()
    assert (on["active_users"] <= after["active_users"]).all()
    assert cohorts.pooled(on)["active_users"].sum() == on["active_users"].sum()
    starts = {(user, pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)) for user, day in visits}
    present = {(user, day.to_period("M" if period == "month" else "W-SUN")) for user, day in starts}
    assert on["active_users"].sum() == len(present)
