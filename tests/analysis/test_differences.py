import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.differences import (
    Share,
    _weighted_medians,
    adjusted_p_values,
    log_odds,
    median_difference,
    newcombe,
    share_differences,
    share_p_value,
    z_p_values,
)


def share(count, n):
    return Share(count / n, n)


# Published: Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference_of_shares_has_the_published_limits(first, second, low, high):
    assert newcombe(share(*first), share(*second)) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(50, 90), st.integers(50, 90))
def test_interval_holds_the_difference_and_turns_with_the_groups(a, b, n, m):
    first, second = share(a, n), share(b, m)
    low, high = newcombe(first, second)
    turned = newcombe(second, first)

    assert -1 <= low <= a / n - b / m + 1e-12
    assert a / n - b / m - 1e-12 <= high <= 1
    assert turned == pytest.approx((-high, -low))


def test_score_test_of_15_and_5_of_20_is_a_chi_square_of_10():
    # Pooled share 0.5, error √(0.25 (1/20 + 1/20)) = 0.158114, z = 3.162278; tables: P(χ²₁ > 10) = 0.0015654.
    assert share_p_value(share(15, 20), share(5, 20)) == pytest.approx(0.0015654, abs=1e-7)


def test_groups_in_which_nobody_or_everybody_has_it_do_not_differ():
    assert share_p_value(share(0, 20), share(0, 30)) == 1
    assert share_p_value(share(20, 20), share(30, 30)) == 1


def test_share_of_nothing_has_no_p_value():
    assert math.isnan(share_p_value(Share(math.nan, 0), share(1, 2)))


def test_p_values_are_corrected_as_published():
    assert adjusted_p_values([0.01, 0.04, 0.03, 0.2]) == pytest.approx(
        [0.04, 0.053333, 0.053333, 0.2], abs=1e-6
    )


def test_unknown_p_value_stays_unknown_and_does_not_count():
    found = adjusted_p_values([0.01, math.nan, 0.04])
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])
    assert math.isnan(found[1])
    assert len(adjusted_p_values([])) == 0


def test_z_of_1_96_has_a_p_value_of_0_05():
    assert z_p_values([1.959964, -1.959964, 0]) == pytest.approx([0.05, 0.05, 1], abs=1e-6)


def counted(first, second, name="price"):
    """Two rows of counts: ``(conversations with it, conversations, users)``, each user having as many."""
    rows = [_side(name, side, *numbers) for side, numbers in (("first", first), ("second", second))]
    return pd.DataFrame(rows)


def _side(name, side, had, total, users):
    # Users alike: each has total/users conversations, all of them with it or none.
    each = total // users if users else 0
    return {
        "side": side,
        "name": name,
        "conversations": had,
        "total": total,
        "users": users,
        "total_squares": users * each**2,
        "squares": had * each,
        "products": had * each,
    }


def test_thirty_of_forty_users_against_ten_of_forty_is_a_real_difference():
    row = share_differences(counted((30, 40, 40), (10, 40, 40))).iloc[0]

    # A user each: worth the 40 rows there are. Wilson of 0.75 on 40: (0.79802 ± 0.14252) / 1.09604; the other
    # is its mirror.
    assert row["difference"] == 0.5
    assert (row["first_low"], row["first_high"]) == pytest.approx((0.5981, 0.8581), abs=1e-4)
    # Newcombe: 0.5 - √(0.15194² + 0.15194²), 0.5 + √(0.10813² + 0.10813²).
    assert (row["low"], row["high"]) == pytest.approx((0.2851, 0.6529), abs=1e-4)
    assert row["real"]
    assert not row["few"]


def test_forty_conversations_of_one_user_prove_nothing():
    row = share_differences(counted((40, 40, 1), (20, 40, 40))).iloc[0]

    assert row["difference"] == 0.5
    assert row["low"] < 0
    assert not row["real"]


def test_under_30_conversations_nothing_is_called_real():
    row = share_differences(counted((29, 29, 29), (0, 400, 400))).iloc[0]

    assert row["p_value"] < 1e-6
    assert row["few"]
    assert not row["real"]


def test_group_without_data_has_no_share_and_no_zero():
    row = share_differences(counted((0, 0, 0), (10, 40, 40))).iloc[0]

    assert row[["first_share", "first_low", "difference", "low", "p_value"]].isna().all()
    assert row["second_share"] == 0.25
    assert not row["real"]


def test_what_no_conversation_has_is_no_row():
    assert share_differences(counted((0, 40, 40), (0, 40, 40))).empty


