"""Engines of stores over frames: they share one DuckDB instance, whose start takes longer than a question.

Each such store is a database of its own in that instance. Its names are looked up there first, and then among
the empty tables of the contract, which all of them share; so is the memory limit.
"""

from __future__ import annotations

import itertools
import os
import weakref
from collections import deque
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store.engine import SQL_TYPES, Engine, no_rows, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

_NUMBERS = itertools.count(1)


class MemoryEngine(Engine):
    """The engine of one store over frames; tables that are not loaded are empty."""

    def __init__(self, *, memory_limit_gb: float) -> None:
        # A process that was forked has none of the threads of the instance it was forked with.
        self._host = _host(memory_limit_gb, os.getpid())
        home = self._host.attach()
        self._sweep = weakref.finalize(self, self._host.gone.append, home)
        self._path = f"set search_path = '{home}.main,memory.main'"
        self._numbers = itertools.count(1)
        self._sources = dict(_nothing())
        self._connection = self._host.cursor()
        self._connection.execute(self._path)

    def lock(self, folders: Iterable[Path]) -> None:
        """Nothing: the instance was locked before it was shared, and reads no files at all."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one question, in which the names are those of this store."""
        cursor = super().cursor()
        cursor.execute(self._path)
        return cursor

    def close(self) -> None:
        """Give back the memory of the tables."""
        super().close()
        self._host.detach_gone()


class _Host(Engine):
    """The instance of a process; it lives as long as the process.

    Attributes:
        gone: Databases whose store is gone. A store may go at any moment, in the middle of a question too, so
            they are only named there, and given back later.
    """

    def __init__(self, *, memory_limit_gb: float) -> None:
        super().__init__(memory_limit_gb=memory_limit_gb)
        self.gone: deque[str] = deque()
        for table in EVERY_TABLE.values():
            columns = ", ".join(f"{quoted(column.name)} {SQL_TYPES[column.type]}" for column in table.columns)
            self.run(f"create table {quoted(table.name)} ({columns})")
        self.lock([])

    def attach(self) -> str:
        """A new database; its name."""
        self.detach_gone()
        name = f"frames_{next(_NUMBERS)}"
        with self.cursor() as cursor:
            cursor.execute(f"attach ':memory:' as {name}")
        return name

    def detach_gone(self) -> None:
        """Give back what stores that are gone have left."""
        # Another thread may take the last name first.
        with self.cursor() as cursor, suppress(IndexError):
            while True:
                cursor.execute(f"detach {self.gone.popleft()}")


@cache
def _host(memory_limit_gb: float, _: int) -> _Host:
    return _Host(memory_limit_gb=memory_limit_gb)


@cache
def _nothing() -> dict[str, str]:
    return {name: no_rows(table) for name, table in EVERY_TABLE.items()}
