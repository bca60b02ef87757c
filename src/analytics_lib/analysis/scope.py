"""Which conversations a question is about: a window, a channel, and up to when the data are known.

A window is half-open on the wall clock of the business. A conversation belongs to the window it started in,
with everything that happened in it later, also after the window's end.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypedDict

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import Moment, local_moment, utc_moment, window

if TYPE_CHECKING:
    from analytics_lib.store import Store

DEFAULT_DAYS = 28
# Later than any time that ingest lets into the store.
_EVERYTHING = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)

LAST_MESSAGE = "select max(sent_local) as last_message from messages"


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


def choose_scope(
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    channel: str | None = None,
    as_of: dt.date | str | None = None,
) -> Scope:
    """The scope somebody asked for, what was left open filled in from the data.

    Without ``until`` the window ends with the day of ``as_of`` left out, or else with the day of the last
    message in the store; without ``since`` it is 28 days long.

    Args:
        store: Read: ``messages``.
        since: First day, as a date or as ISO text.
        until: The day after the last, likewise.
        channel: Only this channel; null or empty text = all.
        as_of: Nothing later is known.

    Raises:
        NotEnoughDataError: If the end is left open and the store holds no message.
        RequestError: If a day cannot be read, or the window is empty.
    """
    known = _day(as_of, "as_of")
    end = _day(until, "until") or known or _day_after_last_message(store)
    start = _day(since, "since") or end - dt.timedelta(days=DEFAULT_DAYS)
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


def _day(given: dt.date | str | None, name: str) -> dt.date | None:
    if not given or isinstance(given, dt.date):
        return given or None
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        raise RequestError(f"{name} is {given!r}; expected a day such as 2026-01-31.") from error


def _day_after_last_message(store: Store) -> dt.date:
    last = store.query(LAST_MESSAGE)["last_message"].dropna()
    if last.empty:
        raise NotEnoughDataError(
            "The store holds no message yet, so there is no last day to end the window with. "
            "Ingest or simulate conversations first, or give until."
        )
    day: dt.date = last.iloc[0].date()
    return day + dt.timedelta(days=1)
