"""The one door to DuckDB: an in-memory engine over the pinned files of each table.

A reader's engine cannot write, cannot reach a file outside the store, has a memory limit and spills into a
folder of its own; its configuration is locked. The writer's engine only decides which rows are new.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import duckdb

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.store.binding import bound
from analytics_lib.store.contract import arrow_schema
from analytics_lib.store.frames import to_pandas
from analytics_lib.store.known import as_known, moment_macro
from analytics_lib.store.spill import spill_folder

if TYPE_CHECKING:
    import datetime as dt
    import weakref
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from analytics_lib.schema import Table

SQL_TYPES = {
    "id": "varchar",
    "text": "varchar",
    "json": "varchar",
    "int": "bigint",
    "float": "double",
    "bool": "boolean",
    "at": "timestamptz",
    "local": "timestamp",
}
_MAX_SPILL = "40GB"
T = TypeVar("T")


class Engine:
    """A DuckDB connection in memory with a spill folder that goes when it closes."""

    def __init__(self, *, memory_limit_gb: float) -> None:
        spill, sweep = spill_folder(self)
        self._sweep: weakref.finalize[..., Engine] = sweep
        self._connection = duckdb.connect(":memory:")
        self._numbers = itertools.count(1)
        # What each table is read from: kept so that another engine can show the same rows.
        self._sources: dict[str, str | None] = {}
        for statement in (
            f"set temp_directory = {literal(spill)}",
            f"set memory_limit = '{memory_limit_gb:g}GB'",
            f"set max_temp_directory_size = '{_MAX_SPILL}'",
            "set TimeZone = 'UTC'",
            "set python_enable_replacements = false",
            "set autoinstall_known_extensions = false",
            "set autoload_known_extensions = false",
            # Files of a store never change: their footers are read once. Global, since each question has a
            # cursor, which knows nothing of what was set for the connection alone.
            "set global parquet_metadata_cache = true",
        ):
            self._connection.execute(statement)

    def lock(self, folders: Iterable[Path]) -> None:
        """From here on only files below ``folders`` can be read and no setting can change."""
        allowed = ", ".join(literal(str(folder)) for folder in folders)
        self._connection.execute(f"set allowed_directories = [{allowed}]")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def view(self, table: Table, files: Sequence[str], *, name: str | None = None) -> None:
        """Make ``table`` readable under its name, from Parquet files, or empty without any."""
        try:
            source = self._rows_of(files) if files else no_rows(table)
            self.run(f"create or replace view {quoted(name or table.name)} as {_cast(table, source)}")
        except RequestError as error:
            raise StoreError(
                f"FILE_DAMAGED: the files of table {table.name} do not hold its rows: {error} "
                "Run `analytics store verify`."
            ) from error
        self._sources[name or table.name] = source

    def known(self, tables: Iterable[Table], *, as_of: dt.datetime, memory_limit_gb: float) -> Engine:
        """Another engine that shows what was known of the same rows before a moment; not locked yet.

        The rest of the rows cannot be named in it.
        """
        engine = Engine(memory_limit_gb=memory_limit_gb)
        engine.run(moment_macro(as_of))
        for table in tables:
            source = self._sources[table.name]
            if source is None:
                rows = self.select_arrow(f"select * from {quoted(table.name)}", {})
                engine.load(table, rows, known=True)
            else:
                told = as_known(table, _cast(table, source))
                engine.run(f"create view {quoted(table.name)} as {told}")
                engine._sources[table.name] = source
        return engine

    def _rows_of(self, files: Sequence[str]) -> str:
        """What to select from, to read files; each one's footer is looked at, so that a damaged one shows."""
        listed = ", ".join(literal(file) for file in files)
        held = self.arrow(
            "select distinct string_agg(concat_ws(' ', name, type, converted_type), ',' order by name) "
            f"from parquet_schema([{listed}]) group by file_name"
        )
        # To unite the columns of files that differ, every question plans over the statistics of all of them.
        differ = "true" if held.num_rows > 1 else "false"
        return f"read_parquet([{listed}], union_by_name = {differ}, hive_partitioning = false)"

    def register(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Make Arrow rows readable under a name."""
        self._connection.register(name, rows)

    def load(self, table: Table, rows: pa.Table, *, known: bool = False) -> None:
        """Make Arrow rows a table of the engine's own, which every cursor sees; ``known``: what was then."""
        self._connection.register("loading", rows)
        told = as_known(table, "select * from loading") if known else "select * from loading"
        self.run(f"create table {quoted(table.name)} as {told}")
        self._connection.unregister("loading")
        self._sources[table.name] = None

    def hold(self, name: str, rows: pa.Table) -> None:
        """Make Arrow rows readable under a name by every cursor, from memory."""
        self._connection.register("holding", rows)
        self.run(f"drop view if exists {quoted(name)}")
        self.run(f"create table {quoted(name)} as select * from holding")
        self._connection.unregister("holding")

    def hold_made(self, name: str, sql: str) -> None:
        """Work one SELECT out and make its rows readable under a name; what memory cannot hold spills."""
        _check_select(sql)
        self.run(f"drop view if exists {quoted(name)}")
        self.run(f"create table {quoted(name)} as {sql}")

    def sources(self, names: Iterable[str]) -> list[str]:
        """What tables are read from, in the order of the names."""
        return [str(self._sources[name]) for name in names]

    def run(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Execute one statement of the engine's own."""
        _wrapped(lambda: self._connection.execute(sql, dict(parameters) if parameters else None), sql)

    def arrow(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The rows of one statement of the engine's own, as Arrow."""
        relation = _wrapped(lambda: self._connection.sql(sql, params=dict(parameters or {})), sql)
        return _wrapped(relation.to_arrow_table, sql)

    def reader(self, sql: str, batch_rows: int) -> pa.RecordBatchReader:
        """The rows of one statement of the engine's own, a batch at a time."""
        return _wrapped(lambda: self._connection.sql(sql).to_arrow_reader(batch_rows), sql)

    def stream(self, sql: str, batch_rows: int) -> pa.RecordBatchReader:
        """As ``reader``, by a connection of its own: others may go on asking while it is read."""
        return _wrapped(lambda: self.cursor().sql(sql).to_arrow_reader(batch_rows), sql)

    def select(self, sql: str, parameters: Mapping[str, object]) -> pd.DataFrame:
        """The rows of one SELECT that somebody asked, as a frame; raises what ``select_arrow`` does."""
        return to_pandas(self.select_arrow(sql, parameters))

    def select_arrow(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """The rows of one SELECT that somebody asked, as Arrow.

        Raises:
            RequestError: If it is not exactly one SELECT, or the engine refuses it.
        """
        _check_select(sql)
        with _wrapped(self.cursor, sql) as cursor:
            # A SELECT may hold a DELETE in a named step; only the transaction keeps it from working.
            cursor.execute("begin transaction read only")
            return _wrapped(lambda: cursor.sql(sql, params=bound(parameters)).to_arrow_table(), sql)

    def keep(self, sql: str, parameters: Mapping[str, object]) -> str:
        """Work one SELECT out once; the name it can be read by, until it is forgotten.

        Raises:
            RequestError: As ``select``.
        """
        _check_select(sql)
        name = f"kept_{next(self._numbers)}"
        with _wrapped(self.cursor, sql) as cursor:
            _wrapped(lambda: cursor.execute(f"create table {name} as {sql}", bound(parameters)), sql)
        return name

    def forget(self, name: str) -> None:
        """Drop what was kept under a name."""
        self.run(f"drop table {quoted(name)}")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one question, so that several may ask at once."""
        return self._connection.cursor()

    def close(self) -> None:
        """Give back memory and the spill folder."""
        self._connection.close()
        self._sweep()


def no_rows(table: Table) -> str:
    """What to select from where a table is empty."""
    nulls = ", ".join(f"null as {quoted(c.name)}" for c in table.columns)
    return f"(select {nulls}) as nothing where false"


def _cast(table: Table, source: str) -> str:
    """The SELECT of a table's columns in the engine's types."""
    columns = ", ".join(f"{quoted(c.name)}::{SQL_TYPES[c.type]} as {quoted(c.name)}" for c in table.columns)
    return f"select {columns} from {source}"


def empty(table: Table) -> pa.Table:
    """No row, in the columns and types of a table."""
    return arrow_schema(table).empty_table()


def literal(text: str) -> str:
    """A text as an SQL literal; the one place where a file's name enters a statement."""
    if "\0" in text:
        raise RequestError(f"{text!r} holds a NUL byte and cannot name a file.")
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name of the contract as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=1_000)
def _check_select(sql: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise RequestError(f"The question cannot be read: {_brief(error)}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise RequestError(
            f"The store is read only and answers one SELECT at a time; given were {len(statements)} "
            f"statement(s): {sql.strip()[:80]!r}."
        )


def _wrapped(call: Callable[[], T], sql: str) -> T:
    try:
        return call()
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            f"The query needs more memory or spill space than it may use: {_brief(error)} "
            "Ask for a shorter window or fewer columns, or give readers more by ANALYTICS_MEMORY_LIMIT_GB."
        ) from error
    except (duckdb.IOException, duckdb.InternalException) as error:
        raise StoreError(
            f"The store could not be read: {_brief(error)} Run `analytics store verify`."
        ) from error
    except duckdb.Error as error:
        raise RequestError(f"The query was refused: {_brief(error)} In: {sql.strip()[:200]}") from error


def _brief(error: Exception) -> str:
    text = str(error).strip()
    return text if len(text) < 600 else text[:600] + " …"
