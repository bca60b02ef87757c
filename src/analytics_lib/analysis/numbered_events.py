"""Events as numbers, put in order once for every state of the tables.

Users, conversations and names are numbered by their alphabet over everything the store shows, and events
stand in the order (occurred_at, event_id), so that neither texts nor ties have to be looked at again: to put
events of conversations or users in order is to sort one whole number an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.store import Derived

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

IN_ORDER = """
with names as (
    select name, row_number() over (order by name) - 1 as code
    from (select distinct name from events) as found
),
people as (
    select user_id, row_number() over (order by user_id) - 1 as person
    from (select distinct user_id from events) as found
),
chats as (
    select conversation_id, row_number() over (order by conversation_id) - 1 as chat
    from (select distinct conversation_id from events where conversation_id is not null) as found
)
select
    person::int as person, chat::int as chat, code::int as code, occurred_at, occurred_local
from events
    inner join names using (name)
    inner join people using (user_id)
    left join chats using (conversation_id)
order by occurred_at, event_id
"""

PEOPLE = """
select (row_number() over (order by user_id) - 1)::int as person, user_id, segment
from (select distinct user_id from events) as found
    left join users using (user_id)
order by person
"""

CHATS = """
with found as (
    select conversation_id, row_number() over (order by conversation_id) - 1 as chat
    from (select distinct conversation_id from events where conversation_id is not null) as held
)
select chat::int as chat, channel, entry_point, city, region, country
from found left join conversations using (conversation_id)
order by chat
"""

NAMES = "select name from events group by name order by name"
USER_IDS = "select person, user_id from event_people"
PEOPLE_LABELS = "select person as holder, coalesce(segment, 'unknown') as label from event_people"
CHATS_LABELS = """
select
    chat as holder,
    coalesce(
        case $by
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then city
            when 'region' then region
            when 'country' then country
        end,
        'unknown'
    ) as label
from event_chats
"""


def _numbered(store: Store) -> pa.Table:
    rows = store.query_arrow(IN_ORDER)
    return rows.add_column(0, "place", pa.array(np.arange(rows.num_rows, dtype=np.int32)))


NUMBERED_EVENTS = Derived("numbered_events", ("events",), _numbered)
EVENT_PEOPLE = Derived("event_people", ("events", "users"), PEOPLE)
EVENT_CHATS = Derived("event_chats", ("events", "conversations"), CHATS)


class Labels(NamedTuple):
    """What a dimension says of users or of conversations.

    Attributes:
        codes: Of every user or conversation, by its number, a place in ``words``; behind the last one stands
            ``unknown``, which is what an event without a conversation (-1) finds.
        words: The values, by the alphabet.
    """

    codes: Ints
    words: list[str]


def event_names(store: Store) -> list[str]:
    """The names that ``code`` stands for, all that the store holds."""
    names: list[str] = store.query_arrow(NAMES)["name"].to_pylist()
    return names


def user_ids(store: Store) -> pa.ChunkedArray:
    """The ids that ``person`` stands for."""
    store.derived(EVENT_PEOPLE)
    return in_order(store.query_arrow(USER_IDS), "person")["user_id"]


def labels(store: Store, by: str) -> Labels:
    """What a dimension says: ``segment`` of users, any other of conversations.

    Args:
        store: Read: ``events``, and ``users`` or ``conversations``.
        by: A dimension.
    """
    if by == "segment":
        store.derived(EVENT_PEOPLE)
        rows = store.query_arrow(PEOPLE_LABELS)
    else:
        store.derived(EVENT_CHATS)
        rows = store.query_arrow(CHATS_LABELS, by=by)
    found = in_order(rows, "holder")["label"].combine_chunks().dictionary_encode()
    said = found.dictionary.to_pylist()
    words = sorted({*said, "unknown"})
    place = np.array([words.index(word) for word in said], dtype=np.int64)
    return Labels(np.append(place[found.indices.to_numpy()], words.index("unknown")), words)


def in_order(rows: pa.Table, column: str) -> pa.Table:
    """Rows ascending by a column of whole numbers; they mostly do already."""
    if _ascends(rows[column]):
        return rows
    return rows.take(pa.array(np.argsort(rows[column].to_numpy(), kind="stable")))


def _ascends(column: pa.ChunkedArray) -> bool:
    last = -1
    for part in column.chunks:
        numbers = part.to_numpy()
        if len(numbers) and (numbers[0] <= last or (numbers[1:] <= numbers[:-1]).any()):
            return False
        last = numbers[-1] if len(numbers) else last
    return True


def microseconds(column: pa.ChunkedArray) -> Ints:
    """Moments as microseconds since 1970 (UTC)."""
    numbers: Ints = pc.cast(column, pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    return numbers


def occurring(names: list[str], codes: Ints) -> tuple[list[str], Ints]:
    """Only the names that occur, and the codes numbered anew among them."""
    there = np.bincount(codes, minlength=len(names)) > 0
    if there.all():
        return names, codes
    place = (np.cumsum(there) - 1).astype(codes.dtype)
    return [name for name, occurs in zip(names, there, strict=True) if occurs], place[codes]


def narrow(most: int) -> np.dtype[Any]:
    """The type of whole numbers up to ``most``; half as wide ones are sorted and counted in half the time."""
    return np.dtype(np.int32 if most <= np.iinfo(np.int32).max else np.int64)


def by_unit(units: Ints) -> tuple[Ints, Ints]:
    """How to put rows that stand in time unit by unit: where each comes from, and where each unit begins.

    Args:
        units: Of every row the number of its unit, from 0.

    Returns:
        The rows, and the places among them where units begin, behind the last one the number of rows.
    """
    bits = len(units).bit_length()
    keys = units.astype(np.int64)
    keys <<= bits
    keys |= np.arange(len(units), dtype=np.int32)
    # Numbers sort several times as fast as their places would.
    keys.sort()
    rows = keys & ((1 << bits) - 1)
    keys >>= bits
    begins = np.ones(len(keys) + 1, dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:-1])
    return rows, np.flatnonzero(begins) if len(keys) else np.zeros(1, dtype=np.int64)
