"""The one function that measures any metric, by any dimension, in any period, with counts and interval."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.moment_statements import slope_statement, spans_statement
from analytics_lib.metrics.peaks import peak_rows
from analytics_lib.metrics.question import ask, check_metric
from analytics_lib.metrics.ready_facts import ready
from analytics_lib.metrics.ready_replies import ready_replies
from analytics_lib.metrics.results import alone, by_sums, complete_grid, finished, refuse_impossible
from analytics_lib.metrics.statements import (
    bound_names,
    kept_step,
    rows_statement,
    sums_statement,
    values_statement,
)
from analytics_lib.metrics.woodruff import quantile_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.metrics.question import Question
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

# Kinds that need a query of their own.
_ALONE: Mapping[str, Callable[..., str]] = {
    "quantile": values_statement,
    "peak": spans_statement,
    "slope": slope_statement,
}
# A group with the fact it is read from and the metrics over that (see ``ready_facts``).
_Prepared: TypeAlias = "tuple[list[Metric], Fact, Sequence[Metric]]"
_AT_ONCE = 2
CURRENCIES = "select distinct currency from orders order by currency"


def measure(  # noqa: PLR0913  # what every page may ask
    store: Store,
    metric: Metric,
    *,
    since: Moment,
    until: Moment,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
    as_of: Moment | None = None,
    running: bool = False,
) -> pd.DataFrame:
    """One metric over the rows whose own time lies in ``[since, until)``.

    Args:
        store: Read: the tables of the metric's fact (see ``docs/metrics.md``).
        metric: One of ``CATALOG``, or another of your own.
        since: Start of the window.
        until: Its end, excluded.
        period: ``hour``, ``day``, ``week`` (from Monday) or ``month``; null = the window as one number.
        by: A dimension, or several; null values are ``unknown``.
        as_of: Nothing later is known; null = everything in the store is.
        running: Whether the period running at ``as_of`` is wanted; it is left out else.

    Returns:
        One row per period and value of the dimensions, in their order: ``period`` (its first moment on the
        wall clock), the dimensions, ``numerator``, ``denominator`` (null for counts and totals; of a quantile
        the number of values, the numerator null), ``value`` (null where the denominator is 0), ``low`` and
        ``high`` (the 95 % interval; null where there is none, see ``Metric.kind``), ``few`` (the denominator
        lies under the metric's minimum), ``complete`` (false where the window or ``as_of`` cuts the period
        short). A period in which nothing happened has a row, one before or after all the table's rows has
        none.

    Raises:
        RequestError: If the window is empty, the period or a dimension unknown, or money is in several
            currencies.
        NotEnoughDataError: If a table the metric counts was never ingested.
        ImpossibleError: If a share lies outside 0 to 1.
    """
    frame = measure_all(
        store, [metric], since=since, until=until, period=period, by=by, as_of=as_of, running=running
    )
    return frame.drop(columns="metric")


def measure_all(  # noqa: PLR0913  # what every page may ask
    store: Store,
    metrics: Iterable[Metric],
    *,
    since: Moment,
    until: Moment,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
    as_of: Moment | None = None,
    running: bool = False,
) -> pd.DataFrame:
    """Several metrics at once; each table is read as few times as can be.

    Returns:
        ``metric`` (its name) and the columns of ``measure``; metrics in the order given.

    Raises:
        RequestError: As ``measure``, or if a metric is given twice.
        NotEnoughDataError: As ``measure``.
        ImpossibleError: As ``measure``, or if more conversations were resolved alone or escalated than
            closed.
    """
    wanted = list(metrics)
    names = [metric.name for metric in wanted]
    if len(set(names)) < len(names):
        raise RequestError(f"A metric is given twice: {', '.join(names)}.")
    question = ask(store, since=since, until=until, period=period, by=by, as_of=as_of, running=running)
    for metric in wanted:
        check_metric(store, metric, question)
    _check_currency(store, wanted, question)
    with ExitStack() as kept:
        groups = _grouped(wanted)
        names_of_facts = {group[0].table for group in groups}
        facts = {name: _worked_out(store, FACTS[name], question, kept) for name in sorted(names_of_facts)}
        prepared = [(group, *ready(store, facts[group[0].table], group, question)) for group in groups]
        frames = _frames(store, prepared, question)
    refuse_impossible(frames, question)
    columns = [
        "metric",
        *question.keys,
        "numerator",
        "denominator",
        "value",
        "low",
        "high",
        "few",
        "complete",
    ]
    if not wanted:
        return pd.DataFrame(columns=columns)
    return pd.concat([frames[name].assign(metric=name)[columns] for name in names], ignore_index=True)


def _grouped(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """The metrics that one query can answer: of one fact, with the same values bound to the same names."""
    groups: list[list[Metric]] = []
    for metric in metrics:
        fitting = (group for group in groups if all(_fit(metric, other) for other in group))
        group = next(fitting, None)
        if group is None:
            groups.append(group := [])
        group.append(metric)
    return groups


def _fit(metric: Metric, other: Metric) -> bool:
    shared = metric.parameters.keys() & other.parameters.keys()
    alike = all(metric.parameters[name] == other.parameters[name] for name in shared)
    if metric.kind in _ALONE or other.kind in _ALONE:
        # Several quantiles of the same values.
        alike = alike and metric.kind == other.kind == "quantile" and metric.numerator == other.numerator
    return metric.table == other.table and alike


def _worked_out(store: Store, fact: Fact, question: Question, kept: ExitStack) -> Fact:
    """The fact, read from where its rows are kept if they take long to find."""
    shown = ready_replies(store, fact, question)
    if shown is not None or not fact.needs:
        return shown or fact

    def keep(sql: str) -> str:
        bound = {name: question.bound[name] for name in bound_names(sql)}
        return kept_step(kept.enter_context(store.kept(sql, **bound)))

    prepared = replace(fact, needs=tuple(replace(part, sql=keep(part.sql)) for part in fact.needs))
    return replace(prepared, sql=keep(rows_statement(prepared, ["*"])))


def _frames(store: Store, prepared: Sequence[_Prepared], question: Question) -> dict[str, pd.DataFrame]:
    """The result of every metric; one group is read while the limits of another are worked out."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda each: dict(_measured(store, each, question)), prepared)
        return {name: frame for frames in found for name, frame in frames.items()}


