"""A funnel in plain Python, one user at a time: what the fast one is compared with. And tiny journeys."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from telling import at

from analytics_lib.store import Store

MARCH = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)}


def journeys(*told, **tables):
    """A store of events, each ``(user, wall-clock time, name)`` or with a conversation; ids in this order."""
    rows = [
        {
            "event_id": f"e{place:04}",
            "user_id": user,
            "conversation_id": more[0] if more else None,
            "occurred_at": at(local),
            "occurred_local": pd.Timestamp(local),
            "name": name,
        }
        for place, (user, local, name, *more) in enumerate(told)
    ]
    return Store.in_memory(events=pd.DataFrame(rows), **tables)


def users(frame):
    return frame["users"].tolist()


def funnel_by_loops(events, stages, *, since, until, within=None, mode="ordered", excluded=(), as_of=None):
    """For each user who entered and was not removed, the times of the stages reached.

    ``events`` are rows ``(user, time, event_id, name)`` with times that can be compared and subtracted.
    """
    found = {}
    for user in {event[0] for event in events}:
        own = sorted(event[1:] for event in events if event[0] == user)
        own = [event for event in own if as_of is None or event[0] < as_of]
        entry = set(stages) if mode == "any_order" else {stages[0]}
        places = [
            place
            for place, (time, _, name) in enumerate(own)
            if since <= time < until and (name in entry or entry == {"*"})
        ]
        if not places:
            continue
        start = own[places[0]][0]
        later = [event for event in own[places[0] :] if within is None or event[0] < start + within]
        matched = {"ordered": _in_order, "strict": _strictly, "any_order": _in_any_order}[mode](later, stages)
        if any(event[2] in excluded for event in later[: max(matched, default=0)]):
            continue
        times = [later[place][0] for place in matched]
        found[user] = (start, [max(times[: place + 1]) for place in range(len(times))])
    return found


def _in_order(events, stages):
    matched = [0]
    for stage in stages[1:]:
        following = [place for place in range(matched[-1] + 1, len(events)) if events[place][2] == stage]
        if not following:
            break
        matched.append(following[0])
    return matched


def _strictly(events, stages):
    matched = [0]
    for place, stage in enumerate(stages[1:], 1):
        if place >= len(events) or events[place][2] != stage:
            break
        matched.append(place)
    return matched


def _in_any_order(events, stages):
    matched = []
    for stage in stages:
        free = [place for place, event in enumerate(events) if event[2] == stage and place not in matched]
        if not free:
            break
        matched.append(free[0])
    return matched
