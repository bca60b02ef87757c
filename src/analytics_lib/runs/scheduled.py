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
from analytics_lib.runs.catalog import Surroundings, write_index
from analytics_lib.runs.inputs import snapshot
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.record import RunRecord, write_record
from analytics_lib.runs.reuse import reusable, show, standing_for
from analytics_lib.runs.runner import Job, run
from analytics_lib.runs.verdict import failed_for

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
    surroundings: Callable[[], Surroundings] = Surroundings


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

    A job that says ``reuse`` is not run where an unchanged run of it stands.

    Returns:
        The record of the run; of an earlier one that stands for it, with the reason ``reused``. Where none
        could begin it has no name: ``failed``, for ``bad_parameter``, ``out_of_space`` or ``not_started``.
    """
    try:
        asked = _asked(job, slot_at, attempt, places)
        data = snapshot(asked.parameters)
        asked, versions = replace(asked, rows=data.rows), data.versions
        earlier = reusable(asked, outputs=places.outputs, versions=versions, now=now()) if job.reuse else None
        if earlier:
            shown = _shown(earlier, job, places)
            return standing_for(shown, slot_at=slot_at, attempt=attempt) if shown == earlier else shown
        record = run(asked, outputs=places.outputs, versions=versions, now=now, stopping=stopping)
    except (AnalyticsError, OSError) as error:
        return _not_started(job, slot_at, attempt, now(), error)
    return _shown(record, job, places)


def _shown(record: RunRecord, job: ScheduledJob, places: Places) -> RunRecord:
    """The record, once what the run made is where readers look for it."""
    outputs = places.outputs
    try:
        if job.publish and record.status == "succeeded":
            show(record, outputs)
    except OSError as error:
        record = failed_for(record, error, "not_published")
        with contextlib.suppress(OSError):
            write_record(outputs, record)
    # The catalogue tells what is there; one that cannot be written is behind until the next run ends.
    with contextlib.suppress(OSError):
        write_index(outputs, around=places.surroundings())
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
        cell_timeout_seconds=job.cell_timeout_minutes and job.cell_timeout_minutes * 60,
        expects=job.expects,
        language=str(language),
        slot_at=slot_at,
        attempt=attempt,
    )


def _not_started(
    job: ScheduledJob, slot_at: dt.datetime, attempt: int, now: dt.datetime, error: Exception
) -> RunRecord:
    record = RunRecord(
        job=job.name,
        run="",
        status="failed",
        started_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        slot_at=slot_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        attempt=attempt,
    )
    return failed_for(record, error, "bad_parameter" if isinstance(error, RequestError) else "not_started")
