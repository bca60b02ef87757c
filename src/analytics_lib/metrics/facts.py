"""What metrics are counted over: facts, one row each of something that happened in the window.

A fact is one query over the contract. Columns that cost a look into another table stand in parts, which are
joined only where a metric or a dimension asks for one of their columns. ``local`` is the wall clock of the
row's own time: it decides the period. Nothing at ``$as_of`` or later is in any of them; a conversation that
ends later is open, and what is only known by its end (outcome, resolved, csat, nps) is null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analytics_lib.metrics import fact_queries as queries
from analytics_lib.metrics import moment_queries as moments
from analytics_lib.metrics import recontact_queries as recontacts
from analytics_lib.metrics import reply_queries as replies

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = ("city", "region", "country")
_CONVERSATION_DIMENSIONS = ("channel", "entry_point", *_PLACE)


@dataclass(frozen=True)
class Part:
    """Columns of a fact that another query gives, joined by ``key``; absent ones are null.

    Attributes:
        name: What it is called.
        key: The column both sides share.
        columns: What it adds.
        sql: One row for each ``key``.
        needs: Parts that this query reads by their names (see ``derived_tables``).
        reads: Tables of the contract without a row of which its columns are not known.
        on: How its rows are found where that is not by equal keys; each row of the fact has one at most.
    """

    name: str
    key: str
    columns: tuple[str, ...]
    sql: str
    needs: tuple[Part, ...] = ()
    reads: tuple[str, ...] = ()
    on: str = ""


@dataclass(frozen=True)
class Fact:
    """What metrics are counted over.

    Attributes:
        name: The ``table`` of a metric.
        row: What one row is.
        reads: The tables of the contract that must hold rows, the one whose time it has first.
        sql: Its rows in the window; always with ``local``.
        dimensions: Columns, its own or of a part, by which its metrics can be told apart.
        cluster: The column of those who may have several rows, the user; of samples, which resemble their
            neighbours, the hour; empty where every row stands for itself.
        parts: What can be joined to it.
        needs: Parts that its query reads by their names; a fact that has any takes so long that it is worked
            out once for all statements of a question.
        worked: Columns that are expressions over the others, where one is asked for.
    """

    name: str
    row: str
    reads: tuple[str, ...]
    sql: str
    dimensions: tuple[str, ...]
    cluster: str = "user_id"
    parts: tuple[Part, ...] = ()
    needs: tuple[Part, ...] = ()
    worked: Mapping[str, str] = field(default_factory=dict)

    def parts_for(self, words: set[str]) -> list[Part]:
        """The parts that give any of these columns."""
        return [part for part in self.parts if words & set(part.columns)]


_USER = Part("segments", "user_id", ("segment",), queries.USERS)
_CONVERSATION = Part("places", "conversation_id", _CONVERSATION_DIMENSIONS, queries.PLACES)
_OWNER = Part("owners", "conversation_id", ("user_id", *_CONVERSATION_DIMENSIONS), queries.OWNERS)
_CALENDAR = ("weekday", "hour")

_TALKS = Part(
    "talks",
    "conversation_id",
    (
        *("messages", "user_messages", "bot_messages", "agent_messages", "templates"),
        *("first_user_at", "last_user_at", "first_agent_at", "last_agent_at"),
    ),
    queries.TALKS,
    reads=("messages",),
)
_INTENTS = Part("intents", "conversation_id", ("intent",), queries.INTENTS, reads=("messages",))
_CONVERSATION_PARTS = (
    _USER,
    _TALKS,
    _INTENTS,
    Part("last_words", "conversation_id", ("last_sender",), queries.LAST_WORDS, reads=("messages",)),
    Part("stages", "conversation_id", ("stage", "purchased_at"), queries.STAGES, reads=("events",)),
    Part("sales", "conversation_id", ("paid", "sales", "refunds"), queries.SALES, reads=("orders",)),
    Part(
        "rates",
        "conversation_id",
        ("rate_agent_minute", "rate_template", "rate_conversation"),
        queries.RATES,
    ),
    Part("next_contacts", "conversation_id", ("next_contact_at",), recontacts.NEXT_CONTACTS, needs=(_TALKS,)),
    Part(
        "issues",
        "conversation_id",
        ("is_first_contact", "next_issue_contact_at"),
        recontacts.ISSUES,
        needs=(_TALKS, _INTENTS),
    ),
)

# Conversations as the fact ``replies`` numbers them.
NUMBERED = Part("numbered", "conversation_id", (), replies.NUMBERED, reads=("messages",))

_ALL = (
    Fact(
        "conversations",
        "a conversation that started in the window",
        ("conversations",),
        queries.CONVERSATIONS,
        (
            *_CONVERSATION_DIMENSIONS,
            *("outcome", "escalation_reason", "agent_id", "segment", "intent"),
            *_CALENDAR,
        ),
        parts=_CONVERSATION_PARTS,
    ),
    Fact(
        "active",
        "a conversation open at the end of a period, with a message in the 30 minutes before",
        ("conversations", "messages"),
        moments.ACTIVE,
        (*_CONVERSATION_DIMENSIONS, "segment"),
        parts=(_USER,),
    ),
    Fact(
        "overlapping",
        "a conversation open at any time in the window",
        ("conversations",),
        moments.OVERLAPPING,
        (*_CONVERSATION_DIMENSIONS, "segment"),
        parts=(_USER,),
    ),
    Fact(
        "queues",
        "a reading of a queue in the last 5 minutes of a period",
        ("samples",),
        moments.QUEUES,
        ("labels",),
        cluster="",
    ),
    Fact(
        "messages",
        "a message sent in the window",
        ("messages",),
        queries.MESSAGES,
        (
            *("sender", "kind", "intent", "true_intent", "status"),
            *_CONVERSATION_DIMENSIONS,
            "segment",
            *_CALENDAR,
        ),
        parts=(_CONVERSATION, _USER),
    ),
    Fact(
        "replies",
        "a stretch of messages of a user that began in the window, with the reply of the bot or an agent",
        ("messages",),
        replies.REPLIES,
        ("replier", *_CONVERSATION_DIMENSIONS, "segment", *_CALENDAR),
        cluster="user_number",
        parts=(
            Part("reply_places", "number", _CONVERSATION_DIMENSIONS, replies.PLACES, needs=(NUMBERED,)),
            Part("reply_segments", "number", ("segment",), replies.SEGMENTS, needs=(NUMBERED,)),
            Part("reply_names", "number", ("conversation_id", "user_id"), replies.NAMES, needs=(NUMBERED,)),
        ),
        needs=(NUMBERED,),
    ),
    Fact(
        "actions",
        "a call of the bot to a system behind it, made in the window",
        ("actions",),
        queries.ACTIONS,
        ("name", "error", *_CONVERSATION_DIMENSIONS, "segment", *_CALENDAR),
        parts=(_OWNER, _USER),
    ),
    Fact(
        "orders",
        "an order, or a refund, placed in the window",
        ("orders",),
        queries.ORDERS,
        ("currency", *_CONVERSATION_DIMENSIONS, "segment", *_CALENDAR),
        parts=(
            _CONVERSATION,
            _USER,
            Part("influence", "order_id", ("influenced",), queries.INFLUENCED, reads=("conversations",)),
        ),
    ),
    Fact(
        "api_requests",
        "a request to an API behind the bot, made in the window",
        ("api_requests",),
        queries.API_REQUESTS,
        ("endpoint", "method", "status_code", *_CALENDAR),
        cluster="",
    ),
    Fact(
        "samples",
        "a value read from the infrastructure in the window",
        ("samples",),
        queries.SAMPLES,
        ("metric", "labels", *_CALENDAR),
        cluster="block",
    ),
)

FACTS: dict[str, Fact] = {fact.name: fact for fact in _ALL}
