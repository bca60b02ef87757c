"""Statements of metrics of a moment: which rows overlap, and the slope of a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.metrics.statements import aliased, fact_steps, key_expressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.metric import Metric

_SPANS = """{steps},
held as (select {keys}, local, ends_local from fact)
select {names}, list(local) as started, list(ends_local) as ended
from held
group by {names}"""
_SLOPE = """{steps},
each as (
    select {keys}, labels as queue, count(*)::double as n, sum(minutes) as x, sum(value) as y, sum(minutes *
        value) as xy, sum(minutes * minutes) as xx
    from fact
    group by all
)
select
    {names}, sum(n) as n,
    sum(case when n >= 3 then (n * xy - x * y) / nullif(n * xx - x * x, 0) end) as y
from each
group by {names}"""


def spans_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:  # noqa: ARG001
    """When rows were open, as lists: what ``peaks.peak_rows`` starts from."""
    keys = key_expressions(by, period=False)
    return _SPANS.format(steps=fact_steps(fact, set(by)), keys=aliased(keys), names=", ".join(keys))


def slope_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:  # noqa: ARG001
    """By how much queues grow a minute, ``y``, their slopes added up; and ``n``, how many readings."""
    keys = key_expressions(by, period=period)
    return _SLOPE.format(steps=fact_steps(fact, set(by)), keys=aliased(keys), names=", ".join(keys))
