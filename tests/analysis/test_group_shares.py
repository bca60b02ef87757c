import pytest
from comparing import chat, groups_of, store_of

from analytics_lib.analysis.group_shares import intents, stages


def asks(intent, second=0):
    return "user", second, {"intent": intent}


def row(frame, name):
    return frame.set_index("name").loc[name]


def test_share_counts_conversations_in_which_an_intent_occurs():
    store = store_of(
        chat("u1", "escalated", asks("price"), asks("price", 1), asks("sizes", 2)),
        chat("u2", "escalated", asks("sizes")),
        chat("u3", "resolved", asks("price")),
    )
    price = row(intents(store, groups_of(store)), "price")

    assert (price["first_conversations"], price["first_total"], price["first_share"]) == (1, 2, 0.5)
    assert (price["second_conversations"], price["second_total"], price["second_share"]) == (1, 1, 1)
    assert price["difference"] == -0.5
    assert row(intents(store, groups_of(store)), "sizes")["second_share"] == 0


def test_conversation_without_any_recognised_intent_is_not_counted():
    store = store_of(
        chat("u1", "escalated", asks("price")),
        chat("u2", "escalated", ("user", 0)),
        chat("u3", "resolved", asks("price")),
    )
    assert row(intents(store, groups_of(store)), "price")["first_total"] == 1


def test_what_the_bot_says_is_no_intent_of_the_user():
    store = store_of(
        chat("u1", "escalated", asks("price"), ("bot", 1, {"intent": "sizes"})),
        chat("u2", "resolved", asks("price")),
    )
    assert list(intents(store, groups_of(store))["name"]) == ["price"]


def test_conversations_of_one_user_are_worth_one():
    # As in the interval's own test: two users of ten alike are worth one row each; here one has all.
    often = [chat("u1", "escalated", asks("price"))] * 10 + [chat("u2", "escalated", asks("sizes"))] * 10
    once = [chat(f"v{n}", "resolved", asks("price")) for n in range(5)]
    once += [chat(f"w{n}", "resolved", asks("sizes")) for n in range(5)]
    store = store_of(*often, *once)
    price = row(intents(store, groups_of(store)), "price")

    assert price["first_share"] == price["second_share"] == 0.5
    # Wilson of 0.5 on one row: (0.5 + 1.920729) / 4.841459 ± 1.959964 √(0.25 + 0.960365) / 4.841459.
    assert (price["first_low"], price["first_high"]) == pytest.approx((0.0546, 0.9454), abs=1e-4)
    assert price["second_low"] > 0.2


def test_store_without_intents_has_no_rows():
    store = store_of(chat("u1", "escalated", ("user", 0)), chat("u2", "resolved", ("user", 0)))
    assert intents(store, groups_of(store)).empty


def test_stages_come_in_the_order_of_the_funnel_without_the_first():
    store = store_of(
        chat("u1", "escalated", events=["conversation_started", "interest_shown", "cart_added"]),
        chat("u2", "resolved", events=["conversation_started", "interest_shown", "interest_shown", "wished"]),
        chat("u3", "resolved", events=["conversation_started"]),
    )
    found = stages(store, groups_of(store))

    assert list(found["name"]) == ["interest_shown", "cart_added"]
    assert list(found["first_share"]) == [1, 1]
    assert list(found["second_share"]) == [0.5, 0]


def test_stages_are_not_compared_where_the_purchase_defines_a_group():
    bought = ["conversation_started", "cart_added", "purchase_completed"]
    store = store_of(chat("u1", "purchase", events=bought), chat("u2", "resolved", events=bought))

    assert stages(store, groups_of(store, first="purchase")).empty
    others = groups_of(store, first="escalated")
    assert list(stages(store, others)["name"]) == ["cart_added", "purchase_completed"]


def test_group_without_any_event_has_unknown_stages_and_no_zeros():
    store = store_of(chat("u1", "escalated", ("user", 0)), chat("u2", "resolved", events=["interest_shown"]))
    found = row(stages(store, groups_of(store)), "interest_shown")

    assert found[["first_share", "difference"]].isna().all()
    assert found["second_share"] == 1


def test_store_without_events_has_no_stages():
    store = store_of(chat("u1", "escalated", ("user", 0)), chat("u2", "resolved", ("user", 0)))
    assert stages(store, groups_of(store)).empty
