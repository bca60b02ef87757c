"""Between the record and the logs: what a writer that died left behind, and whether a table has gone back.

A commit that no recorded set names was never acknowledged. Readers do not see it, and the next writer undoes
it before it adds anything, so that a batch is in the store as a whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.errors import StoreError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import delta
from analytics_lib.store.versions import record_set, recorded_sets

if TYPE_CHECKING:
    from pathlib import Path

    from analytics_lib.store.versions import VersionSet


def newest_versions(root: Path) -> VersionSet:
    """The newest committed version of every table that exists, recorded or not."""
    found: VersionSet = {}
    for name in EVERY_TABLE:
        opened = delta.open_table(root, name)
        if opened is not None:
            found[name] = {"id": str(opened.metadata().id), "version": opened.version()}
    return found


def record_newest(root: Path) -> None:
    """Record the newest version of every table as the state that readers see.

    Raises:
        StoreError: If a table is another one than the recorded one of its name.
    """
    versions = newest_versions(root)
    for name, recorded in next(iter(recorded_sets(root)), {}).items():
        if versions.get(name, {}).get("id") != recorded["id"]:
            raise StoreError(
                f"VERSION_WENT_BACK: table {name} is no longer the table {recorded['id']} that was recorded. "
                "Restore the whole store from one backup."
            )
    record_set(root, versions)


def refuse_older(root: Path, known: VersionSet) -> None:
    """Refuse a store whose log of a table ends before the version recorded of it.

    Raises:
        StoreError: ``VERSION_WENT_BACK``, naming the table and both versions.
    """
    for name, recorded in known.items():
        newest = delta.last_commit(root, name)
        if newest < int(recorded["version"]):
            there = f"ends at version {newest}" if newest >= 0 else "is gone"
            raise StoreError(
                f"VERSION_WENT_BACK: table {name} was recorded at version {recorded['version']} and its log "
                f"{there}. An older state is not shown as if it were the newest: restore the whole store "
                "from one backup, or open it with the versions you want."
            )


def take_up(root: Path) -> None:
    """Bring every table to its recorded version, before anything is written.

    A store without a record is taken as it stands, and recorded.

    Raises:
        StoreError: If a table has gone back behind its record, or its log is damaged.
    """
    sets = recorded_sets(root)
    if not sets:
        record_newest(root)
        return
    refuse_older(root, sets[0])
    for name in EVERY_TABLE:
        recorded = sets[0].get(name)
        if recorded is None:
            delta.clear(root, name)
        elif delta.last_commit(root, name) > int(recorded["version"]):
            delta.restore(root, name, int(recorded["version"]))
