"""What a model has to beat: the base rate, how long ago somebody came, the state they were last in.

Each is fitted on the rows a model learns from, and predicts the rows that judge it. A rate of few rows is
drawn to the base rate by one row's worth, so that one row is never certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.validation_rows import checked_labels, prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Floats, Places


def baselines(
    train: pd.DataFrame,
    labels: ArrayLike,
    test: pd.DataFrame,
    *,
    recency: str | None = None,
    state: str | None = None,
    classes: Sequence[str] | None = None,
) -> dict[str, Floats]:
    """The simple predictions of the rows of ``test``.

    Args:
        train: The rows a model learns from.
        labels: Of each of them: true or false; one of ``classes`` where those are given.
        test: The rows to be predicted, with the same columns.
        recency: The column with the time since somebody last came.
        state: The column with the state somebody was last in.
        classes: Outcomes, where there are several.

    Returns:
        ``base_rate``, always: the share in ``train``. ``recency_rule``, with ``recency``: the rates of its
        tenths in ``train``, on straight lines between their means; null has a rate of its own.
        ``last_state``, with ``state``: the rate of the rows with the same one; the base rate for a new one.
        Each a probability per row of ``test``; with ``classes`` a column for each of them.

    Raises:
        RequestError: If a column is missing, lengths differ, there are no rows to learn from, or a label is
            none.
    """
    happened = _indicators(labels, classes)
    _check(train, test, len(happened), [name for name in (recency, state) if name])
    base = happened.mean(axis=0)
    found = {"base_rate": np.tile(base, (len(test), 1))}
    if recency:
        found["recency_rule"] = _recency_rule(train[recency], happened, test[recency])
    if state:
        found["last_state"] = _last_state(train[state], happened, test[state])
    return found if classes else {name: values[:, 0] for name, values in found.items()}


def _indicators(labels: ArrayLike, classes: Sequence[str] | None) -> Floats:
    """One column per class: 1 where it happened."""
    if classes is None:
        return np.atleast_2d(checked_labels(labels).astype(np.float64)).T
    names = np.asarray(labels, dtype=object)
    happened = names[:, None] == np.array(classes, dtype=object)[None, :]
    if not happened.any(axis=1).all():
        odd = names[~happened.any(axis=1)][0]
        raise RequestError(f"{odd!r} is none of the classes {', '.join(classes)}.")
    found: Floats = happened.astype(np.float64)
    return found


def _check(train: pd.DataFrame, test: pd.DataFrame, labels: int, columns: Sequence[str]) -> None:
    if len(train) != labels or not labels:
        raise RequestError(
            f"{len(train)} rows to learn from and {labels} labels: give as many, at least one."
        )
    missing = [name for name in columns if name not in train or name not in test]
    if missing:
        raise RequestError(f"No column {missing[0]!r} on both sides; there are {', '.join(train.columns)}.")


def _rates(number: Places, happened: Floats, *, levels: int, base: Floats) -> Floats:
    """The rate of each level and class, drawn to the base rate by one row's worth."""
    rows = np.bincount(number, minlength=levels)[:, None]
    sums = [np.bincount(number, weights=column, minlength=levels) for column in happened.T]
    rates: Floats = (np.stack(sums, axis=1) + base) / (rows + 1)
    return rates


def _last_state(train: pd.Series[Any], happened: Floats, test: pd.Series[Any]) -> Floats:
    number, names = pd.factorize(train, use_na_sentinel=False)
    # A new state has the place -1, and so the last level: it has no rows, and the base rate.
    levels, base = len(names) + 1, happened.mean(axis=0)
    rates = _rates(number.astype(np.int64), happened, levels=levels, base=base)
    found: Floats = rates[pd.Index(names).get_indexer(pd.Index(test))]
    return found


def _recency_rule(train: pd.Series[Any], happened: Floats, test: pd.Series[Any]) -> Floats:
    seen, asked = (column.to_numpy(dtype=np.float64, na_value=np.nan) for column in (train, test))
    base, known = happened.mean(axis=0), np.isfinite(seen)
    unknown = _rates(np.zeros(int((~known).sum()), dtype=np.int64), happened[~known], levels=1, base=base)[0]
    found = np.tile(unknown, (len(asked), 1))
    if known.any():
        means, rates = _tenths(seen[known], happened[known], base)
        there = np.isfinite(asked)
        found[there] = np.stack([np.interp(asked[there], means, rate) for rate in rates.T], axis=1)
    return found


def _tenths(seen: Floats, happened: Floats, base: Floats) -> tuple[Floats, Floats]:
    """Of each tenth of what was seen, its mean and the rate of each class."""
    rows = prepared(np.zeros(len(seen), dtype=bool), seen)
    number = np.repeat(np.arange(len(rows.bin_sizes)), rows.bin_sizes)
    rates = _rates(number, happened[rows.group], levels=len(rows.bin_sizes), base=base)
    return rows.in_bins(rows.score) / rows.bin_sizes, rates
