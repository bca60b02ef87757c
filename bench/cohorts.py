"""How long retention over ten million messages takes, beside plain pandas on the same rows.

    python bench/cohorts.py                       makes the store first, from a seed
    python bench/cohorts.py --messages 1000000    a smaller one
    python bench/cohorts.py --store PATH          a store that is there already

Messages are of two years, eight a conversation, every second one written by its user; a user has five
conversations. Each question runs in a process of its own, so that its peak memory is its own; times are the
best of three for ours, of one for pandas, and begin with the data in the store (pandas: with reading it);
both must count the same.
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
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohorts import retention
from analytics_lib.store import Store

SINCE, AS_OF = dt.date(2024, 11, 1), dt.date(2026, 11, 10)
BLOCK = 1_000_000
TALK = 8
PERIODS = ("month", "week", "day")
MESSAGES = "select user_id, sender, sent_local from messages"
SIZE = "select count(*) as messages, count(distinct user_id) as users from messages"
_UNITS = {"month": "M", "week": "W-SUN", "day": "D"}


def blocks(messages: int, *, seed: int = 1) -> Iterator[pd.DataFrame]:
    """The messages as rows of the contract, a million at a time; some users come back much more often."""
    random = np.random.default_rng(seed)
    start = np.datetime64(SINCE, "us") + np.timedelta64(5, "h")
    length = int((AS_OF - SINCE) / dt.timedelta(microseconds=1))
    for first in range(0, messages, BLOCK):
        numbers = np.arange(first, min(first + BLOCK, messages))
        talks = len(numbers) // TALK + 1
        users = (random.random(talks) ** 1.5 * (messages // TALK // 5)).astype(np.int64)
        # A block is a stretch of time, as ingest would bring it; messages follow by half a minute.
        begun = (first + random.random(talks) * len(numbers)) / messages * length
        talk = (numbers - first) // TALK
        at = begun[talk].astype(np.int64) + numbers % TALK * 30_000_000
        yield pd.DataFrame(
            {
                "message_id": [f"m1-{number:010}" for number in numbers.tolist()],
                "conversation_id": [f"c1-{number // TALK:09}" for number in numbers.tolist()],
                "user_id": [f"{user * 2_654_435_761 % 2**64:032x}" for user in users[talk].tolist()],
                "sent_at": pd.DatetimeIndex(start + at).tz_localize("UTC"),
                "sender": np.where(numbers % 2, "bot", "user"),
                "kind": "text",
            }
        )


def make(path: Path, messages: int) -> None:
    with Store.open(path) as store:
        for rows in blocks(messages):
            store.append("messages", rows)


def ours(path: Path, period: str) -> dict[str, object]:
    with Store.open(path) as store:
        taken = []
        for _ in range(3):
            began, used = time.perf_counter(), time.process_time()
            found = retention(store, period=period, as_of=AS_OF)
            taken.append((time.perf_counter() - began, time.process_time() - used))
    best = min(taken)
    return {
        "cells": len(found),
        "active_users": int(found["active_users"].sum()),
        "seconds": round(best[0], 2),
        "processor_seconds": round(best[1], 2),
    }


def plain(path: Path, period: str) -> dict[str, object]:
    with Store.open(path) as store:
        began = time.perf_counter()
        rows = store.query(MESSAGES)
        read = time.perf_counter()
    wrote = rows[rows["sender"] == "user"]
    numbers = wrote["sent_local"].dt.to_period(_UNITS[period])
    wrote = wrote.assign(period=numbers)[numbers < pd.Period(AS_OF, _UNITS[period])]
    cohort = wrote.groupby("user_id")["period"].transform("min")
    found = wrote.assign(cohort=cohort).groupby(["cohort", "period"])["user_id"].nunique()
    return {
        "active_users": int(found.sum()),
        "seconds_reading": round(read - began, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def child(command: list[str]) -> dict[str, object]:
    """What a process of its own printed last; the reason where it failed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3600)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"failed": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:300]}
    found: dict[str, object] = json.loads(lines[-1])
    return found


def measured(path: Path) -> Iterator[dict[str, object]]:
    with Store.open(path) as store:
        size = {name: int(value) for name, value in store.query(SIZE).iloc[0].items()}
    for period in PERIODS:
        asked = [sys.executable, __file__, "--store", str(path), "--child", period]
        yield {
            "what": f"retention by {period}",
            **size,
            "ours": child(asked),
            "pandas": child([*asked, "--plain"]),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store that is there; else one is made")
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--child", choices=PERIODS, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        result = (plain if given.plain else ours)(given.store, given.child)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({**result, "peak_mib": peak}))
        return
    with tempfile.TemporaryDirectory(prefix="cohorts-") as folder:
        path = given.store or Path(folder) / "store"
        if not given.store:
            make(path, given.messages)
        for result in measured(path):
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
