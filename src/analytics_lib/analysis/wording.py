"""The language side of one conversation: what it was about, how the mood went, how well the bot writes."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from analytics_lib.analysis.detectors import not_answered
from analytics_lib.analysis.rows import frame_of
from analytics_lib.text.language import main_of
from analytics_lib.text.quality import address_of, readability, typos

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.analysis.detectors import Row

_LEVEL_MESSAGES = 3
_TREND_MESSAGES = 6
Measure = tuple[str, int, int, float, str | None]


@dataclass(frozen=True)
class Language:
    """What one conversation says and how.

    Attributes:
        main: es or en; None where no text tells.
        intents: The flow of intents, one row per run of one intent over the user's messages: ``intent``,
            ``first_position``, ``last_position``, ``messages``, ``mean_confidence``.
        sentiment: One row per message of the user whose sentiment is known: ``position seconds sentiment``,
            ``scored`` (by our scorer), ``level`` (mean of the last three known).
        mean_sentiment: Over those messages; NaN without any.
        sentiment_trend: Mean of their last third less that of the first; NaN under six.
        bot_quality: One row per measure: ``measure``, ``count`` of ``n``, ``value`` and ``detail``. Of the
            bot's texts: repetition (said before), not_understood, address (not in its main form of address,
            which ``detail`` names with the counts), typos (texts with one; ``detail``: the words) and
            readability (``value``: the score, ``n``: words). Of the user's questions: unanswered (no reply,
            or only that they were not understood). ``value`` is null where there is nothing to judge.
    """

    main: str | None
    intents: pd.DataFrame
    sentiment: pd.DataFrame
    mean_sentiment: float
    sentiment_trend: float
    bot_quality: pd.DataFrame


def wording(messages: list[Row], moments: list[Row]) -> Language:
    """The language side of one conversation.

    Args:
        messages: Its messages as read (see ``reading.read_messages``), as rows.
        moments: Its key moments, as rows.
    """
    user = [message for message in messages if message["sender"] == "user"]
    known = [message for message in user if not math.isnan(message["sentiment"])]
    sentiment = [message["sentiment"] for message in known]
    main = main_of(message["language"] for message in messages)
    bots = main_of(message["language"] for message in messages if message["sender"] == "bot")
    return Language(
        main,
        _intent_flow(user),
        _progression(known),
        statistics.fmean(sentiment) if sentiment else math.nan,
        _trend(sentiment),
        # A bot that answers an English customer in Spanish is judged by its Spanish.
        _bot_quality(messages, moments, bots or main),
    )


def _intent_flow(user: list[Row]) -> pd.DataFrame:
    understood = [message for message in user if isinstance(message["intent"], str)]
    runs = [list(run) for _, run in groupby(understood, key=itemgetter("intent"))]
    rows = [
        (run[0]["intent"], run[0]["position"], run[-1]["position"], len(run), _mean_confidence(run))
        for run in runs
    ]
    columns = ("intent", "first_position", "last_position", "messages", "mean_confidence")
    return frame_of(rows, dict.fromkeys(columns))


def _mean_confidence(run: list[Row]) -> float:
    known = [message["confidence"] for message in run if not math.isnan(message["confidence"])]
    return statistics.fmean(known) if known else math.nan


def _progression(known: list[Row]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for place, message in enumerate(known, start=1):
        recent = [row["sentiment"] for row in known[max(0, place - _LEVEL_MESSAGES) : place]]
        facts = (message[name] for name in ("position", "seconds", "sentiment", "scored"))
        rows.append((*facts, statistics.fmean(recent)))
    types = {"position": None, "seconds": None, "sentiment": "float64", "scored": "bool", "level": "float64"}
    return frame_of(rows, types)


def _trend(sentiment: list[float]) -> float:
    if len(sentiment) < _TREND_MESSAGES:
        return math.nan
    third = len(sentiment) // 3
    return statistics.fmean(sentiment[-third:]) - statistics.fmean(sentiment[:third])


def _bot_quality(messages: list[Row], moments: list[Row], main: str | None) -> pd.DataFrame:
    texts = [row["text"] for row in messages if row["sender"] == "bot" and isinstance(row["text"], str)]
    kinds = Counter(moment["kind"] for moment in moments)
    distinct = list(dict.fromkeys(texts))
    rows = [
        _share("repetition", kinds["bot_loop"], len(texts)),
        _share("not_understood", kinds["not_understood"], len(texts)),
        _unanswered(messages, moments),
        _address(texts) if main == "es" else _share("address", 0, 0),
        _typos(distinct, main),
        _readability(distinct, main),
    ]
    return frame_of(rows, dict.fromkeys(("measure", "count", "n", "value", "detail")))


def _share(measure: str, count: int, n: int, detail: str | None = None) -> Measure:
    return measure, count, n, count / n if n else math.nan, detail


def _unanswered(messages: list[Row], moments: list[Row]) -> Measure:
    """Questions of the user without a reply, or replied to only by not having been understood."""
    questions = [row["position"] for row in messages if row["sender"] == "user" and row["asks"]]
    ended = [moment["position"] for moment in moments if moment["kind"] == "unanswered_question"]
    lost = not_answered(messages)
    lost |= {position for position in questions if ended and position >= ended[0]}
    return _share("unanswered", len(lost.intersection(questions)), len(questions))


def _address(texts: list[str]) -> Measure:
    forms_of = {text: {form for form, n in address_of(text).items() if n} for text in set(texts)}
    addressed = [forms_of[text] for text in texts if forms_of[text]]
    uses = Counter(form for forms in addressed for form in sorted(forms))
    if not uses:
        return _share("address", 0, 0)
    # A text that mixes forms is inconsistent in itself, whatever the main form is.
    main = uses.most_common(1)[0][0]
    detail = ", ".join(f"{form} {n}" for form, n in uses.most_common())
    return _share("address", sum(forms != {main} for forms in addressed), len(addressed), detail)


def _typos(texts: list[str], main: str | None) -> Measure:
    if main is None:
        return _share("typos", 0, 0)
    found = [typos(text, main) for text in texts]
    words = sorted({word for each in found for word in each})
    return _share("typos", sum(bool(each) for each in found), len(found), ", ".join(words) or None)


def _readability(texts: list[str], main: str | None) -> Measure:
    joined = "\n".join(text.rstrip() + ("" if text.rstrip()[-1:] in ".!?" else ".") for text in texts)
    score = readability(joined, main) if main else None
    return "readability", 0, len(joined.split()), math.nan if score is None else score, None
