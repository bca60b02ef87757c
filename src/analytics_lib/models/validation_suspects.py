"""Single features that know too much: one that ranks the rows alone, one that was made from the labels.

A feature alone is judged by rates that were learned on other rows (five folds), so that a column of many
values does not tell a row by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.validation_rows import checked_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Bools, Floats, Places

FOLDS = 5
LEVELS = 20
MOST_ROWS = 50_000
# A column made from the labels of its key follows from their number and their sum; others do by chance only.
FOLLOWS = 0.95
LEAST_KEYS = 20


class Encoding(NamedTuple):
    """A column that follows from the labels of a key: how it ranks, and how it would had it not seen them."""

    feature: str
    key: str
    roc_auc: float
    roc_auc_out_of_fold: float


def telling_columns(features: pd.DataFrame, labels: ArrayLike) -> dict[str, float]:
    """How well each column alone ranks the rows, either way round.

    A number by itself, null lowest, and by the rates of its twentieths and of null (so that null, or the
    middle, may tell); a category by the rates of its levels. Of more than 50,000 rows, so many are looked at.

    Returns:
        ROC AUC by column, 0.5 to 1; empty where one class is absent.

    Raises:
        RequestError: If features and labels are not of one length, or a label is neither true nor false.
    """
    happened = _same_length(features, labels)
    if len(happened) > MOST_ROWS:
        chosen = np.random.default_rng(len(happened)).choice(len(happened), MOST_ROWS, replace=False)
        features, happened = features.iloc[chosen], happened[chosen]
    if happened.all() or not happened.any():
        return {}
    columns = ((str(name), features.iloc[:, place]) for place, name in enumerate(features))
    return {name: max(_aucs(column, happened)) for name, column in columns}


def encoded_columns(
    features: pd.DataFrame, labels: ArrayLike, *, keys: pd.DataFrame | None = None
) -> list[Encoding]:
    """Columns that were made from the labels of the very rows: an encoding of a key by its mean label.

    Such a column is one number per key, and keys with as many rows and as many positives have the same one.
    How it ranks is set beside the same encoding made from other rows.

    Args:
        features: One row per label; all rows that the column may have been made from.
        labels: Whether it happened.
        keys: What may have been encoded, such as the user; columns of ``features`` that are no numbers
            unless given.

    Raises:
        RequestError: As ``telling_columns``.
    """
    happened = _same_length(features, labels)
    if happened.all() or not happened.any():
        return []
    names = [name for name in features if not _is_number(features[name])]
    given = features[names] if keys is None else keys
    numbers = features.drop(columns=names)
    return [found for key in given for found in _encoded_by(given[key], numbers, happened, key_name=str(key))]


def _encoded_by(
    key: pd.Series[Any], numbers: pd.DataFrame, happened: Bools, *, key_name: str
) -> Iterator[Encoding]:
    codes = pd.factorize(key, use_na_sentinel=False)[0].astype(np.int64)
    honest = _auc(happened, out_of_fold(codes, happened))
    for name in numbers:
        values = _as_numbers(numbers[name])
        if _follows(values, codes, happened):
            yield Encoding(
                feature=str(name),
                key=key_name,
                roc_auc=_either_way(happened, values),
                roc_auc_out_of_fold=honest,
            )


def _follows(values: Floats, codes: Places, happened: Bools) -> bool:
    """Whether a column is one number per key that follows from the key's rows and positives alone."""
    of_key = np.full(codes.max() + 1, np.nan)
    of_key[codes] = values
    if not np.array_equal(of_key[codes], values, equal_nan=True):
        return False
    rows, positives = np.bincount(codes), np.bincount(codes, weights=happened).astype(np.int64)
    cells = pd.Series(rows * (len(codes) + 1) + positives)
    # A key alone in its cell follows from it whatever its number.
    tested = np.isfinite(of_key) & (cells.map(cells.value_counts()) > 1).to_numpy()
    if tested.sum() < LEAST_KEYS:
        return False
    spread = _spread(of_key[tested], rows[tested])
    return spread > 0 and _spread(of_key[tested], cells[tested].to_numpy()) <= (1 - FOLLOWS) * spread


def _spread(values: Floats, groups: Places) -> float:
    """The sum of squares around the mean of each group."""
    codes = pd.factorize(groups)[0]
    means = np.bincount(codes, weights=values) / np.bincount(codes)
    return float(((values - means[codes]) ** 2).sum())


def out_of_fold(levels: Places, happened: Bools) -> Floats:
    """The rate of each row's level among the rows of the other folds, drawn to the base rate by one row."""
    folds = np.random.default_rng(len(levels)).permutation(len(levels)) % FOLDS
    base, count = happened.mean(), int(levels.max()) + 1
    cells = levels * FOLDS + folds
    rows = np.bincount(cells, minlength=count * FOLDS).reshape(count, FOLDS)
    sums = np.bincount(cells, weights=happened, minlength=count * FOLDS).reshape(count, FOLDS)
    others = sums.sum(axis=1, keepdims=True) - sums
    rates: Floats = (others + base) / (rows.sum(axis=1, keepdims=True) - rows + 1)
    return rates[levels, folds]


def _same_length(features: pd.DataFrame, labels: ArrayLike) -> Bools:
    happened = checked_labels(labels)
    if len(happened) != len(features):
        raise RequestError(f"{len(features)} rows of features and {len(happened)} labels: give one for each.")
    return happened


def _aucs(column: pd.Series[Any], happened: Bools) -> Iterator[float]:
    yield 0.5
    if not _is_number(column):
        levels = pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
        yield _auc(happened, out_of_fold(levels, happened))
        return
    values = pd.Series(_as_numbers(column))
    ranks: Floats = values.rank(na_option="top").to_numpy().astype(np.float64)
    yield _either_way(happened, ranks)
    twentieths = ((ranks - 0.5) * LEVELS / len(ranks)).astype(np.int64)
    levels = np.where(values.isna(), LEVELS, twentieths)
    yield _auc(happened, out_of_fold(levels, happened))


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)


def _as_numbers(column: pd.Series[Any]) -> Floats:
    if pd.api.types.is_datetime64_any_dtype(column):
        column = (column - column.min()).dt.total_seconds()
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _auc(happened: Bools, values: Floats) -> float:
    """From the mean rank of the positives (Mann and Whitney); null lowest."""
    ranks = pd.Series(values).rank(na_option="top").to_numpy()
    positives = int(happened.sum())
    return float((ranks[happened].mean() - (positives + 1) / 2) / (len(ranks) - positives))


def _either_way(happened: Bools, values: Floats) -> float:
    auc = _auc(happened, values)
    return max(auc, 1 - auc)
