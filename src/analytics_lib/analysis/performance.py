"""How the bot and the people behind it did in one conversation: waits, recognition, actions, escalation."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.detectors import NEGATIVE
from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.rows import frame_of

if TYPE_CHECKING:
    from analytics_lib.analysis.detectors import Row, Story

LOW_CONFIDENCE = 0.7
REPLIERS = ("bot", "agent")
_FAILURES = frozenset({"failed_action", "not_understood", "bot_loop", "repeated_question"})
_REASONS_TO_CALL = _FAILURES | {"escalation_request"}
# What a source gives as the reason where the customer asked, was upset, or something failed.
TOLD_REASONS = frozenset({"user_request", "complaint", "api_error", "payment_problem"})


@dataclass(frozen=True)
class Performance:
    """What one conversation tells of the service.

    Attributes:
        waits: One row per replier (bot, agent) that replied: ``replier``, ``replies``, ``first_seconds``,
            ``median_seconds``, ``longest_seconds``, ``longest_position`` (of the reply waited for).
        recognition: ``detections`` (messages of the user with an intent), ``mean_confidence``,
            ``low_confidence`` (below 0.7; of those with a confidence, ``scored``), ``fallbacks`` (texts of no
            intent, or of one that means so),
            ``reviewed`` (with a true intent), ``correct`` of these; null where there is nothing to count.
        low_confidence: One row per message below 0.7: ``position intent confidence true_intent``.
        actions: One row per action name: ``name calls succeeded failed unknown median_ms``.
        escalation: ``seconds`` since the start, ``reason``, ``requested_position`` (the first time the user
            asked for a person), ``turns_before``, ``failures_before``, ``needed`` (see ``needs_person``),
            ``wait_seconds`` until an agent wrote (null while nobody has); None where nobody was called in.
    """

    waits: pd.DataFrame
    recognition: pd.Series
    low_confidence: pd.DataFrame
    actions: pd.DataFrame
    escalation: pd.Series | None


def performance(story: Story, moments: list[Row]) -> Performance:
    """The performance in one conversation.

    Args:
        story: The conversation.
        moments: Its key moments, as rows.
    """
    user = [message for message in story.messages if message["sender"] == "user"]
    return Performance(
        _waits(story.messages),
        _recognition(user),
        _low_confidence(user),
        _actions(story.actions),
        _escalation(story.conversation, story.messages, moments),
    )


def turns(messages: list[Row]) -> int:
    """Stretches of the user that were replied to."""
    return sum(not math.isnan(message["response_time_seconds"]) for message in messages)


def needs_person(messages: list[Row], moments: list[Row], reason: object = None) -> bool:
    """Whether calling a person in is understandable after these messages and moments, or for this reason.

    The user asked for one or was upset, something failed or went in circles, or the bot found no intent.
    """
    if reason in TOLD_REASONS:
        return True
    failed = any(moment["kind"] in _REASONS_TO_CALL for moment in moments)
    upset = any(message["sender"] == "user" and message["sentiment"] <= NEGATIVE for message in messages)
    lost = (
        isinstance(message["intent"], str) and message["intent"].lower() in FALLBACKS for message in messages
    )
    return failed or upset or any(lost)


def _waits(messages: list[Row]) -> pd.DataFrame:
    rows = []
    for replier in REPLIERS:
        replies = {
            message["position"]: message["response_time_seconds"]
            for message in messages
            if message["sender"] == replier and not math.isnan(message["response_time_seconds"])
        }
        if replies:
            seconds = list(replies.values())
            longest = max(replies, key=lambda position: replies[position])
            spread = (seconds[0], statistics.median(seconds), max(seconds))
            rows.append((replier, len(replies), *spread, longest))
    columns = ("replier", "replies", "first_seconds", "median_seconds", "longest_seconds", "longest_position")
    return frame_of(rows, dict.fromkeys(columns))


def _recognition(user: list[Row]) -> pd.Series:
    intents = [message["intent"] for message in user if isinstance(message["intent"], str)]
    confidence = [message["confidence"] for message in user if not math.isnan(message["confidence"])]
    reviewed = [message for message in user if isinstance(message["true_intent"], str)]
    typed = [message["intent"] for message in user if message["kind"] == "text"]
    fallbacks = sum(not isinstance(intent, str) or intent.lower() in FALLBACKS for intent in typed)
    correct = sum(message["intent"] == message["true_intent"] for message in reviewed)
    low = sum(value < LOW_CONFIDENCE for value in confidence)
    return pd.Series(
        {
            "detections": len(intents),
            "scored": len(confidence),
            "mean_confidence": statistics.fmean(confidence) if confidence else math.nan,
            "low_confidence": low if confidence else math.nan,
            "fallbacks": fallbacks if intents else math.nan,
            "reviewed": len(reviewed),
            "correct": correct if reviewed else math.nan,
        }
    )


def _low_confidence(user: list[Row]) -> pd.DataFrame:
    names = ["position", "intent", "confidence", "true_intent"]
    doubtful = [message for message in user if message["confidence"] < LOW_CONFIDENCE]
    return frame_of((tuple(map(message.get, names)) for message in doubtful), dict.fromkeys(names))


def _actions(actions: list[Row]) -> pd.DataFrame:
    calls: dict[str, list[Row]] = {}
    for action in actions:
        calls.setdefault(action["name"], []).append(action)
    rows = []
    for name, made in calls.items():
        succeeded, failed = (sum(call["succeeded"] is known for call in made) for known in (True, False))
        spent = [call["duration_ms"] for call in made if not math.isnan(call["duration_ms"])]
        median = statistics.median(spent) if spent else math.nan
        rows.append((name, len(made), succeeded, failed, len(made) - succeeded - failed, median))
    return frame_of(rows, dict.fromkeys(("name", "calls", "succeeded", "failed", "unknown", "median_ms")))


def _escalation(conversation: Row, messages: list[Row], moments: list[Row]) -> pd.Series | None:
    seconds = conversation["escalated_seconds"]
    if math.isnan(seconds):
        return None
    before = [message for message in messages if message["seconds"] <= seconds]
    joined = [m["seconds"] for m in messages if m["sender"] == "agent" and m["seconds"] >= seconds]
    earlier = [moment for moment in moments if moment["seconds"] <= seconds]
    requests = [moment["position"] for moment in earlier if moment["kind"] == "escalation_request"]
    failures = sum(moment["kind"] in _FAILURES for moment in earlier)
    return pd.Series(
        {
            "seconds": seconds,
            "reason": conversation["escalation_reason"],
            "requested_position": requests[0] if requests else None,
            "turns_before": turns(before),
            "failures_before": failures,
            "needed": needs_person(before, earlier, conversation["escalation_reason"]),
            "wait_seconds": joined[0] - seconds if joined else math.nan,
        }
    )
