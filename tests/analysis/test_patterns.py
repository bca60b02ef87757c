import datetime as dt

import pandas as pd
import pytest
from pattern_worlds import WINDOW, store_of_paths

from analytics_lib.analysis import pattern_events
from analytics_lib.analysis.patterns import (
    Rules,
    drop_off_patterns,
    frequent_paths,
    sequential_patterns,
    success_patterns,
    tells,
)
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.store import Store

ALL = Rules(min_support=0.01)
OF_AN_OUTCOME = [tells, drop_off_patterns, success_patterns]
EVERY = [frequent_paths, sequential_patterns, *OF_AN_OUTCOME]


def asked(question, store, **more):
    outcome = {"outcome": "buy"} if question in OF_AN_OUTCOME else {}
    return question(store, **{**WINDOW, **outcome, **more})


def first(frame, *columns):
    return tuple(frame.iloc[0][list(columns)])


def test_path_of_most_units_comes_first_with_its_share():
    store = store_of_paths(["a", "b"], ["a"], ["a", "b"], ["b", "a"])
    found = asked(frequent_paths, store)

    assert found["path"].tolist() == [["a", "b"], ["a"], ["b", "a"]]
    assert found["units"].tolist() == [2, 1, 1]
    assert found["support"].tolist() == [0.5, 0.25, 0.25]
    assert found["units_total"].tolist() == [4, 4, 4]


def test_users_of_a_path_are_counted_once():
    store = store_of_paths(("u1", ["a"]), ("u1", ["a"]), ("u2", ["a"]))
    assert first(asked(frequent_paths, store), "units", "users") == (3, 2)


def test_whole_life_of_a_user_is_one_unit():
    store = store_of_paths(("u1", ["a"]), ("u1", ["b"]), ("u2", ["c"]))
    assert asked(frequent_paths, store, unit="user")["path"].tolist() == [["a", "b"], ["c"]]


def test_pause_of_more_than_half_an_hour_begins_a_session():
    # c0 and c1 of the user begin an hour apart, events of one follow each other by the minute.
    store = store_of_paths(("u1", ["a", "b"]), ("u1", ["c"]))
    assert asked(frequent_paths, store, unit="session")["path"].tolist() == [["a", "b"], ["c"]]


def events(*rows):
    """``(id, user, conversation, minute, name)`` each, on one morning."""
    names = ["event_id", "user_id", "conversation_id", "minute", "name"]
    frame = pd.DataFrame(rows, columns=names)
    local = pd.Timestamp("2026-03-02 10:00") + pd.to_timedelta(frame.pop("minute"), unit="min")
    at = (local + pd.Timedelta(hours=5)).dt.tz_localize("UTC")
    return Store.in_memory(events=frame.assign(occurred_at=at, occurred_local=local))


def test_session_goes_on_over_a_pause_of_exactly_half_an_hour():
    store = events(("e1", "u1", None, 0, "a"), ("e2", "u1", None, 30, "b"), ("e3", "u1", None, 60.1, "c"))
    assert asked(frequent_paths, store, unit="session")["path"].tolist() == [["a", "b"], ["c"]]


def test_event_without_a_conversation_belongs_to_none():
    store = events(("e1", "u1", "c1", 0, "a"), ("e2", "u1", None, 1, "b"))
    assert asked(frequent_paths, store)["path"].tolist() == [["a"]]
    assert asked(frequent_paths, store, unit="user")["path"].tolist() == [["a", "b"]]


def test_events_of_one_moment_stand_in_the_order_of_their_ids():
    store = events(("e2", "u1", "c1", 0, "a"), ("e1", "u1", "c1", 0, "b"))
    assert asked(frequent_paths, store)["path"].tolist() == [["b", "a"]]


def test_event_at_the_end_of_the_window_is_not_in_it():
    store = store_of_paths(["a"])
    day = dt.date(2026, 3, 2)
    assert len(frequent_paths(store, since=day, until=day + dt.timedelta(days=1))) == 1
    assert len(frequent_paths(store, since=day - dt.timedelta(days=1), until=day)) == 0


def test_only_units_of_the_segment_are_looked_at():
    store = store_of_paths(
        ("u1", ["a"], {"channel": "whatsapp", "city": "Cali", "segment": "vip"}),
        ("u2", ["b"], {"channel": "web"}),
    )
    for segment in (("channel", "whatsapp"), ("city", "Cali"), ("segment", "vip")):
        assert asked(frequent_paths, store, segment=segment)["path"].tolist() == [["a"]]
    for segment in (("city", "unknown"), ("segment", "unknown"), ("entry_point", "unknown")):
        assert ["b"] in asked(frequent_paths, store, segment=segment)["path"].tolist()


