"""How long until people write again or order: published check values, and stores the eye can follow."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from cohort_stories import ordered, writing

from analytics_lib.analysis import survival
from analytics_lib.analysis.survival_statistics import (
    aalen_johansen,
    chi_square_beyond,
    log_rank,
    restricted_mean,
)
from analytics_lib.errors import NotEnoughDataError

HOUR = 3_600
WINDOW = {"since": dt.date(2024, 1, 1), "until": dt.date(2024, 2, 1), "as_of": dt.date(2024, 2, 1)}


def numbers(*values):
    return np.array(values, dtype=float)


def flags(*values):
    return np.array(values, dtype=bool)


def test_restricted_mean_of_the_published_example():
    found = restricted_mean(numbers(1, 2, 2, 3, 4, 5), flags(1, 1, 0, 1, 0, 1), until=4)
    assert found.mean == pytest.approx(2.944444, abs=1e-6)


def test_standard_error_of_the_restricted_mean_without_censoring_is_that_of_a_mean():
    values = numbers(1, 2, 4, 7)
    found = restricted_mean(values, np.ones(4, dtype=bool), until=100)
    assert found.mean == pytest.approx(3.5)
    assert found.standard_error == pytest.approx(values.std() / 2)


def test_restricted_mean_beyond_all_watching_is_unknown():
    assert np.isnan(restricted_mean(numbers(1, 2), flags(1, 0), until=3).mean)


def test_log_rank_of_the_published_example():
    found = log_rank(numbers(2, 3, 5, 8, 1, 2, 4, 4), flags(1, 1, 0, 1, 1, 1, 1, 1), np.repeat([0, 1], 4))
    assert [found.chi_square, found.p_value] == pytest.approx([1.254322, 0.262729], abs=1e-6)


def test_log_rank_of_one_group_is_unknown():
    assert np.isnan(log_rank(numbers(1, 2), flags(1, 1), np.array([0, 0])).p_value)


def test_chi_square_has_its_known_quantiles():
    tails = [
        chi_square_beyond(*given) for given in ((3.841459, 1), (5.991465, 2), (7.814728, 3), (9.487729, 4))
    ]
    assert tails == pytest.approx([0.05] * 4, abs=1e-6)


def test_competing_outcomes_of_the_published_example_sum_to_one():
    found = aalen_johansen(numbers(1, 2, 3, 4, 5), np.array([1, 2, 0, 1, 2]), numbers(4, 5), kinds=2)
    assert found.incidence[0, 0] == pytest.approx(0.5)
    assert found.incidence[1, 1] == pytest.approx(0.5)
    assert found.incidence.sum(axis=0) + found.survival == pytest.approx(1)


def test_limits_of_competing_outcomes_are_those_lifelines_gives():
    # lifelines 0.30.3, AalenJohansenFitter().fit([1, 2, 3, 4, 5, 6], [1, 2, 0, 1, 2, 0], 1), read at 4.
    found = aalen_johansen(numbers(1, 2, 3, 4, 5, 6), np.array([1, 2, 0, 1, 2, 0]), numbers(4), kinds=2)
    assert [found.incidence[0, 0], found.low[0, 0], found.high[0, 0]] == pytest.approx(
        [0.388889, 0.048102, 0.745305], abs=1e-6
    )


def talks(*told):
    """Conversations, each ``(user, start, end, outcome)``; ends may be missing."""
    frame = pd.DataFrame(told, columns=["user_id", "started_at", "ended_at", "outcome"])
    for name in ("started_at", "ended_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame.assign(conversation_id=[f"c{place}" for place in range(len(frame))], channel="web")


def test_time_to_next_contact_runs_from_the_end_to_the_next_message():
    begun = talks(
        ("a", "2024-01-10 10:00", "2024-01-10 11:00", None),
        ("b", "2024-01-10 10:00", "2024-01-31 00:00", None),
    )
    # Local times are five hours behind.
    store = writing(
        ("a", "2024-01-10 05:30"), ("a", "2024-01-10 08:00"), ("b", "2024-01-10 05:00"), conversations=begun
    )
    (row,) = survival.time_to_next_contact(store, **WINDOW).groups.to_dict("records")

    assert (row["users"], row["events"]) == (2, 1)
    assert row["median_seconds"] == 2 * HOUR


def test_whoever_has_not_ordered_yet_was_watched_until_as_of():
    store = writing(
        ("a", "2024-01-10"),
        ("b", "2024-01-22"),
        orders=ordered(("a", "2024-01-11", 5), ("b", "2024-01-23", -5)),
    )
    found = survival.time_to_first_order(store, **WINDOW)

    assert found.groups[["users", "events"]].to_numpy().tolist() == [[2, 1]]
    assert found.groups["median_seconds"].tolist() == [24 * HOUR]
    assert found.horizon_seconds == 10 * 24 * HOUR


def test_ways_to_end_compete():
    begun = talks(
        ("a", "2024-01-10 10:00", "2024-01-10 11:00", "purchase"),
        ("b", "2024-01-10 10:00", "2024-01-10 12:00", "abandoned"),
        ("c", "2024-01-10 10:00", "2024-01-10 13:00", "purchase"),
        ("d", "2024-01-10 10:00", "2024-01-10 14:00", "escalated"),
    )
    found = survival.outcomes(writing(("a", "2024-01-10"), conversations=begun), **WINDOW)
    at_end = found.groupby("outcome")["incidence"].max()
    assert at_end[["purchase", "abandoned", "resolved"]].tolist() == [0.5, 0.25, 0]


def test_nobody_to_watch_is_said():
    with pytest.raises(NotEnoughDataError, match="Nobody to watch"):
        survival.time_to_next_contact(writing(("a", "2024-01-10")), **WINDOW)
    with pytest.raises(NotEnoughDataError, match="No orders"):
        survival.time_to_first_order(writing(("a", "2024-01-10")), **WINDOW)
