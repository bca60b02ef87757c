"""What holds for the journeys of any events, and beside a plain count of them."""

import datetime as dt
import itertools
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_counting import journeys_of, transitions_of
from journey_stories import WINDOW, rows
from telling import at

from analytics_lib.analysis import journeys
from analytics_lib.store import Store

GAP = dt.timedelta(minutes=30)
UNITS = ("conversation", "user", "session")
BY_HAND = settings(max_examples=12)


@st.composite
def told(draw):
    """Up to 40 events of three users in conversations of their own, many at one moment."""
    cells = st.tuples(
        st.integers(0, 2), st.sampled_from([None, "x", "y"]), st.integers(0, 90), st.sampled_from("abc")
    )
    drawn = draw(st.lists(cells, min_size=1, max_size=40))
    ids = draw(st.permutations(range(len(drawn))))
    start = pd.Timestamp("2026-03-02 10:00")
    return [
        {
            "event_id": f"e{number:02}",
            "user_id": f"u{user}",
            "conversation_id": chat and f"u{user}-{chat}",
            "name": name,
            "occurred_local": start + pd.Timedelta(minutes=minute),
            "occurred_at": at(str(start + pd.Timedelta(minutes=minute))),
        }
        for number, (user, chat, minute, name) in zip(ids, drawn, strict=True)
    ]


def store_of(events):
    chats = {event["conversation_id"]: event["user_id"] for event in events if event["conversation_id"]}
    tables = {"events": pd.DataFrame(events)}
    if chats:
        start = pd.Timestamp("2026-03-02 09:00")
        channels = ["web" if chat.endswith("x") else "whatsapp" for chat in chats]
        frame = pd.DataFrame(
            {"conversation_id": list(chats), "user_id": list(chats.values()), "channel": channels}
        )
        tables["conversations"] = frame.assign(started_at=at(str(start)), started_local=start)
    return Store.in_memory(**tables)


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS))
def test_transitions_are_those_of_a_plain_count(events, unit):
    with store_of(events) as store:
        frame = journeys.transitions(store, unit=unit, **WINDOW)
    columns = ("source", "target", "transitions", "share", "users", "reach")
    found = {(source, target): tuple(rest) for source, target, *rest in rows(frame, *columns)}
    expected = transitions_of(journeys_of(events, unit, GAP))
    assert found.keys() == expected.keys()
    for pair, values in expected.items():
        assert found[pair] == pytest.approx(values)


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS), ends=st.booleans())
def test_shares_leaving_an_event_sum_to_1_in_every_group(events, unit, ends):
    with store_of(events) as store:
        frame = journeys.transitions(store, unit=unit, ends=ends, by="channel", **WINDOW)
    if len(frame):
        assert frame.groupby(["channel", "source"])["share"].sum().tolist() == pytest.approx(
            [1.0] * frame.groupby(["channel", "source"]).ngroups
        )
    assert (frame["low"].between(0, frame["share"]) & frame["high"].between(frame["share"], 1)).all()
    assert frame["reach"].between(0, 1).all()
    assert (frame["size"] <= frame["source_transitions"] + 1e-9).all()


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS))
def test_counts_add_up_over_groups(events, unit):
    moment = dt.datetime(2026, 3, 2, 15, 40, tzinfo=dt.UTC)
    with store_of(events) as store:
        whole = journeys.transitions(store, unit=unit, **WINDOW)
        parts = [journeys.transitions(store, unit=unit, by=by, **WINDOW) for by in ("channel", moment)]
    expected = dict(
        zip(zip(whole["source"], whole["target"], strict=True), whole["transitions"], strict=True)
    )
    for frame in parts:
        added = Counter()
        for source, target, n in rows(frame, "source", "target", "transitions"):
            added[source, target] += n
        assert added == expected


@BY_HAND
@given(events=told(), minutes=st.integers(1, 60))
def test_sessions_part_the_events_of_every_user(events, minutes):
    gap = dt.timedelta(minutes=minutes)
    with store_of(events) as store:
        found = journeys.sessions(store, gap=gap, **WINDOW)
    expected = journeys_of(events, "session", gap)
    times = [(user, min(times), max(times), len(times)) for user, _, times in expected]
    assert rows(found, "user_id", "started_at", "ended_at", "events") == sorted(times)
    assert found["events"].sum() == len(events)
    for _, own in found.groupby("user_id"):
        assert own["session"].tolist() == list(range(1, len(own) + 1))
        assert (own["started_at"].to_numpy()[1:] - own["ended_at"].to_numpy()[:-1] > gap).all()


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS), limit=st.integers(1, 5))
def test_shares_of_paths_sum_to_1_and_paths_are_those_of_a_plain_count(events, unit, limit):
    with store_of(events) as store:
        frame = journeys.common_paths(store, unit=unit, limit=limit, **WINDOW)
    expected = Counter(tuple(names) for _, names, _ in journeys_of(events, unit, GAP))
    named = {tuple(path): n for path, n in rows(frame.iloc[:-1], "path", "journeys")}
    assert sorted(named.values()) == sorted(n for _, n in expected.most_common(limit))
    assert all(expected[path] == n for path, n in named.items())
    if expected:
        assert frame["share"].sum() == pytest.approx(1.0)
        assert frame["journeys"].sum() == expected.total()


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS))
def test_shares_of_a_step_sum_to_1_and_steps_are_those_of_a_plain_count(events, unit):
    with store_of(events) as store:
        frame = journeys.step_matrix(store, unit=unit, steps=4, **WINDOW)
    expected = Counter()
    for _, names, _ in journeys_of(events, unit, GAP):
        expected.update(enumerate([*names, *["ended"] * 4][:4], start=1))
    found = {(step, event): n for step, event, n in rows(frame, "step", "event", "journeys") if n}
    assert found == expected
    assert frame.groupby("step")["share"].sum().tolist() == pytest.approx([1.0] * frame["step"].nunique())


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS))
def test_loops_are_those_of_a_plain_count(events, unit):
    with store_of(events) as store:
        frame = journeys.loops(store, unit=unit, **WINDOW)
    expected = {}
    paths = [names for _, names, _ in journeys_of(events, unit, GAP)]
    for event in {name for names in paths for name in names}:
        counts = [names.count(event) for names in paths if event in names]
        again = sum(pair == (event, event) for names in paths for pair in itertools.pairwise(names))
        expected[event] = (sum(n > 1 for n in counts), len(counts), sum(counts) - len(counts), again)
    columns = ("event", "journeys", "total_journeys", "repeats", "immediate")
    assert {event: tuple(rest) for event, *rest in rows(frame, *columns)} == expected


@BY_HAND
@given(events=told(), unit=st.sampled_from(UNITS))
def test_starts_and_ends_are_the_transitions_of_the_ends(events, unit):
    with store_of(events) as store:
        frame = journeys.transitions(store, unit=unit, ends=True, **WINDOW)
        starts = journeys.start_events(store, unit=unit, **WINDOW)
        ends = journeys.end_events(store, unit=unit, **WINDOW)
    begun, over = frame[frame["source"] == "start"], frame[frame["target"] == "end"]
    assert dict(rows(starts, "event", "journeys")) == dict(rows(begun, "target", "transitions"))
    assert dict(rows(ends, "event", "journeys")) == dict(rows(over, "source", "transitions"))


def test_the_surface_is_documented():
    for name in journeys.__all__:
        assert getattr(journeys, name).__doc__
