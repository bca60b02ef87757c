"""The windows a number is compared with, and what metrics measure in them and in several of them together."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from analytics_lib.analysis.changes import share_size
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics import Metric, measure_all
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.intervals import wilson
from analytics_lib.metrics.question import spans, tables_of
from analytics_lib.periods import Moment, local_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.store import Store

RECORDED = """
select
    count(intent) as intent, count(confidence) as confidence, count(true_intent) as true_intent,
    count(sentiment) as sentiment, 0 as csat, 0 as nps, 0 as currencies
from messages
union all
select 0, 0, 0, 0, count(csat), count(nps), 0 from conversations
union all
select 0, 0, 0, 0, 0, 0, count(distinct currency) from orders
"""
LAST_DAY = "select max(sent_local)::date as day from messages"

DAYS = 7
MEASURED = ("value", "low", "high", "numerator", "denominator", "few")
# Counted in full: such numbers have no denominator.
COUNTED = ("count", "total", "per_hour")
_USUAL_WEEKS = 4
# Columns in which a source that does not record the thing has no value at all, so that 0 would be no
# observation; and the words of a metric's SQL that read them.
_COLUMNS = {
    **{column: {column} for column in ("confidence", "true_intent", "sentiment", "csat", "nps")},
    "intent": {"detected", "intent"},
}
_WORD = re.compile(r"[a-z_]+")

Window = tuple[dt.date, dt.date]


class Asked(TypedDict):
    """The window that was asked for.

    Attributes:
        since: Its first day.
        until: The day after its last.
        as_of: Nothing later is known; null = everything in the store is.
    """

    since: dt.date
    until: dt.date
    as_of: dt.date | None


def choose_window(
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
) -> Asked:
    """The window somebody asked for; what was left open is the last 7 complete days.

    The day of the last message may still be running, so that without ``until`` and ``as_of`` the window ends
    before it.

    Args:
        store: Read: ``messages``.
        since: First day, as a date or as ISO text.
        until: The day after the last, likewise.
        as_of: Nothing later is known; the window ends with it where ``until`` is left out.

    Raises:
        NotEnoughDataError: If the end is left open and the store holds no message.
        RequestError: If a day cannot be read, or the window is empty.
    """
    if not until and not as_of:
        last = store.query(LAST_DAY)["day"].dropna()
        if last.empty:
            raise NotEnoughDataError(
                "The store holds no message yet, so there is no last day to end the window with. Ingest or "
                "simulate conversations first, or give until."
            )
        until = pd.Timestamp(last.iloc[0]).date()
    scope = choose_scope(store, since=since or "1900-01-01", until=until, as_of=as_of)
    start = scope["since"] if since else scope["until"] - dt.timedelta(days=DAYS)
    return Asked(since=start, until=scope["until"], as_of=scope["as_of"])


@dataclass(frozen=True)
class Asking:
    """A store, and up to when it is taken to be known.

    Attributes:
        store: What is asked.
        as_of: Nothing later is known; null = everything in the store is.
        recorded: How many values each of the columns holds that a source may not record.
    """

    store: Store
    as_of: Moment | None
    recorded: Mapping[str, int]

    def missing(self, metric: Metric, window: Window, *, by: Sequence[str] = ()) -> str:
        """For want of what it is not measurable: a table, a column, ``currencies``, ``rates``; else empty."""
        held = spans(self.store)["rows_of"]
        absent = [table for table in tables_of(metric, by=by) if not held.get(table, 1)]
        words = set(_WORD.findall(f"{metric.numerator} {metric.denominator}"))
        absent += [name for name, used in _COLUMNS.items() if used & words and not self.recorded[name]]
        absent += ["currencies"] if metric.unit == "money" and self.recorded["currencies"] > 1 else []
        absent += [] if self.priced(metric, window) else ["rates"]
        return next(iter(absent), "")

    def measured(self, metrics: Sequence[Metric], window: Window) -> pd.DataFrame:
        """The columns ``MEASURED`` by metric; all null where the window begins before the table does."""
        begun = [metric for metric in metrics if self.observed(metric, window)]
        since, until = window
        found = measure_all(self.store, begun, since=since, until=until, as_of=self.as_of).set_index("metric")
        return found.reindex([metric.name for metric in metrics])[list(MEASURED)]

    def daily(self, metrics: Sequence[Metric], window: Window) -> pd.DataFrame:
        """One row per metric and day of the window: what ``measure_all`` gives by day."""
        since, until = window
        return measure_all(self.store, metrics, since=since, until=until, period="day", as_of=self.as_of)

    def observed(self, metric: Metric, window: Window) -> bool:
        """Whether the table a metric counts holds rows of the window's first day or before."""
        first = spans(self.store)["first_local"][FACTS[metric.table].reads[0]]
        return bool(first.floor("D") <= _start(window)) and self.priced(metric, window)

    def priced(self, metric: Metric, window: Window) -> bool:
        """Whether there is a price from the window's start on, for metrics that need any."""
        rates = metric.parameters.get("rates", ["1900-01-01"])
        days = [pd.Timestamp(str(row).split("|", 1)[0]) for row in rates] if isinstance(rates, list) else []
        return bool(days) and min(days) <= _start(window)

    def usual(self, metrics: Sequence[Metric], window: Window) -> pd.DataFrame:
        """The columns ``MEASURED`` of the usual windows together, and how many were observed (``windows``).

        Counts and what is computed at moments are the mean of the windows, rates are pooled over them.
        Windows that touch are measured as one for the rates, which gives their percentiles too.
        """
        shifted = usual_windows(*window)
        seen = {metric.name: sum(self.observed(metric, each) for each in shifted) for metric in metrics}
        parts = [
            self._together([metric for metric in metrics if seen[metric.name] == n], shifted[:n])
            for n in sorted(set(seen.values()))
        ]
        columns = [*MEASURED, "windows"]
        return pd.concat(parts).reindex(list(seen)) if parts else pd.DataFrame(columns=columns)

    def _together(self, metrics: Sequence[Metric], windows: Sequence[Window]) -> pd.DataFrame:
        names = pd.Index([metric.name for metric in metrics], name="metric")
        if not windows:
            return pd.DataFrame(index=names, columns=[*MEASURED]).assign(windows=0)
        touching = all(before[1] == after[0] for after, before in pairwise(windows))
        stretches = [(windows[-1][0], windows[0][1])] if touching else windows
        rates = [metric for metric in metrics if metric.is_rate]
        counts = [metric for metric in metrics if not metric.is_rate]
        parts = [
            pooled(rates, [self.measured(rates, stretch) for stretch in stretches]),
            averaged([self.measured(counts, each) for each in windows]),
        ]
        return pd.concat([part for part in parts if len(part)]).assign(windows=len(windows))


