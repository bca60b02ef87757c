"""Intervals whose reach can be read off a handful of errors."""

import numpy as np
import pytest

from analytics_lib.models.satisfaction_interval import errors, interval

ONE = np.ones(1)


def reach(known, *, level, weight=1.0):
    low, high = interval(known, np.array([3.0]), ONE, np.array([weight]), level=level)
    return low[0], high[0]


def test_error_of_the_rank_that_the_level_asks_for():
    answers = 3 + np.arange(1, 10) / 10
    known = errors(answers, np.full(9, 3.0), np.ones(9), np.ones(9))

    # ⌈10 · 0.8⌉ = 8th of nine errors 0.1 … 0.9.
    assert reach(known, level=0.8) == pytest.approx((2.2, 3.8))


def test_more_is_asked_than_the_errors_can_tell():
    known = errors(np.array([3.1, 3.2]), np.full(2, 3.0), np.ones(2), np.ones(2))

    # ⌈3 · 0.9⌉ = 3rd of two errors: anything is possible.
    assert reach(known, level=0.9) == (1.0, 5.0)


def test_errors_of_those_like_the_silent_count_more():
    answers, weights = np.array([3.1, 4.0]), np.array([1.0, 9.0])
    known = errors(answers, np.full(2, 3.0), np.ones(2), weights)

    # Of 10.5 in all, 5.25 is not reached by the first error's 1.
    assert reach(known, level=0.5, weight=0.5) == pytest.approx((2.0, 4.0))


def test_where_answers_scatter_more_the_interval_is_wider():
    known = errors(np.array([3.5] * 9), np.full(9, 3.0), np.ones(9), np.ones(9))
    low, high = interval(known, np.full(2, 3.0), np.array([1.0, 2.0]), np.ones(2), level=0.5)

    assert high - low == pytest.approx([1.0, 2.0])


def test_no_interval_leaves_the_scale():
    known = errors(np.array([1.0] * 99), np.full(99, 3.0), np.ones(99), np.ones(99))
    low, high = interval(known, np.array([1.2, 4.9]), np.ones(2), np.ones(2), level=0.5)

    assert low == pytest.approx([1.0, 2.9])
    assert high == pytest.approx([3.2, 5.0])
