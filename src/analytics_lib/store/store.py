"""The store: the only way to ask the tables anything, and to add to them.

A store is opened at one version of every table and keeps it: any number of readers work while rows are
being written, and a question can be repeated on exactly its data. Open again to see newer rows.
"""

from __future__ import annotations

import hashlib
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import orjson
import pyarrow as pa

from analytics_lib.config import Settings, load_settings, pinned_versions
from analytics_lib.errors import ContractError, RequestError, StoreError
from analytics_lib.schema import EVERY_TABLE, TABLES, Table
from analytics_lib.store import delta, quarantine
from analytics_lib.store.contract import Checked, check
from analytics_lib.store.engine import Engine
from analytics_lib.store.frames import to_arrow
from analytics_lib.store.recovery import refuse_older
from analytics_lib.store.versions import VersionSet, check_folder, recorded_sets
from analytics_lib.store.writer import open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    import pandas as pd
    from deltalake import DeltaTable


class StoreWarning(UserWarning):
    """The store could not be opened as it was last recorded; an older good state is shown."""


@dataclass(frozen=True)
class Counts:
    """What became of the rows handed over; together they are all of them.

    Attributes:
        accepted: Rows added, or replacing an older version of themselves.
        duplicates: Rows that changed nothing.
        quarantined: Rows that break the contract, kept in the table ``quarantine`` with the reason.
    """

    accepted: int
    duplicates: int
    quarantined: int


class Store:
    """Tables at one version each, readable by SQL. Made by ``open`` or ``in_memory``."""

    def __init__(
        self, engine: Engine, versions: dict[str, int], root: Path | None, settings: Settings
    ) -> None:
        self._engine = engine
        self._root = root
        self._settings = settings
        self.versions = versions

    @classmethod
    def open(
        cls, path: str | Path, *, versions: Mapping[str, int] | None = None, settings: Settings | None = None
    ) -> Store:
        """The store in a folder, at given versions, else those of the run it is opened in, else the newest.

        A folder that holds no store yet opens empty; nothing is made on disk by reading. With ``versions``,
        a table that they do not name is empty. Where the newest recorded state is damaged, the newest whole
        one before it is shown, with a ``StoreWarning``.

        Raises:
            StoreError: If no recorded state is whole, a table has gone back behind its recorded version, or
                the record of versions is gone.
            RequestError: If a version is asked for that does not exist.
        """
        root = check_folder(Path(path).resolve())
        chosen = settings or load_settings()
        engine = Engine(memory_limit_gb=chosen.memory_limit_gb)
        try:
            given = versions if versions is not None else pinned_versions()
            pinned = _view_given(engine, root, given) if given is not None else _view_newest(engine, root)
            engine.lock(root / name for name in EVERY_TABLE)
        except BaseException:
            engine.close()
            raise
        return cls(engine, pinned, root, chosen)

    @classmethod
    def in_memory(cls, **tables: pd.DataFrame) -> Store:
        """A store over frames, for tests and trials: absent nullable columns are null, absent twins are UTC.

        Raises:
            ContractError: If a frame does not fulfil the contract; the message names the first bad row.
        """
        settings = load_settings()
        engine = Engine(memory_limit_gb=settings.memory_limit_gb)
        rows = {name: _checked_frame(_known(name), frame) for name, frame in tables.items()}
        for name, table in EVERY_TABLE.items():
            if name in rows:
                engine.load(table, rows[name])
            else:
                engine.view(table, [])
        engine.lock([])
        return cls(engine, {}, None, settings)

    def query(self, sql: str, /, **params: object) -> pd.DataFrame:
        """The answer to one SELECT over the tables of the contract, with bound ``$parameters``.

        Raises:
            RequestError: If it is not one SELECT, names an unknown column, or leaves a parameter unbound.
            StoreError: If it needs more memory and spill space than it may use.
        """
        return self._engine.select(sql, params)

    def query_arrow(self, sql: str, /, **params: object) -> pa.Table:
        """The same answer as Arrow, for what goes on working with its columns; raises what ``query`` does."""
        return self._engine.select_arrow(sql, params)

    @contextmanager
    def kept(self, sql: str, /, **params: object) -> Iterator[str]:
        """The answer to one SELECT, worked out once: the name by which questions in the block read it.

        Raises:
            RequestError: As ``query``.
            StoreError: As ``query``.
        """
        name = self._engine.keep(sql, params)
        try:
            yield name
        finally:
            self._engine.forget(name)

    def append(self, table: str, frame: pd.DataFrame) -> Counts:
        """Add rows by primary key; the same rows again change nothing, and the newer version of a row wins.

        Rows are stored as they are: hashing ids and masking texts is the work of ingest.

        Rows that break the contract go to the table ``quarantine``. This store keeps showing the versions it
        was opened with.

        Raises:
            ContractError: If the table or a column is unknown, or a required column is absent.
            StoreError: If this store is in memory, or another process keeps writing.
        """
        if self._root is None:
            raise StoreError(
                "This store is in memory and cannot be appended to; open one by Store.open(path)."
            )
        contract = _known(table)
        data, flags = to_arrow(frame)
        checked = check(contract, data, naive_zone="UTC", local_zone=self._settings.time_zone)
        with open_writer(self._root, memory_limit_gb=self._settings.memory_limit_gb) as writer:
            written = writer.write(table, checked.rows)
            if checked.refused:
                writer.write("quarantine", quarantine.rows(_refusals(contract, data, checked)))
        checked.flags.update(flags)
        return Counts(written.accepted, written.duplicates, len(checked.refused))

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _known(name: str) -> Table:
    if name not in TABLES:
        raise ContractError(f"Unknown table {name!r}. The contract has {', '.join(TABLES)}.")
    return TABLES[name]


