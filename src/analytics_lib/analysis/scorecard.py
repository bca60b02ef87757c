"""The business at a glance: every KPI of a window beside the one before and the usual one.

*Previous* is the window of equal length that ends where this one begins. *Usual* are the windows of the same
weekdays within the four weeks before: counts are their mean, rates their pooled numerators and denominators.
A window that begins before the first row of the table it counts is not observed, and no zero.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.analysis.card import group_of
from analytics_lib.analysis.changes import CHANGES, change_of, count_change, judged, share_size, spread
from analytics_lib.analysis.differences import (
    FALSE_DISCOVERY_RATE,
    Share,
    adjusted_p_values,
    newcombe,
    share_p_value,
)
from analytics_lib.analysis.windows import COUNTED, MEASURED, asking
from analytics_lib.metrics import measure_all
from analytics_lib.metrics.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from analytics_lib.metrics import Metric
    from analytics_lib.store import Store

CURRENCY = "select max(currency) as currency from orders"

DRAWN_DAYS = 28
SIDES = ("previous", "usual")
_DAY = dt.timedelta(days=1)


def scorecard(
    store: Store, metrics: Iterable[Metric], *, since: dt.date, until: dt.date, as_of: dt.date | None = None
) -> pd.DataFrame:
    """Every metric in this window, the one before and the usual one, and whether it moved.

    Args:
        store: Read: the tables of the metrics' facts; what it does not hold is said in ``missing``.
        metrics: Those wanted, in their order.
        since: Start of the window.
        until: Its end, excluded.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per metric: ``metric unit kind better group days`` (``within_days`` where it has that),
        ``missing`` (for want of what it cannot be measured, see ``windows.Asking``; empty where it can);
        ``value low high numerator denominator few`` of this window and, named ``previous_…`` and ``usual_…``,
        of the two others; ``usual_windows`` (how many); and of each of the two others, named likewise,
        ``change change_low change_high`` (this window less that one, 95 %), ``p_value`` (Benjamini and
        Hochberg over the whole card) and ``verdict`` (see ``changes.judged``). Usual percentiles are null
        unless the window is of whole weeks.

    Raises:
        RequestError: As ``measure_all``.
        ImpossibleError: As ``measure_all``.
    """
    ask = asking(store, as_of)
    given = list(metrics)
    missing = {metric.name: ask.missing(metric, (since, until)) for metric in given}
    wanted = [_in_currency(store, metric) for metric in given]
    known = [metric for metric in wanted if not missing[metric.name]]
    length = until - since
    found = {
        "": ask.measured(known, (since, until)),
        "previous_": ask.measured(known, (since - length, since)),
        "usual_": ask.usual(known, (since, until)),
    }
    counted = [metric for metric in known if metric.kind in COUNTED]
    daily = ask.daily(counted, (since - DRAWN_DAYS * _DAY, since))
    variances = spread(daily, {metric.name: metric.kind for metric in counted})
    measured = pd.concat([frame.add_prefix(prefix) for prefix, frame in found.items()], axis=1)
    rows = []
    for metric, row in zip(
        wanted, measured.reindex([m.name for m in wanted]).to_dict("records"), strict=True
    ):
        days = length / _DAY * variances.get(metric.name, math.nan)
        rows.append(_described(metric, missing[metric.name]) | _typed(row) | _changes(metric, row, days))
    return judged(pd.DataFrame(rows), SIDES)


def sparklines(
    store: Store,
    metrics: Iterable[Metric],
    *,
    until: dt.date,
    as_of: dt.date | None = None,
    days: int = DRAWN_DAYS,
) -> pd.DataFrame:
    """The daily values of the days before ``until``.

    Args:
        store: As for ``scorecard``.
        metrics: Those wanted.
        until: The day after the last one drawn.
        as_of: Nothing later is known; null = everything in the store is.
        days: How many.

    Returns:
        One row per metric that can be measured and day: ``metric period value denominator``. A day of which
        nothing can be known has no row; one on which a rate has nothing to divide by has a null value.
    """
    window = (until - days * _DAY, until)
    ask = asking(store, as_of)
    known = [metric for metric in metrics if not ask.missing(metric, window)]
    found = ask.daily(known, window)
    return found[["metric", "period", "value", "denominator"]]


def by_group(
    store: Store,
    metrics: Iterable[Metric],
    *,
    by: str,
    since: dt.date,
    until: dt.date,
    as_of: dt.date | None = None,
) -> pd.DataFrame:
    """Rates told apart by a dimension, each group tested against all the others together.

    Args:
        store: As for ``scorecard``.
        metrics: Shares; those whose fact does not know the dimension, or that cannot be measured, are left
            out.
        by: The dimension, such as ``channel``.
        since: Start of the window.
        until: Its end, excluded.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per metric and group, the groups by falling denominator: ``metric group value low high
        numerator denominator few``; ``overall`` (all groups together); ``difference`` to all others together
        with its limits ``difference_low difference_high`` (Newcombe on effective sizes), ``p_value``
        (Benjamini and Hochberg over all rows) and ``real``. Null differences where there are no others.
    """
    ask = asking(store, as_of)
    wanted = [
        m for m in metrics if by in FACTS[m.table].dimensions and not ask.missing(m, (since, until), by=(by,))
    ]
    frame = measure_all(store, wanted, since=since, until=until, by=by, as_of=as_of).rename(
        columns={by: "group"}
    )
    frame = frame[frame["denominator"] > 0].reset_index(drop=True)
    order = {metric.name: place for place, metric in enumerate(wanted)}
    frame = frame.sort_values(
        ["metric", "denominator"],
        key=lambda column: column.map(order) if column.name == "metric" else -column,
        kind="stable",
        ignore_index=True,
    )
    whole = frame.groupby("metric", sort=False)[["numerator", "denominator"]].transform("sum")
    frame["overall"] = whole["numerator"] / whole["denominator"]
    apart = [_against_others(frame, place) for place in range(len(frame))]
    names = ["difference", "difference_low", "difference_high", "p_value"]
    frame[names] = pd.DataFrame(apart, columns=names, index=frame.index, dtype=float)
    frame["p_value"] = adjusted_p_values(frame["p_value"])
    away = (frame["difference_low"] > 0) | (frame["difference_high"] < 0)
    frame["real"] = (frame["p_value"] <= FALSE_DISCOVERY_RATE) & away & ~frame["few"].astype(bool)
    return frame.drop(columns="complete")


def _in_currency(store: Store, metric: Metric) -> Metric:
    """Money named by the currency of the orders."""
    if metric.unit != "money":
        return metric
    currency = store.query(CURRENCY)["currency"].dropna()
    return replace(metric, unit=str(currency.iloc[0])) if len(currency) else metric


def _described(metric: Metric, missing: str) -> dict[str, Any]:
    words = {"metric": metric.name, "unit": metric.unit, "kind": metric.kind, "better": metric.better}
    days = metric.parameters.get("within_days")
    return {**words, "group": group_of(metric), "days": days, "missing": missing}


def _typed(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Flags as such, and numbers as such, where a window was not observed too."""
    flags = {name: value is True for name, value in row.items() if str(name).endswith("few")}
    return {str(name): flags.get(name, math.nan if value is None else value) for name, value in row.items()}


