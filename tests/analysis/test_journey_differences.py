"""Two groups of journeys side by side."""

import datetime as dt

import pytest
from journey_stories import WINDOW, rows, store_of, walk

from analytics_lib.analysis.journeys import (
    common_paths,
    differences,
    loops,
    start_events,
    step_matrix,
    transitions,
)
from analytics_lib.errors import RequestError


def shop(*groups):
    """Each group ``(channel, {path: journeys})``, every journey of a user of its own; paths are letters."""
    walks, chats = [], []
    for channel, paths in groups:
        for path in (path for path, n in paths.items() for _ in range(n)):
            chat = f"{len(chats):04}"
            told = ", ".join(f"10:{k:02} {name}" for k, name in enumerate(path))
            walks.append(walk(f"u{chat}", told, chat=chat))
            chats.append((chat, f"u{chat}", channel))
    return store_of(*walks, chats=chats)


@pytest.fixture(scope="module")
def two():
    return shop(("web", {"ab": 56, "ac": 14}), ("whatsapp", {"ab": 48, "ac": 32}), ("sms", {"zz": 1}))


def web_less_whatsapp(frame, of):
    return differences(frame, by="channel", first="web", second="whatsapp", of=of)


def by_target(frame):
    return {row["target"]: row for row in frame.to_dict("records")}


def test_a_difference_of_shares_has_newcombes_interval(two):
    """56/70 and 48/80: 0.2, 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    row = by_target(web_less_whatsapp(transitions(two, **WINDOW, by="channel"), "transitions"))["b"]
    assert (row["first_count"], row["first_total"], row["second_count"], row["second_total"]) == (
        56,
        70,
        48,
        80,
    )
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_reach_is_compared_by_users(two):
    row = by_target(web_less_whatsapp(transitions(two, **WINDOW, by="channel"), "reach"))["b"]
    assert (row["first_share"], row["second_share"]) == (0.8, 0.6)
    assert (row["low"], row["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_only_the_two_groups_are_compared(two):
    assert "z" not in by_target(web_less_whatsapp(transitions(two, **WINDOW, by="channel"), "transitions"))


def test_p_values_are_adjusted_for_the_rows(two):
    """z = 0.2 / √(104/150 · 46/150 · (1/70 + 1/80)) = 2.650; p = 0.00804 for b and for c, so adjusted too."""
    found = web_less_whatsapp(transitions(two, **WINDOW, by="channel"), "transitions")
    assert found["p_value"].tolist() == pytest.approx([0.00804, 0.00804], abs=2e-5)
    assert found["real"].tolist() == [True, True]


def test_what_one_group_never_does_is_0_of_what_it_could():
    store = shop(("web", {"ab": 40}), ("whatsapp", {"ac": 40}))
    row = by_target(web_less_whatsapp(transitions(store, **WINDOW, by="channel"), "transitions"))["b"]
    assert (row["second_count"], row["second_total"], row["second_share"]) == (0, 40, 0.0)
    assert row["second_high"] == pytest.approx(0.0876, abs=5e-5)  # Wilson 0/40
    assert row["difference"] == 1.0


def test_what_one_group_could_not_do_is_unknown():
    store = shop(("web", {"ab": 40}), ("whatsapp", {"ca": 40}))
    found = web_less_whatsapp(transitions(store, **WINDOW, by="channel"), "transitions")
    row = by_target(found)["b"]
    assert (row["second_total"], str(row["second_share"]), str(row["p_value"])) == (0, "nan", "nan")
    assert (row["few"], row["real"]) == (True, False)


def test_a_difference_of_few_is_not_real():
    store = shop(("web", {"ab": 29}), ("whatsapp", {"ac": 29}))
    found = web_less_whatsapp(transitions(store, **WINDOW, by="channel"), "transitions")
    assert (found["few"].all(), found["real"].any()) == (True, False)


def test_groups_that_do_the_same_do_not_differ():
    store = shop(("web", {"ab": 40, "ac": 40}), ("whatsapp", {"ab": 40, "ac": 40}))
    found = web_less_whatsapp(transitions(store, **WINDOW, by="channel"), "transitions")
    assert found["difference"].tolist() == [0, 0]
    assert found["p_value"].tolist() == [1, 1]


def test_paths_are_compared_with_their_rest(two):
    found = web_less_whatsapp(common_paths(two, **WINDOW, by="channel", limit=1), "paths")
    assert {tuple(path): n for path, n in rows(found, "path", "first_count")} == {
        ("a", "b"): 56,
        ("other",): 14,
    }
    assert found["path"].map(type).eq(list).all()


def test_starts_steps_and_loops_are_compared():
    store = shop(("web", {"aa": 30, "b": 10}), ("whatsapp", {"ab": 20, "b": 20}))
    starts = web_less_whatsapp(start_events(store, **WINDOW, by="channel"), "events")
    assert dict(rows(starts, "event", "difference")) == {"a": 0.25, "b": -0.25}
    steps = web_less_whatsapp(step_matrix(store, **WINDOW, by="channel", steps=2), "steps")
    second = {event: d for step, event, d in rows(steps, "step", "event", "difference") if step == 2}
    assert second == {"a": 0.75, "b": -0.5, "ended": -0.25}
    again = web_less_whatsapp(loops(store, **WINDOW, by="channel"), "loops")
    assert dict(rows(again, "event", "difference")) == {"a": 1.0, "b": 0.0}


def test_after_is_compared_with_before():
    store = store_of(
        *(walk(f"u{n}", "10:00 a, 10:01 b", chat=f"c{n}") for n in range(30)),
        *(walk(f"v{n}", "12:00 a, 12:01 c", chat=f"d{n}") for n in range(30)),
    )
    eleven = dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC)
    cells = transitions(store, **WINDOW, by=eleven)
    found = by_target(differences(cells, by="period", first="after", second="before", of="transitions"))
    assert (found["b"]["difference"], found["c"]["difference"]) == (-1.0, 1.0)
    assert found["b"]["real"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"of": "steps"}, "The frame has no column 'step'"),
        ({"of": "reaches"}, r"Unknown of 'reaches'. Did you mean 'reach'\?"),
        ({"by": "city"}, "The frame has no column 'city', .* Ask for the answer with by='city' first"),
        ({"first": "wep"}, r"Unknown first group 'wep'. Did you mean 'web'\?"),
        ({"first": "whatsapp"}, "first and second are both 'whatsapp'; give two of"),
    ],
)
def test_what_cannot_be_compared_is_refused(two, asked, message):
    given = {"by": "channel", "first": "web", "second": "whatsapp", "of": "transitions", **asked}
    with pytest.raises(RequestError, match=message):
        differences(transitions(two, **WINDOW, by="channel"), **given)
