"""The detectors against troubles planted, among near misses, by somebody who had not seen them."""

import pytest
from detection import planted_and_found, scores

from analytics_lib.analysis.key_moments import TROUBLES


@pytest.fixture(scope="module")
def detected():
    truth, found, _ = planted_and_found(conversations=1_200, seed=20261123)
    return scores(truth, found)


@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_is_found_where_it_was_planted_and_nowhere_else(detected, kind):
    row = detected.loc[kind]

    assert row["planted"] >= 50
    assert row["recall"] >= 0.9
    assert row["precision"] >= 0.9


def test_nothing_is_found_that_was_not_asked_for(detected):
    assert set(detected.index) == set(TROUBLES)
