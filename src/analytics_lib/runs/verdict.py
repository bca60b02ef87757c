"""What became of a run, told by its processes, by what its last cell left, and by the checks on that.

What Papermill says of itself is not asked: it calls a notebook completed whose kernel was killed.
"""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analytics_lib.runs.checks import unmet
from analytics_lib.runs.disk import FULL_EXIT_CODE, is_full
from analytics_lib.runs.results import RESULTS_FILE
from analytics_lib.runs.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analytics_lib.runs.checks import Expectation
    from analytics_lib.runs.processes import Ending, Limits
    from analytics_lib.runs.record import RunRecord

STATE_FILE = "state.json"
_LONGEST_ERROR = 2_000
_DISK_FULL = "The disk was full: the run could not write down how far it had come."


def read_state(folder: Path) -> dict[str, Any]:
    """How far the notebook of a run folder is, as its child process last wrote it; empty before it has."""
    path = folder / STATE_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def judge(
    record: RunRecord,
    ending: Ending,
    folder: Path,
    *,
    limits: Limits,
    expects: Mapping[str, Expectation],
) -> RunRecord:
    """The record with what became of the run: ``succeeded``, ``failed`` or ``timed_out``."""
    state = read_state(folder)
    record = replace(record, peak_memory_mb=ending.peak_memory_mb, cells=state.get("seconds", []))
    cell, cells = int(state.get("cell", 0)), int(state.get("cells", 0))
    if ending.stopped_for:
        error = _stopped(ending, limits, f"cell {cell} of {cells}")
        return replace(record, status="timed_out", failed_cell=cell or None, error=error)
    if "reason" in state:
        return failed(record, str(state["reason"]), str(state["error"]), cell=cell)
    if ending.exit_code == FULL_EXIT_CODE:
        return failed(record, "out_of_space", _DISK_FULL, cell=cell)
    if ending.exit_code < 0:
        name = signal.Signals(-ending.exit_code).name
        return failed(
            record, "kernel_died", f"The process that ran the cells was ended by {name}.", cell=cell
        )
    if ending.exit_code or cell != cells or not (folder / RESULTS_FILE).exists():
        return failed(record, "no_sentinel", _missing_sentinel(ending, cell, cells), cell=cell)
    results = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
    return _checked(replace(record, results=results), expects)


def failed(record: RunRecord, reason: str, error: object, *, cell: int = 0) -> RunRecord:
    """The record of a run that failed for that reason, in the cell of that number if there is one."""
    text = plain(str(error))[:_LONGEST_ERROR]
    return replace(record, status="failed", reason=reason, error=text, failed_cell=cell or None)


def failed_for(record: RunRecord, error: Exception, otherwise: str) -> RunRecord:
    """The record of a run that an error ended: ``out_of_space`` where that says so, else the reason given."""
    return failed(record, "out_of_space" if is_full(error) else otherwise, error)


def _checked(record: RunRecord, expects: Mapping[str, Expectation]) -> RunRecord:
    """Succeeded, if every check on the results holds."""
    problems = unmet(record.results or {}, expects)
    return (
        failed(record, "check_failed", " ".join(problems))
        if problems
        else replace(record, status="succeeded")
    )


def _stopped(ending: Ending, limits: Limits, place: str) -> str:
    if ending.stopped_for == "cell":
        return f"Stopped: {place} took longer than the {limits.cell_seconds:g} s that a cell may take."
    return f"Stopped after {limits.run_seconds:g} s in {place}."


def _missing_sentinel(ending: Ending, cell: int, cells: int) -> str:
    if ending.exit_code:
        return f"The process that ran the cells ended with exit code {ending.exit_code}; log.txt says why."
    if cell != cells:
        return f"The notebook ended in cell {cell} of {cells}, before its last one."
    return "The last cell did not record its results. End the notebook with record_results(...)."
