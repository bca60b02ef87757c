"""Which event follows which: counts, the two shares, times, groups and edges."""

import datetime as dt

import pytest
from journey_stories import DAY, WINDOW, rows, store_of, walk

from analytics_lib.analysis import journey_transitions
from analytics_lib.analysis.journeys import transitions
from analytics_lib.errors import RequestError

PAIR = ("source", "target", "transitions")


@pytest.fixture(scope="module")
def shop():
    """u1 goes a b a c in two conversations, u2 goes a b b in one."""
    return store_of(
        walk("u1", "10:00 a, 10:01 b", chat="c1"),
        walk("u1", "10:10 a, 10:13 c", chat="c2"),
        walk("u2", "11:00 a, 11:03 b, 11:04 b", chat="c3"),
    )


def found(store, **asked):
    frame = transitions(store, **{**WINDOW, **asked})
    return {(row["source"], row["target"]): row for row in frame.to_dict("records")}


def test_transitions_stay_within_a_conversation(shop):
    assert rows(transitions(shop, **WINDOW), *PAIR) == [("a", "b", 2), ("a", "c", 1), ("b", "b", 1)]


def test_transitions_of_a_user_run_through_their_conversations(shop):
    assert found(shop, unit="user").keys() == {("a", "b"), ("a", "c"), ("b", "a"), ("b", "b")}


def test_share_is_of_the_transitions_that_leave_the_source(shop):
    pair = found(shop)["a", "b"]
    assert (pair["transitions"], pair["source_transitions"], pair["share"]) == (2, 3, 2 / 3)


def test_reach_is_of_the_users_who_had_the_source(shop):
    again = found(shop)["b", "b"]
    assert (again["users"], again["source_users"], again["reach"]) == (1, 2, 0.5)


def test_a_user_with_two_such_transitions_counts_once():
    store = store_of(walk("u1", "10:00 a, 10:01 b, 10:02 a, 10:03 b"))
    pair = found(store, unit="user")["a", "b"]
    assert (pair["transitions"], pair["users"], pair["reach"]) == (2, 1, 1.0)


def test_equal_events_one_after_the_other_are_a_loop(shop):
    assert found(shop)["b", "b"]["transitions"] == 1


def test_median_is_of_the_seconds_between(shop):
    assert found(shop)["a", "b"]["median_seconds"] == (60 + 180) / 2


def test_ends_are_left_out_unless_asked_for(shop):
    assert {"start", "end"} & {name for pair in found(shop) for name in pair} == set()


def test_every_journey_begins_once_and_ends_once(shop):
    pairs = found(shop, ends=True)
    begun = {pair: row["transitions"] for pair, row in pairs.items() if pair[0] == "start"}
    over = {pair: row["transitions"] for pair, row in pairs.items() if pair[1] == "end"}
    assert begun == {("start", "a"): 3}
    assert over == {("b", "end"): 2, ("c", "end"): 1}


def test_an_end_counts_in_the_share_and_takes_no_time(shop):
    pairs = found(shop, ends=True)
    assert pairs["b", "b"]["share"] == 1 / 3
    assert pairs["b", "end"]["share"] == 2 / 3
    assert str(pairs["b", "end"]["median_seconds"]) == "nan"
    assert pairs["a", "b"]["median_seconds"] == 120


def test_start_reaches_a_share_of_all_users(shop):
    start = found(shop, ends=True)["start", "a"]
    assert (start["reach"], start["source_users"]) == (1.0, 2)


def test_an_event_with_the_name_of_an_end_is_refused():
    store = store_of(walk("u1", "10:00 start, 10:01 b", chat="c1"))
    assert found(store).keys() == {("start", "b")}
    with pytest.raises(RequestError, match="An event is itself called 'start'"):
        transitions(store, **WINDOW, ends=True)


def test_a_journey_of_one_event_has_no_transition_but_its_ends():
    store = store_of(walk("u1", "10:00 a", chat="c1"))
    assert transitions(store, **WINDOW).empty
    assert rows(transitions(store, **WINDOW, ends=True), *PAIR) == [("a", "end", 1), ("start", "a", 1)]


def test_events_without_a_conversation_belong_to_none():
    store = store_of(walk("u1", "10:00 a, 10:01 b"), walk("u1", "10:02 a, 10:03 c", chat="c1"))
    assert found(store).keys() == {("a", "c")}
    assert found(store, unit="user").keys() == {("a", "b"), ("b", "a"), ("a", "c")}


