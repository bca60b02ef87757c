"""Whom a funnel counts together: everybody, a group of a dimension, those who entered in one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics_lib.analysis.funnel_question import known_to
from analytics_lib.analysis.numbered_events import NUMBERED_EVENTS, event_names, in_order, labels
from analytics_lib.periods import local_moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_matching import Matched
    from analytics_lib.analysis.funnel_question import Asked
    from analytics_lib.store import Store

ANCHORS = """
select place, coalesce(chat, -1) as chat, occurred_local
from numbered_events
where
    occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
    and ($any_enters or code in (select unnest($entry_codes)))
"""

_UNITS = {"hour": "h", "day": "D", "month": "M"}
_LENGTHS = {
    "hour": pd.DateOffset(hours=1),
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(weeks=1),
    "month": pd.DateOffset(months=1),
}
_MONDAY = np.datetime64("1900-01-01", "D")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


Group = tuple[dict[Hashable, object], "NDArray[np.intp]"]


def whole(matched: Matched) -> list[Group]:
    """Everybody who entered and was not removed, as one group."""
    return [({}, np.flatnonzero(matched.kept))]


def groups(
    store: Store, asked: Asked, matched: Matched, *, by: str | None, period: str | None
) -> list[Group]:
    """What each group is, by column, and the numbers of its users: periods in order, then by falling size.

    Args:
        store: Read: ``events conversations users``.
        asked: The question.
        matched: Who is kept.
        by: A dimension of the anchor; null = none.
        period: Of the anchor; null = none. With ``within``, whoever had less time than that is left out.
    """
    anchors = _anchors(store, asked, matched)
    kept, known = matched.kept.copy(), known_to(store, asked)
    if period and asked.steps.within:
        kept &= matched.entered <= microseconds(known - asked.steps.within)
    chosen = np.flatnonzero(kept)
    columns: dict[str, object] = {}
    if period:
        columns["period"] = _starts(anchors["occurred_local"].to_numpy()[chosen], period)
    if by:
        said = labels(store, by)
        holders = matched.people if by == "segment" else anchors["chat"].to_numpy()
        columns[by] = pd.Categorical.from_codes(said.codes[holders[chosen]], pd.Index(said.words))
    found = _grouped(pd.DataFrame(columns), chosen, by)
    if period:
        return [({**_with_complete(row, asked, known, period)}, members) for row, members in found]
    return found


def _anchors(store: Store, asked: Asked, matched: Matched) -> pa.Table:
    """Of every user the conversation, by number, and the wall clock of the anchor."""
    store.derived(NUMBERED_EVENTS)
    rows = in_order(store.query_arrow(ANCHORS, **asked.entry(event_names(store))), "place")
    return rows.take(pa.array(np.searchsorted(rows["place"].to_numpy(), matched.anchors)))


def _grouped(columns: pd.DataFrame, units: NDArray[np.intp], by: str | None) -> list[Group]:
    """The groups of equal rows, each with its users ascending."""
    names = list(columns)
    found: list[Group] = []
    for values, places in columns.groupby(names, observed=True).indices.items():
        row = dict(zip(names, values if isinstance(values, tuple) else (values,), strict=True))
        found.append((row, np.sort(units[places])))
    return sorted(found, key=lambda one: (one[0].get("period", 0), -len(one[1]), str(one[0].get(by or ""))))


def _with_complete(
    row: dict[Hashable, object], asked: Asked, known: dt.datetime, period: str
) -> dict[Hashable, object]:
    """The row, with whether all of its period lies in the window and everybody in it has had their time."""
    start = pd.Timestamp(row["period"])  # type: ignore[arg-type]  # a start of a period
    end = start + _LENGTHS[period]
    inside = start >= pd.Timestamp(asked.since) and end <= pd.Timestamp(asked.until)
    waited = _wall_clock_known(known) >= end + (asked.steps.within or dt.timedelta())
    rest = {name: value for name, value in row.items() if name != "period"}
    return {"period": start, "complete": bool(inside and waited), **rest}


def _wall_clock_known(known: dt.datetime) -> pd.Timestamp:
    return pd.Timestamp(local_moment(known))


def _starts(local: NDArray[np.datetime64], period: str) -> NDArray[np.datetime64]:
    """The start of the period of each moment."""
    if period != "week":
        return local.astype(f"datetime64[{_UNITS[period]}]").astype("datetime64[us]")
    days = local.astype("datetime64[D]")
    return (days - (days - _MONDAY) % np.timedelta64(7, "D")).astype("datetime64[us]")


def microseconds(moment: dt.datetime) -> int:
    """A moment as whole microseconds since 1970."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)