def test_first_event_of_a_user_decides_the_channel():
    store = store_of_paths(("u1", ["a"], {"channel": "whatsapp"}), ("u1", ["b"], {"channel": "web"}))
    assert asked(frequent_paths, store, unit="user", segment=("channel", "whatsapp"))["units"].tolist() == [1]
    with pytest.raises(RequestError, match="No user has channel 'web'"):
        asked(frequent_paths, store, unit="user", segment=("channel", "web"))


def test_pattern_has_its_support_and_an_interval_by_users():
    store = store_of_paths(("u1", ["a", "b"]), ("u1", ["a", "b"]), ("u2", ["a"]), ("u3", ["a"]))
    found = asked(sequential_patterns, store, rules=ALL)

    assert found["pattern"].tolist() == [["a"], ["a", "b"]]
    assert found["units"].tolist() == [4, 2]
    assert found["support"].tolist() == [1.0, 0.5]
    # Wilson of 1.5 of 3 users, not of 2 of 4 units.
    assert found.loc[1, ["low", "high"]].tolist() == pytest.approx([0.1253, 0.8747], abs=1e-4)


def test_pattern_of_one_user_with_one_event():
    found = asked(sequential_patterns, store_of_paths(["a"]))
    assert first(found, "pattern", "length", "units", "support") == (["a"], 1, 1, 1.0)


@pytest.mark.parametrize("question", [frequent_paths, sequential_patterns])
def test_empty_window_has_no_rows_but_all_columns(question):
    full = asked(question, store_of_paths(["a"]))
    empty = question(store_of_paths(["a"]), since=dt.date(2027, 1, 1), until=dt.date(2027, 2, 1))

    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)


# Six end: three after a, b; one after a alone; two went on from a, b and bought.
PATHS = [["a", "b"], ["a", "b"], ["a", "b"], ["a"], ["a", "b", "buy"], ["a", "b", "c", "buy"]]


def test_last_events_are_compared_with_those_who_went_on_from_them():
    found = asked(drop_off_patterns, store_of_paths(*PATHS), last=2)

    assert found["pattern"].tolist() == [["a", "b"], ["start", "a"]]
    assert first(found, "units", "ended", "went_on", "outcome_units") == (5, 3, 2, 2)
    assert first(found, "ended_rate", "share") == (0.6, 0.75)
    # Of the six that did a as their first, one ended there.
    assert tuple(found.iloc[1][["units", "ended", "share"]]) == (6, 1, 0.25)


def test_lift_of_the_end_is_over_the_last_event_alone():
    # After b three of five end; after c, b two of two.
    paths = [["b"], ["c", "b"], ["c", "b"], ["b", "buy"], ["b", "d", "buy"]]
    found = asked(drop_off_patterns, store_of_paths(*paths), last=2)

    assert first(found, "pattern", "ended_rate") == (["c", "b"], 1.0)
    assert first(found, "last_event_ended_rate", "lift") == pytest.approx((0.6, 1 / 0.6))


def test_shares_of_the_ends_sum_to_one():
    found = asked(drop_off_patterns, store_of_paths(*PATHS))
    assert found["share"].sum() == pytest.approx(1)


def test_run_directly_before_the_outcome_is_counted_with_all_that_have_it():
    found = asked(success_patterns, store_of_paths(*PATHS), last=2)

    assert found["pattern"].tolist() == [["a", "b"], ["b", "c"]]
    assert found["before"].tolist() == [1, 1]
    assert found["share"].tolist() == [0.5, 0.5]
    assert found["units"].tolist() == [5, 1]
    assert found["outcome_rate"].tolist() == [0.4, 1.0]


def test_outcome_as_first_event_comes_right_after_the_start():
    found = asked(success_patterns, store_of_paths(["buy"], ["a"]))
    assert first(found, "pattern", "before") == (["start"], 1)


def test_run_has_a_lift_where_there_are_thirty_to_compare():
    # 40 with b, of whom 30 buy; 40 without, of whom 10 buy: all of one length and segment.
    paths = [*[["a", "b", "buy"]] * 30, *[["a", "b"]] * 10, *[["a", "c", "buy"]] * 10, *[["a", "c"]] * 30]
    found = asked(success_patterns, store_of_paths(*paths), last=1)

    assert first(found, "pattern", "units", "outcome_units", "lift") == (["b"], 40, 30, 3.0)
    assert found.iloc[0]["lift_low"] > 1
    assert asked(success_patterns, store_of_paths(*PATHS))["lift"].isna().all()


