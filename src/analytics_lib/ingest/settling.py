"""Rows that follow from all deliveries of a user, worked out anew for the users that a file touches.

Some platforms send messages without naming their conversation and conversations without their messages. A
source that has a function ``settle`` says which conversation each message belongs to once all is known, as a
function of the set of deliveries: the order of the files does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_lib.ingest.conform import known_words
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store.contract import check
from analytics_lib.store.frames import to_arrow

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from analytics_lib.ingest.source import Source
    from analytics_lib.store.writer import Writer

USERS_OF_CONVERSATIONS = """
select distinct user_id from conversation_states
where user_id is not null and conversation_id in (select unnest($conversations::varchar[]))
"""
MESSAGES = """
select * from messages
where user_id in (select unnest($users::varchar[]))
  or conversation_id in (select unnest($conversations::varchar[]))
  or json_extract_string(extra, '$.given_conversation_id') in (select unnest($conversations::varchar[]))
"""
STATES = """
select * from conversation_states
where user_id in (select unnest($users::varchar[]))
  or conversation_id in (select unnest($conversations::varchar[]))
"""
EVENTS = "select * from events where user_id in (select unnest($users::varchar[]))"
CONVERSATIONS = """
select * from conversations
where user_id in (select unnest($users::varchar[]))
  or conversation_id in (select unnest($conversations::varchar[]))
"""

_SETTLED_BY = ("messages", "events", "conversation_states")

# What no messaging platform says of a conversation: other sources do, and settling does not erase it.
_SAID_ELSEWHERE = ["outcome", "resolved", "csat", "nps", "escalation_reason", "city", "region", "country"]


def settle(
    source: Source, staged: Mapping[str, Path], writer: Writer, *, local_zone: str, flags: Counter[str]
) -> None:
    """Work out the conversations of the touched users and write what changes; ``flags`` counts odd values."""
    rule = getattr(source.module, "settle", None)
    if rule is None or not staged.keys() & set(_SETTLED_BY):
        return
    users, conversations = _touched(staged)
    ids = {"conversations": sorted(conversations)}
    users |= set(writer.read(USERS_OF_CONVERSATIONS, **ids)["user_id"])
    ids["users"] = sorted(users)
    stored = writer.read(CONVERSATIONS, **ids)
    settled = rule(
        writer.read(MESSAGES, **ids),
        writer.read(STATES, **ids),
        events=writer.read(EVENTS, users=ids["users"]),
        conversations=stored,
    )
    writer.delete("conversations", sorted(settled.pop("obsolete")["conversation_id"]))
    settled["conversations"] = _with_said_elsewhere(settled["conversations"], stored)
    for name, frame in settled.items():
        if len(frame):
            rows = check(EVERY_TABLE[name], to_arrow(frame)[0], naive_zone="UTC", local_zone=local_zone).rows
            writer.write(name, known_words(EVERY_TABLE[name], rows, flags), incoming_wins=True)


def _touched(staged: Mapping[str, Path]) -> tuple[set[str], set[str]]:
    """Users and conversations that the staged rows name."""
    users: set[str] = set()
    conversations: set[str] = set()
    for name in staged.keys() & set(_SETTLED_BY):
        rows = pq.read_table(staged[name], columns=["user_id", "conversation_id"])
        users |= _texts(rows["user_id"])
        conversations |= _texts(rows["conversation_id"])
    return users, conversations


def _texts(values: pa.ChunkedArray) -> set[str]:
    return {value for value in values.unique().to_pylist() if value is not None}


def _with_said_elsewhere(derived: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    known = stored.set_index("conversation_id")[_SAID_ELSEWHERE]
    result = derived.copy()
    for column in _SAID_ELSEWHERE:
        result[column] = derived["conversation_id"].map(known[column].dropna())
    return result
