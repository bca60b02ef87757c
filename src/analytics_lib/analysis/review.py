"""One conversation read closely: what happened in it, why, what it was worth, and what would have helped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.analysis.business import Business, business
from analytics_lib.analysis.comparable import known_to
from analytics_lib.analysis.detectors import Story
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS, is_over, moments_of
from analytics_lib.analysis.opportunities import opportunities
from analytics_lib.analysis.performance import Performance, performance, turns
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.rows import records
from analytics_lib.analysis.scope import known_before
from analytics_lib.analysis.timeline import Timeline, facts_of, timeline
from analytics_lib.analysis.turning_points import foreseen_purchase, outlook_rows, turning_points
from analytics_lib.analysis.wording import Language, wording
from analytics_lib.errors import RequestError
from analytics_lib.text.sentiment import SCORERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store
    from analytics_lib.text.sentiment import Scorer


@dataclass(frozen=True)
class ConversationReview:
    """What is known of one conversation; null wherever the data cannot say.

    Attributes:
        metadata: ``conversation_id channel started_local entry_point city outcome resolved csat nps``;
            ``duration_seconds`` to its closing (null while open), ``observed_seconds`` to its last message
            (null without any), ``messages`` and by sender ``user_messages bot_messages agent_messages``,
            ``turns`` (stretches of the user that were replied to), ``over`` (closed, or quiet for a day).
        timeline: Its messages as read (see ``reading.read_messages``), actions, events and orders.
        key_moments: Where to look, in order of time (see ``key_moments``).
        language: Intent flow, sentiment, quality of the bot's language.
        performance: Waits, recognition, actions, escalation.
        business: Products, furthest stage, orders, and what comparable conversations brought.
        opportunities: What would have helped, the most worthwhile first.
    """

    metadata: pd.Series
    timeline: Timeline
    key_moments: pd.DataFrame
    language: Language
    performance: Performance
    business: Business
    opportunities: pd.DataFrame


def review(
    store: Store,
    conversation_id: str | None,
    *,
    as_of: Moment | None = None,
    long_silence_seconds: float = LONG_SILENCE_SECONDS,
    scorers: Mapping[str, Scorer] = SCORERS,
    outlook: pd.DataFrame | None = None,
) -> ConversationReview:
    """One conversation, read closely.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``products``, ``orders``.
        conversation_id: The conversation; null where none could be chosen, which gives a review without rows.
        as_of: Nothing later is known; null = everything in the store is.
        long_silence_seconds: From how many seconds on waiting is a long silence.
        scorers: Sentiment scorer by language, for messages without a sentiment of the source's.
        outlook: What a model expected after each turn (see ``turning_points.outlook_rows``): the turns at
            which it moved most become key moments, what it gave a purchase in the end is told of the
            business. Null = there is no model; the shares of comparable conversations are all there is.

    Raises:
        NotFoundError: If there is no such conversation; the message names the nearest id.
        RequestError: If ``long_silence_seconds`` is not above 0, or the outlook lacks a column.
    """
    if not long_silence_seconds > 0:
        raise RequestError(f"long_silence_seconds is {long_silence_seconds}; expected more than 0.")
    read = partial(read_messages, scorers=scorers)
    told = timeline(store, conversation_id, as_of=as_of, read=read)
    story = _story(told, known_to(store, as_of=as_of), long_silence_seconds)
    until = None if as_of is None else known_before(as_of)
    expected = outlook_rows(outlook, story.conversation, known=until)
    moments = moments_of([story], more=turning_points(story, expected))
    noted = records(moments)
    language, served = wording(story.messages, noted), performance(story, noted)
    worth = business(store, story, told.orders, as_of=as_of)
    worth = replace(worth, foreseen_conversion=foreseen_purchase(expected))
    improvements = opportunities(story.messages, noted, language, served, worth)
    return ConversationReview(_metadata(story), told, moments, language, served, worth, improvements)


def _story(told: Timeline, known: pd.Timestamp | None, long_silence_seconds: float) -> Story:
    conversation = facts_of(told)
    messages, actions, events = (records(frame) for frame in (told.messages, told.actions, told.events))
    over = is_over(conversation, messages[-1]["seconds"] if messages else None, known)
    return Story(conversation, messages, actions, events, over, long_silence_seconds)


def _metadata(story: Story) -> pd.Series:
    row, messages = story.conversation, story.messages
    senders = Counter(message["sender"] for message in messages)
    last = messages[-1]["seconds"] if messages else None
    names = ("conversation_id", "channel", "started_local", "entry_point", "city", "outcome", "resolved")
    facts: dict[str, Any] = {name: row[name] for name in (*names, "csat", "nps")}
    facts |= {"duration_seconds": row["ended_seconds"], "observed_seconds": last, "messages": len(messages)}
    facts |= {f"{sender}_messages": senders[sender] for sender in ("user", "bot", "agent")}
    facts |= {"turns": turns(messages), "over": story.over}
    return pd.Series({name: None if pd.isna(fact) else fact for name, fact in facts.items()}, dtype="object")
