"""All rows that the library keeps, to be made before anybody asks for them (``Store.prepare``)."""

from __future__ import annotations

from analytics_lib.analysis.closer_scan import MESSAGE_TEXTS
from analytics_lib.analysis.looks import CONVERSATION_ORDERS, PRODUCT_NAMES
from analytics_lib.analysis.looks_kept import CONVERSATION_MESSAGES, CONVERSATION_ROWS, CONVERSATION_STEPS
from analytics_lib.analysis.numbered_events import EVENT_CHATS, EVENT_PEOPLE, NUMBERED_EVENTS
from analytics_lib.analysis.signals import CONVERSATION_SIGNALS
from analytics_lib.metrics.ready_facts import ACTION_SUMS, CONVERSATION_FACTS, MESSAGE_SUMS
from analytics_lib.metrics.ready_replies import WAITERS, WAITS

EVERY_KEPT = (
    CONVERSATION_FACTS,
    MESSAGE_SUMS,
    ACTION_SUMS,
    WAITERS,
    WAITS,
    CONVERSATION_SIGNALS,
    CONVERSATION_ROWS,
    CONVERSATION_MESSAGES,
    CONVERSATION_STEPS,
    MESSAGE_TEXTS,
    CONVERSATION_ORDERS,
    PRODUCT_NAMES,
    NUMBERED_EVENTS,
    EVENT_PEOPLE,
    EVENT_CHATS,
)
