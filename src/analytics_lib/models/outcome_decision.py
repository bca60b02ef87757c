"""From which probability on to step in, what that costs, and how early it would have been.

One alarm a conversation: it is raised when a turn first reaches the threshold. So a conversation is judged by
the highest probability it had while it was undecided. The threshold is chosen on the conversations that the
model was calibrated with, and reported on those that judge it. Where none of those, or all of them, ended so,
there is nothing to choose by: it is then the false alarm's cost over the sum of both, in whole percents. All
thresholds that may be chosen are kept with the model (``validation_choices``), so that one loaded later can
still be asked at any costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.outcome_fitting import probabilities
from analytics_lib.models.outcome_rows import OUTCOMES
from analytics_lib.models.validation import NEVER, choices, costs_there, place_of, warning_horizons

if TYPE_CHECKING:
    from analytics_lib.models.outcome_fitting import Learned

RISKS = ("abandoned", "escalated")


@dataclass(frozen=True)
class Decision:
    """What to do about one bad end.

    Attributes:
        risk: ``abandoned`` or ``escalated``.
        false_alarm_cost: Of stepping in where it would not have ended so.
        missed_cost: Of not stepping in where it does.
        threshold: From this probability on stepping in costs least; just above 1 = never.
        costs: On conversations that judge: ``metric value low high n`` (see ``validation.costs_at``).
        warning: How early, on the same: ``metric value low high n`` (see ``validation.warning_horizon``); the
            end is the last word of an abandoned conversation, the call of a person in an escalated one.
    """

    risk: str
    false_alarm_cost: float
    missed_cost: float
    threshold: float
    costs: pd.DataFrame
    warning: pd.DataFrame


def acting(learned: Learned, tested: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For each risk the thresholds that some costs make the cheapest, and what each comes to.

    Args:
        learned: Its calibration rows choose.
        tested: Of ``outcome_evaluation.tested``: they report.

    Returns:
        ``risk`` with the columns of ``validation.choices``, and ``risk place`` (the row of the first among
        those of its risk, from 0) with ``metric value low high n`` of ``validation.warning_horizon``.
    """
    rows, frames, warned = learned.calibration, {}, {}
    scores = pd.DataFrame(probabilities(learned.judged, rows), columns=list(OUTCOMES), index=rows.index)
    for risk in RISKS:
        chosen, judged = _highest(rows, scores[risk], risk), _highest(tested, tested[risk], risk)
        listed = choices(
            chosen["label"], chosen["score"], judged_labels=judged["label"], judged_scores=judged["score"]
        )
        frames[risk] = listed
        warned[risk] = _warning(tested, risk, listed["threshold"].fillna(NEVER))
    found = pd.concat(frames, names=["risk", None]).reset_index("risk").reset_index(drop=True)
    early = pd.concat(warned, names=["risk", "place", None]).reset_index(["risk", "place"])
    return found, early.reset_index(drop=True)


def decision(
    thresholds: pd.DataFrame, warning: pd.DataFrame, *, risk: str, false_alarm_cost: float, missed_cost: float
) -> Decision:
    """The threshold of least cost and what it comes to.

    Args:
        thresholds: Of ``acting``, with ``warning``.
        warning: Likewise.
        risk: The end that is to be prevented.
        false_alarm_cost: As in ``Decision``.
        missed_cost: As in ``Decision``.

    Raises:
        RequestError: If the risk is none, a cost is negative, or none is above 0.
    """
    if risk not in RISKS:
        raise RequestError(f"risk is {risk!r}; expected {' or '.join(RISKS)}.")
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    listed = thresholds[thresholds["risk"] == risk]
    place = place_of(listed, **costs)
    threshold, found = costs_there(listed, place, **costs)
    early = warning[(warning["risk"] == risk) & (warning["place"] == place)]
    told = early[["metric", "value", "low", "high", "n"]].reset_index(drop=True)
    return Decision(risk, **costs, threshold=threshold, costs=found, warning=told)


def _highest(rows: pd.DataFrame, scores: pd.Series, risk: str) -> pd.DataFrame:
    """``score`` and ``label`` of each conversation."""
    each = rows.assign(score=scores, label=rows["outcome"] == risk).groupby("conversation_id", sort=False)
    return each.agg(score=("score", "max"), label=("label", "first"))


def _warning(rows: pd.DataFrame, risk: str, thresholds: pd.Series) -> pd.DataFrame:
    last = rows.groupby("conversation_id", sort=False)["known_at"].transform("max")
    # The call of a person follows the last undecided turn; who leaves has left with their last word.
    after = last + pd.Timedelta(microseconds=1) if risk == "escalated" else last
    turns = rows[["turn", "known_at"]].assign(
        conversation_id=pd.factorize(rows["conversation_id"])[0],
        score=rows[risk],
        label=rows["outcome"] == risk,
        outcome_at=after,
    )
    found = warning_horizons(turns, thresholds=thresholds)
    return pd.concat({place: one.summary for place, one in enumerate(found)})
