"""How long the whole catalogue takes by day and channel over twelve months, beside plain pandas.

    python bench/metrics.py                                  makes the stores first, by `analytics simulate`
    python bench/metrics.py --store PATH --tenth PATH        stores that are there already

`measure_all` gives every metric with its interval; metrics of systems, which have no channel, by day alone.
The pandas peer reads the same columns from the same store and computes twelve of them without intervals. Each
runs in a process of its own, so that its peak memory is its own; times are the best of three (pandas: one).
Where the rows worked out ahead are not kept beside the store yet, the first of the three makes them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from analytics_lib.metrics import CATALOG, measure_all
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.rates import load_rates
from analytics_lib.store import Store
from review import made

RATES = Path(__file__).parents[1] / "params" / "rates.yaml"
SPAN = """
select min(started_local)::date as first_day, max(started_local)::date as last_day, count(*) as conversations
from conversations
"""
CONVERSATIONS = """
select conversation_id, user_id, channel, started_local, started_at, ended_at, outcome, resolved, csat, nps,
escalated_at from conversations
"""
MESSAGES = """
select conversation_id, message_id, sent_at, sent_local, sender, intent, confidence, true_intent, sentiment
from messages
"""


def catalogue(path: Path) -> dict[str, object]:
    rates = load_rates(RATES).bound()
    metrics = [
        metric.bound(rates=rates) if "rates" in metric.parameters else metric for metric in CATALOG.values()
    ]
    with_channel = [metric for metric in metrics if "channel" in FACTS[metric.table].dimensions]
    without = [metric for metric in metrics if "channel" not in FACTS[metric.table].dimensions]
    with Store.open(path) as store:
        span = store.query(SPAN).iloc[0]
        window = {"since": span["first_day"], "until": span["last_day"] + dt.timedelta(days=1)}
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            rows = len(measure_all(store, with_channel, **window, period="day", by="channel"))
            rows += len(measure_all(store, without, **window, period="day"))
            taken.append(time.perf_counter() - began)
    return {
        "metrics": len(metrics),
        "rows": rows,
        "seconds": round(min(taken), 1),
        "each": [round(t, 1) for t in taken],
    }


def plain(path: Path) -> dict[str, object]:
    with Store.open(path) as store:
        began = time.perf_counter()
        chats, messages = store.query(CONVERSATIONS), store.query(MESSAGES)
        read = time.perf_counter()
        frames = [*of_conversations(chats), *of_messages(chats, messages)]
    done = time.perf_counter()
    return {
        "metrics": len(frames),
        "seconds_reading": round(read - began, 1),
        "seconds": round(done - began, 1),
    }


def of_conversations(chats: pd.DataFrame) -> list[pd.Series]:
    chats = chats.assign(day=chats["started_local"].dt.date, closed=chats["ended_at"].notna())
    closed = chats[chats["closed"]]
    known = closed[closed["resolved"].notna()]
    seconds = (closed["ended_at"] - closed["started_at"]).dt.total_seconds()
    by = ["day", "channel"]
    recommended = closed[closed["nps"].notna()]
    score = (recommended["nps"] >= 9).astype(int) - (recommended["nps"] <= 6).astype(int)
    return [
        chats.groupby(by).size(),
        known.assign(y=known["resolved"].astype(bool)).groupby(by)["y"].mean(),
        closed.assign(y=closed["escalated_at"].notna()).groupby(by)["y"].mean(),
        closed.assign(y=closed["csat"] >= 4)[closed["csat"].notna()].groupby(by)["y"].mean(),
        recommended.assign(y=score).groupby(by)["y"].mean() * 100,
        closed.assign(y=seconds)[seconds >= 0].groupby(by)["y"].median(),
    ]


def of_messages(chats: pd.DataFrame, messages: pd.DataFrame) -> list[pd.Series]:
    messages = messages.merge(chats[["conversation_id", "channel"]], on="conversation_id", how="left")
    messages["day"] = messages["sent_local"].dt.date
    by = ["day", "channel"]
    said = messages[messages["sender"] == "user"]
    sure = said[said["intent"].notna() & said["confidence"].notna()]
    reviewed = said[said["true_intent"].notna()]
    ordered = messages.sort_values(["conversation_id", "sent_at", "message_id"])
    before = ordered.groupby("conversation_id")["sender"].shift()
    turning = ordered[(ordered["sender"] == "user") != (before == "user")]
    replied = turning.assign(
        y=(turning["sent_at"] - turning.groupby("conversation_id")["sent_at"].shift()).dt.total_seconds()
    )
    replied = replied[replied["sender"] == "bot"]
    return [
        messages.groupby(by).size(),
        sure.assign(y=sure["confidence"] < 0.7).groupby(by)["y"].mean(),
        sure.groupby(by)["confidence"].mean(),
        reviewed.assign(y=reviewed["intent"] == reviewed["true_intent"]).groupby(by)["y"].mean(),
        replied.groupby(by)["y"].mean(),
        replied.groupby(by)["y"].median(),
    ]


def child(what: str, path: Path) -> dict[str, object]:
    command = [sys.executable, __file__, "--child", what, "--store", str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600).stdout
    found: dict[str, object] = json.loads(printed.strip().splitlines()[-1])
    return found


def measured(path: Path, tenth: Path) -> dict[str, object]:
    whole, small, peer = child("catalogue", path), child("catalogue", tenth), child("plain", path)
    return {
        "what": "the whole catalogue by day and channel",
        "catalogue": whole,
        "tenth": small,
        "times_the_tenth": round(float(str(whole["seconds"])) / float(str(small["seconds"])), 1),
        "plain_pandas": peer,
        "ratio_to_pandas": round(float(str(whole["seconds"])) / float(str(peer["seconds"])), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store that is there; else one is made")
    parser.add_argument("--tenth", type=Path, help="a store a tenth as large")
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--child", choices=["catalogue", "plain"], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        found = {"catalogue": catalogue, "plain": plain}[chosen.child](chosen.store)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak_mib": round(peak)}))
        return
    with tempfile.TemporaryDirectory(prefix="analytics-bench-") as name:
        path = chosen.store or made(chosen.conversations, Path(name, "whole"))
        tenth = chosen.tenth or made(chosen.conversations // 10, Path(name, "tenth"))
        print(json.dumps(measured(path, tenth)))


if __name__ == "__main__":
    main()
