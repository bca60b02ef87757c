"""The processes of a run: started as a group, watched, and gone when it ends.

A kernel is started in a session of its own and a cell may fork, so neither the process group nor the tree
of children is the whole run. What all of them share is the environment they inherited: it names the run's
folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # ships no types

from analytics_lib.runs.results import RUN_FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.25
_KILL_SECONDS = 0.02
_EXECUTE = [sys.executable, "-m", "analytics_lib.runs.execute"]


@dataclass(frozen=True)
class Ending:
    """How the child process of a run ended; ``exit_code`` is minus the signal's number where one ended it."""

    exit_code: int
    timed_out: bool
    peak_memory_mb: float


def supervise(
    request: str,
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    watch: Callable[[], None],
) -> Ending:
    """Run the executing child on ``request`` until it ends or its time is up; no process of it outlives this.

    Args:
        request: One line of JSON, handed over on standard input. The pipe then stays open: its end tells the
            child that its supervisor is gone.
        folder: The run's folder, an absolute path; what the child prints goes to its ``log.txt``.
        environment: Of the child.
        timeout_seconds: For the whole run. Then cells are interrupted, and all is killed some seconds later.
        watch: Called several times a second.
    """
    with _runtime_folder() as runtime, (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(
            _EXECUTE,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment, **_private(runtime), RUN_FOLDER_VARIABLE: str(folder)},
            start_new_session=True,
        )
        try:
            return _wait(child, request, folder=folder, timeout_seconds=timeout_seconds, watch=watch)
        finally:
            end_processes(folder)
            child.wait()
            _close(child)


def members(folder: Path) -> list[psutil.Process]:
    """The living processes that belong to the run of this folder, except the one that asks."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(RUN_FOLDER_VARIABLE) == str(folder):
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


def _runtime_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder for the kernel's sockets, whose paths must stay below 108 characters."""
    short = Path("/tmp")  # noqa: S108  # a folder is made in it that only we can enter
    return tempfile.TemporaryDirectory(
        prefix="run-", dir=short if short.is_dir() else None, ignore_cleanup_errors=True
    )


def _private(runtime: str) -> dict[str, str]:
    """Where Jupyter keeps its sockets and IPython its settings: no run depends on somebody's home folder."""
    return {"JUPYTER_RUNTIME_DIR": runtime, "IPYTHONDIR": f"{runtime}/ipython"}


def _wait(
    child: subprocess.Popen[bytes],
    request: str,
    *,
    folder: Path,
    timeout_seconds: float,
    watch: Callable[[], None],
) -> Ending:
    _hand_over(child, request)
    deadline, peak, timed_out = time.monotonic() + timeout_seconds, 0.0, False
    while True:
        try:
            return Ending(child.wait(_POLL_SECONDS), timed_out, round(peak, 1))
        except subprocess.TimeoutExpired:
            peak = max(peak, _memory_mb(folder))
            watch()
        if time.monotonic() >= deadline:
            _stop(child, folder, timed_out)
            deadline, timed_out = time.monotonic() + GRACE_SECONDS, True


def _hand_over(child: subprocess.Popen[bytes], request: str) -> None:
    assert child.stdin is not None  # noqa: S101  # opened as a pipe above
    try:
        child.stdin.write(request.encode() + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        # It died while starting; its exit code and its log tell.
        return


def _stop(child: subprocess.Popen[bytes], folder: Path, interrupted: bool) -> None:  # noqa: FBT001  # the second call kills
    if interrupted:
        end_processes(folder)
        return
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


def _close(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None  # noqa: S101  # opened as a pipe above
    try:
        child.stdin.close()
    except BrokenPipeError:
        return
