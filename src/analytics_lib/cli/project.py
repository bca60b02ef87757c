"""Where a project keeps its things, seen from its root, and what time it is."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics_lib.config import load_settings
from analytics_lib.errors import AnalyticsError, RequestError
from analytics_lib.runs.catalog import Surroundings
from analytics_lib.runs.jobs import ScheduledJob, load_jobs
from analytics_lib.runs.ledger import Slot, queued_slots
from analytics_lib.runs.scheduled import Places
from analytics_lib.store import Store
from analytics_lib.store.counts import source_files

if TYPE_CHECKING:
    from analytics_lib.runs.record import RunRecord

NOTEBOOKS = Path("notebooks")
PARAMETERS = Path("params")
SOURCES = PARAMETERS / "sources"
JOBS = PARAMETERS / "jobs.yaml"


def surroundings() -> Surroundings:
    """What the catalogue says beyond the runs: the project's jobs, what waits, the files of its store.

    What cannot be read is left out: a wrong file of jobs or a damaged store must not cost a run its page, and
    the commands that need them say what is wrong.
    """
    known: list[ScheduledJob] = []
    files: list[dict[str, Any]] = []
    waiting: list[Slot] = []
    with contextlib.suppress(AnalyticsError):
        known = jobs()
    with contextlib.suppress(AnalyticsError):
        waiting = queued_slots(load_settings().outputs, now=now())
    with contextlib.suppress(AnalyticsError), Store.open(load_settings().store) as store:
        files = source_files(store)
    return Surroundings(known, files, now(), waiting)


def places() -> Places:
    """Where runs find what they need and leave what they make."""
    return Places(NOTEBOOKS, PARAMETERS, load_settings().outputs, surroundings)


def jobs() -> list[ScheduledJob]:
    """The jobs of the project.

    Raises:
        RequestError: If there is no file of jobs, or anything in it is wrong.
    """
    if not JOBS.exists():
        raise RequestError(f"There is no {JOBS}. Write one; docs/scheduling.md shows how.")
    return load_jobs(JOBS, notebooks=NOTEBOOKS, time_zone=load_settings().time_zone)


def say(record: RunRecord) -> None:
    """Print what became of a run, in a line."""
    slot = f" for {record.slot_at}" if record.slot_at else ""
    why = f" ({record.reason}): {record.error}" if record.reason else ""
    click.echo(f"{record.job}{slot}: {record.status}{why}", err=record.status != "succeeded")


def now() -> dt.datetime:
    """The present, UTC."""
    return dt.datetime.now(dt.UTC)
