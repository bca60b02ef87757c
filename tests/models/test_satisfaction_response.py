"""Raw, corrected and bounded satisfaction, on answers that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.models.satisfaction_response import estimates


def asked(answers, chances):
    users = pd.Series([f"u{place}" for place in range(len(answers))])
    frame = estimates(pd.Series(answers, dtype="float64"), np.array(chances, dtype=float), users)
    return frame.set_index(["measure", "estimate"])


def test_an_answer_stands_for_the_silent_like_it():
    # Two of the happy kind, both answer; four of the unhappy kind, one in four answers.
    found = asked([5, 5, 1, None, None, None], [1, 1, 0.25, 0.25, 0.25, 0.25])

    assert found.loc[("csat", "raw"), "value"] == pytest.approx(2 / 3)
    # (1/1 + 1/1) / (1/1 + 1/1 + 1/0.25) = 2/6
    assert found.loc[("csat", "corrected"), "value"] == pytest.approx(1 / 3)
    # (5 + 5 + 4 · 1) / 6
    assert found.loc[("csat_mean", "corrected"), "value"] == pytest.approx(14 / 6)


def test_bounds_give_every_silent_customer_the_worst_and_the_best_answer():
    found = asked([5, 3, None, None], [0.5] * 4)

    assert found.loc[("csat", "worst"), "value"] == pytest.approx(1 / 4)
    assert found.loc[("csat", "best"), "value"] == pytest.approx(3 / 4)
    assert found.loc[("csat_mean", "worst"), "value"] == pytest.approx((5 + 3 + 1 + 1) / 4)
    assert found.loc[("csat_mean", "best"), "value"] == pytest.approx((5 + 3 + 5 + 5) / 4)
    assert found["n"].to_dict()[("csat", "raw")] == 2
    assert found["n"].to_dict()[("csat", "best")] == 4


def test_a_tiny_chance_counts_as_two_percent():
    found = asked([1, 5], [1e-9, 1.0])

    # 50 of the unhappy kind beside one happy.
    assert found.loc[("csat", "corrected"), "value"] == pytest.approx(1 / 51)


def test_without_an_answer_nothing_is_known():
    found = asked([None, None], [0.5, 0.5])

    assert found[["value", "low", "high"]].isna().all(axis=None)


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 5, None]), st.floats(0.05, 1)), min_size=2, max_size=30)
)
def test_what_everybody_would_say_lies_between_the_bounds(rows):
    answers, chances = zip(*rows, strict=True)
    found = asked(answers, chances)["value"]

    if any(answer is not None for answer in answers):
        for measure in ("csat", "csat_mean"):
            worst, raw, best = (found[(measure, name)] for name in ("worst", "raw", "best"))
            assert worst - 1e-9 <= raw <= best + 1e-9
