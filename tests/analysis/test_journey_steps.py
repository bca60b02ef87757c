"""The step matrix."""

import datetime as dt

import pytest
from journey_stories import WINDOW, rows, store_of, walk

from analytics_lib.analysis.journeys import step_matrix
from analytics_lib.errors import RequestError


@pytest.fixture(scope="module")
def shop():
    """a b b, a, b a."""
    return store_of(
        walk("u1", "10:00 a, 10:01 b, 10:02 b", chat="c1"),
        walk("u1", "11:00 a", chat="c2"),
        walk("u2", "11:00 b, 11:01 a", chat="c3"),
        chats=[("c1", "u1", "web"), ("c2", "u1", "web"), ("c3", "u2", "whatsapp")],
    )


def cells(frame):
    return {(step, event): n for step, event, n in rows(frame, "step", "event", "journeys")}


def test_each_step_counts_the_journeys_that_have_an_event_there(shop):
    assert cells(step_matrix(shop, **WINDOW, steps=3)) == {
        (1, "a"): 2,
        (1, "b"): 1,
        (1, "ended"): 0,
        (2, "a"): 1,
        (2, "b"): 1,
        (2, "ended"): 1,
        (3, "a"): 0,
        (3, "b"): 1,
        (3, "ended"): 2,
    }


def test_the_shares_of_a_step_are_of_all_journeys(shop):
    third = step_matrix(shop, **WINDOW, steps=3).query("step == 3")
    assert rows(third, "event", "share", "total_journeys") == [
        ("a", 0, 3),
        ("b", 1 / 3, 3),
        ("ended", 2 / 3, 3),
    ]


def test_the_most_frequent_event_stands_first_and_having_ended_last():
    store = store_of(walk("u1", "10:00 z, 10:01 z, 10:02 a", chat="c1"))
    assert step_matrix(store, **WINDOW, steps=1)["event"].tolist() == ["z", "a", "ended"]


def test_after_the_longest_journey_all_have_ended(shop):
    assert cells(step_matrix(shop, **WINDOW, steps=5))[5, "ended"] == 3


def test_groups_stand_one_after_the_other(shop):
    frame = step_matrix(shop, **WINDOW, steps=2, by="channel")
    assert frame.drop_duplicates(["channel", "step"])["channel"].tolist() == [
        "web",
        "web",
        "whatsapp",
        "whatsapp",
    ]
    assert cells(frame[frame["channel"] == "web"])[2, "ended"] == 1
    assert cells(frame[frame["channel"] == "whatsapp"])[2, "a"] == 1


def test_a_moment_gives_before_and_then_after(shop):
    eleven = dt.datetime(2026, 3, 2, 15, 30, tzinfo=dt.UTC)
    frame = step_matrix(shop, **WINDOW, steps=1, by=eleven)
    assert list(dict.fromkeys(frame["period"])) == ["before", "after"]


def test_an_event_called_ended_is_refused():
    store = store_of(walk("u1", "10:00 ended", chat="c1"))
    with pytest.raises(RequestError, match="An event is itself called 'ended'"):
        step_matrix(store, **WINDOW)


def test_no_step_is_refused(shop):
    with pytest.raises(RequestError, match="steps is 0; expected a whole number from 1 on"):
        step_matrix(shop, **WINDOW, steps=0)


def test_a_window_without_events_has_no_step(shop):
    assert step_matrix(shop, since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2)).empty
