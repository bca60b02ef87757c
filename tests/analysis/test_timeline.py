import datetime as dt

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from telling import at

from analytics_lib.analysis.looks_kept import (
    CONVERSATION_MESSAGES,
    CONVERSATION_ROWS,
    CONVERSATION_STEPS,
    MOST_LOOKED_UP,
)
from analytics_lib.analysis.timeline import choose_conversation, timeline, timelines
from analytics_lib.errors import NotFoundError
from analytics_lib.store import Store, derived, lookups

DAY = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 3)}


def minute(number):
    return f"2026-03-02 10:{number:02}"


def action(number, conversation="a", name="search", **more):
    ids = {"action_id": f"{conversation}-{number}", "conversation_id": conversation}
    return {**ids, "started_at": at(minute(number)), "name": name, **more}


def column(frame, name):
    return [None if pd.isna(value) else value for value in frame[name]]


def test_messages_come_in_order_with_gaps_and_response_times(tell):
    said = [
        ("user", minute(0)),
        ("user", minute(1)),
        ("bot", minute(3)),
        ("bot", minute(4)),
        ("user", minute(9)),
    ]
    messages = timeline(tell(("a", minute(0), said)), "a").messages
    assert column(messages, "position") == [1, 2, 3, 4, 5]
    assert column(messages, "seconds") == [0, 60, 180, 240, 540]
    assert column(messages, "gap_seconds") == [None, 60, 120, 60, 300]
    assert column(messages, "response_time_seconds") == [None, None, 180, None, None]


def test_message_of_the_shop_while_nobody_waits_answers_nothing(tell):
    messages = timeline(tell(("a", minute(0), [("bot", minute(0)), ("agent", minute(1))])), "a").messages
    assert messages["response_time_seconds"].isna().all()


def test_messages_running_backwards_and_of_one_instant_are_ordered_by_time_then_id(tell):
    said = [("user", minute(5), "third"), ("user", minute(1), "first"), ("bot", minute(1), "second")]
    messages = timeline(tell(("a", minute(0), said)), "a").messages
    assert column(messages, "text") == ["first", "second", "third"]
    assert (messages["gap_seconds"].dropna() >= 0).all()


def test_only_the_conversation_asked_for_is_shown(tell):
    store = tell(
        ("a", minute(0), [("user", minute(0), "mine")]),
        ("b", minute(0), [("user", minute(0), "other")]),
        actions=pd.DataFrame([action(1, "a"), action(1, "b")]),
    )
    found = timeline(store, "a")
    assert column(found.messages, "text") == ["mine"]
    assert column(found.actions, "action_id") == ["a-1"]


def test_actions_and_events_stand_at_their_second(tell):
    events = [
        {"event_id": "e", "user_id": "u1", "conversation_id": "a", "occurred_at": at(minute(2)), "name": "x"}
    ]
    actions = [action(3, succeeded=False, error="timeout"), action(1, succeeded=True)]
    store = tell(("a", minute(0), []), actions=pd.DataFrame(actions), events=pd.DataFrame(events))
    found = timeline(store, "a")
    assert column(found.actions, "seconds") == [60, 180]
    assert column(found.actions, "error") == [None, "timeout"]
    assert column(found.events, "seconds") == [120]


def test_open_conversation_has_no_end(tell):
    row = timeline(tell(("a", minute(0), [])), "a").conversation.iloc[0]
    assert np.isnan(row["ended_seconds"])


def test_closed_and_escalated_conversation_tells_both_moments(tell):
    more = {"end": minute(10), "escalated_at": at(minute(4)), "outcome": "escalated"}
    row = timeline(tell(("a", minute(0), [], more)), "a").conversation.iloc[0]
    assert (row["escalated_seconds"], row["ended_seconds"]) == (240, 600)


def test_conversation_across_midnight_goes_on_counting(tell):
    said = [("user", "2026-03-02 23:59"), ("bot", "2026-03-03 00:01")]
    assert column(timeline(tell(("a", "2026-03-02 23:59", said)), "a").messages, "seconds") == [0, 120]


