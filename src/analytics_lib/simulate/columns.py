"""Arrow columns of the contract from numbers: ids, words of a small vocabulary, moments, rounded numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

ID_WIDTH = 7
RAW_JSON = {b"json": b"raw"}
"""Metadata of a text field whose value is JSON already and is written as it stands."""


def picked(
    codes: np.ndarray, vocabulary: Sequence[str] | pa.Array, known: np.ndarray | None = None
) -> pa.Array:
    """The word each code stands for, as a dictionary column; null where not ``known``."""
    indices = pa.array(codes, type=pa.int32(), mask=None if known is None else ~known)
    return pa.DictionaryArray.from_arrays(indices, pa.array(vocabulary, type=pa.string()))


def spelled(codes: np.ndarray, vocabulary: Sequence[str] | pa.Array) -> pa.Array:
    """The word each code stands for, as plain text to be joined with other text."""
    return picked(codes, vocabulary).dictionary_decode()


def identifiers(prefix: str, numbers: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """``<prefix><number>`` with the number padded, so that text order is number order."""
    mask = None if known is None else ~known
    digits = pc.cast(pa.array(numbers, type=pa.int64(), mask=mask), pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(digits, ID_WIDTH, "0"), "")


def moments(moments_ms: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Instants in UTC, to the millisecond."""
    return pa.array(moments_ms, type=pa.timestamp("ms", tz="UTC"), mask=None if known is None else ~known)


def numbers(values: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Numbers or booleans as they are; null where not ``known``."""
    return pa.array(values, mask=None if known is None else ~known)


def constant(word: str, rows: int) -> pa.Array:
    """The same word in every row."""
    return pa.repeat(pa.scalar(word), rows)


def table(columns: dict[str, pa.Array], *, json: Sequence[str] = ()) -> pa.Table:
    """A table of these columns; those named in ``json`` hold JSON text that is written as it stands."""
    fields = [
        pa.field(name, column.type, metadata=RAW_JSON if name in json else None)
        for name, column in columns.items()
    ]
    return pa.table(list(columns.values()), schema=pa.schema(fields))
