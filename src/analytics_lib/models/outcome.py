"""How a conversation in progress will end: purchase, resolved, escalated or abandoned, after every turn.

A model reads only what was known (``outcome_rows``), learns from early conversations and is judged by later
ones (``outcome_fitting``). Probabilities of the four ends add up to 1; what a turn has decided already is
known and gets 1. Asked about conversations in progress, it also weighs how long nobody has written
(``outcome_silence``). Reasons add up to the score (``outcome_reasons``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models import outcome_text
from analytics_lib.models.outcome_asking import PREDICTED, rows_asked, rows_of_one, said
from analytics_lib.models.outcome_decision import Decision, acting, decision
from analytics_lib.models.outcome_evaluation import curves, evaluation, importance, snapshots, tested
from analytics_lib.models.outcome_fitting import Learned, Recipe, learned, probabilities
from analytics_lib.models.outcome_reasons import by_factor, changes, strongest
from analytics_lib.models.outcome_rows import OUTCOMES, Slices
from analytics_lib.models.registry import log_losses
from analytics_lib.models.validation import Alarm, alarms
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.models.card import Card
    from analytics_lib.models.validation_trust import Trust
    from analytics_lib.store import Store

__all__ = ["OUTCOMES", "OutcomeModel", "fit"]


@dataclass(frozen=True)
class OutcomeModel:
    """A fitted model with all that was measured of it.

    Attributes:
        as_of: What it was learned from was known before.
        cut: Where what taught, calibrated and judged meet, of the judged recipe.
        final: The recipe that predicts: learned from all that was known.
        judged: The same recipe, learned without the conversations that judge; ``evaluation`` is of it.
        certain: What decides a conversation once seen.
        counts: Conversations used and left out (see ``outcome_fitting.Learned``).
        evaluation: See ``outcome_evaluation.evaluation``.
        curve: Predicted beside observed (see ``outcome_evaluation.curves``).
        thresholds: From which probabilities on to step in, at whatever costs, and what each comes to;
            ``warning``: how early (see ``outcome_decision.acting``).
        importance: What moves the risks (see ``outcome_evaluation.importance``).
        trust: Of the risks for which it was asked: whether their scores can be trusted.
        learned: The rows; null in a model that was loaded: people are not kept with it.
        tested: The rows that judge, with what was said of them; null likewise.
    """

    as_of: dt.datetime
    cut: Slices
    final: Recipe
    judged: Recipe
    certain: tuple[str, ...]
    counts: dict[str, int]
    evaluation: pd.DataFrame
    curve: pd.DataFrame
    thresholds: pd.DataFrame
    warning: pd.DataFrame
    importance: pd.DataFrame
    trust: Mapping[str, Trust] = field(default_factory=dict)
    learned: Learned | None = None
    tested: pd.DataFrame | None = None

    @property
    def drivers(self) -> pd.DataFrame:
        """What raises and lowers each end: ``outcome feature level effect odds_ratio`` (see ``Logit``)."""
        return self.final.logit.drivers

    @property
    def alarms(self) -> list[Alarm]:
        """Scores that are too good to be true."""
        return alarms(self.everywhere)

    @property
    def everywhere(self) -> pd.DataFrame:
        """``evaluation`` over all turns of all conversations that judged."""
        rows = self.evaluation
        return rows[rows["turn"].isna() & (rows["population"] == "all")]

    @property
    def card(self) -> Card:
        """The model's card."""
        return outcome_text.card(self)

    def predict(
        self, store: Store, *, as_of: Moment, turn: int | None = None, since: Moment | None = None
    ) -> pd.DataFrame:
        """How conversations will end, as far as was known.

        Args:
            store: Read as it was known at ``as_of``.
            as_of: Nothing from here on is seen.
            turn: Null = conversations in progress: begun, not ended, a message within a day. Else every
                conversation that reached this turn in ``[since, as_of)``, as it stood then.
            since: With ``turn``: where the window begins; null = at the first conversation.

        Returns:
            One row per conversation in which the user has written: ``conversation_id user_id turn known_at``
            (of its last turn), ``quiet_seconds`` (without a word since; null with ``turn``), ``stage``,
            ``channel``, ``known`` (the end has been decided), and ``purchase resolved escalated abandoned``,
            which add up to 1.

        Raises:
            RequestError: If the turn is below 1, or ``since`` is given without it.
        """
        rows = rows_asked(store, as_of=as_of, turn=turn, since=since)
        found = said(self.final, rows, certain=self.certain, quiet=_quiet(rows))
        return pd.concat([rows, found], axis=1)[[*PREDICTED, *OUTCOMES]]

    def factors(
        self,
        store: Store,
        *,
        as_of: Moment,
        outcome: str = "abandoned",
        turn: int | None = None,
        since: Moment | None = None,
    ) -> pd.DataFrame:
        """What adds up to the score of one end, for the rows of ``predict``.

        Returns:
            One row per row of ``predict``, in its order: ``conversation_id``, ``base`` and a column per
            factor; their sum is the score, and the probabilities are the softmax of the four scores. Of what
            has been decided there is nothing to explain; its row is what the model would have said.

        Raises:
            RequestError: As ``predict``, or if the outcome did not occur in training.
        """
        rows = rows_asked(store, as_of=as_of, turn=turn, since=since)
        parts = by_factor(self.final, rows, outcome, quiet=_quiet(rows))
        return pd.concat([rows[["conversation_id"]], parts], axis=1)

    def path(self, store: Store, conversation_id: str, *, as_of: Moment | None = None) -> pd.DataFrame:
        """One conversation, turn after turn.

        Args:
            store: Read as it was known at ``as_of``.
            conversation_id: Which one.
            as_of: Nothing from here on is seen; null = everything in the store is.

        Returns:
            One row per turn: ``conversation_id turn known_at``, ``seconds`` (since its start), the
            probability of each end, ``known`` (decided by then), ``outcome`` (the end that is followed: how
            it ended if that is known, else the likeliest after the last turn), ``change`` (of its probability
            since the turn before; null at the first), and ``factor_1`` to ``factor_3`` with ``points_1`` to
            ``points_3``: what moved its score most since then (at the first turn: against the mean turn).
            Empty where the user has not written.

        Raises:
            NotFoundError: If there was no such conversation.
        """
        rows, facts = rows_of_one(store, conversation_id, as_of=as_of)
        found = said(self.final, rows, certain=self.certain)
        seconds = (rows["known_at"] - facts["started_at"]).dt.total_seconds()
        told = pd.concat([rows[["conversation_id", "turn", "known_at"]], found], axis=1).assign(
            seconds=seconds
        )
        if rows.empty:
            return told.assign(outcome=None, change=np.nan)
        likeliest = str(found[list(OUTCOMES)].iloc[-1].idxmax())
        followed = facts["outcome"] if facts["outcome"] in OUTCOMES else likeliest
        told = told.assign(outcome=followed, change=told[followed].diff())
        if followed not in self.final.logit.known:
            return told
        why = strongest(changes(by_factor(self.final, rows, followed)))
        return told.join(why.mask(told["known"]))

    def decide(self, *, risk: str, false_alarm_cost: float, missed_cost: float) -> Decision:
        """From which probability on to step in (see ``outcome_decision``).

        Raises:
            RequestError: If the risk is none, a cost is negative or none is above 0.
        """
        costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
        return decision(self.thresholds, self.warning, risk=risk, **costs)

    def losses(self, rows: pd.DataFrame) -> np.ndarray:
        """The log loss of each of these rows under the judged recipe, to compare models by.

        Args:
            rows: Undecided turns with their ``outcome`` that neither model has seen, such as ``tested``.
        """
        return log_losses(rows["outcome"], probabilities(self.judged, rows), OUTCOMES)

    def to_json(self) -> str:
        """The model as text, without the people it was judged on."""
        return outcome_text.written(self)

    @staticmethod
    def from_json(text: str) -> OutcomeModel:
        """The model that ``to_json`` wrote; nothing in the text is executed.

        Raises:
            ModelDamagedError: If the text is not such a model.
        """
        return OutcomeModel(**outcome_text.read(text))


