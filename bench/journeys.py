"""How long transitions, sessions and a funnel take over ten million events, beside plain pandas and a peer.

    python bench/journeys.py                             makes the store first, from a seed
    python bench/journeys.py --store PATH                a store that is there already
    python bench/journeys.py --retentioneering PYTHON    also asks the peer, where it is installed

The peer is an open library for the same questions, in an environment of its own (`pip install
"retentioneering>=5,<6" "mcp<2"`, told not to report its use): `journeys_peer.py` says what it is asked.
Everything runs in a process of its own, so that its peak memory is its own; times are the best of three for
ours, of one for the others, and begin with the data in the store (pandas and the peer: with reading it).
`first_seconds` is the first of the three: in a store nobody has asked yet it holds numbering the events,
which is kept beside the store. With `--cold` what is kept there is deleted before every question.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics_lib.analysis.funnels import funnel
from analytics_lib.analysis.journeys import sessions, transitions
from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.store import Store

SINCE, UNTIL = dt.date(2026, 5, 1), dt.date(2026, 11, 1)
WINDOW = {"since": SINCE, "until": UNTIL}
GAP, WITHIN = dt.timedelta(minutes=30), dt.timedelta(days=1)
# How likely a conversation goes on from each stage to the next, and how likely a stage is repeated.
ONWARD, AGAIN = (0.68, 0.80, 0.65, 0.77, 0.62, 0.65, 0.75), 0.1
EVENTS = """
select event_id, user_id, conversation_id, name, occurred_at from events
"""
SIZE = """
select
    count(*) as events, count(distinct user_id) as users, count(distinct conversation_id) as conversations
from events
"""
BLOCK = 1_000_000


def drawn(events: int, *, seed: int = 1) -> pd.DataFrame:
    """Numbers of conversation and user, stage and second, in order of time; a user has four conversations."""
    random = np.random.default_rng(seed)
    chats = events // 3
    reached = 1 + np.cumprod(random.random((chats, len(ONWARD))) < np.array(ONWARD), axis=1).sum(axis=1)
    number, stage = np.repeat(np.arange(chats), reached), _places(reached)
    times = 1 + (random.random(len(number)) < AGAIN)
    number, stage = np.repeat(number, times), np.repeat(stage, times)
    # Some come back much more often than others.
    users = (random.random(chats) ** 1.5 * (chats // 4)).astype(np.int64)
    started = random.integers(0, int((UNTIL - SINCE) / dt.timedelta(microseconds=1)) - 10**10, chats)
    steps = np.cumsum(random.integers(1, 90 * 10**6, len(number)))
    first = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
    at = started[number] + steps - np.repeat(steps[first], np.diff(np.append(first, len(number))))
    frame = pd.DataFrame({"chat": number, "user": users[number], "stage": stage, "at": at})
    return frame.sort_values("at", kind="stable", ignore_index=True).head(events)


def _places(lengths: np.ndarray) -> np.ndarray:
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def blocks(numbers: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The events as rows of the contract, a million at a time; ids look like those of simulated data."""
    stages = np.array(FUNNEL_STAGES, dtype=object)
    start = np.datetime64(SINCE, "us") + np.timedelta64(5, "h")
    for first in range(0, len(numbers), BLOCK):
        part = numbers.iloc[first : first + BLOCK]
        yield pd.DataFrame(
            {
                "event_id": [f"e1-{number:010}" for number in range(first, first + len(part))],
                "user_id": [f"{number * 2_654_435_761 % 2**64:032x}" for number in part["user"]],
                "conversation_id": [f"c1-{number:07}" for number in part["chat"]],
                "occurred_at": pd.DatetimeIndex(start + part["at"].to_numpy()).tz_localize("UTC"),
                "name": stages[part["stage"]],
            }
        )


def make(path: Path, events: int) -> None:
    with Store.open(path) as store:
        for rows in blocks(drawn(events)):
            store.append("events", rows)


def ask_transitions(store: Store) -> pd.DataFrame:
    return transitions(store, unit="conversation", **WINDOW)


def ask_transitions_of_users(store: Store) -> pd.DataFrame:
    return transitions(store, unit="user", **WINDOW)


def ask_sessions(store: Store) -> pd.DataFrame:
    return sessions(store, gap=GAP, **WINDOW)


def ask_funnel(store: Store) -> pd.DataFrame:
    return funnel(store, stages=FUNNEL_STAGES, within=WITHIN, **WINDOW)


OURS = {
    "transitions": ask_transitions,
    "transitions of users": ask_transitions_of_users,
    "sessions": ask_sessions,
    "funnel": ask_funnel,
}


def ours(path: Path, what: str) -> dict[str, object]:
    with Store.open(path) as store:
        taken = []
        for _ in range(3):
            began, used = time.perf_counter(), time.process_time()
            rows = len(OURS[what](store))
            taken.append((time.perf_counter() - began, time.process_time() - used))
    best, first = min(taken), round(taken[0][0], 2)
    found = {"rows": rows, "seconds": round(best[0], 2), "processor_seconds": round(best[1], 2)}
    return {**found, "first_seconds": first}


