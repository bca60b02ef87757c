"""Quantiles of many groups with Woodruff's limits, against his formulas walked through value by value."""

import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from analytics_lib.metrics import woodruff
from analytics_lib.metrics.woodruff import quantile_rows

Z = 1.959963984540054


def told(**groups):
    """A group's values, each alone or as ``(user, value)``."""
    lists = [list(values) for values in groups.values()]
    if any(isinstance(one, tuple) for values in lists for one in values):
        columns = {
            "unit": [[user for user, _ in values] for values in lists],
            "x": [[float(x) for _, x in values] for values in lists],
        }
    else:
        columns = {"x": [[float(x) for x in values] for values in lists]}
    return pa.table({"group": list(groups), **columns})


def by_hand(pairs, q):
    """Value, rows, users, low and high of one group of ``(user, value)``."""
    ordered = sorted(x for _, x in pairs)
    n, place = len(ordered), q * (len(ordered) - 1)
    value = sum(x * max(0, 1 - abs(at - place)) for at, x in enumerate(ordered))
    rows, below = Counter(user for user, _ in pairs), Counter(user for user, x in pairs if x <= value)
    share, users = sum(below.values()) / n, len(rows)
    effect = n / users
    if 1 < users < n and 0 < share < 1:
        errors = sum((below[user] - share * rows[user]) ** 2 for user in rows)
        effect = max(1, users / (users - 1) * errors / (n * share * (1 - share)))
    half = Z * math.sqrt(q * (1 - q) * effect * n)
    low, high = math.floor(q * n - half), math.ceil(q * n + half) + 1
    return [value, n, users, *(ordered[at - 1] if 1 <= at <= n else math.nan for at in (low, high))]


def drawn(seed, *, users, values):
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 300, 40)
    return {
        f"g{place}": list(
            zip(
                (f"u{user}" for user in random.integers(0, users, size)),
                random.integers(0, values, size).astype(float),
                strict=True,
            )
        )
        for place, size in enumerate(sizes)
    }


def numbers(frame):
    return frame[["value", "n", "units", "low", "high"]].to_numpy()


def test_median_of_four_lies_between_the_middle_two():
    assert quantile_rows(told(a=[4, 1, 3, 2]), 0.5)["value"].tolist() == [2.5]


def test_twenty_five_values_are_limited_by_the_7th_and_the_19th():
    # 25 / 2 ± 1.96 · √(25 / 4) is 7.6 and 17.4: from the 7th to the one after the 18th.
    assert numbers(quantile_rows(told(a=range(25, 0, -1)), 0.5)).tolist() == [[13, 25, 25, 7, 19]]


def test_few_values_have_no_limits():
    row = quantile_rows(told(a=[1, 2, 3]), 0.5).iloc[0]
    assert np.isnan([row["low"], row["high"]]).all()


def test_ten_users_of_ten_values_each_are_less_sure_than_a_hundred_users():
    # All values of a user lie on one side of 49.5: each counts (±5)², the design effect is 100 / 9.
    # 50 ± 1.96 · √(25) is 40.2 and 59.8; 50 ± 1.96 · √(25 · 100 / 9) is 17.3 and 82.7.
    groups = {"a": [(f"u{x}", x) for x in range(100)], "b": [(f"u{x // 10}", x) for x in range(100)]}
    found = numbers(quantile_rows(told(**groups), 0.5)).tolist()
    assert found == [[49.5, 100, 100, 39, 60], [49.5, 100, 10, 16, 83]]


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("users", "values"), [(5, 4), (50, 1000), (100_000, 1000)])
@pytest.mark.parametrize("block", [1, 500, 1 << 18])
def test_groups_in_blocks_of_any_size_are_those_walked_through(q, users, values, block, monkeypatch):
    monkeypatch.setattr(woodruff, "_BLOCK", block)
    groups = drawn(7, users=users, values=values)
    expected = [by_hand(pairs, q) for pairs in groups.values()]
    found = quantile_rows(told(**groups), q)
    assert found["group"].tolist() == list(groups)
    np.testing.assert_allclose(numbers(found), expected, rtol=1e-12)


def test_numbers_and_names_of_users_tell_the_same():
    pairs = drawn(3, users=20, values=50)["g0"]
    named = told(a=pairs)
    place = named.schema.get_field_index("unit")
    numbered = [[int(user[1:]) for user, _ in pairs]]
    as_numbers = named.set_column(place, "unit", pa.array(numbered, pa.list_(pa.int32())))
    np.testing.assert_array_equal(numbers(quantile_rows(named, 0.5)), numbers(quantile_rows(as_numbers, 0.5)))


def test_rows_of_nobody_are_one_more_user():
    assert quantile_rows(told(a=[(None, 1), ("ana", 2), (None, 3)]), 0.5)["units"].tolist() == [2]


def test_tables_in_several_pieces_are_one():
    groups = drawn(5, users=30, values=30)
    whole = told(**groups)
    pieces = pa.concat_tables([whole.slice(0, 13), whole.slice(13, 20), whole.slice(33)])
    np.testing.assert_array_equal(numbers(quantile_rows(whole, 0.5)), numbers(quantile_rows(pieces, 0.5)))


def test_no_group_gives_no_row():
    assert quantile_rows(told(a=[(1, 2)]).slice(0, 0), 0.5).empty
