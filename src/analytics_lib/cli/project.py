"""Where a project keeps its things, seen from its root, and what time it is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

NOTEBOOKS = Path("notebooks")
PARAMETERS = Path("params")
SOURCES = PARAMETERS / "sources"
JOBS = PARAMETERS / "jobs.yaml"


def now() -> dt.datetime:
    """The present, UTC."""
    return dt.datetime.now(dt.UTC)