def _measured(store: Store, prepared: _Prepared, question: Question) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and result of every metric of a group that one query answers."""
    group, fact, asked = prepared
    first, by, period = asked[0], question.by, question.period is not None
    statement = _ALONE.get(first.kind)
    if statement:
        sql = statement(fact, first, by=by, period=period)
        found = store.query_arrow(sql, **_bound(sql, group, question))
        for metric in group:
            rows = complete_grid(store, fact, _read(found, metric, question), question)
            yield metric.name, finished(metric, alone(metric, rows), question)
        return
    sql = sums_statement(fact, asked, by=by, period=period)
    answer = store.query(sql, **_bound(sql, group, question))
    rows = complete_grid(store, fact, answer, question)
    for number, metric in enumerate(group):
        yield metric.name, finished(metric, by_sums(metric, rows, number, question), question)


def _read(found: pa.Table, metric: Metric, question: Question) -> pd.DataFrame:
    """What the statement of a kind of its own found, as one row per group."""
    if metric.kind == "quantile":
        return quantile_rows(found, metric.quantile)
    return peak_rows(found, question) if metric.kind == "peak" else found.to_pandas()


def _bound(sql: str, group: Sequence[Metric], question: Question) -> dict[str, object]:
    """The values that the statement of a group of metrics wants bound."""
    values = question.bound
    for metric in group:
        values |= metric.parameters
    bound = {name: values[name] for name in bound_names(sql)}
    if bound.get("rates", ...) is None:
        raise RequestError(
            f"{group[0].name} needs prices: "
            "metric.bound(rates=load_rates(Path('params/rates.yaml')).bound())."
        )
    return bound


def _check_currency(store: Store, metrics: Sequence[Metric], question: Question) -> None:
    money = [metric.name for metric in metrics if metric.unit == "money"]
    if not money or "currency" in question.by:
        return
    currencies = store.query(CURRENCIES)["currency"].tolist()
    if len(currencies) > 1:
        raise RequestError(
            f"{money[0]} adds up amounts, and the orders are in {', '.join(currencies)}. Ask by='currency', "
            "or ingest them in one currency."
        )
