"""Journeys for the tests of patterns, and the slow and simple way to say what they contain."""

import datetime as dt
from itertools import product

import numpy as np
import pandas as pd

from analytics_lib.analysis.pattern_events import Journeys
from analytics_lib.analysis.pattern_growth import Rules
from analytics_lib.analysis.pattern_tells import tested_patterns, until_outcome
from analytics_lib.store import Store

DAY = pd.Timestamp("2026-03-02 10:00")
WINDOW = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)}
FLOW = ("visit", "look", "choose", "cart", "pay", "buy")
SIDES = ("helps", "hurts", "idle", "late")


def journeys_of(*paths, people=None, names=None):
    """One unit a path, a path being a text with a letter for each event; by default one user a unit."""
    known = names or sorted({event for path in paths for event in path})
    codes = np.array([known.index(event) for path in paths for event in path], dtype=np.int64)
    starts = np.append(0, np.cumsum([len(path) for path in paths])).astype(np.int64)
    owners = np.arange(len(paths)) if people is None else np.array(people)
    return Journeys(list(known), codes, starts, owners, np.zeros(len(paths), dtype=np.int64))


def store_of_paths(*paths, names=None, **tables):
    """A store in which the n-th path is the conversation ``c<n>`` of the user ``u<n>``, a minute an event.

    A path is a list of names, or ``(user, path)`` or ``(user, path, columns of the conversation)``.
    """
    events, chats, users = [], [], {}
    for place, told in enumerate(paths):
        user, path, columns = (*told, {})[:3] if isinstance(told, tuple) else (f"u{place:04}", told, {})
        own = {"user_id": user, "conversation_id": f"c{place:04}"}
        start = DAY + pd.Timedelta(hours=place % 200)
        users[user] = {"user_id": user, "segment": columns.get("segment")}
        more = {name: value for name, value in columns.items() if name != "segment"}
        chats.append({**own, "channel": "web", **_times("started", start), **more})
        events += [
            {**own, "event_id": f"c{place:04}-{number:03}", "name": name, **_times("occurred", start, number)}
            for number, name in enumerate(path)
        ]
    frames = {"conversations": chats, "users": list(users.values()), "events": events}
    return Store.in_memory(**{name: pd.DataFrame(rows) for name, rows in frames.items() if rows}, **tables)


def _times(prefix, start, minutes=0):
    local = start + pd.Timedelta(minutes=minutes)
    return {f"{prefix}_at": pd.Timestamp(local + pd.Timedelta(hours=5), tz="UTC"), f"{prefix}_local": local}


def contains(path, pattern, max_gap):
    """Whether a path contains a pattern: every way to match it is tried."""
    ends = [place for place, event in enumerate(path) if event == pattern[0]]
    reach = len(path) if max_gap is None else max_gap + 1
    for wanted in pattern[1:]:
        ends = [
            place
            for place, event in enumerate(path)
            if event == wanted and any(0 < place - end <= reach for end in ends)
        ]
    return bool(ends)


def every_pattern(paths, *, max_length, max_gap, least):
    """Every pattern of enough paths, with the places of these: all texts of up to ``max_length`` letters."""
    letters = sorted({event for path in paths for event in path})
    found = {}
    for size in range(1, max_length + 1):
        for pattern in product(letters, repeat=size):
            units = tuple(place for place, path in enumerate(paths) if contains(path, pattern, max_gap))
            if len(units) >= least:
                found["".join(pattern)] = units
    return found


def is_part(shorter, longer):
    events = iter(longer)
    return len(shorter) < len(longer) and all(event in events for event in shorter)


def shop(size, seed, *, strength):
    """Users on their way to buy, with side events in each step: some help, some hurt, some do nothing.

    ``late`` happens only from the third step on, so that those who have it got far.
    """
    random = np.random.default_rng(seed)
    return [_way(random, strength) for _ in range(size)]


def _way(random, strength):
    path, odds = [FLOW[0]], 0.3
    for step in range(1, len(FLOW)):
        for side, effect in zip(SIDES, (strength, -strength, 0.0, 0.0), strict=True):
            if random.random() < 0.2 and (side != "late" or step >= 3):
                path.append(side)
                odds += effect
        if random.random() >= 1 / (1 + np.exp(-odds)):
            break
        path.append(FLOW[step])
    return path


def busy(size, seed):
    """Users of whom the busy do more of everything in each step, and get further whatever they do."""
    random = np.random.default_rng(seed)
    return [_busy_way(random, random.normal()) for _ in range(size)]


def _busy_way(random, activity):
    path = [FLOW[0]]
    for step in range(1, len(FLOW)):
        path += random.choice(list("vwxyz"), random.poisson(np.exp(0.7 * activity - 0.5))).tolist()
        if random.random() >= 1 / (1 + np.exp(-0.3 - activity)):
            break
        path.append(FLOW[step])
    return path


def walks(size, seed):
    """Users who do any of five things at random and buy the more often the more they did, whatever it was."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 20, size)
    bought = random.random(size) < lengths / 25
    paths = [random.choice(list("vwxyz"), length).tolist() for length in lengths]
    return [[*path, "buy"] if buys else path for path, buys in zip(paths, bought, strict=True)]


def told_of(paths, *, people=None, segments=None, outcome="buy", rules=None):
    """``patterns.tells`` of paths, half of the users held out by turns."""
    journeys = journeys_of(*paths, people=people)
    users = int(journeys.people.max()) + 1
    segment = np.zeros(users, dtype=np.int64) if segments is None else np.array(segments)
    halves = np.arange(users) % 2
    given = until_outcome(journeys, journeys.names.index(outcome), people=(segment, halves), decided_before=1)
    return tested_patterns(given, rules or Rules(max_length=2, max_gap=None))


def tells_in(frame):
    """The patterns called tells, as ``{pattern: verdict}``, its events joined by spaces."""
    told = frame[frame["verdict"].isin(["buyers", "leavers"])]
    return {
        " ".join(pattern): verdict for pattern, verdict in zip(told["pattern"], told["verdict"], strict=True)
    }
