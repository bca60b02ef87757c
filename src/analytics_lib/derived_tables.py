"""Tables that no source gives: steps that several queries of metrics share, made anew for every question.

Their columns are declared like those of the contract, so that the queries that read them can be checked; the
queries that make them are in ``metrics``.
"""

from __future__ import annotations

from analytics_lib.table import Column, Table, identifier

_CONVERSATION = identifier("conversation_id", "the conversation")

_ALL = (
    Table(
        "numbered",
        "one conversation in which a user wrote in the window, and its user, as numbers",
        ("conversation_id",),
        (
            _CONVERSATION,
            identifier("user_id", "the person, as a keyed hash"),
            Column("first_at", "at", "first message of the user"),
            Column("number", "int", "of the conversation, in order of ids", required=True),
            Column("user_number", "int", "of the user, likewise", required=True),
        ),
    ),
    Table(
        "talks",
        "what was written in one conversation, of a user with a conversation in the window",
        ("conversation_id",),
        (
            _CONVERSATION,
            Column("messages", "int", "messages of anybody"),
            Column("user_messages", "int", "messages of the user"),
            Column("bot_messages", "int", "messages of the bot"),
            Column("agent_messages", "int", "messages of agents"),
            Column("templates", "int", "template messages"),
            Column("first_user_at", "at", "first message of the user"),
            Column("last_user_at", "at", "last message of the user"),
            Column("first_agent_at", "at", "first message of an agent"),
            Column("last_agent_at", "at", "last message of an agent"),
        ),
    ),
    Table(
        "intents",
        "what one conversation was about, of a user with a conversation in the window",
        ("conversation_id",),
        (
            _CONVERSATION,
            Column(
                "intent",
                "text",
                "its most frequent intent that is neither greeting nor fallback, or its family",
            ),
        ),
    ),
    Table(
        "first_periods",
        "one user, by any activity of theirs",
        ("user_id",),
        (
            identifier("user_id", "the person, as a keyed hash"),
            Column("first_period", "text", "start of the period in which they first came, on the wall clock"),
        ),
    ),
)

DERIVED_TABLES: dict[str, Table] = {table.name: table for table in _ALL}
