"""Events as numbers: who is who, in which order, and that kept rows answer like those worked out at once."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from journey_stories import WINDOW, rows, store_of, walk
from telling import at

from analytics_lib.analysis.funnels import funnel
from analytics_lib.analysis.journeys import sessions, transitions
from analytics_lib.analysis.numbered_events import (
    NUMBERED_EVENTS,
    event_names,
    in_order,
    labels,
    occurring,
    user_ids,
)
from analytics_lib.store import Store, derived

NUMBERS = "select place, person, chat, code from numbered_events order by place"


def numbers(store):
    store.derived(NUMBERED_EVENTS)
    return rows(store.query(NUMBERS).astype(object).where(lambda frame: frame.notna(), None), *COLUMNS)


COLUMNS = ("place", "person", "chat", "code")


def test_events_stand_in_time_and_those_of_one_moment_by_their_ids():
    store = store_of(walk("u1", "10:05 b, 10:00 a, 10:00 c"), ids=["e1", "e3", "e2"])
    assert event_names(store) == ["a", "b", "c"]
    assert [code for *_, code in numbers(store)] == [2, 0, 1]


def test_users_and_conversations_are_numbered_by_their_alphabet():
    store = store_of(walk("u2", "10:00 a", chat="c9"), walk("u1", "10:01 a", chat="c3"))
    assert numbers(store) == [(0, 1, 1, 0), (1, 0, 0, 0)]
    assert user_ids(store).to_pylist() == ["u1", "u2"]


def test_an_event_without_a_conversation_has_the_number_of_none():
    store = store_of(walk("u1", "10:00 a"), walk("u1", "10:01 a", chat="c1"))
    assert [chat for _, _, chat, _ in numbers(store)] == [None, 0]


def test_a_dimension_says_unknown_of_what_it_does_not_know_and_of_no_conversation():
    store = store_of(
        walk("u1", "10:00 a", chat="c1"), walk("u1", "10:01 a", chat="c2"), chats=[("c1", "u1", "web")]
    )
    said = labels(store, "channel")
    assert [said.words[code] for code in said.codes] == ["web", "unknown", "unknown"]


def test_a_dimension_without_any_event_says_unknown_only():
    said = labels(store_of(), "segment")
    assert [said.words[code] for code in said.codes] == ["unknown"]


def test_only_names_that_occur_are_left_and_their_codes_close_up():
    names, codes = occurring(["a", "b", "c"], np.array([2, 0, 2]))
    assert (names, codes.tolist()) == (["a", "c"], [1, 0, 1])


def test_rows_that_come_in_another_order_are_put_right():
    table = pa.table({"place": pa.array([2, 0, 1]), "name": pa.array(["c", "a", "b"])})
    assert in_order(table, "place")["name"].to_pylist() == ["a", "b", "c"]


def test_events_a_century_apart_are_put_in_order():
    days = ["2020-03-02", "1930-03-02", "2025-03-02"]
    store = store_of(*(walk("u1", f"10:00 {name}", day=day) for name, day in zip("bac", days, strict=True)))
    found = transitions(store, unit="user", since=dt.date(1920, 1, 1), until=dt.date(2026, 1, 1))
    assert rows(found, "source", "target") == [("a", "b"), ("b", "c")]


def test_the_first_event_decides_whose_a_conversation_of_two_users_is():
    told = [*walk("u2", "10:00 a", chat="c1"), *walk("u1", "10:01 b", chat="c1")]
    found = transitions(store_of(told, segments=[("u1", "new"), ("u2", "vip")]), by="segment", **WINDOW)
    assert rows(found, "segment", "source", "target", "users") == [("vip", "a", "b", 1)]


def test_what_was_known_at_a_moment_holds_no_later_event():
    with store_of(walk("u1", "10:00 a, 10:05 b, 10:10 c", chat="c1")) as store:
        assert len(transitions(store, **WINDOW)) == 2
        with store.known_at(at("2026-03-02 10:06")) as known:
            assert rows(transitions(known, **WINDOW), "source", "target") == [("a", "b")]


def world(seed):
    """Events of few users, conversations and minutes, so that many of them coincide, in no order."""
    random = np.random.default_rng(seed)
    size = 400
    chats = random.integers(0, 60, size)
    local = pd.Timestamp("2026-03-01 22:00") + pd.to_timedelta(random.integers(0, 1_500, size), unit="min")
    return pd.DataFrame(
        {
            "event_id": [f"e{number:04}" for number in random.permutation(size)],
            "user_id": [f"u{number:02}" for number in random.integers(0, 25, size)],
            "conversation_id": [None if chat < 9 else f"c{chat:02}" for chat in chats],
            "occurred_local": local,
            "occurred_at": local.tz_localize("America/Bogota").tz_convert("UTC"),
            "name": random.choice(list("abcd"), size),
        }
    )


def answers(store):
    return [
        transitions(store, **WINDOW),
        transitions(store, unit="user", ends=True, **WINDOW),
        transitions(store, unit="session", by="channel", **WINDOW),
        sessions(store, gap=dt.timedelta(minutes=20), **WINDOW),
        funnel(store, stages=["a", "b", "c"], within=dt.timedelta(hours=3), excluded=["d"], **WINDOW),
        funnel(store, stages=["b", "a"], mode="strict", by="segment", period="hour", **WINDOW),
        funnel(store, stages=["b", "a"], mode="any_order", as_of=at("2026-03-02 15:00"), **WINDOW),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_kept_beside_a_store_answer_like_rows_worked_out_at_once(seed, tmp_path, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 0)
    events = world(seed)
    with Store.open(tmp_path) as store:
        store.append("events", events)
    with Store.in_memory(events=events) as store:
        at_once = answers(store)
    for _ in range(2):
        with Store.open(tmp_path) as store:
            for found, expected in zip(answers(store), at_once, strict=True):
                pd.testing.assert_frame_equal(found, expected)
    assert {file.name.rsplit("-", 1)[0] for file in (tmp_path / derived.FOLDER).iterdir()} == {
        "numbered_events",
        "event_people",
        "event_chats",
    }


def test_new_events_are_in_the_next_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 0)
    first, second = world(1).head(200), world(1).tail(200)
    for part, known in ((first, first), (second, world(1))):
        with Store.open(tmp_path) as store:
            store.append("events", part)
        with Store.open(tmp_path) as store, Store.in_memory(events=known) as fresh:
            pd.testing.assert_frame_equal(transitions(store, **WINDOW), transitions(fresh, **WINDOW))
