"""``analytics schedule``, ``backfill``, ``retry``, ``cancel``, ``debug``, ``gc``: what runs by itself."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import click

from analytics_lib.cli.project import JOBS, NOTEBOOKS, jobs, now, places, say, surroundings
from analytics_lib.cli.published_pages import refresh_pages
from analytics_lib.config import load_settings
from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.periods import utc_moment
from analytics_lib.runs import retention
from analytics_lib.runs.batch import few_at_a_time
from analytics_lib.runs.catalog import write_index
from analytics_lib.runs.debug import make_copy
from analytics_lib.runs.jobs import ScheduledJob
from analytics_lib.runs.labels import write_wait
from analytics_lib.runs.ledger import Ledger, queued_slots
from analytics_lib.runs.parameters import declared
from analytics_lib.runs.record import all_records, read_record
from analytics_lib.runs.runner import ask_to_cancel
from analytics_lib.runs.scheduled import peaks, run_slot
from analytics_lib.schedule import Due, Worker, slots_between, work_off

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.runs.record import RunRecord

_DAY = click.DateTime(["%Y-%m-%d"])
_CANCEL_SECONDS = 20
_TICK = dt.timedelta(seconds=1)


@click.command()
@click.option("--once", is_flag=True, help="Run what is due now, then end.")
@click.option("--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="Side by side.")
def schedule(at_once: int, *, once: bool) -> None:
    """Run the jobs of params/jobs.yaml whose time has come, each slot once, until it is ended.

    Any number of schedulers may run at the same time. Exit status 1 if, with --once, a run failed.
    """
    wanted, ledger, records = jobs(), _ledger(), all_records(load_settings().outputs)
    stopping = Event()
    worker = Worker(
        run=partial(_begin, stopping=stopping),
        now=now,
        stopping=stopping,
        at_once=at_once,
        peaks_mb=peaks(records),
        on_queue=_say_queue,
    )
    failed = work_off(wanted, ledger=ledger, worker=worker, once=once)
    if failed:
        sys.exit(1)


def _begin(due: Due, *, stopping: Event) -> RunRecord:
    record = run_slot(due.job, due.slot_at, attempt=due.attempt, places=places(), now=now, stopping=stopping)
    say(record)
    if due.job.publish and record.status == "succeeded":
        refresh_pages()
    return record


def _say_queue(waits: Mapping[tuple[str, dt.datetime], str]) -> None:
    """Print what waits now, and show it on the pages as well."""
    for (job, slot_at), lacking in waits.items():
        click.echo(f"{job} for {slot_at.isoformat()}: queued ({write_wait(lacking, language='en')})")
    # The catalogue tells what is there; one that cannot be written is behind until the next run ends.
    with contextlib.suppress(OSError):
        write_index(load_settings().outputs, around=surroundings())


@click.command()
@click.argument("name")
@click.option("--from", "since", type=_DAY, required=True, help="First day.")
@click.option("--to", "until", type=_DAY, required=True, help="The day after the last.")
@click.option("--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="Side by side.")
def backfill(name: str, since: dt.datetime, until: dt.datetime, at_once: int) -> None:
    """Run NAME, a job or a notebook, for every slot of a stretch of time, oldest first.

    Of a notebook there is a slot at each midnight, up to which data are known. Slots that have succeeded
    before are left out, so that a backfill which was stopped goes on where it ended. Nothing is published.
    Exit status 1 if a run failed.
    """
    if since >= until:
        raise RequestError(
            f"--from is {since.date()} and --to {until.date()}; the stretch must not be empty."
        )
    job, ledger = replace(_job(name), publish=False), _ledger()
    slots = list(slots_between(job, utc_moment(since.date()) - _TICK, utc_moment(until.date()) - _TICK))
    with ledger.beating(now):
        ledger.queue({(job.name, slot_at): "no_place" for slot_at in slots}, now=now())
        try:
            waiting = {slot.slot_at for slot in ledger.queued(now=now()) if slot.job == job.name}
            ended = few_at_a_time(partial(_fill, job, ledger, waiting), slots, at_once=at_once)
        finally:
            ledger.unqueue()
    click.echo(f"{name}: {ended.count('succeeded')} of {len(ended)} slots have succeeded.")
    if set(ended) - {"succeeded"}:
        sys.exit(1)


def _fill(
    job: ScheduledJob, ledger: Ledger, waiting: set[dt.datetime], slot_at: dt.datetime, stopping: Event
) -> str:
    """The state of a slot after it was run, if it had to be; those ``waiting`` nobody had begun before."""
    ledger.recover(now=now())
    before = ledger.newest(job.name, at=slot_at)
    found = before if before and before.slot_at == slot_at else None
    if found and (found.state in ("succeeded", "running") or (slot_at in waiting and found.attempt == 0)):
        return found.state
    ours = ledger.claim_again(found, now=now()) if found else ledger.claim(job.name, slot_at, now=now())
    if not ours:
        return "running"
    attempt = found.attempt + 1 if found else 1
    record = run_slot(job, slot_at, attempt=attempt, places=places(), now=now, stopping=stopping)
    ledger.finish(job.name, slot_at, record)
    say(record)
    return record.status


@click.command()
@click.argument("run")
def retry(run: str) -> None:
    """Run again what RUN stands for: its job and slot, with the newest data. Exit status 1 if it fails."""
    record, ledger = _record(run), _ledger()
    if record.status == "running":
        raise RequestError(f"{record.run} is still running. Wait, or end it: analytics cancel {record.run}.")
    if record.slot_at is None:
        raise RequestError(f"{record.run} was started by a person. Run it again: analytics run {record.job}.")
    slot_at = dt.datetime.fromisoformat(record.slot_at)
    slot = ledger.newest(record.job, at=slot_at)
    if slot is None or slot.slot_at != slot_at or not ledger.claim_again(slot, now=now()):
        raise RequestError(f"The slot {record.slot_at} of {record.job} is being run by somebody else.")
    # Whoever asks for it wants it run, whatever stands.
    job = replace(_job(record.job), reuse=False)
    with ledger.beating(now):
        again = run_slot(job, slot_at, attempt=slot.attempt + 1, places=places(), now=now)
    ledger.finish(record.job, slot_at, again)
    say(again)
    if again.status != "succeeded":
        sys.exit(1)
    refresh_pages()


@click.command()
@click.argument("run")
def cancel(run: str) -> None:
    """End RUN, wherever it is being supervised on this machine; it is recorded as cancelled.

    One that is queued, by its name in `analytics runs`, will not be run.
    """
    outputs = load_settings().outputs
    waiting = next((slot for slot in queued_slots(outputs, now=now()) if slot.name == run), None)
    if waiting and Ledger(outputs).cancel(waiting):
        click.echo(f"{waiting.job}: cancelled before it began")
        return
    record = _record(run)
    folder = outputs / record.folder
    if record.status != "running":
        raise RequestError(f"{record.run} is {record.status}; only what is running can be cancelled.")
    ask_to_cancel(folder)
    for _ in range(_CANCEL_SECONDS * 10):
        if (status := read_record(folder).status) != "running":
            click.echo(f"{record.job}: {status}")
            return
        time.sleep(0.1)
    raise NotFoundError(
        f"{record.run} has not ended within {_CANCEL_SECONDS} s. Its log: {folder / 'log.txt'}"
    )


@click.command()
@click.argument("run")
@click.option("--no-open", is_flag=True, help="Only make the copy and say how to open it.")
def debug(run: str, *, no_open: bool) -> None:
    """Open a copy of the executed notebook of RUN in JupyterLab, with its parameters, on the data it read.

    The run itself stays as it is. Exit status 1 if its data are no longer there.
    """
    record = _record(run)
    copy = make_copy(record, load_settings().outputs)
    click.echo(f"Notebook: {copy.notebook}, a copy of what {record.run} of {record.job} executed")
    click.echo(f"Parameters: {_shown(record.parameters)}")
    click.echo(f"Versions of the tables: {_shown(record.versions)}")
    for note in copy.notes:
        click.echo(f"Note: {note}")
    command = [sys.executable, "-m", "jupyterlab", str(copy.notebook)]
    if no_open:
        changed = {name: value for name, value in copy.environment.items() if value != os.environ.get(name)}
        click.echo(f"Open it: env {shlex.join([*(f'{n}={v}' for n, v in changed.items()), *command])}")
        return
    sys.exit(subprocess.run(command, env=copy.environment, check=False).returncode)


def _shown(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in values.items()) or "none"


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list them.")
def gc(*, dry_run: bool) -> None:
    """Delete run folders beyond the number that their job keeps (keep_runs), never one that is shown."""
    outputs = load_settings().outputs
    kept = {job.name: job.keep_runs for job in jobs() if job.keep_runs is not None}
    old = retention.disposable(outputs, kept)
    for record in old:
        click.echo(f"{record.job} {record.run} ({record.status})")
    if not dry_run:
        retention.delete(outputs, old)
        write_index(outputs, around=surroundings())
    click.echo(f"{len(old)} run folder(s) {'would be ' if dry_run else ''}deleted.")


def _ledger() -> Ledger:
    """The ledger; one that is new is told from the run folders."""
    outputs = load_settings().outputs
    ledger = Ledger(outputs)
    if ledger.is_new:
        ledger.rebuild(all_records(outputs))
    return ledger


def _job(name: str) -> ScheduledJob:
    """The job of that name, or a notebook run at each midnight."""
    there = {job.name: job for job in (jobs() if JOBS.exists() else [])}
    if name in there:
        return there[name]
    if not (NOTEBOOKS / f"{name}.ipynb").exists():
        notebooks = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
        raise RequestError(
            f"There is neither a job nor a notebook {name!r}. Jobs: {', '.join(there) or 'none'}. "
            f"Notebooks: {', '.join(notebooks)}."
        )
    known = {parameter.name for parameter in declared(NOTEBOOKS / f"{name}.ipynb")}
    bound = next((bound for bound in ("as_of", "until") if bound in known), None)
    if bound is None:
        raise RequestError(f"{name} declares neither as_of nor until, so its runs would all be the same.")
    zone = load_settings().time_zone
    return ScheduledJob(name, name, cron="0 0 * * *", time_zone=zone, parameters={bound: "{as_of}"})


def _record(run: str) -> RunRecord:
    """The run of that name, or of the only name that begins so."""
    found = [record for record in all_records(load_settings().outputs) if record.run.startswith(run)]
    if len(found) != 1:
        there = ", ".join(record.run for record in found[:5]) or "none"
        raise RequestError(f"{run!r} names {len(found)} runs ({there}). `analytics runs` lists them.")
    return found[0]


COMMANDS = (schedule, backfill, retry, cancel, debug, gc)
