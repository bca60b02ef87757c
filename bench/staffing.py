"""How long a week of staffing takes, what the cheapest roster saves, and whether a simulation agrees.

    python bench/staffing.py
    python bench/staffing.py --draws 200

A week of hourly arrivals of a shop, and of one twenty times as large, is staffed by the half-hour. The roster
is found by the integer programme and, to compare, filled up with shifts of eight hours wherever somebody is
missing. At last the service level of the formula stands beside that of a simulation of people who wait. Times
are the processor's.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analytics_lib.models.staffing import Assumptions, Service, study
from analytics_lib.models.staffing_erlang import service_level
from analytics_lib.models.staffing_roster import closest_roster
from analytics_lib.models.staffing_rules import read_rules

HOURS, ASKED_SECONDS = 168, 10
RULES = Path(__file__).parents[1] / "params" / "staffing.yaml"
SERVICE, HANDLE = Service(60.0, 0.8), 300.0


@dataclass(frozen=True)
class Week:
    """Arrivals that rise and fall with the day, each draw a course of its own."""

    scale: float

    @property
    def frame(self) -> pd.DataFrame:
        day = np.clip(np.sin(np.linspace(-math.pi / 2, 3 * math.pi / 2, 24)) + 1.05, 0.05, None)
        at = pd.date_range("2026-11-09", periods=HOURS, freq="h")
        return pd.DataFrame({"at": at, "expected": self.scale * np.tile(day, 7)})

    def samples(self, draws: int, *, seed: int = 0) -> np.ndarray:
        random = np.random.default_rng(seed)
        shared = random.normal(0, 0.15, (draws, 1))
        return random.poisson(self.frame["expected"].to_numpy() * np.exp(shared)).astype(float)


def ours(scale: float, draws: int) -> dict[str, object]:
    began = time.process_time()
    found = study(
        Week(scale),
        handle_time_seconds=(HANDLE, 280, 321),
        escalation_rate=(150, 1_000),
        service=SERVICE,
        assumptions=Assumptions(shrinkage=0.2, draws=draws),
    )
    seconds = time.process_time() - began
    need = found.frame[["at"]].assign(needed=found.frame["rostered"])
    began = time.process_time()
    roster = closest_roster(need, read_rules(RULES))
    return {
        "seconds": round(seconds, 2),
        "roster_seconds": round(time.process_time() - began, 2),
        "agents_at_most": int(found.frame["agents"].max()),
        "roster_cost": round(roster.cost),
        "roster_proven": roster.proven,
        "plain_roster_cost": round(plain_roster(need)),
    }


def plain_roster(need: pd.DataFrame) -> float:
    """Shifts of eight hours without a break, one more wherever somebody is missing."""
    rules = replace(read_rules(RULES), lengths_hours=(8.0,), break_minutes=0)
    asked = np.where(rules.open_at(need["at"]), np.maximum(need["needed"], rules.min_agents), 0)
    costs, there, total = rules.hourly_cost(need["at"]) / 2, np.zeros(len(need)), 0.0
    for slot in range(len(need)):
        missing = asked[slot] - there[slot]
        if missing > 0:
            there[slot : slot + 16] += missing
            total += missing * (costs[slot : slot + 16].sum() + rules.cost_per_shift)
    return float(total)


def agreement(customers: int = 200_000) -> dict[str, float]:
    """Service levels of the formula, and how far a simulation is from them at most."""
    random, apart = np.random.default_rng(1), []
    for load, servers in ((5.0, 7), (10.0, 12), (2.0, 3), (20.0, 23)):
        free, met, came = [0.0] * servers, 0, 0.0
        gaps = random.exponential(HANDLE / load, customers).tolist()
        for gap, lasts in zip(gaps, random.exponential(HANDLE, customers).tolist(), strict=True):
            came += gap
            begins = max(came, heapq.heappop(free))
            heapq.heappush(free, begins + lasts)
            met += begins - came <= 60
        level = float(service_level(load, servers, handle_time_seconds=HANDLE, target_wait_seconds=60))
        apart.append(abs(level - met / customers))
    return {"points_apart_at_most": round(100 * max(apart), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1_000)
    draws = parser.parse_args().draws
    weeks = {name: ours(scale, draws) for name, scale in (("shop", 100.0), ("twenty_shops", 2_000.0))}
    used = [week["seconds"] + week["roster_seconds"] for week in weeks.values()]  # type: ignore[operator]  # numbers
    held = max(used) <= ASKED_SECONDS
    print(json.dumps({"draws": draws, **weeks, "simulation": agreement(), "as_asked": held}, indent=2))


if __name__ == "__main__":
    main()
