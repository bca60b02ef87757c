"""The data contract: every table the project stores, its columns, types, keys, ranges and meaning.

Ingest maps each source to these names once; every question downstream is written against them. ``TABLES``
is what people ask questions of; ``INTERNAL_TABLES`` is how the store remembers where rows came from.
"""

from __future__ import annotations

from analytics_lib.table import Column, Table, Type, identifier, moment

__all__ = [
    "CHANNELS",
    "EVERY_TABLE",
    "FUNNEL_STAGES",
    "INTERNAL_TABLES",
    "PENDING",
    "PERSONAL_EXTRA",
    "STATUS_RANK",
    "TABLES",
    "Column",
    "Table",
    "Type",
]

FUNNEL_STAGES = (
    "conversation_started",
    "interest_shown",
    "products_viewed",
    "product_selected",
    "size_selected",
    "cart_added",
    "purchase_initiated",
    "purchase_completed",
)

CHANNELS = (
    *("whatsapp", "instagram", "web", "facebook", "sms", "email", "telegram", "line", "viber", "linkedin"),
    *("tiktok", "voice", "apple", "google"),
)

# Begins a conversation id that is not settled yet: a message arrived that names no conversation.
PENDING = "pending:"

# Fields of `extra` whose value spells out a person's number in another alphabet; ingest hashes them.
PERSONAL_EXTRA = ("platform_reference",)

# A delivery status never goes backwards: the higher rank wins whatever order the reports arrive in.
STATUS_RANK = {
    "accepted": 1,
    "processing": 2,
    "pending": 2,
    "queued": 2,
    "sent": 3,
    "delivered": 4,
    "read": 5,
    "rejected": 9,
    "failed": 9,
    "sending_failed": 9,
    "delivery_failed": 9,
    "deleted": 9,
}


_USER = identifier("user_id", "the person, as a keyed hash", personal="id")
_CONVERSATION = Column("conversation_id", "id", "the conversation it belongs to, if any")
_TAIL = (
    Column("updated_at", "at", "when the source last changed the row; of two versions the newer wins"),
    Column("extra", "json", "fields of the source that the contract does not name"),
)
_PLACE = (
    Column("city", "text", "city, as the source writes it"),
    Column("region", "text", "department or state"),
    Column("country", "text", "country (ISO 3166, two letters, where the source gives it)"),
)

_ALL = (
    Table(
        "conversations",
        "one conversation of one user on one channel",
        ("conversation_id",),
        (
            identifier("conversation_id", "the conversation"),
            _USER,
            Column("channel", "text", "where it took place", required=True, values=CHANNELS),
            *moment("started_at", "first message"),
            Column("ended_at", "at", "when it was closed; null while open"),
            Column(
                "outcome",
                "text",
                "how it ended; null while open or where the source does not say",
                values=("purchase", "resolved", "escalated", "abandoned"),
            ),
            Column("resolved", "bool", "whether the customer's need was met; null where nobody knows"),
            Column("escalated_at", "at", "when a person was called in"),
            Column("escalation_reason", "text", "why"),
            Column("agent_id", "id", "the person of the shop who took over, as a keyed hash", personal="id"),
            Column("csat", "int", "answer to the satisfaction survey", low=1, high=5),
            Column("nps", "int", "answer to: would you recommend us?", low=0, high=10),
            Column("entry_point", "text", "what brought the user: ad, post, link, qr, …"),
            *_PLACE,
            *_TAIL,
        ),
        "started_at",
    ),
    Table(
        "messages",
        "one message that was shown",
        ("message_id",),
        (
            identifier("message_id", "the message; with `sent_at` it orders a conversation"),
            identifier("conversation_id", "the conversation it belongs to"),
            _USER,
            *moment("sent_at", "when it was sent"),
            Column("sender", "text", "who wrote it", required=True, values=("user", "bot", "agent")),
            Column("kind", "text", "text, image, template, button, …", required=True),
            Column("text", "text", "what it says, masked", personal="text"),
            Column("intent", "text", "what the bot took it for"),
            Column("confidence", "float", "how sure the bot was", low=0, high=1),
            Column("true_intent", "text", "what a reviewer says it was"),
            Column("sentiment", "float", "polarity; null = the scorer knew no word", low=-1, high=1),
            Column("status", "text", "delivery status", values=tuple(STATUS_RANK)),
            *_TAIL,
        ),
        "sent_at",
    ),
    Table(
        "actions",
        "one call of the bot to a system behind it",
        ("action_id",),
        (
            identifier("action_id", "the call"),
            identifier("conversation_id", "the conversation it served"),
            *moment("started_at", "when it was made"),
            Column("name", "text", "what was called", required=True),
            Column("duration_ms", "float", "how long it took, milliseconds", low=0),
            Column("succeeded", "bool", "whether it did what was asked; null where unknown"),
            Column("error", "text", "what the system answered when it failed", personal="text"),
            *_TAIL,
        ),
        "started_at",
    ),
    Table(
        "events",
        "one step of a journey: a funnel stage, or whatever else happened",
        ("event_id",),
        (
            identifier("event_id", "the event; with `occurred_at` it orders a journey"),
            _USER,
            _CONVERSATION,
            *moment("occurred_at", "when it happened"),
            Column("name", "text", "what happened", required=True),
            Column("product_id", "id", "the product it is about"),
            Column("value", "float", "an amount the source gives with it, in its currency"),
            *_TAIL,
        ),
        "occurred_at",
    ),
    Table(
        "orders",
        "one order, or one refund (negative amount)",
        ("order_id",),
        (
            identifier("order_id", "the order"),
            _USER,
            _CONVERSATION,
            *moment("ordered_at", "when it was placed"),
            Column("amount", "float", "value in `currency`; refunds are negative", required=True),
            Column("currency", "text", "ISO 4217", required=True),
            Column("items", "json", "what was bought"),
            *_TAIL,
        ),
        "ordered_at",
    ),
    Table(
        "products",
        "one product of the catalogue",
        ("product_id",),
        (
            identifier("product_id", "the product"),
            Column("name", "text", "its name", required=True),
            Column("category", "text", "its category"),
            Column("price", "float", "list price", low=0),
            *_TAIL,
        ),
    ),
    Table(
        "users",
        "one person",
        ("user_id",),
        (
            _USER,
            Column("first_seen_at", "at", "first contact the source knows of (UTC)"),
            Column("segment", "text", "segment, as the shop defines it"),
            *_PLACE,
            *_TAIL,
        ),
    ),
    Table(
        "api_requests",
        "one request to an API behind the bot",
        ("request_id",),
        (
            identifier("request_id", "the request"),
            *moment("requested_at", "when it arrived"),
            Column("endpoint", "text", "service and path, ids replaced by {id}", required=True),
            Column("method", "text", "GET, POST, …"),
            Column("status_code", "int", "HTTP status", required=True, low=100, high=599),
            Column("duration_ms", "float", "how long it took, milliseconds", low=0),
            *_TAIL,
        ),
        "requested_at",
    ),
    Table(
        "samples",
        "one value of one metric of the infrastructure",
        ("metric", "labels", "sampled_at"),
        (
            Column("metric", "text", "what is measured", required=True),
            Column("labels", "json", "its labels, keys sorted", required=True),
            *moment("sampled_at", "when it was read"),
            Column("value", "float", "the value; null where the system gave NaN"),
            *_TAIL,
        ),
        "sampled_at",
    ),
    Table(
        "probes",
        "one check of one endpoint from outside",
        ("endpoint", "probed_at"),
        (
            Column("endpoint", "text", "what was checked", required=True),
            *moment("probed_at", "when"),
            Column("ok", "bool", "whether it answered as it should", required=True),
            Column("status_code", "int", "HTTP status", low=100, high=599),
            Column("duration_ms", "float", "how long it took, milliseconds", low=0),
            Column("error", "text", "what went wrong"),
            *_TAIL,
        ),
        "probed_at",
    ),
)