def test_correction_counts_the_rows_of_the_table():
    alone = counted((26, 40, 40), (16, 40, 40), "a")
    noise = [counted((20, 40, 40), (20, 40, 40), f"noise {place}") for place in range(9)]

    assert share_differences(alone)["real"].item()
    beside = share_differences(pd.concat([alone, *noise])).set_index("name")
    assert not beside["real"].any()
    assert beside.loc["a", "p_value"] == pytest.approx(10 * share_differences(alone)["p_value"].item())


def test_rows_come_real_first_and_then_by_size():
    rows = [
        counted((20, 40, 40), (21, 40, 40), "small"),
        counted((9, 400, 400), (39, 400, 400), "real"),
        counted((24, 40, 40), (20, 40, 40), "noise"),
    ]
    assert list(share_differences(pd.concat(rows))["name"]) == ["real", "noise", "small"]


def values(**sides):
    """``first=[("u1", 3), …]``."""
    rows = [(side, user, float(value)) for side, given in sides.items() for user, value in given]
    return pd.DataFrame(rows, columns=["side", "user_id", "value"])


def test_groups_without_spread_differ_by_exactly_their_medians():
    found = median_difference(
        values(first=[(f"a{n}", 1) for n in range(9)], second=[(f"b{n}", 3) for n in range(9)])
    )
    assert (found.first, found.second, found.difference) == (1, 3, -2)
    assert (found.low, found.high) == (-2, -2)
    # No draw of 1,000 reaches 0: 2 · 1 / 1,001.
    assert found.p_value == pytest.approx(2 / 1001)


def test_values_of_one_user_are_drawn_together():
    alike = median_difference(values(first=[("a", 1)] * 50 + [("b", 9)] * 50, second=[("c", 5), ("d", 5)]))
    assert (alike.first_low, alike.first_high) == (1, 9)
    assert alike.low < 0 < alike.high


def test_user_of_both_groups_is_in_both_or_in_none():
    # Each user waits two seconds longer in the first group: whoever is drawn, medians differ by just that.
    pairs = {"first": [(f"u{n}", n + 2) for n in range(9)], "second": [(f"u{n}", n) for n in range(9)]}
    found = median_difference(values(**pairs))
    assert (found.low, found.high) == (2, 2)
    assert found.first_low < found.first_high


def test_one_user_has_a_median_and_no_limits():
    found = median_difference(values(first=[("a", 1), ("a", 3)], second=[("b", 5), ("c", 5)]))
    assert found.difference == -3
    assert all(math.isnan(limit) for limit in (found.low, found.high, found.p_value))


def test_group_without_values_leaves_the_other_its_median():
    found = median_difference(values(second=[("b", 5), ("c", 7)]))
    assert math.isnan(found.first)
    assert math.isnan(found.difference)
    assert found.second == 6


def test_same_seed_gives_the_same_limits():
    given = values(first=[(f"a{n}", n**2) for n in range(30)], second=[(f"b{n}", n) for n in range(30)])
    assert median_difference(given, seed=3) == median_difference(given, seed=3)
    assert median_difference(given, seed=3) != median_difference(given, seed=4)


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)
)
def test_weighted_median_is_that_of_the_values_repeated(rows):
    ordered = np.array(sorted(float(value) for value, *_ in rows))
    times = np.array([[row[draw] for row in rows] for draw in (1, 2)], dtype=np.int32)
    found = _weighted_medians(ordered, times)
    for draw, counts in zip(found, times, strict=True):
        repeated = np.repeat(ordered, counts)
        assert draw == np.median(repeated) if len(repeated) else math.isnan(draw)


def test_log_odds_of_two_words_by_hand():
    # Prior of 8 words on equal totals: 4 each. Odds (3+4)/(1+4) = 7/5 against 5/7: ln(49/25) = 0.672944;
    # variance 1/7 + 1/5 = 0.342857; z = 0.672944 / 0.585540 = 1.149270.
    ratio, z = log_odds([3, 1], [1, 3], prior_words=8)
    assert ratio == pytest.approx([0.672944, -0.672944], abs=1e-6)
    assert z == pytest.approx([1.149270, -1.149270], abs=1e-5)


def test_word_as_frequent_in_both_groups_marks_none():
    ratio, z = log_odds([10, 90], [20, 180], prior_words=30)
    assert ratio == pytest.approx([0, 0])
    assert z == pytest.approx([0, 0])


def test_more_prior_pulls_towards_no_difference():
    weak, strong = (log_odds([30, 70], [10, 90], prior_words=words)[0][0] for words in (10, 1000))
    assert 0 < strong < weak


def test_only_word_marks_no_group():
    ratio, z = log_odds([3], [1], prior_words=8)
    assert (list(ratio), list(z)) == ([0], [0])


def test_no_words_have_no_odds():
    assert [len(found) for found in log_odds([], [], prior_words=8)] == [0, 0]
