"""What a model of outcomes learns from and judges by: one row per turn whose end is still open.

Features come from ``features.turn_features`` alone; a few more are sums over the turns so far. A row is
*decided* once what ends it has been seen (a purchase, a person called in): that is known, not predicted, so
such rows teach and judge nothing.

Every row counts once, at each turn every conversation that got there. To weigh a conversation's rows by how
many there will be, or to draw one of them, would tell its early turns of its length, which nobody knew then.
Where rows are too many, whole conversations are drawn. That a user's rows hang together widens the intervals
(users are drawn), not the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.models.features import TURN_FEATURES, turn_features
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

OUTCOMES = ("purchase", "resolved", "escalated", "abandoned")
DERIVED = {
    "mood": "sum of the sentiments so far: their mean times the turns that changed it",
    "scored": "turns so far whose messages had a sentiment",
    "doubt": "sum over the turns so far of 1 less the confidence, at its mean",
    "turns_per_stage": "turns a stage of the funnel took so far; null before the second one",
    "called_in": "1 = a person was called in by then, 0 = not",
}
KINDS = {
    **dict.fromkeys(("turn", "mood", "scored", "doubt", "turns_per_stage"), "number"),
    **dict.fromkeys(("turns_since_stage", "repeats", "failed_actions", "intents"), "number"),
    **dict.fromkeys(("last_pause_seconds", "last_letters", "past_conversations"), "number"),
    **dict.fromkeys(("called_in", "orders"), "number"),
    **dict.fromkeys(("stage", "last_intent", "channel", "segment", "entry_point"), "category"),
}
INTERACTIONS = (
    ("stage", "turn"),
    ("stage", "turns_since_stage"),
    ("stage", "turns_per_stage"),
    ("turn", "mood"),
)
MOST_ROWS = 60_000

ENDS = """
select
    conversation_id, started_at, ended_at, outcome,
    ended_at is not null as closed,
    outcome in ('purchase', 'resolved', 'escalated', 'abandoned') as labelled
from conversations
order by started_at, conversation_id
"""


class Slices(NamedTuple):
    """Three parts of time: conversations to learn from, to calibrate with, to judge by.

    Attributes:
        calibrate_from: Conversations that ended before are learned from.
        judge_from: Those that started from here on judge; those between calibrate.
    """

    calibrate_from: dt.datetime
    judge_from: dt.datetime


def turn_rows(
    store: Store,
    *,
    as_of: Moment,
    since: Moment | None = None,
    last_turn: int | None = None,
    conversation_id: str | None = None,
) -> pd.DataFrame:
    """What was known after each turn, with the sums over turns and what was decided by then.

    Args:
        store: As of ``features.turn_features``.
        as_of: Nothing from here on is seen.
        since: Conversations that started earlier are left out.
        last_turn: Turns up to this one; null = all.
        conversation_id: One conversation; null = all.

    Returns:
        One row per conversation and turn, as ``turn_features`` gives them, with ``DERIVED`` and ``decided``
        (``purchase`` or ``escalated`` once it has been seen, whichever was first; else null).
    """
    rows = turn_features(
        store, as_of=as_of, since=since, last_turn=last_turn, conversation_id=conversation_id
    )
    return derived(rows)


def derived(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``turn_features`` (all turns up to some, in order) with ``DERIVED`` and ``decided``.

    ``called_in`` is their ``escalated``, which is the name of an outcome too.
    """
    begins = (rows["conversation_id"] != rows["conversation_id"].shift()).to_numpy()
    mean = rows["mean_sentiment"].to_numpy()
    moved = (mean != _before(mean)) | (rows["last_sentiment"].to_numpy() != _before(rows["last_sentiment"]))
    scored = _running((moved | begins) & ~np.isnan(mean), begins)
    stages = rows["stage"].to_numpy() - 1
    spent = rows["turn"].to_numpy() - rows["turns_since_stage"].to_numpy() - 1
    return rows.rename(columns={"escalated": "called_in"}).assign(
        mood=np.where(scored > 0, np.nan_to_num(mean) * scored, 0.0),
        scored=scored,
        doubt=(1 - rows["mean_confidence"]) * rows["turn"],
        turns_per_stage=np.divide(spent, stages, out=np.full(len(rows), np.nan), where=stages > 0),
        decided=_decided(rows, begins),
    )


def ends(store: Store, *, as_of: Moment) -> pd.DataFrame:
    """How conversations ended, as it was known.

    Returns:
        One row per conversation, by start: ``conversation_id started_at ended_at outcome``, ``closed`` and
        ``labelled`` (its outcome is known, and one of ``OUTCOMES``).
    """
    with store.known_at(as_of) as known:
        found = known.query(ENDS)
    return found.assign(labelled=found["labelled"].fillna(value=False).astype(bool) & found["closed"])


