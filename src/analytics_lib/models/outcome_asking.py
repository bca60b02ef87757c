"""Which turns a model of outcomes is asked about: those of conversations in progress, or the k-th of many."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.models.outcome_fitting import Recipe, probabilities
from analytics_lib.models.outcome_rows import OUTCOMES, turn_rows
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.store import Store

QUIET_FOR = dt.timedelta(days=1)
# Later than any moment of a store: everything in it is known.
EVER = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
PREDICTED = ("conversation_id", "user_id", "turn", "known_at", "quiet_seconds", "stage", "channel", "known")

IN_PROGRESS = """
with heard as (
    select conversation_id, max(sent_at) as last_at
    from messages
    where sent_at >= $heard_from
    group by conversation_id
)
select conversations.conversation_id, started_at, last_at
from conversations join heard on heard.conversation_id = conversations.conversation_id
where ended_at is null
"""

FIRST_START = """
select min(started_at) as since
from conversations
where conversation_id in (select conversation_id from messages where sent_at >= $since)
"""

ONE = """
select conversation_id, started_at, ended_at, case when ended_at is not null then outcome end as outcome
from conversations
where conversation_id = $conversation_id
"""


def rows_asked(
    store: Store, *, as_of: Moment, turn: int | None = None, since: Moment | None = None
) -> pd.DataFrame:
    """The rows of ``outcome_rows.turn_rows`` that are asked about, with ``quiet_seconds``.

    Args:
        store: Read as it was known at ``as_of``.
        as_of: Nothing from here on is seen.
        turn: Null = conversations in progress (begun, not ended, a message within a day), each after its
            last turn and quiet since; else every conversation that reached this turn in ``[since, as_of)``,
            as it stood then.
        since: With ``turn``: where the window begins; null = at the first conversation.

    Raises:
        RequestError: If the turn is below 1, or ``since`` is given without it.
    """
    if turn is not None:
        return _at_turn(store, as_of=as_of, turn=turn, since=since)
    if since is not None:
        raise RequestError(f"since is {since} but no turn is asked for; conversations in progress need none.")
    until = utc_moment(as_of)
    with store.known_at(as_of) as known:
        talks = known.query(IN_PROGRESS, heard_from=until - QUIET_FOR)
    begun = talks["started_at"].min()
    rows = turn_rows(store, as_of=as_of, since=until if pd.isna(begun) else begun.to_pydatetime())
    rows = rows[rows["conversation_id"].isin(talks["conversation_id"])]
    last = rows.drop_duplicates("conversation_id", keep="last").reset_index(drop=True)
    heard = last[["conversation_id"]].merge(talks, on="conversation_id", how="left")["last_at"]
    return last.assign(quiet_seconds=(pd.Timestamp(until) - heard).dt.total_seconds())


def rows_of_one(
    store: Store, conversation_id: str, *, as_of: Moment | None
) -> tuple[pd.DataFrame, pd.Series]:
    """The rows of one conversation, all of its turns, and ``started_at ended_at outcome`` as known.

    Raises:
        NotFoundError: If there was no such conversation.
    """
    moment = EVER if as_of is None else as_of
    with store.known_at(moment) as known:
        found = known.query(ONE, conversation_id=conversation_id)
    if found.empty:
        raise NotFoundError(
            f"No conversation {conversation_id!r} had begun at {as_of or 'any time'}; choose one of the "
            "conversations table, or a later as_of."
        )
    return turn_rows(store, as_of=moment, conversation_id=conversation_id), found.iloc[0]


def said(
    recipe: Recipe, rows: pd.DataFrame, *, certain: Sequence[str], quiet: pd.Series | None = None
) -> pd.DataFrame:
    """The probability of each outcome after each row: 1 for what has been decided already.

    Returns:
        One row a row, with its index: a column for each outcome, and ``known``.
    """
    found = probabilities(recipe, rows, quiet_seconds=quiet)
    known = rows["decided"].isin(list(certain)).to_numpy()
    decided = rows["decided"].to_numpy(dtype=object)[:, None] == np.array(OUTCOMES, dtype=object)
    found = np.where(known[:, None], decided.astype(float), found)
    return pd.DataFrame(found, columns=list(OUTCOMES), index=rows.index).assign(known=known)


def _at_turn(store: Store, *, as_of: Moment, turn: int, since: Moment | None) -> pd.DataFrame:
    if turn < 1:
        raise RequestError(f"turn is {turn}; turns are counted from 1.")
    first = None
    if since is not None:
        with store.known_at(as_of) as known:
            found = known.query(FIRST_START, since=utc_moment(since))["since"].iloc[0]
        first = utc_moment(since) if pd.isna(found) else min(found.to_pydatetime(), utc_moment(since))
    rows = turn_rows(store, as_of=as_of, since=first, last_turn=turn)
    rows = rows[rows["turn"] == turn]
    if since is not None:
        rows = rows[rows["known_at"] >= pd.Timestamp(utc_moment(since))]
    return rows.reset_index(drop=True).assign(quiet_seconds=np.nan)
