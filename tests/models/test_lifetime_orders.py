"""What the models see of each buyer, and what they do not."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import lifetime
from analytics_lib.models.lifetime_orders import later_orders
from analytics_lib.store import Store

UNTIL = dt.date(2026, 3, 1)


@pytest.fixture
def shop():
    """A store of orders as ``(user, moment, amount[, currency])``; moments are local, which is UTC here."""

    def shop(*orders):
        rows = [(*order, "COP")[:4] for order in orders]
        frame = pd.DataFrame(rows, columns=["user_id", "ordered_at", "amount", "currency"])
        frame["ordered_at"] = pd.to_datetime(frame["ordered_at"], utc=True, format="ISO8601")
        frame["order_id"] = [f"o{number}" for number in range(len(frame))]
        return Store.in_memory(orders=frame.astype({"amount": float}))

    return shop


def rows(frame):
    return frame.set_index("user_id").to_dict("index")


def test_days_with_an_order_after_the_first_are_counted_in_weeks(shop):
    store = shop(("ana", "2026-01-01 10:00", 50), ("ana", "2026-01-15 10:00", 30), ("ana", "2026-02-05", 10))

    (ana,) = rows(lifetime.summarize(store, until=UNTIL)).values()
    # 1 January to 5 February: 35 days; to 28 February, the last day before March: 58.
    assert ana == {"frequency": 2, "recency": 5.0, "age": pytest.approx(58 / 7), "monetary": 20.0}


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7), ("month", 30.4375), ("year", 365.25)])
def test_unit_divides_the_days(shop, unit, days):
    store = shop(("ana", "2026-01-01", 50), ("ana", "2026-01-31", 30))

    (ana,) = rows(lifetime.summarize(store, until=UNTIL, unit=unit)).values()
    assert (ana["recency"], ana["age"]) == pytest.approx((30 / days, 58 / days))


def test_two_orders_of_a_day_are_one_transaction_of_both(shop):
    store = shop(
        ("ana", "2026-01-01 09:00", 1), ("ana", "2026-01-02 09:00", 20), ("ana", "2026-01-02 23:59:59", 30)
    )

    (ana,) = rows(lifetime.summarize(store, until=UNTIL, unit="day")).values()
    assert (ana["frequency"], ana["recency"], ana["monetary"]) == (1, 1, 50)


def test_buyer_of_one_day_has_no_recency_and_no_spend(shop):
    store = shop(("ana", "2026-02-28 09:00", 40), ("ana", "2026-02-28 10:00", 40))

    (ana,) = rows(lifetime.summarize(store, until=UNTIL)).values()
    assert (ana["frequency"], ana["recency"], ana["age"]) == (0, 0, 0)
    assert pd.isna(ana["monetary"])


def test_refunds_orders_of_nothing_and_later_ones_are_left_out_and_counted(shop):
    store = shop(
        ("ana", "2026-01-01", 100),
        ("ana", "2026-01-08", -25),
        ("ana", "2026-01-09", 0),
        ("ana", "2026-03-01", 70),
        ("eva", "2026-01-09", 0),
        ("eva", "2099-01-01", 70),
    )
    found = lifetime.summarize(store, until=UNTIL)

    assert found["user_id"].tolist() == ["ana"]
    assert found["frequency"].tolist() == [0]
    assert lifetime.left_out(store, until=UNTIL).to_dict() == {
        "orders": 1,
        "refunds": 1,
        "zeros": 2,
        "later": 2,
        "refunded_share": 0.25,
    }


def test_order_at_the_end_is_not_seen_and_one_a_moment_before_is(shop):
    store = shop(("ana", "2026-02-28 23:59:59.999", 1), ("eva", "2026-03-01 00:00:00", 1))

    assert lifetime.summarize(store, until=UNTIL)["user_id"].tolist() == ["ana"]


def test_leap_day_is_a_day(shop):
    store = shop(("ana", "2028-02-28", 1), ("ana", "2028-02-29", 1), ("ana", "2028-03-01", 1))

    found = lifetime.summarize(store, until=dt.date(2028, 3, 2), unit="day")
    assert found[["frequency", "recency", "age"]].to_numpy().tolist() == [[2, 2, 2]]


def test_two_currencies_are_refused_with_what_to_give(shop):
    store = shop(("ana", "2026-01-01", 100), ("ana", "2026-01-02", 5, "USD"))

    with pytest.raises(RequestError, match="COP, USD"):
        lifetime.summarize(store, until=UNTIL)
    with pytest.raises(RequestError, match="USD"):
        lifetime.summarize(store, until=UNTIL, currency="COP")


def test_two_currencies_are_added_once_one_is_worth_something_in_the_other(shop):
    store = shop(
        ("ana", "2026-01-01", 100), ("ana", "2026-01-02", 5, "USD"), ("ana", "2026-01-02", 100, "COP")
    )

    found = lifetime.summarize(store, until=UNTIL, currency="COP", rates={"USD": 4000.0})
    assert found["monetary"].tolist() == [20_100]
    assert found.attrs["currency"] == "COP"


def test_refund_in_another_currency_asks_for_no_rate(shop):
    store = shop(("ana", "2026-01-01", 100), ("ana", "2026-01-02", -5, "USD"))

    assert lifetime.summarize(store, until=UNTIL).attrs["currency"] == "COP"


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_rate_that_is_none_is_refused(shop, rate):
    with pytest.raises(RequestError, match="rate of USD"):
        lifetime.summarize(shop(("ana", "2026-01-01", 1)), until=UNTIL, rates={"USD": rate})


def test_nobody_and_unknown_units_are_refused(shop):
    with pytest.raises(NotTrainableError, match="Nobody ordered"):
        lifetime.summarize(shop(("ana", "2026-03-05", 100)), until=UNTIL)
    with pytest.raises(RequestError, match="'fortnight'"):
        lifetime.summarize(shop(("ana", "2026-01-05", 100)), until=UNTIL, unit="fortnight")


def test_one_buyer_is_summarized_and_not_fitted(shop):
    found = lifetime.summarize(shop(("ana", "2026-01-05", 100), ("ana", "2026-02-05", 100)), until=UNTIL)

    assert len(found) == 1
    with pytest.raises(NotTrainableError, match="Of 1 buyers 1 bought again"):
        lifetime.fit_mbg_nbd(found)


def test_later_orders_are_of_those_known_at_the_cut_off_alone(shop):
    store = shop(
        ("ana", "2026-01-01", 10),
        ("ana", "2026-02-01 08:00", 20),
        ("ana", "2026-02-01 09:00", 30),
        ("ana", "2026-02-09", 40),
        ("ana", "2026-03-01", 99),
        ("eva", "2026-01-15", 10),
        ("leo", "2026-02-15", 10),
    )
    found = later_orders(store, since=dt.date(2026, 2, 1), until=UNTIL)

    assert found.to_numpy().tolist() == [["ana", 2, 90.0], ["eva", 0, 0.0]]
    assert (
        found["user_id"].tolist() == lifetime.summarize(store, until=dt.date(2026, 2, 1))["user_id"].tolist()
    )
    with pytest.raises(RequestError, match="is empty"):
        later_orders(store, since=UNTIL, until=UNTIL)
