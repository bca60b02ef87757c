"""Measures of a prediction against values worked out by hand, published ones and scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from analytics_lib.errors import RequestError
from analytics_lib.models import validation

# Four rows: of the four pairs three are in order; precision is 1 at the first positive and 2/3 at the second.
LABELS, SCORES = [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]
# Two bins of ten: 8 of 10 happened where 0.7 was said, none where 0.2 was.
BINNED_LABELS = [1] * 8 + [0] * 2 + [0] * 10
BINNED_SCORES = [0.7] * 10 + [0.2] * 10
few = settings(max_examples=15)


def values(frame):
    return frame.set_index("metric")["value"]


def drawn(n, seed=3):
    """Rows whose probabilities are the true ones."""
    random = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(1 - random.normal(size=n)))
    return random.random(n) < scores, scores


@st.composite
def rows(draw, least=2):
    """Labels of both classes, and scores of which many are tied."""
    n = draw(st.integers(least, 40))
    labels = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda y: 0 < sum(y) < len(y)))
    scores = draw(st.lists(st.integers(0, 8).map(lambda k: k / 8), min_size=n, max_size=n))
    return np.array(labels), np.array(scores)


def test_four_rows_are_measured_as_by_hand():
    found = values(validation.evaluate(LABELS, SCORES, groups=None, draws=2))

    assert found["roc_auc"] == pytest.approx(3 / 4)
    assert found["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["base_rate"] == pytest.approx(0.5)
    assert found["brier"] == pytest.approx((0.01 + 0.64 + 0.09 + 0.01) / 4)
    assert found["brier_skill"] == pytest.approx(1 - 0.1875 / 0.25)
    assert found["log_loss"] == pytest.approx((0.105361 + 1.609438 + 0.356675 + 0.105361) / 4, abs=1e-6)
    assert found["ece"] == pytest.approx((0.1 + 0.8 + 0.3 + 0.1) / 4)
    assert found["lift_top_decile"] == pytest.approx(2)


def test_tied_scores_count_half():
    assert validation.roc_auc([1, 0], [0.5, 0.5]) == pytest.approx(0.5)
    assert validation.roc_auc([1, 0, 0], [0.5, 0.5, 0.1]) == pytest.approx(0.75)
    assert validation.average_precision([1, 0], [0.5, 0.5]) == pytest.approx(0.5)


def test_certain_and_wrong_costs_the_logarithm_of_the_clip():
    found = values(validation.evaluate([1, 0], [0.0, 0.0], groups=None, draws=2))

    assert found["log_loss"] == pytest.approx(-np.log(1e-15) / 2)


def test_calibration_curve_keeps_ties_in_one_bin_with_wilson_limits():
    found = validation.calibration_curve(BINNED_LABELS, BINNED_SCORES)

    assert found["predicted"].tolist() == pytest.approx([0.2, 0.7])
    assert found["observed"].tolist() == pytest.approx([0, 0.8])
    assert found["low"].tolist() == pytest.approx([0, 0.490162], abs=1e-6)
    assert found["high"].tolist() == pytest.approx([0.277533, 0.943318], abs=1e-6)
    assert found["n"].tolist() == [10, 10]
    assert found["bin"].tolist() == [1, 2]


def test_base_rate_has_wilsons_interval():
    found = validation.evaluate([1] * 8 + [0] * 2, [0.5] * 10, groups=None, draws=2).set_index("metric")

    assert found.loc["base_rate", ["value", "low", "high"]].tolist() == pytest.approx(
        [0.8, 0.490162, 0.943318], abs=1e-6
    )


def test_bins_without_ties_are_ten_of_equal_count():
    labels, scores = drawn(1_000)

    assert validation.calibration_curve(labels, scores)["n"].tolist() == [100] * 10


def test_interval_of_a_bin_is_that_of_users_where_each_has_ten_equal_rows():
    users = np.repeat(np.arange(20), 10)
    labels, scores = np.repeat(BINNED_LABELS, 10), np.repeat(BINNED_SCORES, 10)
    found = validation.calibration_curve(labels, scores, groups=users)
    plain = validation.calibration_curve(labels, scores)

    assert found["n"].tolist() == [100, 100]
    # About ten users say 8 of 10, whose limits are 0.49 and 0.94; a hundred rows would say 0.71 and 0.87.
    assert found["low"].iloc[1] == pytest.approx(0.490162, abs=0.03)
    assert plain["low"].iloc[1] == pytest.approx(0.7112, abs=1e-4)


def test_ece_and_its_noise_floor_are_those_of_the_formula():
    found = values(validation.evaluate(BINNED_LABELS, BINNED_SCORES, groups=None, draws=2))

    assert found["ece"] == pytest.approx((0.1 + 0.2) / 2)
    assert found["ece_noise"] == pytest.approx(0.108275, abs=1e-6)


@pytest.mark.parametrize(("rows_a_bin", "floor"), [(100, 0.037), (1_000, 0.012)])
def test_noise_floor_at_thirty_percent_is_the_published_one(rows_a_bin, floor):
    scores = np.linspace(0.29, 0.31, 10 * rows_a_bin)
    found = validation.evaluate(scores > 0.3, scores, groups=None, draws=2).set_index("metric")

    assert found.loc["ece_noise", "value"] == pytest.approx(floor, abs=5e-4)
    assert found.loc["ece_noise", "low"] < floor < found.loc["ece_noise", "high"]


def test_noise_floor_counts_users_whose_rows_are_alike_once():
    labels, scores = drawn(2_000)
    once = values(validation.evaluate(labels, scores, groups=None, draws=0))
    users = np.tile(np.arange(2_000), 3)
    copied = validation.evaluate(np.tile(labels, 3), np.tile(scores, 3), groups=users, draws=0)

    assert values(copied)["ece_noise"] == pytest.approx(once["ece_noise"], rel=0.01)


def test_without_draws_there_are_values_without_limits():
    found = validation.evaluate(LABELS, SCORES, groups=None, draws=0).set_index("metric")

    assert found.loc["roc_auc", "value"] == pytest.approx(0.75)
    assert found.loc[["roc_auc", "ece", "log_loss"], ["low", "high"]].isna().all(axis=None)


def test_true_probabilities_are_within_the_noise_and_false_ones_are_not():
    labels, scores = drawn(10_000)
    true = validation.evaluate(labels, scores, groups=None, draws=50).set_index("metric").loc["ece"]
    false = validation.evaluate(labels, scores / 2, groups=None, draws=50).set_index("metric").loc["ece"]

    assert true["low"] == 0
    assert 0.1 < false["low"] < false["value"] < false["high"]


def test_interval_of_the_ece_holds_the_true_one():
    # Probabilities too high by 0.05 have an ECE of 0.05, which 600 rows show with their noise on top.
    held = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        true = 0.8 * random.beta(2, 4, 600)
        labels = random.random(600) < true
        ece = validation.evaluate(labels, true + 0.05, groups=None, draws=50).set_index("metric").loc["ece"]
        held += ece["low"] <= 0.05 <= ece["high"]

    assert held >= 28


def test_lift_of_the_best_tenth_is_its_share_over_the_base_rate():
    # Of twenty rows four are positive, two of them with the highest scores.
    found = validation.lift_by_decile([0] * 14 + [1, 1, 0, 0, 1, 1], np.arange(20))

    assert found["lift"].tolist() == pytest.approx([5, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    assert found["captured"].tolist() == pytest.approx([0.5, 0.5] + [1] * 8)
    assert found["n"].tolist() == pytest.approx([2] * 10)


def test_one_score_for_all_has_no_lift():
    assert validation.lift_by_decile([1, 0, 0], [0.4] * 3)["lift"].tolist() == pytest.approx([1] * 10)


def test_interval_of_the_auc_is_as_wide_as_delong_says():
    labels, scores = drawn(2_000)
    found = validation.evaluate(labels, scores, groups=None).set_index("metric").loc["roc_auc"]
    above = (scores[labels][:, None] > scores[~labels][None, :]).astype(float)
    variance = above.mean(axis=1).var(ddof=1) / labels.sum()
    variance += above.mean(axis=0).var(ddof=1) / (~labels).sum()

    assert found["value"] == pytest.approx(above.mean())
    assert found["high"] - found["low"] == pytest.approx(2 * norm.ppf(0.975) * variance**0.5, rel=0.15)


def test_copies_of_a_users_rows_do_not_narrow_the_interval():
    labels, scores = drawn(400)
    once = validation.evaluate(labels, scores, groups=np.arange(400), draws=100)
    users, twice = np.tile(np.arange(400), 3), (np.tile(labels, 3), np.tile(scores, 3))
    copied = validation.evaluate(*twice, groups=users, draws=100).set_index("metric")
    blind = validation.evaluate(*twice, groups=None, draws=100).set_index("metric").loc["roc_auc"]

    expected = once.set_index("metric").loc[["roc_auc", "pr_auc", "brier"], ["value", "low", "high"]]
    pd.testing.assert_frame_equal(copied.loc[expected.index, expected.columns], expected)
    width = expected.loc["roc_auc", "high"] - expected.loc["roc_auc", "low"]
    assert blind["high"] - blind["low"] < 0.75 * width


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_order_of_rows_makes_no_difference(given_rows, random):
    labels, scores = given_rows
    order = list(range(len(labels)))
    random.shuffle(order)
    users = np.arange(len(labels)) // 2
    plain = validation.evaluate(labels, scores, groups=users, draws=5)
    mixed = validation.evaluate(labels[order], scores[order], groups=users[order], draws=5)

    pd.testing.assert_frame_equal(mixed, plain)


@given(rows())
@few
def test_ranking_is_that_of_scikit_learn_and_bends_with_no_monotone_map(given_rows):
    labels, scores = given_rows
    auc = validation.roc_auc(labels, scores)

    assert auc == pytest.approx(roc_auc_score(labels, scores))
    assert validation.average_precision(labels, scores) == pytest.approx(
        average_precision_score(labels, scores)
    )
    assert validation.roc_auc(labels, np.exp(3 * scores) - 7) == pytest.approx(auc)
    assert validation.roc_auc(labels, -scores) == pytest.approx(1 - auc)
    assert validation.roc_auc(~labels, scores) == pytest.approx(1 - auc)


@given(rows(), st.data())
@few
def test_weight_of_a_row_is_how_often_it_is_there(given_rows, data):
    labels, scores = given_rows
    n = len(labels)
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    copies = np.repeat(labels, weights), np.repeat(scores, weights)

    for measure in (validation.roc_auc, validation.average_precision):
        assert measure(labels, scores, weights=weights) == pytest.approx(measure(*copies), nan_ok=True)


@given(rows(least=3))
@few
def test_shares_lie_from_0_to_1_and_values_between_their_limits(given_rows):
    labels, scores = given_rows
    found = validation.evaluate(labels, scores, groups=None, draws=8).set_index("metric")

    bounded = found.loc[["roc_auc", "pr_auc", "base_rate", "brier", "ece", "ece_noise"]]
    limits = bounded[["value", "low", "high"]].to_numpy()
    assert ((limits >= -1e-12) & (limits <= 1 + 1e-12)).all()
    ece = found.loc["ece"]
    assert ece["low"] <= ece["value"] <= ece["high"]


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_ranking_but_a_calibration(label):
    found = validation.evaluate([label] * 3, [0.2, 0.5, 0.5], groups=["a", "b", "c"])

    unknown = found.set_index("metric")["value"].isna()
    assert unknown[["roc_auc", "pr_auc", "brier_skill"]].all()
    assert values(found)["ece"] == pytest.approx(abs(label - 0.4) if label else 0.4)
    assert found["n"].tolist() == [3] * 9


def test_one_user_has_values_without_limits_and_no_rows_have_neither():
    one = validation.evaluate(LABELS, SCORES, groups=["u"] * 4).set_index("metric")
    none = validation.evaluate([], [], groups=None)

    assert one.loc["roc_auc", "value"] == pytest.approx(0.75)
    assert one.loc["roc_auc", ["low", "high"]].isna().all()
    assert none["value"].isna().all()
    assert none["n"].tolist() == [0] * 9
    assert validation.calibration_curve([], []).empty
    assert validation.lift_by_decile([], []).empty


@pytest.mark.parametrize(
    ("labels", "scores", "groups", "message"),
    [
        ([1, 0], [0.5], None, "2 labels"),
        ([1, None], [0.5, 0.5], None, "row 1 is null"),
        ([1, 2], [0.5, 0.5], None, "2.*is not a label"),
        ([1, 0], [0.5, np.nan], None, "row 1 is nan"),
        ([1, 0], [0.5, 1.5], None, "1.5 is no probability"),
        ([1, 0], [0.5, 0.5], ["a"], "1 groups"),
        ([1, 0], [0.5, 0.5], ["a", None], "group of row 1"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused_with_the_value(labels, scores, groups, message):
    with pytest.raises(RequestError, match=message):
        validation.evaluate(labels, scores, groups=groups)
