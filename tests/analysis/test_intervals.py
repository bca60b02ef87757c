import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.intervals import effective_size, wilson


# Published values: docs of the formula, 8 of 10, 0 of 10, 0 of 20.
@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [(8, 10, 0.490162, 0.943318), (0, 10, 0, 0.277533), (0, 20, 0, 0.161125)],
)
def test_wilson_gives_the_published_limits(numerator, denominator, low, high):
    assert wilson(numerator, denominator) == pytest.approx((low, high), abs=1e-6)


def test_without_a_denominator_there_is_no_interval():
    assert all(math.isnan(limit) for limit in wilson(0, 0))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_holds_the_share_and_stays_inside_0_to_1(denominator, share):
    low, high = wilson(share * denominator, denominator)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_users_who_repeat_themselves_count_once():
    # Two users of ten rows each, all alike: V = 2/1 * (5² + 5²) / 20² = 0.25, deff = 0.25 / (0.25/20) = 20.
    assert effective_size(0.5, total=20, users=2, squared_errors=50) == pytest.approx(1)


def test_users_with_a_row_each_count_nearly_all():
    # Four users, two successes: V = 4/3 * 4 * 0.25 / 16 = 1/12, deff = (1/12) / (1/16) = 4/3.
    assert effective_size(0.5, total=4, users=4, squared_errors=1.0) == pytest.approx(3)


@pytest.mark.parametrize(("share", "users"), [(0.0, 7), (1.0, 7), (0.5, 1)])
def test_share_without_spread_counts_users(share, users):
    assert effective_size(share, total=70, users=users, squared_errors=0) == users
