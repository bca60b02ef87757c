"""The catalogue of runs: one static page that says what there is, how fresh it is and what failed."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from analytics_lib.atomic import write_atomically
from analytics_lib.config import load_settings
from analytics_lib.runs.publish import published_record
from analytics_lib.runs.record import RunRecord, all_records
from analytics_lib.runs.report import data_facts, page

if TYPE_CHECKING:
    from pathlib import Path

_INDEX_FILE = "index.html"
_LONGEST_HISTORY = 30


def runs(outputs: Path) -> list[dict[str, Any]]:
    """One row a run, newest first: the fields of its record. A run whose process is gone is ``lost``."""
    return [asdict(record) for record in all_records(outputs)]


def write_index(outputs: Path, *, language: str = "es") -> Path:
    """Write ``outputs/index.html`` from the run folders and what is published; the path of the page.

    Raises:
        OSError: If the disk is full; the page of before is then still there.
    """
    outputs.mkdir(parents=True, exist_ok=True)
    by_job = groupby(sorted(all_records(outputs), key=attrgetter("job")), key=attrgetter("job"))
    jobs = [_job(outputs, job, list(records)) for job, records in by_job]
    html = page("index.html.j2", language=language, jobs=jobs, time_zone=load_settings().time_zone)
    write_atomically(outputs / _INDEX_FILE, html)
    return outputs / _INDEX_FILE


def _job(outputs: Path, job: str, records: list[RunRecord]) -> dict[str, Any]:
    """What the catalogue says of a job; ``records`` newest first, as all_records gives them."""
    bad = [record for record in records if record.status in {"failed", "timed_out", "lost"}]
    good = published_record(outputs, job)
    return {
        "name": job,
        "latest": records[0],
        "good": good,
        "good_facts": data_facts(good) if good else {},
        "failure": bad[0] if bad else None,
        "failure_page": _page_of(outputs, bad[0]) if bad else None,
        # A failure older than the good result is history, not news.
        "failing": bool(bad) and (good is None or bad[0].started_at >= good.started_at),
        "history": list(reversed(records[:_LONGEST_HISTORY])),
    }


def _page_of(outputs: Path, record: RunRecord) -> str:
    report = record.folder / "report.html"
    return (report if (outputs / report).exists() else record.folder).as_posix()
