import datetime as dt

import pandas as pd
import pytest
from telling import at

from analytics_lib.analysis.comparable import comparable, known_to
from analytics_lib.analysis.timeline import timeline

STAGES = ("conversation_started", "products_viewed", "cart_added", "purchase_completed")


def shop(tell, *conversations, orders=()):
    """Each conversation is (name, user, entry point, stages, csat); closed unless its name is open."""
    stories, events = [], []
    for name, user, entry_point, reached, csat in conversations:
        end = {} if name == "open" else {"end": "2026-03-02 11:00"}
        more = {"user": user, "entry_point": entry_point, "csat": csat, **end}
        stories.append((name, "2026-03-02 10:00", [], more))
        events += [
            {
                "event_id": f"{name}-{stage}",
                "user_id": user,
                "conversation_id": name,
                "occurred_at": at("2026-03-02 10:01"),
                "name": stage,
            }
            for stage in STAGES[:reached]
        ]
    bought = [
        {
            "order_id": f"{name}-{place}",
            "user_id": "u",
            "conversation_id": name,
            "ordered_at": at("2026-03-02 10:30"),
            "amount": amount,
            "currency": currency,
        }
        for place, (name, amount, currency) in enumerate(orders)
    ]
    tables = {"orders": pd.DataFrame(bought)} if bought else {}
    return tell(*stories, events=pd.DataFrame(events), **tables)


def compared(store, name, stage, **more):
    row = timeline(store, name).conversation.iloc[0]
    frame = comparable(store, row, stage=stage, revenue=more.pop("revenue", float("nan")), **more)
    return frame.set_index("measure")


def test_conversion_is_counted_among_the_others_with_the_same_entry_that_got_as_far(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 3, None),
        ("bought", "u2", "ad", 4, None),
        ("left", "u3", "ad", 3, None),
        ("earlier", "u4", "ad", 2, None),
        ("elsewhere", "u5", "post", 4, None),
        ("open", "u6", "ad", 4, None),
    )
    conversion = compared(store, "asked", "cart_added").loc["conversion"]

    # Two others: one bought, one did not.
    assert (conversion["value"], conversion["n"]) == (0.5, 2)
    # No user twice, so two rows are worth two: Wilson of 1 of 2 is 0.5 ± 1.96 · sqrt(0.125 + 3.8415 / 16) /
    # 2.9207.
    assert (conversion["low"], conversion["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_conversation_is_not_its_own_comparison(tell):
    alone = compared(shop(tell, ("asked", "u1", "ad", 4, 5)), "asked", "purchase_completed")

    assert alone["n"].tolist() == [0, 0, 0]
    assert alone["value"].isna().all()


def test_revenue_is_the_mean_over_all_that_got_as_far_and_leaves_out_its_own(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 4, None),
        ("bought", "u2", "ad", 4, None),
        ("left", "u3", "ad", 3, None),
        orders=[("asked", 70_000, "COP"), ("bought", 90_000, "COP")],
    )
    revenue = compared(store, "asked", "cart_added", revenue=70_000).loc["revenue"]

    # 90,000 over two others; by the spread over three users, 1.96 · sqrt(1.5 · Σ(y - 160,000/3)² / (3 · 2)).
    mean = 160_000 / 3
    spread = (70_000 - mean) ** 2 + (90_000 - mean) ** 2 + mean**2
    assert (revenue["value"], revenue["n"]) == (45_000, 2)
    assert revenue["high"] - revenue["value"] == pytest.approx(1.959964 * (1.5 * spread / 6) ** 0.5, rel=1e-6)
    assert revenue["low"] == 0


def test_revenue_in_two_currencies_is_no_number(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 3, None),
        ("bought", "u2", "ad", 4, None),
        orders=[("bought", 90_000, "COP"), ("bought", 20, "USD")],
    )
    assert pd.isna(compared(store, "asked", "cart_added").loc["revenue", "value"])


def test_order_in_another_currency_elsewhere_leaves_the_comparable_ones_alone(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 3, None),
        ("bought", "u2", "ad", 4, None),
        ("elsewhere", "u3", "post", 4, None),
        orders=[("bought", 90_000, "COP"), ("elsewhere", 20, "USD")],
    )
    assert compared(store, "asked", "cart_added").loc["revenue", "value"] == 90_000


def test_satisfaction_is_the_share_of_fours_and_fives_among_the_answers(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 2, 1),
        ("a", "u2", "ad", 2, 5),
        ("b", "u3", "ad", 2, 4),
        ("c", "u4", "ad", 2, 3),
        ("d", "u5", "ad", 2, None),
    )
    satisfaction = compared(store, "asked", "products_viewed").loc["satisfaction"]

    assert (satisfaction["value"], satisfaction["n"]) == (pytest.approx(2 / 3), 3)


def test_conversations_without_an_entry_point_are_compared_with_each_other(tell):
    store = shop(tell, ("asked", "u1", None, 3, None), ("b", "u2", None, 4, None), ("c", "u3", "ad", 4, None))

    assert compared(store, "asked", "cart_added").loc["conversion", "n"] == 1


def test_without_a_stage_nothing_is_comparable(tell):
    assert compared(shop(tell, ("asked", "u1", "ad", 2, 5)), "asked", None)["n"].tolist() == [0, 0, 0]


def test_revenue_of_a_store_without_orders_is_unknown_and_not_zero(tell):
    store = shop(tell, ("asked", "u1", "ad", 3, None), ("left", "u2", "ad", 3, None))
    revenue = compared(store, "asked", "cart_added").loc["revenue"]

    assert pd.isna(revenue["value"])
    assert revenue["n"] == 0


def test_each_as_of_has_its_own_answer(tell):
    store = shop(tell, ("asked", "u1", "ad", 3, None), ("bought", "u2", "ad", 4, None))
    early = dt.datetime(2026, 3, 2, 15, 30, tzinfo=dt.UTC)
    late = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)

    counted = [
        compared(store, "asked", "cart_added", as_of=moment).loc["conversion", "n"]
        for moment in (early, late)
    ]
    assert counted == [0, 1]


def test_order_placed_later_than_as_of_brings_nothing(tell):
    store = shop(
        tell,
        ("asked", "u1", "ad", 3, None),
        ("bought", "u2", "ad", 4, None),
        orders=[("bought", 90_000, "COP")],
    )
    at_ten = dt.datetime(2026, 3, 2, 15, 20, tzinfo=dt.UTC)  # before the order and before anybody closed

    assert pd.isna(compared(store, "asked", "cart_added", as_of=at_ten).loc["revenue", "value"])


def test_nothing_later_than_as_of_counts(tell):
    store = shop(tell, ("asked", "u1", "ad", 3, None), ("bought", "u2", "ad", 4, None))
    before = dt.datetime(2026, 3, 2, 15, 30, tzinfo=dt.UTC)  # 10:30 in Bogotá: nobody has closed yet

    assert compared(store, "asked", "cart_added", as_of=before)["n"].tolist() == [0, 0, 0]


def test_what_the_store_knows_goes_to_its_last_start(tell):
    store = tell(("a", "2026-03-02 10:00", []), ("b", "2026-03-05 10:00", []))

    assert known_to(store) == at("2026-03-05 10:00")
    assert known_to(tell()) is None
