"""Sessions of users: where one ends and the next begins."""

import datetime as dt

import pandas as pd
import pytest
from journey_stories import WINDOW, rows, store_of, walk
from telling import at

from analytics_lib.analysis.journeys import sessions
from analytics_lib.errors import RequestError

HALF_HOUR = dt.timedelta(minutes=30)


def events_of(store, gap=HALF_HOUR, **asked):
    return rows(sessions(store, gap=gap, **{**WINDOW, **asked}), "user_id", "session", "events")


def test_a_pause_of_the_gap_itself_does_not_end_a_session():
    assert events_of(store_of(walk("u1", "10:00 a, 10:30 b, 11:00 c"))) == [("u1", 1, 3)]


def test_a_pause_longer_than_the_gap_begins_a_new_one():
    store = store_of(walk("u1", "10:00 a, 10:30:00.000001 b"))
    assert events_of(store) == [("u1", 1, 1), ("u1", 2, 1)]


def test_sessions_are_numbered_by_user_in_time():
    store = store_of(walk("u2", "10:00 a, 12:00 b"), walk("u1", "15:00 b, 09:00 a, 09:10 a"))
    assert events_of(store) == [("u1", 1, 2), ("u1", 2, 1), ("u2", 1, 1), ("u2", 2, 1)]


def test_a_session_lasts_from_its_first_event_to_its_last():
    found = sessions(store_of(walk("u1", "10:00 a, 10:20 b, 13:00 c")), gap=HALF_HOUR, **WINDOW)
    assert found["started_at"].tolist() == [at("2026-03-02 10:00"), at("2026-03-02 13:00")]
    assert found["ended_at"].tolist() == [at("2026-03-02 10:20"), at("2026-03-02 13:00")]
    assert found["started_at"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_a_session_does_not_ask_for_conversations():
    store = store_of(
        walk("u1", "10:00 a", chat="c1"), walk("u1", "10:01 b"), walk("u1", "10:02 b", chat="c2")
    )
    assert events_of(store) == [("u1", 1, 3)]


def test_users_are_never_in_one_session():
    assert events_of(store_of(walk("u1", "10:00 a"), walk("u2", "10:00 a"))) == [("u1", 1, 1), ("u2", 1, 1)]


def test_events_of_one_moment_are_one_session():
    assert events_of(store_of(walk("u1", "10:00 a, 10:00 a, 10:00 b"))) == [("u1", 1, 3)]


def test_a_session_goes_on_across_midnight_within_the_window():
    store = store_of(walk("u1", "23:50 a"), walk("u1", "00:10 b", day="2026-03-03"))
    assert events_of(store, until=dt.date(2026, 3, 4)) == [("u1", 1, 2)]
    assert events_of(store) == [("u1", 1, 1)]


def test_no_event_is_no_session():
    found = sessions(
        store_of(walk("u1", "10:00 a")), gap=HALF_HOUR, since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2)
    )
    assert found.empty
    assert list(found.columns) == ["user_id", "session", "started_at", "ended_at", "events"]


def test_a_store_without_events_has_no_session():
    assert sessions(store_of(), gap=HALF_HOUR, **WINDOW).empty


def test_a_gap_of_nothing_is_refused():
    with pytest.raises(RequestError, match="gap is 0:00:00; expected a positive pause"):
        sessions(store_of(walk("u1", "10:00 a")), gap=dt.timedelta(), **WINDOW)


def test_an_empty_window_is_refused():
    with pytest.raises(RequestError, match="is empty: since must be before until"):
        sessions(store_of(), gap=HALF_HOUR, since=WINDOW["until"], until=WINDOW["since"])
