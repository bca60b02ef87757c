"""Frames in: a pandas DataFrame as Arrow columns, mixed columns included."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from analytics_lib.errors import ContractError

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