_INTERNAL = (
    Table(
        "conversation_states",
        "what a messaging platform said of a conversation at one moment; from all of these it is derived",
        ("conversation_id", "updated_at", "status"),
        (
            identifier("conversation_id", "the conversation"),
            Column("updated_at", "at", "when the platform said so", required=True),
            Column("status", "text", "active, closed, or message:<id> for a message it names", required=True),
            Column("user_id", "id", "the person, as a keyed hash", personal="id"),
            Column("channel", "text", "channel, lower case"),
            Column("started_at", "at", "when the platform says it began"),
            Column("agent_id", "id", "a person of the shop taking part, as a keyed hash", personal="id"),
            Column("entry_point", "text", "what brought the user"),
            Column("extra", "json", "fields the contract does not name"),
        ),
    ),
    Table(
        "quarantine",
        "one record that was not stored, and why",
        ("quarantine_id",),
        (
            identifier("quarantine_id", "source file, line and code"),
            Column("source", "text", "the source it came from", required=True),
            Column("file", "text", "name of the file", required=True),
            Column("sha256", "text", "hash of the file's bytes", required=True),
            Column("line", "int", "line (or record) number, from 1", required=True),
            Column("code", "text", "the reason, a key of codes.QUARANTINE_CODES", required=True),
            Column("column_name", "text", "the column it failed on, if one"),
            Column("detail", "text", "what was given and what was expected, masked"),
            Column("record", "text", "its first 200 characters, masked"),
        ),
    ),
    Table(
        "ingested_files",
        "one file that was ingested, with its counts: records = accepted + duplicates + quarantined",
        ("ingest_id",),
        (
            identifier("ingest_id", "source and hash of the file's content"),
            Column("source", "text", "the source", required=True),
            Column("file", "text", "name of the file", required=True),
            Column("sha256", "text", "hash of the file's bytes", required=True),
            Column("bytes", "int", "size of the file", required=True),
            Column("records", "int", "records read", required=True),
            Column("accepted", "int", "records that added or changed a row", required=True),
            Column("duplicates", "int", "records that changed nothing", required=True),
            Column("quarantined", "int", "records kept in quarantine", required=True),
            Column("flags", "json", "counts by flag code"),
            Column("ingested_at", "at", "when", required=True),
            Column("key_id", "text", "which pseudonym key was in force", required=True),
        ),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _ALL}
INTERNAL_TABLES: dict[str, Table] = {table.name: table for table in _INTERNAL}
EVERY_TABLE: dict[str, Table] = TABLES | INTERNAL_TABLES
