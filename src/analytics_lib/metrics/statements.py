"""The one place where SQL is put together: a fact, the parts it needs, and expressions of metrics over it.

Only names of the contract and expressions of the catalogue enter a statement; every value is bound. What
comes out is held to the portable subset by ``tests/metrics/test_statements.py``, metric by metric.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analytics_lib.metrics.facts import Fact, Part
    from analytics_lib.metrics.metric import Metric

# Expressions of the dimensions that are no column; Monday is 1 (1 January 1900 was one).
_CALENDAR = {
    "weekday": "date_diff('day', date '1900-01-01', local::date) % 7 + 1",
    "hour": "hour(local)",
}
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_BOUND = re.compile(r"\$([a-z_]+)")
_STEP = "{name} as (\n{sql}\n)"
_FACT = "fact as (select *{worked} from {name}_fact{joins})"
_KEPT = "(select * from {name})"
_JOIN = "\n    left join (select {key}, {columns} from {name}) as {name}_columns {found}"
_SUMS = """{steps},
per_user as (
    select {keys}, {cluster} as unit, {columns}
    from fact
    group by all
),
summed as (
    select {names}, {sums}
    from per_user
    group by all
)
select {names}, {wanted}
from summed"""
_COUNTS = """{steps}
select {keys}, {columns}
from fact
group by all"""
_VALUES = """{steps},
each as (select {keys}, {unit} ({value})::double as x from fact)
select {names}, {units} list(x) as x
from each
where x is not null
group by {names}"""

_UNITS = """{steps}
select user_id as unit, coalesce(({numerator})::double, 0) as y, coalesce(({denominator})::double, 0) as n
from fact
group by all"""
_ROWS = """{steps}
select {columns}
from fact"""


def sums_statement(fact: Fact, metrics: Sequence[Metric], *, by: Sequence[str], period: bool) -> str:
    """Counts of all ``metrics`` in every group, with what their intervals need.

    A row has ``period`` and the dimensions asked for (``whole`` without any) and, for metric number i,
    ``y_i`` and ``n_i`` (numerator and denominator). Where users may repeat, a share and a score also have
    ``units_i`` (users with a denominator) and ``yy_i yn_i nn_i`` (squares and products summed over users), a
    mean ``yyy_i`` and ``nnn_i`` (both numbers of every user, in one order).
    """
    keys = key_expressions(by, period=period)
    steps = fact_steps(fact, mentioned(metrics, by, fact))
    if not fact.cluster:
        columns = ", ".join(_columns(number, metric) for number, metric in enumerate(metrics))
        return _COUNTS.format(steps=steps, keys=aliased(keys), columns=columns)
    # Metrics share many of their expressions; each is worked out once.
    texts = (text for metric in metrics for text in _texts(metric).values())
    named = _numbered("e", texts)
    wanted = {
        column: total
        for number, metric in enumerate(metrics)
        for column, total in _sums(number, metric, named)
    }
    sums = _numbered("s", wanted.values())
    return _SUMS.format(
        steps=steps,
        keys=aliased(keys),
        names=", ".join(keys),
        cluster=fact.cluster,
        columns=", ".join(f"coalesce(({text})::double, 0) as {name}" for text, name in named.items()),
        sums=", ".join(f"{total} as {name}" for total, name in sums.items()),
        wanted=", ".join(f"{sums[total]} as {column}" for column, total in wanted.items()),
    )


def values_statement(fact: Fact, metric: Metric, *, by: Sequence[str], period: bool) -> str:
    """The values of a quantile in every group that has any: what ``woodruff.quantile_rows`` starts from.

    A row has the groups as in ``sums_statement``, the list ``x`` of values and, in step with it, ``unit``
    (whose each is) where users may repeat.
    """
    keys = key_expressions(by, period=period)
    return _VALUES.format(
        steps=fact_steps(fact, mentioned([metric], by, fact)),
        keys=aliased(keys),
        names=", ".join(keys),
        unit=f"{fact.cluster} as unit," if fact.cluster else "",
        # Both lists are gathered in one pass over the same rows, so that they stay in step.
        units="list(unit) as unit," if fact.cluster else "",
        value=metric.numerator,
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
    worked = {name: sql for name, sql in fact.worked.items() if name in words}
    parts = fact.parts_for(words.union(*(_WORD.findall(sql) for sql in worked.values())))
    before = {needed.name: needed for part in parts for needed in part.needs}
    # A fact's own steps come last: they may be read from where they are kept.
    before |= {needed.name: needed for needed in fact.needs}
    each = before | {part.name: part for part in parts}
    steps = [_STEP.format(name=part.name, sql=part.sql) for part in each.values()]
    steps.append(_STEP.format(name=f"{fact.name}_fact", sql=fact.sql))
    joins = "".join(_joined(part) for part in parts)
    added = "".join(f", {sql} as {name}" for name, sql in worked.items())
    steps.append(_FACT.format(name=fact.name, worked=added, joins=joins))
    return "with " + ",\n".join(steps)


def _joined(part: Part) -> str:
    found = f"on {part.on}" if part.on else f"using ({part.key})"
    return _JOIN.format(name=part.name, key=part.key, columns=", ".join(part.columns), found=found)


def _columns(number: int, metric: Metric) -> str:
    return ", ".join(
        f"coalesce(({text})::double, 0) as {name}_{number}" for name, text in _texts(metric).items()
    )


def _texts(metric: Metric) -> dict[str, str]:
    """The expressions a metric has, by the letters their sums are called by."""
    texts = {"y": metric.numerator, "n": metric.denominator, "s": metric.squares}
    return {name: text for name, text in texts.items() if text}


def _numbered(letter: str, texts: Iterable[str]) -> dict[str, str]:
    """A name for each different text."""
    return {text: f"{letter}_{number}" for number, text in enumerate(dict.fromkeys(texts))}


def _sums(number: int, metric: Metric, named: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each column of a metric and what it is the total of, by the names of its expressions."""
    name = {letter: named[text] for letter, text in _texts(metric).items()}
    yield from ((f"{letter}_{number}", f"sum({name[letter]})") for letter in name)
    if not metric.denominator:
        return
    y, n = name["y"], name["n"]
    if metric.kind == "mean":
        # Both lists are gathered in one pass over the same rows, so that they stay in step.
        yield f"yyy_{number}", f"list({y}) filter (where {n} > 0 or {y} <> 0)"
        yield f"nnn_{number}", f"list({n}) filter (where {n} > 0 or {y} <> 0)"
        return
    yield f"units_{number}", f"count(*) filter (where {n} > 0)"
    yield from ((f"{a}{b}_{number}", f"sum({name[a]} * {name[b]})") for a, b in ("yy", "yn", "nn"))


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
