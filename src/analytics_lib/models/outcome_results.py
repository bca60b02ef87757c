"""What a page of outcomes draws and says, worked out from what was found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.models import drift
from analytics_lib.models.outcome import OUTCOMES
from analytics_lib.models.outcome_rows import turn_rows
from analytics_lib.models.outcome_trust import trust_of
from analytics_lib.models.validation_trust import Trust, untold
from analytics_lib.periods import local_moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.models.outcome import OutcomeModel
    from analytics_lib.models.outcome_page import Asked, Found
    from analytics_lib.store import Store

# So far back drift is looked for where nothing was fitted.
RECENT = dt.timedelta(days=14)


@dataclass(frozen=True)
class Shown:
    """The frames of the page, of the model in use; without rows where there is none.

    Attributes:
        curve: See ``OutcomeModel.curve``; ``evaluation`` likewise.
        by_turn: ROC AUC of the risk: ``turn value low high n base_rate last_state``.
        drivers: See ``importance``.
        costs: What acting came to (see ``outcome_decision.Decision``); ``warning`` likewise.
    """

    curve: pd.DataFrame
    evaluation: pd.DataFrame
    by_turn: pd.DataFrame
    drivers: pd.DataFrame
    costs: pd.DataFrame
    warning: pd.DataFrame


def trusted(found: Found, asked: Asked) -> Trust:
    """Whether the score of the risk can be trusted (see ``outcome_trust``); of the model in use."""
    return trust_of(found.model, risk=asked.risk, seed=asked.seed) if found.model else untold([])


def drifted(store: Store, found: Found, asked: Asked) -> pd.DataFrame:
    """What has moved since training (see ``drift.compare``), in the turns that judge or of the last 14 days.

    The last days are looked at where no model was fitted now; without rows where there are no turns.
    """
    if found.model is None:
        return pd.DataFrame(columns=drift.COLUMNS)
    if found.fitted is not None and found.fitted.tested is not None:
        logit, rows = found.model.judged.logit, found.fitted.tested
    else:
        logit, rows = found.model.final.logit, _recent(store, found.model, asked)
    return drift.psi(logit, rows) if len(rows) else pd.DataFrame(columns=drift.COLUMNS)


def _recent(store: Store, model: OutcomeModel, asked: Asked) -> pd.DataFrame:
    rows = turn_rows(store, as_of=asked.as_of, since=utc_moment(asked.as_of) - RECENT)
    return rows[~rows["decided"].isin(model.certain)]


def figures(found: Found, listed: pd.DataFrame, asked: Asked) -> dict[str, Any]:
    """What a page says in sentences and a run records; null where it is not known.

    Returns:
        ``as_of`` (local), ``risk reason source``, ``decision`` (a sentence), ``in_progress``, ``alarms``
        (conversations now), ``threshold``, of the model in use ``model_as_of model_age_days`` and why it is
        no kept one (``missing problem``), ``judged`` (conversations), ``judged_from``, of
        the risk over all turns ``auc auc_low auc_high auc_base auc_state``, of all ends together ``ece
        ece_low ece_high ece_noise auc_all``, at the threshold ``cost cost_of_none cost_of_all recall
        precision warned turns_before minutes_before recovery``, and ``counts`` and ``alarm_codes``.
    """
    moment = utc_moment(asked.as_of)
    told: dict[str, Any] = {
        "as_of": local_moment(moment),
        "risk": asked.risk,
        "reason": found.reason,
        "source": found.source,
        "decision": found.decision.get("reason", ""),
        "in_progress": len(listed),
        "alarms": int(listed["alarm"].sum()),
        "threshold": None,
        "missing": found.missing,
        "problem": found.problem,
        "model_as_of": None if found.model is None else local_moment(found.model.as_of),
        "model_age_days": None if found.model is None else (moment - found.model.as_of).days,
    }
    if found.model is None or found.threshold is None:
        return told
    model, costs, warned = found.model, _values(found.threshold.costs), _values(found.threshold.warning)
    risk, every = (_measured(model, name) for name in (asked.risk, "all"))
    names = ("cost", "cost_of_none", "cost_of_all", "recall", "precision")
    return told | {
        "judged": model.counts["judged"],
        "judged_from": model.cut.judge_from,
        **{f"auc{end}": risk["roc_auc"][column] for end, column in _AUC},
        **{f"ece{end}": every["ece"][column] for end, column in _ECE},
        "ece_noise": every["ece_noise"]["value"],
        "auc_all": every["roc_auc"]["value"],
        "threshold": found.threshold.threshold,
        **{name: costs[name] for name in names},
        "warned": warned["warned"],
        "turns_before": warned["turns_before"],
        "minutes_before": warned["median_minutes_before"],
        "recovery": warned["recovery"],
        "counts": model.counts,
        "alarm_codes": [alarm.code for alarm in model.alarms],
    }


_AUC = (("", "value"), ("_low", "low"), ("_high", "high"), ("_base", "base_rate"), ("_state", "last_state"))
_ECE = (("", "value"), ("_low", "low"), ("_high", "high"))


def _measured(model: OutcomeModel, name: str) -> dict[str, pd.Series]:
    whole = model.everywhere[model.everywhere["outcome"] == name]
    return {row["metric"]: row for _, row in whole.iterrows()}


def _values(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["metric"], frame["value"], strict=True))


def importance(found: Found, asked: Asked, *, most: int = 10) -> pd.DataFrame:
    """What moves the score of the risk most (see ``outcome_evaluation.importance``).

    Without rows where the risk never occurred in training.
    """
    columns = ["factor", "importance", "low", "high", "n"]
    if found.model is None:
        return pd.DataFrame(columns=columns)
    rows = found.model.importance
    return rows.loc[rows["risk"] == asked.risk, columns].head(most).reset_index(drop=True)


def frames(found: Found, asked: Asked) -> Shown:
    """What the page draws."""
    if found.model is None or found.threshold is None:
        measured = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
        part = pd.DataFrame(columns=[*measured.columns, "population", "turn", "outcome", "last_state"])
        return Shown(part, part, part, importance(found, asked), measured, measured)
    rows = found.model.evaluation
    turns = rows[(rows["outcome"] == asked.risk) & (rows["metric"] == "roc_auc") & rows["turn"].notna()]
    told = importance(found, asked)
    return Shown(found.model.curve, rows, turns, told, found.threshold.costs, found.threshold.warning)


def first_path(store: Store, found: Found, listed: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The path of the conversation most at risk now; without rows where there is none."""
    if found.model is None or listed.empty:
        return pd.DataFrame(columns=["turn", *OUTCOMES])
    return found.model.path(store, str(listed["conversation_id"].iloc[0]), as_of=asked.as_of)
