"""Bird messages, interactions and button clicks as rows of ``messages`` and ``events``.

After docs.bird.com, Channels API, Message status and interactions. A message that does not say which
conversation it belongs to waits under ``pending:<message id>``; one that names its conversation but not its
customer waits under ``conversation:<conversation id>``. ``bird_linking.settle`` replaces both.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from analytics_lib.sources.bird_content import Content, content_of
from analytics_lib.sources.bird_envelope import CREATED_PATHS, UPDATED_PATHS, Rows
from analytics_lib.sources.bird_parties import customer_of, is_incoming, role_of_sender
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

_CONVERSATION_PATHS = ("conversationId", "conversation_id", "conversation.id", "conversation")
# Fields that have their own place in a row, or name a person; what remains goes to `extra` as it is.
_PLACED = frozenset(
    {
        *(
            "id",
            "messageId",
            "event",
            "type",
            "service",
            "direction",
            "status",
            "body",
            "content",
            "template",
        ),
        *(
            "text",
            "preview",
            "channel",
            "channelId",
            "channel_id",
            "platform",
            "conversation",
            "conversationId",
        ),
        *("conversation_id", "sender", "receiver", "recipients", "from", "to", "contact", "contactId"),
        *(
            "failure",
            "contact_id",
            "identifierKey",
            "identifierValue",
            "replyTo",
            "parts",
            "platformReference",
            "meta",
        ),
        *CREATED_PATHS,
        *UPDATED_PATHS,
    }
)


def message_rows(delivery: Delivery, options: Mapping[str, object]) -> Rows:
    """The ``messages`` row of a message, the claim of its conversation, and an event for a clicked button.

    Args:
        delivery: A message.
        options: Read: ``postbacks``, the event's name by the button's payload.

    Raises:
        BadRecordError: ``MISSING_FIELD`` without id, sender, customer or content, ``BAD_TIME`` without time.
    """
    body, incoming = delivery.body, is_incoming(delivery)
    content = content_of(body, incoming=incoming)
    message_id = _required(first_scalar(body, "id", "messageId"), "id", "message_id")
    given = first_scalar(body, *_CONVERSATION_PATHS)
    customer = customer_of(body, incoming=incoming)
    row: dict[str, object] = {
        "message_id": message_id,
        "conversation_id": given if given is not None else f"pending:{message_id}",
        "user_id": _customer_or_stand_in(customer, given),
        "sent_at": _sent_at(body, incoming=incoming),
        "sender": role_of_sender(body, incoming=incoming),
        "kind": content.kind,
        "text": content.text,
        "status": _status(body),
        "updated_at": first_value(body, *UPDATED_PATHS, *CREATED_PATHS),
        "extra": _extra(delivery, content, given) | ({} if customer is not None else {"user_unknown": True}),
    }
    claim = [] if given is None else [_claim(delivery, row, customer)]
    return [("messages", row), *claim, *_click(row, content, mapping(options.get("postbacks")))]


def interaction_rows(delivery: Delivery) -> Rows:
    """The ``events`` row of an interaction: the customer read, opened or clicked a message.

    Raises:
        BadRecordError: ``MISSING_FIELD`` if it names neither customer nor message, ``BAD_TIME`` without time.
    """
    body = delivery.body
    message_id = first_scalar(body, "messageId", "message.id", "message_id")
    customer = customer_of(body)
    if customer is None and message_id is None:
        raise BadRecordError(
            "MISSING_FIELD", "an interaction without messageId and without contact", "user_id"
        )
    occurred_at = _required_time(first_value(body, *CREATED_PATHS, *UPDATED_PATHS), "occurred_at")
    action = first_word(body, "type", "interactionType", "interaction") or "unknown"
    extra = {"message_id": message_id, "interaction": action, "channel_id": delivery.channel_id}
    row = {
        "event_id": first_scalar(body, "id") or _digest(message_id or customer, action, occurred_at),
        "user_id": customer if customer is not None else f"message:{message_id}",
        "conversation_id": first_scalar(body, *_CONVERSATION_PATHS),
        "occurred_at": occurred_at,
        "name": f"{delivery.channel or 'unknown'}.interaction",
        "extra": without_nulls(extra)
        | _rest(body)
        | ({} if customer is not None else {"user_unknown": True}),
    }
    return [("events", row)]


def _customer_or_stand_in(customer: object, given: object) -> object:
    if customer is None and given is None:
        raise BadRecordError(
            "MISSING_FIELD",
            "no contact id, no number, no conversation that could tell",
            "user_id",
        )
    return f"conversation:{given}" if customer is None else customer


def _sent_at(body: Mapping[str, object], *, incoming: bool) -> object:
    # The channel's own second is when the customer wrote; createdAt is when Bird heard of it.
    own = first_value(body, "meta.extraInformation.timestamp", "meta.timestamp") if incoming else None
    moment = first_value(body, *CREATED_PATHS, *UPDATED_PATHS)
    return _required_time(own if own is not None else moment, "sent_at")


def _status(body: Mapping[str, object]) -> object:
    status = first_value(body, "status")
    return status.strip().lower() if isinstance(status, str) else status


def _extra(delivery: Delivery, content: Content, given: object) -> dict[str, object]:
    body = delivery.body
    meta = dict(mapping(value_at(body, "meta.extraInformation")))
    meta.pop("timestamp", None)
    known = {
        "channel": delivery.channel,
        "channel_id": delivery.channel_id,
        "given_conversation_id": given,
        "platform_reference": first_scalar(body, "parts.0.platformReference", "platformReference"),
        "reply_to": {
            key: value_at(body, f"replyTo.{key}") for key in ("id", "type") if mapping(body.get("replyTo"))
        },
        "meta": impersonal(meta),
        "failure": _failure(body),
    }
    return without_nulls(_rest(body) | content.extra | known)


def _failure(body: Mapping[str, object]) -> dict[str, object]:
    paths = {"code": "failure.code", "source": "failure.source.name", "source_code": "failure.source.code"}
    return without_nulls({name: impersonal(value_at(body, path)) for name, path in paths.items()})


def _rest(body: Mapping[str, object]) -> dict[str, object]:
    return dict(mapping(impersonal({key: value for key, value in body.items() if key not in _PLACED})))


def _claim(delivery: Delivery, row: Mapping[str, object], customer: object) -> tuple[str, dict[str, object]]:
    """That a conversation holds a message, kept apart from the message.

    A later delivery of the message may come without its conversation and replace the row; a claim stays.
    """
    return (
        "conversation_states",
        {
            "conversation_id": row["conversation_id"],
            "updated_at": first_value(delivery.body, *CREATED_PATHS) or row["sent_at"],
            "status": f"message:{row['message_id']}",
            "user_id": customer,
            "channel": delivery.channel,
            "extra": without_nulls({"channel_id": delivery.channel_id}),
        },
    )


def _click(row: Mapping[str, object], content: Content, names: Mapping[str, object]) -> Rows:
    if content.postback is None:
        return []
    event = {
        "event_id": f"{row['message_id']}:postback",
        "user_id": row["user_id"],
        "conversation_id": mapping(row["extra"]).get("given_conversation_id"),
        "occurred_at": row["sent_at"],
        "name": names.get(content.postback, f"unknown:{content.postback}"),
        "extra": {"message_id": row["message_id"], "postback": content.postback},
    }
    if mapping(row["extra"]).get("user_unknown"):
        event["extra"] = {**mapping(event["extra"]), "user_unknown": True}
    return [("events", event)]


def _required(value: object, field: str, column: str) -> object:
    if value is None:
        raise BadRecordError("MISSING_FIELD", f"the field {field} is missing or empty", column)
    return value


def _required_time(value: object, column: str) -> object:
    if value is None:
        raise BadRecordError("BAD_TIME", f"no time; expected one of {', '.join(CREATED_PATHS)}", column)
    return value


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
