"""Scores brought to the frequencies that later rows had: vector scaling, which keeps sums exact.

Each class's score is multiplied by one number and shifted by another (Guo et al. 2017, On calibration of
modern neural networks); with two classes this is Platt's scaling of the log-odds. Both are found by the
largest likelihood of the calibration rows, drawn a little to 'no change'. As the result is again a linear
model, its contributions still add up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import log_softmax

from analytics_lib.models import drift
from analytics_lib.models.logit_fitting import centered, known_classes

if TYPE_CHECKING:
    from analytics_lib.models.logit import Logit

Floats = NDArray[np.float64]

# As much as this many rows that say 'no change': with few rows there is little to learn.
_RESERVE = 2.0


def calibrate(model: Logit, features: pd.DataFrame, labels: pd.Series) -> Logit:
    """The model with each class's score scaled and shifted to fit these rows.

    Args:
        model: A fitted one.
        features: Rows that the model was not fitted on, later than those.
        labels: Their classes.

    Raises:
        NotTrainableError: If fewer than two of the model's classes occur in the labels.
        RequestError: If a column is missing, or a label was no class in training.
    """
    known_classes(labels, model.known)
    scores = model.scores(features)
    codes = pd.Categorical(labels, categories=list(model.known)).codes.astype(np.int64)
    factors, shifts = _scaling(scores, codes)
    intercepts, coefficients = centered(
        factors * model.intercepts + shifts, factors[:, None] * model.coefficients
    )
    found = replace(model, intercepts=intercepts, coefficients=coefficients)
    # Scores moved: what drift compares with are those of the calibration rows.
    inputs = tuple(bins for bins in model.reference if bins.kind != "score")
    return replace(found, reference=(*inputs, *score_bins(found, features)))


def score_bins(model: Logit, features: pd.DataFrame) -> list[drift.Bins]:
    """How the model's probabilities are spread over these rows; with two known classes of the last alone."""
    scores = drift.score_columns(model.classes, model.probabilities(features))
    outcomes = model.known[-1:] if len(model.known) == 2 else model.known
    names = [drift.score_name(outcome) for outcome in outcomes]
    return [drift.number_bins(name, scores[name], kind="score") for name in names]


def _scaling(scores: Floats, codes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    rows, classes = scores.shape
    happened = np.eye(classes)[codes]
    free = 1 if classes == 2 else classes

    def surprise(given: Floats) -> tuple[float, Floats]:
        factors, shifts = _expanded(given, free, classes)
        logs = log_softmax(scores * factors + shifts, axis=1)
        error = np.exp(logs) - happened
        away = np.concatenate([given[:free] - 1, given[free:]])
        value = -float(logs[np.arange(rows), codes].sum()) + _RESERVE / 2 * float(away @ away)
        by_factor = (error * scores).sum(axis=0)
        slope = np.concatenate([by_factor if free > 1 else by_factor.sum(keepdims=True), error.sum(axis=0)])
        return value / rows, (slope + _RESERVE * away) / rows

    start = np.concatenate([np.ones(free), np.zeros(classes)])
    # A factor of 0 or less would turn the order round; calibration rows that want it are noise.
    limits = [(0.05, 20.0)] * free + [(None, None)] * classes
    found = optimize.minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=limits)
    return _expanded(found.x, free, classes)


def _expanded(given: Floats, free: int, classes: int) -> tuple[Floats, Floats]:
    factors: Floats = np.broadcast_to(given[:free], (classes,)).copy()
    shifts: Floats = given[free:] - given[free:].mean()
    return factors, shifts
