"""What is asked of a metric: the window, the period, the dimensions, and up to when the data are known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import pandas as pd

from analytics_lib.config import load_settings
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.statements import mentioned
from analytics_lib.periods import Moment, Period, check_period, local_moment, utc_moment, window

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from analytics_lib.metrics.metric import Metric
    from analytics_lib.store import Store

SPANS = """
select 'conversations' as name, count(*) as rows_of, min(started_local) as first_local,
    max(started_local) as last_local, max(greatest(started_at, ended_at)) as last_at from conversations
union all
select 'messages', count(*), min(sent_local), max(sent_local), max(sent_at) from messages
union all
select 'actions', count(*), min(started_local), max(started_local), max(started_at) from actions
union all
select 'events', count(*), min(occurred_local), max(occurred_local), max(occurred_at) from events
union all
select 'orders', count(*), min(ordered_local), max(ordered_local), max(ordered_at) from orders
union all
select 'api_requests', count(*), min(requested_local), max(requested_local), max(requested_at) from
api_requests union all
select 'samples', count(*), min(sampled_local), max(sampled_local), max(sampled_at) from samples
"""

# Later than any time that ingest lets into the store.
_EVERYTHING = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)
_TICK = dt.timedelta(microseconds=1)
_STEPS = {
    "hour": pd.DateOffset(hours=1),
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(weeks=1),
    "month": pd.DateOffset(months=1),
}
_SPANS: WeakKeyDictionary[Store, pd.DataFrame] = WeakKeyDictionary()


@dataclass(frozen=True)
class Question:
    """A window ``[since, until)`` on the wall clock of the business, by period and dimensions.

    Attributes:
        since: Its first moment.
        until: The first moment after it.
        period: Calendar period; null = the window as one.
        by: Dimensions.
        as_of: Nothing later is known.
        known_to: ``as_of``, or the last moment anything in the store happened at.
        known_local: ``as_of`` on the wall clock, or the moment after the last one any row stands at.
        as_of_local: ``as_of`` on the wall clock; null = everything in the store is known.
        running: Whether the period that runs at ``as_of`` is wanted too.
    """

    since: dt.datetime
    until: dt.datetime
    period: Period | None
    by: tuple[str, ...]
    as_of: dt.datetime
    known_to: dt.datetime
    known_local: dt.datetime
    as_of_local: dt.datetime | None
    running: bool = False

    @property
    def bound(self) -> dict[str, object]:
        """The values every query of a fact may bind."""
        return {
            "since": self.since,
            "until": self.until,
            "as_of": self.as_of,
            "known_to": self.known_to,
            "period": self.period,
            "ends_local": self.ends_local,
            "families": [],
        }

    @property
    def ends_local(self) -> dt.datetime:
        """The end of the window, or of what is known where that comes before."""
        return min(self.until, self.as_of_local or self.until, self.known_local)

    @property
    def keys(self) -> list[str]:
        """The columns a group is told by."""
        return [*(["period"] if self.period else []), *self.by]

    def ends(self, starts: pd.Series) -> pd.Series:
        """The first moment after each period."""
        return starts + _STEPS[str(self.period)]

    def periods(self, since: dt.datetime, until: dt.datetime) -> pd.DatetimeIndex:
        """The starts of the periods that lie in a stretch, also in part."""
        first = pd.Timestamp(since).to_period(
            {"hour": "h", "day": "D", "week": "W", "month": "M"}[str(self.period)]
        )
        return pd.date_range(
            first.start_time, until, freq=_STEPS[str(self.period)], inclusive="left", unit="us"
        )


def ask(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    period: str | None = None,
    by: str | Sequence[str] | None = None,
    as_of: Moment | None = None,
    running: bool = False,
) -> Question:
    """The question in the terms of the store.

    Raises:
        RequestError: If the window is empty, the period is unknown, or a dimension is given twice.
    """
    bounds = window(since, until)
    dimensions = (by,) if isinstance(by, str) else tuple(by or ())
    if len(set(dimensions)) < len(dimensions):
        raise RequestError(f"by names a dimension twice: {', '.join(dimensions)}.")
    known_to = utc_moment(as_of) if as_of is not None else last_moment(store)
    return Question(
        **bounds,
        period=check_period(period) if period is not None else None,
        by=dimensions,
        as_of=utc_moment(as_of or _EVERYTHING),
        known_to=known_to,
        known_local=local_moment(as_of) if as_of is not None else _last_local(store) + _TICK,
        as_of_local=local_moment(as_of) if as_of is not None else None,
        running=running,
    )


def spans(store: Store) -> pd.DataFrame:
    """What the store holds, kept with it: by table ``rows_of first_local last_local last_at``."""
    if store not in _SPANS:
        _SPANS[store] = store.query(SPANS).set_index("name")
    return _SPANS[store]


def span_of(store: Store, table: str) -> tuple[dt.datetime, dt.datetime]:
    """From when to when a table has rows, on the wall clock; the end excluded."""
    row: dict[Hashable, Any] = spans(store).loc[table].to_dict()
    return row["first_local"].to_pydatetime(), row["last_local"].to_pydatetime() + _TICK


def last_moment(store: Store) -> dt.datetime:
    """The last moment anything in the store happened at; the beginning of time where it is empty."""
    last = spans(store)["last_at"].max()
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) if pd.isna(last) else last.to_pydatetime()


def tables_of(metric: Metric, *, by: Sequence[str] = ()) -> list[str]:
    """The tables of the contract without which a metric cannot be measured."""
    fact = FACTS[metric.table]
    parts = fact.parts_for(mentioned([metric], by, fact))
    found = [*fact.reads, *(table for part in parts for table in part.reads)]
    return [table for table in dict.fromkeys(found) if table not in metric.without]


def _last_local(store: Store) -> dt.datetime:
    last = spans(store)["last_local"].max()
    return dt.datetime(1970, 1, 1) if pd.isna(last) else last.to_pydatetime()  # noqa: DTZ001


def check_metric(store: Store, metric: Metric, question: Question) -> None:
    """Refuse what a metric cannot answer.

    Raises:
        RequestError: If its fact has no such dimension; the message lists those there are.
        NotEnoughDataError: If a table it counts holds no row at all.
    """
    fact = FACTS[metric.table]
    for name in question.by:
        if name not in fact.dimensions:
            near = get_close_matches(name, fact.dimensions, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise RequestError(
                f"{metric.name} cannot be told apart by {name!r}.{hint} "
                f"Its dimensions: {', '.join(fact.dimensions)}."
            )
    held = spans(store)["rows_of"]
    absent = [table for table in tables_of(metric, by=question.by) if not held[table]]
    if absent:
        there = ", ".join(f"{name} ({count:,} rows)" for name, count in held.items() if count)
        raise NotEnoughDataError(
            f"{metric.name} counts rows of {absent[0]}, and none was ever ingested. The store holds "
            f"{there or 'nothing yet'}. Ingest {absent[0]}, or ask for a metric over another table."
        )


def marks(question: Question) -> list[dt.datetime]:
    """The starts of the periods of a window, its own start first; only the start without a period."""
    if question.period is None:
        return [question.since]
    starts = question.periods(question.since, question.until)
    return [question.since, *(start for start in starts.to_pydatetime() if start > question.since)]


def hours(since: pd.Series, until: pd.Series) -> pd.Series:
    """The hours that pass between moments of the wall clock, also where clocks are set forward or back."""
    zone = ZoneInfo(load_settings().time_zone)
    starts, ends = (
        times.map(lambda time: pd.Timestamp(time).to_pydatetime().replace(tzinfo=zone).timestamp())
        for times in (since, until)
    )
    return (ends - starts) / 3600