def test_lift_of_a_run_is_among_those_who_got_as_far():
    # All who buy have p. Of 40 who asked after it 30 buy, of 80 who did not 40; 100 never came to p.
    paths = [*[["a", "p", "q", "buy"]] * 30, *[["a", "p", "q"]] * 10, *[["a", "p", "buy"]] * 40]
    found = asked(success_patterns, store_of_paths(*paths, *[["a", "p"]] * 40, *[["a"]] * 100), last=1)

    assert found["pattern"].tolist() == [["p"], ["q"]]
    assert found["structural"].tolist() == [True, False]
    assert found["lift"].iloc[1] == pytest.approx((30 / 40) / (40 / 80))


def test_run_that_the_flow_forces_has_no_lift():
    paths = [*[["a", "b", "buy"]] * 40, *[["a"]] * 40]
    found = asked(success_patterns, store_of_paths(*paths), last=1)

    assert found["structural"].tolist() == [True]
    assert found["lift"].isna().all()


def test_tells_are_asked_of_a_store():
    paths = [*[["a", "x", "buy"]] * 120, *[["a", "x"]] * 40, *[["a", "o", "buy"]] * 40, *[["a", "o"]] * 120]
    found = asked(tells, store_of_paths(*paths))

    assert found["pattern"].tolist()[:2] == [["x"], ["o"]]
    assert found["verdict"].tolist()[:2] == ["buyers", "leavers"]
    assert first(found, "units", "outcome_units", "naive_lift") == (160, 120, 3.0)


def test_end_in_the_last_day_of_the_window_is_not_known_to_be_one():
    # The n-th path begins at 10:00 + n hours on 2 March, and the window ends with 3 March.
    store = store_of_paths(["buy"], *[["a"]] * 20)
    found = asked(drop_off_patterns, store, until=dt.date(2026, 3, 4))
    # From midnight on, that is from the 14th on, there is less than a day left.
    assert found["ended"].sum() == 13


@pytest.mark.parametrize("question", OF_AN_OUTCOME)
def test_outcome_nobody_reached_in_the_segment_is_said_so(question):
    store = store_of_paths(("u1", ["a", "buy"], {"channel": "web"}), ("u2", ["a"], {"channel": "whatsapp"}))
    with pytest.raises(NotEnoughDataError, match="0 of 1 units reached 'buy'"):
        asked(question, store, segment=("channel", "whatsapp"))


@pytest.mark.parametrize("question", OF_AN_OUTCOME)
def test_unknown_outcome_is_refused_with_the_nearest(question):
    store = store_of_paths(["view", "cart_added", "purchase_completed"], ["view"])
    with pytest.raises(
        RequestError, match=r"Did you mean 'purchase_completed'.*cart_added, purchase_completed"
    ):
        asked(question, store, outcome="purchase_complete")
    with pytest.raises(RequestError, match=r"No event .buy. in the window\. Events there: none"):
        asked(question, store, since=dt.date(2027, 1, 1), until=dt.date(2027, 2, 1))


@pytest.mark.parametrize("question", EVERY)
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"unit": "visit"}, "Unknown unit 'visit'. Expected one of conversation, user, session"),
        ({"segment": ("chanel", "web")}, "Unknown dimension 'chanel'. Did you mean 'channel'"),
        ({"segment": ("channel", "wev")}, "No conversation has channel 'wev'. Did you mean 'web'"),
        ({"until": dt.date(2026, 2, 1)}, "is empty: since must be before until"),
    ],
)
def test_question_that_cannot_be_asked_is_refused(question, wrong, told):
    with pytest.raises(RequestError, match=told.replace("(", r"\(")):
        asked(question, store_of_paths(["a", "buy"], ["a"]), **wrong)


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        (frequent_paths, "limit"),
        (drop_off_patterns, "limit"),
        (drop_off_patterns, "last"),
        (success_patterns, "last"),
    ],
)
def test_nothing_is_not_asked_for(question, wrong):
    with pytest.raises(RequestError, match=f"{wrong} is 0; expected at least 1"):
        asked(question, store_of_paths(["a", "buy"], ["a"]), **{wrong: 0})


@pytest.mark.parametrize("question", EVERY)
def test_window_with_more_events_than_memory_is_refused_before_it_is_read(question, monkeypatch):
    monkeypatch.setattr(pattern_events, "LARGEST_BYTES", 250)
    with pytest.raises(RequestError, match=r"holds 3 events; .* takes at most 1 .* Choose a shorter window"):
        asked(question, store_of_paths(["a", "buy"], ["a"]))
