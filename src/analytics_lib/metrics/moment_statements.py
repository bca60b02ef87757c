"""Statements of metrics of a moment: the most rows that overlap, and the slope of a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.metrics.statements import aliased, fact_steps, key_expressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.metric import Metric

# At one instant ends (-1) come before marks (0) and starts (+1), so that who follows another does not overlap
# them. A mark at the start of every period carries what is open then into it.
_PEAK = """{steps},
held as (select {dimensions}, local, ends_local from fact),
edges as (
    select {names}, local as moment, 1 as change from held
    union all
    select {names}, ends_local as moment, -1 as change from held
    union all
    select {names}, mark as moment, 0 as change
    from (select distinct {names} from held) as known
        cross join (select unnest($marks) as mark) as marks
),
levels as (
    select
        {names}, moment as local,
        sum(change) over (
            partition by {names} order by moment, change rows between unbounded preceding and current row
        ) as level
    from edges
)
select {keys}, max(level)::double as y, arg_min(local, -level) as moment
from levels
where local >= $since and local < $ends_local
group by all"""
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


def peak_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:  # noqa: ARG001
    """The most rows open at once in every group, ``y``, and when first, ``moment``."""
    dimensions = key_expressions(by, period=False)
    keys = {"period": "date_trunc($period, local)::timestamp"} if period else {}
    return _PEAK.format(
        steps=fact_steps(fact, set(by)),
        dimensions=aliased(dimensions),
        names=", ".join(dimensions),
        keys=", ".join([*(f"{expression} as {name}" for name, expression in keys.items()), *dimensions]),
    )


def slope_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:  # noqa: ARG001
    """By how much queues grow a minute, ``y``, their slopes added up; and ``n``, how many readings."""
    keys = key_expressions(by, period=period)
    return _SLOPE.format(steps=fact_steps(fact, set(by)), keys=aliased(keys), names=", ".join(keys))
