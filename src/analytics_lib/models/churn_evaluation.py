"""How a churn model did at each cutoff, for whom, and beside what is simple.

Somebody long gone is easily told to stay away: over everybody ever seen any rule looks good. So every number
names its population. The headline is of those not silent for longer than the look-back (``due``); beside it
stand ``all`` ever active, ``recent`` (silent for less than the horizon), and of those due: ``once`` (active
on a single day), ``repeat``, ``buyers``, and ``new`` (who taught the model nothing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.validation import baselines, compare_models, evaluate

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from analytics_lib.models.lifetime_fitting import Floats

DUE = "due"
POPULATIONS = (DUE, "recent", "once", "repeat", "buyers", "new", "all")
MODELS = ("churn", "recency_rule", "base_rate")
# Under so many rows a population is not reported.
FEWEST = 20
_DAY = pd.Timedelta(days=1)


def populations(
    rows: pd.DataFrame, *, horizon: dt.timedelta, look_back: dt.timedelta, taught: pd.Series
) -> dict[str, NDArray[np.bool_]]:
    """Which of these rows belong to each population.

    Args:
        rows: ``user_id silent_days occasions orders``.
        horizon: Of the model.
        look_back: Silent for so long or longer is not due.
        taught: The users of the training rows.
    """
    silent = rows["silent_days"].to_numpy(dtype=float)
    due = silent < look_back / _DAY
    once = rows["occasions"].to_numpy() == 1
    found = {
        DUE: due,
        "recent": silent < horizon / _DAY,
        "once": due & once,
        "repeat": due & ~once,
        "buyers": due & (rows["orders"].fillna(0).to_numpy() > 0),
        "new": due & ~rows["user_id"].isin(taught).to_numpy(),
        "all": np.ones(len(rows), dtype=bool),
    }
    return {name: found[name] for name in POPULATIONS}


def simple_scores(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Floats]:
    """What the base rate and the recency rule of the training rows say of the test rows."""
    return baselines(train, train["left"], test, recency="silent_days")


def measured(
    test: pd.DataFrame,
    scores: dict[str, Floats],
    *,
    members: dict[str, NDArray[np.bool_]],
    seed: int,
    draws: int,
) -> pd.DataFrame:
    """The model and what is simple, over each population of one cutoff.

    Args:
        test: ``user_id left``.
        scores: P(left) by the model's name, the churn model's first.
        members: As ``populations`` gives.
        seed: Of the draws for the intervals.
        draws: How many for those due; a quarter of them for other populations.

    Returns:
        One row per population, model and metric: ``population model metric value low high n``; populations
        of fewer than 20 are absent.
    """
    frames = {}
    for name, mask in members.items():
        if mask.sum() < FEWEST:
            continue
        rows = test[mask]
        # The base rate ranks nobody: beside the headline alone.
        given = {
            model: values[mask] for model, values in scores.items() if name == DUE or model != "base_rate"
        }
        size = draws if name == DUE else draws // 4
        frames[name] = compare_models(rows["left"], given, groups=rows["user_id"], seed=seed, draws=size)
    if not frames:
        return pd.DataFrame(columns=["population", "model", "metric", "value", "low", "high", "n"])
    return pd.concat(frames, names=["population", None]).reset_index("population").reset_index(drop=True)


def headline(found: pd.DataFrame, *, population: str = DUE) -> pd.DataFrame:
    """The metrics of the churn model over one population, with what is simple beside each.

    Returns:
        One row per metric: ``metric value low high n recency_rule base_rate population``, then
        ``roc_auc_gain`` and ``brier_gain`` over the recency rule (paired).
    """
    rows = found[found["population"] == population]
    own = rows[rows["model"] == MODELS[0]]
    simple = rows.pivot_table(index="metric", columns="model", values="value", aggfunc="first", sort=False)
    gains = rows[(rows["model"] == MODELS[1]) & rows["metric"].str.endswith("_gain")]
    listed = pd.concat([own, gains], ignore_index=True)
    beside = {name: listed["metric"].map(simple[name]) for name in MODELS[1:] if name in simple}
    gain = listed["metric"].str.endswith("_gain")
    beside = {name: values.where(~gain) for name, values in beside.items()}
    columns = ["metric", "value", "low", "high", "n"]
    return listed[columns].assign(**beside, population=population)


def compared(test: pd.DataFrame, scores: dict[str, Floats], *, seed: int, draws: int) -> pd.DataFrame:
    """Several views of who leaves, each over the rows of which it says something.

    Args:
        test: ``user_id left``, one population.
        scores: P(left) by the view's name; null where a view says nothing.
        seed: Of the draws.
        draws: How many.

    Returns:
        One row per view and metric: ``model metric value low high n`` for ``roc_auc``, ``brier`` and ``ece``.
    """
    frames = {}
    for name, values in scores.items():
        known = np.isfinite(values)
        if known.sum() >= FEWEST:
            rows = test[known]
            frames[name] = evaluate(
                rows["left"],
                np.clip(values[known], 0, 1),
                groups=rows["user_id"],
                seed=seed,
                draws=draws,
            )
    if not frames:
        return pd.DataFrame(columns=["model", "metric", "value", "low", "high", "n"])
    found = pd.concat(frames, names=["model", None]).reset_index("model").reset_index(drop=True)
    return found[found["metric"].isin(["roc_auc", "brier", "ece"])].reset_index(drop=True)