def _checked_frame(table: Table, frame: pd.DataFrame) -> pa.Table:
    data, _ = to_arrow(frame)
    checked = check(table, data, naive_zone="UTC", local_zone="UTC")
    if checked.refused:
        position, (code, column, detail) = min(checked.refused.items())
        raise ContractError(f"{table.name}, row {position}: {code} in {column}: {detail}.")
    keys = checked.rows.select(list(table.key))
    if keys.group_by(list(table.key)).aggregate([]).num_rows < keys.num_rows:
        raise ContractError(f"{table.name} holds a primary key ({', '.join(table.key)}) twice.")
    return checked.rows


def _view_given(engine: Engine, root: Path, versions: Mapping[str, int]) -> dict[str, int]:
    given: dict[str, object] = dict(versions)
    wrong = {name: version for name, version in given.items() if not isinstance(version, int)}
    if wrong:
        raise RequestError(f"A version is a whole number; given were {wrong!r}.")
    unknown = set(versions) - set(EVERY_TABLE)
    if unknown:
        raise RequestError(f"Unknown tables {sorted(unknown)}. The contract has {', '.join(EVERY_TABLE)}.")
    for name, table in EVERY_TABLE.items():
        engine.view(table, _files_at(root, name, versions[name]) if name in versions else [])
    return dict(versions)


def _files_at(root: Path, name: str, version: int) -> list[str]:
    newest = delta.last_commit(root, name)
    if not 0 <= version <= newest:
        held = f"has versions 0 to {newest}" if newest >= 0 else "does not exist"
        raise RequestError(f"Table {name} {held}; asked for was version {version}.")
    opened = delta.open_table(root, name, version)
    return _there(name, opened) if opened else []


def _view_newest(engine: Engine, root: Path) -> dict[str, int]:
    """The newest recorded set that can be opened; an older one is announced by a warning."""
    # In this order, since a first writer records before it commits.
    has_tables = any((root / name / "_delta_log").exists() for name in EVERY_TABLE)
    sets = recorded_sets(root)
    if sets:
        refuse_older(root, sets[0])
    elif has_tables:
        raise StoreError(
            "LOG_DAMAGED: the store has tables, but no record of their versions. Restore _meta/versions.json "
            "from a backup, or run `analytics store compact`, which records the newest version of each."
        )
    failure: StoreError | None = None
    # A state from before one of the tables was written would show that table as empty.
    for known in (known for known in sets if known.keys() >= sets[0].keys()):
        try:
            return _view_set(engine, root, known, announce=failure)
        except StoreError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return _view_given(engine, root, {})


def _view_set(
    engine: Engine, root: Path, known: VersionSet, *, announce: StoreError | None
) -> dict[str, int]:
    for name, recorded in known.items():
        opened = delta.open_table(root, name, int(recorded["version"]))
        if opened is None or str(opened.metadata().id) != recorded["id"]:
            raise StoreError(
                f"VERSION_WENT_BACK: table {name} was recorded at version {recorded['version']} of table "
                f"{recorded['id']}, and is no longer there. Restore the whole store from one backup."
            )
        engine.view(EVERY_TABLE[name], _there(name, opened))
    for name in EVERY_TABLE.keys() - known.keys():
        engine.view(EVERY_TABLE[name], [])
    if announce is not None:
        warnings.warn(f"An older state of the store is shown: {announce}", StoreWarning, stacklevel=5)
    return {name: int(recorded["version"]) for name, recorded in known.items()}


def _there(name: str, opened: DeltaTable) -> list[str]:
    """The files of a version, once all of them are known to be there."""
    files = delta.files(opened)
    absent = [file for file in files if not Path(file).exists()]
    if absent:
        raise StoreError(f"FILE_MISSING: table {name} has lost {len(absent)} file(s), first {absent[0]!r}.")
    return files


def _refusals(table: Table, data: pa.Table, checked: Checked) -> list[quarantine.Refusal]:
    positions = sorted(checked.refused)
    given = data.take(pa.array(positions)).to_pylist()
    return [
        _refusal(table, record, *checked.refused[position])
        for position, record in zip(positions, given, strict=True)
    ]


def _refusal(
    table: Table, record: dict[str, object], code: str, column: str, detail: str
) -> quarantine.Refusal:
    text = orjson.dumps(record, default=str, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(table.name.encode() + text).hexdigest()
    return quarantine.Refusal("append", table.name, digest, 1, code, column, detail, text.decode())
