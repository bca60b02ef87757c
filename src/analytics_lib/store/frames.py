"""Frames in, a pandas DataFrame as Arrow columns, mixed columns included; and Arrow rows out as frames."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from functools import lru_cache

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from analytics_lib.errors import ContractError

_FEW_ROWS = 10_000
_SURROGATES = re.compile("[\ud800-\udfff]")


def to_arrow(frame: pd.DataFrame | pa.Table) -> tuple[pa.Table, Counter[str]]:
    """The columns of a frame as Arrow, and the counts of what had to be replaced (``SURROGATE``).

    A column that mixes types becomes text (objects and lists: JSON text), for the contract to cast.

    Raises:
        ContractError: If it is no frame, or a column's name is no text or stands twice.
    """
    if isinstance(frame, pa.Table):
        return frame, Counter()
    if not isinstance(frame, pd.DataFrame):
        raise ContractError(f"Expected a DataFrame; given was a {type(frame).__name__}.")
    names = list(frame.columns)
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise ContractError(f"Column names must be different texts; given were {names!r}.")
    flags: Counter[str] = Counter()
    return pa.table({name: _array(frame[name], flags) for name in names}), flags


def _array(series: pd.Series, flags: Counter[str]) -> pa.Array:
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([_as_text(value, flags) for value in series], pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_nested(array.type):
        return pa.array([_as_text(value, flags) for value in series], pa.string())
    return array


def _as_text(value: object, flags: Counter[str]) -> str | None:
    if isinstance(value, str):
        clean = _SURROGATES.sub("\ufffd", value)
        flags["SURROGATE"] += clean != value
        return clean
    if isinstance(value, dict | list | np.ndarray):
        return orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str
        ).decode()
    return None if value is None or value is pd.NA or value is pd.NaT or _is_nan(value) else str(value)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def to_pandas(rows: pa.Table) -> pd.DataFrame:
    """Arrow rows as a frame: whole numbers without nulls are int64, decimals float64, text ``str``."""
    if not rows.num_rows:
        return _nothing(rows.schema).copy()
    return _to_pandas(rows)


@lru_cache(maxsize=100)
def _nothing(schema: pa.Schema) -> pd.DataFrame:
    return _to_pandas(schema.empty_table())


def _to_pandas(rows: pa.Table) -> pd.DataFrame:
    columns = [_simple(column) for column in rows.columns]
    # To start threads takes longer than to convert a few rows.
    many = rows.num_rows > _FEW_ROWS
    frame: pd.DataFrame = pa.Table.from_arrays(columns, names=rows.column_names).to_pandas(use_threads=many)
    return frame


def _durations(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Differences of times as durations; one that counts months, which have no fixed length, stays."""
    values = column.to_pylist()
    if any(value is not None and value.months for value in values):
        return column
    spans = [
        None if value is None else dt.timedelta(days=value.days, microseconds=value.nanoseconds // 1000)
        for value in values
    ]
    return pa.chunked_array([pa.array(spans, pa.duration("us"))])


def _simple(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if kind == pa.month_day_nano_interval():
        return _durations(column)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp(kind.unit, tz="UTC"))  # the engine calls it Etc/UTC
    if not pa.types.is_decimal(kind):
        return column
    if kind.scale:
        return column.cast(pa.float64())
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # a sum beyond 64 bits: nearly right is better than wrapped around
        return column.cast(pa.float64())
