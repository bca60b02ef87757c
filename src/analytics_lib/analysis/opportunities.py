"""What would have helped in one conversation, the most worthwhile first, each with its evidence.

A trouble weighs what it costs the customer and the shop (ours; the table below), more where it happens again:
weight x √n. The order is a reading order, not an estimate of money.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.analysis.timeline import facts_of
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.analysis.business import Business
    from analytics_lib.analysis.performance import Performance
    from analytics_lib.analysis.timeline import Timeline
    from analytics_lib.analysis.wording import Language

WEIGHTS = {
    "answer_question": 10.0,
    "escalate_on_request": 9.0,
    "recover_purchase": 8.0,
    "offer_a_way_on": 7.0,
    "fix_action": 7.0,
    "train_intent": 5.0,
    "break_loop": 4.0,
    "shorten_agent_wait": 4.0,
    "avoid_escalation": 4.0,
    "shorten_bot_wait": 3.0,
    "calm_customer": 3.0,
    "keep_address": 1.0,
    "fix_typos": 1.0,
    "simplify_texts": 1.0,
}
# What a trouble asks for; a question asked twice was not answered the first time.
_REMEDIES = {
    "unanswered_question": "answer_question",
    "repeated_question": "answer_question",
    "dead_end": "offer_a_way_on",
    "failed_action": "fix_action",
    "bot_loop": "break_loop",
    "sentiment_fall": "calm_customer",
}
_CART = FUNNEL_STAGES.index("cart_added")
# Fernández Huerta and Flesch alike: below 50 a text is hard to read.
_HARD_TO_READ = 50.0


class Opportunity(NamedTuple):
    """One thing to improve, and the message that shows it."""

    kind: str
    position: int | None
    name: str | None = None
    value: float = math.nan


def opportunities(
    timeline: Timeline,
    moments: pd.DataFrame,
    language: Language,
    performance: Performance,
    business: Business,
) -> pd.DataFrame:
    """The improvement opportunities of one conversation.

    Args:
        timeline: The conversation, its messages read.
        moments: Its key moments.
        language: Its language side.
        performance: Its performance.
        business: Its business side.

    Returns:
        One row per kind and name, most worthwhile first: ``rank`` (from 1), ``kind`` (see ``WEIGHTS``),
        ``name`` (of the action, intent or stage; null), ``position`` and ``message_id`` of the first
        evidence (null where it is no message), ``n`` (times), ``value`` (seconds waited in all, revenue that
        comparable conversations brought on average, a share or a score; null), ``weight``.
    """
    found = [
        *_from_moments(moments),
        *_from_waits(timeline, moments),
        *_from_escalation(timeline, moments, performance),
        *_from_recognition(timeline, performance),
        *_from_purchase(timeline, moments, business),
        *_from_quality(language),
    ]
    frame = pd.DataFrame(found, columns=Opportunity._fields).astype({"position": "Int64", "value": float})
    named = frame.assign(name=frame["name"].astype("str"))
    groups = named.sort_values("position", kind="stable").groupby(
        ["kind", "name"], dropna=False, as_index=False
    )
    summed = groups.agg(
        position=("position", "first"), n=("kind", "size"), value=("value", lambda v: v.sum(min_count=1))
    )
    weight = summed["kind"].map(WEIGHTS).astype(float) * summed["n"] ** 0.5
    ranked = summed.assign(weight=weight).sort_values(
        ["weight", "position", "kind"], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    ids = timeline.messages.set_index("position")["message_id"]
    return ranked.assign(rank=ranked.index + 1, message_id=ranked["position"].map(ids))[
        ["rank", "kind", "name", "position", "message_id", "n", "value", "weight"]
    ]


def _from_moments(moments: pd.DataFrame) -> Iterator[Opportunity]:
    for moment in moments[moments["kind"].isin(_REMEDIES)].to_dict("records"):
        name = moment["name"] if moment["kind"] == "failed_action" else None
        value = moment["value"] if moment["kind"] == "sentiment_fall" else math.nan
        yield Opportunity(_REMEDIES[moment["kind"]], moment["position"], name, value)


def _from_waits(timeline: Timeline, moments: pd.DataFrame) -> Iterator[Opportunity]:
    repliers = timeline.messages[timeline.messages["sender"] != "user"].set_index("position")["sender"]
    for silence in moments[moments["kind"] == "long_silence"].to_dict("records"):
        # A user who writes again into the silence was waiting for whoever replies next.
        later = repliers[repliers.index >= silence["position"]]
        by_agent = len(later) > 0 and later.iloc[0] == "agent"
        kind = "shorten_agent_wait" if by_agent else "shorten_bot_wait"
        yield Opportunity(kind, silence["position"], None, silence["value"])


def _from_escalation(
    timeline: Timeline, moments: pd.DataFrame, performance: Performance
) -> Iterator[Opportunity]:
    requests = moments.loc[moments["kind"] == "escalation_request", "position"]
    agents = timeline.messages.loc[timeline.messages["sender"] == "agent", "position"]
    if len(requests) and (agents.empty or len(requests[requests < agents.iloc[0]]) > 1):
        yield Opportunity("escalate_on_request", requests.iloc[0])
    escalation = performance.escalation
    if escalation is not None and not escalation["needed"]:
        called = moments.loc[moments["kind"] == "escalated", "position"]
        yield Opportunity("avoid_escalation", called.iloc[0], escalation["reason"])


def _from_recognition(timeline: Timeline, performance: Performance) -> Iterator[Opportunity]:
    """Messages not understood, understood with doubt, or wrongly by a reviewer's word, by what they meant."""
    messages = timeline.messages
    lost = set(messages.loc[messages["not_understood"], "position"] - 1)
    doubtful = set(performance.low_confidence["position"])
    wrong = messages["true_intent"].notna() & (messages["intent"] != messages["true_intent"])
    marked = lost | doubtful | set(messages.loc[wrong, "position"])
    for message in messages[messages["position"].isin(marked) & (messages["sender"] == "user")].to_dict(
        "records"
    ):
        named = [name for name in (message["true_intent"], message["intent"]) if isinstance(name, str)]
        yield Opportunity(
            "train_intent", message["position"], named[0] if named else None, message["confidence"]
        )


def _from_purchase(timeline: Timeline, moments: pd.DataFrame, business: Business) -> Iterator[Opportunity]:
    """A cart that was left; its value is what comparable conversations brought on average."""
    bought = not business.orders.empty or business.stage == FUNNEL_STAGES[-1]
    over = not math.isnan(facts_of(timeline)["ended_seconds"])
    if business.stage is None or FUNNEL_STAGES.index(business.stage) < _CART or bought or not over:
        return
    steps = moments.loc[
        (moments["kind"] == "purchase_step") & (moments["name"] == business.stage), "position"
    ]
    worth = business.comparable.set_index("measure")["value"]["revenue"]
    yield Opportunity("recover_purchase", steps.iloc[0] if len(steps) else None, business.stage, worth)


def _from_quality(language: Language) -> Iterator[Opportunity]:
    quality = language.bot_quality.set_index("measure")
    for measure, kind in (("address", "keep_address"), ("typos", "fix_typos")):
        if quality["count"][measure]:
            yield Opportunity(kind, None, quality["detail"][measure], quality["value"][measure])
    if quality["value"]["readability"] < _HARD_TO_READ:
        yield Opportunity("simplify_texts", None, None, quality["value"]["readability"])
