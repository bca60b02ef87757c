"""The processes of a run: started as a group, watched, and gone when it ends.

A kernel is started in a session of its own and a cell may fork, so neither the process group nor the tree
of children is the whole run. What all of them share is the environment they inherited, which names the run's
folder; only the first process, a fork itself, shows its name instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psutil  # type: ignore[import-untyped]  # ships no types

from analytics_lib.runs.results import RUN_FOLDER_VARIABLE
from analytics_lib.runs.template import Child, Template
from analytics_lib.temporary import place_for_sockets, temporary_folder

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.25
_KILL_SECONDS = 0.02
_EXECUTE = "analytics_lib.runs.execute:main"
_TEMPLATE = Template(["analytics_lib.runs.execute", "analytics_lib.runs.papermill_imports"])


@dataclass(frozen=True)
class Limits:
    """How long a run may take, and each of its cells; null = as long as the run."""

    run_seconds: float
    cell_seconds: float | None = None


@dataclass(frozen=True)
class Ending:
    """How the child process of a run ended.

    Attributes:
        exit_code: Of the child; minus the signal's number where one ended it.
        stopped_for: Whose time was up, the run's or a cell's; null where it ended by itself.
        peak_memory_mb: Highest sampled sum of the resident memory of all its processes.
    """

    exit_code: int
    stopped_for: Literal["run", "cell"] | None
    peak_memory_mb: float


def supervise(
    request: str,
    *,
    folder: Path,
    environment: Mapping[str, str],
    limits: Limits,
    watch: Callable[[], int],
) -> Ending:
    """Run the executing child on ``request`` until it ends or its time is up; no process of it outlives this.

    Args:
        request: One line of JSON, handed over on standard input. That then stays open: its end tells the
            child that its supervisor is gone.
        folder: The run's folder, an absolute path; what the child prints goes to its ``log.txt``.
        environment: Of the child.
        limits: When time is up cells are interrupted, and all is killed some seconds later. Papermill's own
            limit leaves alive what ignores an interrupt.
        watch: Called several times a second; the number of the cell that is running, 0 before the first.
    """
    with _own_folders() as own, (folder / "log.txt").open("wb") as log:
        child, line = _TEMPLATE.start(
            _EXECUTE,
            name=_process_name(folder),
            environment={**environment, **own, RUN_FOLDER_VARIABLE: str(folder)},
            log=log,
        )
        with line:
            try:
                return _wait(child, line, request, folder=folder, limits=limits, watch=watch)
            finally:
                end_processes(folder)
                child.wait()


def _process_name(folder: Path) -> str:
    return f"run-{hashlib.sha256(str(folder).encode()).hexdigest()[:10]}"


def members(folder: Path) -> list[psutil.Process]:
    """The living processes that belong to the run of this folder, except the one that asks."""
    found, name = [], _process_name(folder)
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid():
                continue
            if process.environ().get(RUN_FOLDER_VARIABLE) == str(folder) or process.name() == name:
                found.append(process)
        except (psutil.Error, OSError):
            # It ended meanwhile, or belongs to somebody else: none of ours.
            continue
    return found


def end_processes(folder: Path) -> None:
    """Kill what is left of a run, until nothing is: a process may fork while it is being looked for."""
    while left := members(folder):
        for process in left:
            _send(process, signal.SIGKILL)
        time.sleep(_KILL_SECONDS)


@contextlib.contextmanager
def _own_folders() -> Iterator[dict[str, str]]:
    """Folders of a run alone, as its environment names them; nothing in them outlives it.

    No run depends on somebody's home folder, and what a killed kernel cannot remove, such as what its engine
    spilled, lies in the one that ``TMPDIR`` names.
    """
    # Two, as spilled rows belong on the disk that was chosen for such things.
    sockets = temporary_folder("run", parent=place_for_sockets())
    with temporary_folder("run") as temporary, sockets as runtime:
        yield {
            "TMPDIR": str(temporary),
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "IPYTHONDIR": str(runtime / "ipython"),
        }


def remove_own_folders() -> None:
    """Remove the folders of the run that this process is of, where its supervisor can no longer do it."""
    for name in ("TMPDIR", "JUPYTER_RUNTIME_DIR"):
        shutil.rmtree(os.environ[name], ignore_errors=True)


def _wait(
    child: Child,
    line: socket.socket,
    request: str,
    *,
    folder: Path,
    limits: Limits,
    watch: Callable[[], int],
) -> Ending:
    _hand_over(line, request)
    timer, peak = _Timer(limits), 0.0
    while True:
        try:
            return Ending(child.wait(_POLL_SECONDS), timer.stopped_for, round(peak, 1))
        except subprocess.TimeoutExpired:
            peak = max(peak, _memory_mb(folder))
            next_step = timer.next_step(watch())
        if next_step == "interrupt":
            _interrupt(child, folder)
        elif next_step == "kill":
            end_processes(folder)


class _Timer:
    """Whose time is up. A cell's runs from when it was first seen, by the clock that nobody sets back."""

    def __init__(self, limits: Limits) -> None:
        self.stopped_for: Literal["run", "cell"] | None = None
        self._limits = limits
        self._run_began = self._cell_began = time.monotonic()
        self._cell = 0
        self._kill_at = 0.0

    def next_step(self, cell: int) -> Literal["interrupt", "kill"] | None:
        """What is to be done while this cell is running: nothing, or first to interrupt, then to kill."""
        now = time.monotonic()
        if self.stopped_for:
            return "kill" if now >= self._kill_at else None
        if cell != self._cell:
            self._cell, self._cell_began = cell, now
        self.stopped_for = self._passed(now)
        self._kill_at = now + GRACE_SECONDS
        return "interrupt" if self.stopped_for else None

    def _passed(self, now: float) -> Literal["run", "cell"] | None:
        if now - self._run_began >= self._limits.run_seconds:
            return "run"
        limit = self._limits.cell_seconds
        return "cell" if limit is not None and self._cell and now - self._cell_began >= limit else None


def _hand_over(line: socket.socket, request: str) -> None:
    # Where the child died while starting, its exit code and its log tell.
    with contextlib.suppress(BrokenPipeError):
        line.sendall(request.encode() + b"\n")


def _interrupt(child: Child, folder: Path) -> None:
    for process in members(folder):
        # The child itself goes on: it still has to save what the interrupted cell printed.
        if process.pid != child.pid:
            _send(process, signal.SIGINT)


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _memory_mb(folder: Path) -> float:
    total = 0
    for process in members(folder):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 2**20
