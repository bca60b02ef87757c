"""Replies from rows that are worked out once for every state of the tables (see ``wait_queries``).

These hold everything the store shows. What is asked as of an earlier moment is cut off them: a stretch, and
its reply, depend on nothing that came later. Only whose a conversation is may, where several users wrote in
it; then the question is answered from the messages themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.metrics import wait_queries as queries
from analytics_lib.metrics.facts import NUMBERED
from analytics_lib.metrics.question import spans
from analytics_lib.store import Derived

if TYPE_CHECKING:
    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.question import Question
    from analytics_lib.store import Store

WAITERS = Derived("waiters", ("messages", "conversations", "users"), queries.WAITERS)
WAITS = Derived("waits", ("messages",), queries.WAITS)

_PARTS = {
    "reply_places": queries.PLACES,
    "reply_segments": queries.SEGMENTS,
    "reply_names": queries.NAMES,
}


def ready_replies(store: Store, fact: Fact, question: Question) -> Fact | None:
    """The same fact, read from derived rows; null where there are none that answer alike."""
    # What was known at a moment is seldom asked twice: the window alone is found sooner.
    if fact.name != "replies" or store.cutoff is not None:
        return None
    store.derived(WAITERS)
    whole = bool(spans(store)["last_at"][["messages"]].lt(pd.Timestamp(question.as_of)).all())
    if not whole and store.query(queries.SHARED)["shared"].iloc[0]:
        return None
    store.derived(WAITS)
    parts = (replace(part, sql=_PARTS[part.name], needs=()) for part in fact.parts)
    return replace(
        fact,
        sql=queries.REPLIES if whole else queries.REPLIES_BEFORE,
        parts=tuple(parts),
        # Parts that others add may read it by its name.
        needs=(replace(NUMBERED, sql=queries.NUMBERED),),
    )
