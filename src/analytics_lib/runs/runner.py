"""One run of one notebook: parameters checked, cells executed in a child process, the truth written down.

Papermill's own status says ``completed`` for a kernel that was killed. A run here has succeeded only if the
child process went through, its last cell was the last to run, and that cell recorded its results.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.atomic import write_atomically
from analytics_lib.config import check_time_zone, load_settings
from analytics_lib.errors import RequestError
from analytics_lib.hashes import file_hash, library_hash
from analytics_lib.runs import report
from analytics_lib.runs.describe import describe
from analytics_lib.runs.disk import free_room, hold_room, is_full
from analytics_lib.runs.inputs import store_id
from analytics_lib.runs.labels import LANGUAGES
from analytics_lib.runs.parameters import declared, resolve
from analytics_lib.runs.processes import Limits, supervise
from analytics_lib.runs.record import (
    NOTEBOOK_FILE,
    REPORT_FILE,
    RunRecord,
    process_started,
    write_record,
)
from analytics_lib.runs.results import RESULTS_FILE
from analytics_lib.runs.verdict import STATE_FILE, failed, failed_for, judge, read_state

if TYPE_CHECKING:
    from threading import Event

    from analytics_lib.runs.checks import Expectation

Clock = Callable[[], dt.datetime]
Progress = Callable[[int, int], None]

_CANCEL_FILE = "cancel"
_LOCK_FILE = Path("requirements.lock")


class _Cancelled(Exception):  # noqa: N818  # a wish, not an error
    """Somebody wants the run to end."""


@dataclass(frozen=True)
class Job:
    """What to run.

    Attributes:
        name: Names its folders; lower case letters, digits and ``_``.
        parameters: Values for parameters that the notebook declares; the others keep its defaults.
        timeout_seconds: For the whole run.
        cell_timeout_seconds: For each of its cells; null = as long as the run.
        rows: How many rows each table has that it reads, for the record; empty where nobody counted.
        expects: What must hold of the results that its last cell records, by their names.
        language: Of the page's own words: ``es`` or ``en``.
        slot_at: The time on its schedule that the run stands for; null where a person asked for it.
        attempt: Which try of this slot it is, from 1.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout_seconds: float = 1800.0
    cell_timeout_seconds: float | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    expects: Mapping[str, Expectation] = field(default_factory=dict)
    language: str = "es"
    slot_at: dt.datetime | None = None
    attempt: int = 1


def run(
    job: Job,
    *,
    outputs: Path,
    versions: Mapping[str, int],
    now: Clock,
    on_progress: Progress | None = None,
    stopping: Event | None = None,
) -> RunRecord:
    """Run the notebook and write its run folder; whatever happens to the cells ends in the record.

    Args:
        job: The notebook and its parameters.
        outputs: Folder of all outputs; the run's folder is made below it.
        versions: The version of each table that the notebook is to read; a store it opens takes these.
        now: The clock, giving aware datetimes.
        on_progress: Called with the code cells started so far and the number of all.
        stopping: Ends the run as cancelled once it is set; so does ``ask_to_cancel``, from anywhere.

    Returns:
        The record, as ``run.json`` holds it: ``succeeded``, ``failed``, ``timed_out`` or ``cancelled``.

    Raises:
        RequestError: If the job's name, a parameter or the language is wrong; nothing was started then.
        KeyboardInterrupt: If a person interrupts; the run is recorded as cancelled first.
        OSError: If no folder could be made for the run.
    """
    source = job.notebook.read_bytes()
    record, folder = _start(begun(job, source, versions=versions, now=now()), source, outputs)
    # Durations come from the monotonic clock, which nobody sets back.
    began = time.monotonic()
    limits = Limits(job.timeout_seconds, job.cell_timeout_seconds)
    try:
        ending = supervise(
            json.dumps({"parameters": record.parameters}),
            folder=folder,
            environment=_environment(record),
            limits=limits,
            watch=lambda: _watch(folder, on_progress, stopping),
        )
    except (KeyboardInterrupt, _Cancelled) as asked:
        record = _ended(replace(record, status="cancelled"), now(), time.monotonic() - began)
        free_room(folder)
        with contextlib.suppress(OSError):
            write_record(outputs, record)
        if isinstance(asked, KeyboardInterrupt):
            raise
        return record
    except OSError as error:
        judged = failed_for(record, error, "not_started")
    else:
        _tell(folder, on_progress)
        judged = judge(record, ending, folder, limits=limits, expects=job.expects)
    return _finish(_ended(judged, now(), time.monotonic() - began), outputs)


def _check(job: Job) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", job.name):
        raise RequestError(f"{job.name!r} cannot name a job; use a-z, 0-9 and _, such as conversations.")
    if job.language not in LANGUAGES:
        raise RequestError(f"Unknown language {job.language!r}; expected {' or '.join(LANGUAGES)}.")
    for name in ("timeout_seconds", "cell_timeout_seconds"):
        given = getattr(job, name)
        if given is not None and not given > 0:
            raise RequestError(f"{name} is {given!r}; expected a number above 0.")


