"""One run of one notebook: parameters checked, cells executed in a child process, the truth written down.

Papermill's own status says ``completed`` for a kernel that was killed. A run here has succeeded only if the
child process went through, its last cell was the last to run, and that cell recorded its results.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import itertools
import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.atomic import write_atomically
from analytics_lib.config import check_time_zone, load_settings
from analytics_lib.errors import RequestError
from analytics_lib.runs import report
from analytics_lib.runs.describe import describe
from analytics_lib.runs.labels import LANGUAGES
from analytics_lib.runs.parameters import declared, resolve
from analytics_lib.runs.processes import Ending, supervise
from analytics_lib.runs.record import (
    NOTEBOOK_FILE,
    REPORT_FILE,
    RunRecord,
    file_hash,
    library_hash,
    process_started,
    write_record,
)
from analytics_lib.runs.results import RESULTS_FILE, Json
from analytics_lib.runs.text import plain

if TYPE_CHECKING:
    from threading import Event

Clock = Callable[[], dt.datetime]
Progress = Callable[[int, int], None]

_STATE_FILE = "state.json"
_CANCEL_FILE = "cancel"
_LOCK_FILE = Path("requirements.lock")
_LONGEST_ERROR = 2_000


class _Cancelled(Exception):  # noqa: N818  # a wish, not an error
    """Somebody wants the run to end."""


@dataclass(frozen=True)
class Job:
    """What to run.

    Attributes:
        name: Names its folders; lower case letters, digits and ``_``.
        parameters: Values for parameters that the notebook declares; the others keep its defaults.
        timeout_seconds: For the whole run.
        language: Of the page's own words: ``es`` or ``en``.
        slot_at: The time on its schedule that the run stands for; null where a person asked for it.
        attempt: Which try of this slot it is, from 1.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout_seconds: float = 1800.0
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
    """
    _check(job)
    parameters = resolve(declared(job.notebook), job.parameters)
    source = job.notebook.read_bytes()
    record, folder = _start(job, source, parameters, versions=versions, now=now, outputs=outputs)
    # Durations come from the monotonic clock, which nobody sets back.
    began = time.monotonic()
    try:
        ending = supervise(
            json.dumps({"parameters": parameters}),
            folder=folder,
            environment=_environment(record),
            timeout_seconds=job.timeout_seconds,
            watch=lambda: _watch(folder, on_progress, stopping),
        )
    except (KeyboardInterrupt, _Cancelled) as asked:
        record = _ended(replace(record, status="cancelled"), now(), time.monotonic() - began)
        write_record(outputs, record)
        if isinstance(asked, KeyboardInterrupt):
            raise
        return record
    _tell(folder, on_progress)
    judged = _judge(record, ending, folder, job.timeout_seconds)
    return _finish(_ended(judged, now(), time.monotonic() - began), outputs)


def _check(job: Job) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", job.name):
        raise RequestError(f"{job.name!r} cannot name a job; use a-z, 0-9 and _, such as conversations.")
    if job.language not in LANGUAGES:
        raise RequestError(f"Unknown language {job.language!r}; expected {' or '.join(LANGUAGES)}.")
    if not job.timeout_seconds > 0:
        raise RequestError(f"timeout_seconds is {job.timeout_seconds!r}; expected a number above 0.")


def _start(
    job: Job,
    source: bytes,
    parameters: dict[str, Json],
    *,
    versions: Mapping[str, int],
    now: Clock,
    outputs: Path,
) -> tuple[RunRecord, Path]:
    """The record of a run that has just begun, and its folder (absolute, as the child needs it)."""
    started = now().astimezone(dt.UTC)
    record = RunRecord(
        job=job.name,
        run="",
        status="running",
        started_at=started.isoformat(timespec="seconds"),
        parameters=parameters,
        versions=dict(versions),
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
    )
    record = replace(record, run=_make_folder(record, started, outputs))
    folder = (outputs / record.folder).resolve()
    (folder / NOTEBOOK_FILE).write_bytes(source)
    write_record(outputs, record)
    return record, folder


def _make_folder(record: RunRecord, started: dt.datetime, outputs: Path) -> str:
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
        **os.environ,
        "ANALYTICS_STORE_VERSIONS": json.dumps(record.versions),
        # Chosen at import otherwise, and outside a kernel that means: figures vanish.
        "PLOTLY_RENDERER": "plotly_mimetype",
    }


def ask_to_cancel(folder: Path) -> None:
    """Ask whoever supervises the run of this folder to end it."""
    (folder / _CANCEL_FILE).touch()


def _watch(folder: Path, on_progress: Progress | None, stopping: Event | None) -> None:
    if (stopping and stopping.is_set()) or (folder / _CANCEL_FILE).exists():
        raise _Cancelled
    _tell(folder, on_progress)


def _tell(folder: Path, on_progress: Progress | None) -> None:
    state = _state(folder)
    if on_progress and state:
        on_progress(int(state["cell"]), int(state["cells"]))


def _state(folder: Path) -> dict[str, int | str]:
    path = folder / _STATE_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _judge(record: RunRecord, ending: Ending, folder: Path, timeout_seconds: float) -> RunRecord:
    """The record with what became of the run, by its processes and its sentinel alone."""
    state = _state(folder)
    record = replace(record, peak_memory_mb=ending.peak_memory_mb)
    cell, cells = int(state.get("cell", 0)), int(state.get("cells", 0))
    if ending.timed_out:
        error = f"Stopped after {timeout_seconds:g} s in cell {cell} of {cells}."
        return replace(record, status="timed_out", failed_cell=cell or None, error=error)
    if "reason" in state:
        return _failed(record, str(state["reason"]), str(state["error"]), cell)
    if ending.exit_code < 0:
        name = signal.Signals(-ending.exit_code).name
        return _failed(record, "kernel_died", f"The process that ran the cells was ended by {name}.", cell)
    if ending.exit_code or cell != cells or not (folder / RESULTS_FILE).exists():
        return _failed(record, "no_sentinel", _missing_sentinel(ending, cell, cells), cell)
    results = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
    return replace(record, status="succeeded", results=results)


def _failed(record: RunRecord, reason: str, error: str, cell: int) -> RunRecord:
    error = plain(error)[:_LONGEST_ERROR]
    return replace(record, status="failed", reason=reason, error=error, failed_cell=cell or None)


def _missing_sentinel(ending: Ending, cell: int, cells: int) -> str:
    if ending.exit_code:
        return f"The process that ran the cells ended with exit code {ending.exit_code}; log.txt says why."
    if cell != cells:
        return f"The notebook ended in cell {cell} of {cells}, before its last one."
    return "The last cell did not record its results. End the notebook with record_results(...)."


def _ended(record: RunRecord, now: dt.datetime, seconds: float) -> RunRecord:
    ended = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    return replace(record, ended_at=ended, seconds=round(seconds, 1), pid=None, pid_started=None)


def _finish(record: RunRecord, outputs: Path) -> RunRecord:
    """The page and the final record. The record says ``no_report`` until there is a page."""
    write_record(outputs, _failed(record, "no_report", "", 0) if record.status == "succeeded" else record)
    folder = outputs / record.folder
    try:
        write_atomically(folder / REPORT_FILE, report.render(record, folder))
        report.copy_assets(outputs)
    except OSError as error:
        reason = "out_of_space" if error.errno == errno.ENOSPC else "no_report"
        record = _failed(record, reason, f"The page could not be written: {error}", 0)
    except (ValueError, KeyError, TypeError) as error:
        # An output of a form nobody foresaw costs this run its page, not the other runs their turn.
        record = _failed(
            record, "no_report", f"The page could not be made: {type(error).__name__}: {error}", 0
        )
    for name in (_STATE_FILE, RESULTS_FILE):
        (folder / name).unlink(missing_ok=True)
    write_record(outputs, record)
    return record
