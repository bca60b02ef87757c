"""Which conversations a question is about: a window, a channel, and up to when the data are known.

A window is half-open on the wall clock of the business. A conversation belongs to the window it started in,
with everything that happened in it later, also after the window's end.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from analytics_lib.errors import NotEnoughDataError
from analytics_lib.periods import Moment, day_of, local_moment, utc_moment, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.store import Store

DEFAULT_DAYS = 28
# Later than any time that ingest lets into the store.
_EVERYTHING = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)

LAST_ROWS = """
select 'messages' as name, max(sent_local) as last_local from messages
union all
select 'events' as name, max(occurred_local) as last_local from events
union all
select 'orders' as name, max(ordered_local) as last_local from orders
"""


class Scope(TypedDict):
    """What every question on conversations takes, so that it can be handed on whole.

    Attributes:
        since: First day or moment of the window.
        until: The first day or moment after it.
        channel: Only conversations of this channel; null = of all.
        as_of: Nothing later is known; null = everything in the store is.
    """

    since: Moment
    until: Moment
    channel: str | None
    as_of: Moment | None


def choose_scope(  # what a page may ask, and what it is about
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    channel: str | None = None,
    as_of: dt.date | str | None = None,
    about: Sequence[str] = ("messages",),
    days: int = DEFAULT_DAYS,
) -> Scope:
    """The scope somebody asked for, what was left open filled in from the data.

    Without ``until`` the window ends with the day of ``as_of`` left out, or else with the day of the last row
    of the tables it is about; without ``since`` it is ``days`` long.

    Args:
        store: Read: ``messages events orders``.
        since: First day, as a date or as ISO text.
        until: The day after the last, likewise.
        channel: Only this channel; null or empty text = all.
        as_of: Nothing later is known.
        about: Of ``messages events orders``, the tables whose last row ends a window that is left open.
        days: Length of a window whose start is left open.

    Raises:
        NotEnoughDataError: If the end is left open and these tables hold no row.
        RequestError: If a day cannot be read, or the window is empty.
    """
    known = day_of(as_of, "as_of")
    end = day_of(until, "until") or known or _day_after_last(store, about)
    start = day_of(since, "since") or end - dt.timedelta(days=days)
    window(start, end)
    return Scope(since=start, until=end, channel=channel or None, as_of=known)


def bounds(
    *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> dict[str, object]:
    """The scope as parameters of a query; ``since`` and ``until`` are bounds for ``_local`` columns.

    Raises:
        RequestError: If the window is empty or runs backwards.
    """
    return {**window(since, until), "channel": channel, "as_of": known_before(as_of)}


def known_before(as_of: Moment | None) -> dt.datetime:
    """``as_of`` in UTC, a bound for ``_at`` columns; null = later than everything."""
    return utc_moment(as_of or _EVERYTHING)


def known_until(as_of: Moment | None) -> dt.datetime:
    """``as_of`` on the wall clock of the business; null = later than everything."""
    return local_moment(as_of or _EVERYTHING)


def _day_after_last(store: Store, about: Sequence[str]) -> dt.date:
    rows = store.query(LAST_ROWS)
    last = rows.loc[rows["name"].isin(about), "last_local"].max()
    if pd.isna(last):
        kinds = ", ".join(name.removesuffix("s") for name in about)
        raise NotEnoughDataError(
            f"The store holds no {kinds} yet, so there is no last day to end the window with. "
            "Ingest or simulate conversations first, or give until."
        )
    day: dt.date = last.date()
    return day + dt.timedelta(days=1)
