"""The weights of a logistic regression, found by scikit-learn, and what they were found on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models.logit_learning import category_term, cross_term, number_term
from analytics_lib.models.logit_terms import CategoryTerm, NumberTerm, Term, matrix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

Floats = NDArray[np.float64]

# More rows than these change the weights by less than their own noise, and cost time.
ROWS = 300_000
SEED = 0
# Newton's steps need the square of the weights' number in memory, and its cube in time.
_NEWTON = 1_000
_LARGE = {"solver": "lbfgs", "tol": 1e-4}
_STEPS = 300
# With at least this many rows in every tenth, the tenth is fitted first.
_FIRST, _ENOUGH = 10, 3_000


@dataclass(frozen=True)
class Training:
    """What a model was fitted on.

    Attributes:
        rows: Rows given, and ``rows_used`` of them drawn from the ``seed`` where there were more.
        counts: Rows given of each class, by name.
        penalty: On the squares of the weights: 1 weighs as much as half a row's log loss.
        converged: False where the search for the weights ended before it came to rest.
    """

    rows: int
    rows_used: int
    seed: int
    counts: dict[str, int]
    penalty: float
    converged: bool


@dataclass(frozen=True)
class Weights:
    """Of each known class: a constant, and one weight a column; each sums to 0 over the classes."""

    intercepts: Floats
    coefficients: Floats
    converged: bool


def learned_terms(
    features: pd.DataFrame, kinds: Mapping[str, str], interactions: Sequence[tuple[str, str]]
) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """The terms of all features that vary over these rows, and the names of those that do not.

    Raises:
        NotTrainableError: If none varies.
    """
    make = {"number": number_term, "category": category_term}
    single = {name: make[kind](name, features[name]) for name, kind in kinds.items()}
    kept: dict[str, NumberTerm | CategoryTerm] = {name: term for name, term in single.items() if term}
    if not kept:
        raise NotTrainableError(
            f"All {len(kinds)} features have one value over all {len(features)} training rows, such as "
            f"{next(iter(kinds), 'none given')!r}: nothing tells rows apart. Give features that vary."
        )
    crosses = {
        f"{a} x {b}": cross_term(kept[a], kept[b], features) if a in kept and b in kept else None
        for a, b in interactions
    }
    left_out = [name for name, term in {**single, **crosses}.items() if term is None]
    return (*kept.values(), *(term for term in crosses.values() if term)), tuple(left_out)


def known_classes(labels: pd.Series, classes: Sequence[str]) -> tuple[str, ...]:
    """Those of the classes that occur.

    Raises:
        NotTrainableError: If fewer than two of them do.
        RequestError: If a label is missing or none of the classes.
    """
    counts = labels.value_counts(dropna=False)
    strange = [value for value in counts.index if value not in classes]
    if strange:
        raise RequestError(
            f"{int(counts[strange[0]])} of {len(labels)} labels are {strange[0]!r}, which is none of the "
            f"classes {', '.join(classes)}. Leave rows without a label out, or name the class."
        )
    known = tuple(name for name in classes if name in counts.index)
    if len(known) < 2:
        raise NotTrainableError(
            f"All {len(labels)} training rows have the label {known[0] if known else 'none'!r}; at least two "
            f"of {', '.join(classes)} are needed. Train on a longer time, or on more users."
        )
    return known


def drawn(rows: int) -> NDArray[np.int64]:
    """Places of the rows to fit on, in their order: all, or as many as ``ROWS``, drawn from the seed."""
    if rows <= ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(SEED).choice(rows, ROWS, replace=False))


def weights_of(
    terms: Sequence[Term],
    features: pd.DataFrame,
    codes: NDArray[np.int64],
    *,
    penalty: float,
    row_weights: Floats | None,
) -> Weights:
    """The weights of the largest penalised likelihood; codes are the places of the classes, all present."""
    columns = matrix(terms, features, dtype=np.float32)
    classes = int(codes.max()) + 1
    size = columns.shape[1] * (1 if classes == 2 else classes)
    newton = {"solver": "newton-cholesky", "tol": 1e-6}
    model = LogisticRegression(max_iter=_STEPS, warm_start=True, **(newton if size <= _NEWTON else _LARGE))
    part = slice(None, None, _FIRST)
    if len(codes) >= _FIRST * _ENOUGH and np.unique(codes[part]).size == classes:
        # From the weights of a part of the rows it is not far to those of all.
        _fitted(model, columns[part], codes[part], _at(row_weights, part), penalty / _FIRST)
    converged = _fitted(model, columns, codes, row_weights, penalty)
    coefficients, intercepts = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if classes == 2:
        coefficients, intercepts = (np.concatenate([-half, half]) / 2 for half in (coefficients, intercepts))
    return Weights(*centered(intercepts, coefficients), converged)


def _fitted(
    model: LogisticRegression,
    columns: NDArray[np.float32],
    codes: NDArray[np.int64],
    row_weights: Floats | None,
    penalty: float,
) -> bool:
    """Whether the search came to rest."""
    model.set_params(C=1 / penalty)
    # Threads of the linear algebra wait by spinning: beside other runs two took ten times as long as one.
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(columns, codes, sample_weight=row_weights)
    return not any(issubclass(one.category, ConvergenceWarning) for one in told)


def _at(values: Floats | None, place: slice) -> Floats | None:
    return None if values is None else values[place]


def centered(intercepts: Floats, coefficients: Floats) -> tuple[Floats, Floats]:
    """The same probabilities from weights that sum to 0 over the classes."""
    return intercepts - intercepts.mean(), coefficients - coefficients.mean(axis=0)
