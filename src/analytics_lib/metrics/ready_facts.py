"""Facts read from rows worked out ahead, where these answer as the fact itself would.

They do where nothing the store shows is cut off by ``as_of``, and where it holds so many rows that working
them out pays. Everything else takes the queries of ``facts``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakSet

from analytics_lib.metrics import ready_queries as queries
from analytics_lib.metrics.catalog.expressions import COST, DEMAND, DURABLE, MATURE, QUIET
from analytics_lib.metrics.facts import FACTS, Fact, Part
from analytics_lib.metrics.question import last_moment, spans
from analytics_lib.metrics.statements import mentioned
from analytics_lib.store import Derived
from analytics_lib.store.derived import WORTH_KEEPING_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.metrics.metric import Metric
    from analytics_lib.metrics.question import Question
    from analytics_lib.store import Store

CONVERSATION_FACTS = Derived(
    "conversation_facts", ("conversations", "messages", "events", "orders"), queries.CONVERSATION_FACTS
)
MESSAGE_SUMS = Derived("message_sums", ("messages", "conversations"), queries.MESSAGE_SUMS)
ACTION_SUMS = Derived("action_sums", ("actions", "conversations"), queries.ACTION_SUMS)

_SEGMENTS = next(part for part in FACTS["conversations"].parts if part.name == "segments")
_RATES = Part(
    "rates",
    "rate_since, rate_until",
    ("rate_agent_minute", "rate_template", "rate_conversation"),
    queries.RATES,
    on="local >= rate_since and local < rate_until",
)
# What several metrics share is worked out once a row: the engine does not see that it is the same.
_SHARED = {
    "user_wrote": DEMAND,
    "is_quiet": QUIET,
    "is_mature": MATURE.removeprefix("closed and "),
    "is_durable": DURABLE,
    "cost": COST,
}
_CONVERSATIONS = replace(
    FACTS["conversations"],
    sql=queries.CONVERSATIONS,
    cluster="user_number",
    parts=(_SEGMENTS, _RATES),
    worked={"is_first_contact": queries.IS_FIRST_CONTACT, **_SHARED},
)
# What is told apart by single rows is not among the dimensions of sums.
_BY_SUMS = ("channel", "entry_point", "city", "region", "country", "segment", "weekday", "hour")

_DETECTED = "filter (where detected)"
_USERS = "filter (where sender = 'user')"
# The expressions of the catalogue over messages, and where their sums stand.
MESSAGE_COLUMNS = {
    "count(*)": "messages",
    "count(*) filter (where sender = 'user' and sentiment <= -0.1)": "negative",
    "count(*) filter (where sender = 'user' and sentiment > -0.1 and sentiment < 0.1)": "neutral",
    "count(*) filter (where sender = 'user' and sentiment >= 0.1)": "positive",
    f"count(sentiment) {_USERS}": "scored",
    "count(*) filter (where written)": "written",
    "count(*) filter (where written and sentiment is null)": "unscored",
    "count(*) filter (where written and (intent is null or lower(intent) in ('fallback', 'unknown:fallback', "
    "'default fallback intent', 'nlu_fallback', 'none')))": "fallbacks",
    f"count(*) {_DETECTED}": "detections",
    f"count(confidence) {_DETECTED}": "weighed",
    "count(*) filter (where detected and confidence < 0.7)": "unsure",
    f"sum(confidence) {_DETECTED}": "confidence",
    f"count(true_intent) {_USERS}": "reviewed",
    "count(*) filter (where sender = 'user' and intent = true_intent)": "recognised",
}
ACTION_COLUMNS = {"count(*) filter (where succeeded)": "succeeded", "count(succeeded)": "judged"}


@dataclass(frozen=True)
class Summed:
    """Sums of a fact by conversation and hour.

    Attributes:
        rows: Where they are.
        sql: The rows of the window, as those of the fact.
        columns: Where the sum of each expression stands.
    """

    rows: Derived
    sql: str
    columns: Mapping[str, str]


SUMMED = {
    "messages": Summed(MESSAGE_SUMS, queries.MESSAGES, MESSAGE_COLUMNS),
    "actions": Summed(ACTION_SUMS, queries.ACTIONS, ACTION_COLUMNS),
}
_SHOWN: WeakSet[Store] = WeakSet()


def ready(
    store: Store, fact: Fact, metrics: Sequence[Metric], question: Question
) -> tuple[Fact, Sequence[Metric]]:
    """A fact and metrics over it that answer as the given ones do, in less time where that can be."""
    if store.cutoff is not None or question.as_of <= last_moment(store):
        return fact, metrics
    if fact is FACTS["conversations"] and _gain(store, fact, metrics, question):
        store.derived(CONVERSATION_FACTS)
        _SHOWN.add(store)
        return _CONVERSATIONS, [_sharing(metric) for metric in metrics]
    summed = SUMMED.get(fact.name)
    if (
        summed
        and fact is FACTS[fact.name]
        and _add_up(summed, metrics, question)
        and _worth(store, summed.rows)
    ):
        store.derived(summed.rows)
        read = replace(fact, sql=summed.sql, dimensions=_BY_SUMS, cluster="user_number", parts=(_SEGMENTS,))
        return read, [_of_sums(metric, summed.columns) for metric in metrics]
    return fact, metrics


def _gain(store: Store, fact: Fact, metrics: Sequence[Metric], question: Question) -> bool:
    """Whether looks into other tables are saved; families of intents are known only when they are asked."""
    if any(metric.parameters.get("families") for metric in metrics) or not _worth(store, CONVERSATION_FACTS):
        return False
    parts = fact.parts_for(mentioned(metrics, question.by, fact))
    return store in _SHOWN or any(part.reads or part.needs for part in parts)


def _sharing(metric: Metric) -> Metric:
    """The metric with the names of what it shares with others."""
    y, n = metric.numerator, metric.denominator
    for name, shared in _SHARED.items():
        # Not as a term of something longer.
        alone = re.compile(rf"(?<!\w)(?<![-+*/] ){re.escape(shared)}(?![\w.]| [-+*/])")
        y, n = alone.sub(name, y), alone.sub(name, n)
    return replace(metric, numerator=y, denominator=n)


def _add_up(summed: Summed, metrics: Sequence[Metric], question: Question) -> bool:
    """Whether all that is asked is a sum of what stands by whole hours."""
    asked = {text for metric in metrics for text in (metric.numerator, metric.denominator, metric.squares)}
    bounds = (question.since, question.until)
    whole = all(moment == moment.replace(minute=0, second=0, microsecond=0) for moment in bounds)
    return whole and asked <= {"", *summed.columns} and set(question.by) <= set(_BY_SUMS)


def _of_sums(metric: Metric, columns: Mapping[str, str]) -> Metric:
    """The metric over rows that are sums already."""
    y, n = (text and f"sum({columns[text]})" for text in (metric.numerator, metric.denominator))
    return replace(metric, numerator=y, denominator=n)


def _worth(store: Store, rows: Derived) -> bool:
    return int(spans(store)["rows_of"].reindex(rows.reads).sum()) >= WORTH_KEEPING_ROWS
