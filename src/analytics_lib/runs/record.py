"""The record of one run, ``run.json``: what was asked, on what data, what became of it.

It is written when the run starts and again when it ends. A record that still says ``running`` while its
process is gone is read as ``lost``: nothing else could have told.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import orjson
import psutil  # type: ignore[import-untyped]  # ships no types

from analytics_lib.atomic import write_atomically

if TYPE_CHECKING:
    from analytics_lib.runs.results import Json

Status = Literal["queued", "running", "succeeded", "failed", "timed_out", "lost", "cancelled"]

RECORD_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"
REPORT_FILE = "report.html"

REASONS = {
    "bad_parameter": "the library refused what was asked",
    "cell_error": "a cell raised an error",
    "kernel_died": "the process that ran the cells was killed or crashed",
    "no_sentinel": "the last cell did not record its results",
    "not_started": "the run could not begin",
    "not_published": "the run succeeded, but its page could not be published",
    "no_report": "the notebook ran, but its page could not be made",
    "out_of_space": "the disk is full",
    "out_of_memory": "memory ran out",
    "check_failed": "a check on what the last cell recorded does not hold",
    "contract": "the data do not have the shape the contract asks for",
}

# The clock of the process table is only good to about a second.
_START_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        run: Name of its folder: the UTC time of its start and a key of notebook, parameters and versions.
        title: The notebook's first heading; ``question`` and ``reader`` are its lines of that name.
        reason: Why it failed, one of ``REASONS``; ``reused`` where it stands for a slot it was not run for;
            what it waits for where it is queued, which no record on disk ever is.
        versions: The version of each table that the notebook read.
        store_id: Of which store these are versions: they count from 0 in each; null where there was none.
        rows: How many rows each of these tables had; empty where nobody counted.
        started_at: UTC, ISO 8601, as ``ended_at``.
        peak_memory_mb: Highest sampled sum of the resident memory of all processes of the run.
        cells: Seconds that each code cell took which came to its end, in their order.
        failed_cell: Position among the notebook's code cells, from 1, of the cell that failed or was running.
        slot_at: The time on its schedule that the run stands for, UTC; null where a person asked for it.
        attempt: Which try of this slot it is, from 1.
        host: The machine it runs on.
        pid: The supervising process, with the moment it started in seconds since 1970.
    """

    job: str
    run: str
    status: Status
    started_at: str
    parameters: dict[str, Json] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    store_id: str | None = None
    reason: str | None = None
    error: str | None = None
    failed_cell: int | None = None
    ended_at: str | None = None
    seconds: float | None = None
    peak_memory_mb: float | None = None
    cells: list[float] = field(default_factory=list)
    results: dict[str, Json] | None = None
    title: str | None = None
    question: str | None = None
    reader: str | None = None
    time_zone: str = "UTC"
    language: str = "es"
    library_hash: str = ""
    notebook_hash: str = ""
    lock_hash: str | None = None
    slot_at: str | None = None
    attempt: int = 1
    pid: int | None = None
    pid_started: float | None = None
    host: str = ""

    @property
    def folder(self) -> Path:
        """Where the run lies below the folder of outputs."""
        return Path("runs") / self.job / self.run


def write_record(outputs: Path, record: RunRecord) -> None:
    """Write ``run.json`` so that a reader never sees half of it.

    Raises:
        OSError: If the disk is full or the folder cannot be written.
    """
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1)
    write_atomically(outputs / record.folder / RECORD_FILE, text)


def read_record(folder: Path) -> RunRecord:
    """The record in a run's folder; where it cannot be read, a lost run known by the folder's name."""
    try:
        found = orjson.loads((folder / RECORD_FILE).read_bytes())
        record = RunRecord(**found)
    except (OSError, ValueError, TypeError) as error:
        message = f"{RECORD_FILE} cannot be read: {error}"
        return RunRecord(folder.parent.name, folder.name, "lost", _time_of(folder.name), error=message)
    # Of a process on another machine nothing can be seen from here.
    ours = record.host in ("", socket.gethostname())
    if record.status == "running" and ours and not is_alive(record.pid, record.pid_started):
        return replace(record, status="lost", error="The process that ran it ended without a word.")
    return record


def all_records(outputs: Path) -> list[RunRecord]:
    """Every run, newest first."""
    folders = (path for path in (outputs / "runs").glob("*/*") if path.is_dir())
    return sorted(
        (read_record(folder) for folder in folders), key=lambda r: (r.started_at, r.run), reverse=True
    )


def process_started(pid: int) -> float:
    """When the process started, in seconds since 1970; with the pid it names a process for good."""
    return float(psutil.Process(pid).create_time())


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the process of this number that started then is still there."""
    if pid is None or started is None:
        return False
    try:
        return abs(process_started(pid) - started) < _START_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return False


def _time_of(run: str) -> str:
    stamp = run.partition("-")[0]
    if len(stamp) != len("20260131T120000Z"):
        return ""
    day, clock = stamp[:8], stamp[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}+00:00"
