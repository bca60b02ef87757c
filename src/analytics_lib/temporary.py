"""Temporary folders that go with the process that made them; what a killed one leaves, the next run removes.

A folder is locked for as long as its process lives, and a lock ends with its process, however that ends: a
folder of ours that nobody holds was left behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OURS = "analytics-tmp-"
# A folder is made in it that only we can enter.
_SHORT = Path("/tmp")  # noqa: S108


@contextlib.contextmanager
def temporary_folder(kind: str, *, parent: Path | None = None) -> Iterator[Path]:
    """A private folder that is removed in the end; before it is made, what killed processes left is removed.

    Args:
        kind: What it is for, as part of its name.
        parent: Where it is made; null = where the system keeps temporary files.

    Raises:
        OSError: If it cannot be made.
    """
    place = parent or Path(tempfile.gettempdir())
    _sweep(place)
    folder, remove = held_folder(kind, place=place)
    try:
        yield folder
    finally:
        remove()


def held_folder(kind: str, *, place: Path) -> tuple[Path, Callable[[], None]]:
    """A private folder that this process holds, and what removes it; nothing else is removed before.

    Raises:
        OSError: If it cannot be made.
    """
    # It gets the name that is looked for once it is locked.
    fresh = Path(tempfile.mkdtemp(prefix=f".{_OURS}{kind}-", dir=place))
    lock = os.open(fresh, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = fresh.rename(place / fresh.name[1:])
    return folder, partial(_remove, folder, lock)


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def place_for_sockets() -> Path | None:
    """Where paths stay below the 108 characters that one of a socket may have; null = as anywhere."""
    return _SHORT if _SHORT.is_dir() else None


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_OURS}*"):
        # One that is held, belongs to somebody else, or goes at this moment.
        with contextlib.suppress(OSError), _locked(folder) as lock:
            if os.fstat(lock).st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[int]:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    finally:
        os.close(lock)
