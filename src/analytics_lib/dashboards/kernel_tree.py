"""All that the code of a live page starts, whatever session it chose, stays below the page's kernel."""

from __future__ import annotations

import contextlib
import ctypes

import psutil  # type: ignore[import-untyped]  # ships no types

_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of what is left behind by processes below this one, where the system knows how."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[psutil.Process]:
    """What is below a process; nothing if it has ended."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []
