"""Rows that are looked up by a key: kept in its order, and found without a question to the engine.

To plan and run the smallest question takes the engine 2 to 6 ms in a store of a million conversations, ten
times as long as to halve a sorted file until the key is found and to unpack the thousand rows around it.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from analytics_lib.errors import StoreError
from analytics_lib.store import derived
from analytics_lib.store.derived_files import GROUP_ROWS, batches, keep
from analytics_lib.store.engine import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from analytics_lib.store.engine import Engine

# From so many rows on a question takes longer than it takes to look a row up.
WORTH_LOOKING_UP_ROWS = 10_000
_SUFFIX = ".arrow"
_TOGETHER_ROWS = 1_000
_SORT_GB = 1


@dataclass(frozen=True)
class Lookup:
    """Rows that are looked up by a key; what ``Derived`` says of files holds for theirs.

    Attributes:
        name: What the file is called.
        reads: The tables of the contract they are made of, and no others.
        make: One SELECT without parameters.
        order: The column that is the key, a text, and those in whose order the rows of one key come. Rows
            without a key are left out.
    """

    name: str
    reads: tuple[str, ...]
    make: str
    order: tuple[str, ...]


class LookupFile:
    """A kept file of rows in the order of their key; several threads may look up at once."""

    def __init__(self, file: Path, key: str) -> None:
        """Open the file.

        Raises:
            OSError: If it is not there, or no such file.
            pyarrow.ArrowInvalid: If it is no such file.
        """
        self._file, self._key = file, key
        self._memory = pa.memory_map(str(file))
        # To start threads takes longer than to unpack a thousand rows.
        self._rows = ipc.open_file(self._memory, options=ipc.IpcReadOptions(use_threads=False))
        place = self._rows.schema.get_field_index(key)
        alone = ipc.IpcReadOptions(use_threads=False, included_fields=[place])
        self._keys = ipc.open_file(self._memory, options=alone)
        self._lasts: dict[int, str] = {}
        self._reading = Lock()

    def rows_of(self, keys: Iterable[str]) -> pa.Table:
        """The rows of some keys, in the order of the file.

        Raises:
            StoreError: If the file is damaged.
        """
        try:
            with self._reading:
                found = [batch for key in sorted(set(keys)) for batch in self._batches(key)]
            return pa.Table.from_batches(found, self._rows.schema).combine_chunks()
        except (OSError, pa.ArrowException) as error:
            raise StoreError(
                f"{self._file} is damaged: {error} Delete it; the next `analytics ingest` that brings rows "
                "makes it again."
            ) from error

    def close(self) -> None:
        """Give back the file."""
        self._memory.close()

    def _batches(self, key: str) -> list[pa.RecordBatch]:
        among = range(self._rows.num_record_batches)
        found = []
        for number in among[bisect_left(among, key, key=self._last) :]:
            batch = self._rows.get_batch(number)
            found.append(batch.filter(pc.equal(batch[self._key], key)))
            if self._last(number) > key:
                break
        return found

    def _last(self, number: int) -> str:
        """The last key of a batch."""
        if number not in self._lasts:
            self._lasts[number] = self._keys.get_batch(number)[0][-1].as_py()
        return self._lasts[number]


def make(engine: Engine, wanted: Lookup, root: Path) -> bool:
    """Keep the rows where they are many and nobody has; whether they are kept.

    Raises:
        StoreError: If they cannot be worked out.
    """
    if derived.count_rows(engine, wanted.reads) < WORTH_LOOKING_UP_ROWS:
        return False
    if opened := find(engine, wanted, root):
        opened.close()
        return True
    rows = engine.stream(wanted.make, GROUP_ROWS)
    kept = keep(_path(engine, wanted, root), partial(_write, rows=rows, order=wanted.order))
    if kept:
        derived.sweep(root)
    return kept


def find(engine: Engine, wanted: Lookup, root: Path) -> LookupFile | None:
    """The kept rows; null where nobody has kept them, or the file is none."""
    file = _path(engine, wanted, root)
    try:
        return LookupFile(file, wanted.order[0]) if file.exists() else None
    except (OSError, pa.ArrowException):
        return None


def _path(engine: Engine, wanted: Lookup, root: Path) -> Path:
    return derived.kept_path(root, wanted.name, engine.sources(wanted.reads), suffix=_SUFFIX)


def _write(file: Path, rows: pa.RecordBatchReader, order: tuple[str, ...]) -> None:
    columns = ", ".join(map(quoted, order))
    aside = tempfile.TemporaryDirectory(prefix=f"{file.name}-", dir=file.parent)
    with aside as spill, duckdb.connect(":memory:") as own:
        own.execute(f"set temp_directory = {literal(spill)}")
        own.execute("set TimeZone = 'UTC'")
        own.execute(f"set memory_limit = '{_SORT_GB}GB'")
        own.register("incoming", rows)
        known = f"select * from incoming where {quoted(order[0])} is not null order by {columns}"
        in_order = own.sql(known).to_arrow_reader(GROUP_ROWS)
        packed = ipc.IpcWriteOptions(compression="zstd")
        with ipc.new_file(file, in_order.schema, options=packed) as written:
            for batch in batches(in_order):
                written.write_table(pa.Table.from_batches([batch]), max_chunksize=_TOGETHER_ROWS)
