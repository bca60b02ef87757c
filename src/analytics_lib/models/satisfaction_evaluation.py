"""How well expected answers did on later ones, beside two that need no model.

| metric | what it says |
|---|---|
| ``rmse`` | root mean square error of the expected answer, in points of 1 to 5 |
| ``rmse_by_outcome`` | of the mean answer of earlier conversations that ended alike |
| ``rmse_of_mean`` | of the mean answer of all earlier ones |
| ``bias`` | mean of expected less given: above 0 = too high |
| ``coverage`` | share of the answers inside their interval |
| ``coverage_silent`` | the same, each answer counting for the silent like it: what the intervals promise |
| ``width`` | mean width of an interval, in points |
| ``roc_auc`` | how the expected answer tells satisfied (4, 5) from others |
| ``response_roc_auc``, ``response_brier_skill``, ``response_ece`` | of the chance of an answer |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.models.satisfaction_response import SATISFIED_FROM
from analytics_lib.models.satisfaction_rows import answered
from analytics_lib.models.validation import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COLUMNS = ["metric", "value", "low", "high", "n"]
SEGMENTS = ("channel", "outcome")
LEAST_ROWS = 20
_OF_RESPONSE = ("roc_auc", "brier_skill", "ece")


def measured(test: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """One row per metric of the table above.

    Args:
        test: Conversations whose survey was over, none of them seen in training: ``csat expected low high
            odds`` (of silence) ``chance`` (of an answer) ``user_id outcome``.
        earlier: Answered conversations of the training: ``csat outcome``.

    Returns:
        ``metric value low high n``: 95 % intervals by a bootstrap over users; ``n`` answers, or all
        conversations for the chance of an answer.
    """
    told = answered(test)
    rows = _means(told, _errors(told, earlier))
    auc = evaluate(
        told["csat"] >= SATISFIED_FROM, (told["expected"] - 1) / 4, groups=told["user_id"]
    ).set_index("metric")
    response = evaluate(test["csat"].notna(), test["chance"], groups=test["user_id"]).set_index("metric")
    others = [auc.loc[["roc_auc"]], response.loc[list(_OF_RESPONSE)].rename(index="response_{}".format)]
    return pd.concat([rows, *(part.reset_index() for part in others)], ignore_index=True)[COLUMNS]


def by_segment(test: pd.DataFrame) -> pd.DataFrame:
    """Error, bias and coverage for each channel and outcome with at least 20 answers.

    Returns:
        ``dimension group metric value low high n``.
    """
    found = []
    told = answered(test)
    for dimension in SEGMENTS:
        for name, part in told.groupby(told[dimension].fillna("unknown"), observed=True):
            if len(part) >= LEAST_ROWS:
                rows = _means(part, _own_errors(part))
                found.append(rows.assign(dimension=dimension, group=str(name)))
    columns = ["dimension", "group", *COLUMNS]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _own_errors(told: pd.DataFrame) -> dict[str, tuple[Floats, Floats]]:
    """Value and weight of every answer, by metric."""
    one = np.ones(len(told))
    inside = ((told["csat"] >= told["low"]) & (told["csat"] <= told["high"])).to_numpy(dtype=np.float64)
    gap = (told["expected"] - told["csat"]).to_numpy()
    return {
        "rmse": (gap**2, one),
        "bias": (gap, one),
        "coverage": (inside, one),
        "coverage_silent": (inside, told["odds"].to_numpy()),
        "width": ((told["high"] - told["low"]).to_numpy(), one),
    }


def _errors(told: pd.DataFrame, earlier: pd.DataFrame) -> dict[str, tuple[Floats, Floats]]:
    overall = float(earlier["csat"].mean())
    alike = earlier.groupby("outcome", observed=True)["csat"].mean()
    known = told["outcome"].map(alike).fillna(overall)
    own, one = _own_errors(told), np.ones(len(told))
    simple = {
        "rmse_by_outcome": (((known - told["csat"]) ** 2).to_numpy(), one),
        "rmse_of_mean": (((overall - told["csat"]) ** 2).to_numpy(), one),
    }
    return {"rmse": own.pop("rmse"), **simple, **own}


def _means(told: pd.DataFrame, values: Mapping[str, tuple[Floats, Floats]]) -> pd.DataFrame:
    """Weighted means with intervals over users; of squares, their roots."""
    codes, users = pd.factorize(told["user_id"])
    pairs = [
        (_by_user(value * weight, codes, len(users)), _by_user(weight, codes, len(users)))
        for value, weight in values.values()
    ]
    found = np.column_stack([[top.sum() / bottom.sum() for top, bottom in pairs], ratio_limits(pairs)])
    squares = [name.startswith("rmse") for name in values]
    found[squares] = np.sqrt(found[squares])
    frame = pd.DataFrame(found, columns=["value", "low", "high"])
    return frame.assign(metric=list(values), n=len(told))[COLUMNS]


def _by_user(values: Floats, codes: NDArray[np.int64], users: int) -> Floats:
    return np.bincount(codes, values, users).astype(np.float64)
