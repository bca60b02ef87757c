"""What is told of models and buyers: parameters as a frame, figures for sentences and the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.models.lifetime_repeat import NAMES
from analytics_lib.models.lifetime_spend import NAMES as SPEND_NAMES
from analytics_lib.models.lifetime_value import alive_by_silence, concentration

if TYPE_CHECKING:
    from analytics_lib.models.lifetime_page import Asked, Found
    from analytics_lib.models.lifetime_repeat import RepeatModel
    from analytics_lib.models.lifetime_spend import SpendModel

COLUMNS = (
    "model",
    "parameter",
    "value",
    "standard_error",
    "low",
    "high",
    "log_likelihood",
    "customers",
    "problems",
)
# Who has ordered so often is a customer worth asking back.
LEAST_ORDERS = 3
# Under it, somebody has more likely left than not.
ALIVE_BELOW = 0.5


def parameters(found: Found) -> pd.DataFrame:
    """The fitted models, one row per parameter.

    Returns:
        ``model`` (bg_nbd, mbg_nbd, gamma_gamma), ``parameter``, ``value``, ``standard_error``, ``low``,
        ``high`` (95 %, by the logarithm), ``log_likelihood``, ``customers``, ``problems`` (codes).
    """
    rows = [row for model in found.others for row in _rows(model.kind, NAMES, model)]
    if found.spend:
        rows += _rows("gamma_gamma", SPEND_NAMES, found.spend)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(kind: str, names: tuple[str, ...], model: RepeatModel | SpendModel) -> list[tuple[object, ...]]:
    if model.fit is None:
        return []
    told = zip(names, model.fit.values, model.fit.standard_errors, model.fit.intervals, strict=True)
    problems = ",".join(model.problems)
    return [
        (kind, name, value, error, *limits, model.log_likelihood, model.customers, problems)
        for name, value, error, limits in told
    ]


def figures(found: Found, *, asked: Asked) -> dict[str, Any]:
    """The numbers of the page's sentences; what could not be worked out is null.

    Args:
        found: What was found.
        asked: What was asked.

    Returns:
        ``until cutoff horizon_weeks margin yearly_rate currency reason orders refunds zeros later
        refunded_share buyers repeaters model problems expected_orders expected_low expected_high value active
        half_users at_risk at_risk_value correlation correlation_low correlation_high slope slope_low
        slope_high predicted actual verdict``.
    """
    told: dict[str, Any] = {
        "until": asked.until,
        "cutoff": asked.cutoff,
        "horizon_weeks": round(asked.horizon.days / 7),
        "margin": asked.terms.margin,
        "yearly_rate": asked.terms.yearly_rate,
        "currency": found.currency,
        "reason": found.reason,
        **{name: int(found.counted[name]) for name in ("orders", "refunds", "zeros", "later")},
        "refunded_share": _known(float(found.counted["refunded_share"])),
        "buyers": len(found.summary),
        "repeaters": int((found.summary["frequency"] > 0).sum()),
    }
    return told | _linked(found) | _expected(found) | _held(found)


def _known(number: float | None) -> float | None:
    return float(number) if number is not None and np.isfinite(number) else None


def _linked(found: Found) -> dict[str, float | None]:
    linked = found.linked
    return {
        "correlation": _known(linked.correlation if linked else None),
        "correlation_low": _known(linked.low if linked else None),
        "correlation_high": _known(linked.high if linked else None),
    }


def _expected(found: Found) -> dict[str, Any]:
    names = (
        *("model", "problems", "expected_orders", "expected_low", "expected_high"),
        *("value", "active", "half_users", "at_risk", "at_risk_value"),
    )
    if found.model is None or found.values is None or found.total is None or found.spend is None:
        return dict.fromkeys(names)
    values, total = found.values, found.total
    worth = values["value"].fillna(0.0).to_numpy(dtype=float)
    lost = (values["frequency"] + 1 >= LEAST_ORDERS) & (values["probability_alive"] < ALIVE_BELOW)
    half = int(np.searchsorted(worth.cumsum(), worth.sum() / 2) + 1) if worth.sum() > 0 else None
    told = (
        found.model.kind,
        sorted({*found.model.problems, *found.spend.problems}),
        total["orders"],
        _known(total["orders_low"]),
        _known(total["orders_high"]),
        float(worth.sum()) if values["value"].notna().any() else None,
        float(values["probability_alive"].sum()),
        half,
        int(lost.sum()),
        float(worth[lost.to_numpy()].sum()),
    )
    return dict(zip(names, told, strict=True))


def _held(found: Found) -> dict[str, Any]:
    names = ("predicted", "actual", "slope", "slope_low", "slope_high", "verdict")
    if found.held is None or found.model is None:
        return dict.fromkeys(names)
    kind = found.model.kind
    row = next(one for one in found.held.models.to_dict("records") if one["model"] == kind)
    told = {name: _known(row[name]) for name in names[:-1]}
    return told | {"verdict": row["verdict"]}


@dataclass(frozen=True)
class Tested:
    """The hold-out as a page shows it; frames without rows where there was none.

    Attributes:
        by_frequency: As of ``Holdout``.
        models: As of ``Holdout``.
    """

    by_frequency: pd.DataFrame
    models: pd.DataFrame


@dataclass(frozen=True)
class Buyers:
    """The buyers as a page shows them; frames without rows where nothing could be fitted.

    Attributes:
        ranked: As ``value`` gives.
        alive: As ``alive_by_silence`` gives.
        tenths: As ``concentration`` gives.
    """

    ranked: pd.DataFrame
    alive: pd.DataFrame
    tenths: pd.DataFrame


def tested(found: Found) -> Tested:
    """The hold-out of what was found."""
    if found.held is None:
        return Tested(pd.DataFrame(), pd.DataFrame())
    return Tested(found.held.by_frequency, found.held.models)


def buyers(found: Found) -> Buyers:
    """The buyers of what was found."""
    if found.values is None:
        return Buyers(pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    return Buyers(found.values, alive_by_silence(found.values), concentration(found.values))


def recorded(found: Found) -> dict[str, dict[str, float]]:
    """The fitted parameters by model and name, for the ledger."""
    rows = parameters(found)
    return {
        str(model): dict(zip(theirs["parameter"], theirs["value"].astype(float), strict=True))
        for model, theirs in rows.groupby("model", sort=False)
    }
