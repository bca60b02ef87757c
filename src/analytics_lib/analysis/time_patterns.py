"""The week's rhythm: how many conversations start in each hour of each weekday, and how they end.

An hour of the week is counted with the metrics of the catalogue, so that it means what they mean elsewhere.
A day of the window on which nobody wrote counts as 0 for the volume; a rate of an hour without any
conversation is null. Cells of fewer than 30 are marked, and an hour is called unusual only if its rate
differs from all other hours together beyond chance, corrected for all cells (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.changes import share_size
from analytics_lib.analysis.differences import Share, judged, newcombe, share_p_value
from analytics_lib.analysis.topic_messages import segment_bounds
from analytics_lib.metrics import CATALOG, measure_all
from analytics_lib.metrics.question import spans, tables_of
from analytics_lib.periods import local_moment, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.analysis.topic_messages import Segment
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

RATES = ("conversion_rate", "escalation_rate")
_CELL = ["weekday", "hour"]


def week_hours(  # which conversations, of when, up to when
    store: Store,
    *,
    since: Moment,
    until: Moment,
    rates: Sequence[str] = RATES,
    segment: Segment | None = None,
    outcome: str | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """Volume and rates by weekday and hour, by the wall clock on which conversations started.

    Args:
        store: Read: the tables of the metrics.
        since: Start of the window.
        until: Its end, excluded.
        rates: Metrics of conversations of kind ``share``.
        segment: Only conversations of this dimension and value.
        outcome: Only conversations that ended so; then rates are left out, since the end decides them.
        as_of: Nothing later is known.

    Returns:
        One row per metric (``conversations``, then the rates), ``weekday`` (Monday 1 to Sunday 7) and
        ``hour`` (0 to 23), all 168 of them: ``days`` (such days in the window that the data reach),
        ``numerator denominator value low high few`` (of the volume: conversations, days, and their quotient;
        no interval). Of rates also ``rest`` (the rate of all other hours together), ``difference`` from it
        with its 95 % interval ``difference_low difference_high`` (Newcombe), ``p_value`` (corrected) and
        ``real``; null where nothing was counted. A rate for which a table was never ingested has no rows.

    Raises:
        RequestError: If the window is empty, or a metric, the dimension or the outcome is none there is.
    """
    segment_bounds(segment, outcome)
    held = spans(store)["rows_of"]
    names = ["conversations", *(name for name in rates if outcome is None)]
    able = [CATALOG[name] for name in names if all(held[table] for table in tables_of(CATALOG[name]))]
    if not able:
        return _cells(pd.DataFrame(columns=[*_CELL, "metric"])).iloc[:0]
    extra = [*([segment[0]] if segment else []), *(["outcome"] if outcome else [])]
    frame = measure_all(store, able, since=since, until=until, by=[*_CELL, *extra], as_of=as_of)
    if segment:
        frame = frame[frame[segment[0]] == segment[1]]
    if outcome:
        frame = frame[frame["outcome"] == outcome]
    days = _days(store, since=since, until=until, as_of=as_of)
    volume = _volume(frame[frame["metric"] == "conversations"], days)
    each = [_rate(frame[frame["metric"] == metric.name], metric.name, days) for metric in able[1:]]
    return pd.concat([volume, *each], ignore_index=True)


def _days(store: Store, *, since: Moment, until: Moment, as_of: Moment | None) -> pd.Series:
    """How many days of each weekday lie in the window and between the first and last conversation."""
    span, bounds = spans(store).loc["conversations"], window(since, until)
    first = max(pd.Timestamp(bounds["since"]), span["first_local"].floor("D"))
    ends = [pd.Timestamp(bounds["until"]), span["last_local"].floor("D") + pd.Timedelta(days=1)]
    ends += [pd.Timestamp(local_moment(as_of))] if as_of is not None else []
    found = pd.date_range(first.floor("D"), min(ends) - dt.timedelta(microseconds=1), freq="D")
    return pd.Series(found.day_of_week + 1).value_counts().reindex(range(1, 8), fill_value=0)


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each of the 168 hours of the week."""
    grid = pd.MultiIndex.from_product([range(1, 8), range(24)], names=_CELL).to_frame(index=False)
    typed = frame.assign(**{name: frame[name].astype("int64") for name in _CELL})
    return grid.merge(typed, on=_CELL, how="left")


def _volume(frame: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
    cells = _cells(frame).assign(metric="conversations")
    cells["days"] = cells["weekday"].map(days).astype("int64")
    known = cells["days"] > 0
    cells["numerator"] = cells["numerator"].astype(float).fillna(0).where(known)
    cells["denominator"] = cells["days"].astype(float)
    cells["value"] = cells["numerator"] / cells["denominator"].where(known)
    few = cells["days"] < 2
    return _columns(cells.assign(low=np.nan, high=np.nan, few=few))


def _rate(frame: pd.DataFrame, metric: str, days: pd.Series) -> pd.DataFrame:
    cells = _cells(frame).assign(metric=metric)
    cells["days"] = cells["weekday"].map(days).astype("int64")
    numbers = ("numerator", "denominator", "value", "low", "high")
    cells = cells.assign(**{name: cells[name].astype(float) for name in numbers})
    cells["few"] = cells["denominator"].fillna(0) < CATALOG[metric].minimum_n
    of, total = (cells[name].fillna(0) for name in ("numerator", "denominator"))
    rest_of, rest_total = of.sum() - of, total.sum() - total
    cells["rest"] = rest_of / rest_total.where(rest_total > 0)
    compared = [
        _compared(*row)
        for row in zip(cells["value"], cells["low"], cells["high"], cells["rest"], rest_total, strict=True)
    ]
    names = ["difference", "difference_low", "difference_high", "p_value"]
    found = pd.DataFrame(compared, columns=names)
    tested = cells.assign(**{name: found[name].to_numpy() for name in names})
    tested.loc[tested["few"], "p_value"] = np.nan
    real = judged(
        tested.assign(low=tested["difference_low"], high=tested["difference_high"], place=range(len(tested)))
    ).sort_values("place")
    return _columns(tested.assign(p_value=real["p_value"].to_numpy(), real=real["real"].to_numpy(dtype=bool)))


def _compared(value: float, low: float, high: float, rest: float, n: float) -> tuple[float, ...]:
    """A cell's rate less that of all others, with its interval and p-value, taken as independent."""
    here = share_size(value, low, high)
    if not here or not n:
        return (np.nan,) * 4
    first, second = Share(value, here), Share(rest, n)
    return (value - rest, *newcombe(first, second), share_p_value(first, second))


def _columns(cells: pd.DataFrame) -> pd.DataFrame:
    names = ("rest", "difference", "difference_low", "difference_high", "p_value")
    filled = cells.assign(
        **{name: np.nan for name in names if name not in cells},
        **({} if "real" in cells else {"real": False}),
    )
    front = ["metric", *_CELL, "days", "numerator", "denominator", "value", "low", "high", "few"]
    return filled[[*front, *names, "real"]]
