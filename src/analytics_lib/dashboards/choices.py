"""What a viewer can choose from: the values the data hold, most frequent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.store import Store

# What conversations and events can be told apart by.
DIMENSIONS = ("channel", "entry_point", "city", "region", "country", "segment")

CHANNELS = """
with counted as (
    select channel as value, count(*) as n
    from conversations
    where channel is not null
    group by channel
)
select value from counted order by n desc, value limit 50
"""

SEGMENTS = """
with counted as (
    select coalesce(segment, 'unknown') as value, count(*) as n
    from users
    group by coalesce(segment, 'unknown')
)
select value from counted order by n desc, value limit 50
"""


def known_choices(store: Store) -> Mapping[str, Sequence[str]]:
    """By the name of a control, its values: ``channel`` and ``segment`` from the store, and ``by``.

    Users without a segment have the segment ``unknown``.

    Args:
        store: Read: ``conversations``, ``users``.
    """
    return {
        "channel": [str(value) for value in store.query(CHANNELS)["value"]],
        "segment": [str(value) for value in store.query(SEGMENTS)["value"]],
        "by": DIMENSIONS,
    }
