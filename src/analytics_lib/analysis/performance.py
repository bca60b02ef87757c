"""How the bot and the people behind it did in one conversation: waits, recognition, actions, escalation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.timeline import facts_of

if TYPE_CHECKING:
    from analytics_lib.analysis.timeline import Timeline

LOW_CONFIDENCE = 0.7
REPLIERS = ("bot", "agent")
# Before these, the bot had failed the customer, or the customer had asked for a person.
_FAILURES = ("failed_action", "not_understood", "bot_loop", "repeated_question")


@dataclass(frozen=True)
class Performance:
    """What one conversation tells of the service.

    Attributes:
        waits: One row per replier (bot, agent) that replied: ``replier``, ``replies``, ``first_seconds``,
            ``median_seconds``, ``longest_seconds``, ``longest_position`` (of the reply waited for).
        recognition: ``detections`` (messages of the user with an intent), ``mean_confidence``,
            ``low_confidence`` (below 0.7; of those with a confidence, ``scored``), ``fallbacks``,
            ``reviewed`` (with a true intent), ``correct`` of these; null where there is nothing to count.
        low_confidence: One row per message below 0.7: ``position intent confidence true_intent``.
        actions: One row per action name: ``name calls succeeded failed unknown median_ms``.
        escalation: ``seconds`` since the start, ``reason``, ``requested_position`` (the first time the user
            asked for a person), ``turns_before``, ``failures_before``, ``needed`` (a failure, a request or a
            bad word came before), ``wait_seconds`` until an agent wrote (null while nobody has); None where
            nobody was called in.
    """

    waits: pd.DataFrame
    recognition: pd.Series
    low_confidence: pd.DataFrame
    actions: pd.DataFrame
    escalation: pd.Series | None


def performance(timeline: Timeline, moments: pd.DataFrame) -> Performance:
    """The performance in one conversation.

    Args:
        timeline: One conversation, its messages read (see ``reading.read_messages``).
        moments: Its key moments.
    """
    user = timeline.messages[timeline.messages["sender"] == "user"]
    doubtful = user[user["confidence"].astype(float) < LOW_CONFIDENCE]
    return Performance(
        _waits(timeline.messages),
        _recognition(user),
        doubtful[["position", "intent", "confidence", "true_intent"]].reset_index(drop=True),
        _actions(timeline.actions),
        _escalation(timeline, moments),
    )


def turns(messages: pd.DataFrame) -> int:
    """Stretches of the user that were replied to."""
    return int(messages["response_time_seconds"].notna().sum())


def _waits(messages: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for replier in REPLIERS:
        replies = messages[(messages["sender"] == replier) & messages["response_time_seconds"].notna()]
        if replies.empty:
            continue
        seconds = replies["response_time_seconds"]
        longest = replies["position"].iloc[int(seconds.to_numpy().argmax())]
        rows.append((replier, len(replies), seconds.iloc[0], seconds.median(), seconds.max(), longest))
    columns = ["replier", "replies", "first_seconds", "median_seconds", "longest_seconds", "longest_position"]
    return pd.DataFrame(rows, columns=columns)


def _recognition(user: pd.DataFrame) -> pd.Series:
    confidence = user["confidence"].astype(float)
    reviewed = user[user["true_intent"].notna()]
    detected = int(user["intent"].notna().sum())
    fallbacks = int(user["intent"].str.lower().isin(FALLBACKS).sum()) if detected else math.nan
    correct = int((reviewed["intent"] == reviewed["true_intent"]).sum()) if len(reviewed) else math.nan
    scored = int(confidence.notna().sum())
    return pd.Series(
        {
            "detections": detected,
            "scored": scored,
            "mean_confidence": confidence.mean(),
            "low_confidence": int((confidence < LOW_CONFIDENCE).sum()) if scored else math.nan,
            "fallbacks": fallbacks,
            "reviewed": len(reviewed),
            "correct": correct,
        }
    )


def _actions(actions: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (
            name,
            len(calls),
            int((calls["succeeded"] == True).sum()),  # noqa: E712  # null is neither
            int((calls["succeeded"] == False).sum()),  # noqa: E712
            int(calls["succeeded"].isna().sum()),
            calls["duration_ms"].astype(float).median(),
        )
        for name, calls in actions.groupby("name", sort=False)
    ]
    return pd.DataFrame(rows, columns=["name", "calls", "succeeded", "failed", "unknown", "median_ms"])


def _escalation(timeline: Timeline, moments: pd.DataFrame) -> pd.Series | None:
    seconds = facts_of(timeline)["escalated_seconds"]
    if math.isnan(seconds):
        return None
    before = timeline.messages[timeline.messages["seconds"] <= seconds]
    joined = timeline.messages[
        (timeline.messages["sender"] == "agent") & (timeline.messages["seconds"] >= seconds)
    ]
    earlier = moments[moments["seconds"] <= seconds]
    requests = earlier[earlier["kind"] == "escalation_request"]
    failures = int(earlier["kind"].isin(_FAILURES).sum())
    return pd.Series(
        {
            "seconds": seconds,
            "reason": facts_of(timeline)["escalation_reason"],
            "requested_position": None if requests.empty else int(requests["position"].iloc[0]),
            "turns_before": turns(before),
            "failures_before": failures,
            "needed": bool(failures or len(requests) or (before["sentiment"] < -0.1).any()),
            "wait_seconds": math.nan if joined.empty else joined["seconds"].iloc[0] - seconds,
        }
    )
