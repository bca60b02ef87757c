"""What the shop could do for one person: each step with the rule that made it and the row that shows it.

Rules are ours, and so is their order: by how soon the person is lost without the step, then the latest first.
A rule that nothing speaks for recommends nothing.

- ``answer_escalation``: escalated in the last 7 days, no agent has written since, not resolved;
- ``answer_question``: the person's last conversation, in the last 7 days, ended without a reply;
- ``call_about_failure``: one action failed twice or more in the last 30 days and has not worked since;
- ``follow_up_escalation``: the last answer to the survey is 1 or 2, of the last 30 days, after an escalation;
- ``ask_what_went_wrong``: the same without an escalation;
- ``assign_agent``: three escalations or more in the last 30 days;
- ``remind_of_cart``: a cart was left in the last 7 days and nothing was bought since;
- ``send_size_guide``: in the last 30 days sizes were asked about in two conversations, or twice the same in
  one, and nothing was bought since;
- ``win_back``: three purchases or more, and neither bought nor wrote for over twice the median gap between
  them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.analysis.rows import frame_of, records
from analytics_lib.analysis.user_troubles import TROUBLE_TYPES, purchase_moments
from analytics_lib.text.masking import mask_text
from analytics_lib.text.normalize import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.analysis.detectors import Row
    from analytics_lib.analysis.user_purchases import Purchases
    from analytics_lib.analysis.user_rows import UserRows

SOON_DAYS = 7
RECENT_DAYS = 30
LOYAL_PURCHASES = 3
QUIET_GAPS = 2.0
LOW_CSAT = 2
MANY_ESCALATIONS = 3
_TWICE = 2
_SIZE_WORDS = frozenset({"talla", "tallas", "tallaje", "size", "sizes", "sizing", "medida", "medidas"})
_SIZE_INTENTS = ("size", "talla")
_EVIDENCE = {name: kind for name, kind in TROUBLE_TYPES.items() if name != "kind"}
_TYPES = {"rule": "str", "weight": "int64", **_EVIDENCE, "order_id": "str"}


class Case(NamedTuple):
    """What the rules look at: with the person's own messages, and when they last bought and were there."""

    talks: list[Row]
    troubles: list[Row]
    actions: list[Row]
    messages: list[Row]
    purchases: Purchases
    bought_local: pd.Timestamp
    own_local: pd.Timestamp
    until: pd.Timestamp


def recommendations(
    rows: UserRows, *, talks: pd.DataFrame, troubles: pd.DataFrame, purchases: Purchases
) -> pd.DataFrame:
    """What to do for one person, the most pressing first.

    Args:
        rows: The person's rows.
        talks: Their conversations (see ``user_talks.talks``).
        troubles: Their pain points (see ``user_troubles.pain_points``).
        purchases: What they bought.

    Returns:
        One row per step: ``rank`` from 1, ``rule`` (see above), ``weight`` by which it ranks, and the
        evidence: ``at_local conversation_id message_id action_id event_id order_id``, ``name`` (action,
        reason, stage), ``product_id product``, ``n`` (failures, questions, things in the cart, purchases),
        ``value`` (answer to the survey; worth of the cart; days since the person was there), ``text``,
        masked. Null where it does not apply.
    """
    case = Case(
        records(talks),
        records(troubles),
        records(rows.talks.actions),
        records(_own(rows)),
        purchases,
        pd.Timestamp(max(purchase_moments(rows)[0], default=pd.Timestamp.min)),
        rows.days["own_last_local"].max(),
        pd.Timestamp(rows.until),
    )
    judged = [(weight, rule, judge(case)) for rule, (weight, judge) in RULES.items()]
    found = [(weight, rule, step) for weight, rule, step in judged if step is not None]
    found.sort(key=lambda each: (-each[0], -each[2]["at_local"].timestamp(), each[1]))
    empty: Row = {"n": 1, "value": math.nan}
    steps = [{**empty, **step, "rule": rule, "weight": weight} for weight, rule, step in found]
    frame = frame_of((tuple(step.get(name) for name in _TYPES) for step in steps), _TYPES)
    frame.insert(0, "rank", range(1, len(frame) + 1))
    return frame


def _answer_escalation(case: Case) -> Row | None:
    waiting = {
        talk["conversation_id"]
        for talk in case.talks
        if not talk["agent_after"] and talk["resolved"] is not True
    }
    called = [row for row in _troubles(case, "escalated") if row["conversation_id"] in waiting]
    recent = [row for row in called if _within(row["at_local"], case, SOON_DAYS)]
    return recent[-1] if recent else None


def _answer_question(case: Case) -> Row | None:
    """Of the last conversation only: who came back later has been heard since."""
    asked = _troubles(case, "unanswered_question")
    if not asked or not _within(asked[-1]["at_local"], case, SOON_DAYS):
        return None
    latest = max(case.talks, key=lambda talk: talk["last_local"])
    return asked[-1] if asked[-1]["conversation_id"] == latest["conversation_id"] else None


