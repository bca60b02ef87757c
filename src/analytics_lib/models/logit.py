"""Logistic regression that says why: what each feature adds to a prediction, exactly.

A prediction is a sum: ``base``, the score of the mean training row, plus what each feature adds. With two
classes the sum is the log-odds of the outcome asked for. With several it is the outcome's linear score, less
the mean of all outcomes' scores; the probabilities are the softmax of these sums. Numbers enter as lines
that bend at quantiles, categories as their frequent values (``logit_terms``); everything is learned from
the training rows alone. A class that did not occur in training has probability 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import logit_fitting, logit_text
from analytics_lib.models.drift import Bins, category_bins, number_bins
from analytics_lib.models.logit_calibration import calibrate, score_bins
from analytics_lib.models.logit_drivers import drivers
from analytics_lib.models.logit_fitting import Training
from analytics_lib.models.logit_terms import CategoryTerm, CrossTerm, NumberTerm, Term, sums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PENALTY", "Logit", "Training", "calibrate", "fit_logit"]

Floats = NDArray[np.float64]

PENALTY = 10.0


@dataclass(frozen=True, eq=False)
class Logit:
    """A fitted model; rows go in as a frame with the features' columns, more columns do no harm.

    Attributes:
        classes: Names of the outcomes, in the order of the probabilities.
        known: Those that occurred in training.
        terms: What became of the features, one term each, then the interactions.
        intercepts: Of each known class; they sum to 0.
        coefficients: One row for each known class, one column for each column of the terms; columns sum to 0.
        left_out: Features (and interactions) that had one value over all training rows.
        reference: How training rows were spread over features and scores, for ``drift.psi``.
    """

    classes: tuple[str, ...]
    known: tuple[str, ...]
    terms: tuple[Term, ...]
    intercepts: Floats
    coefficients: Floats
    left_out: tuple[str, ...]
    training: Training
    reference: tuple[Bins, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(term.feature for term in self.terms if not isinstance(term, CrossTerm))

    def probabilities(self, features: pd.DataFrame) -> Floats:
        """One row a row, one column for each of ``classes``; they sum to 1.

        Raises:
            RequestError: If a column is missing.
        """
        found = np.zeros((len(features), len(self.classes)))
        places = [self.classes.index(name) for name in self.known]
        found[:, places] = softmax(self.scores(features), axis=1)
        return found

    def scores(self, features: pd.DataFrame) -> Floats:
        """Linear scores, one column for each of ``known``, summing to 0 over them.

        Raises:
            RequestError: If a column is missing.
        """
        self._check(features)
        # In one order in memory: the last digit must not depend on where the weights came from.
        weights = np.ascontiguousarray(self.coefficients.T)
        found: Floats = sums(self.terms, features, weights).sum(axis=1) + self.intercepts
        return found

    def contributions(self, features: pd.DataFrame, outcome: str) -> pd.DataFrame:
        """What adds up to the prediction, in log-odds.

        Returns:
            One row a row, with its index: ``base``, then a column for each feature and each interaction
            ('a x b'). Their sum is the log-odds of the outcome with two known classes, its centred score
            with more.

        Raises:
            RequestError: If a column is missing, or the outcome did not occur in training.
        """
        self._check(features)
        intercept, weights = self.sum_of(outcome)
        found = sums(self.terms, features, weights[:, None])[:, :, 0]
        names = [term.feature for term in self.terms]
        frame = pd.DataFrame(found, columns=names, index=features.index)
        frame.insert(0, "base", intercept)
        return frame

    def importance(self, features: pd.DataFrame, outcome: str | None = None) -> pd.DataFrame:
        """How much each feature moves predictions of these rows.

        Returns:
            One row for each feature and interaction, the largest first: ``feature``, ``importance``, the mean
            absolute contribution in log-odds, to the outcome or, without one, over all known outcomes.

        Raises:
            RequestError: As ``contributions``.
        """
        asked = self.known if outcome is None else (outcome,)
        each = [self.contributions(features, name).drop(columns="base").abs().mean() for name in asked]
        found = sum(each[1:], each[0]) / len(each)
        ordered = found.sort_values(ascending=False, kind="stable")
        return pd.DataFrame({"feature": ordered.index, "importance": ordered.to_numpy()})

    @property
    def drivers(self) -> pd.DataFrame:
        """Which values raise or lower an outcome, and how much, whatever the other features say.

        Returns:
            One row for each outcome (with two known classes the last alone), feature and level, features
            with the widest effects first: ``outcome feature level effect odds_ratio``. The level of a
            number is its 10 %, 50 % or 90 % quantile, of a category its value, 'other' or 'missing', of an
            interaction both (and its effect what it adds to theirs). ``effect`` is measured against the mean
            row, in log-odds (several classes: in the centred score); ``odds_ratio`` is its exponential.
        """
        return drivers(self)

    def to_json(self) -> str:
        """The model as text, always the same for the same model."""
        return logit_text.written(self)

    @staticmethod
    def from_json(text: str) -> Logit:
        """The model that ``to_json`` wrote; nothing in the text is executed.

        Raises:
            ModelDamagedError: If the text is not such a model.
        """
        return Logit(**logit_text.read(text))

    def sum_of(self, outcome: str) -> tuple[float, Floats]:
        """Constant and weights of the sum that contributions to the outcome add up to.

        Raises:
            RequestError: If the outcome did not occur in training.
        """
        if outcome not in self.known:
            raise RequestError(
                f"No training row had the outcome {outcome!r}, so nothing explains it; "
                f"there were {', '.join(self.known)}."
            )
        # With two classes the scores are half the log-odds each, with opposite signs.
        place, factor = self.known.index(outcome), 2.0 if len(self.known) == 2 else 1.0
        return factor * float(self.intercepts[place]), factor * self.coefficients[place]

    def _check(self, features: pd.DataFrame) -> None:
        absent = [name for name in self.features if name not in features.columns]
        if absent:
            raise RequestError(
                f"The model reads the column {absent[0]!r}, which the frame lacks ({len(absent)} of "
                f"{len(self.features)} are missing). Compute the features it was trained on."
            )


def fit_logit(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    kinds: Mapping[str, str],
    classes: Sequence[str],
    weights: pd.Series | Floats | None = None,
    interactions: Sequence[tuple[str, str]] = (),
    penalty: float = PENALTY,
) -> Logit:
    """Fit a model to training rows; of more than 300,000 as many are drawn from a fixed seed.

    Args:
        features: One row a unit.
        labels: The class of each row, in the rows' order.
        kinds: Of each feature to use: ``number`` (also yes or no) or ``category``.
        classes: Two or more; the probabilities come in this order.
        weights: How much each row counts, 0 or more, scaled to a mean of 1; null = 1 each. Means and
            quantiles are of the rows as they are.
        interactions: Pairs of features whose product enters as a feature of its own, 'a x b'.
        penalty: Ridge: higher draws the weights more to 0. Columns are standardised, so one fits all.

    Raises:
        NotTrainableError: If fewer than two classes occur or no feature varies.
        RequestError: If a feature has no column, a kind is unknown, labels or weights do not fit the rows.
    """
    _check_request(features, labels, kinds, interactions)
    row_weights = _checked_weights(weights, len(features), penalty)
    chosen = logit_fitting.drawn(len(features))
    counts = {str(name): int(rows) for name, rows in labels.value_counts().items()}
    known = logit_fitting.known_classes(labels, classes)
    rows, given = features.iloc[chosen], labels.iloc[chosen]
    known = logit_fitting.known_classes(given, known)
    terms, left_out = logit_fitting.learned_terms(rows, kinds, interactions)
    codes = pd.Categorical(given, categories=list(known)).codes.astype(np.int64)
    used = None if row_weights is None else row_weights[chosen]
    found = logit_fitting.weights_of(terms, rows, codes, penalty=penalty, row_weights=used)
    training = Training(len(features), len(chosen), logit_fitting.SEED, counts, penalty, found.converged)
    model = Logit(tuple(classes), known, terms, found.intercepts, found.coefficients, left_out, training)
    return replace(model, reference=_reference(model, rows))


def _reference(model: Logit, rows: pd.DataFrame) -> tuple[Bins, ...]:
    """How the rows are spread over what the model reads, and over what it says of them."""
    inputs = []
    for term in model.terms:
        if isinstance(term, NumberTerm):
            inputs.append(number_bins(term.feature, rows[term.feature]))
        elif isinstance(term, CategoryTerm):
            inputs.append(category_bins(term.feature, rows[term.feature], term.levels))
    return (*inputs, *score_bins(model, rows))


def _checked_weights(weights: pd.Series | Floats | None, rows: int, penalty: float) -> Floats | None:
    if not penalty > 0:
        raise RequestError(f"The penalty is {penalty}; it must be above 0, such as {PENALTY:g}.")
    if weights is None:
        return None
    found: Floats = np.asarray(weights, dtype=np.float64)
    bad = int((~(np.isfinite(found) & (found >= 0))).sum())
    if found.shape != (rows,) or bad:
        raise RequestError(
            f"The weights have the shape {found.shape} for {rows} rows, and {bad} of them are no number of 0 "
            "or more. Give one for each row."
        )
    if not found.sum() > 0:
        raise NotTrainableError(f"All {rows} weights are 0: no row counts.")
    scaled: Floats = found * (rows / found.sum())
    return scaled


def _check_request(
    features: pd.DataFrame,
    labels: pd.Series,
    kinds: Mapping[str, str],
    interactions: Sequence[tuple[str, str]],
) -> None:
    if len(labels) != len(features):
        raise RequestError(f"There are {len(features)} rows of features but {len(labels)} labels.")
    for name, kind in kinds.items():
        if name not in features.columns:
            raise RequestError(
                f"The feature {name!r} has no column; there are {', '.join(features.columns)}."
            )
        if kind not in ("number", "category"):
            raise RequestError(f"The kind of {name!r} is {kind!r}; it must be 'number' or 'category'.")
    for pair in interactions:
        for name in pair:
            if name not in kinds:
                raise RequestError(
                    f"The interaction {pair!r} names {name!r}, which is no feature in `kinds`."
                )
