"""Small forecasts for tests of staffing, and a simulation of people who wait for one of several agents."""

import heapq
from dataclasses import dataclass

import numpy as np
import pandas as pd

HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Drawn:
    """A forecast whose courses are written out: one row a draw, one column a step."""

    paths: np.ndarray
    start: str = "2026-11-09"
    step: pd.Timedelta = HOUR

    @property
    def frame(self):
        at = pd.date_range(self.start, periods=self.paths.shape[1], freq=self.step)
        return pd.DataFrame({"at": at, "expected": self.paths.mean(axis=0)})

    def samples(self, draws, *, seed=0):
        return self.paths[np.arange(draws) % len(self.paths)]


def steady(count, hours=1, *, start="2026-11-09"):
    """Exactly so many an hour."""
    return pd.DataFrame({"at": pd.date_range(start, periods=hours, freq="h"), "expected": float(count)})


def waits(arrivals, handled, servers):
    """Seconds each waits, first come first served; ``handled`` is drawn for each beforehand."""
    free = [0.0] * servers
    found = []
    for came, lasts in zip(arrivals, handled, strict=True):
        begins = max(came, heapq.heappop(free))
        heapq.heappush(free, begins + lasts)
        found.append(begins - came)
    return np.array(found)


def day_of_waits(random, *, rates, servers, handle_seconds, slot_seconds):
    """A day in which rates and servers change by slot: who came in each slot, and how long each waited.

    Somebody whose shift ends finishes the contact; a server who comes takes the first in the queue.
    """
    arrivals = np.concatenate(
        [
            slot_seconds * (slot + np.sort(random.random(random.poisson(rate))))
            for slot, rate in enumerate(rates)
        ]
    )
    busy, queue, begun = [], [], {}
    events = [(moment, 1, place) for place, moment in enumerate(arrivals)]
    events += [(slot * slot_seconds, 0, -1) for slot in range(len(rates) + 40)]
    heapq.heapify(events)
    while events:
        now, kind, place = heapq.heappop(events)
        if kind == 1:
            queue.append(place)
        if kind == 2:
            busy.remove(place)
        there = servers[min(int(now // slot_seconds), len(servers) - 1)]
        while queue and len(busy) < there:
            first = queue.pop(0)
            begun[first] = now
            busy.append(first)
            heapq.heappush(events, (now + random.exponential(handle_seconds), 2, first))
    return arrivals, np.array([begun.get(place, np.inf) for place in range(len(arrivals))]) - arrivals
