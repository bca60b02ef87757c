"""How features become the columns of a linear model: the same code when it is fitted and when it is asked.

A number becomes a line that may bend at quantiles of the training rows, and a flag of its own where it was
missing there; a category becomes one column for each frequent value and one for all others; an interaction
is the product of what its two features became. Every column has mean 0 over the training rows, so that a
row of zeros is the mean row. What was never missing in training and is now, or has a value never seen where
no rare ones were, stands at the mean: it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

OTHER, MISSING = "other", "missing"
_CHUNK = 16_384
_FAR = 1e100


@dataclass(frozen=True)
class NumberTerm:
    """A number as a line with bends.

    Attributes:
        low: Values below count as this, those above ``high`` as that.
        bends: Where the slope may change, between the limits.
        centers: Of each column before it is divided by its ``scales``; the line first, then a bend each.
        missing: Share of the training rows without a value; null where there was none.
        points: Values to tell people about: the 10 %, 50 % and 90 % quantiles, distinct ones.
    """

    feature: str
    low: float
    high: float
    bends: tuple[float, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    missing: float | None
    points: tuple[float, ...]
    type: Literal["number"] = "number"

    @property
    def columns(self) -> int:
        """How many columns it takes."""
        return len(self.centers) + (self.missing is not None)

    def filled(self, rows: pd.DataFrame) -> Floats:
        """Its columns for these rows."""
        values = numbers(rows[self.feature])
        absent = np.isnan(values)
        found = np.empty((values.size, self.columns))
        np.clip(values, self.low, self.high, out=values)
        # Where all known values are one, only whether it is known is told: no line.
        starts = (self.low, *self.bends)[: len(self.centers)]
        for place, (bend, center, scale) in enumerate(zip(starts, self.centers, self.scales, strict=True)):
            found[:, place] = (np.maximum(values - bend, 0) - center) / scale
        found[absent] = 0.0
        if self.missing is not None:
            found[:, -1] = absent - self.missing
        return found

    def sums(self, rows: pd.DataFrame, weights: Floats) -> Floats:
        """Its columns times the weights, without keeping the columns."""
        found: Floats = self.filled(rows) @ weights
        return found

    def crossed(self, rows: pd.DataFrame) -> Floats:
        """What enters an interaction: the line alone."""
        return self.filled(rows)[:, :1]


@dataclass(frozen=True)
class CategoryTerm:
    """A category as one column for each frequent value.

    Attributes:
        levels: The values with at least 20 training rows; null stands for missing.
        shares: Of the training rows, of each level.
        other: Share of the training rows with any other value; null where there was none.
    """

    feature: str
    levels: tuple[str | None, ...]
    shares: tuple[float, ...]
    other: float | None
    type: Literal["category"] = "category"

    @property
    def columns(self) -> int:
        """How many columns it takes."""
        return len(self.levels) + (self.other is not None)

    def filled(self, rows: pd.DataFrame) -> Floats:
        """Its columns for these rows."""
        found: Floats = self._table()[self._places(rows)]
        return found

    def sums(self, rows: pd.DataFrame, weights: Floats) -> Floats:
        """Its columns times the weights, without making the columns."""
        found: Floats = (self._table() @ weights)[self._places(rows)]
        return found

    def _table(self) -> Floats:
        """The columns of each level; last those of other values: their own, or the mean where none were."""
        shares = np.array([*self.shares, *([] if self.other is None else [self.other])])
        table = np.eye(self.columns) - shares
        return np.vstack([table, np.zeros(self.columns)]) if self.other is None else table

    def _places(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        codes = level_codes(rows[self.feature], self.levels)
        return np.where(codes < 0, len(self.levels), codes)

    def crossed(self, rows: pd.DataFrame) -> Floats:
        """What enters an interaction: all columns."""
        return self.filled(rows)


@dataclass(frozen=True)
class CrossTerm:
    """The interaction of two features: the products of what they are, less the products' means.

    Attributes:
        kept: Which of the products varied over the training rows, by their place.
    """

    first: NumberTerm | CategoryTerm
    second: NumberTerm | CategoryTerm
    kept: tuple[int, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    type: Literal["cross"] = "cross"

    @property
    def feature(self) -> str:
        """Its own name among the features."""
        return f"{self.first.feature} x {self.second.feature}"

    @property
    def columns(self) -> int:
        """How many columns it takes."""
        return len(self.kept)

    def filled(self, rows: pd.DataFrame) -> Floats:
        """Its columns for these rows."""
        each = products(self.first, self.second, rows)[:, list(self.kept)]
        found: Floats = (each - np.array(self.centers)) / np.array(self.scales)
        return found

    def sums(self, rows: pd.DataFrame, weights: Floats) -> Floats:
        """Its columns times the weights, without keeping the columns."""
        found: Floats = self.filled(rows) @ weights
        return found


Term = NumberTerm | CategoryTerm | CrossTerm


def matrix(
    terms: Sequence[Term], rows: pd.DataFrame, *, dtype: type[np.float32 | np.float64] = np.float64
) -> NDArray[Any]:
    """All columns of all terms, in their order, one row a row."""
    found = np.empty((len(rows), sum(term.columns for term in terms)), dtype=dtype)
    for begin in range(0, len(rows), _CHUNK):
        part, place = rows.iloc[begin : begin + _CHUNK], 0
        for term in terms:
            found[begin : begin + _CHUNK, place : place + term.columns] = term.filled(part)
            place += term.columns
    return found


def sums(terms: Sequence[Term], rows: pd.DataFrame, weights: Floats) -> Floats:
    """What each term adds: its columns times its rows of the weights.

    Args:
        terms: In the order of the weights.
        rows: With the features' columns.
        weights: One row for each column of all terms, one column for each outcome.

    Returns:
        The first axis is the rows, the second the terms, the third the outcomes.
    """
    found = np.empty((len(rows), len(terms), weights.shape[1]))
    for begin in range(0, len(rows), _CHUNK):
        part, place = rows.iloc[begin : begin + _CHUNK], 0
        for number, term in enumerate(terms):
            found[begin : begin + _CHUNK, number] = term.sums(part, weights[place : place + term.columns])
            place += term.columns
    return found


def numbers(column: pd.Series) -> Floats:
    """A fresh array of the values; what is missing or infinite is not a number.

    Raises:
        RequestError: If they are something else than numbers.
    """
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"The feature {column.name!r} is taken as a number, but holds {column.dtype}: {error}. Give "
            "numbers, or call it a category."
        ) from error
    values[~np.isfinite(values)] = np.nan
    # Squares of what lies farther out would overflow.
    return np.clip(values, -_FAR, _FAR, out=values)


def number_text(value: float) -> str:
    """A number as people write it: four digits, or whole where it is large."""
    return f"{value:.4g}" if abs(value) < 1_000 or abs(value) >= 1e15 else f"{value:.0f}"


def texts(column: pd.Series) -> tuple[NDArray[np.int64], list[str | None]]:
    """Codes of the values, and what each code stands for as text; missing is null."""
    codes, found = pd.factorize(column, use_na_sentinel=True)
    names: list[str | None] = [_text(value) for value in found]
    if (codes < 0).any():
        names.append(None)
    return np.where(codes < 0, len(names) - 1, codes), names


def level_codes(column: pd.Series, levels: Sequence[str | None]) -> NDArray[np.int64]:
    """The place of each value among the levels, -1 where it is none of them."""
    codes, names = texts(column)
    places = {level: place for place, level in enumerate(levels)}
    lookup = np.array([places.get(name, -1) for name in names], dtype=np.int64)
    return lookup[codes] if len(names) else np.empty(0, dtype=np.int64)


def _text(value: object) -> str:
    # A whole number that had missing neighbours became a fraction on its way: 5.0 is the same value as 5.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def products(
    first: NumberTerm | CategoryTerm, second: NumberTerm | CategoryTerm, rows: pd.DataFrame
) -> Floats:
    """What two features' columns give when multiplied, each of one with each of the other."""
    left, right = first.crossed(rows), second.crossed(rows)
    found: Floats = (left[:, :, None] * right[:, None, :]).reshape(len(rows), -1)
    return found
