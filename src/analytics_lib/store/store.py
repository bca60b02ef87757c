"""The store: the only way to ask the tables anything, and to add to them.

A store is opened at one version of every table and keeps it: any number of readers work while rows are
being written, and a question can be repeated on exactly its data. Open again to see newer rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from analytics_lib.config import Settings, load_settings, pinned_versions
from analytics_lib.errors import ContractError, StoreError
from analytics_lib.periods import Moment, utc_moment
from analytics_lib.schema import EVERY_TABLE, TABLES, Table
from analytics_lib.store import derived, lookups, quarantine
from analytics_lib.store.contract import check
from analytics_lib.store.engine import Engine
from analytics_lib.store.frames import to_arrow
from analytics_lib.store.lookups import Lookup
from analytics_lib.store.memory import MemoryEngine
from analytics_lib.store.opening import view_given, view_newest
from analytics_lib.store.versions import check_folder
from analytics_lib.store.writer import open_writer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    import pandas as pd
    import pyarrow as pa

    from analytics_lib.store.derived import Derived
    from analytics_lib.store.lookups import LookupFile


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
    """Tables at one version each, readable by SQL. Made by ``open`` or ``in_memory``.

    Attributes:
        versions: Version of each table; empty in memory.
        cutoff: The moment from which on nothing is in it (``known_at``); null = all is shown.
    """

    def __init__(
        self,
        engine: Engine,
        versions: dict[str, int],
        root: Path | None,
        settings: Settings,
        cutoff: dt.datetime | None = None,
    ) -> None:
        self._engine = engine
        self._root = root
        self._settings = settings
        self._derived: dict[str, Path | None] = {}
        self._deriving, self._opening = Lock(), Lock()
        self._lookups: dict[str, LookupFile] = {}
        self.versions = versions
        self.cutoff = cutoff

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
            pinned = view_given(engine, root, given) if given is not None else view_newest(engine, root)
            engine.lock(root / name for name in (*EVERY_TABLE, derived.FOLDER))
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
        rows = {name: _checked_frame(_known(name), frame) for name, frame in tables.items()}
        engine = MemoryEngine(memory_limit_gb=settings.memory_limit_gb)
        for name, checked in rows.items():
            engine.load(TABLES[name], checked)
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

    def known_at(self, as_of: Moment) -> Store:
        """The same store as it was known at a moment: nothing of the moment itself or later is in it.

        Rows come with their own moment, and what is learned later than its row (an end, an outcome, an
        answer to the survey) is null until then: ``store/known.py`` has the rule of every table. What was
        known at a moment before is not less for being asked through a later one: of two, the earlier holds.

        Args:
            as_of: A date (midnight in the business time zone) or an aware datetime.

        Returns:
            A store of its own, to be closed (``with``); ``cutoff`` is the moment, ``versions`` are the same.

        Raises:
            RequestError: If the moment is neither a date nor an aware datetime.
        """
        asked = utc_moment(as_of, settings=self._settings)
        cutoff = min(asked, self.cutoff or asked)
        limit = self._settings.memory_limit_gb
        engine = self._engine.known(EVERY_TABLE.values(), as_of=cutoff, memory_limit_gb=limit)
        engine.lock([self._root / name for name in EVERY_TABLE] if self._root else [])
        return Store(engine, dict(self.versions), self._root, self._settings, cutoff)

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

    def derived(self, wanted: Derived, *, keep: bool = True) -> str:
        """Make derived rows readable; the name by which questions read them, which is their own.

        They are worked out from what this store shows where nobody has kept them yet; without ``keep``, for
        rows made by SQL, by every question anew.

        Raises:
            RequestError: If the SQL that makes them is refused.
            StoreError: As ``query``.
        """
        if not keep and not self._is_kept(wanted):
            if self._derived.get(wanted.name, Path()) is not None:  # null = held in memory
                derived.show_unkept(self._engine, wanted)
            return wanted.name
        with self._deriving:
            kept = self._derived.get(wanted.name, Path())
            # A file may have been swept meanwhile.
            if wanted.name not in self._derived or (kept is not None and not kept.exists()):
                root = self._root if self.cutoff is None else None
                self._derived[wanted.name] = derived.show(self, self._engine, wanted, root)
        return wanted.name

    def _is_kept(self, wanted: Derived) -> bool:
        """Whether derived rows are kept already, and so can be read at once; they are not made."""
        with self._deriving:
            kept = self._derived.get(wanted.name)
            if kept is None or not kept.exists():
                kept = derived.find(self._engine, wanted, None if self.cutoff else self._root)
            if kept is not None:
                self._derived[wanted.name] = kept
            return kept is not None

    def look_up(self, wanted: Lookup, keys: Iterable[str]) -> pa.Table | None:
        """The rows of some keys, in their order; null where nobody has kept them (see ``prepare``).

        They are all that the store shows: whoever asks as of a moment cuts for himself.

        Raises:
            RequestError: If a key is no text.
            StoreError: If the file they are kept in is damaged, or the store closed.
        """
        if self._root is None or self.cutoff is not None:
            return None
        with self._opening:
            kept = self._lookups.get(wanted.name) or lookups.find(self._engine, wanted, self._root)
            if kept:
                self._lookups[wanted.name] = kept
        return kept.rows_of(keys) if kept else None

    def prepare(self, *wanted: Derived | Lookup) -> list[str]:
        """Keep rows beside the store before anybody asks for them; the names of those kept.

        Those of small tables, which take no time, are left to the questions; in memory nothing is kept.

        Raises:
            RequestError: If the SQL that makes them is refused.
            StoreError: As ``query``.
        """
        root = self._root
        if root is None or self.cutoff is not None:
            return []
        return [each.name for each in wanted if self._keep(each, root)]

    def _keep(self, wanted: Derived | Lookup, root: Path) -> bool:
        if isinstance(wanted, Lookup):
            return lookups.make(self._engine, wanted, root)
        large = derived.is_kept(self._engine, wanted)
        return large and self._derived[self.derived(wanted)] is not None

    def append(self, table: str, frame: pd.DataFrame) -> Counts:
        """Add rows by primary key; the same rows again change nothing, and the newer version of a row wins.

        Rows are stored as they are: hashing ids and masking texts is the work of ingest.

        Rows that break the contract go to the table ``quarantine``. This store keeps showing the versions it
        was opened with.

        Raises:
            ContractError: If the table or a column is unknown, or a required column is absent.
            StoreError: If this store is in memory or of a moment, or another process keeps writing.
        """
        if self.cutoff is not None:
            raise StoreError(f"This store shows what was known at {self.cutoff}; append to the one it is of.")
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
                writer.write("quarantine", quarantine.rows(quarantine.refusals(contract, data, checked)))
        checked.flags.update(flags)
        return Counts(written.accepted, written.duplicates, len(checked.refused))

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._engine.close()
        with self._opening:
            for kept in self._lookups.values():
                kept.close()

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
