"""What is told of a churn model and of those due: figures for sentences and the ledger, frames to draw."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.models import drift
from analytics_lib.models.churn_evaluation import DUE, MODELS, POPULATIONS
from analytics_lib.models.validation_trust import Trust, untold
from analytics_lib.periods import local_moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.models.churn import ChurnModel
    from analytics_lib.models.churn_page import Found, Wanted

_DAY = dt.timedelta(days=1)
_GAP = ("random_gap", "random_gap_low", "random_gap_high")
_METRICS = ("roc_auc", "base_rate", "ece", "ece_noise", "brier", "roc_auc_gain", "brier_gain")


def figures(found: Found, *, wanted: Wanted) -> dict[str, Any]:
    """The numbers of the page's sentences; what could not be worked out is null.

    Returns:
        ``as_of horizon_days look_back_days value_weeks activity reason detail source model_as_of
        model_age_days decision missing problem``; of those due now ``due lapsed once repeat buyers leavers``
        (expected) ``value_at_risk currency modelled`` (whose value is by model); of the test ``cutoff cutoffs
        n`` and, for each of roc_auc base_rate ece ece_noise brier roc_auc_gain brier_gain, its value,
        ``_low``, ``_high``; ``recency_auc random_gap`` (AUC that a split at random would have promised, less
        that of later rows, with ``_low`` and ``_high``) ``alarms``; ``threshold threshold_source false_alarm
        missed value campaign hold_out detectable``.
    """
    told: dict[str, Any] = {
        "as_of": wanted.as_of,
        "horizon_days": round(wanted.horizon / _DAY),
        "look_back_days": round(wanted.look_back / _DAY),
        "value_weeks": round(wanted.value_horizon / _DAY / 7),
        "activity": wanted.activity,
        "reason": found.reason,
        "detail": found.detail,
        "source": found.kept.source,
        "missing": found.kept.missing,
        **_age(found.kept.model, wanted),
        "decision": found.kept.decision.get("reason"),
        "problem": found.kept.problem,
    }
    return told | _now(found) | _tested(found.kept.model) | _decided(found)


def _age(model: ChurnModel | None, wanted: Wanted) -> dict[str, Any]:
    if model is None:
        return {"model_as_of": None, "model_age_days": None}
    age = utc_moment(wanted.as_of) - model.asked.as_of
    return {"model_as_of": local_moment(model.asked.as_of).date(), "model_age_days": age.days}


def _known(number: float | None) -> float | None:
    return float(number) if number is not None and np.isfinite(number) else None


def _now(found: Found) -> dict[str, Any]:
    rows = found.listed
    if rows.empty:
        zero = dict.fromkeys(("due", "once", "repeat", "buyers"), 0)
        nothing = dict.fromkeys(("leavers", "value_at_risk", "modelled"))
        return {**zero, **nothing, "lapsed": found.lapsed, "currency": ""}
    known = rows["value_at_risk"].notna().any()
    return {
        "due": len(rows),
        "once": int((rows["occasions"] == 1).sum()),
        "repeat": int((rows["occasions"] > 1).sum()),
        "buyers": int((rows["orders"] > 0).sum()),
        "leavers": float(rows["probability"].sum()),
        "value_at_risk": float(rows["value_at_risk"].sum()) if known else None,
        "modelled": int((rows["source"] == "model").sum()),
        "lapsed": found.lapsed,
        "currency": found.stakes.currency if found.stakes else "",
    }


def _tested(model: ChurnModel | None) -> dict[str, Any]:
    names = [f"{metric}{end}" for metric in _METRICS for end in ("", "_low", "_high")]
    told: dict[str, Any] = dict.fromkeys([*names, "cutoff", "n", "recency_auc", *_GAP])
    if model is None:
        return {**told, "cutoffs": 0, "alarms": []}
    rows = {row["metric"]: row for row in model.evaluation.to_dict("records")}
    for metric in _METRICS:
        for end, column in (("", "value"), ("_low", "low"), ("_high", "high")):
            told[metric + end] = _known(rows[metric][column]) if metric in rows else None
    told["recency_auc"] = _known(rows["roc_auc"]["recency_rule"]) if rows else None
    told["n"] = int(rows["roc_auc"]["n"]) if rows else 0
    gap = {row["metric"]: row for row in model.splits.to_dict("records")}.get("roc_auc_gap")
    told |= {
        f"random_gap{end}": _known(gap[column]) if gap else None
        for end, column in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    alarms = [alarm.code for alarm in model.alarms]
    cutoffs = int(model.measured["cutoff"].nunique())
    return {**told, "cutoff": model.asked.test_cutoff.date(), "cutoffs": cutoffs, "alarms": alarms}


def _decided(found: Found) -> dict[str, Any]:
    decided = found.decided
    plan = found.plan.iloc[-1] if len(found.plan) else None
    return {
        "threshold": _known(decided.threshold) if decided else None,
        "threshold_source": decided.source if decided else None,
        "false_alarm": _known(decided.false_alarm) if decided else None,
        "missed": _known(decided.missed) if decided else None,
        "value": _known(decided.value) if decided else None,
        "campaign": int(plan["campaign"]) if plan is not None else 0,
        "hold_out": int(plan["hold_out"]) if plan is not None else 0,
        "detectable": _known(plan["detectable"]) if plan is not None else None,
    }


def trusted(found: Found) -> Trust:
    """What a split at random would have promised (see ``ChurnModel.splits``), and every alarm."""
    return found.kept.model.trust if found.kept.model else untold([])


def drifted(found: Found) -> pd.DataFrame:
    """What has moved since training (see ``drift.compare``).

    In everybody at the latest cutoff of a model fitted now, else in everybody as of now.
    """
    rows = found.now if found.fitted is None else found.fitted.tested
    if rows is None or found.kept.model is None or rows.empty:
        return pd.DataFrame(columns=drift.COLUMNS)
    return drift.psi(found.kept.model.logit, rows)


def by_cutoff(found: Found) -> pd.DataFrame:
    """How the model and the recency rule ranked those due at each cutoff.

    Returns:
        One row per cutoff and model, oldest first: ``cutoff model value low high n base_rate``.
    """
    columns = ["cutoff", "model", "value", "low", "high", "n", "base_rate"]
    if found.kept.model is None:
        return pd.DataFrame(columns=columns)
    rows = found.kept.model.measured
    rows = rows[(rows["population"] == DUE) & rows["model"].isin(MODELS[:2])]
    rates = rows[rows["metric"] == "base_rate"].drop_duplicates("cutoff").set_index("cutoff")["value"]
    aucs = rows[rows["metric"] == "roc_auc"].sort_values("cutoff", kind="stable")
    return aucs.assign(base_rate=aucs["cutoff"].map(rates))[columns].reset_index(drop=True)


def by_population(found: Found) -> pd.DataFrame:
    """How the model did for whom at the latest cutoff.

    Returns:
        One row per population: ``population n base_rate roc_auc low high recency_auc ece ece_noise brier``;
        those of fewer than 20 are absent.
    """
    columns = ["population", "n", "base_rate", "roc_auc", "low", "high", "recency_auc"]
    columns += ["ece", "ece_noise", "brier"]
    if found.kept.model is None:
        return pd.DataFrame(columns=columns)
    model = found.kept.model
    rows = model.measured[model.measured["cutoff"] == model.asked.test_cutoff]
    listed = [
        _of_population(str(name), rows[rows["population"] == name])
        for name in POPULATIONS
        if (rows["population"] == name).any()
    ]
    return pd.DataFrame(listed, columns=columns)


def _of_population(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    own, rule = (rows[rows["model"] == model].set_index("metric") for model in MODELS[:2])
    return {
        "population": name,
        "n": int(own["n"].iloc[0]),
        "low": own.loc["roc_auc", "low"],
        "high": own.loc["roc_auc", "high"],
        "recency_auc": rule.loc["roc_auc", "value"],
        **{
            metric: own.loc[metric, "value"]
            for metric in ("base_rate", "roc_auc", "ece", "ece_noise", "brier")
        },
    }


def calibration(found: Found) -> pd.DataFrame:
    """Predicted beside observed of those due (``validation.calibration_curve``); empty without a model."""
    if found.kept.model is None:
        return pd.DataFrame(columns=["bin", "predicted", "observed", "low", "high", "n", "positives"])
    return found.kept.model.calibration


def views(found: Found) -> pd.DataFrame:
    """The model beside simpler views, over those due and the buyers among them.

    Returns:
        One row per population and view: ``population model n roc_auc brier ece``.
    """
    columns = ["population", "model", "n", "roc_auc", "brier", "ece"]
    if found.kept.model is None or found.kept.model.views.empty:
        return pd.DataFrame(columns=columns)
    rows = found.kept.model.views
    keys = ["population", "model", "n"]
    wide = rows.pivot_table(index=keys, columns="metric", values="value", sort=False).reset_index()
    return wide.reindex(columns=columns).rename_axis(columns=None)


def drivers(found: Found) -> pd.DataFrame:
    """See ``churn_reasons.drivers``; no row without a model."""
    return found.kept.model.drivers if found.kept.model else pd.DataFrame(columns=["driver", "importance"])
