"""A quantile by columns that its fact does not have yet: what ``pairs`` is to ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.metrics.pairs import bound_values, extended
from analytics_lib.metrics.question import ask
from analytics_lib.metrics.statements import values_statement
from analytics_lib.metrics.woodruff import quantile_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analytics_lib.metrics.facts import Part
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


def quantiles(  # noqa: PLR0913  # what ``pairs`` takes
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
    """A quantile in every group, with Woodruff's limits; the arguments are those of ``pairs``.

    Returns:
        One row per period and group with a value: ``period`` (if asked for), the dimensions, ``units`` (users
        with a value), ``denominator`` (values), ``value`` (in the metric's unit), ``low`` and ``high`` (the
        95 % interval; null where there are too few values to tell).

    Raises:
        RequestError: If the metric is no quantile, or cannot be told apart by a dimension.
        NotEnoughDataError: If a table it reads was never ingested.
    """
    if metric.kind != "quantile":
        raise RequestError(f"{metric.name} is a {metric.kind}, expected a quantile. Ask pairs for ratios.")
    question = ask(store, since=since, until=until, period=period, by=by, as_of=as_of)
    fact = extended(store, metric, parts, question)
    sql = values_statement(fact, metric, by=question.by, period=period is not None)
    found = store.query_arrow(sql, **bound_values(sql, metric, question))
    rows = quantile_rows(found, metric.quantile).rename(columns={"n": "denominator"})
    columns = [*question.keys, "units", "denominator", "value", "low", "high"]
    return rows[columns].sort_values(question.keys, ignore_index=True)
