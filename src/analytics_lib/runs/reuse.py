"""An unchanged run need not be run again: an earlier one has given the answer already.

Unchanged means: the same notebook, parameters and language, the same versions of the tables of one store, the
same library, locked packages and time zone. What a notebook reads from elsewhere is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analytics_lib.runs.checks import unmet
from analytics_lib.runs.publish import publish, published_record
from analytics_lib.runs.record import NOTEBOOK_FILE, REPORT_FILE, read_record
from analytics_lib.runs.runner import begun

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from analytics_lib.runs.record import RunRecord
    from analytics_lib.runs.runner import Job

REUSED = "reused"
_SAME = (
    "notebook_hash",
    "parameters",
    "language",
    "versions",
    "store_id",
    "library_hash",
    "lock_hash",
    "time_zone",
)


def reusable(job: Job, *, outputs: Path, versions: Mapping[str, int], now: dt.datetime) -> RunRecord | None:
    """The newest run of the job on just the same, if it can stand for another one.

    Args:
        job: What would be run.
        outputs: Folder of all outputs.
        versions: The version of each table that it would read.
        now: The present.

    Returns:
        Its record, if it succeeded, the job's checks hold of its results, and its folder still has notebook,
        page and artifacts; null where it must be run: also where the same was tried later and failed, and
        where nothing says which store the versions are of.

    Raises:
        RequestError: If the job's name, a parameter or the language is wrong.
    """
    asked = begun(job, job.notebook.read_bytes(), versions=versions, now=now)
    newest = next((found for found in _of_job(outputs, job.name) if _is_same(found, asked)), None)
    if newest is None or newest.status != "succeeded" or not _is_whole(outputs / newest.folder):
        return None
    return None if unmet(newest.results or {}, job.expects) else newest


def standing_for(record: RunRecord, *, slot_at: dt.datetime, attempt: int) -> RunRecord:
    """The record as the answer of a slot that it was not run for; its reason is ``reused``."""
    told = f"Nothing it rests on has changed since {record.run}, which stands for it."
    slot = slot_at.isoformat(timespec="seconds")
    return replace(record, slot_at=slot, attempt=attempt, reason=REUSED, error=told)


def show(record: RunRecord, outputs: Path) -> None:
    """Publish a succeeded run, unless it is the published one already.

    Raises:
        OSError: If the disk is full; what was published stays.
    """
    published = published_record(outputs, record.job)
    if published is None or published.run != record.run:
        publish(outputs, record)


def _of_job(outputs: Path, job: str) -> list[RunRecord]:
    folders = (path for path in (outputs / "runs" / job).glob("*") if path.is_dir())
    return sorted((read_record(path) for path in folders), key=lambda one: one.started_at, reverse=True)


def _is_same(found: RunRecord, asked: RunRecord) -> bool:
    if bool(asked.versions) and asked.store_id is None:
        return False
    return all(getattr(found, name) == getattr(asked, name) for name in _SAME)


def _is_whole(folder: Path) -> bool:
    files = (folder / NOTEBOOK_FILE, folder / REPORT_FILE)
    return all(file.is_file() and file.stat().st_size for file in files) and (folder / "artifacts").is_dir()
