"""The folder that an engine spills into: nobody else can enter it, and it goes with the engine."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import TypeVar

from analytics_lib.temporary import held_folder

T = TypeVar("T")


def spill_folder(engine: T) -> tuple[str, weakref.finalize[..., T]]:
    """A folder, and what removes it: called, or by itself once the engine is gone, as a notebook closes few.

    It is made ahead: DuckDB would make it when it first spills, and for everybody to read.
    """
    folder, remove = held_folder("spill", place=Path(tempfile.gettempdir()))
    return str(folder), weakref.finalize(engine, remove)
