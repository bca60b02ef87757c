"""Journeys at their edges: nothing in the window, and arguments of the wrong kind."""

import datetime as dt

import numpy as np
import pytest
from journey_stories import WINDOW, store_of, walk

from analytics_lib.analysis.journeys import common_paths, sessions, transitions
from analytics_lib.errors import RequestError

LATER = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 4, 2)}


@pytest.fixture(scope="module")
def shop():
    return store_of(walk("u1", "10:00 a, 10:05 b", chat="c1"), walk("u2", "10:00 a"))


def test_paths_are_lists_also_where_there_is_none(shop):
    nothing = common_paths(shop, **LATER)
    assert len(nothing) == 0
    assert nothing["path"].dtype == common_paths(shop, **WINDOW)["path"].dtype == np.dtype("object")


@pytest.mark.parametrize("gap", [30, 1800.0, "30min", None])
def test_a_gap_is_a_timedelta(shop, gap):
    with pytest.raises(RequestError, match=r"gap is .*; expected a positive pause such as timedelta"):
        sessions(shop, gap=gap, **WINDOW)
    with pytest.raises(RequestError, match="gap is"):
        transitions(shop, unit="session", gap=gap, **WINDOW)


@pytest.mark.parametrize("limit", [1.5, "2", 0])
def test_a_limit_is_a_whole_number(shop, limit):
    with pytest.raises(RequestError, match=r"limit is .*; expected a whole number from 1 on"):
        common_paths(shop, limit=limit, **WINDOW)


def test_a_limit_may_come_from_numpy(shop):
    assert len(common_paths(shop, limit=np.int64(1), **WINDOW)) == 2
