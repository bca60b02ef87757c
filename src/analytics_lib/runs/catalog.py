"""The catalogue of runs: static pages that say what there is, for whom, how fresh it is and what failed.

``outputs/index.html`` shows every job, ``outputs/jobs/<job>.html`` all runs of one (``job_pages``). Whatever
does not stand in the run folders is handed in: the jobs that are planned, the files that were ingested.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from analytics_lib.atomic import write_atomically
from analytics_lib.config import load_settings
from analytics_lib.runs.job_pages import ShownJob, ShownRun, write_job_pages
from analytics_lib.runs.labels import write_age
from analytics_lib.runs.publish import published_record
from analytics_lib.runs.record import REPORT_FILE, RunRecord, all_records
from analytics_lib.runs.report import data_facts, data_until, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from analytics_lib.runs.jobs import ScheduledJob
    from analytics_lib.runs.ledger import Slot

_INDEX_FILE = "index.html"
_LONGEST_HISTORY = 30
_BAD = frozenset({"failed", "timed_out", "lost"})
# A slot this long past without a run is no longer only waiting for its turn.
_LATE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Surroundings:
    """What the pages say beyond the runs.

    Attributes:
        jobs: The jobs of ``params/jobs.yaml``: also one that has not run yet is shown, with its next time.
        files: The newest ingested files of each source, as ``store.source_files`` gives them.
        now: When the pages are written; unless given, the moment of the last thing that is recorded.
        queued: The slots that wait, oldest first.
    """

    jobs: Sequence[ScheduledJob] = ()
    files: Sequence[Mapping[str, Any]] = ()
    now: dt.datetime | None = None
    queued: Sequence[Slot] = ()


def runs(outputs: Path, *, queued: Sequence[Slot] = ()) -> list[dict[str, Any]]:
    """One row a run, newest first: the fields of its record. A run whose process is gone is ``lost``.

    Slots that wait come before them, the latest first, as runs that are ``queued``: such a one has not begun,
    and ``run`` is the name of the slot.
    """
    return [asdict(record) for record in [*map(_to_come, reversed(queued)), *all_records(outputs)]]


def _to_come(slot: Slot) -> RunRecord:
    at = slot.slot_at.isoformat(timespec="seconds")
    return RunRecord(slot.job, slot.name, "queued", "", reason=slot.reason, slot_at=at, attempt=0)


def write_index(outputs: Path, *, language: str = "es", around: Surroundings | None = None) -> Path:
    """Write ``outputs/index.html`` and the page of each job; the path of the index.

    Every page is replaced whole. The page of a job is left alone where nothing on it has changed.

    Raises:
        OSError: If the disk is full; the pages of before are then still there.
    """
    around = around or Surroundings()
    outputs.mkdir(parents=True, exist_ok=True)
    records = all_records(outputs)
    now = around.now or max((_ended(record) for record in records), default=None)
    jobs = _jobs(outputs, records, around)
    time_zone = load_settings().time_zone
    write_job_pages(outputs, jobs, language=language, time_zone=time_zone, files=around.files)
    cards = [_card(job, now, language=language, time_zone=time_zone) for job in jobs]
    written_at = around.now.isoformat() if around.now else None
    html = page("index.html.j2", language=language, jobs=cards, time_zone=time_zone, written_at=written_at)
    write_atomically(outputs / _INDEX_FILE, html)
    return outputs / _INDEX_FILE


def _jobs(outputs: Path, records: Iterable[RunRecord], around: Surroundings) -> list[ShownJob]:
    """Every job by name, those that never ran last; its runs newest first, as ``records`` are."""
    by_job: dict[str, list[ShownRun]] = defaultdict(list)
    for record in records:
        by_job[record.job].append(ShownRun(record, _page_of(outputs, record)))
    plans = {job.name: job for job in around.jobs}
    waits: dict[str, list[Slot]] = defaultdict(list)
    for slot in around.queued:
        waits[slot.job].append(slot)
    names = by_job.keys() | plans.keys() | waits.keys()
    return [
        ShownJob(
            name,
            by_job.get(name, []),
            published_record(outputs, name),
            plans.get(name),
            tuple(waits.get(name, ())),
        )
        for name in sorted(names, key=lambda name: (name not in by_job, name))
    ]


def _page_of(outputs: Path, record: RunRecord) -> str:
    folder = f"runs/{record.job}/{record.run}"
    report = f"{folder}/{REPORT_FILE}"
    # A run has not succeeded before there is a page of it.
    return report if record.status == "succeeded" or (outputs / report).exists() else folder


def _card(job: ShownJob, now: dt.datetime | None, *, language: str, time_zone: str) -> dict[str, Any]:
    """What the index says of a job."""
    latest, good = job.latest, job.good
    bad = next((run for run in job.runs if run.record.status in _BAD), None)
    # A failure older than the good result is history, not news.
    failing = bad is not None and (good is None or bad.record.started_at >= good.started_at)
    until = data_until(good) if good else None
    today = now.astimezone(ZoneInfo(time_zone)).date() if now else None
    due = _next_due(job, now) if now else None
    return {
        "name": job.name,
        "title": job.title,
        "question": latest.question if latest else None,
        "reader": latest.reader if latest else None,
        "status": latest.status if latest else "queued" if job.queued else None,
        "queued": job.waits(language),
        "good": good,
        "published": job.published is not None,
        "is_good": good is not None and not failing,
        "until": until.isoformat() if until else None,
        "age": write_age(until, today=today, language=language) if until and today else None,
        "window": data_facts(good, language).get("window") if good else None,
        "failure": bad,
        "failing": failing,
        "history": job.runs[:_LONGEST_HISTORY][::-1],
        "next_due": due.isoformat() if due else None,
        "overdue": bool(due and now and due < now - _LATE),
    }


def _next_due(job: ShownJob, now: dt.datetime) -> dt.datetime | None:
    """The first slot after the newest one that was run, which lies in the past if nobody ran it."""
    if job.plan is None:
        return None
    slots = [run.record.slot_at for run in job.runs if run.record.slot_at]
    after = min(dt.datetime.fromisoformat(max(slots)), now) if slots else now
    return next(CronSim(job.plan.cron, after.astimezone(ZoneInfo(job.plan.time_zone))), None)


def _ended(record: RunRecord) -> dt.datetime:
    moment = dt.datetime.fromisoformat(record.ended_at or record.started_at or "2000-01-01T00:00:00+00:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
