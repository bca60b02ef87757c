"""A simulated world of conversations in memory, without files: what models of outcomes are tested on."""

import datetime as dt

import pandas as pd
import pyarrow as pa

from analytics_lib import simulate
from analytics_lib.schema import TABLES as CONTRACT
from analytics_lib.simulate import arrivals, contacts
from analytics_lib.simulate.world import create_world
from analytics_lib.store import Store

UNTIL = dt.date(2026, 6, 1)
TABLES = ("users", "conversations", "messages", "actions", "events", "orders")


def simulated(conversations, *, seed, days=180):
    """The world, and a store of what happened in it."""
    world = create_world(conversations=conversations, seed=seed, until=UNTIL, days=days)
    drawn = contacts.simulate_contacts(world, arrivals.clock(world, arrivals.calendar(world)))
    chats, turns = simulate._conversations(world, drawn)
    made = {name: table for name, table, _ in simulate._tables(world, drawn, chats, turns) if name in TABLES}
    return world, Store.in_memory(**{name: frame_of(name, table) for name, table in made.items()})


def frame_of(name, table):
    """A table of the simulator as the contract has it: plain texts, and only its columns."""
    named = {column.name for column in CONTRACT[name].columns}
    kept = [column for column in table.column_names if column in named]
    plain = {column: _plain(table.column(column)) for column in kept}
    return pa.table(plain).to_pandas()


def _plain(column):
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def talk(kinds, *, channel="web", user="u", sentiments=(None, None, None)):
    """A store of small conversations: of each outcome so many, an hour apart, taking turns.

    Abandoned ones have three turns and long texts; the others one or two turns and short ones.
    """
    names = [outcome for outcome, many in kinds for _ in range(many)]
    order = sorted(range(len(names)), key=lambda place: (place * 7919) % len(names))
    chats, said = [], []
    for place, number in enumerate(order):
        began = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=place)
        turns = 3 if names[number] == "abandoned" else 1 + place % 2
        chats.append((f"c{place:04d}", f"{user}{place % 97}", channel, began, names[number]))
        for turn in range(turns):
            written = began + pd.Timedelta(minutes=turn)
            score = sentiments[turn % len(sentiments)]
            words = "x" * (5 + 40 * (names[number] == "abandoned") + number % 9)
            whose = (f"c{place:04d}", f"{user}{place % 97}")
            said.append((f"c{place:04d}-{turn}u", *whose, written, "user", words, score))
            reply = written + pd.Timedelta(seconds=3)
            said.append((f"c{place:04d}-{turn}b", *whose, reply, "bot", "ok", None))
    conversations = pd.DataFrame(
        chats, columns=["conversation_id", "user_id", "channel", "started_at", "outcome"]
    )
    conversations["ended_at"] = conversations["started_at"] + pd.Timedelta(minutes=30)
    columns = ["message_id", "conversation_id", "user_id", "sent_at", "sender", "text", "sentiment"]
    messages = pd.DataFrame(said, columns=columns).assign(kind="text").astype({"sentiment": float})
    return Store.in_memory(conversations=conversations, messages=messages)
