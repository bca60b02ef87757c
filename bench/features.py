"""How long the features of a million turns and of their users take, beside plain pandas on the same rows.

    python bench/features.py                      makes the store first, from a seed
    python bench/features.py --turns 100000       a smaller one
    python bench/features.py --store PATH         a store that is there already

A conversation has six turns of two messages, a user one or two conversations within half a year; every second
turn calls a system and every third leaves a stage. Each part runs in a process of its own, so that its peak
memory is its own; times begin with the data in the store (pandas: with reading it). The peer makes a dozen of
the features of a turn, and a dozen of a user, as one would write them in pandas; some of them must agree.
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

from analytics_lib.models.features import turn_features, user_features
from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.store import Store

SINCE, AS_OF = dt.date(2026, 5, 1), dt.date(2026, 11, 1)
# Of a million turns about 105,000 people come up.
TURNS, TALK, TURNS_OF_A_USER = 1_000_000, 6, 6
ASKED_SECONDS, ASKED_MIB = 30, 4_096
PARTS = ("turns", "users")
READ = {
    "conversations": "select conversation_id, user_id, started_at, ended_at, outcome from conversations",
    "messages": """select message_id, conversation_id, sent_at, sender, intent, confidence, sentiment
        from messages""",
    "actions": "select conversation_id, started_at, duration_ms, succeeded from actions",
    "events": "select conversation_id, user_id, occurred_at, name from events",
    "orders": "select user_id, ordered_at, amount from orders",
}


def rows_of(turns: int, *, seed: int = 1) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each table, by table."""
    random = np.random.default_rng(seed)
    talks = turns // TALK
    owner = random.integers(0, max(1, turns // TURNS_OF_A_USER), talks)
    ids = np.array([f"c1-{number:09}" for number in range(talks)], dtype=object)
    people = np.array([f"{user * 2_654_435_761 % 2**64:032x}" for user in owner.tolist()], dtype=object)
    length = int((AS_OF - SINCE) / dt.timedelta(seconds=1)) - 86_400
    began = np.sort(random.integers(0, length, talks)) * 1_000_000
    closed = random.random(talks) < 0.97
    outcome = random.choice(["purchase", "resolved", "escalated", "abandoned"], talks, p=[0.1, 0.4, 0.1, 0.4])
    yield (
        "conversations",
        pd.DataFrame(
            {
                "conversation_id": ids,
                "user_id": people,
                "channel": random.choice(["whatsapp", "instagram", "web"], talks),
                "started_at": _at(began),
                "ended_at": pd.Series(_at(began + 3_600_000_000)).where(closed),
                "outcome": np.where(closed, outcome, None),
                "csat": np.where(closed & (random.random(talks) < 0.2), random.integers(1, 6, talks), None),
            }
        ),
    )
    turn = np.arange(talks * TALK)
    talk, place = turn // TALK, turn % TALK
    wrote = began[talk] + place * 60_000_000 + random.integers(0, 20_000_000, turn.size)
    yield "messages", _messages(random, ids[talk], people[talk], wrote)
    called = turn[turn % 2 == 0]
    yield (
        "actions",
        pd.DataFrame(
            {
                "action_id": [f"a{number:09}" for number in called.tolist()],
                "conversation_id": ids[talk[called]],
                "started_at": _at(wrote[called] + 500_000),
                "name": "get_price",
                "duration_ms": random.integers(100, 3_000, called.size).astype(float),
                "succeeded": random.random(called.size) < 0.95,
            }
        ),
    )
    staged = turn[turn % 3 == 0]
    yield (
        "events",
        pd.DataFrame(
            {
                "event_id": [f"e{number:09}" for number in staged.tolist()],
                "user_id": people[talk[staged]],
                "conversation_id": ids[talk[staged]],
                "occurred_at": _at(wrote[staged] + 700_000),
                "name": np.array(FUNNEL_STAGES)[random.integers(0, 8, staged.size)],
            }
        ),
    )
    bought = np.flatnonzero(outcome == "purchase")
    yield (
        "orders",
        pd.DataFrame(
            {
                "order_id": [f"o{number:09}" for number in bought.tolist()],
                "user_id": people[bought],
                "conversation_id": ids[bought],
                "ordered_at": _at(began[bought] + 400_000_000),
                "amount": random.integers(20, 400, bought.size) * 1_000.0,
                "currency": "COP",
            }
        ),
    )


def _at(micros: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.datetime64(SINCE, "us") + micros).tz_localize("UTC")


def _messages(
    random: np.random.Generator, talk: np.ndarray, people: np.ndarray, wrote: np.ndarray
) -> pd.DataFrame:
    size = wrote.size
    intents = random.choice(["search_product", "price", "sizes", "fallback", "greeting"], size)
    asked = {
        "sender": "user",
        "intent": intents,
        "confidence": random.beta(8, 2, size).round(3),
        "sentiment": np.where(random.random(size) < 0.6, random.uniform(-1, 1, size).round(2), np.nan),
        "text": np.array(["hola", "cuánto vale", "tienen talla M", "gracias"])[random.integers(0, 4, size)],
    }
    shared = {"conversation_id": talk, "user_id": people, "kind": "text"}
    replied = _at(wrote + random.integers(1_000_000, 6_000_000, size))
    questions = pd.DataFrame({**shared, **asked, "sent_at": _at(wrote)})
    answers = pd.DataFrame({**shared, "sender": "bot", "text": "Claro que sí", "sent_at": replied})
    rows = pd.concat([questions, answers], ignore_index=True).sort_values(["conversation_id", "sent_at"])
    return rows.assign(message_id=[f"m{number:09}" for number in range(len(rows))])


def ours(path: Path, part: str) -> dict[str, object]:
    with Store.open(path) as store:
        began, used = time.perf_counter(), time.process_time()
        if part == "turns":
            found = turn_features(store, as_of=AS_OF)
            told = _told(found, ["user_messages", "mean_confidence", "failed_actions", "stage"])
        else:
            found = user_features(store, as_of=AS_OF)
            told = _told(found, ["contacts", "orders", "revenue", "mean_gap_days"])
        seconds, processor = time.perf_counter() - began, time.process_time() - used
    return {
        "columns": len(found.columns),
        "seconds": round(seconds, 2),
        "processor_seconds": round(processor, 2),
        **told,
    }


def plain(path: Path, part: str) -> dict[str, object]:
    with Store.open(path) as store:
        began = time.perf_counter()
        rows = {name: store.query(sql) for name, sql in READ.items()}
        read = time.perf_counter()
    found = plain_turns(rows) if part == "turns" else plain_users(rows)
    names = (
        ["user_messages", "mean_confidence", "failed_actions", "stage"]
        if part == "turns"
        else ["contacts", "orders", "revenue", "mean_gap_days"]
    )
    return {
        "columns": len(found.columns),
        "seconds_reading": round(read - began, 2),
        "seconds": round(time.perf_counter() - began, 2),
        **_told(found, names),
    }


def plain_turns(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A dozen features of each turn: sort, number the turns, cumulate by conversation, look back in time."""
    key = "conversation_id"
    said = rows["messages"].sort_values([key, "sent_at", "message_id"])
    user = said["sender"].eq("user")
    said["turn"] = (user & ~user.groupby(said[key]).shift(fill_value=False)).groupby(said[key]).cumsum()
    said["wrote"] = user.astype(int)
    said["asked_at"] = said["sent_at"].where(user)
    said["replied_at"] = said["sent_at"].where(~user)
    turns = said.groupby([key, "turn"], as_index=False).agg(
        known_at=("sent_at", "max"),
        wrote=("wrote", "sum"),
        confidence=("confidence", "sum"),
        detections=("confidence", "count"),
        least_confidence=("confidence", "min"),
        sentiment=("sentiment", "sum"),
        scored=("sentiment", "count"),
        last_sentiment=("sentiment", "last"),
        last_intent=("intent", "last"),
        asked_at=("asked_at", "min"),
        replied_at=("replied_at", "min"),
    )
    by = turns.groupby(key)
    turns["user_messages"] = by["wrote"].cumsum()
    turns["mean_confidence"] = by["confidence"].cumsum() / by["detections"].cumsum()
    turns["least_confidence"] = by["least_confidence"].cummin()
    turns["mean_sentiment"] = by["sentiment"].cumsum() / by["scored"].cumsum()
    turns["last_sentiment"] = by["last_sentiment"].ffill()
    turns["wait"] = (turns["replied_at"] - turns["asked_at"]).dt.total_seconds()
    turns["longest_wait"] = turns.groupby(key)["wait"].cummax()
    calls = rows["actions"].assign(
        at=rows["actions"]["started_at"] + pd.to_timedelta(rows["actions"]["duration_ms"], unit="ms"),
        failed_actions=1 - rows["actions"]["succeeded"].astype(int),
    )
    steps = rows["events"].assign(
        at=rows["events"]["occurred_at"], stage=rows["events"]["name"].map(FUNNEL_STAGES.index) + 1
    )
    turns = _looked_back(turns, calls, "failed_actions", "cumsum")
    turns = _looked_back(turns, steps, "stage", "cummax")
    talks = rows["conversations"].sort_values("started_at")
    talks["past_conversations"] = talks.groupby("user_id").cumcount()
    return turns.merge(talks[[key, "user_id", "past_conversations"]], on=key)


def _looked_back(turns: pd.DataFrame, facts: pd.DataFrame, name: str, how: str) -> pd.DataFrame:
    key = "conversation_id"
    facts = facts.sort_values("at")
    facts[name] = getattr(facts.groupby(key)[name], how)()
    facts["at"] = facts["at"].dt.as_unit("us")
    turns = turns.sort_values("known_at")
    return pd.merge_asof(turns, facts[[key, "at", name]], left_on="known_at", right_on="at", by=key).drop(
        columns="at"
    )


def plain_users(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A dozen features of each user, table by table."""
    wrote = rows["messages"][rows["messages"]["sender"].eq("user")]
    first = wrote.groupby("conversation_id", as_index=False).agg(
        first_at=("sent_at", "min"), last_at=("sent_at", "max"), messages=("sent_at", "size")
    )
    talks = rows["conversations"].merge(first, on="conversation_id").sort_values(["user_id", "first_at"])
    talks["gap"] = talks.groupby("user_id")["first_at"].diff().dt.total_seconds() / 86_400
    talks["left"] = talks["outcome"].eq("abandoned")
    now = pd.Timestamp(AS_OF, tz="America/Bogota")
    talks["recent"] = talks["first_at"] >= now - pd.Timedelta(days=30)
    users = talks.groupby("user_id", as_index=False).agg(
        contacts=("gap", "size"),
        contacts_30_days=("recent", "sum"),
        last_at=("last_at", "max"),
        first_at=("first_at", "min"),
        mean_gap_days=("gap", "mean"),
        median_gap_days=("gap", "median"),
        abandoned_share=("left", "mean"),
        messages=("messages", "mean"),
    )
    orders = rows["orders"].groupby("user_id", as_index=False)
    bought = orders.agg(
        orders=("amount", "size"), revenue=("amount", "sum"), ordered_at=("ordered_at", "max")
    )
    return users.merge(bought, on="user_id", how="left").fillna({"orders": 0, "revenue": 0})


def _told(found: pd.DataFrame, names: list[str]) -> dict[str, object]:
    return {"rows": len(found), **{f"sum_{name}": round(float(found[name].sum()), 3) for name in names}}


def child(command: list[str]) -> dict[str, object]:
    """What a process of its own printed last; the reason where it failed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3600)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"failed": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:300]}
    found: dict[str, object] = json.loads(lines[-1])
    return found


def measured(path: Path) -> Iterator[dict[str, object]]:
    for part in PARTS:
        asked = [sys.executable, __file__, "--store", str(path), "--child", part]
        us, peer = child(asked), child([*asked, "--plain"])
        agree = all(
            us.get(name) == value for name, value in peer.items() if name.startswith(("rows", "sum_"))
        )
        yield {"what": f"features of {part}", "ours": us, "pandas": peer, "agree": agree}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", type=Path, help="a store that is there; else one is made")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--child", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        result = (plain if given.plain else ours)(given.store, given.child)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({**result, "peak_mib": peak}))
        return
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        path = given.store or Path(folder) / "store"
        if not given.store:
            with Store.open(path) as store:
                for name, rows in rows_of(given.turns):
                    store.append(name, rows)
        for result in measured(path):
            held = result["ours"].get("seconds", 1e9) <= ASKED_SECONDS  # type: ignore[attr-defined]  # a dict
            light = result["ours"].get("peak_mib", 1e9) <= ASKED_MIB  # type: ignore[attr-defined]  # a dict
            print(json.dumps({**result, "as_asked": held and light}, indent=2), flush=True)


if __name__ == "__main__":
    main()
