"""STAR: task dialogues in which a person played the bot (Mosig, Mehri, Kober 2020, arXiv:2010.11853).

Kept are the turns that were shown: what the user wrote, what the wizard wrote, and the suggested reply that
the wizard picked. The wizard's drafts, choices on the screen and the instructions to the paid user are left
out, and so is the wizard's id: the wizard plays the bot and is nobody's agent.

Times are whole seconds; the place in the list is part of every id and keeps the order. An event without a
time takes that of the event before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analytics_lib.sources.record import BadRecordError, first_value, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row = tuple[str, dict[str, object]]

_SENDERS: Final = {
    ("User", "utter"): "user",
    ("Wizard", "utter"): "bot",
    ("Wizard", "pick_suggestion"): "bot",
}
_EXTRA: Final = {
    "BatchID": "batch_id",
    "CompletionLevel": "completion_level",
    "FORMAT-VERSION": "format_version",
    "IntroducesConflicts": "introduces_conflicts",
    "UserQuestionnaire": "user_questionnaire",
    "WizardQuestionnaire": "wizard_questionnaire",
}


def rows(record: Mapping[str, object], options: Mapping[str, object]) -> list[Row]:
    """One dialogue as a conversation, its messages and its actions.

    A conversation starts with its first shown message (with its first event where nothing was shown) and
    ends with its last event. ``outcome`` is ``abandoned`` unless the dialogue was completed, and
    ``resolved`` where the user's questionnaire says that the task was done; ``resolved`` is null where it
    asks no such question. The questionnaire has no scale, so there is no ``csat``.

    An action succeeded when it returned an item, unless the item says that it failed; it did not when it
    found nothing. A check that answers "unavailable" did what was asked.

    Args:
        record: A line of the published file.
        options: ``side_questions``: parts of questions that do not ask whether the task was done.
            ``failed_answers``: how the answer of a failed action begins. ``withheld_constraints``: names of
            constraints whose values describe a person.

    Raises:
        BadRecordError: If the dialogue has no id, no user, no list of events, or no time at all.
    """
    number, user = record.get("DialogueID"), record.get("AnonymizedUserWorkerID")
    if number is None or not user:
        raise BadRecordError(
            "MISSING_FIELD", "expected DialogueID and AnonymizedUserWorkerID", "conversation_id"
        )
    events = record.get("Events")
    if not isinstance(events, list):
        raise BadRecordError("UNKNOWN_SHAPE", f"Events is {type(events).__name__}; expected a list")
    conversation = {"conversation_id": f"star-{number}", "user_id": user}
    timed = _timed(events)
    inside = [*_messages(timed, conversation), *_actions(timed, conversation["conversation_id"], options)]
    return [("conversations", _conversation(record, conversation, timed, options)), *inside]


def _timed(events: list[object]) -> list[tuple[Mapping[str, object], object]]:
    """Each event with its time; the first ones take the first time there is."""
    current = next((time for event in events if (time := mapping(event).get("UnixTime")) is not None), None)
    if current is None:
        raise BadRecordError("BAD_TIME", "no event of the dialogue has a time (UnixTime)", "started_at")
    timed = []
    for event in map(mapping, events):
        time = event.get("UnixTime")
        current = current if time is None else time
        timed.append((event, current))
    return timed


def _sender(event: Mapping[str, object]) -> str | None:
    return _SENDERS.get((str(event.get("Agent")), str(event.get("Action"))))


def _conversation(
    record: Mapping[str, object],
    ids: Mapping[str, object],
    timed: list[tuple[Mapping[str, object], object]],
    options: Mapping[str, object],
) -> dict[str, object]:
    resolved = _resolved(record.get("UserQuestionnaire"), options)
    completed = record.get("CompletionLevel") == "Complete"
    outcome = "resolved" if resolved else None
    # What the paid user was told holds the names and account numbers of the part to be played.
    scenario = {name: value for name, value in mapping(record.get("Scenario")).items() if name != "UserTask"}
    return {
        **ids,
        "channel": "web",
        "started_at": next((time for event, time in timed if _sender(event)), timed[0][1]),
        "ended_at": timed[-1][1],
        "outcome": outcome if completed else "abandoned",
        "resolved": resolved,
        "extra": {name: record.get(field) for field, name in _EXTRA.items()} | {"scenario": scenario},
    }


def _resolved(questionnaire: object, options: Mapping[str, object]) -> bool | None:
    """Whether every question about the task was answered with yes; null where none was asked."""
    side = _texts(options, "side_questions")
    answers = [
        asked.get("Answer")
        for asked in map(mapping, questionnaire if isinstance(questionnaire, list) else ())
        if not any(part in str(asked.get("Question")) for part in side)
    ]
    return all(answers) if answers and all(isinstance(answer, bool) for answer in answers) else None


def _messages(timed: list[tuple[Mapping[str, object], object]], ids: Mapping[str, object]) -> Iterator[Row]:
    for place, (event, time) in enumerate(timed):
        sender = _sender(event)
        if sender is None:
            continue
        message = {
            "message_id": f"{ids['conversation_id']}-{place:04d}",
            **ids,
            "sent_at": time,
            "sender": sender,
            "kind": "text",
            "text": event.get("Text"),
        }
        # The label names what the bot did, not what it took the user's message for: it is no intent.
        label = event.get("ActionLabel")
        yield "messages", message if label is None else {**message, "extra": {"action_label": label}}


def _actions(
    timed: list[tuple[Mapping[str, object], object]], conversation_id: object, options: Mapping[str, object]
) -> Iterator[Row]:
    for place, (event, time) in enumerate(timed):
        if event.get("Action") != "query":
            continue
        succeeded, error = _answer(timed[place + 1][0] if place + 1 < len(timed) else {}, options)
        action = {
            "action_id": f"{conversation_id}-{place:04d}",
            "conversation_id": conversation_id,
            "started_at": time,
            "name": event.get("APIName"),
            "succeeded": succeeded,
            "error": error,
            "extra": {"constraints": _constraints(event.get("Constraints"), options)},
        }
        yield "actions", action


def _answer(event: Mapping[str, object], options: Mapping[str, object]) -> tuple[bool | None, str | None]:
    """Whether the query before this event succeeded, and what was said if not; nulls without an answer."""
    if event.get("Action") != "return_item":
        return None, None
    item = mapping(event.get("Item"))
    if not item:
        return (False, "nothing found") if event.get("TotalItems") == 0 else (None, None)
    said = first_value(item, "Message", "ReservationStatus", "RequestStatus", "ChangeStatus")
    if isinstance(said, str) and said.startswith(tuple(_texts(options, "failed_answers"))):
        return False, said
    return True, None


def _constraints(given: object, options: Mapping[str, object]) -> list[dict[str, object]]:
    withheld = set(_texts(options, "withheld_constraints"))
    return [
        {name: "[withheld]" if name in withheld else value for name, value in mapping(constraint).items()}
        for constraint in (given if isinstance(given, list) else ())
    ]


def _texts(options: Mapping[str, object], name: str) -> list[str]:
    value = options.get(name, [])
    return [str(text) for text in value] if isinstance(value, list) else []
