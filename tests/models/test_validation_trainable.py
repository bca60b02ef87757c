"""What cannot be trained, and why."""

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import validation


@pytest.mark.parametrize(
    ("rows_given", "labels", "code", "message"),
    [
        ([], [], "no_rows", "no rows"),
        ([1, 2], ["buys", "buys"], "one_class", "All 2 rows have the outcome 'buys'"),
        (range(100), ["a"] * 51 + ["b"] * 49, "too_few", "Only 49 of 100 rows have the outcome 'b'"),
        ([7] * 100, [0, 1] * 50, "constant_features", "None of the 1 features differs"),
        ([np.nan] * 100, [0, 1] * 50, "constant_features", "None of the 1 features differs"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(rows_given, labels, code, message):
    features = pd.DataFrame({"x": list(rows_given)})

    assert validation.obstacle(features, labels).code == code
    with pytest.raises(NotTrainableError, match=message):
        validation.check_trainable(features, labels)


def test_fifty_of_the_rarer_class_and_one_feature_that_differs_are_enough():
    features = pd.DataFrame({"same": 1, "x": [np.nan, *range(99)]})

    validation.check_trainable(features, [True] * 50 + [False] * 50)
    validation.check_trainable(features, ["a"] * 90 + ["b"] * 10, rarer=10)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 1], "3 rows of features and 2 labels"), ([0, 1, None], "1 labels are null")],
)
def test_labels_that_do_not_fit_the_rows_are_refused(labels, message):
    with pytest.raises(RequestError, match=message):
        validation.check_trainable(pd.DataFrame({"x": [1, 2, 3]}), labels)
