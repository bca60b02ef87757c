"""Sample data: a seeded world of a Colombian fashion retailer whose bot sells, helps and fails in known ways.

It writes files in the shape of the contract, one a table, and beside them what was planted and how big. The
same seed, size and window give the same bytes; no clock is read. What the world holds: see ``world``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.simulate import (
    arrivals,
    behaviours,
    commerce,
    funnel,
    intents,
    outcomes,
    telemetry,
    users,
)
from analytics_lib.simulate.columns import identifiers
from analytics_lib.simulate.contacts import Contacts, simulate_contacts
from analytics_lib.simulate.effects import Effect, planted_effects
from analytics_lib.simulate.messages import messages
from analytics_lib.simulate.truth import Truth
from analytics_lib.simulate.turns import Turns, simulate_turns
from analytics_lib.simulate.world import World, create_world
from analytics_lib.simulate.write import write_ndjson

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Effect", "Truth", "write_world"]

DEFAULT_DAYS = 180


def write_world(
    folder: Path,
    *,
    conversations: int,
    seed: int,
    until: dt.date,
    days: int = DEFAULT_DAYS,
    progress: Callable[[str], None] | None = None,
) -> Truth:
    """Writes one world: ``<table>.ndjson`` for each table of the contract, and ``truth/``.

    Args:
        folder: Where to; made if it is not there. Files of the same names are replaced.
        conversations: How many conversations, exactly; messages are about 15 times as many.
        seed: The same seed gives the same files.
        until: First local day (America/Bogota) after the window; nothing happens at or after its midnight.
        days: Length of the window.
        progress: Told in a few words what is done next.

    Returns:
        What was planted, as it is written to ``truth/truth.json`` and the Parquet files beside it.

    Raises:
        RequestError: If there is no conversation, the seed is negative, or the window is too short.
    """
    world = create_world(conversations=conversations, seed=seed, until=until, days=days)
    tell = progress or (lambda _: None)
    tell(f"drawing {conversations:,} conversations")
    calendar = arrivals.calendar(world)
    contacts = simulate_contacts(world, arrivals.clock(world, calendar))
    chats, turns = _conversations(world, contacts)
    folder.mkdir(parents=True, exist_ok=True)
    rows, facts = {}, {}
    for name, table, counted in _tables(world, contacts, chats, turns):
        tell(f"writing {table.num_rows:,} {name}")
        rows[name] = write_ndjson(table, folder / f"{name}.ndjson")
        facts.update(counted)
    planted = _truth(world, calendar, chats, rows, facts)
    planted.write(folder / "truth")
    return planted


def _conversations(world: World, contacts: Contacts) -> tuple[pd.DataFrame, Turns]:
    turns, chats = simulate_turns(world, outcomes.simulate_outcomes(world, contacts.conversations))
    outcome = chats["outcome"].to_numpy()
    mistaken = np.bincount(turns.conversation[turns.taken != turns.intent], minlength=len(chats))
    satisfied = outcomes.satisfaction(world, outcome, mistaken)
    closed = ~chats["never_closed"] & (chats["ended_ms"] < world.window.until_ms)
    answers = outcomes.survey(world, outcome, satisfied)
    chats = chats.assign(loops=behaviours.loop_rounds(world, chats))
    return chats.assign(
        satisfaction=satisfied, closed=closed, csat=answers["csat"], nps=answers["nps"]
    ), turns


def _tables(
    world: World, contacts: Contacts, chats: pd.DataFrame, turns: Turns
) -> Iterator[tuple[str, pa.Table, dict[str, float]]]:
    people = users.create_users(world, contacts.users)
    conversation_ids = _conversation_ids(world, chats)
    ids = (conversation_ids, people.ids)
    orders = commerce.simulate_orders(world, contacts, chats, turns)
    yield "users", users.users_table(world, people, chats), {}
    yield "products", commerce.products_table(world), {}
    yield "conversations", users.conversations_table(world, people, chats, conversation_ids), {}
    yield "messages", *messages(world, chats, turns, ids)
    yield "actions", telemetry.actions_table(world, chats, turns, conversation_ids), {}
    yield "events", commerce.events_table(world, (chats, turns, orders), ids), {}
    yield "orders", commerce.orders_table(world, orders, ids), {}
    yield "api_requests", telemetry.requests_table(world, chats), {}
    yield "samples", telemetry.samples_table(world, chats), {}
    yield "probes", telemetry.probes_table(world), {}


def _truth(
    world: World, calendar: pd.DataFrame, chats: pd.DataFrame, rows: dict[str, int], facts: dict[str, float]
) -> Truth:
    effects = planted_effects(world)
    closed = chats[chats["closed"]]
    if len(closed):
        facts = facts | {"mean_satisfaction": float(closed["satisfaction"].mean())}
    return Truth(
        seed=world.seed,
        since=world.since,
        until=world.until,
        parameters=asdict(world.parameters),
        effects=effects,
        rows=rows,
        facts=facts,
        tables={
            "funnel": funnel.funnel_table(),
            "calendar": calendar,
            "behaviours": behaviours.behaviour_table(chats),
            "confusions": intents.confusion_table(),
            "effects": pd.DataFrame([asdict(effect) for effect in effects]),
            "conversations": _conversation_truth(world, chats),
        },
    )


def _conversation_ids(world: World, chats: pd.DataFrame) -> pa.Array:
    return identifiers(f"c{world.seed}-", np.arange(len(chats)))


def _conversation_truth(world: World, chats: pd.DataFrame) -> pd.DataFrame:
    """One row each, answered or not: ``satisfaction closed stages lost_to_bug loops conversation_id``."""
    truths = chats[["satisfaction", "closed", "stages", "lost_to_bug", "loops"]]
    return truths.assign(conversation_id=_conversation_ids(world, chats).to_pandas())
