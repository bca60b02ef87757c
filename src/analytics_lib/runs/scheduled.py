"""One run of a job for a slot: its parameters filled in, the notebook run, what it made published.

Nobody watches it, so whatever goes wrong ends in a record and never in an exception.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from analytics_lib.errors import AnalyticsError, RequestError
from analytics_lib.runs.catalog import write_index
from analytics_lib.runs.inputs import pinned
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord, write_record
from analytics_lib.runs.runner import Job, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Event

    from analytics_lib.runs.jobs import ScheduledJob

_RECENT = 5


@dataclass(frozen=True)
class Places:
    """Where a project keeps what runs need."""

    notebooks: Path = Path("notebooks")
    params: Path = Path("params")
    outputs: Path = Path("outputs")


def run_slot(
    job: ScheduledJob,
    slot_at: dt.datetime,
    *,
    attempt: int,
    places: Places,
    now: Callable[[], dt.datetime],
    stopping: Event | None = None,
) -> RunRecord:
    """Run a job for one of its slots, publish what it made if the job says so, and write the catalogue.

    Returns:
        The record of the run. Where none could begin it has no name: ``failed``, for ``bad_parameter`` or
        ``not_started``.
    """
    try:
        asked = _asked(job, slot_at, attempt, places)
        versions = pinned(asked.parameters)
        record = run(asked, outputs=places.outputs, versions=versions, now=now, stopping=stopping)
    except (AnalyticsError, OSError) as error:
        return _not_started(job, slot_at, attempt, now(), error)
    return _shown(record, job, places.outputs)


def _shown(record: RunRecord, job: ScheduledJob, outputs: Path) -> RunRecord:
    """The record, once what the run made is where readers look for it."""
    try:
        if job.publish and record.status == "succeeded":
            publish(outputs, record)
        write_index(outputs)
    except OSError as error:
        record = replace(record, status="failed", reason="not_published", error=str(error))
        with contextlib.suppress(OSError):
            write_record(outputs, record)
    return record


def peaks(records: Iterable[RunRecord]) -> dict[str, float]:
    """The most memory, MB, that the last few successful runs of each job took; ``records`` newest first."""
    found: dict[str, list[float]] = {}
    for record in records:
        if record.status == "succeeded" and record.peak_memory_mb:
            found.setdefault(record.job, []).append(record.peak_memory_mb)
    return {job: max(measured[:_RECENT]) for job, measured in found.items()}


def local_day(job: ScheduledJob, slot_at: dt.datetime) -> dt.date:
    """The day of a slot on the job's own wall clock."""
    return slot_at.astimezone(ZoneInfo(job.time_zone)).date()


def _asked(job: ScheduledJob, slot_at: dt.datetime, attempt: int, places: Places) -> Job:
    notebook = places.notebooks / f"{job.notebook}.ipynb"
    usual = default_parameters(places.params / f"{job.notebook}.yaml")
    values = usual | job.parameters_at(local_day(job, slot_at))
    language = resolve(declared(notebook), values).get("language", "es")
    return Job(
        name=job.name,
        notebook=notebook,
        parameters=values,
        timeout_seconds=job.timeout_minutes * 60,
        language=str(language),
        slot_at=slot_at,
        attempt=attempt,
    )


def _not_started(
    job: ScheduledJob, slot_at: dt.datetime, attempt: int, now: dt.datetime, error: Exception
) -> RunRecord:
    return RunRecord(
        job=job.name,
        run="",
        status="failed",
        started_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        reason="bad_parameter" if isinstance(error, RequestError) else "not_started",
        error=str(error),
        slot_at=slot_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        attempt=attempt,
    )
