"""What would have helped in one conversation, the most worthwhile first, each with its evidence.

A trouble weighs what it costs the customer and the shop (ours; the table below), more where it happens again:
weight x √n. A wait weighs more the longer it is, once more for every ten times two minutes: twelve hours are
not three minutes. The order is a reading order, not an estimate of money.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.analysis.detectors import not_answered
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS
from analytics_lib.analysis.performance import LOW_CONFIDENCE
from analytics_lib.analysis.rows import frame_of, records
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.analysis.business import Business
    from analytics_lib.analysis.detectors import Row
    from analytics_lib.analysis.performance import Performance
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
_TYPES = {
    "rank": None,
    "kind": None,
    "name": "str",
    "position": "Int64",
    "message_id": "str",
    "n": None,
    "value": "float64",
    "weight": None,
}
_STEP = "purchase_step"
_ADDED = frozenset({"shorten_agent_wait", "shorten_bot_wait"})
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
    messages: list[Row],
    moments: list[Row],
    language: Language,
    performance: Performance,
    business: Business,
) -> pd.DataFrame:
    """The improvement opportunities of one conversation.

    Args:
        messages: Its messages as read (see ``reading.read_messages``), as rows.
        moments: Its key moments, as rows.
        language: Its language side.
        performance: Its performance.
        business: Its business side.

    Returns:
        One row per kind and name, most worthwhile first: ``rank`` (from 1), ``kind`` (see ``WEIGHTS``),
        ``name`` (of the action, intent or stage; null), ``position`` and ``message_id`` of the first
        evidence (null where it is no message), ``n`` (times), ``value`` and
        ``weight``. The value is seconds waited in all (``shorten_…``), what comparable conversations brought
        on average (``recover_purchase``), the size of the fall (``calm_customer``), the share of texts
        (``keep_address``, ``fix_typos``) or the score (``simplify_texts``); null elsewhere.
    """
    found = [
        *_from_moments(messages, moments),
        *_from_waits(messages, moments),
        *_from_escalation(messages, moments, performance),
        *_from_recognition(messages),
        *_from_purchase(moments, business),
        *_from_quality(language),
    ]
    return _ranked(found, messages)


def _ranked(found: list[Opportunity], messages: list[Row]) -> pd.DataFrame:
    """One row per kind and name, by weight, then by where it first shows."""
    groups: dict[tuple[str, str | None], list[Opportunity]] = {}
    for each in sorted(found, key=_place):
        groups.setdefault((each.kind, each.name), []).append(each)
    ids = {message["position"]: message["message_id"] for message in messages}
    rows = []
    for (kind, name), same in groups.items():
        # Seconds waited add up; a worth, a share, a score or a fall is that of the first.
        value = sum(each.value for each in same) if kind in _ADDED else same[0].value
        at, weight = same[0].position, WEIGHTS[kind] * math.sqrt(len(same))
        weight *= _length(value / len(same)) if kind in _ADDED else 1.0
        rows.append((kind, name, at, ids.get(at), len(same), value, weight, _place(same[0])))
    rows.sort(key=lambda row: (-row[6], row[7], row[0]))
    return frame_of(((rank, *row[:7]) for rank, row in enumerate(rows, start=1)), _TYPES)


def _length(seconds: float) -> float:
    """How much more a wait weighs for its length: 1 at two minutes, 2 at twenty, 3 at two hundred."""
    return 1.0 + math.log10(max(1.0, seconds / LONG_SILENCE_SECONDS))


def _place(found: Opportunity) -> float:
    return math.inf if found.position is None or pd.isna(found.position) else found.position


def _from_moments(messages: list[Row], moments: list[Row]) -> Iterator[Opportunity]:
    # Who asks for a person is not helped by an answer.
    asked = {message["position"] for message in messages if message["wants_person"]}
    for moment in moments:
        remedy = _REMEDIES.get(moment["kind"])
        if remedy and not (remedy == "answer_question" and moment["position"] in asked):
            name = moment["name"] if moment["kind"] == "failed_action" else None
            value = moment["value"] if moment["kind"] == "sentiment_fall" else math.nan
            yield Opportunity(remedy, moment["position"], name, value)


def _from_waits(messages: list[Row], moments: list[Row]) -> Iterator[Opportunity]:
    for silence in moments:
        if silence["kind"] != "long_silence":
            continue
        # A user who writes again into the silence was waiting for whoever replies next.
        later = (messages[place]["sender"] for place in range(silence["position"] - 1, len(messages)))
        replier = next((sender for sender in later if sender != "user"), "bot")
        kind = "shorten_agent_wait" if replier == "agent" else "shorten_bot_wait"
        yield Opportunity(kind, silence["position"], None, silence["value"])


def _from_escalation(
    messages: list[Row], moments: list[Row], performance: Performance
) -> Iterator[Opportunity]:
    requests = [moment["position"] for moment in moments if moment["kind"] == "escalation_request"]
    came = any(message["sender"] == "agent" for message in messages)
    # Requests end when a person comes: the second one was made because the first was not heard.
    if len(requests) > 1 or (requests and not came):
        yield Opportunity("escalate_on_request", requests[0])
    escalation = performance.escalation
    if escalation is not None and not escalation["needed"]:
        called = next(moment["position"] for moment in moments if moment["kind"] == "escalated")
        yield Opportunity("avoid_escalation", called, escalation["reason"])


def _from_recognition(messages: list[Row]) -> Iterator[Opportunity]:
    """Messages not understood, understood with doubt, or wrongly by a reviewer's word, by what they meant.

    To doubt a courtesy, or anything said once a person has taken over, does no harm.
    """
    lost, with_person = not_answered(messages), False
    for message in messages:
        with_person = with_person or message["sender"] == "agent"
        named = [name for name in (message["true_intent"], message["intent"]) if isinstance(name, str)]
        wrong = isinstance(message["true_intent"], str) and message["true_intent"] != message["intent"]
        doubted = message["confidence"] < LOW_CONFIDENCE and not (message["courtesy"] or with_person)
        marked = wrong or message["position"] in lost or doubted
        if marked and message["sender"] == "user":
            meant = named[0] if named else None
            yield Opportunity("train_intent", message["position"], meant)


def _from_purchase(moments: list[Row], business: Business) -> Iterator[Opportunity]:
    """A cart that was left; its value is what comparable conversations brought on average."""
    if business.left_at is None or FUNNEL_STAGES.index(business.left_at) < _CART:
        return
    steps = [row["position"] for row in moments if (row["kind"], row["name"]) == (_STEP, business.left_at)]
    brought = {row["measure"]: row["value"] for row in records(business.comparable)}
    yield Opportunity("recover_purchase", steps[0] if steps else None, business.left_at, brought["revenue"])


def _from_quality(language: Language) -> Iterator[Opportunity]:
    quality = {row["measure"]: row for row in records(language.bot_quality)}
    for measure, kind in (("address", "keep_address"), ("typos", "fix_typos")):
        if quality[measure]["count"]:
            yield Opportunity(kind, None, quality[measure]["detail"], quality[measure]["value"])
    if quality["readability"]["value"] < _HARD_TO_READ:
        yield Opportunity("simplify_texts", None, None, quality["readability"]["value"])
