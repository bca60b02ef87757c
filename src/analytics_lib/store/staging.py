"""Folders for rows on their way into the store, and what processes that died left of them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.store.versions import META

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A folder for rows on their way into the store; gone afterwards, and swept if its process died."""
    parent = root / META / "staging"
    parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        with _locked(parent):  # so that no folder is swept before it is locked
            folder = Path(tempfile.mkdtemp(dir=parent))
            held.callback(shutil.rmtree, folder, ignore_errors=True)
            held.enter_context(_locked(folder))
        yield folder


def sweep_staging(root: Path) -> None:
    """Remove the folders whose process died: the system gave their locks back."""
    parent = root / META / "staging"
    if not parent.exists():
        return
    with _locked(parent):
        for folder in parent.iterdir():
            with contextlib.suppress(BlockingIOError), _locked(folder, wait=False):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock; BlockingIOError if it is not to wait and another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
