"""The page of a job: all its runs, each report beside its parameters and what it was made of.

A page is written again only if something on it has changed: its first line names what it was made from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from analytics_lib.atomic import write_atomically
from analytics_lib.hashes import library_hash
from analytics_lib.runs.failure import data_state
from analytics_lib.runs.failure_private import one_line, private, shown_value
from analytics_lib.runs.job_page_trend import CellTime, Trend, cell_times, trend
from analytics_lib.runs.labels import labels, write_moment, write_number, write_seconds, write_wait
from analytics_lib.runs.report import page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from analytics_lib.runs.jobs import ScheduledJob
    from analytics_lib.runs.ledger import Slot
    from analytics_lib.runs.record import RunRecord

JOBS_FOLDER = "jobs"
_IN_TREND = 60
_IN_STRIP = 30
_OPEN_RUNS = 20
_FULL_RUNS = 60
_LONGEST_ERROR = 200
_OLD_ROW = '<li id="{}"><a href="{}">{}</a> {}</li>'
_MADE_FROM = "<!-- {} -->\n"


@dataclass(frozen=True)
class ShownRun:
    """A run and where its page lies below the folder of outputs."""

    record: RunRecord
    link: str


@dataclass(frozen=True)
class ShownJob:
    """A job that ran or is planned.

    Attributes:
        name: Names its folders.
        runs: Newest first.
        published: The run that readers see.
        plan: When it runs by itself.
        queued: Its slots that wait, oldest first.
    """

    name: str
    runs: list[ShownRun]
    published: RunRecord | None
    plan: ScheduledJob | None
    queued: tuple[Slot, ...] = ()

    @property
    def latest(self) -> RunRecord | None:
        """The newest run."""
        return self.runs[0].record if self.runs else None

    @property
    def good(self) -> RunRecord | None:
        """The run that is published, else the newest that succeeded."""
        good = (run.record for run in self.runs if run.record.status == "succeeded")
        return self.published or next(good, None)

    def waits(self, language: str) -> list[tuple[str, str]]:
        """The slots that wait, oldest first: the time of each, and what for."""
        return [
            (slot.slot_at.isoformat(), write_wait(slot.reason, language=language)) for slot in self.queued
        ]

    @property
    def title(self) -> str:
        """The notebook's title, else the job's name."""
        titles = [run.record.title for run in self.runs[:1]] + [self.published and self.published.title]
        return next((title for title in titles if title), self.name)


def write_job_pages(
    outputs: Path,
    jobs: Sequence[ShownJob],
    *,
    language: str,
    time_zone: str,
    files: Sequence[Mapping[str, Any]],
) -> None:
    """Write ``outputs/jobs/<job>.html`` for each job that ran, and remove pages of jobs that are gone.

    Args:
        outputs: Folder of all outputs.
        jobs: With all their runs.
        language: Of the pages' words.
        time_zone: Of the times on them.
        files: Ingested files, as ``store.source_files`` gives them.

    Raises:
        OSError: If the disk is full; the pages of before are then still there.
    """
    folder = outputs / JOBS_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ran = {job.name: job for job in jobs if job.runs}
    for name, job in ran.items():
        made_from = _MADE_FROM.format(_fingerprint(job, files, language=language, time_zone=time_zone))
        path = folder / f"{name}.html"
        if _first_line(path) != made_from:
            html = job_page(job, language=language, time_zone=time_zone, files=files)
            write_atomically(path, made_from + html)
    for path in folder.glob("*.html"):
        if path.stem not in ran:
            path.unlink(missing_ok=True)


def job_page(job: ShownJob, *, language: str, time_zone: str, files: Sequence[Mapping[str, Any]]) -> str:
    """The page of a job that has run; links on it are relative to ``outputs/jobs``."""
    records = [run.record for run in reversed(job.runs)]
    times = cell_times(records)
    links = {run.record.run: f"../{run.link}" for run in job.runs}
    good = job.good
    return page(
        "job.html.j2",
        language=language,
        time_zone=time_zone,
        job=job,
        links=links,
        history=[ShownRun(run.record, links[run.record.run]) for run in reversed(job.runs[:_IN_STRIP])],
        first_at=records[-_IN_TREND:][0].started_at,
        last_at=records[-1].started_at,
        rows=[_row(run.record, times.get(run.record.run, []), language) for run in job.runs[:_FULL_RUNS]],
        open_rows=_OPEN_RUNS,
        old_rows=[
            _old_row(run.record, links[run.record.run], time_zone=time_zone, language=language)
            for run in job.runs[_FULL_RUNS:]
        ],
        cells=times.get(good.run, []) if good else [],
        slow={name: [cell for cell in cells if cell.is_slow] for name, cells in times.items()},
        trends=_trends(records[-_IN_TREND:], language),
        files=[{**file, "file": private(str(file["file"]))} for file in files],
    )


def _trends(records: Sequence[RunRecord], language: str) -> list[dict[str, Any]]:
    def megabytes(value: float) -> str:
        return f"{write_number(value, language=language)} MB"

    def seconds(value: float) -> str:
        return write_seconds(value, language=language)

    drawn: list[tuple[str, Trend | None, Callable[[float], str]]] = [
        ("duration", trend(records, lambda record: record.seconds), seconds),
        ("memory", trend(records, lambda record: record.peak_memory_mb), megabytes),
    ]
    return [{"label": label, "trend": found, "write": write} for label, found, write in drawn if found]


def _row(record: RunRecord, times: Sequence[CellTime], language: str) -> dict[str, Any]:
    """What the page says of one run."""
    words = labels(language)
    slow = [
        words["slow_cell"].format(
            n=cell.number,
            seconds=write_seconds(cell.seconds, language=language),
            median=write_seconds(cell.median or 0.0, language=language),
        )
        for cell in times
        if cell.is_slow
    ]
    return {
        "record": record,
        "slow": slow,
        "error": one_line(private(record.error), _LONGEST_ERROR) if record.error else "",
        "parameters": [(name, shown_value(name, value)) for name, value in record.parameters.items()],
        "tables": [(name, data_state(record, name, language=language)) for name in record.versions],
    }


def _old_row(record: RunRecord, link: str, *, time_zone: str, language: str) -> str:
    """The same as HTML of a run of long ago, on a line; there may be thousands, so no template is asked."""
    words = labels(language)
    bad = record.reason or record.status
    pieces = [
        "" if record.status == "succeeded" else words.get(bad, bad),
        "" if record.seconds is None else write_seconds(record.seconds, language=language),
        ", ".join(f"{name} = {shown_value(name, value)}" for name, value in record.parameters.items()),
        ", ".join(f"{name} {version}" for name, version in record.versions.items()),
        f"{words['notebook']} {record.notebook_hash[:8]}, {words['library']} {record.library_hash[:8]}",
    ]
    at = write_moment(record.started_at, time_zone=time_zone, language=language) or record.run
    texts = (record.run, link, at, " · ".join(piece for piece in pieces if piece))
    return _OLD_ROW.format(*map(escape, texts))


def _fingerprint(job: ShownJob, files: Sequence[Mapping[str, Any]], *, language: str, time_zone: str) -> str:
    told = (job, language, time_zone, files, _code())
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _code() -> str:
    return library_hash()


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(len(_MADE_FROM) + 64)
    except (OSError, ValueError):
        return ""
