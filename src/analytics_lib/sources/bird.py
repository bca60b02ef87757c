"""Bird.com: Channels webhooks, Conversations events and pages of its REST API, one delivery at a time.

Field by field after docs.bird.com (Channels API, Conversations API). What needs more than one delivery (the
conversation of a message, the end of a conversation) is settled afterwards by ``bird_linking.settle``.
"""

from __future__ import annotations

from collections.abc import Mapping

from analytics_lib.sources.bird_conversations import contact_rows, conversation_rows
from analytics_lib.sources.bird_envelope import Rows, open_envelope
from analytics_lib.sources.bird_linking import settle
from analytics_lib.sources.bird_messages import interaction_rows, message_rows
from analytics_lib.sources.record import BadRecordError

__all__ = ["rows", "settle"]

_PAGES = ("results", "items")


def rows(record: Mapping[str, object], options: Mapping[str, object]) -> Rows:
    """The contract rows of one delivery or one page.

    Args:
        record: A webhook in any of its envelopes, a bare object, or a page ``{results, nextPageToken}``.
        options: ``channels``: the channel's name by its id. ``postbacks``: the event's name by the payload of
            the button; a payload without one becomes ``unknown:<payload>``.

    Returns:
        Rows of ``messages``, ``events``, ``users`` and ``conversation_states``, values as Bird wrote them.
        A state whose status is ``message:<id>`` says only that the conversation holds that message.

    Raises:
        BadRecordError: If the record, or one entry of the page, cannot be read; a page is refused as a whole.
    """
    entries = next((record[name] for name in _PAGES if isinstance(record.get(name), list)), None)
    if not isinstance(entries, list):
        return _rows_of_one(record, options)
    return [row for place, entry in enumerate(entries) for row in _rows_of_entry(entry, place, options)]


def _rows_of_entry(entry: object, place: int, options: Mapping[str, object]) -> Rows:
    if not isinstance(entry, Mapping):
        raise BadRecordError("NOT_OBJECT", f"entry {place} of the page is no object: {type(entry).__name__}")
    try:
        return _rows_of_one(entry, options)
    except BadRecordError as error:
        raise BadRecordError(
            error.code, f"entry {place} of the page: {error.detail}", error.column
        ) from error


def _rows_of_one(record: Mapping[str, object], options: Mapping[str, object]) -> Rows:
    delivery = open_envelope(record, options)
    if delivery.subject == "message":
        return message_rows(delivery, options)
    if delivery.subject == "interaction":
        return interaction_rows(delivery)
    if delivery.subject == "conversation":
        return conversation_rows(delivery)
    return contact_rows(delivery)
