"""Journeys counted the plain way, one event after the other, to compare with."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict


def journeys_of(events, unit, gap=None):
    """``(user, names, times)`` of every journey; events are dicts in any order."""
    units = defaultdict(list)
    for event in sorted(events, key=lambda one: (one["occurred_at"], one["event_id"])):
        if unit != "conversation":
            units[event["user_id"]].append(event)
        elif event["conversation_id"] is not None:
            units[event["conversation_id"]].append(event)
    parts = [part for one in units.values() for part in (split(one, gap) if unit == "session" else [one])]
    return [
        (part[0]["user_id"], [one["name"] for one in part], [one["occurred_at"] for one in part])
        for part in parts
    ]


def split(events, gap):
    parts = [[events[0]]]
    for before, event in itertools.pairwise(events):
        if event["occurred_at"] - before["occurred_at"] > gap:
            parts.append([])
        parts[-1].append(event)
    return parts


def transitions_of(journeys):
    """``{(source, target): (transitions, share, users, reach)}``."""
    moved, who, had = Counter(), defaultdict(set), defaultdict(set)
    for user, names, _ in journeys:
        for name in names:
            had[name].add(user)
        for pair in itertools.pairwise(names):
            moved[pair] += 1
            who[pair].add(user)
    leaving = Counter()
    for (source, _), n in moved.items():
        leaving[source] += n
    return {
        (source, target): (
            n,
            n / leaving[source],
            len(who[source, target]),
            len(who[source, target]) / len(had[source]),
        )
        for (source, target), n in moved.items()
    }
