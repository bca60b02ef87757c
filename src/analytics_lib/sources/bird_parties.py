"""Who takes part in a Bird message or conversation: the customer, and which kind of sender wrote.

A customer is named by the contact's id wherever it stands, else by the number or handle on the channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.sources.record import BadRecordError, first_scalar, first_word, mapping, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analytics_lib.sources.bird_envelope import Delivery

_ID_PATHS = ("contact.id", "contacts.0.id", "contactId", "contact_id", "id")
_NUMBER_PATHS = (
    *("contact.identifierValue", "contacts.0.identifierValue", "identifierValue", "contact.platformAddress"),
    *("platformAddress", "contact.msisdn", "msisdn", "contact.phoneNumber", "phoneNumber", "phone", "number"),
)
_CUSTOMER_SIDE = ("sender", "from", "contact")
_SHOP_TO_CUSTOMER = ("receiver", "recipients.0", "to.0", "to", "contact")
_DIRECTIONS = {
    **dict.fromkeys(("incoming", "inbound", "received", "in"), True),
    **dict.fromkeys(("outgoing", "outbound", "sent", "out"), False),
}
# Bird's kinds of sender; without a kind an outgoing message comes from a connector, that is, from software.
_SHOP_SENDERS = {
    **dict.fromkeys(("user", "agent"), "agent"),
    **dict.fromkeys(("bot", "flow", "accesskey", "connector"), "bot"),
}


def is_incoming(delivery: Delivery) -> bool:
    """Whether the customer wrote the message.

    Raises:
        BadRecordError: ``MISSING_FIELD`` if neither direction, event, kind of sender nor origin says so.
    """
    body = delivery.body
    for said in (first_word(body, "direction"), delivery.event.rpartition(".")[2]):
        if said in _DIRECTIONS:
            return _DIRECTIONS[said]
    kind = _kind_of_sender(body)
    if kind:
        return kind == "contact"
    if customer_of(body, incoming=True) is not None:
        return True
    raise BadRecordError(
        "MISSING_FIELD",
        "no direction (incoming, outgoing), no event that tells and no sender",
        "sender",
    )


def role_of_sender(body: Mapping[str, object], *, incoming: bool) -> str:
    """Who wrote: ``user``, ``agent`` or ``bot``; a kind of sender that Bird never named is left as it is."""
    if incoming:
        return "user"
    kind = _kind_of_sender(body) or "connector"
    return _SHOP_SENDERS.get(kind, kind)


def customer_of(body: Mapping[str, object], *, incoming: bool | None = None) -> object:
    """The contact's id, else its number; null where the message names no customer.

    Args:
        body: A message or an interaction.
        incoming: Which side is the customer's; null = the receiver, else the sender.
    """
    sides = {True: _CUSTOMER_SIDE, False: _SHOP_TO_CUSTOMER, None: (*_SHOP_TO_CUSTOMER, *_CUSTOMER_SIDE)}[
        incoming
    ]
    beside = {key: body.get(key) for key in ("contactId", "contact_id", "identifierValue")}
    return identity([*(value_at(body, side) for side in sides), beside])


def identity(parties: Iterable[object]) -> object:
    """The first contact id among these parties, else the first number; null without either.

    Raises:
        BadRecordError: ``PHONE_LOSSY`` if the number arrived as a decimal, which has lost its digits.
    """
    listed = list(parties)
    for paths in (_ID_PATHS, _NUMBER_PATHS):
        for party in listed:
            found = first_scalar(party, *paths)
            if found is not None:
                return _lossless(found)
    bare = (party for party in listed if isinstance(party, str | int | float) and party != "")
    return _lossless(next(bare, None))


def _lossless(identifier: object) -> object:
    if isinstance(identifier, float):
        raise BadRecordError(
            "PHONE_LOSSY",
            "a number given as a decimal; expected text such as +57…",
            "user_id",
        )
    return identifier.strip() if isinstance(identifier, str) else identifier


def _kind_of_sender(body: Mapping[str, object]) -> str | None:
    kind = first_word(body, "sender.type", "from.type", "senderType")
    nested = mapping(body.get("sender")).keys() & {"contact", "user", "agent", "bot", "flow", "accessKey"}
    return kind or next((name.lower() for name in sorted(nested)), None)
