"""One ingest in a process of its own, so that its peak memory is its own: prints seconds, MiB and records."""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest


def main(file: Path, folder: Path) -> None:
    settings = replace(Settings(), store=folder / "store", keys=folder / "keys")
    source = Source(name="contract", time_zone="UTC")
    began = time.perf_counter()
    (report,) = ingest(source, [file], now=dt.datetime(2026, 12, 1, tzinfo=dt.UTC), settings=settings)
    seconds = time.perf_counter() - began
    assert report.accepted == report.records, report
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 2), "peak_mib": round(peak), "records": report.records}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