def _call_about_failure(case: Case) -> Row | None:
    worked: dict[str, pd.Timestamp] = {}
    for action in case.actions:
        if action["succeeded"] is True:
            worked[action["name"]] = max(
                action["started_local"], worked.get(action["name"], pd.Timestamp.min)
            )
    failed: defaultdict[str, list[Row]] = defaultdict(list)
    for trouble in _troubles(case, "failed_action"):
        since = worked.get(trouble["name"], pd.Timestamp.min)
        if _within(trouble["at_local"], case, RECENT_DAYS) and trouble["at_local"] > since:
            failed[trouble["name"]].append(trouble)
    repeated = [found for found in failed.values() if len(found) >= _TWICE]
    if not repeated:
        return None
    worst = max(repeated, key=lambda found: (len(found), found[-1]["at_local"]))
    return {**worst[-1], "n": len(worst)}


def _follow_up_escalation(case: Case) -> Row | None:
    return _low_answer(case, escalated=True)


def _ask_what_went_wrong(case: Case) -> Row | None:
    return _low_answer(case, escalated=False)


def _assign_agent(case: Case) -> Row | None:
    called = _troubles(case, "escalated")
    recent = [row for row in called if _within(row["at_local"], case, RECENT_DAYS)]
    return {**recent[-1], "n": len(recent)} if len(recent) >= MANY_ESCALATIONS else None


def _remind_of_cart(case: Case) -> Row | None:
    left = [cart for cart in _troubles(case, "abandoned_cart") if _within(cart["at_local"], case, SOON_DAYS)]
    waiting = [cart for cart in left if cart["at_local"] > case.bought_local]
    return waiting[-1] if waiting else None


def _send_size_guide(case: Case) -> Row | None:
    recent = [row for row in case.messages if _within(row["sent_local"], case, RECENT_DAYS)]
    asked = {row["message_id"]: row for row in recent if _about_size(row)}
    again = [row for row in _troubles(case, "repeated_question") if row["message_id"] in asked]
    if not again and len({row["conversation_id"] for row in asked.values()}) < _TWICE:
        return None
    shown = (
        asked[again[-1]["message_id"]] if again else max(asked.values(), key=lambda row: row["sent_local"])
    )
    if shown["sent_local"] <= case.bought_local:
        return None
    named: Row = {name: shown[name] for name in ("conversation_id", "message_id")}
    text = mask_text(shown["text"]) if isinstance(shown["text"], str) else None
    return {**named, "at_local": shown["sent_local"], "n": len(asked), "text": text}


def _win_back(case: Case) -> Row | None:
    bought = case.purchases
    gap = bought.median_days_between
    quiet = (case.until - case.own_local).total_seconds() / 86_400.0
    if (bought.count or 0) < LOYAL_PURCHASES or not gap > 0 or quiet <= QUIET_GAPS * gap:
        return None
    last = records(bought.orders[bought.orders["kind"] == "purchase"])[-1]
    named: Row = {name: last[name] for name in ("conversation_id", "order_id")}
    return {**named, "at_local": last["ordered_local"], "n": bought.count, "value": quiet}


def _low_answer(case: Case, *, escalated: bool) -> Row | None:
    """The last answer to the survey where it is low and recent, after an escalation or without one."""
    answered = [talk for talk in case.talks if _known(talk["csat"])]
    if not answered:
        return None
    last = max(answered, key=_over_local)
    called = _known(last["escalated_local"]) or last["outcome"] == "escalated"
    at = _over_local(last)
    if last["csat"] > LOW_CSAT or called is not escalated or not _within(at, case, RECENT_DAYS):
        return None
    return {"conversation_id": last["conversation_id"], "at_local": at, "value": float(last["csat"])}


def _over_local(talk: Row) -> pd.Timestamp:
    """When the survey was answered, as nearly as it is known: at the end, else at the last message."""
    at: pd.Timestamp = talk["ended_local"] if _known(talk["ended_local"]) else talk["last_local"]
    return at


def _known(value: object) -> bool:
    # NaN and NaT are the values that differ from themselves.
    return value is not None and value == value  # noqa: PLR0124  # see above


def _about_size(message: Row) -> bool:
    intent = message["intent"].lower() if isinstance(message["intent"], str) else ""
    if any(part in intent for part in _SIZE_INTENTS):
        return True
    text = message["normalised"]
    return bool(message["asks"]) and isinstance(text, str) and not _SIZE_WORDS.isdisjoint(words(text))


def _own(rows: UserRows) -> pd.DataFrame:
    said = rows.talks.messages
    inside = (said["sent_local"] >= pd.Timestamp(rows.since)) & (
        said["sent_local"] < pd.Timestamp(rows.until)
    )
    columns = ["conversation_id", "message_id", "sent_local", "text", "intent", "asks", "normalised"]
    return said.loc[inside & (said["sender"] == "user"), columns]


def _troubles(case: Case, kind: str) -> list[Row]:
    return [trouble for trouble in case.troubles if trouble["kind"] == kind]


def _within(at: pd.Timestamp, case: Case, days: int) -> bool:
    return bool(case.until - pd.Timedelta(days=days) <= at < case.until)


RULES: dict[str, tuple[int, Callable[[Case], Row | None]]] = {
    "answer_escalation": (10, _answer_escalation),
    "answer_question": (9, _answer_question),
    "call_about_failure": (8, _call_about_failure),
    "follow_up_escalation": (7, _follow_up_escalation),
    "remind_of_cart": (6, _remind_of_cart),
    "ask_what_went_wrong": (5, _ask_what_went_wrong),
    "assign_agent": (5, _assign_agent),
    "send_size_guide": (4, _send_size_guide),
    "win_back": (3, _win_back),
}
