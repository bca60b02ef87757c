"""How long closed patterns with a gap limit take among a million journeys, beside a plain PrefixSpan.

    python bench/patterns.py
    python bench/patterns.py --journeys 100000

Journeys are drawn once from the seed: 1 to about 20 of 30 events, the next one depending on the last, so that
nearly every journey is different from all others. The peer is the algorithm as it is written in books, over
lists of Python, with the same gap limit and without the check for closedness, on a tenth of the journeys.
Each runs in a process of its own, so that its peak memory is its own. `--tells` also times the search for
tells among as many users, every tenth event apart from the flow.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from analytics_lib.analysis.pattern_closed import mine
from analytics_lib.analysis.pattern_events import Journeys
from analytics_lib.analysis.pattern_growth import Rules, distinct
from analytics_lib.analysis.pattern_tells import tested_patterns, until_outcome

EVENTS = 30
RULES = Rules(max_length=5, max_gap=2, min_support=0.02)
OUTCOME = 7


def journeys_of(size: int, *, seed: int = 1) -> Journeys:
    random = np.random.default_rng(seed)
    lengths = 1 + random.poisson(9, size)
    starts = np.append(0, lengths.cumsum())
    liked = 1 / np.arange(1, EVENTS + 1) ** 1.1
    codes = random.choice(EVENTS, size=starts[-1], p=liked / liked.sum())
    # Half of the time an event leads to the next in the list.
    follows = np.flatnonzero(random.random(starts[-1] - 1) < 0.5) + 1
    codes[follows] = (codes[follows - 1] + 1) % EVENTS
    names = [f"event_{code:02}" for code in range(EVENTS)]
    return Journeys(names, codes.astype(np.int64), starts, np.arange(size), np.zeros(size, dtype=np.int64))


def ours(size: int) -> dict[str, object]:
    journeys = journeys_of(size)
    least = RULES.least(size)
    began = time.perf_counter()
    world = distinct(journeys, least=least)
    different = time.perf_counter()
    found = mine(world, RULES, least=least)
    return {
        "patterns": len(found),
        "different_journeys": len(world.units),
        "events": len(journeys.codes),
        "seconds": round(time.perf_counter() - began, 1),
        "seconds_putting_together": round(different - began, 1),
    }


def plain(size: int) -> dict[str, object]:
    journeys = journeys_of(size)
    paths = [path.tolist() for path in np.split(journeys.codes, journeys.starts[1:-1])]
    began = time.perf_counter()
    found = prefix_span(paths, least=RULES.least(size))
    return {"patterns": len(found), "seconds": round(time.perf_counter() - began, 1)}


def prefix_span(paths: list[list[int]], *, least: int) -> dict[tuple[int, ...], int]:
    """Every frequent pattern and its support, each prefix projected on the places where it can end."""
    found: dict[tuple[int, ...], int] = {}
    reach = (RULES.max_gap or 0) + 1

    def grow(prefix: tuple[int, ...], ends: dict[int, list[int]]) -> None:
        counts: Counter[int] = Counter()
        places: dict[int, dict[int, list[int]]] = {}
        for unit, known in ends.items():
            path = paths[unit]
            near = {place for end in known for place in range(end + 1, min(end + reach + 1, len(path)))}
            for place in near if prefix else range(len(path)):
                places.setdefault(path[place], {}).setdefault(unit, []).append(place)
        counts.update({event: len(units) for event, units in places.items()})
        for event, units in counts.items():
            if units >= least:
                found[(*prefix, event)] = units
                if len(prefix) + 1 < RULES.max_length:
                    grow((*prefix, event), places[event])

    grow((), {unit: [] for unit in range(len(paths))})
    return found


def telling(size: int) -> dict[str, object]:
    journeys = journeys_of(size)
    began = time.perf_counter()
    people = (np.zeros(size, dtype=np.int64), np.arange(size) % 2)
    given = until_outcome(journeys, OUTCOME, people=people, decided_before=1)
    found = tested_patterns(given, Rules(max_length=2, max_gap=None, min_support=0.02))
    return {"tested": len(found), "seconds": round(time.perf_counter() - began, 1)}


SIDES = {"ours": ours, "plain": plain, "telling": telling}


def child(side: str, size: int) -> dict[str, object]:
    command = [sys.executable, str(Path(__file__)), "--side", side, "--journeys", str(size)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1800).stdout
    found: dict[str, object] = json.loads(printed.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--journeys", type=int, default=1_000_000)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--tells", action="store_true")
    asked = parser.parse_args()
    if asked.side:
        found = SIDES[asked.side](asked.journeys)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**found, "peak_mib": round(peak)}))
        return
    mined, peer = child("ours", asked.journeys), child("plain", asked.journeys // 10)
    ratio = float(str(mined["seconds"])) / (10 * float(str(peer["seconds"])))
    told = {"tells": child("telling", asked.journeys)} if asked.tells else {}
    print(json.dumps({"ours": mined, "plain_on_a_tenth": peer, "ratio_to_plain": round(ratio, 3), **told}))


if __name__ == "__main__":
    main()
