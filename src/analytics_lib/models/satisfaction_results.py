"""What a page shows of expected satisfaction, as small frames: its test, what moves it, whom to call back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from analytics_lib.errors import NotEnoughDataError, NotTrainableError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.models import drift
from analytics_lib.models.satisfaction_fitting import ANSWER_KINDS, fit_answer
from analytics_lib.models.satisfaction_response import SATISFIED_FROM
from analytics_lib.models.satisfaction_rows import answered
from analytics_lib.models.validation import alarms, compare_splits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analytics_lib.models.satisfaction import SatisfactionModel
    from analytics_lib.models.satisfaction_page import Found
    from analytics_lib.models.validation import Alarm

BINS = 8
REASONS = 3


def tested(found: Found) -> pd.DataFrame:
    """Expected answers beside all later ones, by bins of equal count.

    Returns:
        One row per bin, lowest first: ``expected given`` (means, 1 to 5), the 95 % interval ``low high`` of
        ``given`` (bootstrap over users; null for one user), ``n``. Empty without a model.
    """
    columns = ["expected", "given", "low", "high", "n"]
    if found.model is None:
        return pd.DataFrame(columns=columns, dtype="float64")
    told = _later(found.rows, found.model)
    told = told.assign(expected=found.model.fitted.expected(told)).sort_values("expected", kind="stable")
    parts = [told.iloc[places] for places in np.array_split(np.arange(len(told)), BINS) if places.size]
    limits = ratio_limits([_by_user(part) for part in parts])
    rows = [
        (part["expected"].mean(), part["csat"].mean(), low, high, len(part))
        for part, (low, high) in zip(parts, limits, strict=True)
    ]
    return pd.DataFrame(rows, columns=columns)


def trusted(found: Found) -> tuple[pd.DataFrame, list[Alarm]]:
    """Whether the score can be trusted: what kinder splits would have shown, and every alarm.

    Returns:
        ``comparison`` as of ``validation.compare_splits`` (telling satisfied from others; empty without a
        model or with too few answers), and the alarms.
    """
    empty = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
    if found.model is None:
        return empty, []
    told = answered(found.rows[found.rows["survey_over"]])
    satisfied = told["csat"] >= SATISFIED_FROM
    users, known = told["user_id"], told["known_at"]
    try:
        comparison = compare_splits(_learned, told, labels=satisfied, groups=users, moments=known)
    except (NotEnoughDataError, NotTrainableError):
        comparison = empty
    features, keys = told[list(ANSWER_KINDS)], told[["user_id"]]
    return comparison, alarms(
        found.evaluation, comparison=comparison, features=features, labels=satisfied, keys=keys
    )


def drifted(found: Found) -> pd.DataFrame:
    """What has moved since training, in the latest answers (see ``drift.compare``); empty without a model."""
    if found.model is None:
        return pd.DataFrame(columns=drift.COLUMNS)
    told = _later(found.rows, found.model)
    return drift.psi(found.model.fitted.answer, told) if len(told) else pd.DataFrame(columns=drift.COLUMNS)


def _later(rows: pd.DataFrame, model: SatisfactionModel) -> pd.DataFrame:
    """The answers that came after what taught the model, also those given since it was kept."""
    return answered(rows[rows["survey_over"] & (rows["known_at"] >= model.cutoff)])


def _learned(rows: pd.DataFrame, _: pd.Series) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    model = fit_answer(rows, np.ones(len(rows)))
    return lambda asked: model.probabilities(asked)[:, 1]


def moved(found: Found) -> pd.DataFrame:
    """By how many points each level of each feature moves the answer of a mean conversation.

    Returns:
        One row per feature and level, widest feature first: ``feature level points``. Empty without a model.
    """
    if found.model is None:
        return pd.DataFrame(columns=["feature", "level", "points"])
    base, _ = found.model.fitted.answer.sum_of("best")
    drivers = found.model.drivers
    points = 4 * (expit(base + drivers["effect"]) - expit(base))
    return drivers[["feature", "level"]].assign(points=points)


def call_back(found: Found, *, days: int, limit: int) -> pd.DataFrame:
    """Silent conversations of late with the lowest expected answers, each with what lowers it most.

    Args:
        found: What the page found.
        days: Those that ended at most so many days before the last one that did.
        limit: How many.

    Returns:
        One row per conversation, lowest first: ``conversation_id known_at outcome expected low high`` and
        ``reasons``, up to three pairs of a feature and its value. Empty without a model.
    """
    late = found.silent["known_at"] > found.silent["known_at"].max() - pd.Timedelta(days=days)
    columns = ["conversation_id", "known_at", "outcome", "expected", "low", "high"]
    worst: pd.DataFrame = found.silent[late].sort_values(["expected", "conversation_id"], kind="stable")
    chosen = worst.head(limit)
    reasons: list[list[tuple[str, object]]] = []
    if found.model is not None and not chosen.empty:
        parts = found.model.explain(chosen).drop(columns="base")
        reasons = [_lowering(chosen.loc[place], parts.loc[place]) for place in chosen.index]
    return chosen[columns].assign(reasons=pd.Series(reasons, index=chosen.index, dtype="object"))


def _lowering(row: pd.Series, parts: pd.Series) -> list[tuple[str, object]]:
    worst = parts[parts < 0].sort_values(kind="stable").head(REASONS)
    return [(str(name), row[name]) for name in worst.index]


def _by_user(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    sums = part.groupby("user_id", observed=True)["csat"].agg(["sum", "size"])
    return sums["sum"].to_numpy(dtype=np.float64), sums["size"].to_numpy(dtype=np.float64)
