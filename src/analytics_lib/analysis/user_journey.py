"""One person's journey: what they did and when, what they like, what hurt, what they bought, what to do.

What is counted lies in a half-open window on the wall clock of the business and is known at its end. Zero
means observed and none; null, or a frame without rows, means that the data cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.user_advice import recommendations
from analytics_lib.analysis.user_habits import channels, interactions, stages, times
from analytics_lib.analysis.user_known import find_user
from analytics_lib.analysis.user_purchases import Purchases, preferences, purchases
from analytics_lib.analysis.user_rows import UserRows, rows_of_user
from analytics_lib.analysis.user_talks import Trend, talks, trend
from analytics_lib.analysis.user_troubles import pain_points
from analytics_lib.analysis.user_worth import worth_a_look
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.text.sentiment import SCORERS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store
    from analytics_lib.text.sentiment import Scorer

__all__ = [
    "Purchases",
    "Trend",
    "UserJourney",
    "choose_user",
    "user_journey",
    "worth_a_look",
]

FIRST = "first"

_COUNTED = ("conversations", "messages", "own_messages", "events", "orders", "refunds")


@dataclass(frozen=True)
class Satisfaction:
    """How satisfied one person was.

    Attributes:
        conversations: One row per conversation with an answer to the survey or a scored message, in order of
            its start: ``conversation_id started_local csat`` (1 to 5; null without an answer), ``sentiment``
            (mean of the person's scored messages, -1 to 1; null without any), ``scored`` (their number).
        csat: The answers over time.
        sentiment: The conversations' sentiment over time.
        mean_sentiment: Over all scored messages; NaN without any.
        scored: Their number.
    """

    conversations: pd.DataFrame
    csat: Trend
    sentiment: Trend
    mean_sentiment: float
    scored: int


@dataclass(frozen=True)
class UserJourney:
    """What is known of one person in a window; nothing is guessed.

    Attributes:
        user_id: The person, as a keyed hash.
        since: Start of the window, wall clock.
        until: Its end, excluded; nothing later is known.
        known: The parts that the store records at all, of ``conversations messages actions events stages
            orders products csat``; what belongs to another is unknown, not zero.
        person: ``segment city region country first_seen_at`` (null where the source does not say),
            ``first_local`` and ``last_local`` in the window, ``days`` with anything, and sums over the window
            ``conversations messages own_messages events orders refunds``.
        interactions: By day (see ``user_habits.interactions``).
        channels: See ``user_habits.channels``.
        times: By weekday and hour (see ``user_habits.times``).
        preferences: Categories, products, intents (see ``user_purchases.preferences``).
        pain_points: See ``user_troubles.pain_points``.
        satisfaction: Answers and moods over time.
        purchases: See ``user_purchases.Purchases``.
        stages: See ``user_habits.stages``.
        conversations: See ``user_talks.talks``.
        events: One row per event, in order: ``event_id conversation_id occurred_local name product_id product
            category value price``.
        recommendations: See ``user_advice.recommendations``.
    """

    user_id: str
    since: dt.datetime
    until: dt.datetime
    known: frozenset[str]
    person: pd.Series
    interactions: pd.DataFrame
    channels: pd.DataFrame
    times: pd.DataFrame
    preferences: pd.DataFrame
    pain_points: pd.DataFrame
    satisfaction: Satisfaction
    purchases: Purchases
    stages: pd.DataFrame
    conversations: pd.DataFrame
    events: pd.DataFrame
    recommendations: pd.DataFrame


def user_journey(
    store: Store,
    user_id: str,
    *,
    since: Moment,
    until: Moment,
    scorers: Mapping[str, Scorer] = SCORERS,
) -> UserJourney:
    """The journey of one person.

    Args:
        store: Read: ``users``, ``conversations``, ``messages``, ``actions``, ``events``, ``products``,
            ``orders``.
        user_id: The person.
        since: Start of the window.
        until: Its end, excluded; what happened later is taken as not known yet.
        scorers: Sentiment scorer by language, for messages without a sentiment of the source's.

    Raises:
        RequestError: If the store knows no such user (the message says how many it knows and how to find
            one), or the window is empty.
        NotEnoughDataError: If the window holds no row of theirs; the message says when they were active.
    """
    rows = rows_of_user(store, user_id, since=since, until=until, scorers=scorers)
    spoken, troubles, bought, by_day = talks(rows), pain_points(rows), purchases(rows), interactions(rows)
    return UserJourney(
        user_id=user_id,
        since=rows.since,
        until=rows.until,
        known=rows.known,
        person=_person(rows, by_day),
        interactions=by_day,
        channels=channels(spoken, rows),
        times=times(rows),
        preferences=preferences(store, rows),
        pain_points=troubles,
        satisfaction=_satisfaction(spoken),
        purchases=bought,
        stages=stages(rows),
        conversations=spoken,
        events=rows.events,
        recommendations=recommendations(rows, talks=spoken, troubles=troubles, purchases=bought),
    )


def choose_user(store: Store, user: str = FIRST, *, since: Moment, until: Moment) -> str:
    """The person somebody named, by the whole id or its beginning, or the first one worth a look.

    Args:
        store: As for ``worth_a_look``.
        user: An id, at least its first six characters, or ``first``.
        since: Start of the window.
        until: Its end, excluded.

    Raises:
        RequestError: If no user, or more than one, has an id that begins so.
        NotEnoughDataError: If the first is asked for and the window holds nobody.
    """
    if user != FIRST:
        return find_user(store, user)
    listed = worth_a_look(store, since=since, until=until, limit=1)["user_id"]
    if listed.empty:
        raise NotEnoughDataError(
            f"Nobody did anything in [{since}, {until}), so there is no first user. Choose another window."
        )
    return str(listed.iloc[0])


def _person(rows: UserRows, by_day: pd.DataFrame) -> pd.Series:
    names = ("segment", "city", "region", "country", "first_seen_at")
    listed = rows.person.to_dict("records")
    facts = {name: listed[0][name] if listed and not pd.isna(listed[0][name]) else None for name in names}
    counts = {name: int(by_day[name].sum()) for name in _COUNTED}
    ends = {"first_local": by_day["first_local"].min(), "last_local": by_day["last_local"].max()}
    return pd.Series({**facts, **ends, "days": len(by_day), **counts}, dtype="object")


def _satisfaction(spoken: pd.DataFrame) -> Satisfaction:
    told = spoken[spoken["csat"].notna() | (spoken["scored"] > 0)].reset_index(drop=True)
    scored = int(told["scored"].sum())
    weighed = float((told["sentiment"].fillna(0) * told["scored"]).sum())
    return Satisfaction(
        told[["conversation_id", "started_local", "csat", "sentiment", "scored"]],
        trend(told["started_local"], told["csat"]),
        trend(told["started_local"], told["sentiment"]),
        weighed / scored if scored else float("nan"),
        scored,
    )
