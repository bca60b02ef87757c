import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.metrics.intervals import effective_size, effective_sizes, nps_limits, wilson, wilson_limits


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [(8, 10, 0.490162, 0.943318), (0, 10, 0, 0.277533), (0, 20, 0, 0.161125)],
)
def test_wilson_gives_the_published_limits(numerator, denominator, low, high):
    assert wilson(numerator, denominator) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("n", [1, 3, 6, 10, 25, 1000])
def test_limits_of_none_and_all_are_exact(n):
    assert wilson(0, n)[0] == 0
    assert wilson(n, n)[1] == 1


def test_without_a_denominator_there_is_no_interval():
    assert all(math.isnan(limit) for limit in wilson(0, 0))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_holds_the_share_and_stays_inside_0_to_1(denominator, share):
    low, high = wilson(share * denominator, denominator)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_wilson_of_the_other_side_is_its_mirror(denominator, part):
    numerator = min(part, denominator)
    low, high = wilson(numerator, denominator)
    assert wilson(denominator - numerator, denominator) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_many_at_once_are_one_by_one(pairs):
    numerators, denominators = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    numerators = np.minimum(numerators, denominators)
    low, high = wilson_limits(numerators, denominators)
    alone = [wilson(y, n) for y, n in zip(numerators, denominators, strict=True)]
    np.testing.assert_allclose(np.column_stack([low, high]), alone)


def test_users_who_repeat_themselves_count_once():
    # Two users of ten rows each, all alike: V = 2/1 * (5² + 5²) / 20² = 0.25, deff = 0.25 / (0.25/20) = 20.
    assert effective_size(0.5, total=20, users=2, squared_errors=50) == pytest.approx(1)


def test_users_of_different_sizes_by_hand():
    # p = 4/8 of users 2/2, 2/4, 0/2: V = 3/2 · (1 + 0 + 1) / 64 = 3/64, deff = (3/64) / (1/32) = 1.5.
    assert effective_size(0.5, total=8, users=3, squared_errors=2) == pytest.approx(8 / 1.5)


def test_users_without_repetition_count_as_rows():
    assert effective_size(0.5, total=4, users=4, squared_errors=1.0) == 4


def test_users_more_alike_than_chance_make_nothing_surer():
    assert effective_size(0.5, total=20, users=10, squared_errors=0) == 20


@pytest.mark.parametrize(("share", "users"), [(0.0, 7), (1.0, 7), (0.5, 1)])
def test_share_without_spread_counts_users(share, users):
    assert effective_size(share, total=70, users=users, squared_errors=0) == users


def test_sizes_of_many_groups_are_those_of_each():
    sizes = effective_sizes(
        *(np.array(column, dtype=float) for column in ((0.5, 0.0), (20, 70), (2, 7), (50, 0)))
    )
    assert sizes == pytest.approx([1, 7])


def nps(promoters, passives, detractors, *, users=None, squared_errors=0.0):
    n = promoters + passives + detractors
    mean, squares = (promoters - detractors) / n, (promoters + detractors) / n
    columns = (mean, squares, n, users or n, squared_errors)
    low, high = nps_limits(*(np.array([value], dtype=float) for value in columns))
    return float(low[0]), float(high[0])


def test_nps_gives_the_published_limits():
    assert nps(50, 30, 20) == pytest.approx((30 - 15.3078, 30 + 15.3078), abs=1e-4)
    assert nps(100, 100, 100) == pytest.approx((-9.2394, 9.2394), abs=1e-4)


def test_nps_is_cut_at_100_points():
    low, high = nps(3, 1, 0)
    assert high == 100
    assert -100 <= low < 75


def test_nps_of_users_of_one_mind_is_as_sure_as_the_users():
    # Ten users of ten equal answers, five 1 and five 0: V = 10/9 · 10 · 5² / 100² = 1/36.
    low, high = nps(50, 50, 0, users=10, squared_errors=250)
    assert high - 50 == pytest.approx(1.959964 * 100 / 6, abs=1e-3)
    assert 50 - low == pytest.approx(1.959964 * 100 / 6, abs=1e-3)


def test_nps_without_an_answer_has_no_limits():
    low, high = nps_limits(*(np.array([value]) for value in (np.nan, np.nan, 0.0, 0.0, 0.0)))
    assert np.isnan([low[0], high[0]]).all()