def asking(store: Store, as_of: Moment | None) -> Asking:
    """The store with what its sources recorded."""
    recorded = store.query(RECORDED).sum()
    return Asking(store, as_of, {str(name): int(values) for name, values in recorded.items()})


def _start(window: Window) -> pd.Timestamp:
    return pd.Timestamp(local_moment(window[0]))


def usual_windows(since: dt.date, until: dt.date) -> list[Window]:
    """The windows of equal length and the same weekdays within the four weeks before, the newest first.

    A window longer than a week is moved back by as many whole weeks as it needs, once at least.
    """
    weeks = math.ceil((until - since) / dt.timedelta(weeks=1))
    shifts = [dt.timedelta(weeks=weeks * n) for n in range(1, max(_USUAL_WEEKS // weeks, 1) + 1)]
    return [(since - shift, until - shift) for shift in shifts]


def averaged(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Counts of several windows as those of one: the mean of each."""
    every = pd.concat(frames)
    mean = every[["value", "numerator", "denominator"]].astype(float).groupby(level=0, sort=False).mean()
    return mean.assign(low=math.nan, high=math.nan, few=False)[list(MEASURED)]


def pooled(metrics: Sequence[Metric], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rates of several windows as one: numerators and denominators added up, never the mean of rates.

    The limits of a share are Wilson's on the sum of the windows' effective sizes; of a mean or a score those
    of the windows, squared, weighted by the denominators and added (MOVER). A percentile of windows cannot be
    pooled: null.
    """
    if len(frames) == 1:
        return frames[0]
    rows = {
        metric.name: _pooled(metric, pd.DataFrame([frame.loc[metric.name] for frame in frames]))
        for metric in metrics
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(MEASURED))


def _pooled(metric: Metric, windows: pd.DataFrame) -> tuple[object, ...]:
    windows = windows[windows["denominator"].astype(float) > 0].astype(float)
    numerator, denominator = float(windows["numerator"].sum()), float(windows["denominator"].sum())
    few = denominator < metric.minimum_n
    if metric.kind == "quantile" or not denominator:
        return math.nan, math.nan, math.nan, math.nan, denominator, few
    value = numerator / denominator * (100 if metric.kind == "nps" else 1)
    if metric.kind == "share":
        limits = zip(windows["value"], windows["low"], windows["high"], strict=True)
        size = sum(share_size(*each) for each in limits)
        return value, *wilson(value * size, size), numerator, denominator, few
    weights = windows["denominator"] / denominator
    below, above = (math.hypot(*(weights * (windows[end] - windows["value"]))) for end in ("low", "high"))
    return value, value - below, value + above, numerator, denominator, few
