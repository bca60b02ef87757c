"""Whether a model can be fitted at all: two outcomes, enough of the rarer one, features that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

RARER = 50


@dataclass(frozen=True)
class Obstacle:
    """Why nothing can be fitted.

    Attributes:
        code: ``no_rows``, ``one_class``, ``too_few`` or ``constant_features``.
        values: What was found: ``rows``; of the rarer class ``outcome rows needed``; ``features``.
        message: The same as a sentence.
    """

    code: str
    values: dict[str, object]
    message: str


def check_trainable(features: pd.DataFrame, labels: ArrayLike, *, rarer: int = RARER) -> None:
    """Nothing, if a model can be fitted.

    Args:
        features: One row per label.
        labels: What happened: true or false, or names of outcomes.
        rarer: How many rows the rarest outcome must have.

    Raises:
        NotTrainableError: If there are no rows, fewer than two outcomes, too few of the rarest one, or no
            feature that differs between rows.
        RequestError: If lengths differ or a label is null.
    """
    found = obstacle(features, labels, rarer=rarer)
    if found:
        raise NotTrainableError(found.message)


def obstacle(features: pd.DataFrame, labels: ArrayLike, *, rarer: int = RARER) -> Obstacle | None:
    """The reason why nothing can be fitted, or None; arguments and errors as of ``check_trainable``."""
    values = labels.reset_index(drop=True) if isinstance(labels, pd.Series) else pd.Series(labels)
    if len(values) != len(features):
        raise RequestError(
            f"{len(features)} rows of features and {len(values)} labels: give one for each row."
        )
    if values.isna().any():
        raise RequestError(f"{int(values.isna().sum())} labels are null. Leave out what is not known yet.")
    return _of_labels(values, rarer) or _of_features(features)


def _of_labels(labels: pd.Series, rarer: int) -> Obstacle | None:
    counts = labels.value_counts()
    if not len(counts):
        return Obstacle("no_rows", {"rows": 0}, "There are no rows to learn from. Choose a later as_of.")
    name, rows = counts.index[-1], int(counts.iloc[-1])
    if len(counts) < 2:
        message = (
            f"All {rows} rows have the outcome {name!r}; a model needs at least two outcomes. "
            "Choose a longer time or another outcome."
        )
        return Obstacle("one_class", {"outcome": str(name), "rows": rows}, message)
    if rows < rarer:
        message = (
            f"Only {rows} of {len(labels)} rows have the outcome {name!r}; a model needs {rarer}. "
            "Choose a longer time, or wait for more."
        )
        return Obstacle("too_few", {"outcome": str(name), "rows": rows, "needed": rarer}, message)
    return None


def _of_features(features: pd.DataFrame) -> Obstacle | None:
    # Two features may have one name; places do not.
    if any(len(features.iloc[:, place].unique()) > 1 for place in range(features.shape[1])):
        return None
    message = (
        f"None of the {features.shape[1]} features differs between the {len(features)} rows, so nothing "
        "tells them apart. Choose a longer time, or look at what fills the features."
    )
    return Obstacle("constant_features", {"features": features.shape[1], "rows": len(features)}, message)
