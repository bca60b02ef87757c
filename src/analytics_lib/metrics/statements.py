"""The one place where SQL is put together: a fact, the parts it needs, and expressions of metrics over it.

Only names of the contract and expressions of the catalogue enter a statement; every value is bound. What
comes out is held to the portable subset by ``tests/metrics/test_statements.py``, metric by metric.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.metric import Metric

# Expressions of the dimensions that are no column; Monday is 1 (1 January 1900 was one).
_CALENDAR = {
    "weekday": "date_diff('day', date '1900-01-01', local::date) % 7 + 1",
    "hour": "hour(local)",
}
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_BOUND = re.compile(r"\$([a-z_]+)")
_STEP = "{name} as (\n{sql}\n)"
_FACT = "fact as (select * from {name}_fact{joins})"
_KEPT = "(select * from {name})"
_JOIN = "\n    left join (select {key}, {columns} from {name}) as {name}_columns using ({key})"
_SUMS = """{steps},
per_user as (
    select {keys}, {cluster} as unit, {columns}
    from fact
    group by all
)
select {names}, {sums}
from per_user
group by all"""
_COUNTS = """{steps}
select {keys}, {columns}
from fact
group by all"""
_QUANTILE = """{steps},
each as (select {keys}, {unit} ({value})::double as x from fact),
counted as (select {names}, count(x)::double as n from each group by {names}),
ranked as (
    select {names}, {unit_name} x, row_number() over (partition by {names} order by x) as position
    from each
    where x is not null
),
middle as (
    select {names}, sum(x * greatest(0, 1 - abs(position - 1 - $quantile * (n - 1)))) as value
    from ranked join counted using ({names})
    where abs(position - 1 - $quantile * (n - 1)) < 1
    group by {names}
),
{effective},
sure as (
    select
        {names}, n, units,
        1.959963984540054 * sqrt($quantile * (1 - $quantile) * design_effect * n) as half
    from effective
),
placed as (
    select
        {names}, n, units, floor($quantile * n - half) as low_at, ceil($quantile * n + half) + 1 as high_at
    from sure
)
select
    {names}, any_value(value) as value, any_value(placed.n) as n, any_value(units) as units,
    max(x) filter (where position = low_at) as low, max(x) filter (where position = high_at) as high
