"""``analytics run-slot``: one slot of one job, for an orchestrator of several machines."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from analytics_lib.cli.project import jobs, now, places, say, surroundings
from analytics_lib.cli.published_pages import refresh_pages
from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.runs.catalog import write_index
from analytics_lib.runs.publish import publish, published_record
from analytics_lib.runs.record import all_records
from analytics_lib.runs.scheduled import run_slot
from analytics_lib.schedule import newest_slots

if TYPE_CHECKING:
    from pathlib import Path

    from analytics_lib.runs.jobs import ScheduledJob
    from analytics_lib.runs.record import RunRecord


@click.command("run-slot")
@click.argument("name")
@click.option("--slot", "given", required=True, metavar="TIME", help="As 2026-11-02T10:30:00+00:00.")
@click.option("--no-publish", is_flag=True, help="Readers are not shown what it makes.")
@click.option("--again", is_flag=True, help="Even if the slot has succeeded.")
@click.option("--until-stdin-ends", is_flag=True, help="Cancel the run when standard input is closed.")
def run_slot_command(name: str, given: str, *, no_publish: bool, again: bool, until_stdin_ends: bool) -> None:
    """Run job NAME for one of its slots, for an orchestrator that keeps each slot once itself.

    The ledger is left alone, so that any machine can do it that shares the outputs: the run folders tell what
    was tried before. A slot that has succeeded is not run again. What is published never goes back to an
    earlier slot. Exit status 1 if the run failed.
    """
    outputs = load_settings().outputs
    job, slot_at = _job(name), _moment(given)
    _check_slot(job, slot_at)
    tried = _tried(outputs, job, slot_at)
    shown = job.publish and not no_publish and not _is_later_shown(outputs, job, slot_at)
    record = next((one for one in tried if one.status == "succeeded"), None)
    if record is None or again:
        stopping = _stdin_ends() if until_stdin_ends else None
        attempt = 1 + max((one.attempt for one in tried), default=0)
        record = run_slot(
            replace(job, publish=shown),
            slot_at,
            attempt=attempt,
            places=places(),
            now=now,
            stopping=stopping,
        )
    elif shown:
        publish(outputs, record)
        write_index(outputs, around=surroundings())
    say(record)
    if record.status != "succeeded":
        sys.exit(1)
    if shown:
        refresh_pages()


def _job(name: str) -> ScheduledJob:
    there = {job.name: job for job in jobs()}
    if name not in there:
        raise RequestError(f"There is no job {name!r}. There are: {', '.join(there)}.")
    return there[name]


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestError(
            f"--slot {text!r} is no time; expected one as 2026-11-02T10:30:00+00:00."
        ) from error
    if moment.tzinfo is None:
        raise RequestError(
            f"--slot {text!r} does not say its offset from UTC; expected {text}+00:00, or another."
        )
    return moment.astimezone(dt.UTC)


def _check_slot(job: ScheduledJob, slot_at: dt.datetime) -> None:
    nearest = next(newest_slots(job, slot_at))
    if nearest != slot_at:
        raise RequestError(
            f"{slot_at.isoformat()} is no slot of {job.name}; the one before is {nearest.isoformat()}."
        )
    if slot_at > now():
        raise RequestError(f"The slot {slot_at.isoformat()} of {job.name} has not come yet.")


def _tried(outputs: Path, job: ScheduledJob, slot_at: dt.datetime) -> list[RunRecord]:
    at = slot_at.isoformat(timespec="seconds")
    return [record for record in all_records(outputs) if record.job == job.name and record.slot_at == at]


def _is_later_shown(outputs: Path, job: ScheduledJob, slot_at: dt.datetime) -> bool:
    shown = published_record(outputs, job.name)
    return bool(shown and shown.slot_at and dt.datetime.fromisoformat(shown.slot_at) > slot_at)


def _stdin_ends() -> threading.Event:
    """Set once nobody holds the other end of standard input any more."""
    ended = threading.Event()

    def wait() -> None:
        # Not through sys.stdin: Python cannot end while a thread holds its lock.
        while os.read(0, 4096):
            pass
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    return ended


COMMANDS = (run_slot_command,)
