"""ABCD: chats of an online clothing shop, customers and agents (Chen et al. 2021, arXiv:2104.00783).

The data hold no times. The ones given here are made up by a rule that the source's options state, and every
conversation says so (``"times": "synthetic"`` in ``extra``): the order of the turns is real, durations and
response times are not, and must not be analysed.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from analytics_lib.sources.record import BadRecordError, mapping, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row = tuple[str, dict[str, object]]

_SENDERS = {"customer": "user", "agent": "agent"}
# What a scenario tells of its customer and messages repeat; e-mails and phones are masked at ingest.
_NAMES = ("personal.customer_name", "personal.username", "personal.account_id")
_ADDRESSES = ("order.full_address", "order.street_address", "order.zip_code")


def rows(record: Mapping[str, object], options: Mapping[str, object]) -> list[Row]:
    """One chat as a conversation, its messages and the agent's actions.

    The customer's and the order's details are not kept, nor what an action was filled in with; where a
    message repeats the customer's name, user name or address, ``[name]`` or ``[address]`` stands instead.
    The intent that the annotators gave the chat is the ``true_intent`` of the customer's first message.
    Nobody returns: every chat has a user of its own.

    Args:
        record: A chat of the published file.
        options: ``first_started_at``: the time of a chat with id 0, ISO 8601 with an offset;
            ``seconds_between_conversations``: how much later each next id starts; ``seconds_between_turns``.

    Raises:
        BadRecordError: If the chat has no id, or its turns and their annotation do not match.
    """
    number = record.get("convo_id")
    if not isinstance(number, int):
        raise BadRecordError("MISSING_FIELD", "convo_id is no integer", "conversation_id")
    turns, targets = _turns(record), _targets(record)
    if not turns or len(turns) != len(targets):
        raise BadRecordError(
            "UNKNOWN_SHAPE",
            f"{len(turns)} turns and {len(targets)} annotated ones; expected as many, at least one",
        )
    times = _times(number, len(turns), options)
    ids: dict[str, object] = {"conversation_id": f"abcd-{number}", "user_id": f"abcd-{number}"}
    conversation = {
        **ids,
        "channel": "web",
        "started_at": times[0],
        "ended_at": times[-1],
        "extra": {
            "times": "synthetic",
            "intent": targets[0][0],
            "flow": value_at(record, "scenario.flow"),
            "subflow": value_at(record, "scenario.subflow"),
        },
    }
    said = list(zip(turns, targets, times, strict=True))
    return [("conversations", conversation), *_messages(said, ids, record), *_actions(said, ids)]


def _turns(record: Mapping[str, object]) -> list[tuple[str, str]]:
    turns = record.get("original")
    if not isinstance(turns, list) or not all(isinstance(turn, list) and len(turn) == 2 for turn in turns):
        raise BadRecordError("UNKNOWN_SHAPE", "original is no list of pairs of speaker and text")
    return [(str(speaker), str(text)) for speaker, text in turns]


def _targets(record: Mapping[str, object]) -> list[tuple[object, object]]:
    """Of each turn the intent of the chat, and the name of the action if it is one."""
    annotated = record.get("delexed")
    turns = annotated if isinstance(annotated, list) else []
    return [(value_at(turn, "targets.0"), value_at(turn, "targets.2")) for turn in turns]


def _times(number: int, turns: int, options: Mapping[str, object]) -> list[dt.datetime]:
    first = dt.datetime.fromisoformat(str(options["first_started_at"]))
    apart = dt.timedelta(seconds=float(str(options["seconds_between_conversations"])))
    step = dt.timedelta(seconds=float(str(options["seconds_between_turns"])))
    return [first + apart * number + step * turn for turn in range(turns)]


def _messages(
    said: list[tuple[tuple[str, str], tuple[object, object], dt.datetime]],
    ids: Mapping[str, object],
    record: Mapping[str, object],
) -> Iterator[Row]:
    names, addresses = _mentions(record, _NAMES, 2), _mentions(record, _ADDRESSES, 3)
    intent = said[0][1][0]
    for place, ((speaker, text), _, time) in enumerate(said):
        if speaker not in _SENDERS:
            continue
        sender = _SENDERS[speaker]
        message = {
            "message_id": f"{ids['conversation_id']}-{place:04d}",
            **ids,
            "sent_at": time,
            "sender": sender,
            "kind": "text",
            "text": names.sub("[name]", addresses.sub("[address]", text)),
        }
        if sender == "user" and intent is not None:
            message["true_intent"], intent = intent, None
        yield "messages", message


def _mentions(record: Mapping[str, object], paths: tuple[str, ...], shortest: int) -> re.Pattern[str]:
    """Finds what stands at these paths of the scenario, whole or any word of it that is not too short."""
    scenario = mapping(record.get("scenario"))
    values = [str(value) for path in paths if (value := value_at(scenario, path))]
    words = [word for value in values for word in (value, *value.split()) if len(word) >= shortest]
    anything = "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{anything})(?!\w)" if words else r"(?!)", re.IGNORECASE)


def _actions(
    said: list[tuple[tuple[str, str], tuple[object, object], dt.datetime]], ids: Mapping[str, object]
) -> Iterator[Row]:
    for place, ((speaker, _), (_, name), time) in enumerate(said):
        if speaker == "action":
            action = {
                "action_id": f"{ids['conversation_id']}-{place:04d}",
                "conversation_id": ids["conversation_id"],
                "started_at": time,
                "name": name,
            }
            yield "actions", action