def fit(store: Store, *, as_of: Moment, seed: int = 0) -> OutcomeModel:
    """A model of how conversations end, learned from what was known at a moment.

    Args:
        store: Read as it was known at ``as_of``: everything ``features.turn_features`` reads, and outcomes.
        as_of: Nothing from here on is seen. Conversations that ended before teach, calibrate and judge, in
            this order of time; those without a known outcome are left out and counted.
        seed: Of the conversations that are drawn where there are too many, and of the intervals.

    Raises:
        NotTrainableError: If fewer than two outcomes are known, one of them has fewer than 50 conversations,
            or no feature differs.
        RequestError: If ``as_of`` is neither a date nor an aware datetime.
    """
    found = learned(store, as_of=as_of, seed=seed)
    rows = tested(found)
    thresholds, warning = acting(found, rows)
    return OutcomeModel(
        as_of=utc_moment(as_of),
        cut=found.cut,
        final=found.final,
        judged=found.judged,
        certain=found.certain,
        counts=found.counts,
        evaluation=evaluation(rows, snapshots(found, rows, seed=seed), seed=seed),
        curve=curves(rows),
        thresholds=thresholds,
        warning=warning,
        importance=importance(found, rows, seed=seed),
        learned=found,
        tested=rows,
    )


def _quiet(rows: pd.DataFrame) -> pd.Series | None:
    quiet = rows["quiet_seconds"]
    return None if quiet.isna().all() else quiet
