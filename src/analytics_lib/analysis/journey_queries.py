"""The queries that journeys are read by: one row for each event of the window, in no order."""

from __future__ import annotations

OF_CHATS = """
select place, chat as unit, person, code, occurred_at
from numbered_events
where occurred_local >= $since and occurred_local < $until and chat is not null
"""

OF_PEOPLE = """
select place, person as unit, coalesce(chat, -1) as chat, code, occurred_at
from numbered_events
where occurred_local >= $since and occurred_local < $until
"""
