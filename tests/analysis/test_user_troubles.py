"""Where one person met trouble, and what is recommended for it; the window ends on 1 May 2026."""

import json
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from telling import store_of
from telling_user import WINDOW, actions, events, orders

from analytics_lib.analysis.user_journey import user_journey
from analytics_lib.analysis.user_purchases import products_of
from analytics_lib.analysis.user_talks import trend

HOSTILE = "<script>alert(1)</script> llámame al 300 123 4567"


def chat(name, start, *said, **more):
    return (name, start, list(said), more)


def troubles(store, kind):
    found = user_journey(store, "u1", **WINDOW).pain_points
    return found[found["kind"] == kind].reset_index(drop=True)


def rules(store):
    return user_journey(store, "u1", **WINDOW).recommendations["rule"].tolist()


def cart(local, **more):
    return (local, "cart_added", {"product_id": "p1", **more})


@pytest.mark.parametrize(
    ("bought", "left"),
    [
        ("2026-04-11 09:59:59", 0),
        ("2026-04-11 10:00", 0),
        ("2026-04-11 10:00:01", 1),
        ("2026-04-10 09:59", 1),
    ],
)
def test_cart_is_left_unless_something_is_bought_within_24_hours(bought, left):
    store = store_of(events=events(cart("2026-04-10 10:00")), orders=orders((bought, 5)))
    assert len(troubles(store, "abandoned_cart")) == left


def test_purchase_in_the_same_conversation_saves_the_cart_days_later():
    said = chat("c1", "2026-04-01 10:00", ("user", "2026-04-01 10:00"))
    happened = events(
        cart("2026-04-01 10:00", conversation_id="c1"),
        ("2026-04-05 10:00", "purchase_completed", {"conversation_id": "c1"}),
    )
    assert troubles(store_of(said, events=happened), "abandoned_cart").empty


def test_refund_saves_no_cart():
    store = store_of(events=events(cart("2026-04-10 10:00")), orders=orders(("2026-04-10 11:00", -5)))
    assert len(troubles(store, "abandoned_cart")) == 1


def test_cart_of_the_last_day_is_not_known_to_be_left_yet():
    store = store_of(events=events(cart("2026-04-30 00:00:01"), cart("2026-04-20 10:00")))
    assert troubles(store, "abandoned_cart")["at_local"].tolist() == [pd.Timestamp("2026-04-20 10:00")]


def test_cart_of_one_conversation_is_one_trouble_with_its_last_product_and_its_worth():
    said = chat("c1", "2026-04-10 10:00", ("user", "2026-04-10 10:00"))
    happened = events(
        cart("2026-04-10 10:01", conversation_id="c1"),
        ("2026-04-10 10:02", "cart_added", {"product_id": "p2", "conversation_id": "c1", "value": 7.0}),
        ("2026-04-10 10:03", "purchase_initiated", {"conversation_id": "c1"}),
    )
    priced = pd.DataFrame({"product_id": ["p1"], "name": ["Botas"], "price": [10.0]})
    found = troubles(store_of(said, events=happened, products=priced), "abandoned_cart")

    assert found[["conversation_id", "event_id", "product_id", "n", "value", "name"]].to_numpy().tolist() == [
        ["c1", "e001", "p2", 2, 17.0, "purchase_initiated"]
    ]


def test_a_product_put_into_the_cart_again_is_carried_once_and_unnamed_things_each_time():
    again = [cart(f"2026-04-10 10:0{minute}") for minute in (1, 2, 3)]
    unnamed = [(f"2026-04-10 10:0{minute}", "cart_added", {"value": 7.0}) for minute in (4, 5)]
    priced = pd.DataFrame({"product_id": ["p1"], "name": ["Botas"], "price": [10.0]})
    found = troubles(store_of(events=events(*again, *unnamed), products=priced), "abandoned_cart")
    assert found[["n", "value"]].to_numpy().tolist() == [[3, 24.0]]


def test_cart_of_unknown_worth_has_none():
    assert math.isnan(troubles(store_of(events=events(cart("2026-04-10"))), "abandoned_cart")["value"][0])


