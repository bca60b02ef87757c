"""The arithmetic of a change, by hand: what is mix, what is rate, and that nothing is left over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.driver_split import Counts, split

ROWS = st.lists(st.tuples(*[st.integers(0, 50)] * 4), min_size=1, max_size=6)


def change(*groups):
    """The split of groups, each ``((y, n) before, (y, n) after)``."""
    numbers = np.array([[*before, *after] for before, after in groups], dtype=float)
    counts = Counts(*numbers.T, q0=numbers[:, 1])
    return split(counts, counts.summed())


def test_textbook_change_is_split_as_on_paper():
    # Weights .6 and .4 become .4 and .6, rates .7 and .5 become .72 and .46: .62 becomes .564.
    found = change(((42, 60), (28.8, 40)), ((20, 40), (27.6, 60)))

    assert found.mix == pytest.approx([-0.0236, -0.0224])
    assert found.rate == pytest.approx([0.010, -0.020])
    assert (found.mix + found.rate).sum() == pytest.approx(0.564 - 0.62)


def test_group_whose_rate_falls_explains_all_where_the_others_stay():
    # One conversation in five, from 50 % to 10 %; the other 80 stay at 20 of 80.
    found = change(((10, 20), (2, 20)), ((20, 80), (20, 80)))

    assert found.rate == pytest.approx([-0.08, 0])
    assert found.mix == pytest.approx([0, 0])
    assert found.explained == pytest.approx([-0.08, 0])
    assert found.specific == pytest.approx([0.8 * -0.08, 0.2 * (-0.08 + 0.4)])


def test_change_that_all_groups_share_is_no_groups_own():
    # Both go from 10 % to 30 %.
    found = change(((6, 60), (18, 60)), ((4, 40), (12, 40)))

    assert found.explained == pytest.approx([0.12, 0.08])
    assert found.specific == pytest.approx([0, 0])


def test_new_group_takes_its_own_rate_before_and_is_all_mix():
    # 50 of 100 are new and bad (20 of 50); the others keep 10 of 100.
    found = change(((0, 0), (20, 50)), ((10, 100), (5, 50)))

    assert found.rate == pytest.approx([0, 0])
    # 0.5 (0.4 - 0.175) and -0.5 (0.1 - 0.175), the mean of 0.1 and 0.25 being 0.175.
    assert found.mix == pytest.approx([0.1125, 0.0375])
    assert found.explained == pytest.approx([0.15, 0.15])


def test_group_that_is_gone_takes_its_last_rate():
    found = change(((20, 50), (0, 0)), ((5, 50), (10, 100)))

    assert found.rate == pytest.approx([0, 0])
    assert (found.mix + found.rate).sum() == pytest.approx(0.1 - 0.25)


def test_numerator_without_denominator_counts_as_mix():
    # The second group adds 3 to the numerator and nothing to the denominator.
    found = change(((10, 100), (10, 100)), ((0, 0), (3, 0)))

    assert found.mix + found.rate == pytest.approx([0, 0.03])
    assert found.rate == pytest.approx([0, 0])


@given(rows=ROWS)
def test_mix_and_rate_sum_to_the_change_whatever_the_groups(rows):
    groups = [((min(a, b), max(a, b)), (min(c, d), max(c, d))) for a, b, c, d in rows]
    n0, n1 = (sum(group[side][1] for group in groups) for side in (0, 1))
    if not n0 or not n1:
        return
    y0, y1 = (sum(group[side][0] for group in groups) for side in (0, 1))

    found = change(*groups)

    assert (found.mix + found.rate).sum() == pytest.approx(y1 / n1 - y0 / n0, abs=1e-12)


@given(rows=ROWS)
def test_what_a_group_explains_and_the_rests_own_change_are_the_whole(rows):
    groups = [((min(a, b), max(a, b)), (min(c, d), max(c, d))) for a, b, c, d in rows]
    whole = np.array([[*before, *after] for before, after in groups]).sum(axis=0)
    if not whole[1] or not whole[3]:
        return

    found = change(*groups)

    for place, ((ya, na), (yb, nb)) in enumerate(groups):
        rest = whole - [ya, na, yb, nb]
        weight = (rest[1] / whole[1] + rest[3] / whole[3]) / 2
        moved = rest[2] / rest[3] - rest[0] / rest[1] if rest[1] and rest[3] else 0.0
        total = whole[2] / whole[3] - whole[0] / whole[1]
        present = na and nb and rest[1] and rest[3]
        if present:
            assert found.explained[place] + weight * moved == pytest.approx(total, abs=1e-12)
            assert found.specific[place] == pytest.approx(weight * (total - moved), abs=1e-12)
