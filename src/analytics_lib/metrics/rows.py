"""Rows of a fact as they are, for what no sum can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.metrics.statements import bound_names, rows_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.question import Question
    from analytics_lib.store import Store


def fact_rows(
    store: Store, fact: Fact, columns: Sequence[str], question: Question, bound: Mapping[str, object]
) -> pd.DataFrame:
    """The rows of a fact in the window of a question, in the columns asked for; in no particular order."""
    sql = rows_statement(fact, columns)
    values = {**question.bound, **bound}
    return store.query(sql, **{name: values[name] for name in bound_names(sql)})
