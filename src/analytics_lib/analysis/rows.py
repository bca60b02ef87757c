"""Between frames and plain rows, faster than pandas where a frame is small and its texts are many."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.text.columns import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analytics_lib.analysis.detectors import Row

# To look at every column of a frame takes longer than to turn a few rows into objects at once.
_FEW_ROWS = 100


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows as ``frame.to_dict("records")`` gives them."""
    if frame.empty:
        return []
    names = list(frame.columns)
    if len(frame) <= _FEW_ROWS:
        rows = frame.to_numpy(dtype=object).tolist()
        return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
    columns = [_values(column) for _, column in frame.items()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def frame_of(rows: Iterable[tuple[object, ...]], types: Mapping[str, str | None]) -> pd.DataFrame:
    """A frame of these rows, each column of its type from the start; null = whatever its values are.

    To change the types of a frame that is there takes pandas ten times as long.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return _no_rows(tuple(types.items())).copy()
    typed = zip(types.items(), columns, strict=True)
    # Arrays of our own need not be put together into blocks.
    return pd.DataFrame({name: _typed(values, kind) for (name, kind), values in typed}, copy=False)


@cache
def _no_rows(types: tuple[tuple[str, str | None], ...]) -> pd.DataFrame:
    return pd.DataFrame({name: _typed((), kind or "object") for name, kind in types})


def _typed(values: tuple[Any, ...], kind: str | None) -> list[Any] | pd.api.extensions.ExtensionArray:
    if kind is None:
        return list(values)
    array: pd.api.extensions.ExtensionArray = pd.array(values, dtype=_dtype(kind))  # type: ignore[call-overload]
    return array


@cache
def _dtype(kind: str) -> pd.api.extensions.ExtensionDtype:
    """The type of a name; pandas tries one kind of type after the other each time it is given a name."""
    return pd.api.types.pandas_dtype(kind)  # type: ignore[return-value]


def _values(column: pd.Series) -> list[Any]:
    if not isinstance(column.dtype, pd.StringDtype):
        return [_plain(value) for value in column.tolist()]
    return [math.nan if text is None else text for text in values_of(column)]


def _plain(value: object) -> object:
    return None if value is pd.NA else value
