"""Which run folders may go: those beyond the number that a job keeps, except what somebody may still want."""

from __future__ import annotations

import shutil
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from analytics_lib.runs.publish import published_record
from analytics_lib.runs.record import all_records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analytics_lib.runs.record import RunRecord


def disposable(outputs: Path, keep_runs: Mapping[str, int]) -> list[RunRecord]:
    """The runs that may be deleted, by job, newest first.

    Args:
        outputs: Folder of all outputs.
        keep_runs: So many runs of each job stay; jobs that are not named keep all of theirs.

    Returns:
        Runs beyond that number, never one that is running, the published one, nor the job's last failure.
    """
    by_job = groupby(sorted(all_records(outputs), key=attrgetter("job")), key=attrgetter("job"))
    found = []
    for job, records in by_job:
        old = list(records)
        kept = _kept(outputs, job, old)
        beyond = old[keep_runs.get(job, len(old)) :]
        found += [record for record in beyond if record.status != "running" and record.run not in kept]
    return found


def delete(outputs: Path, records: list[RunRecord]) -> None:
    """Delete run folders; what they published stays."""
    for record in records:
        shutil.rmtree(outputs / record.folder)


def _kept(outputs: Path, job: str, records: list[RunRecord]) -> set[str]:
    shown = published_record(outputs, job)
    bad = next((record for record in records if record.status in {"failed", "timed_out", "lost"}), None)
    return {record.run for record in (shown, bad) if record}
