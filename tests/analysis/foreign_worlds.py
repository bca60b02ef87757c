"""Worlds of journeys that no shop made: people wander between pages, and at any step may buy or leave.

A journey is a walk on a Markov chain of pages with hubs. At each step a page is shown, side events may
happen, then the person buys with a chance of their own (``pull``: of their segment, of themselves, and of
what has happened to them so far), else leaves with a chance of this journey (``leave``), else goes on. So the
truth is known by construction: a side event with an ``effect`` multiplies every later chance to buy, all else
equal; every other event does nothing, whatever it goes along with. A receipt follows every purchase.

Many worlds are drawn at once and live in one store, each in ten days of its own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics_lib.store import Store

OUTCOME = "paid"
PAGES = ("home", "search", "list", "item")
# From the page of the row to that of the column: all lead back to the hubs home and list.
_NEXT = np.array(
    [[0.05, 0.35, 0.40, 0.20], [0.25, 0.15, 0.20, 0.40], [0.25, 0.10, 0.20, 0.45], [0.35, 0.15, 0.40, 0.10]]
)
_FIRST_DAY = pd.Timestamp("2020-01-01 05:00", tz="UTC")
_DAYS = 10
_STEP_SECONDS = 40
_STEPS = 50
_ABANDON = 0.2


@dataclass(frozen=True)
class Side:
    """What may happen beside the pages.

    Attributes:
        name: Its name.
        chance: That it happens, at each step of whom it can happen to.
        of: Whom: all, heavy (users of many journeys), club or eager.
        after: The first step at which it can.
        effect: What it multiplies all later chances to buy by.
        copies: How often it is noted each time.
    """

    name: str
    chance: float
    of: str = "all"
    after: int = 0
    effect: float = 1.0
    copies: int = 1


@dataclass(frozen=True)
class Kind:
    """What is true in a world.

    Attributes:
        users: How many there are.
        sides: What happens beside the pages.
        pull: The median user's chance to buy at the first step.
        drift: What each step multiplies the chance to buy by.
        club: What being in the club multiplies it by.
        eager: What being eager multiplies it by.
        segment: Which trait the shop knows as a segment.
        checkout: How a purchase is made: None at once, else through the event checkout, where some give up:
            "form_first" after the form that 60 % are shown at once, "form_late" before it is shown.
    """

    users: int = 400
    sides: tuple[Side, ...] = ()
    pull: float = 0.07
    drift: float = 1.0
    club: float = 2.0
    eager: float = 1.0
    segment: str = "club"
    checkout: str | None = None


PLANTED = (Side("advice", 0.08, effect=2.7), Side("shock", 0.08, effect=0.33))
IDLE = (
    Side("long_read", 0.15, after=6),  # only longer journeys have it
    Side("wishlist", 0.15, of="heavy"),  # only users of many journeys
    Side("club_offer", 0.15, of="club"),  # only the segment that buys twice as much
    Side("banner", 0.15),
    Side("photo_zoom", 0.06, copies=3),
    Side("eager_note", 0.15, of="eager"),
    Side("rare_bug", 0.008),
    Side("rare_share", 0.004),
)


def window(world: int) -> dict[str, dt.date]:
    """The ten days of a world."""
    first = dt.date(2020, 1, 1) + dt.timedelta(days=_DAYS * world)
    return {"since": first, "until": first + dt.timedelta(days=_DAYS)}


def store_of_worlds(kind: Kind, *, worlds: int, seed: int) -> Store:
    """So many worlds of a kind."""
    random = np.random.default_rng(seed)
    users = _users(kind, worlds, random)
    journeys = users.loc[users.index.repeat(users["journeys"])].reset_index(names="user")
    journeys["leave"] = random.beta(4, 32, len(journeys))
    journeys["start"] = random.integers(0, (_DAYS - 3) * 86_400, len(journeys))
    notes = list(_walk(kind, journeys, random))
    journey, moment = (np.concatenate([note[place] for note in notes]) for place in (0, 1))
    name = np.repeat([note[2] for note in notes], [len(note[0]) for note in notes])
    events = _told(journeys.loc[journey], moment, name).assign(conversation_id=_ids("c", journey))
    return Store.in_memory(events=events, users=_known(kind, users))


def _users(kind, worlds, random):
    size = worlds * kind.users
    traits = {
        name: random.random(size) < share for name, share in (("heavy", 0.2), ("club", 0.3), ("eager", 0.3))
    }
    users = pd.DataFrame({"world": np.arange(size) // kind.users, **traits})
    users["journeys"] = 1 + random.poisson(np.where(users["heavy"], 6.0, 0.7))
    own = kind.pull * np.exp(random.normal(0, 0.4, size))
    users["pull"] = own * np.where(users["club"], kind.club, 1) * np.where(users["eager"], kind.eager, 1)
    return users


def _walk(kind, journeys, random):
    """All that happens, as ``(journeys, moments in steps, name)``, step by step of all who are there."""
    there, page = np.arange(len(journeys)), np.zeros(len(journeys), dtype=np.int64)
    pull, leave = journeys["pull"].to_numpy(copy=True), journeys["leave"].to_numpy()
    of = {"all": np.ones(len(journeys), dtype=bool)}
    of |= {name: journeys[name].to_numpy() for name in ("heavy", "club", "eager")}
    for step in range(_STEPS):
        yield from (_note(there[page[there] == place], step, name) for place, name in enumerate(PAGES))
        for side in kind.sides if step else ():
            met = there[(random.random(len(there)) < side.chance) & of[side.of][there] & (step >= side.after)]
            moments = step + random.uniform(0.05, 0.45, len(met))
            yield from (_note(met, moments + copy / 1000, side.name) for copy in range(side.copies))
            pull[met] *= side.effect
        buys = random.random(len(there)) < np.minimum(pull[there] * kind.drift**step, 0.9)
        yield from _pays(kind, there[buys], step, random)
        there = there[~buys]
        there = there[random.random(len(there)) >= leave[there]]
        chances = _NEXT[page[there]].cumsum(axis=1)[:, :-1]
        page[there] = (random.random(len(there))[:, None] > chances).sum(axis=1)


def _pays(kind, who, step, random):
    if kind.checkout:
        yield _note(who, step + 0.5, "checkout")
        stays, asked = random.random(len(who)) >= _ABANDON, random.random(len(who)) < 0.6
        yield _note(who[asked & stays] if kind.checkout == "form_late" else who[asked], step + 0.6, "form")
        who = who[stays]
    yield _note(who, step + 0.7, OUTCOME)
    yield _note(who, step + 0.8, "receipt")


def _note(who, moment, name):
    return who, np.broadcast_to(moment, len(who)), name


def _told(journeys, moment, name):
    """The rows of the table ``events``, a journey for each."""
    seconds = journeys["world"] * _DAYS * 86_400 + journeys["start"] + moment * _STEP_SECONDS
    at = _FIRST_DAY + pd.to_timedelta((seconds.to_numpy() * 1000).round().astype("int64"), unit="ms")
    local = at.tz_localize(None) - pd.Timedelta(hours=5)
    ids = {"event_id": _ids("e", np.arange(len(name))), "user_id": _ids("u", journeys["user"])}
    return pd.DataFrame({**ids, "occurred_at": at, "occurred_local": local, "name": name.astype(object)})


def _known(kind, users):
    """The rows of the table ``users``."""
    segment = np.where(users[kind.segment], kind.segment, "others") if kind.segment else None
    return pd.DataFrame({"user_id": _ids("u", users.index), "segment": segment})


def _ids(letter, numbers):
    return letter + pd.Series(np.asarray(numbers)).astype(str).str.zfill(7)
