"""Everything the page on what people ask shows, read with one window, segment and state of knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from analytics_lib.analysis.common_issues import common_issues, unrecorded
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.analysis.time_patterns import week_hours
from analytics_lib.analysis.topic_endings import endings, worse_first
from analytics_lib.analysis.topic_messages import Segment, read_asked, segment_bounds
from analytics_lib.analysis.topics import Topics, growth, topics
from analytics_lib.analysis.trends import choose_weeks
from analytics_lib.analysis.trends_sequences import Sequences, sequences
from analytics_lib.analysis.trends_words import trending_products, trending_words
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

_MOVED = ("new", "rising", "falling")


class _Bounds(TypedDict):
    since: Moment
    until: Moment


class _Chosen(TypedDict):
    segment: Segment | None
    outcome: str | None
    as_of: Moment | None


@dataclass(frozen=True)
class Question:
    """What was asked for.

    Attributes:
        since: First day of the window.
        until: The day after its last.
        as_of: Nothing later is known; null = everything in the store is.
        segment: Only conversations of this dimension and value; null = all.
        ending: Only conversations that ended so; null = all.
    """

    since: Moment
    until: Moment
    as_of: Moment | None
    segment: Segment | None
    ending: str | None


@dataclass(frozen=True)
class Page:
    """What was found; each frame as its function documents it.

    Attributes:
        topics: See ``topics.topics``.
        growth: See ``topics.growth``, its first frame.
        weeks: Its second.
        endings: See ``topic_endings.endings``.
        words: See ``trends_words.trending_words``.
        products: See ``trends_words.trending_products``.
        issues: See ``common_issues.common_issues``.
        unrecorded: See ``common_issues.unrecorded``.
        hours: See ``time_patterns.week_hours``.
        sequences: See ``trends_sequences.sequences``.
    """

    topics: Topics
    growth: pd.DataFrame
    weeks: pd.DataFrame
    endings: pd.DataFrame
    words: pd.DataFrame
    products: pd.DataFrame
    issues: pd.DataFrame
    unrecorded: list[str]
    hours: pd.DataFrame
    sequences: Sequences

    @property
    def moved(self) -> dict[str, list[str]]:
        """What moved against its own weeks before, by what it is."""
        failed = self.issues[self.issues["kind"] == "failed_action"]
        sides = {
            "topics": (self.growth, "topic"),
            "words": (self.words, "word"),
            "products": (self.products, "product"),
            "failed_actions": (failed, "name"),
        }
        return {
            name: list(dict.fromkeys(frame.loc[frame["verdict"].isin(_MOVED), column].astype(str)))
            for name, (frame, column) in sides.items()
        }

    @property
    def worse(self) -> pd.DataFrame:
        """See ``topic_endings.worse_first``."""
        return worse_first(self.endings)

    @property
    def ends_worse(self) -> list[dict[str, object]]:
        """Topics that end badly more often than the other conversations, the costliest first."""
        worse = self.worse
        columns = ["topic", "ending", "first_share", "first_total", "second_share"]
        return [
            {str(name): value for name, value in row.items()} for row in worse[columns].to_dict("records")
        ]


def choose(  # what a page may be asked for
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
    dimension: str = "",
    value: str = "",
    ending: str = "",
) -> Question:
    """What somebody asked for, what was left open chosen from the data (see ``scope.choose_scope``).

    Raises:
        RequestError: If only one of dimension and value is given, or one of the names is none there is.
        NotEnoughDataError: If the end is left open and the store holds no message.
    """
    if bool(dimension) != bool(value):
        raise RequestError(
            f"dimension is {dimension!r} and value {value!r}; expected both, such as channel and instagram, "
            "or neither for everybody."
        )
    segment = (dimension, value) if dimension else None
    segment_bounds(segment, ending or None)
    scope = choose_scope(store, since=since, until=until, as_of=as_of)
    return Question(scope["since"], scope["until"], scope["as_of"], segment, ending or None)


def read(store: Store, asked: Question, *, outcome: str, recent: int = 1, history: int = 8) -> Page:
    """Everything the page shows.

    Args:
        store: Read: every table but those of the infrastructure.
        asked: What was asked for.
        outcome: Name of the event that sequences are to lead to; sequences know no ``ending``.
        recent: The last full weeks that are compared.
        history: The weeks they are compared with, at most.

    Raises:
        RequestError: If the weeks are none, or there are events but none called ``outcome``.
    """
    bounds = _Bounds(since=asked.since, until=asked.until)
    chosen = _Chosen(segment=asked.segment, outcome=asked.ending, as_of=asked.as_of)
    weeks = choose_weeks(store, until=asked.until, as_of=asked.as_of, recent=recent, history=history)
    written = read_asked(store, **bounds, weeks=weeks, **chosen)
    found = topics(written)
    grown, by_week = growth(written, found)
    return Page(
        topics=found,
        growth=grown,
        weeks=by_week,
        endings=endings(written, found),
        words=trending_words(written),
        products=trending_products(store, weeks, **chosen),
        issues=common_issues(store, written, found, **bounds, as_of=asked.as_of),
        unrecorded=unrecorded(store),
        hours=week_hours(store, **bounds, **chosen),
        sequences=sequences(store, **bounds, outcome=outcome, segment=asked.segment),
    )