def labelled_rows(turns: pd.DataFrame, closed: pd.DataFrame, certain: Iterable[str]) -> pd.DataFrame:
    """The rows that teach or judge: of conversations whose outcome is known, before it was decided.

    Args:
        turns: As ``turn_rows`` gives them.
        closed: As ``ends`` gives them.
        certain: What decides (see ``deciding``).

    Returns:
        ``turns`` with ``outcome ended_at quiet_seconds`` (from the turn to the user's next word, else to the
        end), without decided rows.
    """
    known = closed.loc[closed["labelled"], ["conversation_id", "outcome", "ended_at"]]
    found = turns.merge(known, on="conversation_id", how="inner")
    last = (found["conversation_id"] != found["conversation_id"].shift(-1)).to_numpy()
    until_end = (found["ended_at"] - found["known_at"]).dt.total_seconds()
    following = found["last_pause_seconds"].shift(-1).where(~last, until_end)
    found = found.assign(quiet_seconds=following.clip(lower=0.0))
    return found[~found["decided"].isin(list(certain))].reset_index(drop=True)


def deciding(turns: pd.DataFrame, closed: pd.DataFrame, *, least: float = 0.98) -> tuple[str, ...]:
    """What has been seen to decide: after it, at least so many of the conversations ended that way.

    Where a person is called in and the conversation still ends as a purchase, the call decides nothing; it is
    then a feature like others.
    """
    first = turns[turns["decided"].notna()].drop_duplicates("conversation_id")
    known = first.merge(closed.loc[closed["labelled"], ["conversation_id", "outcome"]], on="conversation_id")
    held = (known["decided"] == known["outcome"]).groupby(known["decided"]).mean()
    # What has never been seen decides: there is nothing against it.
    return tuple(name for name in ("purchase", "escalated") if held.get(name, 1.0) >= least)


def slices(closed: pd.DataFrame, *, calibrate: float, judge: float) -> Slices:
    """Where the conversations whose outcome is known are cut, by shares of them in order of start."""
    starts = closed.loc[closed["labelled"], "started_at"].sort_values(ignore_index=True)
    places = [int(len(starts) * (1 - judge - calibrate)), int(len(starts) * (1 - judge))]
    first, second = (starts.iloc[min(place, len(starts) - 1)].to_pydatetime() for place in places)
    return Slices(first, second)


def sliced(rows: pd.DataFrame, cut: Slices) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows to learn from, to calibrate with, to judge by; a conversation across a cut is in none."""
    ended, started = rows["ended_at"], rows["started_at"]
    learned = ended < cut.calibrate_from
    between = (started >= cut.calibrate_from) & (ended < cut.judge_from)
    return rows[learned], rows[between], rows[started >= cut.judge_from]


def sampled(rows: pd.DataFrame, *, seed: int, most: int = MOST_ROWS) -> pd.DataFrame:
    """All rows, or those of conversations drawn by lot until there are about so many."""
    if len(rows) <= most:
        return rows
    numbers, names = pd.factorize(rows["conversation_id"])
    kept = np.random.default_rng(seed).random(len(names)) < most / len(rows)
    return rows[kept[numbers]]


def reader_kinds() -> dict[str, str]:
    """Where each feature comes from: its family, ``derived`` for sums over turns."""
    return {name: TURN_FEATURES[name].family if name in TURN_FEATURES else "derived" for name in KINDS}


def _before(values: pd.Series | np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], np.asarray(values, dtype=float)[:-1]]) if len(values) else np.empty(0)


def _running(counted: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """How many so far, within each conversation."""
    total = np.cumsum(counted).astype(float)
    if not len(total):
        return total
    starts = np.flatnonzero(begins)
    before = total[starts] - counted[starts]
    return np.asarray(total - np.repeat(before, np.diff(np.append(starts, len(total)))))


def _decided(rows: pd.DataFrame, begins: np.ndarray) -> pd.Series:
    bought = (rows["stage"].to_numpy() == len(FUNNEL_STAGES)) | (rows["orders"].to_numpy() > 0)
    called = rows["escalated"].to_numpy() > 0
    names = np.select(
        [bought & ~called, called & ~bought, bought & called], ["purchase", "escalated", "both"], ""
    )
    found = pd.Series(names, index=rows.index).where(names != "")
    # Of two that came in the same turn, the purchase counts: a person who helps to buy does not undo it.
    first = found.replace("both", "purchase").groupby(np.cumsum(begins)).ffill()
    leading = first.groupby(np.cumsum(begins)).transform("first")
    return leading.where(first.notna())
