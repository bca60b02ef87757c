"""Measures what the project promises, each beside a peer or a plain implementation in the same run.

    make bench                       all of it; 10 M lines need 5 GB of disk and some minutes
    python bench/run.py --lines 1000000

Prints a table and writes bench/results/latest.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sentiment
from message_files import write_messages

HERE = Path(__file__).parent
FOLDERS = ("store", "keys", "inbox", "outputs")


def child(script: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1800).stdout
    found: dict[str, float] = json.loads(printed.strip().splitlines()[-1])
    return found


def ingest_against_floor(lines: int, folder: Path) -> dict[str, object]:
    """Messages parsed, checked, deduplicated, committed; beside DuckDB copying the same lines unchecked."""
    file = write_messages(folder / f"messages-{lines}.ndjson", lines=lines)
    floor = child("one_floor.py", file, folder)
    ours = child("one_ingest.py", file, folder / f"ingest-{lines}")
    size = file.stat().st_size
    file.unlink()
    return {
        "what": f"ingest {lines:,} message lines",
        "megabytes": round(size / 1e6),
        "seconds": ours["seconds"],
        "lines_per_second": round(lines / ours["seconds"]),
        "peak_mib": ours["peak_mib"],
        "floor_seconds": floor["seconds"],
        "ratio_to_floor": round(ours["seconds"] / floor["seconds"], 2),
    }


def simulate(conversations: int, folder: Path) -> dict[str, object]:
    """Sample data made and ingested, from the command line as a person would."""
    environment = {
        **os.environ,
        **{
            f"ANALYTICS_{name.upper()}": str(folder / "sim" / name)
            for name in ("store", "keys", "inbox", "outputs")
        },
    }
    command = [
        str(Path(sys.executable).with_name("analytics")),
        "simulate",
        "--conversations",
        str(conversations),
    ]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--until", "2026-11-01", "--no-ingest"], check=True, capture_output=True, env=environment
    )
    written = time.perf_counter()
    subprocess.run([*command, "--until", "2026-11-01"], check=True, capture_output=True, env=environment)
    return {
        "what": f"simulate {conversations:,} conversations",
        "seconds_written": round(written - began, 1),
        "seconds_written_and_ingested": round(time.perf_counter() - written, 1),
    }


def review_and_find(conversations: int) -> dict[str, object]:
    """A review beside the plain timeline, `find` beside window functions over every message."""
    return dict(child("review.py", "--conversations", conversations))


def catalogue(conversations: int) -> dict[str, object]:
    """Every KPI by day and channel beside plain pandas, and the same over a tenth of the data."""
    return dict(child("metrics.py", "--conversations", conversations))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lines", type=int, action="append", help="lengths to ingest; 1 M and 10 M unless given"
    )
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--reviewed", type=int, default=1_000_000, help="conversations to review and find in")
    chosen = parser.parse_args()
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="analytics-bench-") as name:
        for lines in chosen.lines or [1_000_000, 10_000_000]:
            results.append(ingest_against_floor(lines, Path(name)))
            print(results[-1], flush=True)
        results.append(simulate(chosen.conversations, Path(name)))
        print(results[-1], flush=True)
    results += sentiment.measure()
    results.append(review_and_find(chosen.reviewed))
    print(results[-1], flush=True)
    results.append(catalogue(chosen.reviewed))
    print(results[-1], flush=True)
    target = HERE / "results" / "latest.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    target.write_text(json.dumps({"machine": machine, "results": results}, indent=1))


if __name__ == "__main__":
    main()
