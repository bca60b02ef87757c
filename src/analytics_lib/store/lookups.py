"""Single rows out of kept files, by an engine of one thread: to wake a second takes longer than the look."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from analytics_lib.store.derived import FOLDER
from analytics_lib.store.derived_files import show_file
from analytics_lib.store.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

_LIMIT_GB = 0.5


class Lookups:
    """The kept rows of one store that are looked up; nothing else can be read through it."""

    def __init__(self, root: Path) -> None:
        self._engine = Engine(memory_limit_gb=_LIMIT_GB)
        self._engine.run("set threads = 1")
        self._engine.lock([root / FOLDER])
        self._shown: dict[str, Path] = {}
        self._showing = Lock()

    def ask(self, sql: str, parameters: Mapping[str, object], *, files: Mapping[str, Path]) -> pa.Table:
        """The rows of one SELECT over files by name; raises what ``Engine.select_arrow`` does."""
        with self._showing:
            for name, file in files.items():
                if self._shown.get(name) != file:
                    show_file(self._engine, name, file)
                    self._shown[name] = file
        return self._engine.select_arrow(sql, parameters)

    def close(self) -> None:
        """Give back memory."""
        self._engine.close()
