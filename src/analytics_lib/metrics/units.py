"""What every user adds to a metric: numerators and denominators, for a bootstrap over users."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.ready_replies import ready_replies
from analytics_lib.metrics.statements import bound_names, units_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.metrics.metric import Metric
    from analytics_lib.metrics.question import Question
    from analytics_lib.store import Store


def unit_pairs(store: Store, metrics: Sequence[Metric], question: Question) -> pd.DataFrame:
    """Numerator and denominator of several metrics for each user of a window, side by side.

    Returns:
        One row per user, in order of the id: ``y_i`` and ``n_i`` of metric number i, 0 where the user has
        none.
    """
    frames = []
    for number, metric in enumerate(metrics):
        fact = FACTS[metric.table]
        sql = units_statement(ready_replies(store, fact, question) or fact, metric)
        values = {**question.bound, **metric.parameters}
        found = store.query(sql, **{name: values[name] for name in bound_names(sql)})
        frames.append(found.set_index("unit").add_suffix(f"_{number}"))
    joined = reduce(
        lambda left, right: left.join(right, how="outer"),
        frames,
        pd.DataFrame(index=pd.Index([], dtype="str")),
    )
    return joined.sort_index().fillna(0.0)