def test_a_session_ends_at_a_pause_longer_than_the_gap():
    store = store_of(walk("u1", "10:00 a, 10:30 b, 11:01 c"))
    assert found(store, unit="session").keys() == {("a", "b")}
    assert found(store, unit="session", gap=dt.timedelta(minutes=31)).keys() == {("a", "b"), ("b", "c")}


def test_events_of_one_moment_stand_in_the_order_of_their_ids():
    store = store_of(walk("u1", "10:00 a, 10:00 b, 10:00 c", chat="c1"), ids=["e3", "e1", "e2"])
    assert found(store).keys() == {("b", "c"), ("c", "a")}


def test_ties_in_one_journey_leave_the_others_as_they_are():
    store = store_of(
        walk("u1", "10:05 z, 10:01 a", chat="c1"),
        walk("u2", "10:02 b, 10:00 a, 10:02 a", chat="c2"),
        ids=["e1", "e2", "e5", "e4", "e3"],
    )
    assert rows(transitions(store, **WINDOW), *PAIR) == [("a", "a", 1), ("a", "b", 1), ("a", "z", 1)]


def test_events_come_in_any_order():
    store = store_of(walk("u1", "10:09 c, 10:00 a, 10:05 b", chat="c1"))
    assert found(store).keys() == {("a", "b"), ("b", "c")}


def test_a_journey_goes_on_across_midnight():
    store = store_of(
        walk("u1", "23:59 a", chat="c1"),
        walk("u1", "00:01 b", chat="c1", day="2026-03-03"),
    )
    pair = found(store, until=dt.date(2026, 3, 4))["a", "b"]
    assert pair["median_seconds"] == 120


def test_the_edges_of_the_window_cut_a_journey():
    store = store_of(
        walk("u1", "23:59 a", chat="c1", day="2026-03-01"),
        walk("u1", "00:00 b, 23:59 c", chat="c1"),
        walk("u1", "00:00 d", chat="c1", day="2026-03-03"),
    )
    assert found(store, ends=True).keys() == {("start", "b"), ("b", "c"), ("c", "end")}


def test_the_first_event_decides_the_group_of_a_user_on_two_channels():
    store = store_of(
        walk("u1", "10:00 a, 10:01 b", chat="c1"),
        walk("u1", "10:02 c", chat="c2"),
        chats=[("c1", "u1", "whatsapp"), ("c2", "u1", "web")],
    )
    by_user = transitions(store, **WINDOW, unit="user", by="channel")
    assert rows(by_user, "channel", *PAIR) == [("whatsapp", "a", "b", 1), ("whatsapp", "b", "c", 1)]


def test_of_two_events_at_the_first_moment_the_id_decides_the_group():
    store = store_of(
        walk("u1", "10:00 a", chat="c1"),
        walk("u1", "10:00 b", chat="c2"),
        chats=[("c1", "u1", "whatsapp"), ("c2", "u1", "web")],
        ids=["e2", "e1"],
    )
    by_user = transitions(store, **WINDOW, unit="user", by="channel")
    assert rows(by_user, "channel", *PAIR) == [("web", "b", "a", 1)]


def test_each_session_has_the_group_of_its_own_first_event():
    store = store_of(
        walk("u1", "10:00 a, 10:01 b", chat="c1"),
        walk("u1", "12:00 a, 12:01 b", chat="c2"),
        chats=[("c1", "u1", "whatsapp"), ("c2", "u1", "web")],
    )
    by_session = transitions(store, **WINDOW, unit="session", by="channel")
    assert rows(by_session, "channel", *PAIR, "users") == [
        ("web", "a", "b", 1, 1),
        ("whatsapp", "a", "b", 1, 1),
    ]


def test_what_a_dimension_does_not_say_is_unknown():
    store = store_of(
        walk("u1", "10:00 a, 10:01 b", chat="c1"),
        walk("u2", "10:00 a, 10:01 b", chat="c2"),
        walk("u3", "10:00 a, 10:01 b", chat="c3"),
        chats=[("c1", "u1", "web"), ("c2", "u2", "web"), ("c3", "u3", "web")],
        segments=[("u1", "vip"), ("u2", None)],
    )
    by_segment = transitions(store, **WINDOW, by="segment")
    assert rows(by_segment, "segment", "transitions", "users") == [("unknown", 2, 2), ("vip", 1, 1)]
    assert rows(transitions(store, **WINDOW, by="city"), "city", "transitions") == [("unknown", 3)]


