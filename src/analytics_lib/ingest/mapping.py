"""From the records of a source to rows of the contract's tables, in one of the three ways of a source."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.errors import FileRefusedError, RequestError
from analytics_lib.ingest.columns import EXPECTED, Columns, columns, extras
from analytics_lib.schema import EVERY_TABLE, TABLES, Table
from analytics_lib.sources.lines import BadLine, Chunk
from analytics_lib.sources.record import BadRecordError, shown
from analytics_lib.store import casts
from analytics_lib.store.engine import Engine
from analytics_lib.text.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analytics_lib.ingest.source import Source

_LEFT_OUT = "no table of this source's mapping takes this record"


@dataclass
class Mapped:
    """Rows of one table on their way into the store.

    Attributes:
        built: Their columns.
        origins: For each row, the ordinal of its record in the file (the first, where records are grouped).
        records: For each row, how many records it stands for.
    """

    built: Columns
    origins: np.ndarray
    records: np.ndarray


@dataclass
class Batch:
    """The rows of some consecutive records, a table at a time, and what was set aside.

    Attributes:
        tables: Rows by table.
        first: Ordinal of the first record.
        lines: Line number of each record.
        texts: Gives the text of a record by its position in ``lines``, for the quarantine.
        bad: Records set aside.
        flags: Counts by code of ``codes.FLAG_CODES``.
    """

    tables: dict[str, Mapped]
    first: int
    lines: Sequence[int]
    texts: Callable[[int], str]
    bad: list[BadLine] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)


def flat_schema(source: Source, file_name: str) -> pa.Schema | None:
    """The fields that records of a contract file may have to be read as columns; None for other sources."""
    if source.python or source.tables:
        return None
    table = _table_of(file_name)
    return pa.schema(
        [pa.field(c.name, EXPECTED[c.type]) for c in table.columns if c.type != "local" and c.name != "extra"]
    )


def batches(source: Source, file_name: str, chunks: Iterable[Chunk]) -> Iterator[Batch]:
    """The rows that the chunks of one file map to.

    Raises:
        RequestError: If a mapping's SQL is refused, or a contract file's name names no table.
    """
    if source.python:
        yield from _by_python(source, chunks)
    elif source.tables:
        yield from _by_sql(source, chunks)
    else:
        yield from _by_name(_table_of(file_name), chunks)


def _batch(tables: dict[str, Mapped], first: int, chunk: Chunk) -> Batch:
    return Batch(tables, first, chunk.lines, chunk.text, chunk.bad, chunk.flags)


def _by_name(table: Table, chunks: Iterable[Chunk]) -> Iterator[Batch]:
    """Files that hold the contract's columns; unknown fields go to ``extra``."""
    first = 0
    for chunk in chunks:
        if chunk.table is not None:
            built = Columns({name: chunk.table[name].combine_chunks() for name in chunk.table.column_names})
        else:
            built = _named_columns(table, chunk)
        yield _batch({table.name: _one_each(built, first, len(chunk.lines))}, first, chunk)
        first += len(chunk.lines)


def _named_columns(table: Table, chunk: Chunk) -> Columns:
    types = {c.name: c.type for c in table.columns if c.type != "local" and c.name != "extra"}
    built = columns(chunk.records, types)
    texts, hits = extras(chunk.records, frozenset(table.column))
    built.add("extra", "json", texts)
    chunk.flags["EXTRA_FIELD"] += hits
    return built


def _one_each(built: Columns, first: int, count: int) -> Mapped:
    return Mapped(built, np.arange(first, first + count, dtype=np.int64), np.ones(count, dtype=np.int64))


