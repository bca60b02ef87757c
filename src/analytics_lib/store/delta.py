"""The one door to Delta Lake: opening, writing, compacting and checking the tables of a store."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
from deltalake import (
    BloomFilterProperties,
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from analytics_lib.errors import StoreError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store.contract import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from analytics_lib.schema import Table

MONTH = "month"
_ROW_GROUP = 64 * 1024
# A dictionary of ids that never repeat is read whole to find one; beyond this they stand as they are.
_DICTIONARY_BYTES = 64 * 1024
_PAGE_BYTES = 64 * 1024
_TRIES = 5
# Runs name the versions they read, and may be repeated long after; the log is what opens an old version.
_KEEP_LOG = {"delta.logRetentionDuration": "interval 3650 days"}
# Of a row group of messages, which holds several of each conversation; one of conversations holds each once.
_CONVERSATIONS_A_GROUP = 16 * 1024
COMMIT = re.compile(r"^(\d{20})\.json$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def table_schema(table: Table) -> pa.Schema:
    """The stored columns: the contract's, and the month that partitions tables with an event time."""
    schema = arrow_schema(table)
    return schema.append(pa.field(MONTH, pa.date32())) if table.local_time else schema


def open_table(root: Path, name: str, version: int | None = None) -> DeltaTable | None:
    """A table at a version (the newest unless given), or None where it was never written.

    Raises:
        StoreError: If its log is damaged or holds no such version.
    """
    try:
        opened = DeltaTable(root / name, version=version)
    except TableNotFoundError:
        return None
    except Exception as error:  # delta-rs raises plain exceptions for a damaged log
        at = "" if version is None else f" at version {version}"
        raise StoreError(
            f"LOG_DAMAGED: table {name}{at} cannot be opened: {brief(error)} Run `analytics store verify`."
        ) from error
    commit = commit_file(root, name, opened.version())
    # delta-rs reads an empty commit as one that changed nothing.
    if commit.exists() and not commit.stat().st_size:
        raise StoreError(
            f"LOG_DAMAGED: commit {opened.version()} of table {name} is empty. Run `analytics store verify`."
        )
    return opened


def files(table: DeltaTable) -> list[str]:
    """Paths of the data files of this version."""
    protocol = table.protocol()
    if "deletionVectors" in (protocol.reader_features or []):
        raise StoreError(f"{table.table_uri} uses deletion vectors, which a file list would ignore.")
    return [unquote(uri.removeprefix("file://")) for uri in table.file_uris()]


def commit_file(root: Path, name: str, version: int) -> Path:
    """Where a commit of a table's log stands."""
    return root / name / "_delta_log" / f"{version:020}.json"


def last_commit(root: Path, name: str) -> int:
    """The number of the newest commit in a table's log, -1 without any; the log is not opened."""
    names = (path.name for path in (root / name / "_delta_log").glob("*.json"))
    return max((int(found[1]) for file in names if (found := COMMIT.match(file))), default=-1)


def append(root: Path, table: Table, rows: pa.RecordBatchReader | pa.Table, note: dict[str, str]) -> None:
    """Add rows that are known to be new."""

    def write() -> None:
        write_deltalake(
            root / table.name,
            rows,
            mode="append",
            configuration=None if last_commit(root, table.name) >= 0 else _KEEP_LOG,
            partition_by=[MONTH] if table.local_time else None,
            writer_properties=_writer(table),
            commit_properties=CommitProperties(custom_metadata=note),
        )

    # A reader of batches can be consumed once, so only whole tables are tried again.
    _committed(table.name, write, tries=_TRIES if isinstance(rows, pa.Table) else 1)


