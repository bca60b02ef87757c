"""Tells where no shop made the journeys: the truth is a chance to buy at each step of a walk between pages.

What is planted multiplies that chance; all else does nothing, whatever it goes along with. The worlds and the
events in them are those of ``foreign_worlds``. Marked as limits are worlds in which the order of events alone
does not say what was the cause.
"""

import datetime as dt

import pandas as pd
import pytest
from foreign_worlds import IDLE, OUTCOME, PLANTED, Kind, store_of_worlds, window
from threadpoolctl import threadpool_limits

from analytics_lib.analysis import patterns
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.store import Store

# Of each setting half of the fifty worlds: buying at once, and through a checkout where some give up.
WORLDS = 25
ALONE = patterns.Rules(max_length=1, max_gap=None)
TRUTH = {"advice": "buyers", "shock": "leavers"}
BROWSING = Kind(sides=PLANTED + IDLE)
CHECKOUT = Kind(sides=PLANTED + IDLE, users=500, checkout="form_first")


def judged(store, world, *, unit="conversation", rules=ALONE):
    frame = patterns.tells(store, outcome=OUTCOME, unit=unit, rules=rules, **window(world))
    return frame.assign(event=frame["pattern"].str.join(" "))


def worlds_of(kind, *, worlds=WORLDS, seed=1, unit="conversation", rules=ALONE):
    """What is said of every pattern in each world, a row each with the number of its ``world``."""
    # For products of small matrices, two threads are slower than one.
    with threadpool_limits(1):
        store = store_of_worlds(kind, worlds=worlds, seed=seed)
        frames = [judged(store, world, unit=unit, rules=rules).assign(world=world) for world in range(worlds)]
    return pd.concat(frames, ignore_index=True)


def told(frame):
    return frame[frame["verdict"].isin(["buyers", "leavers"])]


def unfounded(frame):
    """The tells none of whose events was planted."""
    return told(frame)[~told(frame)["pattern"].map(lambda pattern: bool(set(pattern) & set(TRUTH)))]


def found(frame):
    """In what share of the worlds each planted behaviour is told for what it is."""
    right = frame["event"].map(TRUTH) == frame["verdict"]
    return (frame[right].groupby("event")["world"].nunique() / frame["world"].nunique()).to_dict()


@pytest.fixture(scope="module")
def browsing():
    return worlds_of(BROWSING)


@pytest.fixture(scope="module")
def checkout():
    return worlds_of(CHECKOUT)


@pytest.fixture(scope="module")
def quiet():
    """Fifty worlds in which nothing is planted."""
    kinds = [Kind(sides=IDLE), Kind(sides=IDLE, checkout="form_first")]
    return [worlds_of(kind, seed=2) for kind in kinds]


# What holds.


def test_of_fifty_worlds_of_walks_not_one_tell_in_ten_is_unfounded(browsing, checkout):
    tells = len(told(browsing)) + len(told(checkout))

    assert tells >= 70
    assert len(unfounded(browsing)) + len(unfounded(checkout)) <= 0.1 * tells


def test_planted_behaviours_are_told_in_most_worlds_of_walks(browsing):
    # Found in 24 of 25 each. With a power of 0.95, fewer than 20 would be seen once in a thousand tries.
    assert found(browsing)["advice"] >= 0.8
    assert found(browsing)["shock"] >= 0.8


def test_planted_behaviours_are_told_in_most_worlds_with_a_checkout(checkout):
    # Found in 18 and 20 of 25: a fifth who give up at the checkout blur what came before. With powers of 0.66
    # and 0.86, fewer than these shares would be seen once in some hundred tries.
    assert found(checkout)["advice"] >= 0.4
    assert found(checkout)["shock"] >= 0.6


def test_planted_behaviour_is_never_told_for_its_opposite(browsing, checkout):
    for frame in (browsing, checkout):
        known = told(frame)[told(frame)["event"].isin(list(TRUTH))]
        assert (known["event"].map(TRUTH) == known["verdict"]).all()


def test_fifty_quiet_worlds_give_hardly_any_tell(quiet):
    assert sum(len(told(frame)) for frame in quiet) <= 2


