"""The folder that an engine spills into: nobody else can enter it, and it goes with the engine."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def spill_folder(engine: T) -> tuple[str, weakref.finalize[..., T]]:
    """A folder, and what removes it: called, or by itself once the engine is gone, as a notebook closes few.

    It is made ahead: DuckDB would make it when it first spills, and for everybody to read. By its name and by
    its lock, which ends with this process, ``runs/temporary`` knows it if the process is killed.
    """
    fresh = Path(tempfile.mkdtemp(prefix=".analytics-tmp-spill-"))
    lock = os.open(fresh, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = str(fresh.rename(fresh.with_name(fresh.name[1:])))
    return folder, weakref.finalize(engine, _remove, folder, lock)


def _remove(folder: str, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
