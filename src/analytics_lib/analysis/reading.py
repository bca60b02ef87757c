"""What each message of a timeline says: its language, feeling, and what it does in the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analytics_lib.text.columns import values_of
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

    from analytics_lib.text.sentiment import Scorer


# What bots call it when they did not understand.
FALLBACKS = frozenset({"fallback", "unknown:fallback", "default fallback intent", "nlu_fallback", "none"})


def read_messages(messages: pa.Table, *, scorers: Mapping[str, Scorer] = SCORERS) -> pa.Table:
    """The messages of a timeline with what their texts say.

    Sentiment is the source's where it gives one; where not, texts of users are scored in their language.

    Args:
        messages: ``text``, ``sender`` and ``sentiment`` as in ``Timeline.messages``, beside whatever else.
        scorers: Sentiment scorer by language (see ``text.sentiment``).

    Returns:
        The same rows and columns, and ``normalised`` (text; null without text), ``language`` (es, en, mixed
        or null), ``sentiment`` (-1 to 1; null = no word known, or not the user's), ``scored`` (whether it
        comes from our scorer), ``asks`` (a question or request), ``courtesy`` (greeting, thanks, farewell),
        ``wants_person`` (the user's), ``not_understood`` and ``cannot_help`` (the bot's), ``keeps_waiting``
        (bot or agent tell the user to wait).
    """
    texts, senders = messages["text"].to_pandas(), messages["sender"].to_numpy()
    user, bot = senders == "user", senders == "bot"
    normalised, spoken = normalise_column(texts), languages(texts)
    given = messages["sentiment"].to_numpy()
    unscored = np.flatnonzero(user & np.isnan(given) & texts.notna().to_numpy())
    found = np.full(len(messages), np.nan)
    found[unscored] = sentiments(
        texts.iloc[unscored],
        languages=spoken.iloc[unscored],
        fallback_language=main_of(values_of(spoken)) or "es",
        scorers=scorers,
    )
    told = {
        "normalised": normalised,
        "language": spoken,
        "scored": ~np.isnan(found),
        "asks": asks(texts),
        "courtesy": is_courtesy(normalised),
        "wants_person": user & asks_for_person(normalised).to_numpy(),
        "not_understood": bot & says_not_understood(normalised).to_numpy(),
        "cannot_help": bot & says_cannot_help(normalised).to_numpy(),
        "keeps_waiting": ~user & asks_to_wait(normalised).to_numpy(),
    }
    place = messages.column_names.index("sentiment")
    rows = messages.set_column(
        place, "sentiment", pa.array(np.where(np.isnan(given), found, given), from_pandas=True)
    )
    for name, values in told.items():
        rows = rows.append_column(name, pa.array(values, from_pandas=True))
    return rows
