"""Pieces of SQL that several metrics of conversations share (see ``facts`` for the columns)."""

from __future__ import annotations

# Where the store holds none of a conversation's messages, nobody can say that the user wrote none.
DEMAND = "coalesce(user_messages, 1) > 0"
KNOWN = "closed and resolved is not null"
ALONE = "coalesce(agent_messages, 0) = 0 and escalated_at is null"
QUIET = "ended_at + interval 24 hour <= $known_to"
MATURE = "closed and ended_at + $within_days * interval 1 day <= $known_to"
DURABLE = "coalesce(next_contact_at > ended_at + $within_days * interval 1 day, true)"
COST = (
    "rate_conversation + coalesce(templates, 0) * rate_template + rate_agent_minute * case "
    "when agent_messages > 0 "
    "then greatest(1.0, date_diff('microsecond', first_agent_at, last_agent_at)::double / 60000000) "
    "else 0 end"
)
