"""Which version of each table a store shows when it is opened: those asked for, else the newest whole set."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import delta
from analytics_lib.store.recovery import refuse_older
from analytics_lib.store.versions import VersionSet, recorded_sets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deltalake import DeltaTable

    from analytics_lib.store.engine import Engine


class StoreWarning(UserWarning):
    """The store could not be opened as it was last recorded; an older good state is shown."""


def view_given(engine: Engine, root: Path, versions: Mapping[str, int]) -> dict[str, int]:
    """Show each table at its given version, the others empty; the versions.

    Raises:
        RequestError: If a table is unknown, or a version does not exist.
    """
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


def view_newest(engine: Engine, root: Path) -> dict[str, int]:
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
    return view_given(engine, root, {})


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
