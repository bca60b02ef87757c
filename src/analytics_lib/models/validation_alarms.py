"""Signs that a score is too good to be true: what a model saw of the future, or of the rows that judge it.

An alarm is a code with its values; pages put it into words. It is a reason to look, not a proof: a feature
that tells nearly everything may be the outcome under another name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.validation_suspects import encoded_columns, telling_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

# A public model of churn reached 1.0 through recency and was retracted.
HIGH_AUC = 0.95
WIDE_GAP = 0.05
GAPS = {"roc_auc_gap": "random_split_gap", "roc_auc_user_gap": "user_split_gap"}
CODES = {"score_too_good", *GAPS.values(), "shared_users", "telling_feature", "encoded_on_judged_rows"}


@dataclass(frozen=True)
class Alarm:
    """A reason to distrust a score.

    Attributes:
        code: ``score_too_good`` (``roc_auc limit n``, and ``outcome`` of several), ``random_split_gap`` and
            ``user_split_gap`` (``gap low high limit n``), ``shared_users`` (``users test_users``),
            ``telling_feature`` (``feature roc_auc limit``), ``encoded_on_judged_rows`` (``feature key roc_auc
            roc_auc_out_of_fold limit``).
        values: The figures, by name.
    """

    code: str
    values: Mapping[str, float | int | str]


def alarms(
    evaluation: pd.DataFrame | None = None,
    *,
    comparison: pd.DataFrame | None = None,
    features: pd.DataFrame | None = None,
    labels: ArrayLike | None = None,
    keys: pd.DataFrame | None = None,
    sides: tuple[ArrayLike, ArrayLike] | None = None,
) -> list[Alarm]:
    """Everything suspicious in what is given; what is not given is not looked at.

    Args:
        evaluation: Of ``evaluate`` or ``evaluate_classes``.
        comparison: Of ``compare_splits``.
        features: One row per label, the rows to learn from and those to be judged by together.
        labels: Whether it happened, of each row of ``features``.
        keys: Columns, such as the user, that a feature may have been encoded by; the columns of ``features``
            that are no numbers unless given.
        sides: The users to learn from and those to be judged by, where they must not be the same.

    Returns:
        One alarm per sign; none = nothing was found.

    Raises:
        RequestError: If features and labels are not of one length, or a label is neither true nor false.
    """
    found = [] if evaluation is None else _scores(evaluation)
    found += [] if comparison is None else _gaps(comparison)
    found += [] if sides is None else _shared(*sides)
    if features is not None and labels is not None:
        found += _telling(features, labels) + _encoded(features, labels, keys)
    return found


def alarm_frame(found: Sequence[Alarm]) -> pd.DataFrame:
    """One row per alarm: ``code`` and a column for each of their values, null where an alarm has none."""
    return pd.DataFrame(
        [{"code": alarm.code, **alarm.values} for alarm in found], columns=None if found else ["code"]
    )


def _scores(evaluation: pd.DataFrame) -> list[Alarm]:
    high = evaluation[(evaluation["metric"] == "roc_auc") & (evaluation["value"] > HIGH_AUC)]
    return [
        Alarm(
            "score_too_good",
            {"roc_auc": float(row["value"]), "limit": HIGH_AUC, "n": int(row["n"])}
            | ({"outcome": str(row["outcome"])} if "outcome" in high else {}),
        )
        for row in high.to_dict("records")
    ]


def _gaps(comparison: pd.DataFrame) -> list[Alarm]:
    wide = comparison[comparison["metric"].isin(list(GAPS)) & (comparison["value"] > WIDE_GAP)]
    return [
        Alarm(
            GAPS[row["metric"]],
            {"gap": float(row["value"]), "low": float(row["low"]), "high": float(row["high"])}
            | {"limit": WIDE_GAP, "n": int(row["n"])},
        )
        for row in wide.to_dict("records")
    ]


def _shared(train: ArrayLike, test: ArrayLike) -> list[Alarm]:
    judged = pd.Series(np.asarray(test)).drop_duplicates()
    both = int(judged.isin(np.asarray(train)).sum())
    return [Alarm("shared_users", {"users": both, "test_users": len(judged)})] if both else []


def _telling(features: pd.DataFrame, labels: ArrayLike) -> list[Alarm]:
    return [
        Alarm("telling_feature", {"feature": name, "roc_auc": auc, "limit": HIGH_AUC})
        for name, auc in telling_columns(features, labels).items()
        if auc > HIGH_AUC
    ]


def _encoded(features: pd.DataFrame, labels: ArrayLike, keys: pd.DataFrame | None) -> list[Alarm]:
    return [
        Alarm("encoded_on_judged_rows", {**found._asdict(), "limit": WIDE_GAP})
        for found in encoded_columns(features, labels, keys=keys)
        if found.roc_auc - found.roc_auc_out_of_fold > WIDE_GAP
    ]
