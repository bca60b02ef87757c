"""The rows a lifetime model works with: checked, and those that are alike put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.errors import NotTrainableError, RequestError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analytics_lib.models.lifetime_fitting import Floats

_COLUMNS = ("frequency", "recency", "age")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Rows:
    """``frequency recency age`` of each buyer."""

    frequency: Floats
    recency: Floats
    age: Floats


@dataclass(frozen=True)
class Levels:
    """The different values of one column of grouped rows.

    Attributes:
        values: Each once, rising.
        places: Which of them a row has.
        sizes: How many buyers have each.
    """

    values: Floats
    places: NDArray[np.intp]
    sizes: Floats

    def total(self, of_rows: Floats) -> Floats:
        """The sum over the rows of each value."""
        sums: Floats = np.bincount(self.places, weights=of_rows, minlength=self.values.size).astype(float)
        return sums


@dataclass(frozen=True)
class Grouped:
    """Different buyers: how many there are of each, and their values by column."""

    weights: Floats
    by_frequency: Levels
    by_recency: Levels
    by_age: Levels


def checked(summary: pd.DataFrame) -> Rows:
    """The three columns as numbers.

    Raises:
        RequestError: If a column is missing.
        NotTrainableError: If there is no row; or a value is unknown, negative or infinite; or a buyer's last
            order is later than its age, before a second one, or missing after it.
    """
    missing = [name for name in _COLUMNS if name not in summary]
    if missing:
        raise RequestError(
            f"The summary has no column {missing[0]!r}; expected {', '.join(_COLUMNS)}, see summarize."
        )
    if summary.empty:
        raise NotTrainableError("The summary has no row: nobody has ordered yet. Take a later until.")
    frequency, recency, age = (summary[name].to_numpy(dtype=float, na_value=np.nan) for name in _COLUMNS)
    _refuse(
        summary,
        ~(np.isfinite(frequency) & np.isfinite(recency) & np.isfinite(age)),
        "a finite number in each",
    )
    _refuse(summary, (frequency < 0) | (recency < 0) | (age < 0), "nothing below 0")
    _refuse(summary, frequency != np.floor(frequency), "a whole frequency")
    _refuse(summary, recency > age + _ROUNDING, "recency up to age")
    _refuse(summary, (frequency == 0) != (recency == 0), "recency 0 exactly where frequency is 0")
    return Rows(frequency, np.minimum(recency, age), age)


def _refuse(summary: pd.DataFrame, wrong: NDArray[np.bool_], expected: str) -> None:
    if wrong.any():
        row = summary.iloc[int(wrong.argmax())][list(_COLUMNS)].to_dict()
        raise NotTrainableError(
            f"{int(wrong.sum())} rows cannot be, first {row}; expected {expected}. See summarize."
        )


def grouped(rows: Rows) -> Grouped:
    """Buyers with the same three values as one row; a million of them are some ten thousand rows."""
    columns = [np.unique(each, return_inverse=True) for each in (rows.frequency, rows.recency, rows.age)]
    (_, x), (recencies, t_x), (ages, t) = columns
    key = (x.astype(np.int64) * recencies.size + t_x) * ages.size + t
    _, first, weights = np.unique(key, return_index=True, return_counts=True)
    sizes = weights.astype(float)
    levels = [_levels(values, places[first], sizes) for values, places in columns]
    return Grouped(sizes, *levels)


def _levels(values: Floats, places: NDArray[np.intp], weights: Floats) -> Levels:
    sizes: Floats = np.bincount(places, weights=weights, minlength=values.size).astype(float)
    return Levels(values, places, sizes)
