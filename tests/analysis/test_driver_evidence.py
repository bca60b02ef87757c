"""How sure a driver is: p-values against exact ones, intervals that hold the truth, nothing from nothing."""

import numpy as np
import pytest
from scipy import stats

from analytics_lib.analysis.driver_evidence import limits, p_values, two_sided
from analytics_lib.analysis.driver_split import Counts


def blocks(*groups):
    """Counts by block, a block of its own for every row: groups of ``(successes, rows)`` before and after."""
    columns = []
    for (y0, n0), (y1, n1) in groups:
        columns.append((y0, n0, y1, n1))
    total = sum(n0 + n1 for _, n0, _, n1 in columns)
    found = [np.zeros((total, len(columns))) for _ in range(4)]
    row = 0
    for place, (y0, n0, y1, n1) in enumerate(columns):
        for side, (y, n) in enumerate(((y0, n0), (y1, n1))):
            found[2 * side][row : row + y, place] = 1
            found[2 * side + 1][row : row + n, place] = 1
            row += n
    counts = Counts(*found, q0=found[1])
    whole = Counts(
        *(np.repeat(numbers.sum(axis=1, keepdims=True), len(columns), axis=1) for numbers in counts)
    )
    return counts, whole


def test_two_sided_p_value_is_that_of_the_normal_distribution():
    assert two_sided(1.959964) == pytest.approx(0.05, abs=1e-6)
    assert two_sided(float("nan")) == 1.0


@pytest.mark.parametrize("expected", [1.0, 2.0, 5.0, 50.0])
@pytest.mark.parametrize("chance", [0.01, 0.0001])
def test_tail_of_rare_cases_is_that_of_the_exact_distribution(expected, chance):
    # A gamma sum of this mean and variance has the skewness of twice the cases of Poisson's.
    z = (stats.gamma.isf(chance, expected) - expected) / np.sqrt(expected)
    skewness = 2 / np.sqrt(expected)

    assert two_sided(z, skewness) == pytest.approx(2 * chance, rel=0.5)
    assert two_sided(-z, -skewness) == two_sided(z, skewness)
    assert two_sided(z) < 2 * chance


def test_changed_rate_has_the_p_value_of_its_score_test_by_its_part():
    # 50 of 100 before and 30 of 100 after: pooled .4, z = .2 / √(.24 · 2/100).
    counts, whole = blocks(((50, 100), (30, 100)), ((50, 100), (50, 100)))
    moved, _ = p_values(counts, whole)

    z = 0.2 / np.sqrt(0.24 * 0.02)
    assert moved[0] == pytest.approx(2 * stats.norm.sf(z) / 0.8, rel=0.15)
    assert moved[1] == 1.0


def test_group_that_moves_with_the_rest_has_moved_and_is_not_special():
    counts, whole = blocks(((50, 100), (20, 100)), ((100, 200), (40, 200)))
    moved, special = p_values(counts, whole)

    assert (moved < 0.001).all()
    assert (special == 1.0).all()


def test_group_of_no_case_in_a_handful_is_nothing_to_speak_of():
    # 0 of 10 after 20 of 100: by the binomial distribution 0.8 to the tenth, about a tenth.
    counts, whole = blocks(((20, 100), (0, 10)), ((20, 100), (18, 90)))

    assert p_values(counts, whole)[0][0] > 0.1


def test_new_group_with_another_rate_has_moved_and_is_special():
    counts, whole = blocks(((0, 0), (40, 80)), ((20, 200), (12, 120)))
    moved, special = p_values(counts, whole)

    assert moved[0] < 1e-6
    assert special[0] < 1e-6


def test_new_group_with_the_rate_of_the_rest_explains_nothing():
    counts, whole = blocks(((0, 0), (8, 80)), ((20, 200), (12, 120)))

    assert p_values(counts, whole)[0][0] == 1.0


def test_limits_hold_the_change_and_are_the_same_twice():
    counts, whole = blocks(((50, 100), (30, 100)), ((50, 100), (50, 100)))
    first, second = (limits(counts, whole.column(0)) for _ in range(2))

    low, high = (float(limit[0]) for limit in first["change"])
    # Of all, 100 of 200 before and 80 of 200 after: -.1, give or take 1.96 √(.25/200 + .24/200).
    assert (low, high) == pytest.approx((-0.1 - 0.097, -0.1 + 0.097), abs=0.012)
    assert np.array_equal(first["explained"], second["explained"])


def test_one_user_has_no_limits():
    counts = Counts(*(np.ones((1, 1)) for _ in range(5)))

    assert np.isnan(limits(counts, counts.column(0))["change"]).all()