def begun(job: Job, source: bytes, *, versions: Mapping[str, int], now: dt.datetime) -> RunRecord:
    """The record of a run of the job that begins now; it has no name yet, as it has no folder.

    Args:
        job: The notebook and its parameters.
        source: What the notebook holds.
        versions: The version of each table that it is to read.
        now: The present.

    Raises:
        RequestError: If the job's name, a parameter or the language is wrong.
    """
    _check(job)
    parameters = resolve(declared(job.notebook), job.parameters)
    return RunRecord(
        job=job.name,
        run="",
        status="running",
        started_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        parameters=parameters,
        versions=dict(versions),
        rows=dict(job.rows),
        store_id=store_id(parameters),
        **describe(source),
        time_zone=check_time_zone(load_settings().time_zone),
        language=job.language,
        library_hash=library_hash(),
        notebook_hash=hashlib.sha256(source).hexdigest(),
        lock_hash=file_hash(_LOCK_FILE) if _LOCK_FILE.exists() else None,
        slot_at=job.slot_at.astimezone(dt.UTC).isoformat(timespec="seconds") if job.slot_at else None,
        attempt=job.attempt,
        pid=os.getpid(),
        pid_started=process_started(os.getpid()),
        host=socket.gethostname(),
    )


def _start(record: RunRecord, source: bytes, outputs: Path) -> tuple[RunRecord, Path]:
    """The record with the name of the run, and its folder (absolute, as the child needs it)."""
    record = replace(record, run=_make_folder(record, outputs))
    folder = (outputs / record.folder).resolve()
    try:
        hold_room(folder)
        (folder / NOTEBOOK_FILE).write_bytes(source)
        write_record(outputs, record)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return record, folder


def _make_folder(record: RunRecord, outputs: Path) -> str:
    started = dt.datetime.fromisoformat(record.started_at)
    asked = [record.notebook_hash, record.parameters, record.versions]
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    name = f"{started:%Y%m%dT%H%M%SZ}-{key}"
    for attempt in itertools.count(1):
        folder = outputs / "runs" / record.job / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            (folder / "artifacts").mkdir(parents=True)
        except FileExistsError:
            continue
        return folder.name
    raise AssertionError(name)  # count() does not end


def _environment(record: RunRecord) -> dict[str, str]:
    return {
        "OPENBLAS_NUM_THREADS": "1",  # two spin while they wait, and take several times as long beside a run
        **os.environ,
        "ANALYTICS_STORE_VERSIONS": json.dumps(record.versions),
        # Chosen at import otherwise, and outside a kernel that means: figures vanish.
        "PLOTLY_RENDERER": "plotly_mimetype",
    }


def ask_to_cancel(folder: Path) -> None:
    """Ask whoever supervises the run of this folder to end it."""
    (folder / _CANCEL_FILE).touch()


def _watch(folder: Path, on_progress: Progress | None, stopping: Event | None) -> int:
    if (stopping and stopping.is_set()) or (folder / _CANCEL_FILE).exists():
        raise _Cancelled
    return _tell(folder, on_progress)


def _tell(folder: Path, on_progress: Progress | None) -> int:
    """The number of the cell that is running, once whoever follows the run has been told."""
    state = read_state(folder)
    if on_progress and state:
        on_progress(int(state["cell"]), int(state["cells"]))
    return int(state.get("cell", 0))


def _ended(record: RunRecord, now: dt.datetime, seconds: float) -> RunRecord:
    ended = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    return replace(record, ended_at=ended, seconds=round(seconds, 1), pid=None, pid_started=None)


def _finish(record: RunRecord, outputs: Path) -> RunRecord:
    """The page and the final record, also where the disk has no room for a page."""
    folder = outputs / record.folder
    free_room(folder)
    try:
        # Whoever looks before there is a page reads that there is none.
        write_record(outputs, _without_page(record, ""))
        record = _with_page(record, outputs)
        _forget(folder, STATE_FILE, RESULTS_FILE)
        write_record(outputs, record)
    except OSError as error:
        if not is_full(error):
            raise
        record = _without_page(record, error)
        _forget(folder, STATE_FILE, RESULTS_FILE, REPORT_FILE)
        # What cannot be written down even now is still told to whoever asked for the run.
        with contextlib.suppress(OSError):
            write_record(outputs, record)
    return record


def _with_page(record: RunRecord, outputs: Path) -> RunRecord:
    """The record once its page is written."""
    folder = outputs / record.folder
    try:
        write_atomically(folder / REPORT_FILE, report.render(record, folder))
        report.copy_assets(outputs)
    except (OSError, ValueError, KeyError, TypeError) as error:
        # An output of a form nobody foresaw costs this run its page, not the other runs their turn.
        return _without_page(record, error)
    return record


def _without_page(record: RunRecord, error: Exception | str) -> RunRecord:
    """The record of a run that has no page: nobody can read what it found. One that failed stays as it is."""
    if record.status != "succeeded":
        return record
    told = f"The page could not be made: {type(error).__name__}: {error}"
    return failed(record, "out_of_space" if is_full(error) else "no_report", told)


def _forget(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