def test_unknown_in_the_data_and_nothing_said_are_one_group():
    store = store_of(
        walk("u1", "10:00 a, 10:01 b", chat="c1"),
        walk("u2", "10:00 a, 10:01 b", chat="c2"),
        segments=[("u1", "unknown")],
    )
    by_segment = transitions(store, **WINDOW, by="segment")
    assert rows(by_segment, "segment", "transitions") == [("unknown", 2)]


def test_a_moment_splits_journeys_by_when_they_begin():
    store = store_of(
        walk("u1", "10:59 a, 11:01 b", chat="c1"),
        walk("u2", "11:00 a, 11:01 b", chat="c2"),
        walk("u3", "12:00 a, 12:01 b", chat="c3"),
    )
    noon = dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC)  # 11:00 in Bogotá
    split = transitions(store, **WINDOW, by=noon)
    assert rows(split, "period", "transitions") == [("before", 1), ("after", 2)]


def test_a_moment_outside_the_window_is_refused(shop):
    with pytest.raises(RequestError, match="2026-03-02 does not split the window"):
        transitions(shop, **WINDOW, by=DAY)


def test_an_unknown_unit_is_refused_with_the_nearest(shop):
    with pytest.raises(RequestError, match=r"Unknown unit 'sesion'\. Did you mean 'session'"):
        transitions(shop, **WINDOW, unit="sesion")


def test_an_unknown_dimension_is_refused_with_the_nearest(shop):
    with pytest.raises(RequestError, match=r"Unknown by 'chanel'. Did you mean 'channel'\?.*entry_point"):
        transitions(shop, **WINDOW, by="chanel")


@pytest.mark.parametrize("unit", ["conversation", "user", "session"])
@pytest.mark.parametrize("by", [None, "channel", "segment"])
def test_a_window_without_events_has_no_transition(shop, unit, by):
    frame = transitions(shop, since=dt.date(2025, 1, 1), until=dt.date(2025, 2, 1), unit=unit, by=by)
    assert frame.empty
    assert {"source", "target", "transitions", "users", "share", "reach"} <= set(frame.columns)


def test_a_share_of_users_who_do_not_repeat_has_the_plain_wilson_interval():
    """8 of 10 users go from a to b: 0.490162 to 0.943318."""
    walks = [walk(f"u{n}", f"10:00 a, 10:01 {'b' if n < 8 else 'c'}", chat=f"c{n}") for n in range(10)]
    pair = found(store_of(*walks))["a", "b"]
    assert (pair["low"], pair["high"]) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert (pair["reach_low"], pair["reach_high"]) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert pair["size"] == 10


def test_a_user_who_repeats_counts_for_less():
    """u1 goes a b, a b, u2 a b, u3 a c, a c: p = 3/5, V = 3/2 · (0.8² + 0.4² + 1.2²) / 25 = 0.1344.

    The design effect is 0.1344 / (0.24 / 5) = 2.8, so that five transitions are worth 5 / 2.8.
    """
    told = [("u1", "b"), ("u1", "b"), ("u2", "b"), ("u3", "c"), ("u3", "c")]
    walks = [walk(user, f"10:00 a, 10:01 {to}", chat=f"c{n}") for n, (user, to) in enumerate(told)]
    pair = found(store_of(*walks))["a", "b"]
    assert (pair["share"], pair["size"]) == pytest.approx((0.6, 5 / 2.8))


def test_a_thousand_events_are_a_thousand_rows():
    store = store_of(walk("u1", ", ".join(f"{n // 60:02}:{n % 60:02} n{n:04}" for n in range(1_000))))
    frame = transitions(store, **WINDOW, unit="user")
    assert (len(frame), frame["transitions"].max(), frame["median_seconds"].unique().tolist()) == (
        999,
        1,
        [60.0],
    )


def test_times_too_long_for_one_number_have_the_same_median(shop, monkeypatch):
    plain = transitions(shop, **WINDOW, ends=True)
    monkeypatch.setattr(journey_transitions, "_BITS", 1)
    assert transitions(shop, **WINDOW, ends=True).equals(plain)