def _table_of(file_name: str) -> Table:
    stem = re.split(r"[.-]", file_name.lower(), maxsplit=1)[0]
    name = max((table for table in TABLES if f"{stem}_".startswith(f"{table}_")), key=len, default=stem)
    if name not in TABLES:
        near = get_close_matches(name, TABLES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise FileRefusedError(
            "BAD_NAME",
            f"{file_name!r} names no table.{hint} A file of this source is called after one, "
            f"as messages.ndjson or messages-2026-01.ndjson.gz; tables are {', '.join(TABLES)}.",
        )
    return TABLES[name]


def _by_python(source: Source, chunks: Iterable[Chunk]) -> Iterator[Batch]:
    """Records that a module's ``rows`` turns into rows."""
    first = 0
    for chunk in chunks:
        rows: dict[str, list[tuple[int, dict[str, object]]]] = {}
        for at, record in enumerate(chunk.records):
            mapped = _rows_of(source, record, chunk, at)
            for name, row in mapped:
                rows.setdefault(name, []).append((first + at, row))
            if mapped == []:
                chunk.bad.append(BadLine(chunk.lines[at], "LEFT_OUT", _LEFT_OUT, shown(record)))
        tables = {name: _from_rows(EVERY_TABLE[name], pairs, chunk.flags) for name, pairs in rows.items()}
        yield _batch(tables, first, chunk)
        first += len(chunk.records)


def _rows_of(
    source: Source, record: dict[str, object], chunk: Chunk, at: int
) -> Iterable[tuple[str, dict[str, object]]]:
    module = source.module
    try:
        return list(module.rows(record, source.options)) if module else []
    except BadRecordError as error:
        refusal = (error.code, error.detail, error.column)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        # A record of a shape nobody foresaw stops nothing; its text is kept for whoever extends the source.
        refusal = ("UNKNOWN_SHAPE", f"{type(error).__name__}: {error}", None)
    code, detail, column = refusal
    chunk.bad.append(BadLine(chunk.lines[at], code, detail, shown(record), column))
    return ()


def _from_rows(table: Table, pairs: list[tuple[int, dict[str, object]]], flags: Counter[str]) -> Mapped:
    rows = [row for _, row in pairs]
    named = set().union(*(row.keys() for row in rows))
    types = {c.name: c.type for c in table.columns if c.name != "extra" and (c.required or c.name in named)}
    built = columns(rows, {name: kind for name, kind in types.items() if kind != "local"})
    texts, hits = extras(rows, frozenset(table.column))
    built.add("extra", "json", texts)
    flags["EXTRA_FIELD"] += hits
    origins = np.fromiter((origin for origin, _ in pairs), dtype=np.int64, count=len(pairs))
    return Mapped(built, origins, np.ones(len(pairs), dtype=np.int64))


def _by_sql(source: Source, chunks: Iterable[Chunk]) -> Iterator[Batch]:
    """Raw columns that one select a table turns into rows."""
    engine = Engine(memory_limit_gb=1.0)
    engine.lock([])
    try:
        raws = _raw_parts(source, chunks)
        for raw, first, chunk in _joined(raws) if source.whole_file else raws:
            yield _selected(source, engine, raw, first, chunk)
    finally:
        engine.close()


def _raw_parts(source: Source, chunks: Iterable[Chunk]) -> Iterator[tuple[pa.Table, int, Chunk]]:
    first = 0
    for chunk in chunks:
        built = columns(chunk.records, source.raw)
        _cast_numbers(built, source)
        texts, hits = extras(chunk.records, frozenset(source.raw))
        chunk.flags["EXTRA_FIELD"] += hits
        chunk.flags.update(built.flags)
        count = len(chunk.records)
        raw = pa.table(
            {
                **{name: built.arrays[name] for name in source.raw},
                "extra": pa.array(texts, pa.string()),
                "line": pa.array(np.arange(first, first + count, dtype=np.int64)),
            }
        )
        if built.refused:
            chunk.bad.extend(
                BadLine(chunk.lines[at], code, detail, shown(chunk.records[at]), column)
                for at, (code, column, detail) in sorted(built.refused.items())
            )
            raw = raw.filter(pa.array(~np.isin(np.arange(count), list(built.refused))))
        yield raw, first, chunk
        first += count


def _cast_numbers(built: Columns, source: Source) -> None:
    """Raw numbers and booleans in their type, so that SQL can reckon with them; times stay as delivered."""
    for name, kind in source.raw.items():
        if kind not in ("int", "float", "bool"):
            continue
        cast = casts.cast(kind, built.arrays[name], naive_zone="UTC")  # numbers only; times stay as delivered
        built.flags.update(cast.flags)
        for at in np.flatnonzero(cast.failed):
            shown = mask_text(repr(built.arrays[name][int(at)].as_py())[:2000])[:80]
            built.refused.setdefault(int(at), ("BAD_TYPE", name, f"{shown} is not a value of type {kind}"))
        built.arrays[name] = cast.values


def _joined(parts: Iterable[tuple[pa.Table, int, Chunk]]) -> Iterator[tuple[pa.Table, int, Chunk]]:
    """All parts as one; the records themselves are let go."""
    whole, raws = Chunk(), []
    for raw, _, chunk in parts:
        raws.append(raw)
        whole.add(chunk.lines, [])
        whole.bad.extend(chunk.bad)
        whole.flags.update(chunk.flags)
    if raws:
        yield pa.concat_tables(raws, promote_options="permissive"), 0, whole


def _selected(source: Source, engine: Engine, raw: pa.Table, first: int, chunk: Chunk) -> Batch:
    engine.register("raw", raw)
    tables: dict[str, Mapped] = {}
    taken = np.zeros(0, dtype=np.int64)
    counted = 0
    for name, sql in source.tables.items():
        try:
            rows = engine.arrow(sql)
        except RequestError as error:
            raise RequestError(f"Source {source.name}, the select for {name}: {error}") from error
        tables[name] = _from_select(source, name, rows, raw)
        taken = np.union1d(taken, tables[name].origins)
        counted = max(counted, int(tables[name].records.sum()))
    left = np.setdiff1d(raw["line"].to_numpy(), taken) - first
    batch = _batch(tables, first, chunk)
    batch.texts = lambda at: _raw_text(raw, first + at)
    if not source.whole_file:
        chunk.bad.extend(
            BadLine(chunk.lines[at], "LEFT_OUT", _LEFT_OUT, batch.texts(at)) for at in left.tolist()
        )
    elif raw.num_rows > counted:
        number = raw.num_rows - counted
        chunk.bad.append(BadLine(1, "LEFT_OUT", f"{number} records: {_LEFT_OUT}", "", records=number))
    return batch


def _raw_text(raw: pa.Table, ordinal: int) -> str:
    at = int(np.searchsorted(raw["line"].to_numpy(), ordinal))
    record = raw.slice(at, 1).to_pylist()[0]
    return shown({name: value for name, value in record.items() if value is not None})


def _check_select(source: Source, name: str, rows: pa.Table, raw: pa.Table) -> None:
    lines = rows["line"] if "line" in rows.column_names else pa.chunked_array([[None]])
    if not pc.all(pc.is_in(lines, raw["line"]), min_count=0).as_py():
        raise RequestError(
            f"Source {source.name}: the select for {name} must give the column line of raw in every row "
            "(min(line) where it groups)."
        )
    if "records" in rows.column_names and not source.whole_file:
        raise RequestError(
            f"Source {source.name}: the select for {name} groups records, so it must see all of a file at "
            "once. Set whole_file: true."
        )


def _from_select(source: Source, name: str, rows: pa.Table, raw: pa.Table) -> Mapped:
    _check_select(source, name, rows, raw)
    origins = rows["line"].to_numpy()
    counts = (
        rows["records"].to_numpy()
        if "records" in rows.column_names
        else np.ones(len(origins), dtype=np.int64)
    )
    rows = rows.drop_columns([column for column in ("line", "records") if column in rows.column_names])
    arrays = {column: rows[column].combine_chunks() for column in rows.column_names}
    if "extra" not in arrays and raw["extra"].null_count < raw.num_rows:
        arrays["extra"] = raw["extra"].take(pa.array(np.searchsorted(raw["line"].to_numpy(), origins)))
    return Mapped(Columns(arrays), origins.astype(np.int64), counts.astype(np.int64))
