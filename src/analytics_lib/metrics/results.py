"""From counts to results: the value, its interval, the periods in which nothing happened, what cannot be."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import ImpossibleError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.intervals import effective_sizes, nps_limits, wilson_limits
from analytics_lib.metrics.question import hours, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analytics_lib.metrics.facts import Fact
    from analytics_lib.metrics.metric import Metric
    from analytics_lib.metrics.question import Question
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

_MORE_THAN_ALL = 1e-9


def complete_grid(store: Store, fact: Fact, rows: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The rows of every period the table has data around, also of those in which nothing happened.

    Without a period the rows as they are, one at least where nothing tells them apart and the table has data
    around the window. Numbers of added rows are null.
    """
    first, last = span_of(store, fact.reads[0])
    since, until = max(question.since, first), min(question.ends_local, last)
    if question.period is None:
        if question.by:
            return rows.sort_values(question.keys, ignore_index=True)
        return rows.reindex([0] if since < until else [])
    values = [question.periods(since, until).tolist(), *(sorted(rows[name].unique()) for name in question.by)]
    grid = pd.DataFrame(list(product(*values)), columns=question.keys).astype({"period": "datetime64[us]"})
    return grid.merge(rows.astype({"period": "datetime64[us]"}), on=question.keys, how="left")


def by_sums(metric: Metric, rows: pd.DataFrame, number: int, question: Question) -> pd.DataFrame:
    """Numerator, denominator, value and limits of metric number ``number`` of a statement's rows."""
    y = _numbers(rows, f"y_{number}")
    found = rows[question.keys].assign(numerator=y)
    if metric.kind in ("count", "total"):
        return found.assign(denominator=np.nan, value=y)
    if metric.kind == "per_hour":
        n = _hours(rows, question)
        return found.assign(denominator=n, value=y / np.where(n > 0, n, np.nan))
    n = _numbers(rows, f"n_{number}")
    value = y / np.where(n > 0, n, np.nan)
    limits = {"share": _share_limits, "nps": _nps_limits, "mean": _mean_limits}[metric.kind](
        rows, number, value, n
    )
    scale = 100 if metric.kind == "nps" else 1
    return found.assign(denominator=n, value=scale * value, low=limits[0], high=limits[1])


def alone(metric: Metric, rows: pd.DataFrame) -> pd.DataFrame:
    """Numerator, denominator, value and limits of a metric with a query of its own."""
    if metric.kind == "quantile":
        return rows.assign(numerator=np.nan, denominator=rows["n"].fillna(0))
    if metric.kind == "peak":
        return rows.assign(numerator=rows["y"].fillna(0), denominator=np.nan, value=rows["y"].fillna(0))
    return rows.assign(numerator=rows["y"], denominator=rows["n"].fillna(0), value=rows["y"])


def finished(metric: Metric, found: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The columns of a result: periods that run left out, small and cut ones marked.

    Raises:
        ImpossibleError: If a share lies outside 0 to 1.
    """
    found = found.assign(**{name: np.nan for name in ("low", "high") if name not in found})
    if metric.kind == "share":
        _refuse_share(metric, found)
    found["few"] = found["denominator"].fillna(np.inf) < metric.minimum_n
    ends = question.ends(found["period"]) if question.period else pd.Series(question.until, found.index)
    starts = found["period"] if question.period else pd.Series(question.since, found.index)
    runs = ends > question.as_of_local if question.as_of_local is not None else ends.isna()
    found["complete"] = ~runs & (ends <= question.until) & (starts >= question.since)
    if question.period is not None and not question.running:
        found = found[~runs]
    return found


def refuse_impossible(frames: Mapping[str, pd.DataFrame], question: Question) -> None:
    """No more conversations can be resolved by the bot alone or escalated than were closed.

    Raises:
        ImpossibleError: If they are.
    """
    names = ("autonomous_resolution_rate", "escalation_rate")
    if not set(names) <= frames.keys():
        return
    alone, escalated = (frames[name] for name in names)
    above = alone["numerator"] + escalated["numerator"] > escalated["denominator"]
    if above.any():
        first = escalated[above].iloc[0]
        where = ", ".join(f"{key} {first[key]}" for key in question.keys) or "the window"
        raise ImpossibleError(
            f"Of {first['denominator']:,.0f} closed conversations of {where}, {first['numerator']:,.0f} were "
            f"escalated and {alone[above].iloc[0]['numerator']:,.0f} resolved by the bot alone, more than "
            "all. Check how escalated_at and resolved were mapped."
        )


def _refuse_share(metric: Metric, found: pd.DataFrame) -> None:
    above = (found["numerator"] < 0) | (found["numerator"] > found["denominator"] + _MORE_THAN_ALL)
    if above.any():
        first = found[above].iloc[0]
        raise ImpossibleError(
            f"{metric.name} counts {first['numerator']:,.0f} of {first['denominator']:,.0f}: a share lies "
            "between 0 and 1. Its numerator must be part of its denominator."
        )


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    return rows[name].fillna(0).to_numpy(dtype=float)


def _squared_errors(rows: pd.DataFrame, number: int, share: Floats) -> Floats:
    yy, yn, nn = (_numbers(rows, f"{name}_{number}") for name in ("yy", "yn", "nn"))
    return np.asarray(yy - 2 * share * yn + share**2 * nn)


def _share_limits(rows: pd.DataFrame, number: int, share: Floats, n: Floats) -> tuple[Floats, Floats]:
    if f"units_{number}" not in rows:
        return wilson_limits(share * n, n)
    errors = _squared_errors(rows, number, share)
    sizes = effective_sizes(share, n, _numbers(rows, f"units_{number}"), errors)
    return wilson_limits(share * sizes, sizes)


def _nps_limits(rows: pd.DataFrame, number: int, mean: Floats, n: Floats) -> tuple[Floats, Floats]:
    squares = _numbers(rows, f"s_{number}") / np.where(n > 0, n, np.nan)
    errors = _squared_errors(rows, number, mean)
    return nps_limits(mean, squares, n, _numbers(rows, f"units_{number}"), errors)


def _mean_limits(rows: pd.DataFrame, number: int, _: Floats, n: Floats) -> tuple[Floats, Floats]:
    nobody = np.empty(0)
    pairs = [
        (np.asarray(y, dtype=float), np.asarray(of, dtype=float)) if total > 0 else (nobody, nobody)
        for y, of, total in zip(rows[f"yyy_{number}"], rows[f"nnn_{number}"], n, strict=True)
    ]
    limits = ratio_limits(pairs)
    return limits[:, 0], limits[:, 1]


def _hours(rows: pd.DataFrame, question: Question) -> Floats:
    """The hours of each row's period that lie in the window and had passed."""
    until = min(filter(None, (question.until, question.as_of_local)))
    starts = rows["period"] if question.period else pd.Series(question.since, rows.index)
    ends = question.ends(rows["period"]) if question.period else pd.Series(until, rows.index)
    first, last = pd.Timestamp(question.since), pd.Timestamp(until)
    passed = hours(starts.where(starts > first, first), ends.where(ends < last, last))
    return passed.to_numpy(dtype=float)
