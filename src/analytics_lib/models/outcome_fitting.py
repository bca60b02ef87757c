"""How a model of outcomes is learned: from early conversations, calibrated on later ones, judged on the last.

A *recipe* is learned twice. First without the last slice, which judges it. Then everything moves to the end:
what judged calibrates, and what came before teaches; that model is handed out, and its evaluation is that of
the recipe on conversations that were still to come. What is published is compared by the first one, which
has not seen the rows that judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError
from analytics_lib.models.logit import Logit, calibrate, fit_logit
from analytics_lib.models.outcome_rows import (
    INTERACTIONS,
    KINDS,
    OUTCOMES,
    Slices,
    deciding,
    ends,
    labelled_rows,
    sampled,
    sliced,
    slices,
    turn_rows,
)
from analytics_lib.models.outcome_silence import Silence, learn
from analytics_lib.models.validation import check_trainable

if TYPE_CHECKING:
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

CALIBRATE, JUDGE = 0.2, 0.2
# Fewer rows cannot tell a wrong scale from noise.
_LEAST_TO_CALIBRATE = 500


class Recipe(NamedTuple):
    """What one round of learning gives.

    Attributes:
        logit: From the features of a turn to the outcomes.
        silence: What silence after the turn adds.
    """

    logit: Logit
    silence: Silence


class Learned(NamedTuple):
    """All that fitting leaves behind.

    Attributes:
        final: The recipe that is handed out.
        judged: The recipe that was judged.
        train: Rows it learned from.
        calibration: Rows it was calibrated with; thresholds are chosen on them.
        test: Rows that judge it.
        cut: Where the three meet.
        certain: What decides a conversation (see ``outcome_rows.deciding``).
        counts: Conversations: ``conversations`` begun, ``open`` not closed, ``unlabelled`` closed without a
            known outcome, ``silent`` in which the user never wrote, ``decided_first`` decided in their first
            turn, ``learned``, ``calibrated``, ``judged``, ``across`` a cut; ``rows``: undecided turns of all.
    """

    final: Recipe
    judged: Recipe
    train: pd.DataFrame
    calibration: pd.DataFrame
    test: pd.DataFrame
    cut: Slices
    certain: tuple[str, ...]
    counts: dict[str, int]


def learned(store: Store, *, as_of: Moment, seed: int) -> Learned:
    """Both rounds, from what was known at a moment.

    Raises:
        NotTrainableError: If fewer than two outcomes are known, one of those known has fewer than 50
            conversations, or no feature differs.
    """
    closed = ends(store, as_of=as_of)
    turns = turn_rows(store, as_of=as_of)
    certain = deciding(turns, closed)
    rows = labelled_rows(turns, closed, certain)
    if rows.empty:
        raise NotTrainableError(_nothing(closed, turns, as_of))
    each = rows.drop_duplicates("conversation_id", keep="last")
    check_trainable(each[list(KINDS)], each["outcome"])
    cut = slices(
        closed[closed["conversation_id"].isin(each["conversation_id"])], calibrate=CALIBRATE, judge=JUDGE
    )
    parts = sliced(rows, cut)
    judged = recipe(parts[0], parts[1], seed=seed)
    final = recipe(pd.concat(parts[:2]), parts[2], seed=seed)
    return Learned(final, judged, *parts, cut, certain, _counts(closed, turns, rows, parts))


def recipe(train: pd.DataFrame, calibration: pd.DataFrame, *, seed: int) -> Recipe:
    """A model from some rows, its scale and level set on later ones.

    Raises:
        NotTrainableError: If the rows hold one outcome only, or no feature that differs.
    """
    chosen = sampled(train, seed=seed)
    logit = fit_logit(chosen, chosen["outcome"], kinds=KINDS, classes=OUTCOMES, interactions=INTERACTIONS)
    later = calibration[calibration["outcome"].isin(logit.known)]
    if len(later) >= _LEAST_TO_CALIBRATE and len(later["outcome"].unique()) > 1:
        logit = calibrate(logit, later, later["outcome"])
    return Recipe(logit, learn(train))


def probabilities(given: Recipe, rows: pd.DataFrame, *, quiet_seconds: pd.Series | None = None) -> np.ndarray:
    """One row a row, one column for each of ``OUTCOMES``; they sum to 1.

    Args:
        given: A recipe.
        rows: As of ``outcome_rows.turn_rows``.
        quiet_seconds: How long nobody has written since; null = just after the turn.
    """
    found = given.logit.probabilities(rows)
    if quiet_seconds is None or not len(rows):
        return found
    weighed = found * np.exp(given.silence.scores(quiet_seconds))
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def _nothing(closed: pd.DataFrame, turns: pd.DataFrame, as_of: Moment) -> str:
    """What is missing where no turn can teach, and what to do."""
    begun, ended, known = (len(closed), int(closed["closed"].sum()), int(closed["labelled"].sum()))
    if not begun:
        return f"No conversation had begun by {as_of}. Choose a later as_of, or ingest conversations."
    if not ended:
        return (
            f"None of the {begun} conversations had ended by {as_of}. Choose a later as_of, or let the "
            "source fill conversations.ended_at."
        )
    if not known:
        return (
            f"None of the {ended} conversations that had ended by {as_of} has an outcome, so there is no end "
            "to learn. Let the source fill conversations.outcome with purchase, resolved, escalated or "
            "abandoned, and ingest again."
        )
    return (
        f"In none of the {known} conversations with an outcome by {as_of} a user wrote before the end was "
        f"decided ({turns['conversation_id'].nunique()} have messages of users). Ingest messages with sender "
        "'user', or choose a later as_of."
    )


def _counts(
    closed: pd.DataFrame, turns: pd.DataFrame, rows: pd.DataFrame, parts: tuple[pd.DataFrame, ...]
) -> dict[str, int]:
    labelled = closed.loc[closed["labelled"], "conversation_id"]
    written = turns["conversation_id"].nunique()
    spoke = labelled.isin(turns["conversation_id"]).sum()
    teaching = rows["conversation_id"].nunique()
    sizes = [part["conversation_id"].nunique() for part in parts]
    found = {
        "conversations": len(closed),
        "open": (~closed["closed"]).sum(),
        "unlabelled": (closed["closed"] & ~closed["labelled"]).sum(),
        "silent": len(closed) - written,
        "decided_first": spoke - teaching,
        **dict(zip(("learned", "calibrated", "judged"), sizes, strict=True)),
        "across": teaching - sum(sizes),
        "rows": len(rows),
    }
    return {name: int(number) for name, number in found.items()}
