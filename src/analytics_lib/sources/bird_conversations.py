"""Bird conversations as rows of ``conversation_states``, contacts as rows of ``users``.

Bird tells of a conversation anew for every message in it; each telling is kept as one state, and
``bird_linking.settle`` derives the conversation from all of them, in whatever order they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.sources.bird_envelope import CREATED_PATHS, UPDATED_PATHS, Rows
from analytics_lib.sources.bird_parties import identity
from analytics_lib.sources.record import (
    BadRecordError,
    first_scalar,
    first_value,
    first_word,
    impersonal,
    mapping,
    value_at,
    without_nulls,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.sources.bird_envelope import Delivery

_STATUSES = {"archived": "closed"}  # the word of MessageBird's older API
# Not kept: participants and the last message name people, the rest of the attributes is the typing indicator.
_NOT_KEPT = frozenset(
    {
        *(
            "id",
            "status",
            "createdAt",
            "updatedAt",
            "createdDatetime",
            "updatedDatetime",
            "created_at",
            "updated_at",
        ),
        *(
            "featuredParticipants",
            "participants",
            "initiatingParticipant",
            "lastMessage",
            "contact",
            "contactId",
        ),
        *("name", "summary", "description", "attributes", "resource", "referral", "channel", "channelId"),
        *("channel_id", "channels", "platform", "event", "type", "service", "messages", "lastUsedChannelId"),
        *(
            "sender",
            "receiver",
            "from",
            "to",
            "recipients",
            "conversation",
            "conversationId",
            "conversation_id",
        ),
    }
)


def conversation_rows(delivery: Delivery) -> Rows:
    """The ``conversation_states`` row of one telling of a conversation.

    Raises:
        BadRecordError: ``MISSING_FIELD`` without id or status, ``BAD_TIME`` without any time.
    """
    body = delivery.body
    agents = [party for party in _parties(body) if first_word(party, "type") == "user"]
    row: dict[str, object] = {
        "conversation_id": _required(first_scalar(body, "id", "conversationId", "conversation_id"), "id"),
        "updated_at": _changed_at(body),
        "status": _status(delivery),
        "user_id": _customer(body),
        "channel": delivery.channel,
        "started_at": first_value(body, *CREATED_PATHS),
        "agent_id": first_scalar({"agents": agents}, *(f"agents.{place}.id" for place in range(len(agents)))),
        "entry_point": first_word(
            body, "referral.type", "referral.sourceType", "referral.source_type", "referral"
        ),
        "extra": _extra(delivery) | ({"agent_present": True} if agents else {}),
    }
    return [("conversation_states", row)]


def contact_rows(delivery: Delivery) -> Rows:
    """The ``users`` row of a contact: that it exists, since when, and whether it was deleted.

    Raises:
        BadRecordError: ``MISSING_FIELD`` without id.
    """
    body = delivery.body
    deleted = delivery.event.endswith(".deleted") or first_value(body, "deletedAt") is not None
    row: dict[str, object] = {
        "user_id": _required(first_scalar(body, "id", "contactId"), "user_id"),
        "first_seen_at": first_value(body, *CREATED_PATHS),
        "updated_at": first_value(body, "deletedAt", *UPDATED_PATHS, *CREATED_PATHS),
        "extra": {"deleted": True} if deleted else {},
    }
    return [("users", row)]


def _required(value: object, column: str) -> object:
    if value is None:
        raise BadRecordError("MISSING_FIELD", "the field id is missing or empty", column)
    return value


def _changed_at(body: Mapping[str, object]) -> object:
    moment = first_value(body, *UPDATED_PATHS, "lastMessage.createdAt", *CREATED_PATHS)
    if moment is None:
        raise BadRecordError("BAD_TIME", "no time; expected updatedAt or createdAt", "updated_at")
    return moment


def _status(delivery: Delivery) -> str:
    status = first_word(delivery.body, "status")
    if status is None and delivery.event.endswith(".created"):
        return "active"
    if status is None:
        raise BadRecordError("MISSING_FIELD", "no status; expected active or closed", "status")
    return _STATUSES.get(status, status)


def _parties(body: Mapping[str, object]) -> list[object]:
    """The participants, then who wrote the last message: at most five participants are listed."""
    lists = (body.get("featuredParticipants"), body.get("participants"))
    listed = [party for parties in lists if isinstance(parties, list) for party in parties]
    return [*listed, body.get("initiatingParticipant"), value_at(body, "lastMessage.sender")]


def _customer(body: Mapping[str, object]) -> object:
    contacts = [party for party in _parties(body) if first_word(party, "type") == "contact"]
    # Written by the shop's side, the last message names the customer only as its recipient.
    written_to = (
        [] if first_word(body, "lastMessage.sender.type") == "contact" else ["lastMessage.recipients.0"]
    )
    beside = {"contactId": body.get("contactId")}
    return identity([*contacts, *(value_at(body, path) for path in (*written_to, "contact")), beside])


def _extra(delivery: Delivery) -> dict[str, object]:
    body = delivery.body
    rest = mapping(impersonal({key: value for key, value in body.items() if key not in _NOT_KEPT}))
    known = {"channel_id": delivery.channel_id, "last_message_id": first_scalar(body, "lastMessage.id")}
    bots = {"bots": impersonal(value_at(body, "attributes.llmbotIds"))}
    return without_nulls({**rest, **known, **bots})
