"""DuckDB's own NDJSON to Parquet, unchecked: the floor that an ingest is measured against."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import duckdb


def main(file: Path, folder: Path) -> None:
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    began = time.perf_counter()
    connection.execute(
        "copy (select * from read_json($source, format = 'newline_delimited')) "
        f"to '{folder / 'floor.parquet'}' (format parquet, compression zstd, compression_level 1)",
        {"source": str(file)},
    )
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 2), "peak_mib": round(peak)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
