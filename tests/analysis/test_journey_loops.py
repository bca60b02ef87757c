"""Events that come back."""

import datetime as dt

import pytest
from journey_stories import WINDOW, rows, store_of, walk

from analytics_lib.analysis.journeys import loops

COLUMNS = ("event", "journeys", "total_journeys", "users", "repeats", "immediate")


@pytest.fixture(scope="module")
def shop():
    """a b a a, a b, c c."""
    return store_of(
        walk("u1", "10:00 a, 10:01 b, 10:02 a, 10:03 a", chat="c1"),
        walk("u1", "11:00 a, 11:01 b", chat="c2"),
        walk("u2", "11:00 c, 11:01 c", chat="c3"),
        chats=[("c1", "u1", "web"), ("c2", "u1", "web"), ("c3", "u2", "whatsapp")],
    )


def test_a_journey_is_reworked_where_an_event_comes_back(shop):
    assert rows(loops(shop, **WINDOW), *COLUMNS) == [
        ("a", 1, 2, 1, 2, 1),
        ("c", 1, 1, 1, 1, 1),
        ("b", 0, 2, 0, 0, 0),
    ]


def test_the_share_is_of_the_journeys_with_the_event(shop):
    shares = dict(rows(loops(shop, **WINDOW), "event", "share"))
    assert shares == {"a": 1 / 2, "c": 1.0, "b": 0.0}


def test_an_event_in_two_journeys_of_a_user_is_no_loop_but_for_the_user(shop):
    assert dict(rows(loops(shop, **WINDOW), "event", "journeys"))["b"] == 0
    assert dict(rows(loops(shop, **WINDOW, unit="user"), "event", "journeys"))["b"] == 1


def test_loops_by_channel_count_journeys_of_the_channel(shop):
    by_channel = loops(shop, **WINDOW, by="channel")
    assert rows(by_channel, "channel", "event", "journeys", "total_journeys") == [
        ("web", "a", 1, 2),
        ("web", "b", 0, 2),
        ("whatsapp", "c", 1, 1),
    ]


def test_a_window_without_events_has_no_loop(shop):
    assert loops(shop, since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2)).empty
