"""Looking after a store: what it holds, joining small files, sweeping old ones, and whether it is whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from analytics_lib.errors import StoreError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import delta, derived
from analytics_lib.store.versions import META, recorded_sets
from analytics_lib.store.writer import open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEEP_HOURS = 168
_CHECKPOINT = re.compile(r"^(\d{20})\.checkpoint.*\.parquet$")


@dataclass(frozen=True)
class TableInfo:
    """One table as it stands: version, rows, data files and their size in bytes."""

    table: str
    version: int
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Problem:
    """Something wrong with a store: in which table, the code, what was found and what to do."""

    table: str
    code: str
    message: str


def info(root: Path) -> list[TableInfo]:
    """What readers of the store see, a table a row, in the contract's order."""
    newest = next(iter(recorded_sets(root)), {})
    return [_table_info(root, name, int(newest[name]["version"])) for name in EVERY_TABLE if name in newest]


def _table_info(root: Path, name: str, version: int | None = None) -> TableInfo:
    opened = delta.open_table(root, name, version)
    if opened is None:
        raise StoreError(f"Table {name} vanished while the store was read.")
    sizes = opened.get_add_actions(flatten=True)
    rows = sum(value or 0 for value in sizes.column("num_records").to_pylist())
    total = sum(sizes.column("size_bytes").to_pylist())
    return TableInfo(name, opened.version(), rows, sizes.num_rows, total)


def compact(
    root: Path, *, memory_limit_gb: float, keep: Sequence[Mapping[str, int]] = ()
) -> dict[str, tuple[int, int]]:
    """Join small files, then delete those no reader of the last week and no run of ``keep`` needs.

    Args:
        root: The store.
        memory_limit_gb: Memory the writer may use.
        keep: Versions by table that runs may want to repeat.

    Returns:
        For each table: files joined away, files deleted.
    """
    done: dict[str, tuple[int, int]] = {}
    with open_writer(root, memory_limit_gb=memory_limit_gb):
        for before in info(root):
            delta.compact(root, before.table)
            after = _table_info(root, before.table)
            kept = sorted({versions[before.table] for versions in keep if before.table in versions})
            kept += [
                int(known[before.table]["version"]) for known in recorded_sets(root) if before.table in known
            ]
            swept = delta.sweep(root, before.table, keep_hours=_KEEP_HOURS, keep_versions=sorted(set(kept)))
            done[before.table] = (before.files - after.files, swept)
        derived.sweep(root)
    return done


def verify(root: Path) -> list[Problem]:
    """Everything that is wrong with the store's files; an empty list means it is whole. Changes nothing."""
    try:
        newest = next(iter(recorded_sets(root)), {})
    except StoreError as error:
        return [Problem(META, "LOG_DAMAGED", str(error))]
    problems: list[Problem] = []
    if not newest and any(delta.last_commit(root, name) >= 0 for name in EVERY_TABLE):
        problems.append(Problem(META, "LOG_DAMAGED", "The record of the tables' versions is gone."))
    for name in EVERY_TABLE:
        if (root / name).exists():
            problems += _log_problems(root / name)
        problems += _version_problems(root, name, newest.get(name))
    strange = (
        {path.name for path in root.iterdir() if path.is_dir()} - {*EVERY_TABLE, META, derived.FOLDER}
        if root.exists()
        else set()
    )
    return problems + [
        Problem(name, "UNKNOWN_FOLDER", "No table of the contract; nothing reads it.")
        for name in sorted(strange)
    ]


def _log_problems(folder: Path) -> Iterator[Problem]:
    commits = {
        int(m[1]): path for path in (folder / "_delta_log").glob("*") if (m := delta.COMMIT.match(path.name))
    }
    if not commits:
        yield Problem(
            folder.name, "LOG_DAMAGED", "There is no commit in the table's log. Restore it from a backup."
        )
        return
    for version, path in sorted(commits.items()):
        fault = _commit_fault(path)
        if fault:
            yield Problem(folder.name, "LOG_DAMAGED", f"Commit {version} is {fault}. Restore a backup.")
    gaps = set(range(min(commits), max(commits) + 1)) - commits.keys()
    if gaps:
        yield Problem(
            folder.name, "LOG_DAMAGED", f"Commits {sorted(gaps)[:5]} are missing. Restore a backup."
        )
    starts = [int(m[1]) for path in (folder / "_delta_log").glob("*") if (m := _CHECKPOINT.match(path.name))]
    if min(commits) > 0 and not any(start >= min(commits) - 1 for start in starts):
        yield Problem(folder.name, "LOG_DAMAGED", f"The log starts at {min(commits)} without a checkpoint.")


def _commit_fault(path: Path) -> str | None:
    """What is wrong with a commit, if anything: it is empty, or a line of it is no JSON."""
    lines = path.read_bytes().splitlines()
    try:
        for line in lines:
            orjson.loads(line)
    except orjson.JSONDecodeError:
        return "torn"
    return None if lines else "empty"


def _version_problems(root: Path, name: str, recorded: Mapping[str, str | int] | None) -> Iterator[Problem]:
    try:
        opened = delta.open_table(root, name)
    except StoreError as error:
        yield Problem(name, "LOG_DAMAGED", str(error))
        return
    if recorded is not None and (opened is None or opened.version() < int(recorded["version"])):
        there = "is gone" if opened is None else f"is at version {opened.version()}"
        yield Problem(
            name,
            "VERSION_WENT_BACK",
            f"It was recorded at version {recorded['version']} and {there}. Restore all from one backup.",
        )
    if opened is None:
        return
    if recorded is not None and str(opened.metadata().id) != recorded["id"]:
        yield Problem(
            name, "VERSION_WENT_BACK", "It is another table than the recorded one. Restore a backup."
        )
    sizes = opened.get_add_actions(flatten=True)
    expected = dict(
        zip(sizes.column("path").to_pylist(), sizes.column("size_bytes").to_pylist(), strict=True)
    )
    for file in delta.files(opened):
        path = Path(file)
        wanted = next((size for part, size in expected.items() if file.endswith(part)), None)
        if not path.exists():
            yield Problem(
                name, "FILE_MISSING", f"{path.name} is gone. Restore it; `repair` would forget its rows."
            )
        elif wanted is not None and path.stat().st_size != wanted:
            yield Problem(
                name, "FILE_DAMAGED", f"{path.name} has {path.stat().st_size} bytes, expected {wanted}."
            )