def test_conversation_of_agents_alone_is_shown(tell):
    found = timeline(tell(("a", minute(0), [("agent", minute(0)), ("agent", minute(1))])), "a")
    assert column(found.messages, "sender") == ["agent", "agent"]


def test_unknown_conversation_is_refused_with_the_nearest_id(tell):
    store = tell(("star-119", minute(0), []), ("star-2000", minute(0), []))
    with pytest.raises(NotFoundError, match=r"no conversation 'star-118'.*Did you mean 'star-119'\?"):
        timeline(store, "star-118")


def test_empty_store_has_no_nearest_id(tell):
    with pytest.raises(NotFoundError, match="holds none yet"):
        timeline(tell(), "a")


def test_no_conversation_chosen_gives_a_timeline_without_rows(tell):
    found = timeline(tell(("a", minute(0), [("user", minute(0))])), None)
    assert [
        len(part) for part in (found.conversation, found.messages, found.actions, found.events, found.orders)
    ] == [0] * 5


def answered(name, messages):
    said = [("bot" if place % 2 else "user", minute(place)) for place in range(messages)]
    return (name, minute(0), said)


def test_typical_conversation_has_an_action_and_the_median_length(tell):
    store = tell(
        *[answered(f"{length}", length) for length in (2, 4, 5, 9)],
        ("no-reply", minute(0), [("user", minute(0))] * 3),
        actions=pd.DataFrame([action(1, name) for name in ("2", "5", "9", "no-reply")]),
    )
    assert choose_conversation(store, **DAY) == "5"


def test_of_equals_the_first_by_id_is_typical(tell):
    assert choose_conversation(tell(answered("b", 2), answered("a", 2)), **DAY) == "a"


def test_conversation_asked_for_is_not_chosen_again(tell):
    assert choose_conversation(tell(answered("a", 2)), "z", **DAY) == "z"


def test_window_without_messages_has_no_typical_conversation(tell):
    assert choose_conversation(tell(("a", minute(0), [])), **DAY) is None


def test_nothing_later_than_as_of_is_known_of_a_conversation(tell):
    said = [("user", minute(0)), ("bot", minute(2)), ("agent", minute(30))]
    more = {"end": minute(40), "outcome": "escalated", "csat": 1, "escalated_at": at(minute(20))}
    store = tell(("a", minute(0), said, more), actions=pd.DataFrame([action(1), action(25)]))

    before = timeline(store, "a", as_of=at(minute(10)).to_pydatetime())
    assert len(before.messages) == 2
    assert len(before.actions) == 1
    ended = before.conversation[["outcome", "csat", "ended_seconds", "escalated_seconds"]]
    assert ended.iloc[0].isna().all()

    after = timeline(store, "a").conversation.iloc[0]
    assert (after["outcome"], after["csat"], after["escalated_seconds"]) == ("escalated", 1, 1200)


def test_messages_are_read_on_the_way(tell):
    def shouted(messages):
        return messages.append_column("shouted", pc.utf8_upper(messages["text"]))

    store = tell(("a", minute(0), [("user", minute(1), "hola")]))
    found = timeline(store, "a", read=shouted)
    assert column(found.messages, "shouted") == ["HOLA"]


def test_parts_that_are_not_kept_are_asked_for(tell, tmp_path, monkeypatch):
    monkeypatch.setattr(lookups, "WORTH_LOOKING_UP_ROWS", 1)
    told = eventful(tell)
    with Store.open(tmp_path / "store") as store:
        for table in ("conversations", "messages", "actions", "events", "products", "orders"):
            store.append(table, told.query(f"select * from {table}"))
    known = told.query_arrow("select conversation_id, sent_at, sender from messages order by 1, 2")
    names = ["a", "b", *(f"nobody {number}" for number in range(MOST_LOOKED_UP - 1))]
    plain, handed = timelines(told, ["a", "b"]), timelines(told, ["a", "b"], messages=known)
    with Store.open(tmp_path / "store") as store:
        for kept in (CONVERSATION_MESSAGES, CONVERSATION_ROWS, CONVERSATION_STEPS):
            store.prepare(kept)
            for asked in (["a", "b"], names[:-1], names):
                same(timelines(store, asked), plain)
                same(timelines(store, asked, messages=known), handed)


