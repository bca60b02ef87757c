"""Derived rows: worked out of the tables once for every state of them, and kept beside the store.

A kept file is never stale: its name says what it was made of, the data files of the tables it reads and the
sources of this library. Whoever first needs it makes it, also at once with somebody else; it can be deleted
at any time. Small tables, frames in memory and what was known at a moment are worked out once a store, and
kept in its memory.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.hashes import library_hash
from analytics_lib.store.derived_files import GROUP_ROWS, keep, show_file, write_parquet
from analytics_lib.store.engine import quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from analytics_lib.store.engine import Engine
    from analytics_lib.store.store import Store

FOLDER = "_derived"
# From so many rows on, to read them takes long.
WORTH_KEEPING_ROWS = 200_000
_SUFFIX = ".parquet"
# Somebody may still read what belongs to an earlier state of the tables.
_KEEP_SECONDS = 2 * 3600


@dataclass(frozen=True)
class Derived:
    """Rows that questions share, named in SQL like a table (see ``derived_tables`` for their columns).

    Attributes:
        name: What SQL calls them.
        reads: The tables of the contract they are made of, and no others.
        make: One SELECT without parameters, or a function of a store; the same rows from the same tables.
    """

    name: str
    reads: tuple[str, ...]
    make: str | Callable[[Store], pa.Table]


def kept_path(root: Path, name: str, sources: list[str], *, suffix: str = _SUFFIX) -> Path:
    """Where the rows of a name made of ``sources``, the data files of the tables read, are kept."""
    digest = hashlib.sha256(f"{name} {_library()}".encode())
    for source in sources:
        # A store may be moved as a whole.
        digest.update(source.replace(str(root), "").encode() + b"\0")
    return root / FOLDER / f"{name}-{digest.hexdigest()[:32]}{suffix}"


def find(engine: Engine, derived: Derived, root: Path | None) -> Path | None:
    """Make the rows readable where somebody has kept them; their file, null where nobody has."""
    if root is None:
        return None
    file = kept_path(root, derived.name, engine.sources(derived.reads))
    return file if file.exists() and _shown(engine, derived.name, file) else None


def is_kept(engine: Engine, derived: Derived) -> bool:
    """Whether the tables are so large that what is made of them is kept on disk."""
    return count_rows(engine, derived.reads) >= WORTH_KEEPING_ROWS


def show(store: Store, engine: Engine, derived: Derived, root: Path | None) -> Path | None:
    """Make the rows readable under their name; the file they are kept in, None where they are not kept.

    Args:
        store: What ``make`` asks.
        engine: Its engine.
        derived: The rows.
        root: The folder beside which they may be kept; null = they are not.
    """
    file = _file(engine, derived, root)
    if file and file.exists() and _shown(engine, derived.name, file):
        return file
    made = derived.make if isinstance(derived.make, str) else derived.make(store)
    if root and file and _kept(root, engine, derived.name, file, made):
        return file
    if isinstance(made, str):
        engine.hold_made(derived.name, made)
    else:
        engine.hold(derived.name, made)
    return None


def show_unkept(engine: Engine, derived: Derived) -> None:
    """Make rows made by SQL readable under their name; every question works them out."""
    engine.run(f"create or replace view {quoted(derived.name)} as {derived.make}")


def sweep(root: Path) -> int:
    """Delete what is two hours older than the newest of its name, or was never finished; how many files."""
    kept_at = {file: at for file in (root / FOLDER).glob("*") if (at := _kept_at(file)) is not None}
    newest: dict[str, float] = {}
    for file, at in kept_at.items():
        newest[_name(file)] = max(at, newest.get(_name(file), at))
    latest = max(newest.values(), default=0.0)
    # What is of a process that died has the name of no rows, and no newer one.
    old = [
        file
        for file, at in kept_at.items()
        if at < (latest if file.name.startswith(".") else newest[_name(file)]) - _KEEP_SECONDS
    ]
    for file in old:
        shutil.rmtree(file, ignore_errors=True) if file.is_dir() else file.unlink(missing_ok=True)
    return len(old)


def count_rows(engine: Engine, tables: tuple[str, ...]) -> int:
    """Rows of all these tables."""
    counts = (engine.arrow(f"select count(*) as n from {quoted(name)}") for name in tables)
    return sum(count["n"][0].as_py() for count in counts)


def _file(engine: Engine, derived: Derived, root: Path | None) -> Path | None:
    """Where rows that are worth it are kept."""
    if root is None or not is_kept(engine, derived):
        return None
    return kept_path(root, derived.name, engine.sources(derived.reads))


def _kept(root: Path, engine: Engine, name: str, file: Path, made: str | pa.Table) -> bool:
    """Whether the rows could be kept and are shown from there."""
    rows = engine.stream(made, GROUP_ROWS) if isinstance(made, str) else made.to_reader(GROUP_ROWS)
    kept = keep(file, partial(write_parquet, rows=rows)) and _shown(engine, name, file)
    if kept:
        sweep(root)
    return kept


def _shown(engine: Engine, name: str, file: Path) -> bool:
    """Whether the file could be shown; one that is damaged, or swept this moment, is made again."""
    try:
        show_file(engine, name, file)
    except (RequestError, StoreError):
        return False
    return True


def _name(file: Path) -> str:
    return file.name.rpartition("-")[0]


def _kept_at(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # somebody else sweeps too
        return None


@cache
def _library() -> str:
    return library_hash()
