"""The ratio, its p-value and its interval, by hand and against permutations that are really drawn."""

import math

import numpy as np
import pytest
from pattern_worlds import journeys_of
from scipy.stats import fisher_exact, hypergeom

from analytics_lib.analysis.pattern_growth import Rules, distinct, match_all
from analytics_lib.analysis.pattern_lift import compare, exact_p_value, lifts, normal_p_value
from analytics_lib.analysis.pattern_strata import Units, cells_of, exposures, rows_of, stays_of

# Two strata: a, b with the pattern (outcome reached, not), c, d without.
STRATA = np.array([[6.0, 4, 5, 15], [3.0, 9, 4, 24]])


def world_of(*counted, segments=None, people=None, flow=""):
    """``(path, reached, how many)`` each; gives the rows, their stays and the match of the pattern ``x``."""
    paths = [path for path, _, size in counted for _ in range(size)]
    reached = np.array([done for _, done, size in counted for _ in range(size)], dtype=bool)
    journeys = journeys_of(*paths)
    world = distinct(journeys, least=1)
    owners = np.arange(len(paths)) if people is None else np.array(people)
    parts = np.zeros(len(paths), dtype=np.int64) if segments is None else np.array(segments)
    cells = cells_of(world, Units(reached, owners, parts, np.zeros(len(paths), dtype=np.int64)))
    stays = stays_of(world, [journeys.names.index(event) for event in flow])
    (match,) = match_all(world, Rules(max_gap=None), [(journeys.names.index("x"),)])
    return rows_of(cells, stays), stays, match


def test_ratio_is_that_of_mantel_and_haenszel_by_hand():
    # All paths have two events, so segments alone are strata: those above.
    counted = [("xo", True, 6), ("xo", False, 4), ("oo", True, 5), ("oo", False, 15)]
    counted += [("xo", True, 3), ("xo", False, 9), ("oo", True, 4), ("oo", False, 24)]
    rows, stays, match = world_of(*counted, segments=[0] * 30 + [1] * 40)
    (found,) = lifts(rows, stays, [match])

    # (6·20/30 + 3·28/40) / (5·10/30 + 4·12/40)
    assert found.lift == pytest.approx((4 + 2.1) / (5 / 3 + 1.2))
    assert (found.with_units, found.without_units) == (22, 48)
    assert found.p_value == pytest.approx(exact_p_value(STRATA))
    assert found.low < found.lift < found.high
    assert compare(rows, *exposures(rows, stays, match)) == pytest.approx((found.lift, found.p_value))


def test_exact_p_value_of_one_stratum_is_fishers():
    for table in ([[3, 7], [1, 12]], [[0, 5], [4, 4]], [[9, 1], [2, 8]]):
        expected = fisher_exact(table).pvalue
        assert exact_p_value(np.array([np.ravel(table)], dtype=float)) == pytest.approx(expected)


def test_exact_p_value_is_that_of_permutations_within_strata():
    random = np.random.default_rng(7)
    drawn = sum(_permuted(random, *table) for table in STRATA)
    chances = sum_of_two(*STRATA)
    observed = int(STRATA[:, 0].sum())
    # Of 40,000 permutations, those that give a count no more likely than the one observed.
    share = np.mean([chances[count] <= chances[observed] * (1 + 1e-7) for count in drawn.tolist()])

    assert exact_p_value(STRATA) == pytest.approx(share, abs=0.01)


def _permuted(random, a, b, c, d, draws=40_000):
    """How many of the units with the pattern have the outcome after each shuffle of the outcomes."""
    outcomes = np.repeat([1, 0], [int(a + c), int(b + d)])
    shuffled = random.permuted(np.tile(outcomes, (draws, 1)), axis=1)
    return shuffled[:, : int(a + b)].sum(axis=1)


def sum_of_two(first, second):
    """The chance of each total of two independent hypergeometric counts."""
    one, other = (
        hypergeom(int(a + b + c + d), int(a + c), int(a + b)).pmf(np.arange(40))
        for a, b, c, d in (first, second)
    )
    return np.convolve(one, other)


def test_normal_p_value_is_near_the_exact_one_where_it_takes_over():
    # The variance of Σa is 6 · 16.7 = 100.
    tables = np.array([[38.0, 62, 28, 172]] * 6)
    shifted = tables + np.array([-6, 6, 6, -6])
    for each in (tables, shifted):
        assert normal_p_value(each) == pytest.approx(exact_p_value(each), rel=0.35, abs=0.004)


def test_nothing_to_compare_gives_nothing():
    rows, stays, match = world_of(("x", True, 5), ("xx", False, 5))
    (found,) = lifts(rows, stays, [match])
    assert math.isnan(found.lift)
    assert math.isnan(found.p_value)
    assert (found.with_units, found.without_units) == (0, 0)


def test_ratio_without_a_success_on_the_other_side_is_unknown():
    rows, stays, match = world_of(("x", True, 5), ("o", False, 5))
    (found,) = lifts(rows, stays, [match])
    assert math.isnan(found.lift)


def test_interval_holds_the_true_ratio_about_as_often_as_it_says():
    random = np.random.default_rng(5)
    held = 0
    for _ in range(120):
        with_it, without = random.binomial(150, 0.4), random.binomial(250, 0.2)
        counted = [("x", True, with_it), ("x", False, 150 - with_it)]
        rows, stays, match = world_of(*counted, ("o", True, without), ("o", False, 250 - without))
        (found,) = lifts(rows, stays, [match])
        held += found.low <= 2 <= found.high
    # 114 of 120 are expected; 106 or fewer would happen once in 1,000 times.
    assert held >= 107


def test_user_with_many_alike_units_makes_less_sure():
    counted = [("x", True, 20), ("x", False, 20), ("o", True, 20), ("o", False, 60)]
    rows, stays, match = world_of(*counted)
    (apart,) = lifts(rows, stays, [match])
    # Five units of each user, all with the same path and the same end.
    rows, stays, match = world_of(*counted, people=np.repeat(np.arange(24), 5))
    (together,) = lifts(rows, stays, [match])

    assert together.lift == pytest.approx(apart.lift)
    assert together.p_value > 5 * apart.p_value
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_same_rows_give_the_same_limits():
    counted = [("x", True, 20), ("x", False, 20), ("o", True, 10), ("o", False, 30)]
    rows, stays, match = world_of(*counted)
    assert lifts(rows, stays, [match]) == lifts(rows, stays, [match])


def test_pattern_is_compared_at_the_point_of_the_flow_where_it_became_complete():
    # After c, of 40 with x 20 end well, of 60 without 15; the 100 that never came to c do not matter.
    rows, stays, match = world_of(
        *[("acx", True, 20), ("acx", False, 20), ("ac", True, 15), ("ac", False, 45), ("a", False, 100)],
        flow="c",
    )
    (found,) = lifts(rows, stays, [match])
    assert found.lift == pytest.approx((20 / 40) / (15 / 60))
    assert (found.with_units, found.without_units) == (40, 60)
