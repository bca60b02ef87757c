"""What each user adds to a metric, by group: what a bootstrap or another question starts from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.question import ask, check_metric
from analytics_lib.metrics.ready_replies import ready_replies
from analytics_lib.metrics.statements import bound_names, pairs_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.metrics.facts import Fact, Part
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.metrics.question import Question
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

RATIOS = ("share", "mean", "nps")
# Sums of one user come in the engine's order; beyond the microsecond they would differ from call to call.
_DECIMALS = 6


def pairs(  # noqa: PLR0913  # what ``measure`` takes, and the columns that are added
    store: Store,
    metric: Metric,
    *,
    since: Moment,
    until: Moment,
    by: Sequence[str],
    period: str | None = None,
    parts: Sequence[Part] = (),
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """Numerator and denominator of every user in every group; summed over users they are ``measure``'s.

    Args:
        store: Read: the tables of the metric's fact.
        metric: A ratio: of kind ``share``, ``mean`` or ``nps``.
        since: Start of the window.
        until: Its end, excluded.
        by: Dimensions, those of ``parts`` among them; null values are ``unknown``.
        period: ``hour``, ``day``, ``week`` or ``month``; null = the window as one.
        parts: Columns that the fact does not have yet; each may be a dimension.
        as_of: Nothing later is known.

    Returns:
        One row per period, group and user that count, in this order: ``period`` (if asked for), the
        dimensions, ``unit`` (a number for each user, by the order of their ids; of facts without users the
        hour), ``numerator``, ``denominator`` (both to six decimals).

    Raises:
        RequestError: If the metric is no ratio, lacks a parameter, or cannot be told apart by a dimension.
        NotEnoughDataError: If a table it reads was never ingested.
    """
    if metric.kind not in RATIOS:
        raise RequestError(
            f"{metric.name} is a {metric.kind}; only metrics with a numerator and a denominator that add up "
            f"over users ({', '.join(RATIOS)}) have pairs."
        )
    question = ask(store, since=since, until=until, period=period, by=by, as_of=as_of)
    fact = extended(store, metric, parts, question)
    sql = pairs_statement(fact, metric, by=question.by, period=period is not None)
    rows = store.query(sql, **bound_values(sql, metric, question))
    keys = [*question.keys, "unit"]
    rows["unit"] = pd.factorize(rows["unit"], sort=True)[0]
    numbers = rows[["y_0", "n_0"]].round(_DECIMALS).set_axis(["numerator", "denominator"], axis="columns")
    return pd.concat([rows[keys], numbers], axis="columns").sort_values(keys, ignore_index=True)


def extended(store: Store, metric: Metric, parts: Sequence[Part], question: Question) -> Fact:
    """The fact of a metric with more parts, whose columns may be dimensions of the question.

    Raises:
        RequestError: If a dimension is unknown.
        NotEnoughDataError: If a table the metric reads was never ingested.
    """
    fact, added = FACTS[metric.table], {column for part in parts for column in part.columns}
    own = tuple(name for name in question.by if name not in added)
    check_metric(store, metric, replace(question, by=own))
    shown = ready_replies(store, fact, question) or fact
    return replace(shown, parts=(*shown.parts, *parts))


def bound_values(sql: str, metric: Metric, question: Question) -> dict[str, object]:
    """What a statement made for a metric wants bound: values of the question and of the metric.

    Raises:
        RequestError: If it needs prices and has none.
    """
    values = {**question.bound, **metric.parameters}
    bound = {name: values[name] for name in bound_names(sql)}
    if bound.get("rates", ...) is None:
        raise RequestError(f"{metric.name} needs prices: metric.bound(rates=load_rates(path).bound()).")
    return bound
