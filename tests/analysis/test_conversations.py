import datetime as dt

import pandas as pd
import pytest

from analytics_lib.analysis.conversations import outcomes, overview

WEEK = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}


def test_conversation_belongs_to_the_day_it_started_on(tell):
    store = tell(
        ("before", "2026-03-01 23:59:59", [("user", "2026-03-02 00:10")]),
        ("first", "2026-03-02 00:00", [("user", "2026-03-02 00:00")]),
        ("last", "2026-03-08 23:59:59", [("user", "2026-03-08 23:59:59"), ("bot", "2026-03-09 00:01")]),
        ("after", "2026-03-09 00:00", [("user", "2026-03-09 00:00")]),
    )
    found = overview(store, **WEEK)
    assert (found["conversations"], found["messages"]) == (2, 3)


def test_overview_counts_demand_users_and_agents_apart(tell):
    store = tell(
        ("asked", "2026-03-02 10:00", [("user", "2026-03-02 10:00"), ("agent", "2026-03-02 10:01")]),
        ("pushed", "2026-03-03 10:00", [("bot", "2026-03-03 10:00")], {"end": "2026-03-03 11:00"}),
        ("silent", "2026-03-04 10:00", [], {"user": "u2"}),
    )
    found = overview(store, **WEEK)
    counts = {name: int(found[name]) for name in ("conversations", "demand", "users", "with_agent", "closed")}
    assert counts == {"conversations": 3, "demand": 1, "users": 2, "with_agent": 1, "closed": 1}


def test_window_without_conversations_counts_none_and_says_what_the_store_knows(tell):
    found = overview(tell(("a", "2026-05-01 10:00", [("user", "2026-05-01 10:00")])), **WEEK)
    assert (found["conversations"], found["messages"]) == (0, 0)
    assert found["first_message"] == pd.Timestamp("2026-05-01 10:00")


def test_empty_store_has_no_first_message(tell):
    found = overview(tell(), **WEEK)
    assert found["conversations"] == 0
    assert pd.isna(found["first_message"])


def test_other_channels_are_left_out(tell):
    store = tell(
        ("a", "2026-03-02 10:00", [("user", "2026-03-02 10:00")], {"channel": "whatsapp"}),
        ("b", "2026-03-02 10:00", [("user", "2026-03-02 10:00")], {"channel": "web"}),
    )
    assert overview(store, **WEEK, channel="whatsapp")["conversations"] == 1


def test_nothing_later_than_as_of_is_known(tell):
    store = tell(
        (
            "a",
            "2026-03-02 10:00",
            [("user", "2026-03-02 10:00"), ("bot", "2026-03-04 10:00")],
            {"end": "2026-03-05 10:00", "outcome": "resolved"},
        ),
        ("b", "2026-03-04 10:00", [("user", "2026-03-04 10:00")]),
    )
    found = overview(store, **WEEK, as_of=dt.date(2026, 3, 4))
    assert (found["conversations"], found["messages"], found["closed"]) == (1, 1, 0)
    frame = outcomes(store, **WEEK, as_of=dt.date(2026, 3, 4)).set_index("outcome")["conversations"]
    assert (frame["open"], frame["resolved"]) == (1, 0)


def ended(name, outcome, user="u1"):
    return (name, "2026-03-02 10:00", [], {"end": "2026-03-02 11:00", "outcome": outcome, "user": user})


def test_shares_are_of_those_closed_with_a_known_outcome(tell):
    store = tell(
        *[ended(f"r{i}", "resolved", f"u{i}") for i in range(8)],
        *[ended(f"a{i}", "abandoned", f"v{i}") for i in range(2)],
        ended("unknown", None),
        ("open", "2026-03-02 10:00", []),
    )
    frame = outcomes(store, **WEEK)
    assert list(frame["outcome"]) == ["resolved", "abandoned", "open", "unknown"]
    assert list(frame["conversations"]) == [8, 2, 1, 1]
    assert frame["share"].tolist()[:2] == [0.8, 0.2]
    assert frame["share"].isna().tolist() == [False, False, True, True]


def test_interval_of_users_with_one_conversation_each_is_plain_wilson(tell):
    store = tell(
        *[ended(f"r{i}", "resolved", f"u{i}") for i in range(8)],
        *[ended(f"a{i}", "abandoned", f"v{i}") for i in range(2)],
    )
    # The published limits of 8 of 10.
    row = outcomes(store, **WEEK).set_index("outcome").loc["resolved"]
    assert (row["low"], row["high"]) == pytest.approx((0.490162, 0.943318), abs=1e-5)


def test_interval_is_wider_where_few_users_repeat(tell):
    def width(users):
        store = tell(
            *[ended(f"r{i}", "resolved", f"u{i % users}") for i in range(20)],
            *[ended(f"a{i}", "abandoned", f"v{i % users}") for i in range(20)],
        )
        row = outcomes(store, **WEEK).iloc[0]
        return row["high"] - row["low"]

    assert width(2) > width(20) + 0.2


def test_outcome_that_the_store_knows_but_the_window_lacks_is_zero(tell):
    store = tell(
        ended("a", "resolved"),
        ("old", "2025-01-01 10:00", [], {"end": "2025-01-01 11:00", "outcome": "purchase"}),
    )
    frame = outcomes(store, **WEEK).set_index("outcome")
    assert frame.loc["purchase", "conversations"] == 0
    assert frame.loc["purchase", "share"] == 0
    assert "escalated" not in frame.index


def test_without_a_known_outcome_there_is_no_share(tell):
    frame = outcomes(tell(ended("a", None)), **WEEK)
    assert frame["share"].isna().all()
    assert dict(zip(frame["outcome"], frame["conversations"], strict=True)) == {"open": 0, "unknown": 1}
