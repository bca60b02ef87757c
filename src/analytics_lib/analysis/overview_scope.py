"""What the overview of conversations is asked about: a window, a channel, a segment, a state of knowledge.

Questions that know a window and nothing of segments are asked of the part of the store that belongs to the
channel and the segment, so that each is written once and no filter means something else in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypedDict, cast
from weakref import WeakKeyDictionary

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.analysis.scope import choose_scope, known_before
from analytics_lib.analysis.windows import choose_window
from analytics_lib.errors import RequestError
from analytics_lib.periods import local_moment, window
from analytics_lib.schema import CHANNELS
from analytics_lib.store import Store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd

DAYS = 28
_PARTS: WeakKeyDictionary[Store, dict[Asked, Store]] = WeakKeyDictionary()


class Days(TypedDict):
    """A window.

    Attributes:
        since: Its first day.
        until: The day after its last.
    """

    since: dt.date
    until: dt.date


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        since: First day of the window.
        until: The day after its last.
        as_of: Nothing later is known; null = everything in the store is.
        channel: Only conversations of this channel; null = of all.
        segment: Only conversations of users of this segment; ``unknown`` = of those without one; null = all.
    """

    since: dt.date
    until: dt.date
    as_of: dt.date | None = None
    channel: str | None = None
    segment: str | None = None

    @property
    def days(self) -> Days:
        """The window, to be handed on."""
        return Days(since=self.since, until=self.until)

    @property
    def shown(self) -> dict[str, Any]:
        """What a page says of it: the days, and channel and segment as ``filters``."""
        return {**self.days, "filters": (self.channel, self.segment)}

    @property
    def bound(self) -> dict[str, object]:
        """All of it as parameters of a query."""
        filters = {"channel": self.channel, "segment": self.segment}
        return {**window(self.since, self.until), "as_of": known_before(self.as_of), **filters}

    @property
    def before(self) -> Asked:
        """The same of the window of equal length that ends where this one begins."""
        start = self.since - (self.until - self.since)
        return Asked(start, self.since, self.as_of, self.channel, self.segment)


def choose(  # what a page may be asked for
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
    channel: str = "",
    segment: str = "",
) -> Asked:
    """What somebody asked for; what was left open is the last 28 complete days, every channel and segment.

    Args:
        store: Read: ``messages conversations users``.
        since: First day, as a date or as ISO text.
        until: The day after the last, likewise.
        as_of: Nothing later is known; the window ends with it where ``until`` is left out.
        channel: Only this channel; empty = all.
        segment: Only this segment; empty = all.

    Raises:
        NotEnoughDataError: If the end is left open and the store holds no message.
        RequestError: If a day cannot be read, the window is empty, or there is no such channel or segment.
    """
    asked = choose_window(store, until=until, as_of=as_of)
    scope = choose_scope(store, since=since, until=asked["until"], as_of=as_of, days=DAYS)
    if channel or segment:
        held = store.query(queries.CHOICES)
        values = held.groupby("name")["value"].agg(list).to_dict()
        _check("channel", channel, sorted({*CHANNELS, *values.get("channel", [])}))
        _check("segment", segment, [*values.get("segment", []), "unknown"])
    return Asked(scope["since"], scope["until"], asked["as_of"], channel or None, segment or None)


def known_to(asked: Asked, last: dt.datetime) -> dt.datetime:
    """The moment up to which conversations were watched: ``as_of``, or the last one of the store."""
    return last if asked.as_of is None else known_before(asked.as_of)


def part(store: Store, asked: Asked) -> Store:
    """The store, or what of it belongs to the channel and the segment in the window; kept with the store.

    Of a part are the conversations that started in the window or in which somebody wrote in it, whole; the
    events of these, also later ones; and of a segment the events of its users outside any conversation.

    Args:
        store: Read: ``conversations messages events products users``.
        asked: What was asked for.
    """
    if asked.channel is None and asked.segment is None:
        return store
    kept = _PARTS.setdefault(store, {})
    if asked not in kept:
        bound = {name: value for name, value in asked.bound.items() if name != "as_of"}
        filters = {"segment": asked.segment}
        answers = {
            "conversations": store.query_arrow(queries.PART_CONVERSATIONS, **bound),
            "messages": store.query_arrow(queries.PART_MESSAGES, **bound),
            "events": store.query_arrow(
                queries.PART_EVENTS, since=bound["since"], channel=asked.channel, **filters
            ),
            "products": store.query_arrow(queries.PART_PRODUCTS),
            "users": store.query_arrow(queries.PART_USERS, **filters),
        }
        # Arrow passes the check of the contract as frames do, and several times as fast.
        kept[asked] = Store.in_memory(**cast("dict[str, pd.DataFrame]", answers))
    return kept[asked]


def starts_inside(asked: Asked, first: pd.Timestamp) -> bool:
    """Whether the store begins only after the window does, so that the window was not seen whole."""
    return bool(first.floor("D") > local_moment(asked.since))


def _check(name: str, value: str, known: Sequence[str]) -> None:
    if value and value not in known:
        near = get_close_matches(value, list(known), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RequestError(
            f"{name} is {value!r}, and there is none of that name.{hint} Expected one of "
            f"{', '.join(dict.fromkeys(known))}, or nothing for all."
        )
