"""Every feature a model may use: what it says, its kind, and from which moment on it is known.

``known_when`` is one of ``row`` (with the message, event or order that it is read from), ``end`` (when a
conversation ended), ``answer`` (48 h after a conversation ended, when its survey is over), ``finish`` (when
the call of a system ended), ``start`` (when the conversation started) and ``unstamped`` (an attribute without
a moment: it is taken as the store has it today).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "category"]


@dataclass(frozen=True)
class Feature:
    """One thing known of a conversation or a user.

    Attributes:
        name: Its column.
        kind: ``number`` or ``category``.
        family: What it is about, such as ``intents`` or ``past``.
        known_when: From which moment on it is known.
        meaning: What it says, with its unit and what null means.
    """

    name: str
    kind: Kind
    family: str
    known_when: str
    meaning: str


def _listed(family: str, known_when: str, **meanings: str) -> dict[str, Feature]:
    """Numbers of one family; a meaning that begins with ``category:`` makes its feature one."""
    found = {}
    for name, meaning in meanings.items():
        kind: Kind = "category" if meaning.startswith("category: ") else "number"
        found[name] = Feature(name, kind, family, known_when, meaning.removeprefix("category: "))
    return found


_PLACE = {
    **_listed(
        "place",
        "start",
        channel="category: channel of the conversation",
        entry_point="category: what brought the user; null = not told",
    ),
    **_listed("place", "unstamped", city="category: city of the conversation, as the source writes it"),
    **_listed("user", "unstamped", segment="category: segment of the user; null = not told by then"),
}
_SAID = {
    **_listed(
        "volume",
        "row",
        user_messages="messages of the user so far",
        bot_messages="messages of the bot so far",
        agent_messages="messages of agents so far",
        mean_letters="letters of a text of the user so far, mean; null = no text",
        last_letters="letters of the user's last text; null = no text",
    ),
    **_listed(
        "intents",
        "row",
        last_intent="category: what the bot took the user's last recognised message for",
        intents="different intents so far, fallbacks left out",
        fallback_share="of the questions so far, the share not understood; null = no question",
        low_confidence_share="of the detections so far, the share below 0.7; null = none",
        mean_confidence="confidence of the detections so far, mean; null = none",
        least_confidence="the lowest confidence so far; null = none",
        last_confidence="the last confidence; null = none",
        repeats="turns so far that asked for the same as the turn before: its intent or its words",
    ),
    **_listed(
        "mood",
        "row",
        last_sentiment="sentiment of the user's last scored message; null = none scored",
        mean_sentiment="mean of the scored messages of the user so far; null = none scored",
        sentiment_fall="how far the last scored message lies below the best so far; null = none scored",
    ),
    **_listed(
        "waits",
        "row",
        last_response_seconds="last response time of the bot; null = none yet",
        mean_response_seconds="response time of the bot so far, mean; null = none yet",
        longest_response_seconds="longest response time of the bot so far; null = none yet",
        mean_pause_seconds="from what was said last to the user's next turn, mean so far; null = first turn",
    ),
    **_listed("actions", "row", actions="calls of systems begun so far"),
    **_listed("actions", "finish", failed_actions="calls that had ended so far and failed"),
    **_listed(
        "journey",
        "row",
        stage="furthest funnel stage reached so far, 1 to 8; null = none recorded",
        orders="orders of the conversation so far",
    ),
}
_PAST = {
    **_listed(
        "past",
        "start",
        past_conversations="conversations of the user begun before this one",
        past_orders="orders of the user before this conversation",
        past_escalations="conversations of the user escalated before this one began",
        days_since_conversation="days since the user's conversation before began; null = the first",
        days_since_first_conversation="days since the user's first conversation began; null = the first",
    ),
    **_listed(
        "past",
        "end",
        past_purchases="conversations of the user that ended with a purchase before this one began",
        past_abandoned="conversations of the user abandoned before this one began",
        last_outcome="category: how the user's last ended conversation ended, ``none`` = there is none",
    ),
    **_listed(
        "past", "answer", last_csat="the user's last answer to a survey, 1 to 5; null = none known by then"
    ),
    **_listed(
        "load", "start", conversations_last_hour="conversations begun in the hour up to this one, with it"
    ),
}
_CLOCK = {
    "hour": "hour on the wall clock of the business, 0 to 23",
    "weekday": "day of the week on that clock, Monday 1 to Sunday 7",
}

TURN_FEATURES: dict[str, Feature] = {
    **_listed(
        "time",
        "row",
        turn="number of the turn, from 1",
        seconds_since_start="seconds from the start to the last message of the turn",
        **_CLOCK,
    ),
    **_PLACE,
    **_SAID,
    **_listed(
        "waits",
        "row",
        answered="1 = the turn has a reply, 0 = not yet",
        last_pause_seconds="from what was said last to this turn; null = first turn",
    ),
    **_listed(
        "journey",
        "row",
        seconds_since_stage="seconds since the last stage event; null = none",
        turns_since_stage="turns since the last one in which a stage was recorded; null = none",
    ),
    **_listed("escalation", "row", escalated="1 = a person was called in by then, 0 = not"),
    **_PAST,
}

CLOSED_FEATURES: dict[str, Feature] = {
    **_listed("time", "start", **_CLOCK),
    **_PLACE,
    **_SAID,
    **_listed("volume", "row", turns="turns up to the end"),
    **_listed(
        "end",
        "end",
        outcome="category: how it ended; null = the source does not say",
        resolved="1 = the customer's need was met, 0 = not; null = nobody knows",
        escalated="1 = a person was called in, 0 = not",
        duration_seconds="from start to end",
        seconds_to_escalation="from start to escalation; null = not escalated",
    ),
    **_PAST,
}

USER_FEATURES: dict[str, Feature] = {
    **_listed(
        "user",
        "unstamped",
        segment="category: segment of the user; null = not told by then",
        city="category: city of the user; null = not told",
    ),
    **_listed(
        "contacts",
        "row",
        contacts="conversations in which the user wrote",
        contacts_30_days="those whose first message is of the last 30 days",
        contacts_90_days="those of the last 90 days",
        contacts_trend="contacts of the last 30 days minus those of the 30 before",
        recency_days="days since the user last wrote; null = never",
        first_contact_days="days since the user first wrote; null = never",
        mean_gap_days="from one contact to the next, mean; null = fewer than two",
        median_gap_days="from one contact to the next, median; null = fewer than two",
        recency_in_gaps="recency divided by the mean gap; null = fewer than two contacts",
        messages_per_contact="messages of the user a contact; null = no contact",
        channels="channels on which the user wrote",
        last_channel="category: channel of the last contact",
        weekend_share="share of contacts begun on Saturday or Sunday; null = no contact",
        mean_sentiment="mean of the user's scored messages; null = none scored",
        last_sentiment="mean of the last contact with a scored message; null = none",
        fallback_share="of the user's questions, the share not understood; null = no question",
        conversations="conversations, also those in which the user did not write",
    ),
    **_listed(
        "endings",
        "end",
        open_conversations="conversations that have not ended",
        escalated_share="of those that ended, the share escalated; null = none ended",
        abandoned_share="of those with an outcome, the share abandoned; null = none",
        purchase_share="of those with an outcome, the share with a purchase; null = none",
        resolved_share="of those where it is known, the share resolved; null = none",
        last_outcome="category: how the last ended one ended, ``none`` = there is none",
    ),
    **_listed(
        "satisfaction",
        "answer",
        mean_csat="mean answer to surveys, 1 to 5; null = none",
        csat_answers="answers to surveys",
        last_csat="last answer; null = none",
    ),
    **_listed(
        "orders",
        "row",
        orders="orders above 0",
        orders_30_days="those of the last 30 days",
        orders_90_days="those of the last 90 days",
        order_recency_days="days since the last order; null = none",
        first_order_days="days since the first order; null = none",
        mean_order_gap_days="from one order to the next, mean; null = fewer than two",
        order_recency_in_gaps="order recency divided by that mean; null = fewer than two orders",
        revenue="what was ordered less refunds, in the currency most orders of the store are in",
        refunds="refunds",
    ),
    **_listed(
        "journey",
        "row",
        events="events of the journey",
        event_recency_days="days since the last event; null = none",
        stage_90_days="furthest funnel stage of the last 90 days, 1 to 8; null = none",
        activity_recency_days="days since the user last wrote, ordered or left an event",
        tenure_days="days since the user was first seen, or did any of these",
    ),
}
