"""Writing to the store: one writer at a time, every table committed, then all versions recorded as a set."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from analytics_lib.schema import EVERY_TABLE, Table
from analytics_lib.store import delta, resolve
from analytics_lib.store.engine import Engine, literal
from analytics_lib.store.recovery import record_newest, take_up
from analytics_lib.store.staging import sweep_staging
from analytics_lib.store.versions import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

_BATCH_ROWS = 64 * 1024
_WRITER_MEMORY_GB = 0.75
_FILES_BEFORE_COMPACTING = 24
_FILES_A_PARTITION = 6


@dataclass(frozen=True)
class Written:
    """What one table took.

    Attributes:
        accepted: Rows added or replaced.
        duplicates: Rows that changed nothing.
        conflicts: Of the duplicates, those that differ though nothing says which is newer.
        lines: Source lines that added or changed a row (``_line``, ``_records`` it stands for), each once;
            None where every row was accepted, or nobody asked.
    """

    accepted: int
    duplicates: int
    conflicts: int
    lines: pa.Table | None


@dataclass
class Writer:
    """The one writer of a store, while the lock is held. Made by ``open_writer``."""

    root: Path
    engine: Engine
    note: dict[str, str]
    touched: set[str] = field(default_factory=set)

    def write(
        self, name: str, rows: pa.Table | Sequence[Path], *, incoming_wins: bool = False, lines: bool = False
    ) -> Written:
        """Merge rows into a table by its primary key; the same rows again change nothing.

        Args:
            name: The table.
            rows: Rows checked against the contract, or Parquet files of them with ``_row``, ``_line`` and
                ``_records`` beside the contract's columns.
            incoming_wins: Whether a given row replaces a stored one whatever either says of its age.
            lines: Whether to tell which source lines were accepted, where not all were.
        """
        table = EVERY_TABLE[name]
        self._show_incoming(rows)
        opened = delta.open_table(self.root, name)
        self.engine.view(table, delta.files(opened) if opened else [], name=resolve.STORED)
        decision = resolve.decide(self.engine, table, incoming_wins=incoming_wins)
        accepted = resolve.winning_lines(self.engine) if lines and decision.duplicates else None
        self._insert(table, decision)
        if decision.updates:
            changed = self.engine.arrow(resolve.updates_sql(table)).cast(delta.table_schema(table))
            delta.replace(self.root, table, changed, decision.months, self.note)
        if decision.accepted:
            self.touched.add(name)
        return Written(
            decision.accepted,
            decision.duplicates,
            decision.conflicts,
            accepted,
        )

    def delete(self, name: str, ids: Sequence[str]) -> None:
        """Delete rows that ceased to exist, by their id."""
        if ids:
            delta.delete(self.root, EVERY_TABLE[name], ids, self.note)
            self.touched.add(name)

    def read(self, sql: str, **parameters: object) -> pd.DataFrame:
        """A question over the newest committed state, recorded or not."""
        for name, table in EVERY_TABLE.items():
            opened = delta.open_table(self.root, name)
            self.engine.view(table, delta.files(opened) if opened else [])
        return self.engine.select(sql, parameters)

    def _show_incoming(self, rows: pa.Table | Sequence[Path]) -> None:
        self.engine.run("drop view if exists incoming")
        if isinstance(rows, pa.Table):
            self.engine.register(
                resolve.INCOMING, rows if resolve.ROW in rows.column_names else resolve.numbered(rows)
            )
        else:
            listed = ", ".join(literal(str(path)) for path in rows)
            self.engine.run(f"create view incoming as select * from read_parquet([{listed}])")

    def _insert(self, table: Table, decision: resolve.Decision) -> None:
        if decision.accepted == decision.updates:
            return
        schema = delta.table_schema(table)
        sql = resolve.inserts_sql(table)
        if decision.accepted <= _BATCH_ROWS:
            delta.append(self.root, table, self.engine.arrow(sql).cast(schema), self.note)
            return
        batches = self.engine.reader(sql, _BATCH_ROWS)
        stream = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))
        delta.append(self.root, table, stream, self.note)


@contextlib.contextmanager
def open_writer(
    root: Path, *, memory_limit_gb: float, note: Mapping[str, str] | None = None
) -> Iterator[Writer]:
    """Be the store's writer; what was written becomes visible as a whole when the block ends well.

    When it does not, or the process dies, the next writer takes back what was written.

    Raises:
        StoreError: If another writer keeps the lock too long, or the store is damaged.
    """
    with writing(root):
        take_up(root)
        sweep_staging(root)
        # Deciding which rows are new spills rather than grows; the order of rows in a file means nothing.
        engine = Engine(memory_limit_gb=min(memory_limit_gb, _WRITER_MEMORY_GB))
        engine.run("set preserve_insertion_order = false")
        try:
            writer = Writer(root, engine, dict(note or {}))
            yield writer
            for name in sorted(writer.touched):
                if _scattered(root, name):
                    delta.compact(root, name)
            record_newest(root)
        finally:
            engine.close()


def _scattered(root: Path, name: str) -> bool:
    """Whether a table has so many small files that reading slows down."""
    opened = delta.open_table(root, name)
    if opened is None:
        return False
    names = delta.files(opened)
    partitions = len({Path(file).parent for file in names})
    return len(names) > _FILES_BEFORE_COMPACTING + _FILES_A_PARTITION * partitions