def test_messages_somebody_has_already_are_not_looked_for_again(tell):
    store = tell(("a", minute(0), [("user", minute(1)), ("bot", minute(3))]), ("b", minute(0), []))
    known = store.query_arrow("select conversation_id, sent_at, sender from messages order by sent_at")
    found = timelines(store, ["a", "b"], messages=known)
    assert column(found.messages, "response_time_seconds") == [None, 120]
    assert column(found.conversation, "conversation_id") == ["a", "b"]


def eventful(tell):
    """Two conversations, one with an action that fails, an event of a product and one without, an order."""
    said = [("user", minute(1), "hola"), ("bot", minute(3)), ("user", minute(5))]
    step = {"event_id": "e1", "conversation_id": "a", "user_id": "u1", "occurred_at": at(minute(2))}
    order = {"order_id": "o1", "conversation_id": "a", "user_id": "u1", "ordered_at": at(minute(6))}
    entered = {**step, "event_id": "e2", "name": "interest_shown"}
    return tell(
        ("a", minute(0), said, {"end": minute(7), "outcome": "resolved"}),
        ("b", minute(0), said),
        actions=pd.DataFrame([action(1), action(5, succeeded=False, error="timeout"), action(2, "b")]),
        events=pd.DataFrame([{**step, "name": "cart_added", "product_id": "p1", "value": 9.0}, entered]),
        products=pd.DataFrame([{"product_id": "p1", "name": "Camisa", "category": "camisas"}]),
        orders=pd.DataFrame([{**order, "amount": 10.0, "currency": "COP"}]),
    )


PARTS = ("conversation", "messages", "actions", "events", "orders")


def same(found, expected):
    for name in PARTS:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("as_of", [None, at(minute(4)).to_pydatetime()])
def test_conversation_looks_the_same_alone_and_among_others(tell, as_of):
    store = eventful(tell)
    alone, among = (timelines(store, names, as_of=as_of) for names in (["a"], ["a", "b"]))
    for name in PARTS:
        rows = getattr(among, name)
        rows = rows[rows["conversation_id"] == "a"].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(alone, name), rows)


@pytest.mark.parametrize("as_of", [None, at(minute(4)).to_pydatetime(), at(minute(2)).to_pydatetime()])
def test_conversation_looks_the_same_in_rows_that_are_kept(tell, tmp_path, monkeypatch, as_of):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 1)
    monkeypatch.setattr(lookups, "WORTH_LOOKING_UP_ROWS", 1)
    told = eventful(tell)
    with Store.open(tmp_path / "store") as store:
        for table in ("conversations", "messages", "actions", "events", "products", "orders"):
            store.append(table, told.query(f"select * from {table}"))
    with Store.open(tmp_path / "store") as store:
        plain = timeline(store, "a", as_of=as_of)
        assert store.prepare(CONVERSATION_ROWS, CONVERSATION_MESSAGES, CONVERSATION_STEPS)
        with monkeypatch.context() as patch:
            patch.setattr(store, "query_arrow", lambda *_, **__: pytest.fail("asked the engine"))
            kept = timeline(store, "a", as_of=as_of)
            both = timelines(store, ["b", "a"], as_of=as_of)
        with pytest.raises(NotFoundError, match="no conversation 'c'"):
            timeline(store, "c")
    among = timelines(told, ["a", "b"], as_of=as_of)
    same(kept, plain)
    same(both, among)
    assert len(kept.events) == (0 if as_of == at(minute(2)).to_pydatetime() else 2)
