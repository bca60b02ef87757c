"""Rows that are looked up by a key: kept in its order, and found without a question to the engine.

To plan and run the smallest question takes the engine 3 to 6 ms in a store of a million conversations,
several times as long as to halve a sorted file until the key is found and to unpack a thousand rows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.store import derived
from analytics_lib.store.derived_files import GROUP_ROWS, batches, keep
from analytics_lib.store.engine import Engine, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# From so many rows on a question takes longer than it takes to look a row up.
WORTH_LOOKING_UP_ROWS = 10_000
_SUFFIX = ".arrow"
_TOGETHER_ROWS = 1_000
_SORT_GB = 1


@dataclass(frozen=True)
class Lookup:
    """Rows that are looked up by a key, in a file that only ``Store.prepare`` makes.

    As with ``Derived`` its name says what it was made of, and it can be deleted at any time.

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
            RequestError: If a key is no text.
            StoreError: If the file is damaged or closed.
        """
        wanted = _texts(keys)
        with self._reading:
            if self._memory.closed:
                raise StoreError("The store is closed; open it again to look into it.")
            try:
                packs = sorted({pack for key in wanted.to_pylist() for pack in self._packs(key)})
                found = [self._among(pack, wanted) for pack in packs]
            except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
                raise StoreError(
                    f"{self._file} is damaged ({error}). Delete it; the next `analytics ingest` that brings "
                    "rows makes it again."
                ) from error
        return pa.Table.from_batches(found, self._rows.schema).combine_chunks()

    def close(self) -> None:
        """Give back the file."""
        with self._reading:
            self._memory.close()

    def _packs(self, key: str) -> range:
        """The packs in which the rows of a key may lie."""
        among = range(self._rows.num_record_batches)
        first = bisect_left(among, key, key=self._last)
        return among[first : bisect_right(among, key, lo=first, key=self._last) + 1]

    def _among(self, pack: int, wanted: pa.Array) -> pa.RecordBatch:
        """The rows of a pack whose key is among some."""
        batch = self._rows.get_batch(pack)
        # A damaged pack may hold places outside of itself, and to follow one ends the process.
        batch.validate(full=True)
        return batch.filter(pc.is_in(batch[self._key], wanted))

    def _last(self, pack: int) -> str:
        """The last key of a pack."""
        if pack not in self._lasts:
            keys = self._keys.get_batch(pack)
            keys.validate(full=True)
            self._lasts[pack] = keys[0][-1].as_py()
        return self._lasts[pack]


def make(engine: Engine, wanted: Lookup, root: Path) -> bool:
    """Keep the rows where they are many and nobody has; whether they are kept.

    Raises:
        RequestError: If the SQL that makes them is refused.
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


def _texts(keys: Iterable[str]) -> pa.Array:
    """The keys in order, each once."""
    try:
        return pa.array(sorted(set(keys)), pa.string())
    except (TypeError, UnicodeEncodeError, pa.ArrowException) as error:
        raise RequestError(f"What is looked up is looked up by texts: {error}.") from error


def _path(engine: Engine, wanted: Lookup, root: Path) -> Path:
    return derived.kept_path(root, wanted.name, engine.sources(wanted.reads), suffix=_SUFFIX)


def _write(file: Path, rows: pa.RecordBatchReader, order: tuple[str, ...]) -> None:
    columns = ", ".join(map(quoted, order))
    # An engine of its own, since the one of the questions may use four times the memory.
    with closing(Engine(memory_limit_gb=_SORT_GB)) as own:
        own.register("incoming", rows)
        known = f"select * from incoming where {quoted(order[0])} is not null order by {columns}"
        in_order = own.reader(known, GROUP_ROWS)
        packed = ipc.IpcWriteOptions(compression="zstd")
        with ipc.new_file(file, in_order.schema, options=packed) as written:
            for batch in batches(in_order):
                written.write_table(pa.Table.from_batches([batch]), max_chunksize=_TOGETHER_ROWS)
