"""Tells in worlds whose truth is known: what was planted is found, and what only seems to tell is not."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from pattern_worlds import busy, journeys_of, shop, tells_in, told_of, walks
from recovery import read_table
from threadpoolctl import threadpool_limits

from analytics_lib import simulate
from analytics_lib.analysis import pattern_tells, patterns
from analytics_lib.analysis.pattern_growth import Rules
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.store import Store

PLANTED = {"helps", "hurts"}
SEEDS = 50
ALONE = Rules(max_length=1)


@pytest.fixture(scope="module")
def fifty_shops():
    """What is called a tell in each of fifty small shops."""
    # For products of small matrices, two threads are slower than one.
    with threadpool_limits(1):
        return [tells_in(told_of(shop(500, seed, strength=1.2))) for seed in range(SEEDS)]


def test_false_discoveries_stay_below_one_in_ten_over_fifty_seeds(fifty_shops):
    told = [pattern for found in fifty_shops for pattern in found]
    false = [pattern for pattern in told if not PLANTED & set(pattern.split())]

    assert len(told) >= 100
    assert len(false) <= 0.1 * len(told)


def test_planted_patterns_are_found_in_most_of_fifty_seeds(fifty_shops):
    helped = sum("buyers" in {found[one] for one in found if "helps" in one} for found in fifty_shops)
    hurt = sum("leavers" in {found[one] for one in found if "hurts" in one} for found in fifty_shops)

    assert helped >= 0.9 * SEEDS
    assert hurt >= 0.8 * SEEDS


def test_planted_pattern_is_never_taken_for_its_opposite(fifty_shops):
    both = {
        (one, verdict) for found in fifty_shops for one, verdict in found.items() if len(one.split()) == 1
    }
    assert ("helps", "leavers") not in both
    assert ("hurts", "buyers") not in both


def test_where_nothing_is_planted_hardly_anything_is_told():
    told = [bool(tells_in(told_of(shop(500, 100 + seed, strength=0.0), rules=ALONE))) for seed in range(15)]
    assert sum(told) <= 1


def test_what_is_more_frequent_in_longer_journeys_is_no_tell():
    found = told_of(walks(3_000, 4), rules=ALONE)

    # Whoever did v bought far more often, and so did whoever did any of the others.
    assert (found["naive_lift"] > 1.5).all()
    assert tells_in(found) == {}


def test_what_the_busy_do_more_of_is_no_tell_at_the_same_point_of_the_flow_either():
    told = []
    for seed in range(4):
        found = told_of(busy(1_500, seed))
        alone = found[[one[0] in "vwxyz" for one in found["pattern"]]]
        assert (alone.loc[alone["length"] == 1, "naive_lift"] > 1.5).all()
        told += tells_in(found)
    assert len(told) <= 2


def test_event_that_only_those_who_got_far_can_have_is_no_tell():
    found = told_of(shop(3_000, 5, strength=0.0), rules=ALONE)
    late = row_of(found, "late")

    assert late["naive_lift"] > 2
    assert late["verdict"] in {"flow", "chance"}
    assert 0.8 < late["flow_lift"] < 1.25


def test_events_that_the_way_to_the_outcome_forces_are_structural_and_not_tested():
    found = told_of(shop(600, 6, strength=0.0), rules=ALONE)
    forced = found[found["structural"]]

    assert {pattern[0] for pattern in forced["pattern"]} == {"visit", "look", "choose", "cart", "pay"}
    assert set(forced["verdict"]) == {"structural"}
    assert forced[["lift", "p_value", "flow_lift", "flow_p_value"]].isna().all(axis=None)


def row_of(found, *pattern):
    return found[[one == list(pattern) for one in found["pattern"]]].iloc[0]


def crowd(*counted):
    """``(path, reached, how many)`` each, the ways mixed so that both halves hold the same of each."""
    return [[*path, *(["buy"] if done else [])] for path, done, size in counted for _ in range(size)]


def test_structural_begins_at_ninety_nine_in_a_hundred():
    kept = [("ax", True, 198), ("ao", True, 2), ("ax", False, 100), ("ao", False, 100)]
    lost = [("ax", True, 197), ("ao", True, 3), ("ax", False, 100), ("ao", False, 100)]
    flags = [row_of(told_of(crowd(*each), rules=ALONE), "x")["structural"] for each in (kept, lost)]
    assert flags == [True, False]


def test_counts_of_both_sides_are_all_units():
    found = told_of(
        crowd(("ax", True, 60), ("ax", False, 40), ("ao", True, 20), ("ao", False, 80)), rules=ALONE
    )
    x = row_of(found, "x")

    assert list(x[["units", "outcome_units", "other_units", "other_outcome_units", "units_total"]]) == [
        100,
        60,
        100,
        20,
        200,
    ]
    assert (x["outcome_rate"], x["other_outcome_rate"], x["naive_lift"]) == pytest.approx((0.6, 0.2, 3.0))
    # Equal lengths, one segment: nothing else is taken out, and each half holds half of all.
    assert x["lift"] == pytest.approx(3.0)
    assert x["held_out_lift"] == pytest.approx(3.0)
    assert x["verdict"] == "buyers"


def test_segment_that_buys_more_lends_its_lift_to_no_pattern():
    # In either segment half of those with x and half of those without it buy, or a tenth and a tenth.
    rich = [("ax", True, 80), ("ax", False, 80), ("ao", True, 20), ("ao", False, 20)]
    poor = [("ax", True, 4), ("ax", False, 36), ("ao", True, 16), ("ao", False, 144)]
    found = told_of(crowd(*rich, *poor), segments=[0] * 200 + [1] * 200, rules=ALONE)
    x = row_of(found, "x")

    assert x["naive_lift"] > 2
    assert x["lift"] == pytest.approx(1.0)
    assert tells_in(found) == {}


def test_pattern_that_half_of_the_users_do_not_show_is_not_replicated():
    # By turns, the users of the first half do as x says, those of the other do not.
    first = crowd(("ax", True, 80), ("ax", False, 20), ("ao", True, 20), ("ao", False, 80))
    other = crowd(("ax", True, 50), ("ax", False, 50), ("ao", True, 50), ("ao", False, 50))
    paths = [path for pair in zip(first, other, strict=True) for path in pair]
    found = told_of(paths, rules=ALONE)
    x = row_of(found, "x")

    assert x["flow_adjusted_p_value"] < 0.001
    assert not x["replicated"]
    assert x["verdict"] == "not_replicated"


def test_held_out_half_that_is_too_small_says_neither_yes_nor_no():
    paths = crowd(("ax", True, 40), ("ax", False, 15), ("ao", True, 10), ("ao", False, 45))
    found = told_of(paths, people=range(0, 2 * len(paths), 2), rules=ALONE)
    x = row_of(found, "x")

    assert x["replicated"] is pd.NA
    assert x["verdict"] == "not_replicated"


def test_pattern_of_fewer_than_thirty_units_is_not_looked_at():
    counted = [("ao", True, 50), ("ao", False, 50)]
    few = told_of(crowd(("ax", True, 29), *counted), rules=ALONE)
    enough = told_of(crowd(("ax", True, 29), ("ax", False, 1), *counted), rules=ALONE)

    assert ["x"] not in few["pattern"].tolist()
    assert ["x"] in enough["pattern"].tolist()


def test_of_patterns_that_the_same_units_have_the_shortest_is_shown():
    found = told_of(crowd(("axy", True, 60), ("axy", False, 40), ("aoo", True, 20), ("aoo", False, 80)))
    assert [pattern for pattern in found["pattern"].tolist() if set(pattern) & {"x", "y"}] == [["x"]]


def test_longer_tell_names_the_tell_inside_it():
    found = told_of(shop(3_000, 8, strength=1.2))
    inside = dict(zip(map(tuple, found["pattern"]), found["part_of"], strict=True))

    assert inside[("helps",)] is None
    assert inside[("helps", "cart")] == ["helps"]


def test_outcomes_are_cut_off_with_all_that_follows():
    # What is done after buying, as x is, tells nothing of buying.
    found = told_of([*[["a", "buy", "x"]] * 60, *[["a", "x"]] * 60, *[["a", "o"]] * 60], rules=ALONE)
    x = row_of(found, "x")
    assert (x["units"], x["outcome_units"]) == (60, 0)


def test_same_journeys_give_the_same_answer():
    paths = shop(400, 9, strength=1.0)
    pd.testing.assert_frame_equal(told_of(paths), told_of(paths))


@pytest.mark.parametrize("paths", [["ab", "aab"], ["axb", "xb"]])
def test_outcome_that_everyone_reached_leaves_nobody_to_compare(paths):
    with pytest.raises(NotEnoughDataError, match="2 of 2 units reached 'b'"):
        told_of(paths, outcome="b")


def test_unit_that_may_reach_the_outcome_yet_is_left_out():
    journeys = journeys_of("ab", "a", "a")
    journeys.last[:] = [50, 10, 30]
    given = pattern_tells.until_outcome(
        journeys, 1, people=(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)), decided_before=20
    )
    assert given.units.reached.tolist() == [True, False]


def test_too_many_patterns_to_test_are_refused_with_advice(monkeypatch):
    monkeypatch.setattr(pattern_tells, "MOST_TESTED", 2)
    with pytest.raises(
        RequestError, match=r"patterns would have to be tested; at most 2 are. Raise min_support"
    ):
        told_of(shop(400, 9, strength=1.0))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """(truth of its behaviours, tells of a purchase) of a simulated shop."""
    folder = tmp_path_factory.mktemp("patterns")
    truth = simulate.write_world(folder, conversations=6_000, seed=5, until=dt.date(2026, 7, 1))
    events, users = (read_table(folder / f"{name}.ndjson") for name in ("events", "users"))
    kept = ["event_id", "user_id", "conversation_id", "occurred_at", "name"]
    store = Store.in_memory(events=events[kept], users=users[["user_id", "segment"]])
    window = {"since": dt.date(2025, 1, 1), "until": dt.date(2026, 7, 3)}
    found = patterns.tells(
        store, outcome="purchase_completed", rules=Rules(max_length=2, max_gap=None), **window
    )
    return truth.tables["behaviours"].set_index("name"), found


def test_simulated_behaviours_that_are_planted_are_told_with_their_size(simulated):
    truth, found = simulated
    alone = found[found["length"] == 1].assign(name=found["pattern"].str[0]).set_index("name")
    for name in truth.index[truth["planted"]]:
        expected = truth.loc[name, "risk_ratio"]
        assert alone.loc[name, "verdict"] == ("buyers" if expected > 1 else "leavers")
        assert math.log(alone.loc[name, "flow_lift"]) == pytest.approx(math.log(expected), abs=0.25)


def test_simulated_behaviours_that_are_not_planted_are_not_told(simulated):
    truth, found = simulated
    planted = set(truth.index[truth["planted"]])
    told = tells_in(found)
    false = [pattern for pattern in told if not planted & set(pattern.split())]

    assert told
    assert len(false) <= 0.1 * len(told)
