"""A disk that is full: how an error tells it, and how a run keeps room for its own record.

A run that cannot write down that it failed would be listed as running for as long as its supervisor lives.
So each run folder holds back some room until the end.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# How the child process of a run says it where it cannot write a word.
FULL_EXIT_CODE = errno.ENOSPC
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ROOM_FILE = ".room"
_ROOM_BYTES = 64 * 1024


def is_full(problem: BaseException | str) -> bool:
    """Whether an error, or the text of one from another process or library, says that the disk is full."""
    if isinstance(problem, OSError) and problem.errno in _FULL:
        return True
    return any(os.strerror(number) in str(problem) or f"[Errno {number}]" in str(problem) for number in _FULL)


def hold_room(folder: Path) -> None:
    """Take up some room in a run's folder.

    Raises:
        OSError: If there is none.
    """
    # Zeros would take up nothing where the file system packs them.
    (folder / _ROOM_FILE).write_bytes(os.urandom(_ROOM_BYTES))


def free_room(folder: Path) -> None:
    """Give the room back, so that what follows fits into it."""
    (folder / _ROOM_FILE).unlink(missing_ok=True)
