"""Where a project keeps its things, seen from its root, and what time it is."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import Any

from analytics_lib.config import load_settings
from analytics_lib.errors import AnalyticsError
from analytics_lib.runs.catalog import Surroundings
from analytics_lib.runs.jobs import ScheduledJob, load_jobs
from analytics_lib.store import Store
from analytics_lib.store.counts import source_files

NOTEBOOKS = Path("notebooks")
PARAMETERS = Path("params")
SOURCES = PARAMETERS / "sources"
JOBS = PARAMETERS / "jobs.yaml"


def surroundings() -> Surroundings:
    """What the catalogue says beyond the runs: the jobs of the project, and the files its store was fed."""
    settings = load_settings()
    jobs: list[ScheduledJob] = []
    files: list[dict[str, Any]] = []
    with contextlib.suppress(AnalyticsError):
        if JOBS.exists():
            jobs = load_jobs(JOBS, notebooks=NOTEBOOKS, time_zone=settings.time_zone)
    with contextlib.suppress(AnalyticsError), Store.open(settings.store) as store:
        files = source_files(store)
    return Surroundings(jobs, files, now())


def now() -> dt.datetime:
    """The present, UTC."""
    return dt.datetime.now(dt.UTC)
