"""The child process of a run: it lets Papermill execute the notebook of its run folder, and reports how far.

It reads one line of JSON from standard input and writes ``state.json`` into the run's folder. It decides
nothing: Papermill's own word on success is not trusted, here or above.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from analytics_lib.atomic import write_atomically
from analytics_lib.runs.disk import FULL_EXIT_CODE, is_full
from analytics_lib.runs.processes import end_processes, remove_own_folders
from analytics_lib.runs.record import NOTEBOOK_FILE
from analytics_lib.runs.results import RUN_FOLDER_VARIABLE
from analytics_lib.runs.verdict import STATE_FILE

_IOPUB_TIMEOUT_SECONDS = 60
_REASON_OF_ERROR = {
    "MemoryError": "out_of_memory",
    "OutOfMemoryException": "out_of_memory",
    "ContractError": "contract",
    "RequestError": "bad_parameter",
}


def main() -> int:
    """Execute the notebook that standard input asks for; 0 when Papermill went through.

    Where the disk is too full to write even that down, the exit code says so.
    """
    folder = Path(os.environ[RUN_FOLDER_VARIABLE])
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_supervisor, args=(folder,), daemon=True).start()
    try:
        return _execute(folder, request["parameters"])
    except OSError as error:
        if not is_full(error):
            raise
        return FULL_EXIT_CODE


def _end_with_supervisor(folder: Path) -> None:
    # The pipe closes when the supervisor dies. Python's buffer is bypassed: its lock must be free at exit.
    while os.read(sys.stdin.fileno(), 1):
        continue
    end_processes(folder)
    remove_own_folders()
    os._exit(1)


def _execute(folder: Path, parameters: dict[str, object]) -> int:
    # Other parts of this module are for processes that never need them, and they take long to import.
    from analytics_lib.runs.papermill_imports import (  # noqa: PLC0415
        Config,
        DeadKernelError,
        PapermillExecutionError,
        nbformat,
        papermill,
    )

    path = folder / NOTEBOOK_FILE
    state = _State(folder, nbformat.read(path, as_version=4).cells)  # type: ignore[no-untyped-call]
    # Papermill formats paths as templates.
    literal_path = str(path).replace("{", "{{").replace("}", "}}")
    try:
        papermill.execute_notebook(
            literal_path,
            literal_path,
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            iopub_timeout=_IOPUB_TIMEOUT_SECONDS,
            shutdown_kernel="immediate",
            config=Config({"KernelManager": {"transport": "ipc", "ip": _sockets()}}),
            on_cell_execute=state.cell_starts,
            on_cell_executed=state.cell_ends,
        )
        state.write()
    except PapermillExecutionError as error:
        usual = _REASON_OF_ERROR.get(error.ename, "cell_error")
        reason = "out_of_space" if is_full(error.evalue) else usual
        return state.fail(reason, f"{error.ename}: {error.evalue}")
    except (DeadKernelError, RuntimeError) as error:
        return state.fail("kernel_died", f"{error} (killed, or out of memory)")
    except OSError as error:
        if not is_full(error):
            raise
        return state.fail("out_of_space", str(error))
    return 0


def _sockets() -> str:
    """Where the kernel's sockets lie: by default in the working folder, which parallel runs share."""
    return str(Path(os.environ["JUPYTER_RUNTIME_DIR"]) / "kernel")


class _State:
    """How far the notebook is, kept in ``state.json``: it outlives this process and its kernel."""

    def __init__(self, folder: Path, cells: list[dict[str, Any]]) -> None:
        code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"].strip()]
        self._path = folder / STATE_FILE
        self._seconds: list[float] = []
        self._state: dict[str, object] = {"cell": 0, "cells": len(code), "seconds": self._seconds}
        self._started, self._began = 0, 0.0
        self.write()

    def cell_starts(self, cell: dict[str, Any], cell_index: int) -> None:  # noqa: ARG002  # nbclient's names
        """Note the code cell that starts; the one Papermill injected has no number of its own."""
        if "injected-parameters" not in cell["metadata"].get("tags", []):
            self._started += 1
            self._state["cell"] = self._started
            self.write()
            self._began = time.monotonic()

    def cell_ends(self, cell: dict[str, Any], cell_index: int, execute_reply: dict[str, Any]) -> None:  # noqa: ARG002
        """Keep how long the cell took, also one that raised; it is written down with the next that starts."""
        if "injected-parameters" not in cell["metadata"].get("tags", []):
            self._seconds.append(round(time.monotonic() - self._began, 3))

    def fail(self, reason: str, error: str) -> int:
        """Note why execution ended; the exit code of this process."""
        self._state.update(reason=reason, error=error)
        self.write()
        return 1

    def write(self) -> None:
        """Write down how far it is, so that a reader never sees half of it."""
        write_atomically(self._path, json.dumps(self._state))


if __name__ == "__main__":
    sys.exit(main())
