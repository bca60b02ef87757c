"""Several outcomes of which one happens: each against the rest, and all together."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from analytics_lib.errors import RequestError
from analytics_lib.models import validation


def values(frame):
    return frame.set_index("metric")["value"]


def test_two_classes_are_measured_like_one_outcome_and_its_rest():
    random = np.random.default_rng(3)
    scores = random.random(500)
    labels = random.random(500) < scores
    names, both = np.where(labels, "buys", "leaves"), np.column_stack([scores, 1 - scores])
    found = validation.evaluate_classes(names, both, ("buys", "leaves"), groups=None, draws=20)
    plain = validation.evaluate(labels, scores, groups=None, draws=20)

    pd.testing.assert_frame_equal(
        found[found["outcome"] == "buys"].drop(columns="outcome").reset_index(drop=True), plain
    )
    together = values(found[found["outcome"] == "all"])
    assert together["roc_auc"] == pytest.approx(values(plain)["roc_auc"])
    assert together["brier"] == pytest.approx(2 * values(plain)["brier"])
    assert together["brier_skill"] == pytest.approx(values(plain)["brier_skill"])


def test_several_outcomes_together_have_their_mean_ranking_and_one_log_loss():
    random = np.random.default_rng(5)
    given_probabilities = random.dirichlet([1, 2, 3], 600)
    names = np.array(["a", "b", "c"])[
        (given_probabilities.cumsum(axis=1) < random.random((600, 1))).sum(axis=1)
    ]
    found = validation.evaluate_classes(names, given_probabilities, ("a", "b", "c"), groups=None, draws=20)
    together = found[found["outcome"] == "all"].set_index("metric")
    each = found[found["outcome"] != "all"].pivot_table(index="metric", columns="outcome", values="value")

    assert together.loc["log_loss", "value"] == pytest.approx(log_loss(names, given_probabilities))
    assert together.loc["roc_auc", "value"] == pytest.approx(each.loc["roc_auc"].mean())
    assert together.loc["ece", "value"] == pytest.approx(each.loc["ece"].mean())
    assert (together["low"].drop("ece_noise") < together["high"].drop("ece_noise")).all()


def test_outcome_that_never_came_has_no_ranking_and_spoils_no_mean():
    probabilities = [[0.6, 0.4, 0.0], [0.3, 0.7, 0.0], [0.8, 0.2, 0.0]]
    found = validation.evaluate_classes(["a", "b", "a"], probabilities, ("a", "b", "c"), groups=None, draws=5)
    auc = found[found["metric"] == "roc_auc"].set_index("outcome")["value"]

    assert np.isnan(auc["c"])
    assert auc["all"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (["a", "x"], [[0.5, 0.5], [0.5, 0.5]], "'x' is none of the classes a, b"),
        (["a", "b"], [[0.5, 0.5], [0.5, 0.6]], "row 1 add up to 1.1"),
        (["a", "b"], [[1.0], [1.0]], "shape"),
    ],
)
def test_probabilities_of_outcomes_that_are_none_are_refused(labels, probabilities, message):
    with pytest.raises(RequestError, match=message):
        validation.evaluate_classes(labels, probabilities, ("a", "b"), groups=None)
