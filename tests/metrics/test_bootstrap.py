import math

import numpy as np
import pytest

from analytics_lib.metrics.bootstrap import SEED, ratio_limits, sums


def limits(y, n, *, seed=SEED):
    return tuple(ratio_limits([(y, n)], seed=seed)[0])


def drawn(users, *, seed=1):
    """Users with one to five rows each of about exponential size, as sums and counts."""
    random = np.random.default_rng(seed)
    counts = random.integers(1, 6, users).astype(float)
    return random.gamma(counts) * 10, counts


def multinomial(y, n, *, draws=20_000, seed=2):
    """The plain bootstrap: as many users as there are, drawn with replacement."""
    random = np.random.default_rng(seed)
    ratios = np.empty(draws)
    for draw in range(draws):
        chosen = random.integers(0, len(y), len(y))
        ratios[draw] = y[chosen].sum() / n[chosen].sum()
    return np.percentile(ratios, [2.5, 97.5])


# A 2.5 % point of 1,000 draws has a standard error of √(0.025 · 0.975 / 1,000) / 0.0584 = 0.085 standard
# deviations of the mean, and Poisson weights let the number of users vary, which a ratio hardly feels.
@pytest.mark.parametrize("users", [60, 500])
def test_limits_are_those_of_the_plain_bootstrap(users):
    y, n = drawn(users)
    low, high = multinomial(y, n)
    deviation = (high - low) / (2 * 1.96)
    assert limits(y, n) == pytest.approx((low, high), abs=0.35 * deviation)


def test_limits_of_more_users_than_a_block_are_those_of_theory():
    y, n = drawn(9_000)
    ratio = y.sum() / n.sum()
    deviation = math.sqrt(((y - ratio * n) ** 2).sum()) / n.sum()
    expected = (ratio - 1.96 * deviation, ratio + 1.96 * deviation)
    assert limits(y, n) == pytest.approx(expected, abs=0.35 * deviation)


@pytest.mark.parametrize("users", [2_047, 2_048, 2_049, 4_096, 4_097])
def test_end_of_a_block_loses_nobody(users):
    total = sums(np.ones((users, 1)))
    # Weights have mean 1 and variance 1: 1,000 means of the total lie within 4 standard errors of the users.
    assert abs(total.mean() - users) < 4 * math.sqrt(users * math.ceil(users / 2_048) / 1_000)


def test_same_data_give_the_same_limits():
    y, n = drawn(300)
    assert limits(y, n) == limits(y, n)


def test_order_of_users_does_not_matter():
    y, n = drawn(5_000)
    mixed = np.random.default_rng(3).permutation(len(y))
    assert limits(y[mixed], n[mixed]) == pytest.approx(limits(y, n), rel=1e-12)


def test_groups_side_by_side_have_the_limits_they_have_alone():
    groups = [drawn(50), drawn(70, seed=9), drawn(1), drawn(3_000, seed=4)]
    together = ratio_limits(groups)
    for limited, group in zip(together, groups, strict=True):
        assert tuple(limited) == pytest.approx(limits(*group), rel=1e-9, nan_ok=True)


def test_another_seed_gives_other_limits_nearby():
    y, n = drawn(300)
    one, other = limits(y, n), limits(y, n, seed=5)
    assert one != other
    assert one == pytest.approx(other, rel=0.03)


@pytest.mark.parametrize("users", [0, 1])
def test_less_than_two_users_have_no_limits(users):
    assert all(math.isnan(limit) for limit in limits(np.ones(users), np.ones(users)))


def test_users_all_alike_leave_no_doubt():
    assert limits(np.full(30, 4.0), np.full(30, 2.0)) == (2, 2)


def test_limits_hold_the_truth_about_95_times_in_100():
    held = 0
    for seed in range(200):
        y, n = drawn(200, seed=seed)
        low, high = limits(y, n)
        held += low <= 10 <= high
    # 200 trials of 0.95 less 3 standard deviations: 190 - 9.
    assert held >= 181


def test_halves_are_put_in_the_order_of_wholes():
    random = np.random.default_rng(5)
    y, n = random.exponential(9.0, 700), random.integers(1, 9, 700).astype(float)
    wholes, halves = ratio_limits([(y, n), (y / 2, n / 2)])
    assert wholes.tolist() == halves.tolist()


def test_draws_in_which_nobody_counts_are_left_out():
    # A user without a denominator beside one with 1 of 1: about a third of the draws have neither.
    nobody, somebody = np.array([0.0]), np.array([1.0])
    pair = np.concatenate([nobody, somebody])
    assert ratio_limits([(pair, pair)]).tolist() == [[1.0, 1.0]]
