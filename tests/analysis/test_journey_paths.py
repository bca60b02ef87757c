"""Whole paths, and where journeys begin and end."""

import datetime as dt

import pytest
from journey_stories import WINDOW, rows, store_of, walk

from analytics_lib.analysis.journeys import common_paths, end_events, start_events
from analytics_lib.errors import RequestError


@pytest.fixture(scope="module")
def shop():
    """a b three times, a a b twice, b once."""
    told = ["a b", "a b", "a b", "a a b", "a a b", "b"]
    walks = [
        walk(f"u{n % 4}", ", ".join(f"10:0{k} {name}" for k, name in enumerate(names.split())), chat=f"c{n}")
        for n, names in enumerate(told)
    ]
    channels = [(f"c{n}", f"u{n % 4}", "web" if n < 3 else "whatsapp") for n in range(6)]
    return store_of(*walks, chats=channels)


def found(frame):
    return [(" ".join(path), journeys) for path, journeys in rows(frame, "path", "journeys")]


def test_the_most_frequent_path_stands_first_and_all_others_last(shop):
    assert found(common_paths(shop, **WINDOW, limit=2)) == [("a b", 3), ("a a b", 2), ("other", 1)]


def test_a_path_is_a_list_of_names(shop):
    assert common_paths(shop, **WINDOW, limit=1)["path"].tolist() == [["a", "b"], ["other"]]


def test_the_last_row_is_there_when_nothing_is_left(shop):
    paths = common_paths(shop, **WINDOW, limit=10)
    assert found(paths)[-1] == ("other", 0)
    assert paths["share"].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6, 0])


def test_of_equally_frequent_paths_the_shorter_comes_first_then_the_alphabet():
    names = ["c a", "b", "a d", "a"]
    walks = [
        walk("u1", ", ".join(f"10:0{k} {name}" for k, name in enumerate(one.split())), chat=f"c{n}")
        for n, one in enumerate(names)
    ]
    assert [path for path, _ in found(common_paths(store_of(*walks), **WINDOW, limit=3))] == [
        "a",
        "b",
        "a d",
        "other",
    ]


def test_repeats_make_another_path_unless_they_are_collapsed(shop):
    assert found(common_paths(shop, **WINDOW, collapse=True)) == [("a b", 5), ("b", 1), ("other", 0)]


def test_an_event_that_comes_back_later_is_not_collapsed():
    store = store_of(walk("u1", "10:00 a, 10:01 a, 10:02 b, 10:03 a", chat="c1"))
    assert found(common_paths(store, **WINDOW, collapse=True))[0] == ("a b a", 1)


def test_collapsing_does_not_cross_from_one_journey_to_the_next():
    store = store_of(walk("u1", "10:00 a", chat="c1"), walk("u1", "10:01 a", chat="c2"))
    assert found(common_paths(store, **WINDOW, collapse=True)) == [("a", 2), ("other", 0)]


def test_a_path_that_is_cut_says_so(shop):
    assert found(common_paths(shop, **WINDOW, steps=2)) == [("a b", 3), ("a a …", 2), ("b", 1), ("other", 0)]


def test_paths_count_users_too(shop):
    assert rows(common_paths(shop, **WINDOW, limit=1), "users", "total_users", "total_journeys") == [
        (3, 4, 6),
        (3, 4, 6),
    ]


def test_groups_have_the_same_paths_and_each_its_own_rest(shop):
    paths = common_paths(shop, **WINDOW, limit=2, by="channel")
    assert [
        (group, " ".join(path), n, total)
        for group, path, n, total in rows(paths, "channel", "path", "journeys", "total_journeys")
    ] == [
        ("web", "a b", 3, 3),
        ("web", "other", 0, 3),
        ("whatsapp", "a a b", 2, 3),
        ("whatsapp", "other", 1, 3),
    ]


def test_the_whole_day_of_a_user_can_be_one_path():
    store = store_of(walk("u1", "10:00 a, 23:00 b"))
    assert found(common_paths(store, **WINDOW, unit="user")) == [("a b", 1), ("other", 0)]
    assert found(common_paths(store, **WINDOW, unit="session")) == [("a", 1), ("b", 1), ("other", 0)]


@pytest.mark.parametrize(("asked", "message"), [({"limit": 0}, "limit is 0"), ({"steps": -1}, "steps is -1")])
def test_no_path_at_all_is_refused(shop, asked, message):
    with pytest.raises(RequestError, match=f"{message}; expected a whole number from 1 on"):
        common_paths(shop, **WINDOW, **asked)


def test_a_window_without_events_has_no_path(shop):
    assert common_paths(shop, since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2)).empty


def test_journeys_begin_and_end_with_events(shop):
    assert rows(start_events(shop, **WINDOW), "event", "journeys", "share") == [
        ("a", 5, 5 / 6),
        ("b", 1, 1 / 6),
    ]
    assert rows(end_events(shop, **WINDOW), "event", "journeys", "share") == [("b", 6, 1.0)]


def test_starts_by_channel_are_of_the_journeys_of_the_channel(shop):
    starts = start_events(shop, **WINDOW, by="channel")
    assert rows(starts, "channel", "event", "journeys", "total_journeys") == [
        ("web", "a", 3, 3),
        ("whatsapp", "a", 2, 3),
        ("whatsapp", "b", 1, 3),
    ]


def test_a_single_event_is_start_and_end():
    store = store_of(walk("u1", "10:00 a", chat="c1"))
    assert rows(start_events(store, **WINDOW), "event", "journeys") == [("a", 1)]
    assert rows(end_events(store, **WINDOW), "event", "journeys") == [("a", 1)]
