"""What each message of a timeline says: its language, feeling, and what it does in the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.text.dialogue_acts import (
    asks_for_person,
    asks_to_wait,
    is_courtesy,
    says_cannot_help,
    says_not_understood,
)
from analytics_lib.text.language import languages, main_of
from analytics_lib.text.normalize import normalise_column
from analytics_lib.text.quality import asks
from analytics_lib.text.sentiment import SCORERS, sentiments

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analytics_lib.text.sentiment import Scorer


# What bots call it when they did not understand.
FALLBACKS = frozenset({"fallback", "unknown:fallback", "default fallback intent", "nlu_fallback", "none"})


def read_messages(messages: pd.DataFrame, *, scorers: Mapping[str, Scorer] = SCORERS) -> pd.DataFrame:
    """The messages of a timeline with what their texts say.

    Sentiment is the source's where it gives one; where not, texts of users are scored in their language.

    Args:
        messages: As in ``Timeline.messages``: ``conversation_id position sender kind text intent sentiment``.
        scorers: Sentiment scorer by language (see ``text.sentiment``).

    Returns:
        The same rows and columns, and ``normalised`` (text; null without text), ``language`` (es, en, mixed
        or null), ``sentiment`` (-1 to 1; null = no word known, or not the user's), ``scored`` (whether it
        comes from our scorer), ``asks`` (a question or request), ``courtesy`` (greeting, thanks, farewell),
        ``wants_person`` (the user's), ``not_understood`` and ``cannot_help`` (the bot's), ``keeps_waiting``
        (bot or agent tell the user to wait).
    """
    read = messages.assign(
        normalised=normalise_column(messages["text"]), language=languages(messages["text"])
    )
    user, bot = read["sender"] == "user", read["sender"] == "bot"
    given = read["sentiment"].astype(float)
    scorable = user & given.isna() & read["text"].notna()
    said = read[scorable]
    fallback = main_of(read["language"]) or "es"
    found = sentiments(said["text"], languages=said["language"], fallback_language=fallback, scorers=scorers)
    return read.assign(
        sentiment=given.where(~scorable, found.reindex(read.index)),
        scored=scorable & found.reindex(read.index).notna(),
        asks=asks(read["text"]),
        courtesy=is_courtesy(read["normalised"]),
        wants_person=user & asks_for_person(read["normalised"]),
        not_understood=bot & says_not_understood(read["normalised"]),
        cannot_help=bot & says_cannot_help(read["normalised"]),
        keeps_waiting=~user & asks_to_wait(read["normalised"]),
    )
