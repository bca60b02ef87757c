"""What a Bird delivery is about, whatever it is wrapped in.

Seen in the wild: ``{event, payload}``, ``{event, data}``, ``{event, message}``, a message without envelope,
and the same nested once more; the conversation, the channel and the contact stand inside or beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analytics_lib.sources.record import BadRecordError, first_value, first_word, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

Subject = Literal["message", "conversation", "interaction", "contact"]
Rows = list[tuple[str, dict[str, object]]]

CREATED_PATHS = ("createdAt", "created_at", "createdDatetime", "timestamp", "sentAt")
UPDATED_PATHS = ("updatedAt", "updated_at", "lastStatusAt", "updatedDatetime", "statusUpdatedAt")

_WRAPPERS = ("payload", "data", "message", "conversation", "interaction", "contact")
# What may stand beside the wrapped object and belongs to it.
_CARRIED = (
    *("conversationId", "conversation_id", "conversation", "channelId", "channel_id", "channel", "platform"),
    *(
        "direction",
        "contact",
        "contactId",
        "contact_id",
        "sender",
        "receiver",
        "from",
        "to",
        "identifierValue",
    ),
)
MESSAGE_MARKS = frozenset({"body", "content", "template", "text", "preview"})
_CONVERSATION_MARKS = frozenset(
    {
        *(
            "featuredParticipants",
            "activeParticipantCount",
            "pendingParticipantCount",
            "initiatingParticipant",
        ),
        *("lastMessage", "lastUsedChannelId", "lastReceivedDatetime"),
    }
)
_CONTACT_MARKS = frozenset({"featuredIdentifiers", "computedDisplayName", "identifierCount"})
_DIRECTED_EVENTS = ("inbound", "outbound", "interaction")
_CHANNEL_ID_PATHS = ("channelId", "channel_id", "channel.id", "lastUsedChannelId", "receiver.channel.id")


@dataclass(frozen=True)
class Delivery:
    """One object that Bird tells of.

    Attributes:
        event: The event's name, lower case; ``""`` where it came without one.
        subject: What the object is.
        body: The object itself, with what stood beside it in the envelope.
        channel: ``whatsapp``, ``instagram``, …; null where neither the event nor the configuration says.
        channel_id: Bird's id of the channel.
    """

    event: str
    subject: Subject
    body: Mapping[str, object]
    channel: str | None
    channel_id: str | None


def open_envelope(record: Mapping[str, object], options: Mapping[str, object]) -> Delivery:
    """The object inside a delivery.

    Args:
        record: One delivery, or one entry of a page.
        options: Read: ``channels``, the channel's name by its id.

    Raises:
        BadRecordError: ``UNKNOWN_SHAPE``, naming the keys found, if it is neither message, conversation,
            interaction nor contact.
    """
    event = _event(record)
    body = _unwrapped(record)
    channel_id = first_value(body, *_CHANNEL_ID_PATHS)
    return Delivery(
        event=event,
        subject=_subject(event, body),
        body=body,
        channel=_channel(event, body, mapping(options.get("channels")).get(str(channel_id))),
        channel_id=None if channel_id is None else str(channel_id),
    )


def _event(record: Mapping[str, object]) -> str:
    event = first_word(record, "event", "eventType", "event_type")
    kind = first_word(record, "type") or ""
    return event or (kind if "." in kind else "")


def _unwrapped(record: Mapping[str, object]) -> Mapping[str, object]:
    body = record
    while not body.keys() & (MESSAGE_MARKS | _CONVERSATION_MARKS | _CONTACT_MARKS):
        name = next((key for key in _WRAPPERS if mapping(body.get(key))), None)
        if name is None or "messageId" in body or (name == "contact" and "id" in body):
            return body
        beside = {key: body[key] for key in _CARRIED if key in body and key != name}
        body = beside | dict(mapping(body[name]))
    return body


def _subject(event: str, body: Mapping[str, object]) -> Subject:
    topic, _, verb = event.rpartition(".")
    if verb == "interaction" or ("messageId" in body and not body.keys() & MESSAGE_MARKS):
        return "interaction"
    if topic == "conversation" or body.keys() & _CONVERSATION_MARKS or _has_thread_status(body):
        return "conversation"
    if topic == "contact" or body.keys() & _CONTACT_MARKS:
        return "contact"
    if verb in _DIRECTED_EVENTS or topic == "message" or _looks_like_message(body):
        return "message"
    found = ", ".join(sorted(map(str, body))[:20]) or "none"
    raise BadRecordError(
        "UNKNOWN_SHAPE",
        f"event {event or 'none'!r} with the keys {found}; expected a Bird message (id, body or template), "
        "conversation (id, status), interaction (messageId) or contact, "
        "alone or under payload, data or message, or a page of them under results",
    )


def _has_thread_status(body: Mapping[str, object]) -> bool:
    open_or_not = first_word(body, "status") in ("active", "closed", "archived")
    return open_or_not and "id" in body and not body.keys() & MESSAGE_MARKS


def _looks_like_message(body: Mapping[str, object]) -> bool:
    known = body.keys() & (MESSAGE_MARKS | {"direction"})
    placed = body.keys() & {
        "id",
        "sender",
        "from",
        "conversationId",
        "conversation_id",
        "direction",
        "channelId",
    }
    return bool(known and placed)


def _channel(event: str, body: Mapping[str, object], configured: object) -> str | None:
    topic, _, verb = event.rpartition(".")
    if topic and verb in _DIRECTED_EVENTS:
        return topic.rpartition(".")[2]
    if isinstance(configured, str) and configured.strip():
        return configured.strip().lower()
    return first_word(body, "channel", "channel.name", "channel.type", "platform")
