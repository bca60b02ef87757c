import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pattern_worlds import contains, every_pattern, is_part, journeys_of

from analytics_lib.analysis import pattern_closed, pattern_growth
from analytics_lib.analysis.pattern_closed import mine, mine_shortest
from analytics_lib.analysis.pattern_growth import Rules, distinct, match_all
from analytics_lib.errors import RequestError

PATHS = st.lists(st.text("abc", max_size=6), min_size=1, max_size=7)
GAPS = st.sampled_from([None, 0, 1, 2])
ANY = 1e-9


def named(journeys, found):
    return {"".join(journeys.names[code] for code in one.pattern): one.units for one in found}


def mined(*paths, least=1, search=mine, **limits):
    journeys = journeys_of(*paths)
    rules = Rules(**{"min_support": ANY, **limits})
    return named(journeys, search(distinct(journeys, least=least), rules, least=least))


@given(paths=PATHS, max_gap=GAPS, max_length=st.integers(1, 4), least=st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_closed_patterns_are_those_that_trying_every_one_finds(paths, max_gap, max_length, least):
    every = every_pattern(paths, max_length=max_length, max_gap=max_gap, least=least)
    closed = {
        pattern: len(units)
        for pattern, units in every.items()
        if not any(is_part(pattern, longer) and every[longer] == units for longer in every)
    }
    assert mined(*paths, max_gap=max_gap, max_length=max_length, least=least) == closed


@given(paths=PATHS, max_gap=GAPS)
@settings(max_examples=60, deadline=None)
def test_shortest_patterns_are_one_for_each_set_of_units(paths, max_gap):
    every = every_pattern(paths, max_length=3, max_gap=max_gap, least=1)
    found = mined(*paths, max_gap=max_gap, max_length=3, search=mine_shortest)

    assert sorted(every[pattern] for pattern in found) == sorted(set(every.values()))
    for pattern in found:
        assert min(len(other) for other in every if every[other] == every[pattern]) == len(pattern)


@given(paths=PATHS, max_gap=GAPS, pattern=st.text("abc", min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_pattern_is_first_complete_where_its_shortest_beginning_holds_it(paths, max_gap, pattern):
    journeys = journeys_of(*paths, names=["a", "b", "c"])
    world = distinct(journeys, least=1)
    code = tuple("abc".index(event) for event in pattern)
    matches = list(match_all(world, Rules(max_gap=max_gap), [code]))
    places = {}
    for match in matches:
        ends = match.places - world.starts[match.journeys]
        places = dict(zip(match.journeys.tolist(), ends.tolist(), strict=True))

    for path, journey in zip(paths, world.of_unit.tolist(), strict=True):
        sizes = [size for size in range(1, len(path) + 1) if contains(path[:size], pattern, max_gap)]
        assert places.get(journey) == (sizes[0] - 1 if sizes else None)


def test_support_counts_units_and_not_occurrences():
    assert mined("ababab", "ab", "b", max_length=2)["b"] == 3
    assert mined("ababab", "ab", "b", max_length=2)["ab"] == 2


def test_gap_is_the_number_of_other_events_in_between():
    assert "ac" not in mined("abbc", max_gap=1, max_length=2)
    assert "ac" in mined("abbc", max_gap=2, max_length=2)


def test_directly_after_one_another_needs_no_event_in_between():
    assert set(mined("abc", max_gap=0, max_length=2)) == {"ab", "bc"}


def test_event_too_rare_for_a_pattern_still_stands_in_between():
    # Of the x and y there is one each: they can be no part of a pattern of two units.
    assert "ab" not in mined("axb", "ayb", max_gap=0, least=2)
    assert mined("axb", "ayb", max_gap=1, least=2) == {"ab": 2}


def test_repeated_event_is_a_pattern_of_its_own():
    assert mined("aaa", "aa", max_length=3) == {"aaa": 1, "aa": 2}


def test_equal_journeys_are_searched_once():
    world = distinct(journeys_of("ab", "ba", "ab", ""), least=1)
    assert world.units.tolist() == [2, 1, 1]
    assert world.of_unit.tolist() == [0, 1, 0, 2]


def test_one_unit_with_one_event_has_one_pattern():
    assert mined("a") == {"a": 1}


def test_units_without_events_have_no_pattern():
    assert mined("", "") == {}
    assert mined() == {}


def test_thousand_different_events_are_told_apart():
    names = [f"e{number:04}" for number in range(1_000)]
    journeys = journeys_of(names, names[::-1], names=names)
    found = mine(distinct(journeys, least=2), Rules(max_length=2, max_gap=0), least=2)
    # One way round or the other, no two events follow each other in both.
    assert len(found) == 1_000
    assert {one.units for one in found} == {2}


def test_too_many_patterns_are_refused_with_advice(monkeypatch):
    monkeypatch.setattr(pattern_closed, "MOST_PATTERNS", 3)
    with pytest.raises(
        RequestError, match=r"More than 3 patterns reach .* Raise min_support, lower max_length"
    ):
        mined("abc")


def test_search_without_an_end_is_stopped_with_advice(monkeypatch):
    monkeypatch.setattr(pattern_growth, "MOST_STEPS", 10)
    with pytest.raises(RequestError, match=r"Over 10 steps .* Raise min_support"):
        mined("abcabc")


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_length": 0}, "max_length is 0; expected 1 to 10"),
        ({"max_length": 11}, "max_length is 11"),
        ({"max_gap": -1}, "max_gap is -1; expected 0"),
        ({"min_support": 0}, "min_support is 0; expected a share above 0"),
        ({"min_support": 1.5}, "min_support is 1.5"),
        ({"min_units": 0}, "min_units is 0; expected at least 1"),
    ],
)
def test_rule_that_means_nothing_is_refused(limits, told):
    with pytest.raises(RequestError, match=told):
        Rules(**limits)


@pytest.mark.parametrize(
    ("share", "units", "least"), [(0.02, 100, 2), (0.02, 101, 3), (0.5, 1, 1), (1.0, 7, 7)]
)
def test_least_units_are_the_share_rounded_up(share, units, least):
    assert Rules(min_support=share).least(units) == least


def test_every_number_of_units_comes_from_its_journeys():
    random = np.random.default_rng(3)
    paths = ["".join(random.choice(list("abcd"), 8)) for _ in range(200)]
    found = mined(*paths, max_gap=1, max_length=3, least=20)
    assert found
    for pattern, units in found.items():
        assert units == sum(contains(path, pattern, 1) for path in paths)
