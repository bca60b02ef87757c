"""Casting rows to the contract: lossless or refused, never guessed.

One row of the input is either kept whole, every value of its column's type, or refused with the first
reason found. NaN and infinity become null and are counted (``NUM_RANGE``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.errors import ContractError
from analytics_lib.moments import local_times
from analytics_lib.store import casts
from analytics_lib.text.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.schema import Column, Table

ARROW_TYPES: dict[str, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "json": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "at": pa.timestamp("us", tz="UTC"),
    "local": pa.timestamp("us"),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow fields, in the contract's order."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.type]) for column in table.columns])


@dataclass
class Checked:
    """What a check kept and what it refused.

    Attributes:
        rows: The rows kept, in the contract's columns and types.
        kept: Position of each kept row in the input.
        refused: Position in the input -> (code, column, detail).
        flags: Number of values or rows flagged, by code of ``codes.FLAG_CODES``.
    """

    rows: pa.Table
    kept: np.ndarray
    refused: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    flags: Counter[str] = field(default_factory=Counter)


def check(table: Table, data: pa.Table, *, naive_zone: str, local_zone: str) -> Checked:
    """Cast ``data`` to the contract of ``table``.

    Args:
        table: The contract.
        data: Columns by the contract's names; nullable ones and wall-clock twins may be absent.
        naive_zone: Zone of times that carry none.
        local_zone: Zone of the wall-clock twins that are absent.

    Returns:
        The rows kept and the rows refused; together they are all rows of ``data``.

    Raises:
        ContractError: If a column is unknown, or a required one is absent.
    """
    _check_names(table, data)
    refused: dict[int, tuple[str, str, str]] = {}
    flags: Counter[str] = Counter()
    arrays: dict[str, pa.Array] = {}
    for column in _times_first(table):
        if column.name not in data.column_names and column.type != "local":
            arrays[column.name] = pa.nulls(data.num_rows, ARROW_TYPES[column.type])
            continue
        given = _column(data, column)
        cast = casts.cast(column.type, given, naive_zone=naive_zone)
        if column.type == "local":
            twin = local_times(arrays[column.name.removesuffix("_local") + "_at"], local_zone)
            cast = replace(cast, values=pc.coalesce(cast.values, twin))
        flags.update(cast.flags)
        arrays[column.name] = cast.values
        for position, reason in _reasons(column, given, cast):
            refused.setdefault(position, reason)
    rows = pa.table([arrays[column.name] for column in table.columns], schema=arrow_schema(table))
    kept = np.setdiff1d(np.arange(data.num_rows), np.fromiter(refused, dtype=np.int64))
    return Checked(rows if not refused else rows.take(pa.array(kept)), kept, refused, +flags)


def _check_names(table: Table, data: pa.Table) -> None:
    known = table.column
    for name in data.column_names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ContractError(
                f"{table.name} has no column {name!r}.{hint} Its columns are {', '.join(known)}."
            )
    absent = [
        c.name for c in table.columns if c.required and c.type != "local" and c.name not in data.column_names
    ]
    if absent:
        raise ContractError(
            f"{table.name} needs the column{'s' * (len(absent) > 1)} {', '.join(absent)}; "
            f"given were {', '.join(data.column_names) or 'none'}."
        )


def _times_first(table: Table) -> list[Column]:
    """A wall-clock twin is made from its moment, so the moment comes first."""
    return sorted(table.columns, key=lambda column: column.type == "local")


def _column(data: pa.Table, column: Column) -> pa.Array:
    if column.name not in data.column_names:
        return pa.nulls(data.num_rows, ARROW_TYPES[column.type])
    given = data[column.name].combine_chunks()
    if isinstance(given, pa.ChunkedArray):
        given = pa.concat_arrays(given.chunks) if given.num_chunks else pa.array([], given.type)
    return given


def _reasons(column: Column, given: pa.Array, cast: casts.Cast) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Position and (code, column, detail) of every value of a column that refuses its row."""
    for position in np.flatnonzero(cast.failed):
        code = "BAD_TIME" if column.type in ("at", "local") else "BAD_TYPE"
        # Masked before it is cut, so that half a phone number does not pass as none.
        shown = mask_text(repr(given[int(position)].as_py())[:2000])[:80]
        yield int(position), (code, column.name, f"{shown} is not a value of type {column.type}")
    if column.required:
        for position in np.flatnonzero(casts.missing(cast.values) & ~cast.failed):
            yield int(position), ("MISSING_FIELD", column.name, f"{column.name} is required")
    for position in np.flatnonzero(_outside(column, cast.values)):
        shown = repr(cast.values[int(position)].as_py())
        detail = f"{shown} is outside {column.low:g} to {column.high if column.high is not None else 'any'}"
        yield int(position), ("OUT_OF_RANGE", column.name, detail)


def _outside(column: Column, values: pa.Array) -> np.ndarray:
    outside = np.zeros(len(values), dtype=bool)
    if column.low is not None:
        outside |= casts.mask(pc.less(values, column.low))
    if column.high is not None:
        outside |= casts.mask(pc.greater(values, column.high))
    return outside
