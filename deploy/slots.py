"""One slot of a job: the command that runs it, what became of it, and what it has to wait for.

Success and failure are the exit status and ``run.json``, nothing else. Nothing here knows Dagster.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.runs.record import RECORD_FILE, REPORT_FILE, RunRecord
from analytics_lib.schedule import newest_slots

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from analytics_lib.runs.jobs import ScheduledJob

WAIT = "wait"
_STOP_SECONDS = 30
_NONE_BEGAN = "not_started"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status and the last lines that it printed."""

    exit_status: int
    printed: str


@dataclass(frozen=True)
class Outcome:
    """What became of a slot, by the exit status and the record both.

    Attributes:
        told: In one line.
        cause: Why it did not succeed, in the words that ``retries`` of a job uses: a run's reason,
            ``timed_out``, ``lost`` …; null where it did.
        record: The run; null where none could begin.
    """

    told: str
    cause: str | None = None
    record: RunRecord | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the slot is done."""
        return self.cause is None


def command(job: ScheduledJob, slot_at: dt.datetime, *, publishes: bool, again: bool) -> list[str]:
    """What runs one slot. Its standard input stays open for as long as it is to run."""
    line = [str(Path(sys.executable).with_name("analytics")), "run-slot", job.name]
    line += ["--slot", slot_at.isoformat(), "--until-stdin-ends"]
    return line + ["--no-publish"] * (not publishes) + ["--again"] * again


def execute(line: Sequence[str], *, root: Path) -> Ended:
    """Run a command in the project's root until it ends.

    If this process ends first, however, the command sees the end of its standard input, ends its run and
    writes it down as cancelled.
    """
    child = subprocess.Popen(
        line, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with child:
        try:
            printed = child.stdout.read() if child.stdout else ""
            return Ended(child.wait(), "\n".join(printed.strip().splitlines()[-20:]))
        except BaseException:
            _stop(child)
            raise


def _stop(child: subprocess.Popen[str]) -> None:
    if child.stdin:
        child.stdin.close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def runs_of(outputs: Path, job: str, slot_at: dt.datetime) -> list[RunRecord]:
    """The runs of a slot, newest first, as they are written down.

    A run that is going on may be on another machine, its process out of sight: it is ``running``.
    """
    told = (_read(path) for path in (outputs / "runs" / job).glob(f"*/{RECORD_FILE}"))
    found = [run for run in told if run and run.slot_at == slot_at.isoformat(timespec="seconds")]
    return sorted(found, key=lambda run: (run.attempt, run.started_at), reverse=True)


def _read(path: Path) -> RunRecord | None:
    try:
        return RunRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def judge(ended: Ended, runs: Sequence[RunRecord], *, known: Sequence[RunRecord]) -> Outcome:
    """What became of a slot whose command has ended.

    Args:
        ended: How the command ended.
        runs: The runs of the slot, newest first.
        known: Those there were before the command began.
    """
    if ended.exit_status == 0:
        good = next((run for run in runs if run.status == "succeeded"), None)
        if good is None:
            return Outcome(f"No run was written down. It said: {ended.printed}", _NONE_BEGAN)
        word = "had succeeded before" if good in known else "succeeded"
        return Outcome(f"{good.run} {word}.", record=good)
    new = next((run for run in runs if run not in known), None)
    if new is None:
        return Outcome(ended.printed or f"exit status {ended.exit_status}", _NONE_BEGAN)
    if new.status == "succeeded":
        return Outcome(f"exit status {ended.exit_status}: {ended.printed}", "exit_status", new)
    # Nobody is left who could write down how it ended.
    cause = "lost" if new.status == "running" else cause_of(new)
    return Outcome(f"{cause}: {new.error or ended.printed}", cause, new)


def cause_of(run: RunRecord) -> str:
    """Why a run did not succeed, in the words that ``retries`` of a job uses."""
    return str(run.reason) if run.status == "failed" else run.status


def is_tried_again(job: ScheduledJob, cause: str | None, *, attempt: int) -> bool:
    """Whether a run that ended for this cause is begun again; ``attempt`` counts from 1."""
    return attempt <= job.retries.get(str(cause), 0)


def obstacle(
    job: ScheduledJob, slot_at: dt.datetime, *, jobs: Sequence[ScheduledJob], outputs: Path
) -> str | None:
    """What keeps a slot from being run: ``wait`` for a job before it, or why it is not to be run at all."""
    before = [one for one in jobs if one.name in job.after]
    found = [told for one in before if (told := _obstacle_of(one, slot_at, jobs, outputs))]
    return next((told for told in found if told != WAIT), found[0] if found else None)


def _obstacle_of(
    job: ScheduledJob, at: dt.datetime, jobs: Sequence[ScheduledJob], outputs: Path
) -> str | None:
    last = next(newest_slots(job, at))
    newest = next(iter(runs_of(outputs, job.name, last)), None)
    if newest is None:
        # A slot that was skipped leaves no run: what kept it tells.
        kept = obstacle(job, last, jobs=jobs, outputs=outputs)
        return WAIT if kept in (None, WAIT) else f"{job.name} skipped ({kept})"
    if newest.status == "succeeded":
        return None
    if newest.status == "running" or is_tried_again(job, cause_of(newest), attempt=newest.attempt):
        return WAIT
    return f"{job.name} {newest.status}"


def facts(run: RunRecord) -> Mapping[str, object]:
    """What is said of a run beside its slot: numbers, texts and mappings of them; nothing that is unknown."""
    told = {
        "run": run.run,
        "status": run.status,
        "reason": run.reason,
        "attempt": run.attempt,
        "slot": run.slot_at,
        "seconds": run.seconds,
        "peak_memory_mb": run.peak_memory_mb,
        "failed_cell": run.failed_cell,
        "parameters": dict(run.parameters),
        "results": dict(run.results) if run.results is not None else None,
        "data_versions": dict(run.versions),
        "library_hash": run.library_hash,
        "notebook_hash": run.notebook_hash,
        "lock_hash": run.lock_hash,
    }
    return {name: value for name, value in told.items() if value is not None}


def link(run: RunRecord, outputs: Path, pages: str | None) -> str:
    """Where the run's page is: below the address that serves the outputs, or as a file."""
    page = run.folder / REPORT_FILE
    shown = page if (outputs / page).exists() else run.folder
    return f"{pages.rstrip('/')}/{shown.as_posix()}" if pages else (outputs / shown).resolve().as_uri()