def test_failed_action_is_shown_by_its_id_and_the_message_before_it():
    said = chat("c1", "2026-04-10 10:00", ("user", "2026-04-10 10:00", "dónde está mi pedido?"))
    done = actions("c1", ("2026-04-10 10:00:05", "order_status", False), ("2026-04-10 10:00:06", "x", True))
    found = troubles(store_of(said, actions=done), "failed_action")

    assert found[["at_local", "conversation_id", "message_id", "action_id", "name"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-04-10 10:00:05"), "c1", "c1-00000", "c1-a0", "order_status"]
    ]


def test_question_repeated_after_the_windows_start_belongs_to_it_though_first_asked_before():
    said = [
        ("user", "2026-02-28 23:58", "hacen envíos a Pasto?"),
        ("bot", "2026-02-28 23:59", "con gusto"),
        ("user", "2026-03-01 00:01", "hacen envíos a Pasto?"),
    ]
    found = troubles(store_of(("c1", "2026-02-28 23:58", said)), "repeated_question")

    assert found["at_local"].tolist() == [pd.Timestamp("2026-03-01 00:01")]


def test_trouble_before_the_window_is_left_out():
    said = [
        ("user", "2026-02-28 20:00", "hacen envíos a Pasto?"),
        ("user", "2026-02-28 20:01", "hacen envíos a Pasto?"),
        ("user", "2026-03-01 10:00", "gracias"),
    ]
    assert troubles(store_of(("c1", "2026-02-28 20:00", said)), "repeated_question").empty


def test_text_of_a_trouble_is_masked():
    said = [
        ("user", "2026-04-10 10:00", HOSTILE),
        ("bot", "2026-04-10 10:01"),
        ("user", "2026-04-10 10:02", HOSTILE),
    ]
    found = user_journey(store_of(("c1", "2026-04-10 10:00", said)), "u1", **WINDOW).pain_points

    assert len(found)
    assert not found["text"].str.contains("4567").any()
    assert found["text"].str.contains("[phone]", regex=False).any()


def test_cart_of_the_last_week_is_reminded_with_its_product():
    priced = pd.DataFrame({"product_id": ["p1"], "name": ["Botas"], "price": [10.0]})
    store = store_of(events=events(cart("2026-04-25 10:00")), products=priced)
    found = user_journey(store, "u1", **WINDOW).recommendations

    assert found[["rank", "rule", "event_id", "product", "value"]].to_numpy().tolist() == [
        [1, "remind_of_cart", "e000", "Botas", 10.0]
    ]


@pytest.mark.parametrize(("local", "reminded"), [("2026-04-24 00:00", True), ("2026-04-23 23:59", False)])
def test_cart_is_reminded_for_seven_days(local, reminded):
    assert (rules(store_of(events=events(cart(local)))) == ["remind_of_cart"]) is reminded


def test_cart_is_not_reminded_once_something_was_bought_later():
    store = store_of(events=events(cart("2026-04-25 10:00")), orders=orders(("2026-04-28", 5)))
    assert rules(store) == []


def failing(*succeeded):
    said = chat("c1", "2026-04-20 10:00", ("user", "2026-04-20 10:00"), ("bot", "2026-04-20 10:01"))
    told = [
        (f"2026-04-20 10:00:{second:02}", "order_status", worked) for second, worked in enumerate(succeeded)
    ]
    return store_of(said, actions=actions("c1", *told))


@pytest.mark.parametrize(
    ("succeeded", "called"),
    [((False, False), True), ((False,), False), ((False, False, True), False), ((True, False, False), True)],
)
def test_person_is_called_when_an_action_failed_twice_and_has_not_worked_since(succeeded, called):
    assert ("call_about_failure" in rules(failing(*succeeded))) is called


def test_size_asked_twice_the_same_asks_for_a_size_guide():
    said = [
        ("user", "2026-04-20 10:00", "la talla M qué medidas tiene?"),
        ("bot", "2026-04-20 10:01", "tenemos M y L"),
        ("user", "2026-04-20 10:02", "qué medidas tiene la talla M?"),
        ("bot", "2026-04-20 10:03", "ya te digo"),
    ]
    found = user_journey(store_of(("c1", "2026-04-20 10:00", said)), "u1", **WINDOW).recommendations

    assert found[["rule", "message_id", "n"]].to_numpy().tolist() == [["send_size_guide", "c1-00002", 2]]


def test_size_asked_once_asks_for_nothing():
    said = [
        ("user", "2026-04-20 10:00", "qué medidas tiene la talla M?"),
        ("bot", "2026-04-20 10:03", "90 cm"),
    ]
    assert rules(store_of(("c1", "2026-04-20 10:00", said))) == []


@pytest.mark.parametrize(("last", "won"), [("2026-04-10 23:59", True), ("2026-04-11 00:00", False)])
def test_buyer_of_every_ten_days_is_won_back_after_more_than_twenty(last, won):
    """Two gaps of 10 days: quiet for 20 days and a minute, and for 20 days."""
    at = pd.Timestamp(last)
    days = [at - pd.Timedelta(days=20), at - pd.Timedelta(days=10), at]
    store = store_of(orders=orders(*((day, 10) for day in days)))
    assert (rules(store) == ["win_back"]) is won


def test_buyer_who_still_writes_has_not_gone_quiet():
    said = chat("c1", "2026-04-29 10:00", ("user", "2026-04-29 10:00"), ("bot", "2026-04-29 10:01"))
    store = store_of(said, orders=orders(("2026-03-02", 1), ("2026-03-04", 1), ("2026-03-06", 1)))
    assert rules(store) == []


def test_two_purchases_make_no_loyal_buyer():
    assert rules(store_of(orders=orders(("2026-03-02", 1), ("2026-03-04", 1)))) == []


def test_low_answer_after_an_escalation_is_followed_up_and_another_asked_about():
    end = {"csat": 1, "end": "2026-04-20 11:00"}
    said = [("user", "2026-04-20 10:00"), ("agent", "2026-04-20 10:30")]
    escalated = pd.Timestamp("2026-04-20 15:10", tz="UTC")
    assert rules(store_of(("c1", "2026-04-20 10:00", said, {**end, "escalated_at": escalated}))) == [
        "follow_up_escalation"
    ]
    assert rules(store_of(("c1", "2026-04-20 10:00", said, end))) == ["ask_what_went_wrong"]


def test_low_answer_that_a_better_one_followed_asks_for_nothing():
    said = [("user", "2026-04-20 10:00"), ("bot", "2026-04-20 10:30")]
    later = [("user", "2026-04-22 10:00"), ("bot", "2026-04-22 10:30")]
    store = store_of(
        ("c1", "2026-04-20 10:00", said, {"csat": 1, "end": "2026-04-20 11:00"}),
        ("c2", "2026-04-22 10:00", later, {"csat": 5, "end": "2026-04-22 11:00"}),
    )
    assert rules(store) == []


def test_escalation_nobody_came_to_is_answered_first():
    said = [("user", "2026-04-28 10:00", "asesor por favor"), ("bot", "2026-04-28 10:01", "ya viene")]
    escalated = pd.Timestamp("2026-04-28 15:02", tz="UTC")
    store = store_of(
        ("c1", "2026-04-28 10:00", said, {"escalated_at": escalated}), events=events(cart("2026-04-27"))
    )
    assert rules(store) == ["answer_escalation", "remind_of_cart"]


def test_question_left_without_a_reply_in_the_last_conversation_is_answered():
    said = [("user", "2026-04-28 10:00", "tienen envíos a Pasto?")]
    found = user_journey(store_of(("c1", "2026-04-28 10:00", said)), "u1", **WINDOW).recommendations

    assert found[["rule", "message_id"]].to_numpy().tolist() == [["answer_question", "c1-00000"]]


def test_three_escalations_in_a_month_ask_for_an_agent_of_their_own():
    chats = [
        (
            f"c{day}",
            f"2026-04-{day} 10:00",
            [("user", f"2026-04-{day} 10:00"), ("agent", f"2026-04-{day} 10:20")],
            {"escalated_at": pd.Timestamp(f"2026-04-{day} 15:10", tz="UTC")},
        )
        for day in (10, 12, 14)
    ]
    assert rules(store_of(*chats)) == ["assign_agent"]
    assert rules(store_of(*chats[:2])) == []


def test_student_quantile_is_near_the_published_one():
    days = pd.Series(pd.date_range("2026-03-01", periods=6))
    values = pd.Series([1.0, 3.0, 2.0, 5.0, 4.0, 4.0])
    found = trend(days, values)
    line = stats.linregress(range(6), values)

    assert found.slope == pytest.approx(30 * line.slope)
    half = stats.t.ppf(0.975, 4) * line.stderr
    assert found.high - found.slope == pytest.approx(30 * half, rel=0.012)


@given(some.recursive(some.none() | some.booleans() | some.integers() | some.text(max_size=3), some.lists))
@settings(max_examples=50, deadline=None)
def test_any_items_give_products_or_none(items):
    try:
        text = json.dumps(items)
    except ValueError:
        return
    assert all(isinstance(product, str) and n > 0 for product, n in products_of(text))
