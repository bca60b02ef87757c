"""The language side of one conversation: what it was about, how the mood went, how well the bot writes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.text.language import main_language
from analytics_lib.text.quality import address_forms, readability, typos

if TYPE_CHECKING:
    from analytics_lib.analysis.timeline import Timeline

_LEVEL_MESSAGES = 3
_TREND_MESSAGES = 6


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


def wording(timeline: Timeline, moments: pd.DataFrame) -> Language:
    """The language side of one conversation.

    Args:
        timeline: One conversation, its messages read (see ``reading.read_messages``).
        moments: Its key moments.
    """
    messages = timeline.messages
    user = messages[messages["sender"] == "user"]
    known = user[user["sentiment"].notna()]
    main = main_language(messages["text"])
    level = known["sentiment"].astype(float).rolling(_LEVEL_MESSAGES, min_periods=1).mean()
    progression = known[["position", "seconds", "sentiment", "scored"]].assign(level=level)
    return Language(
        main,
        _intent_flow(user),
        progression.reset_index(drop=True),
        float(known["sentiment"].astype(float).mean()),
        _trend(known["sentiment"].astype(float)),
        _bot_quality(messages, moments, main),
    )


def _intent_flow(user: pd.DataFrame) -> pd.DataFrame:
    understood = user[user["intent"].notna()]
    run = (understood["intent"] != understood["intent"].shift()).cumsum()
    return understood.groupby(run.rename("run")).agg(
        intent=("intent", "first"),
        first_position=("position", "first"),
        last_position=("position", "last"),
        messages=("position", "size"),
        mean_confidence=("confidence", "mean"),
    )


def _trend(sentiment: pd.Series) -> float:
    if len(sentiment) < _TREND_MESSAGES:
        return math.nan
    third = len(sentiment) // 3
    return float(sentiment.iloc[-third:].mean() - sentiment.iloc[:third].mean())


def _bot_quality(messages: pd.DataFrame, moments: pd.DataFrame, main: str | None) -> pd.DataFrame:
    texts = messages.loc[(messages["sender"] == "bot") & messages["text"].notna(), "text"]
    kinds = moments["kind"].value_counts()
    rows = [
        _share("repetition", int(kinds.get("bot_loop", 0)), len(texts)),
        _share("not_understood", int(kinds.get("not_understood", 0)), len(texts)),
        _unanswered(messages, moments),
        _address(texts) if main == "es" else _share("address", 0, 0),
        _typos(texts, main),
        _readability(texts, main),
    ]
    return pd.DataFrame(rows, columns=["measure", "count", "n", "value", "detail"])


def _share(
    measure: str, count: int, n: int, detail: str | None = None
) -> tuple[str, int, int, float, str | None]:
    return measure, count, n, count / n if n else math.nan, detail


def _unanswered(messages: pd.DataFrame, moments: pd.DataFrame) -> tuple[str, int, int, float, str | None]:
    """Questions of the user without a reply, or replied to only by not having been understood."""
    questions = messages.loc[(messages["sender"] == "user") & messages["asks"], "position"]
    ended = moments.loc[moments["kind"] == "unanswered_question", "position"]
    open_from = ended.iloc[0] if len(ended) else math.inf
    lost = messages.loc[messages["not_understood"], "position"] - 1
    return _share("unanswered", int(((questions >= open_from) | questions.isin(lost)).sum()), len(questions))


def _address(texts: pd.Series) -> tuple[str, int, int, float, str | None]:
    counts = address_forms(texts)
    addressed = counts[counts.sum(axis="columns") > 0]
    if addressed.empty:
        return _share("address", 0, 0)
    # A text that mixes forms is inconsistent in itself, whatever the main form is.
    uses = (addressed > 0).sum()
    main = str(uses.idxmax())
    others = addressed.drop(columns=main).sum(axis="columns") > 0
    detail = ", ".join(
        f"{form} {uses[form]}" for form in uses.sort_values(ascending=False).index if uses[form]
    )
    return _share("address", int(others.sum()), len(addressed), detail)


def _typos(texts: pd.Series, main: str | None) -> tuple[str, int, int, float, str | None]:
    if main is None:
        return _share("typos", 0, 0)
    found = [typos(text, main) for text in texts.unique()]
    words = sorted({word for each in found for word in each})
    return _share("typos", sum(bool(each) for each in found), len(found), ", ".join(words) or None)


def _readability(texts: pd.Series, main: str | None) -> tuple[str, int, int, float, str | None]:
    joined = "\n".join(
        text.rstrip() + ("" if text.rstrip()[-1:] in ".!?" else ".") for text in texts.unique()
    )
    score = readability(joined, main) if main else None
    return "readability", 0, len(joined.split()), math.nan if score is None else score, None
