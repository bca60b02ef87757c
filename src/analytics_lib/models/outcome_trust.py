"""Whether the score of a risk can be trusted: what kinder splits would have promised, what is suspicious."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import NotEnoughDataError, NotTrainableError
from analytics_lib.models.logit import fit_logit
from analytics_lib.models.outcome_rows import INTERACTIONS, KINDS
from analytics_lib.models.validation import alarms, compare_splits
from analytics_lib.models.validation_trust import Trust, untold

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from analytics_lib.models.outcome import OutcomeModel

# Of more conversations so many are drawn to compare splits.
_MOST = 20_000


def trust_of(model: OutcomeModel, *, risk: str, seed: int = 0) -> Trust:
    """Whether the score of the risk can be trusted, of a model with its rows or as it was kept with it.

    One turn of each conversation, drawn by lot: neighbouring turns on both sides would tell each other.
    """
    if risk in model.trust:
        return model.trust[risk]
    if model.learned is None:
        return untold(model.alarms)
    parts = model.learned
    every = pd.concat([parts.train, parts.calibration, parts.test], ignore_index=True)
    rows = every.sample(frac=1, random_state=seed).drop_duplicates("conversation_id").head(_MOST)
    labels = rows["outcome"] == risk
    users, moments, ended = rows["user_id"], rows["known_at"], rows["ended_at"]
    try:
        comparison = compare_splits(
            _learned, rows, labels=labels, groups=users, moments=moments, known_at=ended
        )
    except (NotEnoughDataError, NotTrainableError):
        comparison = untold([]).comparison
    features, keys = rows[list(KINDS)], rows[["user_id"]]
    suspicious = alarms(model.everywhere, comparison=comparison, features=features, labels=labels, keys=keys)
    return Trust(comparison, suspicious)


def _learned(rows: pd.DataFrame, labels: pd.Series) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    named = labels.map({False: "other", True: "risk"})
    model = fit_logit(rows, named, kinds=KINDS, classes=("other", "risk"), interactions=INTERACTIONS)
    return lambda judged: model.probabilities(judged)[:, 1]