@pytest.mark.parametrize(
    ("event", "at_least"),
    [("club_offer", 1.15), ("form", 2.5)],
)
def test_traps_would_catch_who_only_compares_with_and_without(checkout, event, at_least):
    assert checkout.loc[checkout["event"] == event, "naive_lift"].mean() >= at_least


def test_what_the_flow_forces_before_the_outcome_is_set_apart(checkout):
    of = checkout.groupby("event")["verdict"].agg(set)

    assert of["checkout"] == {"structural"}
    # Shown to 60 % right after the checkout, and whoever sees it gives up as often as the others.
    assert of["form"] <= {"flow", "chance"}
    # What only ever follows the outcome is not looked at.
    assert "receipt" not in of.index


def test_rare_events_are_not_judged_by_a_handful(browsing):
    rare = browsing[browsing["event"].isin(["rare_bug", "rare_share"])]

    assert set(rare["verdict"]) <= {"few", "chance"}
    assert (rare["units"] >= 30).all()


def test_longer_tells_all_contain_what_was_planted():
    twos = patterns.Rules(max_length=2, max_gap=None, min_support=0.1)
    frame = worlds_of(BROWSING, worlds=2, seed=3, rules=twos)

    assert set(TRUTH) <= set(told(frame)["event"])
    assert len(unfounded(frame)) <= 0.1 * len(told(frame))


def test_planted_behaviours_are_told_by_session_as_well():
    frame = worlds_of(BROWSING, worlds=3, seed=4, unit="session")

    assert set(told(frame)["event"]) == set(TRUTH)


def test_what_the_eager_do_is_no_tell_where_the_shop_knows_who_is_eager():
    frame = worlds_of(Kind(sides=IDLE, users=1500, eager=3.0, club=1.0, segment="eager"), worlds=1, seed=5)

    assert told(frame).empty
    assert (frame.loc[frame["event"] == "eager_note", "naive_lift"] > 1.2).all()


# Limits.


def test_limit_what_the_eager_do_is_a_tell_where_nobody_knows_who_is_eager():
    # Nothing written down tells them from others to whom the note brought luck.
    frame = worlds_of(Kind(sides=IDLE, users=1500, eager=3.0, club=1.0), worlds=1, seed=5)

    assert set(told(frame)["event"]) == {"eager_note"}
    assert set(told(frame)["verdict"]) == {"buyers"}


def test_limit_step_that_only_those_see_who_have_not_given_up_is_a_tell():
    # A fifth give up at the checkout before 60 % of the others see the form; all who see it buy. Of those
    # who do not, 0.32 of 0.52 buy. A form that makes people buy would leave the very same rows.
    frame = worlds_of(Kind(sides=IDLE, users=1500, checkout="form_late"), worlds=1, seed=6)

    assert set(told(frame)["event"]) == {"form"}
    assert told(frame)["flow_lift"].tolist() == pytest.approx([0.52 / 0.32], rel=0.1)


def test_limit_by_user_what_those_do_who_come_often_is_a_tell():
    # Who comes seven times has seven chances to buy, whatever they do; by conversation it is nothing.
    kind = Kind(sides=IDLE, users=1500)

    assert set(told(worlds_of(kind, worlds=1, seed=7, unit="user"))["event"]) == {"wishlist"}
    assert told(worlds_of(kind, worlds=1, seed=7)).empty


def test_limit_where_time_alone_makes_buyers_the_number_of_events_says_most_but_not_all_of_it():
    # The chance to buy grows by a sixth at each step, and events are a poor clock: some steps have more.
    frame = worlds_of(Kind(sides=IDLE, users=3000, drift=1.17, pull=0.02, checkout="form_first"), worlds=1)
    of = frame.set_index("event")

    assert of.loc[["item", "list", "search", "banner"], "flow_lift"].min() > 1.4
    assert of.loc[["item", "list", "search", "banner"], "length_lift"].between(0.8, 1.25).all()
    assert len(told(frame)) <= 2


# The edges.


def rows(*told_events, user="u1", chat="c1"):
    """Events of one conversation, ``(minute, name)``."""
    start = pd.Timestamp("2020-01-02 15:00", tz="UTC")
    return [
        {
            "event_id": f"{chat}-{place:03}",
            "user_id": user,
            "conversation_id": chat,
            "occurred_at": start + pd.Timedelta(minutes=minute),
            "name": name,
        }
        for place, (minute, name) in enumerate(told_events)
    ]