def plain_transitions(events: pd.DataFrame, unit: str = "conversation_id") -> pd.DataFrame:
    ordered = events.sort_values([unit, "occurred_at", "event_id"])
    following = ordered.groupby(unit, sort=False)[["name", "occurred_at"]].shift(-1)
    pairs = ordered.assign(
        target=following["name"],
        seconds=(following["occurred_at"] - ordered["occurred_at"]).dt.total_seconds(),
    ).dropna(subset="target")
    found = pairs.groupby(["name", "target"]).agg(
        transitions=("user_id", "size"), users=("user_id", "nunique"), median_seconds=("seconds", "median")
    )
    had = events.groupby("name")["user_id"].nunique()
    leaving = found.groupby("name")["transitions"].transform("sum")
    reach = found["users"] / found.index.get_level_values("name").map(had)
    return found.assign(share=found["transitions"] / leaving, reach=reach)


def plain_sessions(events: pd.DataFrame) -> pd.DataFrame:
    ordered = events.sort_values(["user_id", "occurred_at"])
    begins = ~(ordered.groupby("user_id", sort=False)["occurred_at"].diff() <= GAP)
    numbered = ordered.assign(session=begins.groupby(ordered["user_id"], sort=False).cumsum())
    return numbered.groupby(["user_id", "session"], sort=False)["occurred_at"].agg(["min", "max", "size"])


def plain_funnel(events: pd.DataFrame) -> pd.DataFrame:
    stages = [events.loc[events["name"] == stage, ["user_id", "occurred_at"]] for stage in FUNNEL_STAGES]
    anchors = stages[0].groupby("user_id")["occurred_at"].min()
    reached, rows = anchors, []
    for place, stage in enumerate(stages):
        if place:
            later = stage[stage["occurred_at"] > stage["user_id"].map(reached)]
            later = later[later["occurred_at"] < later["user_id"].map(anchors) + WITHIN]
            reached = later.groupby("user_id")["occurred_at"].min()
        seconds = (reached - anchors.reindex(reached.index)).dt.total_seconds()
        rows.append((len(reached), seconds.median(), seconds.quantile(0.9)))
    return pd.DataFrame(rows, columns=["users", "median_seconds", "p90_seconds"])


PLAIN = {
    "transitions": plain_transitions,
    "transitions of users": lambda events: plain_transitions(events, "user_id"),
    "sessions": plain_sessions,
    "funnel": plain_funnel,
}


def plain(path: Path, what: str) -> dict[str, object]:
    with Store.open(path) as store:
        began = time.perf_counter()
        events = store.query(EVENTS)
        read = time.perf_counter()
        rows = len(PLAIN[what](events))
    done = time.perf_counter()
    return {"rows": rows, "seconds_reading": round(read - began, 1), "seconds": round(done - began, 1)}


def export(path: Path, file: Path) -> None:
    """The events as one Parquet file, for the peer."""
    with Store.open(path) as store:
        rows: pa.Table = store.query_arrow(EVENTS)
    pq.write_table(rows, file)


def child(command: list[str]) -> dict[str, object]:
    """What a process of its own printed last; the reason where it failed."""
    quiet = {**os.environ, "RETENTIONEERING_NO_TRACK": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3600, env=quiet)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"failed": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:300]}
    found: dict[str, object] = json.loads(lines[-1])
    return found


def measured(path: Path, folder: Path, peer: Path | None, *, cold: bool) -> Iterator[dict[str, object]]:
    with Store.open(path) as store:
        size = {name: int(value) for name, value in store.query(SIZE).iloc[0].items()}
    file = folder / "events.parquet" if peer else None
    if file:
        subprocess.run([sys.executable, __file__, "--store", path, "--export", file], check=True)
    for what in OURS:
        if cold:
            shutil.rmtree(path / "_derived", ignore_errors=True)
        mine = [sys.executable, __file__, "--store", str(path), "--child", what]
        result: dict[str, object] = {"what": what, **size, "ours": child(mine)}
        result["plain_pandas"] = child([*mine, "--plain"])
        if peer and file:
            asked = [str(peer), str(Path(__file__).with_name("journeys_peer.py")), str(file), what]
            result["retentioneering"] = child(asked)
        yield result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store that is there; else one is made")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--retentioneering", type=Path, help="a Python in whose environment the peer is")
    parser.add_argument("--cold", action="store_true", help="work out anew what is kept beside the store")
    parser.add_argument("--child", choices=list(OURS), help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--export", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.make:
        make(chosen.make, chosen.events)
        return
    if chosen.export:
        export(chosen.store, chosen.export)
        return
    if chosen.child:
        found = (plain if chosen.plain else ours)(chosen.store, chosen.child)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak_mib": round(peak)}))
        return
    with tempfile.TemporaryDirectory(prefix="analytics-bench-") as name:
        path = chosen.store or Path(name, "store")
        if not chosen.store:
            # In a process of its own: the peak memory of a process counts for those that it starts.
            subprocess.run(
                [sys.executable, __file__, "--make", path, "--events", str(chosen.events)], check=True
            )
        for result in measured(path, Path(name), chosen.retentioneering, cold=chosen.cold):
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
