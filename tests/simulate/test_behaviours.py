"""What happens between stages, on conversations one can follow: where it lies, how often, what it says."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate import behaviours
from analytics_lib.simulate.behaviours import BEHAVIOURS, EVENT_NAMES, behaviour_table, events_between
from analytics_lib.simulate.behaviours import loop_rounds as rounds_of
from analytics_lib.simulate.world import Parameters, create_world

UNTIL = dt.date(2026, 7, 1)
SECOND, MINUTE = 1_000, 60_000
AFTER_CART, AFTER_SIZE, AFTER_START = "shipping_cost_asked", "size_guide_opened", "store_hours_asked"


def world(seed=1, **sizes):
    made = create_world(conversations=1, seed=seed, until=UNTIL, days=28)
    return replace(made, parameters=replace(Parameters(), **sizes))


def chats(*stages, loops=0, ended_ms=60 * MINUTE, lost_to_bug=False):
    """Conversations that reach so many stages, one a minute from minute 0, and end after an hour."""
    frame = pd.DataFrame({"stages": np.array(stages, dtype=np.int64)})
    return frame.assign(loops=loops, ended_ms=ended_ms, lost_to_bug=lost_to_bug)


def minutes(told):
    return np.concatenate([np.arange(stages, dtype=np.int64) * MINUTE for stages in told["stages"]])


@pytest.fixture
def always(monkeypatch):
    """Chooses the behaviours that everybody shows, so often; no other one is shown."""

    def choose(*names, again=0.0):
        shown = [
            replace(behaviour, rate_buyers=1.0, rate_leavers=1.0, again=again)
            for behaviour in BEHAVIOURS
            if behaviour.name in names
        ]
        monkeypatch.setattr(behaviours, "BEHAVIOURS", shown)

    return choose


def between(told, **sizes):
    found = events_between(world(**sizes), told, minutes(told))
    return found.assign(name=[EVENT_NAMES[code] for code in found["name"]])


def test_behaviour_lies_between_its_stage_and_the_next(always):
    always(AFTER_SIZE)
    found = between(chats(*[8] * 200))

    # The size is the fifth stage, reached in minute 4; the cart follows in minute 5.
    assert len(found) == 200
    assert found["occurred_ms"].between(4 * MINUTE, 5 * MINUTE, inclusive="neither").all()


def test_behaviour_after_the_last_stage_follows_soon_and_before_the_end(always):
    always(AFTER_SIZE)
    soon = between(chats(*[5] * 400))["occurred_ms"] - 4 * MINUTE
    cut = between(chats(*[5] * 400, ended_ms=4 * MINUTE + 10 * SECOND))["occurred_ms"] - 4 * MINUTE

    # Half of the pauses are under 26.5 seconds, and a behaviour lies anywhere in its pause.
    assert 8 * SECOND < soon.median() < 18 * SECOND
    assert soon.between(0, 10 * MINUTE, inclusive="neither").all()
    assert cut.between(0, 10 * SECOND, inclusive="neither").all()


def test_stay_of_two_milliseconds_has_room_for_one_moment(always):
    always(AFTER_SIZE)
    found = between(chats(*[5] * 20, ended_ms=4 * MINUTE + 2))

    assert (found["occurred_ms"] == 4 * MINUTE + 1).all()


def test_who_did_not_reach_the_stage_does_not_show_the_behaviour(always):
    always(AFTER_CART)
    found = between(chats(5, 6, 1, 8))

    assert list(found["conversation"]) == [1, 3]


def test_repeats_are_two_or_three_by_their_shares(always):
    always(AFTER_START, again=0.5)
    times = between(chats(*[1] * 4000))["conversation"].value_counts().value_counts(normalize=True)

    # Half show it once, a quarter twice, a quarter three times; 0.04 is five standard errors.
    assert [times[1], times[2], times[3]] == pytest.approx([0.5, 0.25, 0.25], abs=0.04)


def test_each_behaviour_has_random_numbers_of_its_own(always):
    told = chats(*[8] * 50)
    always(AFTER_CART)
    alone = between(told)
    always(AFTER_CART, AFTER_START)
    both = between(told)

    of_both = both[both["name"] == AFTER_CART].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, of_both)


def test_two_rounds_are_cart_checkout_cart_checkout_after_the_first_checkout(always):
    always()
    found = between(chats(7, 7, loops=[2, 0]))

    assert list(found["conversation"]) == [0] * 4
    assert list(found["name"]) == ["cart_added", "purchase_initiated"] * 2
    # The checkout was reached in minute 6; between two steps lie 1.5 seconds and more.
    assert (np.diff([6 * MINUTE, *found["occurred_ms"]]) >= 1.5 * SECOND).all()


def test_rounds_of_a_buyer_end_before_the_purchase(always):
    always()
    told = chats(*[8] * 300, loops=3)
    found = between(told)

    # Checkout in minute 6, purchase in minute 7; where three rounds take longer, their pauses shrink.
    assert found["occurred_ms"].between(6 * MINUTE, 7 * MINUTE, inclusive="neither").all()
    assert (found.groupby("conversation")["occurred_ms"].diff().dropna() > 0).all()
    assert len(found) == 300 * 6


def test_all_lost_to_the_bug_go_round_and_nobody_who_never_began_to_pay():
    sizes = {"loop_rate": 0.0, "bug_loop_again": 0.0}
    told = chats(7, 7, 6, 8, lost_to_bug=[True, False, False, False])

    assert list(rounds_of(world(**sizes), told)) == [1, 0, 0, 0]
    assert list(rounds_of(world(loop_rate=1.0, loop_again=0.0), told)) == [1, 1, 0, 1]
    assert list(rounds_of(world(loop_rate=1.0, loop_again=1.0, bug_loop_again=1.0), told)) == [3, 3, 0, 3]


def test_planted_ratios_of_risk_are_those_worked_out_by_hand():
    # Ten conversations choose a size, five of them buy; of those that fill the cart (all ten), the same five.
    table = behaviour_table(chats(*[8] * 5, *[6] * 5)).set_index("name")

    # Size guide: of 10, 2.25 buyers and 1.1 leavers show it. P(buys | shown) = 2.25 / 3.35,
    # P(buys | not) = 2.75 / 6.65. Shipping cost: 0.9 and 2.0, so 0.9 / 2.9 against 4.1 / 7.1.
    assert table["risk_ratio"]["size_guide_opened"] == pytest.approx((2.25 / 3.35) / (2.75 / 6.65))
    assert table["risk_ratio"]["shipping_cost_asked"] == pytest.approx((0.9 / 2.9) / (4.1 / 7.1))
    assert list(table.index[table["planted"]]) == ["size_guide_opened", "shipping_cost_asked"]
    assert table["risk_ratio"][~table["planted"]].to_numpy() == pytest.approx(1)
    assert table.loc["payment_help_asked", ["conversations", "buyers"]].tolist() == [5, 5]


def test_ratio_of_a_stage_nobody_reached_is_unknown():
    table = behaviour_table(chats(1, 2)).set_index("name")

    assert table["risk_ratio"].isna().to_dict() == {
        name: name != AFTER_START for name in (behaviour.name for behaviour in BEHAVIOURS)
    }


@settings(max_examples=40, deadline=None)
@given(stages=st.lists(st.integers(1, 8), min_size=1, max_size=40), seed=st.integers(0, 2**32))
def test_whatever_happens_lies_strictly_inside_its_stay(stages, seed):
    told = chats(*stages, loops=[3 * (reached >= 7) for reached in stages], ended_ms=8 * MINUTE)
    found = events_between(world(seed), told, minutes(told))
    stage = np.where(
        found["name"] < len(FUNNEL_STAGES), FUNNEL_STAGES.index("purchase_initiated"), found["stage"]
    )
    last = told["stages"].to_numpy()[found["conversation"]] == stage + 1

    assert (found["occurred_ms"] > stage * MINUTE).all()
    assert (found["occurred_ms"] < np.where(last, 8, stage + 1) * MINUTE).all()
    assert (stage < told["stages"].to_numpy()[found["conversation"]]).all()
