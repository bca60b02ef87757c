"""In what mood users write: of their messages with a known mood, which are negative, neutral, positive.

What the source stores counts, in which null means that no word of the message carried feeling. Of a source
that stores no mood at all, texts are scored here (``text.sentiment``), a sample of them where there are many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.analysis.overview_scope import Asked, part
from analytics_lib.metrics import CATALOG, measure_all
from analytics_lib.store import Store
from analytics_lib.text.columns import values_of
from analytics_lib.text.language import languages, main_of
from analytics_lib.text.sentiment import SCORERS, sentiments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.text.sentiment import Scorer

MOODS = ("negative", "neutral", "positive")
MOST_SCORED = 10_000
_DAYS_UP_TO, _WEEKS_UP_TO = 10, 70


@dataclass(frozen=True)
class Moods:
    """The moods of the window, and of its days, weeks or months.

    Attributes:
        rows: One row per period and mood, the window as a whole first with a null ``period``: ``period``,
            ``mood``, ``numerator`` (messages), ``denominator`` (messages of a known mood), ``value low high``
            (share, 95 % interval: Wilson on effective sizes, since users repeat), ``few``, ``complete``. No
            row where no mood is known.
        period: day, week or month.
        texts: Messages of users with a text in the window.
        known: Of those looked at, messages of a known mood.
        scored: How many texts were scored here; 0 where the source stores the mood.
    """

    rows: pd.DataFrame
    period: str
    texts: int
    known: int
    scored: int


def moods(
    store: Store, asked: Asked, *, scorers: Mapping[str, Scorer] = SCORERS, most: int = MOST_SCORED
) -> Moods:
    """In what mood users wrote in the window.

    Args:
        store: Read: ``messages conversations users``.
        asked: What was asked for.
        scorers: Sentiment scorer by language, where the source stores no mood.
        most: How many texts are scored, drawn by the hash of their ids.
    """
    days = (asked.until - asked.since).days
    period = "day" if days <= _DAYS_UP_TO else "week" if days <= _WEEKS_UP_TO else "month"
    there = store.query(queries.MOODS_STORED, **asked.bound).iloc[0]
    texts, stored = int(there["texts"]), int(there["stored"])
    if not texts and not stored:
        return Moods(pd.DataFrame(columns=_COLUMNS), period, 0, 0, 0)
    scored = 0 if stored else min(texts, most)
    source = part(store, asked) if stored else _scored(store, asked, scorers, most)
    rows = _measured(source, asked, period)
    known = int(rows["denominator"].iloc[0]) if len(rows) else 0
    return Moods(rows if known else rows.head(0), period, texts, known, scored)


_COLUMNS = ["period", "mood", "numerator", "denominator", "value", "low", "high", "few", "complete"]


def _measured(store: Store, asked: Asked, period: str) -> pd.DataFrame:
    metrics = [CATALOG[f"{mood}_sentiment_share"] for mood in MOODS]
    whole = measure_all(store, metrics, as_of=asked.as_of, **asked.days)
    parts = measure_all(
        store, metrics, as_of=asked.as_of, period=period, running=True, since=asked.since, until=asked.until
    )
    # The window as a whole has no first moment.
    frame = pd.concat([whole, parts], ignore_index=True)
    named = frame.assign(mood=frame["metric"].str.removesuffix("_sentiment_share"))
    return named[_COLUMNS]


def _scored(store: Store, asked: Asked, scorers: Mapping[str, Scorer], most: int) -> Store:
    """A store of messages alone, with the mood of each told by its text."""
    written = store.query(queries.UNSCORED, most=most, **asked.bound)
    spoken = languages(written["text"])
    main = main_of(values_of(spoken)) or "es"
    found = sentiments(written["text"], languages=spoken, fallback_language=main, scorers=scorers)
    return Store.in_memory(messages=written.assign(sentiment=found))
