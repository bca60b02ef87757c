"""Why a model takes somebody for leaving: what each reason adds to the log-odds, against the mean person.

The contributions of the features that tell one thing (``churn_rows.REASONS``) are added up; all reasons and
``base`` sum to the log-odds of the prediction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.churn_rows import REASON_OF, REASONS
from analytics_lib.models.validation import roc_auc

if TYPE_CHECKING:
    from analytics_lib.models.logit import Logit

CLASSES = ("stays", "leaves")
SHOWN = 3
# A reason that moves the odds by less than a tenth is none.
LEAST = 0.1


def by_reason(logit: Logit, rows: pd.DataFrame) -> pd.DataFrame:
    """What each reason adds to the log-odds of leaving.

    Returns:
        One row a row, with its index: ``base``, then a column per reason.
    """
    parts = logit.contributions(rows, CLASSES[1])
    reason = {name: REASON_OF[name.split(" x ")[0]] for name in parts.columns if name != "base"}
    found = pd.DataFrame({"base": parts["base"]}, index=rows.index)
    for code in REASONS:
        names = [name for name, its in reason.items() if its == code]
        if names:
            found[code] = parts[names].sum(axis="columns")
    return found


def top_reasons(contributions: pd.DataFrame) -> pd.DataFrame:
    """The reasons that speak most for leaving.

    Args:
        contributions: As ``by_reason`` gives.

    Returns:
        One row a row, with its index: ``reason_1`` to ``reason_3`` (codes; null where fewer raise the odds
        by a tenth or more) and ``points_1`` to ``points_3`` (log-odds).
    """
    parts = contributions.drop(columns="base")
    values, names = parts.to_numpy(dtype=float), np.array(parts.columns, dtype=object)
    shown = min(SHOWN, len(names))
    order = np.argsort(-values, axis=1, kind="stable")[:, :shown]
    points = np.take_along_axis(values, order, axis=1)
    speaks = points >= LEAST
    found = {}
    for place in range(SHOWN):
        told = place < shown
        codes = names[order[:, place]] if told else np.full(len(parts), None, dtype=object)
        spoken = speaks[:, place] if told else np.zeros(len(parts), dtype=bool)
        found[f"reason_{place + 1}"] = pd.Series(codes, index=parts.index, dtype=object).where(spoken, None)
        sizes = np.where(speaks[:, place], points[:, place], np.nan) if told else np.nan
        found[f"points_{place + 1}"] = pd.Series(sizes, index=parts.index, dtype=float)
    return pd.DataFrame(found, index=parts.index)


def drivers(contributions: pd.DataFrame, left: pd.Series) -> pd.DataFrame:
    """How much each reason moves predictions, and what they are worth without it.

    Args:
        contributions: As ``by_reason`` gives, of the test rows.
        left: Whether each left.

    Returns:
        One row per reason, the most moving first: ``driver``, ``importance`` (mean size of what it adds,
        log-odds), ``auc_without`` (ROC AUC with the reason's part taken out of the sum; null if one class),
        ``auc_loss`` (the whole model's less that; what other reasons tell as well is not lost), ``low``
        ``high`` (what it adds to 10 % and 90 % of people), ``n``.
    """
    total = contributions.sum(axis="columns")
    whole = roc_auc(left, total)
    rows = []
    for name in contributions.columns.drop("base"):
        part = contributions[name]
        without = roc_auc(left, total - part)
        low, high = part.quantile([0.1, 0.9])
        rows.append((name, float(part.abs().mean()), without, whole - without, low, high, len(part)))
    columns = ["driver", "importance", "auc_without", "auc_loss", "low", "high", "n"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
