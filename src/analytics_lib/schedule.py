"""The scheduler: it works off the slots of the jobs that have come, each once, some side by side.

When a slot comes is told by ``cronsim``, on the job's own wall clock: a time that daylight saving leaves out
comes with the next that there is, one that it repeats comes once. Everything else, above all whether a slot
was run, is in the ledger; so any number of schedulers may run, and any of them may be killed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psutil  # type: ignore[import-untyped]  # ships no types
from cronsim import CronSim

from analytics_lib.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from analytics_lib.runs.jobs import ScheduledJob
    from analytics_lib.runs.ledger import Ledger, Slot
    from analytics_lib.runs.record import RunRecord

# A slot that is found this long after its time was not missed: a busy or restarted scheduler is that late.
ON_TIME = dt.timedelta(minutes=10)
_POLL_SECONDS = 1.0
_MOST_SKIPPED = 100
# Of the machine's memory, how much the runs side by side may need by what was recorded of them.
_MEMORY_SHARE = 0.8
_UNKNOWN_PEAK_MB = 1_000.0


@dataclass(frozen=True)
class Due:
    """A slot to be run: attempt number ``attempt``, from 1."""

    job: ScheduledJob
    slot_at: dt.datetime
    attempt: int = 1
    before: Slot | None = None


@dataclass(frozen=True)
class Worker:
    """How slots are run, and how many side by side.

    Attributes:
        run: Runs a slot in a thread and publishes what it made; the record of the run, whatever became of it.
        now: The clock, giving aware datetimes.
        stopping: Set when all of it is to end: ``run`` comes to an end then.
        at_once: So many runs at the same time.
        peaks_mb: The most memory recorded of each job's runs.
        on_queue: Told whenever that has changed which slots wait, by job and time, and what for.
    """

    run: Callable[[Due], RunRecord]
    now: Callable[[], dt.datetime]
    stopping: Event = field(default_factory=Event)
    at_once: int = 2
    peaks_mb: Mapping[str, float] = field(default_factory=dict)
    on_queue: Callable[[Mapping[tuple[str, dt.datetime], str]], None] = lambda _: None

    def lacks(self, running: Iterable[str], another: str) -> str | None:
        """What another job lacks beside those that run, by their number and the memory they took before."""
        names = list(running)
        if not names:
            return None
        if len(names) >= self.at_once:
            return "no_place"
        needed = sum(self.peaks_mb.get(name, _UNKNOWN_PEAK_MB) for name in [*names, another])
        there = _MEMORY_SHARE * psutil.virtual_memory().total / 2**20
        return "no_memory" if needed > there else None


@dataclass
class _Work:
    """What a scheduler has under way, and which slots wait for what."""

    running: dict[Future[RunRecord], Due] = field(default_factory=dict)
    waits: dict[tuple[str, dt.datetime], str] = field(default_factory=dict)


def slots_between(job: ScheduledJob, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """The slots of a job after ``since`` and up to ``until``, oldest first, UTC."""
    zone = ZoneInfo(job.time_zone)
    for moment in CronSim(job.cron, since.astimezone(zone)):
        slot_at = moment.astimezone(dt.UTC)
        if slot_at > until:
            return
        yield slot_at


def newest_slots(job: ScheduledJob, until: dt.datetime) -> Iterator[dt.datetime]:
    """The slots of a job up to ``until``, newest first, UTC."""
    zone = ZoneInfo(job.time_zone)
    # Backwards, cronsim gives what lies before a moment: a microsecond later includes the moment itself.
    later = until.astimezone(zone) + dt.timedelta(seconds=1)
    for moment in CronSim(job.cron, later, reverse=True):
        yield moment.astimezone(dt.UTC)


def due_slots(
    job: ScheduledJob, newest: Slot | None, now: dt.datetime
) -> tuple[list[dt.datetime], list[dt.datetime]]:
    """The slots of a job that have come since its newest one: those to run, and those missed; oldest first.

    A job that never ran is due at once, by its last slot. Of several slots that came while nobody looked, the
    newest ``most_missed`` are run; where none is made up for, the newest alone and only if it is on time.
    """
    if newest is None:
        return list(itertools.islice(newest_slots(job, now), 1)), []
    come = itertools.takewhile(lambda at: at > newest.slot_at, newest_slots(job, now))
    found = list(itertools.islice(come, max(job.most_missed, 1) + _MOST_SKIPPED))
    wanted = job.most_missed
    if wanted == 0 and found and now - found[0] <= ON_TIME:
        wanted = 1
    return found[:wanted][::-1], found[wanted:][::-1]


def work_off(jobs: Sequence[ScheduledJob], *, ledger: Ledger, worker: Worker, once: bool) -> list[RunRecord]:
    """Run the slots that are due; with ``once`` until none is left that can be run, else for ever.

    A job never runs beside itself. A slot whose run failed for a reason that the job names is tried again
    before the job's later ones. The clock may jump: only what the ledger holds up to the present counts.

    Returns:
        The slots that did not succeed in the end, by their last runs.

    Raises:
        KeyboardInterrupt: If a person or the system ends it; the slots that were running are written down.
    """
    work = _Work()
    bad: dict[tuple[str, dt.datetime], RunRecord] = {}
    with ledger.beating(worker.now), ThreadPoolExecutor(worker.at_once) as pool:
        try:
            while True:
                _begin(jobs, ledger, worker, pool, work)
                if once and not work.running:
                    return list(bad.values())
                for due, record in _ended(work.running, worker):
                    ledger.finish(due.job.name, due.slot_at, record)
                    bad.pop((due.job.name, due.slot_at), None)
                    if record.status != "succeeded" and once:
                        bad[due.job.name, due.slot_at] = record
        except BaseException:
            worker.stopping.set()
            for ended, due in work.running.items():
                ledger.finish(due.job.name, due.slot_at, ended.result())
            raise
        finally:
            # What is left there is forgotten by the next scheduler.
            with contextlib.suppress(StoreError):
                ledger.unqueue()


def _begin(
    jobs: Sequence[ScheduledJob],
    ledger: Ledger,
    worker: Worker,
    pool: ThreadPoolExecutor,
    work: _Work,
) -> None:
    """Begin what can begin; say of the rest what it waits for."""
    ledger.recover(now=worker.now())
    waits = {}
    for due, lacking in _admitted(jobs, ledger, worker, [one.job.name for one in work.running.values()]):
        if lacking:
            waits[due.job.name, due.slot_at] = lacking
        else:
            work.running[pool.submit(worker.run, due)] = due
    if waits != work.waits:
        work.waits = waits
        ledger.queue(waits, now=worker.now())
        worker.on_queue(waits)


def _ended(running: dict[Future[RunRecord], Due], worker: Worker) -> Iterator[tuple[Due, RunRecord]]:
    """What has ended within a moment, taken from what is running."""
    if not running:
        worker.stopping.wait(_POLL_SECONDS)
    for ended in wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED).done:
        yield running.pop(ended), ended.result()


def _admitted(
    jobs: Sequence[ScheduledJob], ledger: Ledger, worker: Worker, running: list[str]
) -> Iterator[tuple[Due, str | None]]:
    """The slots that are due with what they wait for; null = begin it, it is claimed.

    What is not to be run is written down as skipped.
    """
    now, held = worker.now(), list(running)
    for due in sorted(_due(jobs, ledger, now), key=lambda due: due.slot_at):
        state, reason = _obstacle(due, jobs, ledger) or ("queued", worker.lacks(held, due.job.name))
        if state == "skipped":
            ledger.skip(due.job.name, due.slot_at, str(reason))
        elif reason:
            yield due, reason
        elif _claimed(due, ledger, now):
            held.append(due.job.name)
            yield due, None


def _due(jobs: Sequence[ScheduledJob], ledger: Ledger, now: dt.datetime) -> Iterator[Due]:
    """The next slot of each job that is not running: one to be tried again, or the oldest that is due."""
    for job in jobs:
        newest = ledger.newest(job.name, at=now)
        if newest and newest.state == "running":
            continue
        if newest and _is_tried_again(job, newest):
            yield Due(job, newest.slot_at, newest.attempt + 1, newest)
            continue
        wanted, missed = due_slots(job, newest, now)
        for slot_at in missed:
            ledger.skip(job.name, slot_at, "missed")
        for slot_at in wanted[:1]:
            yield Due(job, slot_at)


def _is_tried_again(job: ScheduledJob, slot: Slot) -> bool:
    cause = slot.reason if slot.state == "failed" else slot.state
    return slot.attempt > 0 and slot.attempt <= job.retries.get(str(cause), 0)


def _obstacle(due: Due, jobs: Sequence[ScheduledJob], ledger: Ledger) -> tuple[str, str] | None:
    """What keeps a slot from being run, ``queued`` or ``skipped``, and why: a job before it."""
    before = [job for job in jobs if job.name in due.job.after]
    return next((found for job in before if (found := _obstacle_of(job, due.slot_at, ledger))), None)


def _obstacle_of(job: ScheduledJob, at: dt.datetime, ledger: Ledger) -> tuple[str, str] | None:
    last = next(newest_slots(job, at))
    found = ledger.newest(job.name, at=at)
    if found is None or found.slot_at < last or found.state == "running" or _is_tried_again(job, found):
        return "queued", f"after {job.name}"
    return None if found.state == "succeeded" else ("skipped", f"{job.name} {found.state}")


def _claimed(due: Due, ledger: Ledger, now: dt.datetime) -> bool:
    if due.before is not None:
        return ledger.claim_again(due.before, now=now)
    return ledger.claim(due.job.name, due.slot_at, now=now)
