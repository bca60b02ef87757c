"""What `journeys.py` asks retentioneering 5, in a process of its environment: a Parquet file and a question.

It has no interval and no test, its funnel knows neither window nor times, and its transitions by user count
paths, so that shares, counts, paths and median times are asked for one after the other.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd
from retentioneering import Eventstream

FUNNEL = [
    *("conversation_started", "interest_shown", "products_viewed", "product_selected"),
    *("size_selected", "cart_added", "purchase_initiated", "purchase_completed"),
]


def stream_of(file: str, path: str) -> Eventstream:
    events = pd.read_parquet(file, columns=[path, "name", "occurred_at"])
    events["occurred_at"] = events["occurred_at"].dt.tz_localize(None)
    return Eventstream(events, {"path_cols": [path], "event_col": "name", "timestamp_col": "occurred_at"})


def asked(file: str, what: str) -> int:
    if what.startswith("transitions"):
        stream = stream_of(file, "user_id" if what.endswith("users") else "conversation_id")
        weights = ("count", "proba_out", "unique_paths", "time_median")
        return sum(len(stream.transition_graph_data(edge_weight=weight)) for weight in weights)
    stream = stream_of(file, "user_id")
    if what == "sessions":
        return len(stream.split_sessions(timeout="30m").df)
    return len(stream.funnel_data(steps=FUNNEL)["steps"])


def main() -> None:
    began = time.perf_counter()
    rows = asked(*sys.argv[1:3])
    seconds = round(time.perf_counter() - began, 1)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main()