from ranked join middle using ({names}) join placed using ({names})
where position = low_at or position = high_at or position = 1
group by {names}"""

_UNITS = """{steps}
select user_id as unit, coalesce(({numerator})::double, 0) as y, coalesce(({denominator})::double, 0) as n
from fact
group by all"""
_ROWS = """{steps}
select {columns}
from fact"""
_BY_UNIT = """per_unit as (
    select {names}, unit, count(*)::double as rows_of, count(*) filter (where x <= value)::double as below
    from ranked join middle using ({names})
    group by {names}, unit
),
spread as (
    select
        {names},
        sum(rows_of) as n, count(*)::double as units, sum(below) / nullif(sum(rows_of), 0) as share,
        sum(rows_of * rows_of) as n_n, sum(below * below) as below_below, sum(below * rows_of) as below_n
    from per_unit
    group by {names}
),
effective as (
    select
        {names}, n, units,
        case when units < n and units > 1 and share > 0 and share < 1
            then greatest(1, units / nullif(units - 1, 0)
                * (below_below - 2 * share * below_n + share * share * n_n)
                / nullif(n * share * (1 - share), 0))
            else n / nullif(units, 0) end as design_effect
    from spread
)"""
_EACH_ALONE = """effective as (
    select {names}, count(*)::double as n, count(*)::double as units, 1::double as design_effect
    from ranked
    group by {names}
)"""


def sums_statement(fact: Fact, metrics: Sequence[Metric], *, by: Sequence[str], period: bool) -> str:
    """Counts of all ``metrics`` in every group, with what their intervals need.

    A row has ``period`` and the dimensions asked for (``whole`` without any) and, for metric number i,
    ``y_i`` and ``n_i`` (numerator and denominator). Where users may repeat also ``units_i`` (users with a
    denominator), ``yy_i yn_i nn_i`` (squares and products summed over users) and, for a mean, ``yyy_i`` and
    ``nnn_i`` (both numbers of every user, in one order).
    """
    keys = key_expressions(by, period=period)
    parts = {
        "steps": fact_steps(fact, mentioned(metrics, by, fact)),
        "keys": aliased(keys),
        "columns": ", ".join(_columns(number, metric) for number, metric in enumerate(metrics)),
    }
    if not fact.cluster:
        return _COUNTS.format(**parts)
    sums = ", ".join(_sums(number, metric) for number, metric in enumerate(metrics))
    return _SUMS.format(**parts, names=", ".join(keys), cluster=fact.cluster, sums=sums)


def quantile_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:
    """A quantile of one metric in every group, with Woodruff's limits.

    A row has the groups as in ``sums_statement``, and ``value low high n units``. Woodruff (1952): the limits
    of the share of values below the quantile, read back as values, the share's variance by users.
    """
    keys = key_expressions(by, period=period)
    names = ", ".join(keys)
    return _QUANTILE.format(
        steps=fact_steps(fact, mentioned([metric], by, fact)),
        keys=aliased(keys),
        names=names,
        unit=f"{fact.cluster} as unit," if fact.cluster else "",
        unit_name="unit," if fact.cluster else "",
        value=metric.numerator,
        effective=(_BY_UNIT if fact.cluster else _EACH_ALONE).format(names=names),
    )


def units_statement(fact: Fact, metric: Metric) -> str:
    """What each user adds to one metric: ``unit`` (the user's id) ``y n``, one row per user."""
    return _UNITS.format(
        steps=fact_steps(fact, mentioned([metric], ("user_id",), fact)),
        numerator=metric.numerator,
        denominator=metric.denominator,
    )


def kept_step(name: str) -> str:
    """A step that reads what is kept under a name."""
    return _KEPT.format(name=name)


def rows_statement(fact: Fact, columns: Sequence[str]) -> str:
    """The rows of a fact, in the columns asked for."""
    return _ROWS.format(steps=fact_steps(fact, {*columns, fact.cluster}), columns=", ".join(columns))


def bound_names(sql: str) -> set[str]:
    """The parameters that a statement wants bound."""
    return set(_BOUND.findall(sql))


def key_expressions(by: Sequence[str], *, period: bool) -> dict[str, str]:
    """What a group is told by: name -> expression; ``whole`` where there is but one."""
    keys = {"period": "date_trunc($period, local)::timestamp"} if period else {}
    keys |= {name: _CALENDAR.get(name, f"coalesce({name}::varchar, 'unknown')") for name in by}
    return keys or {"whole": "1"}


def aliased(keys: dict[str, str]) -> str:
    """The expressions of groups with their names, as a list of a select."""
    return ", ".join(f"{expression} as {name}" for name, expression in keys.items())


def mentioned(metrics: Iterable[Metric], by: Sequence[str], fact: Fact) -> set[str]:
    """The words of metrics and dimensions over a fact, its columns among them."""
    words = set(by) | {fact.cluster}
    for metric in metrics:
        words |= set(_WORD.findall(f"{metric.numerator} {metric.denominator} {metric.squares}"))
    return words


def fact_steps(fact: Fact, words: set[str]) -> str:
    """``with`` the fact, its parts joined where one of their columns is wanted."""
    parts = fact.parts_for(words)
    before = {needed.name: needed for part in parts for needed in part.needs}
    # A fact's own steps come last: they may be read from where they are kept.
    before |= {needed.name: needed for needed in fact.needs}
    each = before | {part.name: part for part in parts}
    steps = [_STEP.format(name=part.name, sql=part.sql) for part in each.values()]
    steps.append(_STEP.format(name=f"{fact.name}_fact", sql=fact.sql))
    joins = "".join(
        _JOIN.format(name=part.name, key=part.key, columns=", ".join(part.columns)) for part in parts
    )
    steps.append(_FACT.format(name=fact.name, joins=joins))
    return "with " + ",\n".join(steps)


def _columns(number: int, metric: Metric) -> str:
    wanted = {"y": metric.numerator, "n": metric.denominator, "s": metric.squares}
    return ", ".join(
        f"coalesce(({expression})::double, 0) as {name}_{number}"
        for name, expression in wanted.items()
        if expression
    )


def _sums(number: int, metric: Metric) -> str:
    i = number
    sums = [f"sum(y_{i}) as y_{i}"]
    if metric.denominator:
        sums += [
            f"sum(n_{i}) as n_{i}",
            f"count(*) filter (where n_{i} > 0) as units_{i}",
            f"sum(y_{i} * y_{i}) as yy_{i}",
            f"sum(y_{i} * n_{i}) as yn_{i}",
            f"sum(n_{i} * n_{i}) as nn_{i}",
        ]
    if metric.squares:
        sums.append(f"sum(s_{i}) as s_{i}")
    if metric.kind == "mean":
        # Both lists are gathered in one pass over the same rows, so that they stay in step.
        sums += [f"list({of}_{i}) filter (where n_{i} > 0 or y_{i} <> 0) as {of * 3}_{i}" for of in "yn"]
    return ", ".join(sums)


_PAIRS = """{steps},
per_user as (
    select {keys}, {cluster} as unit, {columns}
    from fact
    group by all
)
select *
from per_user
where n_0 <> 0 or y_0 <> 0"""


def pairs_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:
    """Numerator ``y_0`` and denominator ``n_0`` of one metric for every user (``unit``) in every group.

    Requests, which have no user, stand together by the hour they were made in: failures come in bursts.
    """
    return _PAIRS.format(
        steps=fact_steps(fact, mentioned([metric], by, fact)),
        keys=aliased(key_expressions(by, period=period)),
        cluster=f"{fact.cluster}::varchar" if fact.cluster else "date_trunc('hour', local)::varchar",
        columns=_columns(0, metric),
    )
