"""The people: phone numbers as ids, where they live, since when they are known; and their conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.simulate.columns import identifiers, moments, numbers, picked, spelled, table
from analytics_lib.simulate.outcomes import UNKNOWN
from analytics_lib.simulate.world import (
    AGENTS,
    CAMPAIGNS,
    CHANNELS,
    ENTRY_POINTS,
    ESCALATION_REASONS,
    MS_PER_DAY,
    OUTCOMES,
    SEGMENTS,
    World,
)

if TYPE_CHECKING:
    import pandas as pd

MOBILE_PREFIXES = (
    "300",
    "301",
    "302",
    "304",
    "305",
    "310",
    "311",
    "312",
    "313",
    "314",
    "315",
    "316",
    "318",
    "320",
)
# City, department, country, share in thousandths, what a mobile number begins with (then seven digits).
PLACES = (
    ("Bogotá", "Bogotá D.C.", "CO", 330, "+57"),
    ("Medellín", "Antioquia", "CO", 150, "+57"),
    ("Cali", "Valle del Cauca", "CO", 110, "+57"),
    ("Barranquilla", "Atlántico", "CO", 75, "+57"),
    ("Cartagena", "Bolívar", "CO", 50, "+57"),
    ("Bucaramanga", "Santander", "CO", 50, "+57"),
    ("Cúcuta", "Norte de Santander", "CO", 35, "+57"),
    ("Pereira", "Risaralda", "CO", 35, "+57"),
    ("Ibagué", "Tolima", "CO", 28, "+57"),
    ("Santa Marta", "Magdalena", "CO", 25, "+57"),
    ("Villavicencio", "Meta", "CO", 25, "+57"),
    ("Manizales", "Caldas", "CO", 22, "+57"),
    ("Pasto", "Nariño", "CO", 20, "+57"),
    ("Neiva", "Huila", "CO", 18, "+57"),
    ("Tunja", "Boyacá", "CO", 12, "+57"),
    ("Quito", "Pichincha", "EC", 6, "+59399"),
    ("Madrid", "Madrid", "ES", 4, "+3461"),
    ("Ciudad de Panamá", "Panamá", "PA", 3, "+5076"),
    ("Santiago", "Región Metropolitana", "CL", 2, "+5696"),
)
LINES = 10_000_000
LINE_STEP = 7_368_787  # coprime to LINES: every user gets a line of their own
EARLIER_DAYS = 300.0
CAMPAIGN_ENTRY_SHARE = 0.4


@dataclass(frozen=True)
class Users:
    """The users, in the order of their numbers: raw ids and the row of ``PLACES`` they live in."""

    ids: pa.Array
    place: np.ndarray


def create_users(world: World, count: int) -> Users:
    """Ids and places of that many users."""
    rng = world.stream("users")
    shares = np.array([place[3] for place in PLACES]) / 1000
    place = rng.choice(len(PLACES), count, p=shares)
    mobile = rng.integers(0, len(MOBILE_PREFIXES), count)
    line = (np.arange(count, dtype=np.int64) * LINE_STEP + rng.integers(LINES)) % LINES
    prefixes = [name[4] for name in PLACES if name[2] != "CO"]
    abroad = place - (len(PLACES) - len(prefixes))
    vocabulary = [*prefixes, *(f"+57{prefix}" for prefix in MOBILE_PREFIXES)]
    prefix = spelled(np.where(abroad >= 0, abroad, len(prefixes) + mobile), vocabulary)
    return Users(pc.binary_join_element_wise(prefix, identifiers("", line), ""), place)


def users_table(world: World, users: Users, chats: pd.DataFrame) -> pa.Table:
    """One row a user; those who are not new were known before their first conversation."""
    rng = world.stream("first seen")
    first = chats.groupby("user")[["started_ms", "segment"]].first()
    segment = first["segment"].to_numpy()
    earlier = (MS_PER_DAY * rng.exponential(EARLIER_DAYS, segment.size)).astype(np.int64)
    known_before = segment != list(SEGMENTS).index("nuevo")
    return table(
        {
            "user_id": users.ids,
            "first_seen_at": moments(first["started_ms"].to_numpy() - np.where(known_before, earlier, 0)),
            "segment": picked(segment, list(SEGMENTS)),
            **_place_columns(users.place),
        }
    )


def conversations_table(world: World, users: Users, chats: pd.DataFrame, ids: pa.Array) -> pa.Table:
    """One row a conversation, as it is known at ``until``: one that ends later is open."""
    rng, until_ms = world.stream("conversations"), world.window.until_ms
    closed = chats["closed"].to_numpy()
    escalated = (chats["escalated"] & (chats["escalated_ms"] < until_ms)).to_numpy()
    joined = escalated & (chats["joined_ms"] < until_ms).to_numpy()
    answers = {name: chats[name].to_numpy() for name in ("resolved", "csat", "nps")}
    known = {name: closed & (values != UNKNOWN) for name, values in answers.items()}
    person = chats["user"].to_numpy()
    return table(
        {
            "conversation_id": ids,
            "user_id": picked(person, users.ids),
            "channel": picked(chats["channel"].to_numpy(), list(CHANNELS)),
            "started_at": moments(chats["started_ms"].to_numpy()),
            "ended_at": moments(chats["ended_ms"].to_numpy(), closed),
            "outcome": picked(chats["outcome"].to_numpy(), OUTCOMES, closed),
            "resolved": numbers(answers["resolved"] == 1, known["resolved"]),
            "escalated_at": moments(chats["escalated_ms"].to_numpy(), escalated),
            "escalation_reason": picked(chats["reason"].to_numpy(), list(ESCALATION_REASONS), escalated),
            "agent_id": picked(rng.integers(0, len(AGENTS), len(chats)), AGENTS, joined),
            "csat": numbers(answers["csat"], known["csat"]),
            "nps": numbers(answers["nps"], known["nps"]),
            "entry_point": _entry_points(rng, world, chats["started_ms"].to_numpy()),
            **_place_columns(users.place[person]),
        }
    )


def _entry_points(rng: np.random.Generator, world: World, started_ms: np.ndarray) -> pa.Array:
    code = rng.choice(len(ENTRY_POINTS), started_ms.size, p=list(ENTRY_POINTS.values()))
    day = (started_ms - world.window.since_ms) // MS_PER_DAY
    for number, (_, begin, length, _) in enumerate(CAMPAIGNS, start=len(ENTRY_POINTS)):
        first = int(world.days * begin)
        running = (day >= first) & (day < first + length)
        code[running & (rng.random(day.size) < CAMPAIGN_ENTRY_SHARE)] = number
    return picked(code, [*ENTRY_POINTS, *(f"campaign:{campaign[0]}" for campaign in CAMPAIGNS)])


def _place_columns(place: np.ndarray) -> dict[str, pa.Array]:
    names = ("city", "region", "country")
    return {name: picked(place, [row[part] for row in PLACES]) for part, name in enumerate(names)}
