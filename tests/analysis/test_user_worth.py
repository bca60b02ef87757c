"""Which people deserve a look, and why; the window ends on 1 May 2026."""

import pandas as pd
import pytest
from telling import store_of
from telling_user import WINDOW, actions, events, orders

from analytics_lib.analysis.user_journey import worth_a_look
from analytics_lib.errors import RequestError


def people(store, **more):
    found = worth_a_look(store, **WINDOW, **more)
    return dict(zip(found["user_id"], found["reasons"], strict=True))


def chat(name, day, user, **more):
    said = [("user", f"2026-04-{day} 10:00"), ("bot", f"2026-04-{day} 10:01")]
    return (name, f"2026-04-{day} 10:00", said, {"user": user, **more})


def test_nobody_is_listed_where_nobody_did_anything():
    assert worth_a_look(store_of(), **WINDOW).empty


def test_cart_left_in_the_last_week_stands_before_mere_activity():
    left = events(("2026-04-27 10:00", "cart_added"), user="u2")
    busy = [chat(f"c{day}", day, "u1") for day in range(10, 20)]
    assert people(store_of(*busy, events=left)) == {"u2": "cart_left, most_active", "u1": "most_active"}


def test_cart_bought_later_or_of_the_last_day_or_older_is_no_reason():
    happened = events(("2026-04-27 10:00", "cart_added"), ("2026-04-30 10:00", "cart_added"))
    bought = orders(("2026-04-28 09:00", 5))
    assert people(store_of(events=happened, orders=bought)) == {"u1": "most_active"}
    assert people(store_of(events=events(("2026-04-20", "cart_added")))) == {"u1": "most_active"}


def test_action_that_failed_twice_is_a_reason_until_it_works():
    failed = [("2026-04-20 10:00:01", "order_status", False), ("2026-04-20 10:00:02", "order_status", False)]
    talk = chat("c1", 20, "u1")
    found = worth_a_look(store_of(talk, actions=actions("c1", *failed)), **WINDOW)
    worked = [*failed, ("2026-04-20 10:00:03", "order_status", True)]

    assert found[["reason", "value", "conversations", "purchases"]].to_numpy().tolist() == [
        ["failing_action", 2.0, 1, 0]
    ]
    assert people(store_of(talk, actions=actions("c1", *worked))) == {"u1": "most_active"}


def test_low_answer_counts_after_an_escalation_only():
    called = {"escalated_at": pd.Timestamp("2026-04-20 15:10", tz="UTC")}
    store = store_of(
        chat("c1", 20, "u1", csat=1, **called),
        chat("c2", 20, "u2", csat=1),
        chat("c3", 20, "u3", csat=3, **called),
    )
    found = people(store)
    assert found.pop("u1") == "low_csat_escalated, most_active"
    assert set(found.values()) == {"most_active"}


def test_loyal_buyer_gone_quiet_is_a_reason_with_the_days():
    bought = orders(("2026-03-02", 1), ("2026-03-04", 1), ("2026-03-06", 1))
    found = worth_a_look(store_of(orders=bought), **WINDOW)

    assert found[["reason", "value", "purchases"]].to_numpy().tolist() == [["gone_quiet", 56.0, 3]]
    still = store_of(chat("c1", 29, "u1"), orders=bought)
    assert people(still) == {"u1": "most_active"}


def test_refunds_make_nobody_loyal():
    back = orders(("2026-03-02", 1), ("2026-03-04", 1), ("2026-03-06", -1))
    assert people(store_of(orders=back)) == {"u1": "most_active"}


def test_limit_cuts_the_list_and_must_be_positive():
    store = store_of(*(chat(f"c{day}", day, f"u{day}") for day in range(10, 15)))
    assert len(worth_a_look(store, **WINDOW, limit=3)) == 3
    with pytest.raises(RequestError, match="limit is 0"):
        worth_a_look(store, **WINDOW, limit=0)
