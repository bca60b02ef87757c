"""Shares of what the same users do again and again, and the order of events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis import journey_counts
from analytics_lib.analysis.journey_counts import distinct_users, shares
from analytics_lib.analysis.numbered_events import by_unit

# Things 0 and 1 are of one kind, 10 of another.
THINGS, USERS = np.array([0, 0, 1, 0, 10]), np.array([0, 0, 0, 1, 1])
HAPPENED = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=60)


def test_a_thing_is_counted_with_its_users_and_all_of_its_kind():
    found = shares(THINGS, USERS, width=10)
    assert found.keys.tolist() == [0, 1, 10]
    assert found.counts.tolist() == [3, 1, 1]
    assert found.users.tolist() == [2, 1, 1]
    assert found.totals.tolist() == [4, 4, 1]
    assert found.total_users.tolist() == [2, 2, 1]


def test_what_did_not_happen_is_0_of_its_kind_and_unknown_without_it():
    found = shares(THINGS, USERS, width=10, wanted=np.array([5, 20]))
    assert (found.counts.tolist(), found.totals.tolist()) == ([0, 0], [4, 0])
    assert found.columns()["share"].tolist() == pytest.approx([0, np.nan], nan_ok=True)
    assert found.sizes.tolist() == [2, 0]  # a share of 0 is worth its users


def test_nothing_has_no_share():
    nothing = np.zeros(0, dtype=np.int64)
    assert shares(nothing, nothing, width=1).keys.tolist() == []
    assert [part.tolist() for part in distinct_users((nothing, nothing))] == [[], []]


def test_users_are_counted_once_over_all_that_happened():
    known, users = distinct_users((THINGS, USERS), (np.array([10, 1]), np.array([1, 1])))
    assert dict(zip(known.tolist(), users.tolist(), strict=True)) == {0: 2, 1: 2, 10: 1}


@given(happened=HAPPENED)
def test_many_cells_are_counted_as_few_are(happened):
    things, users = (np.array(column) for column in zip(*happened, strict=True))
    few = shares(things, users, width=7), distinct_users((things, users))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journey_counts, "DENSE", 0)
        many = shares(things, users, width=7), distinct_users((things, users))
    for name in ("keys", "counts", "users", "totals", "total_users", "sizes"):
        assert getattr(few[0], name).tolist() == getattr(many[0], name).tolist()
    assert [part.tolist() for part in few[1]] == [part.tolist() for part in many[1]]


@given(HAPPENED)
def test_shares_do_not_depend_on_how_far_apart_users_are_numbered(happened):
    things, users = (np.array(each) for each in zip(*happened, strict=True))
    near, far = shares(things, users, width=7), shares(things, users * 1_000_000, width=7)
    for name in ("keys", "counts", "users", "totals", "total_users", "sizes"):
        assert getattr(near, name).tolist() == getattr(far, name).tolist()


@given(units=st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_rows_in_time_are_put_unit_by_unit_each_in_time(units):
    rows, starts = by_unit(np.array(units))
    assert rows.tolist() == sorted(range(len(units)), key=lambda row: (units[row], row))
    placed = [units[row] for row in rows]
    assert starts.tolist() == [
        *(place for place, unit in enumerate(placed) if not place or placed[place - 1] != unit),
        len(units),
    ]


def test_no_rows_are_no_units():
    rows, starts = by_unit(np.array([], dtype=np.int32))
    assert (rows.tolist(), starts.tolist()) == ([], [0])
