"""What was known at the time: the one way in which a model reads the store.

Each function reads the store as it was known at ``as_of`` (``Store.known_at``), so that nothing of that
moment or later can reach a feature; a row about an earlier moment (``known_at``) holds what was known then.
``features_list`` says of each feature what it means and when it is known; ``audit`` tests that it is true.

A *turn* is a stretch of messages of the user and its reply: all that bot and agents say until the user
writes again. What is said before the user's first message belongs to no turn, but is counted in the
messages so far. A conversation in which the user has not written has no turn.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.models.features_closed_queries import CLOSED
from analytics_lib.models.features_list import (
    CLOSED_FEATURES,
    TURN_FEATURES,
    USER_FEATURES,
    Feature,
)
from analytics_lib.models.features_turn_queries import TURNS
from analytics_lib.models.features_user_queries import USERS
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.store import Store

__all__ = [
    "CLOSED_FEATURES",
    "TURN_FEATURES",
    "USER_FEATURES",
    "Feature",
    "closed_features",
    "turn_features",
    "user_features",
]

_TURN_KEYS = ["conversation_id", "user_id", "turn", "known_at", "started_at"]
_CLOSED_KEYS = ["conversation_id", "user_id", "known_at", "started_at"]
_USER_KEYS = ["user_id", "known_at"]


def turn_features(
    store: Store,
    *,
    as_of: Moment,
    since: Moment | None = None,
    last_turn: int | None = None,
    conversation_id: str | None = None,
) -> pd.DataFrame:
    """What was known of each conversation after each of its turns.

    Args:
        store: Read: conversations messages actions events orders users.
        as_of: Nothing from here on is seen.
        since: Conversations that started earlier are left out (their users' past is not).
        last_turn: Turns up to this one; null = all.
        conversation_id: One conversation; null = all.

    Returns:
        One row per conversation and turn, by start of the conversation and turn: ``conversation_id``
        ``user_id`` ``turn`` (from 1) ``known_at`` (last message of the turn so far: its reply, if there is
        one) ``started_at``, and ``TURN_FEATURES``. Empty where nothing is known.

    Raises:
        RequestError: If ``last_turn`` is below 1, or a moment is neither a date nor an aware datetime.
    """
    if last_turn is not None and last_turn < 1:
        raise RequestError(f"last_turn is {last_turn}; turns are counted from 1.")
    with _known(store, as_of) as known:
        found = known.query(
            TURNS,
            conversation_id=conversation_id,
            since=utc_moment(since) if since is not None else None,
            last_turn=last_turn,
            at_end=False,
        )
    return _typed(found, keys=_TURN_KEYS, features=TURN_FEATURES)


def closed_features(store: Store, *, as_of: Moment, since: Moment | None = None) -> pd.DataFrame:
    """What was known of each conversation when it had ended, its own survey left out.

    Args:
        store: As of ``turn_features``.
        as_of: Conversations that had not ended before are left out.
        since: Those that started earlier are left out.

    Returns:
        One row per ended conversation, by start: ``conversation_id`` ``user_id`` ``known_at`` (its end)
        ``started_at``, and ``CLOSED_FEATURES``. What was said or done after the end does not count; all
        of it is null where nothing was said at all.

    Raises:
        RequestError: As ``turn_features``.
    """
    with _known(store, as_of) as known:
        bounds = {"since": utc_moment(since) if since is not None else None}
        closed = known.query(CLOSED, **bounds)
        said = known.query(TURNS, conversation_id=None, last_turn=None, at_end=True, **bounds)
    said = said.rename(columns={"turn": "turns"})
    new = [name for name in CLOSED_FEATURES if name not in closed.columns]
    found = closed.merge(said[["conversation_id", *new]], on="conversation_id", how="left")
    return _typed(found, keys=_CLOSED_KEYS, features=CLOSED_FEATURES)


def user_features(store: Store, *, as_of: Moment) -> pd.DataFrame:
    """What was known of each user at a moment.

    Args:
        store: Read: conversations messages events orders users.
        as_of: Nothing from here on is seen.

    Returns:
        One row per user who had done anything before, by ``user_id``: ``user_id`` ``known_at`` (the moment
        itself, or that of a store that shows less) and ``USER_FEATURES``. Empty where nobody had.

    Raises:
        RequestError: If the moment is neither a date nor an aware datetime.
    """
    with _known(store, as_of) as known:
        found = known.query(USERS, as_of=known.cutoff)
    return _typed(found, keys=_USER_KEYS, features=USER_FEATURES)


def _known(store: Store, as_of: Moment) -> AbstractContextManager[Store]:
    """The store as it was known at a moment: itself, if it shows no more already."""
    if store.cutoff is not None and store.cutoff <= utc_moment(as_of):
        return nullcontext(store)
    return store.known_at(as_of)


def _typed(found: pd.DataFrame, *, keys: list[str], features: dict[str, Feature]) -> pd.DataFrame:
    """Keys and features; numbers are floats whether or not one is null, so that no type hangs on data."""
    numbers = [name for name, feature in features.items() if feature.kind == "number" and name not in keys]
    return found[list(dict.fromkeys([*keys, *features]))].astype(dict.fromkeys(numbers, "float64"))
