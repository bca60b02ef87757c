"""What a page of outcomes draws and says, worked out from what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import NotEnoughDataError, NotTrainableError
from analytics_lib.models import drift
from analytics_lib.models.logit import fit_logit
from analytics_lib.models.outcome import OUTCOMES
from analytics_lib.models.outcome_reasons import by_factor
from analytics_lib.models.outcome_rows import INTERACTIONS, KINDS
from analytics_lib.models.validation import alarms, compare_splits
from analytics_lib.periods import local_moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from analytics_lib.models.outcome import OutcomeModel
    from analytics_lib.models.outcome_page import Asked, Found
    from analytics_lib.models.validation import Alarm
    from analytics_lib.store import Store

# Of more conversations so many are drawn to compare splits.
_MOST = 20_000


@dataclass(frozen=True)
class Shown:
    """The frames of the page; without rows where no model could be fitted.

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


def trusted(found: Found, asked: Asked) -> tuple[pd.DataFrame, list[Alarm]]:
    """Whether the score of the risk can be trusted: what kinder splits would have shown, and every alarm.

    One turn of each conversation, drawn by lot: neighbouring turns on both sides would tell each other.

    Returns:
        ``comparison`` as of ``validation.compare_splits`` (empty where nothing was fitted or too little is
        there), and the alarms.
    """
    empty = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
    if found.fitted is None or found.fitted.learned is None:
        return empty, []
    parts = found.fitted.learned
    every = pd.concat([parts.train, parts.calibration, parts.test], ignore_index=True)
    rows = every.sample(frac=1, random_state=asked.seed).drop_duplicates("conversation_id").head(_MOST)
    labels = rows["outcome"] == asked.risk
    users, moments, ended = rows["user_id"], rows["known_at"], rows["ended_at"]
    try:
        comparison = compare_splits(
            _learned, rows, labels=labels, groups=users, moments=moments, known_at=ended
        )
    except (NotEnoughDataError, NotTrainableError):
        comparison = empty
    said = found.fitted.evaluation
    everywhere = said["turn"].isna() & (said["population"] == "all")
    features, keys = rows[list(KINDS)], rows[["user_id"]]
    return comparison, alarms(
        said[everywhere], comparison=comparison, features=features, labels=labels, keys=keys
    )


def drifted(found: Found) -> pd.DataFrame:
    """What has moved since training, in the turns that judge (see ``drift.compare``); empty without them."""
    fitted = found.fitted
    if fitted is None or found.model is None or fitted.tested is None or fitted.tested.empty:
        return pd.DataFrame(columns=drift.COLUMNS)
    return drift.psi(found.model.judged.logit, fitted.tested)


def _learned(rows: pd.DataFrame, labels: pd.Series) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    named = labels.map({False: "other", True: "risk"})
    model = fit_logit(rows, named, kinds=KINDS, classes=("other", "risk"), interactions=INTERACTIONS)
    return lambda asked: model.probabilities(asked)[:, 1]


def figures(found: Found, listed: pd.DataFrame, asked: Asked) -> dict[str, Any]:
    """What a page says in sentences and a run records; null where it is not known.

    Returns:
        ``as_of`` (local), ``risk reason source``, ``decision`` (a sentence), ``in_progress``, ``alarms``
        (conversations now), ``threshold``; of a fitted model ``judged`` (conversations), ``judged_from``, of
        the risk over all turns ``auc auc_low auc_high auc_base auc_state``, of all ends together ``ece
        ece_low ece_high ece_noise auc_all``, at the threshold ``cost cost_of_none cost_of_all recall
        precision warned turns_before minutes_before recovery``, and ``counts`` and ``alarm_codes``.
    """
    told: dict[str, Any] = {
        "as_of": local_moment(utc_moment(asked.as_of)),
        "risk": asked.risk,
        "reason": found.reason,
        "source": found.source,
        "decision": found.decision.get("reason", ""),
        "in_progress": len(listed),
        "alarms": int(listed["alarm"].sum()),
        "threshold": None,
    }
    if found.fitted is None or found.threshold is None:
        return told
    model, costs, warned = found.fitted, _values(found.threshold.costs), _values(found.threshold.warning)
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
    rows = model.evaluation
    whole = rows[rows["turn"].isna() & (rows["population"] == "all") & (rows["outcome"] == name)]
    return {row["metric"]: row for _, row in whole.iterrows()}


def _values(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["metric"], frame["value"], strict=True))


def importance(found: Found, asked: Asked, *, most: int = 10, rows: int = 5_000) -> pd.DataFrame:
    """How much each factor moves the score of the risk over the turns that judge, the most moving first.

    Returns:
        One row per factor: ``factor``, ``importance`` (mean size of what it adds), ``low`` ``high`` (what it
        adds to the turns at 10 % and at 90 %), ``n`` (turns; drawn where there are more). Empty where
        the risk never occurred in training.
    """
    columns = ["factor", "importance", "low", "high", "n"]
    if found.fitted is None or found.fitted.tested is None:
        return pd.DataFrame(columns=columns)
    if asked.risk not in found.fitted.judged.logit.known:
        return pd.DataFrame(columns=columns)
    tested = found.fitted.tested
    looked = tested.sample(min(rows, len(tested)), random_state=asked.seed)
    parts = by_factor(found.fitted.judged, looked, asked.risk).drop(columns="base")
    told = pd.DataFrame(
        {
            "factor": parts.columns,
            "importance": parts.abs().mean().to_numpy(),
            "low": parts.quantile(0.1).to_numpy(),
            "high": parts.quantile(0.9).to_numpy(),
            "n": len(parts),
        }
    )
    return told.nlargest(most, "importance", keep="all").head(most).reset_index(drop=True)


def frames(found: Found, asked: Asked) -> Shown:
    """What the page draws."""
    if found.fitted is None or found.threshold is None:
        measured = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
        part = pd.DataFrame(columns=[*measured.columns, "population", "turn", "outcome", "last_state"])
        return Shown(part, part, part, importance(found, asked), measured, measured)
    rows = found.fitted.evaluation
    turns = rows[(rows["outcome"] == asked.risk) & (rows["metric"] == "roc_auc") & rows["turn"].notna()]
    told = importance(found, asked)
    return Shown(found.fitted.curve, rows, turns, told, found.threshold.costs, found.threshold.warning)


def first_path(store: Store, found: Found, listed: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The path of the conversation most at risk now; without rows where there is none."""
    if found.model is None or listed.empty:
        return pd.DataFrame(columns=["turn", *OUTCOMES])
    return found.model.path(store, str(listed["conversation_id"].iloc[0]), as_of=asked.as_of)
