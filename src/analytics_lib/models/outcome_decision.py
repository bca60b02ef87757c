"""From which probability on to step in, what that costs, and how early it would have been.

One alarm a conversation: it is raised when a turn first reaches the threshold. So a conversation is judged by
the highest probability it had while it was undecided. The threshold is chosen on the conversations that the
model was calibrated with, and reported on those that judge it. Where none of those, or all of them, ended so,
there is nothing to choose by: it is then the false alarm's cost over the sum of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.outcome_fitting import probabilities
from analytics_lib.models.outcome_rows import OUTCOMES
from analytics_lib.models.validation import costs_at, least_cost_threshold, warning_horizon

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


def decision(
    learned: Learned, tested: pd.DataFrame, *, risk: str, false_alarm_cost: float, missed_cost: float
) -> Decision:
    """The threshold of least cost and what it comes to.

    Args:
        learned: Its calibration rows choose.
        tested: Of ``outcome_evaluation.tested``: they report.
        risk: The end that is to be prevented.
        false_alarm_cost: As in ``Decision``.
        missed_cost: As in ``Decision``.

    Raises:
        RequestError: If the risk is none, a cost is negative, or none is above 0.
    """
    if risk not in RISKS:
        raise RequestError(f"risk is {risk!r}; expected {' or '.join(RISKS)}.")
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    rows = learned.calibration
    scores = probabilities(learned.judged, rows)[:, OUTCOMES.index(risk)]
    chosen = _highest(rows, pd.Series(scores, index=rows.index), risk)
    if 0 < chosen["label"].sum() < len(chosen):
        threshold = least_cost_threshold(chosen["label"], chosen["score"], **costs)
    else:
        threshold = _by_formula(**costs)
    judged = _highest(tested, tested[risk], risk)
    return Decision(
        risk=risk,
        **costs,
        threshold=threshold,
        costs=costs_at(judged["label"], judged["score"], threshold=threshold, **costs),
        warning=_warning(tested, risk, threshold),
    )


def _by_formula(*, false_alarm_cost: float, missed_cost: float) -> float:
    if not (min(false_alarm_cost, missed_cost) >= 0 and false_alarm_cost + missed_cost > 0):
        raise RequestError(
            f"The costs are {false_alarm_cost} and {missed_cost}; expected 0 or more, one above."
        )
    return false_alarm_cost / (false_alarm_cost + missed_cost)


def _highest(rows: pd.DataFrame, scores: pd.Series, risk: str) -> pd.DataFrame:
    """``score`` and ``label`` of each conversation."""
    each = rows.assign(score=scores, label=rows["outcome"] == risk).groupby("conversation_id", sort=False)
    return each.agg(score=("score", "max"), label=("label", "first"))


def _warning(rows: pd.DataFrame, risk: str, threshold: float) -> pd.DataFrame:
    last = rows.groupby("conversation_id", sort=False)["known_at"].transform("max")
    # The call of a person follows the last undecided turn; who leaves has left with their last word.
    after = last + pd.Timedelta(microseconds=1) if risk == "escalated" else last
    turns = rows[["conversation_id", "turn", "known_at"]].assign(
        score=rows[risk], label=rows["outcome"] == risk, outcome_at=after
    )
    return warning_horizon(turns, threshold=threshold).summary
