"""Arrow tables to NDJSON, a column at a time: fields that are null are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.simulate.columns import RAW_JSON

if TYPE_CHECKING:
    from pathlib import Path

ROWS_AT_ONCE = 200_000
# JSON text of a value of these types is the value itself.
BARE = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_floating)


def write_ndjson(table: pa.Table, path: Path) -> int:
    """Writes one object a row; returns the number of rows.

    The first column must hold no null: every other field is written with the comma before it.
    """
    with path.open("wb") as file:
        for begin in range(0, table.num_rows, ROWS_AT_ONCE):
            part = table.slice(begin, ROWS_AT_ONCE).combine_chunks()
            lines = _lines(part)
            edges = np.frombuffer(lines.buffers()[1], dtype=np.int32)[
                lines.offset : lines.offset + len(lines) + 1
            ]
            file.write(memoryview(lines.buffers()[2])[int(edges[0]) : int(edges[-1])])
    return int(table.num_rows)


def _lines(part: pa.Table) -> pa.Array:
    fields = [
        _field(part.column(place).combine_chunks(), part.schema.field(place), place)
        for place in range(part.num_columns)
    ]
    return pc.binary_join_element_wise(*fields, "}\n", "", null_handling="skip")


def _field(column: pa.Array, field: pa.Field, place: int) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        # Each word becomes its whole field once, not once a row.
        words = _field(column.dictionary, pa.field(field.name, column.type.value_type), place)
        return words.take(column.indices)
    opening = ("{" if place == 0 else ",") + orjson.dumps(field.name).decode() + ":"
    quote = '"' if _quoted(field) else ""
    return pc.binary_join_element_wise(opening + quote, _value(column, field), quote, "")


def _quoted(field: pa.Field) -> bool:
    return field.metadata != RAW_JSON and not any(is_bare(field.type) for is_bare in BARE)


def _value(column: pa.Array, field: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        # "2026-01-31 23:59:59.000Z" with the T of ISO 8601.
        return pc.binary_replace_slice(pc.cast(column, pa.string()), 10, 11, "T")
    if pa.types.is_string(field.type) and field.metadata != RAW_JSON:
        return _escaped(column)
    return pc.cast(column, pa.string())


def _escaped(column: pa.Array) -> pa.Array:
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        column = pc.replace_substring(column, character, escape)
    return column
