"""By what a change may be explained: the dimensions of a fact, less those that follow from what is explained.

How a conversation ended (``outcome``, ``escalation_reason``), who took it over (``agent_id``), the error of a
failed call or the status code of a request are the outcome itself told another way: they would explain every
change of it, and tell nobody what to repair. The same holds for a column that the metric counts by.

Conversations have two more dimensions here, both of the systems behind the bot: ``systems``, whether the hour
it started in saw the systems ``failing``, a quarter or more of that hour's probes, requests and actions,
three at least; and, only where it is asked for, ``action_error``, what the first failed action of the
conversation said (``none`` where none failed). The longer a conversation lasts, the more actions it makes and
the more of them fail, so that this one follows in part from how the conversation went; the state of the
systems in an hour does not.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.metrics.facts import FACTS, Part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from analytics_lib.metrics import Metric

ACTION_ERRORS = """
with begun as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
),
failed as (
    select conversation_id, arg_min(coalesce(error, 'failed'), concat(started_local::varchar, action_id)) as
    error from actions where succeeded = false and started_at < $as_of and conversation_id in (select
    conversation_id from begun) group by conversation_id
)
select conversation_id, coalesce(error, 'none') as action_error
from begun left join failed using (conversation_id)
"""

SYSTEMS = """
with checks as (
    select date_trunc('hour', probed_local)::timestamp as hour_at, not ok as failed
    from probes
    where probed_local >= $since and probed_local < $until and probed_at < $as_of
    union all
    select date_trunc('hour', requested_local)::timestamp as hour_at, status_code >= 500 as failed
    from api_requests
    where requested_local >= $since and requested_local < $until and requested_at < $as_of
    union all
    select date_trunc('hour', started_local)::timestamp as hour_at, not succeeded as failed
    from actions
    where started_local >= $since and started_local < $until and started_at < $as_of
),
hours as (
    select
        hour_at,
        case when count(*) filter (where failed) >= 3 and 4 * count(*) filter (where failed) >= count(failed)
            then 'failing' else 'working' end as systems
    from checks
    where failed is not null
    group by hour_at
),
begun as (
    select conversation_id, date_trunc('hour', started_local)::timestamp as hour_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select conversation_id, systems
from begun join hours using (hour_at)
"""

PARTS = (
    Part("action_errors", "conversation_id", ("action_error",), ACTION_ERRORS, reads=("actions",)),
    Part("systems", "conversation_id", ("systems",), SYSTEMS),
)
_FOLLOWING = {
    "conversations": {"outcome", "escalation_reason", "agent_id"},
    "messages": {"status", "true_intent"},
    "actions": {"error"},
    "api_requests": {"status_code"},
}
# The baseline has the window's weekdays and hours, and a failed action follows in part from the conversation.
_ONLY_ASKED = ("weekday", "hour", "action_error")
_WORD = re.compile(r"[a-z_]+")


def read_dimensions(text: str) -> list[str] | None:
    """Dimensions separated by commas; null where the text is empty."""
    return [name.strip() for name in text.split(",") if name.strip()] or None


def choose_dimensions(
    metric: Metric, asked: Sequence[str] | None, *, held: Collection[str]
) -> list[tuple[str, ...]]:
    """The dimensions that are looked at, alone and in pairs.

    Args:
        metric: Whose change is explained.
        asked: By which; null = by all that may and are known, but for weekday, hour and action_error.
        held: The tables that hold rows.

    Raises:
        RequestError: If a dimension is unknown, given twice, or follows from what is explained.
    """
    fact = FACTS[metric.table]
    following = _FOLLOWING.get(metric.table, set()) | set(
        _WORD.findall(f"{metric.numerator} {metric.denominator}")
    )
    allowed = [name for name in (*fact.dimensions, *_added(metric)) if name not in following]
    parts = (*fact.parts, *parts_of(metric))
    unknown = {name for part in parts if not set(part.reads) <= set(held) for name in part.columns}
    chosen = list(asked) if asked else [name for name in allowed if name not in {*unknown, *_ONLY_ASKED}]
    _check(metric, chosen, allowed, following & {*fact.dimensions})
    return [*((name,) for name in chosen), *combinations(chosen, 2)]


def parts_of(metric: Metric) -> tuple[Part, ...]:
    """What gives a metric's fact its added dimensions."""
    return PARTS if metric.table == "conversations" else ()


def _added(metric: Metric) -> list[str]:
    return [column for part in parts_of(metric) for column in part.columns]


def _check(metric: Metric, chosen: Sequence[str], allowed: Iterable[str], following: Iterable[str]) -> None:
    if len(set(chosen)) < len(chosen):
        raise RequestError(f"dimensions names one twice: {', '.join(chosen)}.")
    for name in chosen:
        if name in following:
            raise RequestError(
                f"{name} cannot explain {metric.name}: it follows from what is counted. "
                f"Choose among {', '.join(allowed)}."
            )
        if name not in allowed:
            raise RequestError(
                f"{metric.name} cannot be told apart by {name!r}. Choose among {', '.join(allowed)}."
            )