def replace(root: Path, table: Table, rows: pa.Table, months: Sequence[str], note: dict[str, str]) -> None:
    """Replace stored rows of the same key; ``months`` are the partitions the old rows stand in."""
    on = " and ".join(f"old.{key} = new.{key}" for key in table.key)
    if months and table.local_time:
        on += (
            f" and old.{MONTH} in ({', '.join(f'cast({month!r} as date)' for month in sorted(set(months)))})"
        )

    def write() -> None:
        opened = open_table(root, table.name)
        if opened is None:
            raise StoreError(f"Table {table.name} vanished while rows of it were replaced.")
        opened.merge(
            rows,
            predicate=on,
            source_alias="new",
            target_alias="old",
            writer_properties=_writer(table),
            commit_properties=CommitProperties(custom_metadata=note),
        ).when_matched_update_all().when_not_matched_insert_all().execute()

    _committed(table.name, write, tries=_TRIES)


def delete(root: Path, table: Table, ids: Sequence[str], note: dict[str, str]) -> None:
    """Delete rows by a primary key of one column."""
    (key,) = table.key
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in ids)

    def write() -> None:
        opened = open_table(root, table.name)
        if opened is not None:
            opened.delete(f"{key} in ({listed})", commit_properties=CommitProperties(custom_metadata=note))

    _committed(table.name, write, tries=_TRIES)


def restore(root: Path, name: str, version: int) -> None:
    """Show what an earlier version held, as a new version."""

    def write() -> None:
        opened = open_table(root, name)
        if opened is None or opened.version() <= version:
            raise StoreError(f"LOG_DAMAGED: table {name} cannot be taken back to its version {version}.")
        opened.restore(version)

    _committed(name, write, tries=1)


def clear(root: Path, name: str) -> None:
    """Take all rows out of a table, where it has any."""
    opened = open_table(root, name)
    if opened is None or not files(opened):
        return

    def write() -> None:
        opened.delete()

    _committed(name, write, tries=1)


def compact(root: Path, name: str) -> None:
    """Join small files; nothing a reader sees changes."""

    def write() -> None:
        opened = open_table(root, name)
        if opened is not None:
            opened.optimize.compact(writer_properties=_writer(EVERY_TABLE[name]))

    _committed(name, write, tries=_TRIES)


def sweep(root: Path, name: str, *, keep_hours: int, keep_versions: Sequence[int]) -> int:
    """Delete files no version of the last ``keep_hours``, nor any of ``keep_versions``, needs; how many."""
    opened = open_table(root, name)
    if opened is None:
        return 0
    there = [version for version in keep_versions if 0 <= version <= opened.version()]
    return len(opened.vacuum(keep_hours, dry_run=False, full=True, keep_versions=there or None))


def _writer(table: Table) -> WriterProperties:
    """How a table is written: Bloom filters find one conversation, whatever its id looks like."""
    apart = _ROW_GROUP if table.key == ("conversation_id",) else _CONVERSATIONS_A_GROUP
    filtered = ColumnProperties(
        bloom_filter_properties=BloomFilterProperties(set_bloom_filter_enabled=True, fpp=0.01, ndv=apart)
    )
    return WriterProperties(
        compression="ZSTD",
        compression_level=1,
        max_row_group_size=_ROW_GROUP,
        data_page_size_limit=_PAGE_BYTES,
        dictionary_page_size_limit=_DICTIONARY_BYTES,
        column_properties={"conversation_id": filtered} if "conversation_id" in table.column else None,
    )


def _committed(name: str, write: Callable[[], None], *, tries: int) -> None:
    for attempt in range(1, tries + 1):
        try:
            return write()
        except CommitFailedError as error:
            if attempt == tries:
                raise StoreError(
                    f"COMMIT_CONFLICT: table {name} was changed by another writer {tries} times in a row "
                    f"({brief(error)}). Nothing was written; try again."
                ) from error
            time.sleep(random.uniform(0.02, 0.2) * attempt)  # spreads writers; no secret
        except Exception as error:  # delta-rs raises plain exceptions too
            raise StoreError(f"Table {name} could not be written: {brief(error)}") from error
    return None


def brief(error: Exception) -> str:
    """The first line of delta-rs's message, without colours."""
    return _COLOUR.sub("", str(error)).strip().split("\n")[0][:300]
