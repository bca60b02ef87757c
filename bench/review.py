"""How long it takes to review a conversation, and to find the ones worth reading, in a store of a million.

    python bench/review.py                      makes the store first, by `analytics simulate`
    python bench/review.py --store PATH         a store that is there already

A review is measured beside the plain timeline of the same conversation (nothing read into it). `find` is
measured beside the shortest SQL that answers one of its five questions alone: the longest wait for a reply,
by window functions over every message. Times are of one process, after twenty reviews of others that load
the word lists. Every conversation is reviewed three times, and of the slowest one the best time is told too,
since a pause of the machine may hit any. The first `find` also makes the rows it counts on where nobody has
kept them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from analytics_lib.analysis.conversations import find, review
from analytics_lib.analysis.timeline import timeline
from analytics_lib.store import Store

TIMES, FIRST = 3, 20
SINCE, UNTIL = dt.date(2026, 5, 1), dt.date(2026, 11, 2)
SAMPLE = """
select conversation_id
from conversations
order by md5(concat(conversation_id, $seed))
limit $reviews
"""
SIZE = """
select
    (select count(*) from conversations) as conversations,
    (select count(*) from messages) as messages
"""
LONGEST_WAITS = """
with written as (
    select
        conversation_id, sender, sent_at,
        lag(sender, 1, 'nobody') over (partition by conversation_id order by sent_at, message_id) as previous
    from messages
    where sent_at < $as_of
),
turning as (
    select
        conversation_id, sender,
        date_diff('microsecond', lag(sent_at) over (partition by conversation_id order by sent_at), sent_at)
            / 1000000.0 as seconds
    from written
    where (sender = 'user') <> (previous = 'user')
)
select conversation_id, max(seconds) as seconds
from turning join conversations using (conversation_id)
where sender <> 'user' and started_local >= $since and started_local < $until
group by conversation_id
order by seconds desc, conversation_id
limit 20
"""


def milliseconds(work: Callable[[str], object], names: list[str]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(TIMES):
        for name in names:
            began = time.perf_counter()
            work(name)
            taken[name].append((time.perf_counter() - began) * 1000)
    ordered = sorted(itertools.chain.from_iterable(taken.values()))
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max": round(ordered[-1], 1),
        "slowest_conversation": round(max(map(min, taken.values())), 1),
    }


def best_seconds(work: Callable[[], object], *, times: int = TIMES) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return round(min(taken), 2)


def longest_waits(store: Store) -> object:
    bounds = {"since": dt.datetime.combine(SINCE, dt.time()), "until": dt.datetime.combine(UNTIL, dt.time())}
    return store.query(LONGEST_WAITS, as_of=dt.datetime(2101, 1, 1, tzinfo=dt.UTC), **bounds)


def made(conversations: int, folder: Path) -> Path:
    places = {
        f"ANALYTICS_{name.upper()}": str(folder / name) for name in ("store", "keys", "inbox", "outputs")
    }
    analytics = str(Path(sys.executable).with_name("analytics"))
    command = [analytics, "simulate", "--conversations", str(conversations), "--until", "2026-11-01"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **places})
    return folder / "store"


def measured(path: Path, *, reviews: int) -> dict[str, object]:
    with Store.open(path) as store:
        names = store.query(SAMPLE, seed="bench", reviews=reviews + FIRST)["conversation_id"].tolist()
        for _ in range(FIRST):
            review(store, names.pop())
        size = store.query(SIZE).iloc[0]
        return {
            "what": f"review, and find among {size['conversations']:,} conversations",
            "messages": int(size["messages"]),
            "reviews": reviews,
            "review_ms": milliseconds(lambda name: review(store, name), names),
            "timeline_ms": milliseconds(lambda name: timeline(store, name), names),
            "find_first_seconds": best_seconds(
                lambda: find(store, since=SINCE, until=UNTIL, limit=20), times=1
            ),
            "find_seconds": best_seconds(lambda: find(store, since=SINCE, until=UNTIL, limit=20)),
            "longest_waits_seconds": best_seconds(lambda: longest_waits(store)),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store that is there; else one is made")
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--reviews", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="analytics-bench-") as name:
        path = chosen.store or made(chosen.conversations, Path(name))
        print(json.dumps(measured(path, reviews=chosen.reviews)))


if __name__ == "__main__":
    main()
