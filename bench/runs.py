"""What a run costs: our runner beside papermill.execute_notebook; where the time of `run --all` goes.

    python bench/runs.py                      the overhead, over runs of a notebook of three cells
    python bench/runs.py --outputs outputs    the table of what the newest run of each notebook took

The two take turns. Papermill runs in this process, which has imported it already, by the same transport: what
is left is our child process, its imports, the watching, the record and the page. The last line is JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path

import papermill
from traitlets.config import Config

from analytics_lib.runs.record import RunRecord, all_records
from analytics_lib.runs.runner import Job, run

CELLS = (
    "numbers = list(range(1000))",
    "print(sum(numbers))",
    "from analytics_lib.runs import record_results\nrecord_results(total=sum(numbers))",
)


def write_notebook(path: Path) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in CELLS
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


def ours(notebook: Path, outputs: Path) -> float:
    began = time.perf_counter()
    record = run(Job("bench", notebook), outputs=outputs, versions={}, now=lambda: dt.datetime.now(dt.UTC))
    seconds = time.perf_counter() - began
    assert record.status == "succeeded", record.error
    return seconds


def papermill_alone(notebook: Path, target: Path) -> float:
    began = time.perf_counter()
    papermill.execute_notebook(
        str(notebook),
        str(target),
        kernel_name="python3",
        progress_bar=False,
        shutdown_kernel="immediate",
        config=Config({"KernelManager": {"transport": "ipc", "ip": str(target.parent / "kernel")}}),
    )
    return time.perf_counter() - began


def overhead(runs: int) -> dict[str, object]:
    """Medians of runs that take turns; the first of each, which imports and compiles, is left out."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="b") as name:
        folder = Path(name)
        os.environ["IPYTHONDIR"] = str(folder / "ipython")
        notebook = write_notebook(folder / "bench.ipynb")
        taken = [
            (papermill_alone(notebook, folder / "out.ipynb"), ours(notebook, folder / "outputs"))
            for _ in range(runs + 1)
        ][1:]
    peer, own = (sorted(column) for column in zip(*taken, strict=True))
    return {
        "what": "one run of a notebook of three cells",
        "runs": runs,
        "seconds": round(statistics.median(own), 2),
        "papermill_seconds": round(statistics.median(peer), 2),
        "added_seconds": round(statistics.median(mine - theirs for theirs, mine in taken), 2),
        "added_range": [round(own[0] - peer[0], 2), round(own[-1] - peer[-1], 2)],
    }


def newest_of_each(outputs: Path) -> list[RunRecord]:
    """The newest succeeded run of every job, the longest first."""
    found: dict[str, RunRecord] = {}
    for record in all_records(outputs):
        if record.status == "succeeded":
            found.setdefault(record.job, record)
    return sorted(found.values(), key=lambda record: record.seconds or 0.0, reverse=True)


def row(record: RunRecord) -> dict[str, object]:
    cells = sorted(((took, at) for at, took in enumerate(record.cells, 1)), reverse=True)
    seconds = record.seconds or 0.0
    return {
        "notebook": record.job,
        "seconds": seconds,
        "cells_seconds": round(sum(record.cells), 1),
        "beside_cells_seconds": round(seconds - sum(record.cells), 1),
        "slowest_cells": [f"{at}: {took:.1f}" for took, at in cells[:3]],
        "peak_memory_mb": record.peak_memory_mb,
    }


def where_time_goes(outputs: Path) -> dict[str, object]:
    """The newest run of each notebook: what its cells took, and what start, end, record and page took."""
    records = newest_of_each(outputs)
    starts = [dt.datetime.fromisoformat(record.started_at) for record in records]
    ends = [dt.datetime.fromisoformat(str(record.ended_at)) for record in records]
    return {
        "what": "analytics run --all",
        "seconds_from_first_to_last": (max(ends) - min(starts)).total_seconds() if records else 0.0,
        "seconds_one_after_another": round(sum(record.seconds or 0.0 for record in records), 1),
        "notebooks": [row(record) for record in records],
    }


def as_table(rows: list[dict[str, object]]) -> str:
    head = "| notebook | seconds | in cells | beside them | slowest cells (number: s) | peak memory |"
    lines = [
        f"| {one['notebook']} | {one['seconds']} | {one['cells_seconds']} | {one['beside_cells_seconds']} "
        f"| {', '.join(one['slowest_cells'])} | {one['peak_memory_mb']} MB |"
        for one in rows
    ]
    return "\n".join([head, "|---|---|---|---|---|---|", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="of each kind, after one that does not count")
    parser.add_argument("--outputs", type=Path, help="only the table of the runs in this folder")
    chosen = parser.parse_args()
    if chosen.outputs is None:
        found = overhead(chosen.runs)
    else:
        found = where_time_goes(chosen.outputs)
        print(as_table(found["notebooks"]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
