"""Which version of every table belongs together, and who may write.

No commit spans two tables, so a writer commits its tables and then records their versions as one set, in
one atomic file; a reader opens the newest recorded set. The Delta logs stay the truth of each table.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import time
from typing import TYPE_CHECKING

from analytics_lib.atomic import write_atomically
from analytics_lib.errors import RequestError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

META = "_meta"
_KEPT_SETS = 20
_MISREAD = set("%[]*?^|\\")  # by the libraries below, in a path
_WAIT_SECONDS = 30.0

# {table: {"id": Delta's table id, "version": n}}
VersionSet = dict[str, dict[str, str | int]]


def check_folder(root: Path) -> Path:
    """The folder itself, once its name is known to mean the same to every library that opens it.

    Raises:
        RequestError: If its path holds a character that one of them takes for a pattern or an escape.
    """
    odd = sorted(set(str(root)) & _MISREAD)
    if odd:
        raise RequestError(
            f"The store cannot be in {str(root)!r}: {' '.join(odd)} is misread in a path. Choose another."
        )
    if root.exists() and not root.is_dir():
        raise RequestError(f"{str(root)!r} is a file; a store is a folder.")
    return root


def recorded_sets(root: Path) -> list[VersionSet]:
    """The recorded sets of versions, newest first; none where nothing was ever written.

    Raises:
        StoreError: If the record cannot be read.
    """
    path = root / META / "versions.json"
    if not path.exists():
        return []
    try:
        sets: list[VersionSet] = json.loads(path.read_text())["sets"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise StoreError(
            f"LOG_DAMAGED: {path.name} of the store cannot be read ({error}). Restore it from a backup, or "
            "delete it: the next write records the newest version of every table."
        ) from error
    return sets


def record_set(root: Path, versions: VersionSet) -> None:
    """Record ``versions`` as the newest set, atomically and durably."""
    sets = recorded_sets(root)
    if sets and sets[0] == versions:
        return
    path = root / META / "versions.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"sets": [versions, *sets][:_KEPT_SETS]}, indent=1))


@contextlib.contextmanager
def writing(root: Path, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Hold the store's write lock; the system gives it back when the process ends, however it ends.

    Raises:
        StoreError: If another process keeps it longer than ``wait_seconds``; the message names it.
    """
    folder = check_folder(root) / META
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as file:
        _acquire(file.fileno(), file, wait_seconds)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}")
        file.flush()
        try:
            yield
        finally:
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _acquire(descriptor: int, file: object, wait_seconds: float) -> None:
    give_up = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                file.seek(0)  # type: ignore[attr-defined]
                holder = file.read() or "another process"  # type: ignore[attr-defined]
                raise StoreError(
                    f"COMMIT_CONFLICT: {holder} has been writing to the store for over {wait_seconds:g} s. "
                    "Try again when it has finished."
                ) from None
            time.sleep(random.uniform(0.005, 0.05))  # spreads waiting writers; no secret
        else:
            return
