"""One model beside others on the same rows, and one way of fitting under splits that leak more or less.

A split at random lets a model see the future of the rows that judge it, and other rows of their users. What
it scores there and not on later rows is what it owes to them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.models.validation_measures import MEASURED, ranking
from analytics_lib.models.validation_rows import (
    Floats,
    Seed,
    checked_labels,
    checked_probabilities,
    prepared,
    resampled,
)
from analytics_lib.models.validation_scores import DRAWS, drawn_measures, limits, listed, metrics_frame
from analytics_lib.models.validation_splits import HELD_OUT, Sides, split_time, split_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Rows

Predict = Callable[[pd.DataFrame], Any]
Fit = Callable[[pd.DataFrame, "pd.Series[Any]"], Predict]
_AUC, _BRIER = MEASURED.index("roc_auc"), MEASURED.index("brier")


def compare_models(
    labels: ArrayLike,
    scores: Mapping[str, ArrayLike],
    *,
    groups: ArrayLike | None,
    seed: int = 0,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """A model beside its baselines on the same rows.

    Args:
        labels: As of ``evaluate``.
        scores: Probabilities by name; the first is the model that the others are compared with.
        groups: As of ``evaluate``.
        seed: As of ``evaluate``.
        draws: As of ``evaluate``.

    Returns:
        ``model`` and the columns of ``evaluate``: its rows for each name; for every name but the first also
        ``roc_auc_gain`` (of the first over it) and ``brier_gain`` (its Brier minus that of the first), above
        0 where the first is better. Their intervals compare both in the same draws of users.

    Raises:
        RequestError: As ``evaluate``; or if there are no scores.
    """
    if not scores:
        raise RequestError("No scores were given; name at least the model's.")
    sets = [checked_probabilities(prepared(labels, values, groups=groups)) for values in scores.values()]
    drawn = drawn_measures(sets, draws=draws, seed=seed)
    plain = [metrics_frame(rows, values, seed=seed) for rows, values in zip(sets, drawn, strict=True)]
    frames = [plain[0]] + [
        pd.concat([frame, _gains(plain[0], frame, drawn[0] - values)], ignore_index=True)
        for frame, values in zip(plain[1:], drawn[1:], strict=True)
    ]
    named = pd.concat(dict(zip(scores, frames, strict=True)), names=["model", None])
    return named.reset_index("model").reset_index(drop=True)


def _gains(first: pd.DataFrame, other: pd.DataFrame, drawn: Floats) -> pd.DataFrame:
    """How much better the first is, in ranking and in squared error."""
    more = (first["value"] - other["value"]).set_axis(first["metric"])
    auc, brier = float(more["roc_auc"]), -float(more["brier"])
    found = {
        "roc_auc_gain": (auc, *limits(drawn[:, _AUC], auc)),
        "brier_gain": (brier, *limits(-drawn[:, _BRIER], brier)),
    }
    return listed(found, int(first["n"].iloc[0]))


def compare_splits(
    fit: Fit,
    features: pd.DataFrame,
    *,
    labels: ArrayLike,
    groups: ArrayLike,
    moments: ArrayLike,
    known_at: ArrayLike | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The same fit judged on rows at random, on users it has not seen, and on later rows.

    Each time a quarter of the rows (or users) judges a model that was fitted without them.

    Args:
        fit: Takes features and labels (true or false), gives a function from features to scores.
        features: One row per label, whatever ``fit`` understands.
        labels: Whether it happened.
        groups: The user of each row.
        moments: When each row's features were known.
        known_at: When each row's label became known, as of ``split_time``.
        seed: Of the splits and the draws.

    Returns:
        One row per metric: ``metric value low high n`` (rows that judge). ``roc_auc_random``,
        ``roc_auc_users_apart``, ``roc_auc_temporal``; ``roc_auc_gap`` (random minus temporal) and
        ``roc_auc_user_gap`` (random minus users apart). Null where a side has one class only.

    Raises:
        RequestError: If lengths differ, or a label or a group is none.
        NotEnoughDataError: If a split leaves no rows on a side, such as where all moments are equal.
    """
    happened = pd.Series(checked_labels(labels), index=features.index)
    users, ways = np.asarray(groups), _ways(groups, moments, known_at, seed)
    aucs, n = {}, {}
    for place, (name, sides) in enumerate(ways.items()):
        scores = _scores(fit, features, happened, name=name, sides=sides)
        rows = prepared(happened[sides.test], scores, groups=users[sides.test])
        aucs[name], n[name] = _aucs(rows, seed=[seed, place]), rows.n
    values = {f"roc_auc_{name}": found for name, found in aucs.items()} | {
        "roc_auc_gap": aucs["random"] - aucs["temporal"],
        "roc_auc_user_gap": aucs["random"] - aucs["users_apart"],
    }
    listing = {name: (float(found[0]), *limits(found[1:], float(found[0]))) for name, found in values.items()}
    return listed(listing, n=[*n.values(), n["temporal"], n["users_apart"]])


def _ways(groups: ArrayLike, moments: ArrayLike, known_at: ArrayLike | None, seed: int) -> dict[str, Sides]:
    apart = split_users(groups, seed=seed)
    held = np.random.default_rng(seed).random(len(apart)) < HELD_OUT
    begins: pd.Series[Any] = pd.Series(moments)
    late = begins.sort_values().iloc[int(len(begins) * (1 - HELD_OUT)) :]
    if not len(late):
        raise NotEnoughDataError("There are no rows to split. Choose a longer time.")
    return {
        "random": Sides(~held, held),
        "users_apart": Sides(~apart, apart),
        "temporal": split_time(begins, cutoff=late.iloc[0], known_at=known_at),
    }


def _scores(
    fit: Fit, features: pd.DataFrame, labels: pd.Series[Any], *, name: str, sides: Sides
) -> ArrayLike:
    """What a model fitted on one side says of the other."""
    if not sides.train.any() or not sides.test.any():
        raise NotEnoughDataError(
            f"The {name} split of {len(features)} rows leaves {sides.train.sum()} to learn from and "
            f"{sides.test.sum()} to judge by. Give rows of more users and of a longer time."
        )
    scores: ArrayLike = fit(features[sides.train], labels[sides.train])(features[sides.test])
    return scores


def _aucs(rows: Rows, *, seed: Seed) -> Floats:
    """The ROC AUC of the rows, then that of each draw of their users."""
    draws = DRAWS if rows.groups > 1 else 0
    weights = chain([np.ones(rows.groups)], resampled(rows.groups, draws=draws, seed=seed))
    return np.array([ranking(rows, counts[rows.group])[0] for counts in weights])