def asked(events, **more):
    store = Store.in_memory(events=pd.DataFrame(events))
    return patterns.tells(store, outcome=OUTCOME, **window(0), **more)


def crowd(size, path, letter):
    return [
        row
        for place in range(size)
        for row in rows(*path, user=f"{letter}{place:04}", chat=f"{letter}{place:04}")
    ]


@pytest.mark.parametrize("unit", ["conversation", "session", "user"])
@pytest.mark.parametrize(
    "events",
    [
        rows((0, OUTCOME)),
        rows((0, "home"), (1, OUTCOME)),
        crowd(40, [(0, "home"), (1, OUTCOME)], "b"),
        crowd(40, [(0, OUTCOME), (1, "home")], "b"),
    ],
    ids=["one event", "one user", "all reach it", "all reach it at once"],
)
def test_where_everybody_reaches_the_outcome_nobody_can_be_compared(events, unit):
    with pytest.raises(NotEnoughDataError, match=f"reached '{OUTCOME}'"):
        asked(events, unit=unit)


def test_outcome_that_does_not_occur_is_refused_with_what_does():
    with pytest.raises(RequestError, match="home"):
        asked(crowd(40, [(0, "home")], "b"))


@pytest.mark.parametrize("unit", ["conversation", "session", "user"])
def test_one_buyer_and_one_leaver_are_too_few_for_any_pattern(unit):
    events = rows((0, "home"), (1, OUTCOME)) + rows((0, "home"), user="u2", chat="c2")

    assert asked(events, unit=unit).query("verdict != 'structural'").empty


def test_outcome_as_first_event_of_all_who_reach_it_leaves_no_pattern_of_buyers():
    events = crowd(60, [(0, OUTCOME), (1, "home")], "b") + crowd(60, [(0, "home"), (1, "item")], "l")
    frame = asked(events)

    assert frame["outcome_units"].tolist() == [0] * len(frame)
    assert frame["other_outcome_units"].tolist() == [60] * len(frame)
    assert not frame["verdict"].isin(["buyers", "structural"]).any()


def test_events_of_one_moment_are_in_the_order_of_their_ids():
    # The advice stands before the outcome, the receipt after it, though all bear one time.
    bought = [(0, "home"), (0, "advice"), (0, OUTCOME), (0, "receipt")]
    frame = asked(crowd(100, bought, "b") + crowd(100, [(0, "home"), (0, "item")], "l"))
    names = {name for pattern in frame["pattern"] for name in pattern}

    assert "advice" in names
    assert names.isdisjoint({"receipt", OUTCOME})


def test_thousand_names_are_judged_where_enough_have_them():
    # Every journey has a name of its own beside those of all; of the shocked one in four buys, else everyone.
    events = []
    for place in range(1000):
        shocked = place % 2 == 0
        path = [(0, "home"), (1, "item"), (2, f"name {place}"), (3, "shock" if shocked else "list")]
        bought = [(4, OUTCOME)] if not shocked or place % 8 == 0 else []
        events += rows(*path, *bought, user=f"u{place:04}", chat=f"c{place:04}")
    frame = asked(events)

    assert {name for pattern in frame["pattern"] for name in pattern} <= {"home", "item", "shock", "list"}
    assert ["shock"] in frame.loc[frame["verdict"] == "leavers", "pattern"].tolist()


@pytest.mark.parametrize("unit", ["conversation", "session", "user"])
def test_segment_that_nobody_has_is_refused_with_what_there_is(unit):
    with pytest.raises(RequestError, match="nobodys"):
        asked(crowd(40, [(0, "home"), (1, OUTCOME)], "b"), unit=unit, segment=("segment", "nobodys"))


def test_window_without_events_is_refused():
    store = Store.in_memory(events=pd.DataFrame(rows((0, "home"))))
    with pytest.raises(RequestError, match=OUTCOME):
        patterns.tells(store, outcome=OUTCOME, since=dt.date(2021, 1, 1), until=dt.date(2021, 2, 1))