def _changes(metric: Metric, row: Mapping[Any, Any], variance: float) -> dict[str, Any]:
    """The change against each side; ``variance`` is that of a count of one window."""
    found: dict[str, Any] = {}
    now: dict[Hashable, Any] = {name: row[name] for name in MEASURED}
    for side in SIDES:
        before: dict[Hashable, Any] = {name: row[f"{side}_{name}"] for name in MEASURED}
        if metric.kind in COUNTED:
            windows = row["usual_windows"] if side == "usual" else 1
            scale = now["value"] / now["numerator"] if now["numerator"] else 1.0
            error = math.sqrt(variance * (1 + 1 / windows)) * scale if windows else math.nan
            numbers = count_change(now["value"], before["value"], error=error)
        else:
            numbers = change_of(now, before, share=metric.kind == "share")
        found |= {f"{side}_{name}": number for name, number in zip(CHANGES, numbers, strict=True)}
    return found


def _against_others(frame: pd.DataFrame, place: int) -> tuple[float, ...]:
    row = frame.to_dict("records")[place]
    others = frame[(frame["metric"] == row["metric"]) & (frame.index != place)]
    total = float(others["denominator"].sum())
    if not total:
        return (math.nan,) * 4
    sizes = [share_size(*each) for each in zip(others["value"], others["low"], others["high"], strict=True)]
    one = Share(row["value"], share_size(row["value"], row["low"], row["high"]))
    rest = Share(float(others["numerator"].sum()) / total, sum(sizes))
    return one.share - rest.share, *newcombe(one, rest), share_p_value(one, rest)
