"""Why a model expects an end: what each factor adds to its score, and which turns moved it.

The score of an outcome is a sum over factors (a feature with its interactions); the probabilities are the
softmax of the outcomes' scores. A score counts against the mean of the four outcomes' scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.outcome_rows import OUTCOMES

if TYPE_CHECKING:
    from analytics_lib.models.outcome_fitting import Recipe

SILENCE = "silence"
SHOWN = 3
# A factor that moves the odds by less than 5 % is none.
LEAST = 0.05


def by_factor(
    recipe: Recipe, rows: pd.DataFrame, outcome: str, *, quiet: pd.Series | None = None
) -> pd.DataFrame:
    """What each factor adds to the score of an outcome.

    Args:
        recipe: Of the model.
        rows: As of ``outcome_rows.turn_rows``.
        outcome: One that occurred in training.
        quiet: How long nobody has written since; null = just after the turn.

    Returns:
        One row a row, with its index: ``base``, then a column for each feature (an interaction belongs to
        its first), and ``silence`` where that is given.

    Raises:
        RequestError: If the outcome did not occur in training.
    """
    parts = recipe.logit.contributions(rows, outcome)
    owners = [name.partition(" x ")[0] for name in parts.columns]
    found = parts.T.groupby(owners, sort=False).sum().T
    if quiet is not None:
        adds = recipe.silence.scores(quiet)[:, OUTCOMES.index(outcome)]
        found[SILENCE] = adds
    return found


def strongest(parts: pd.DataFrame, *, against: bool = True) -> pd.DataFrame:
    """The factors that say most in each row.

    Args:
        parts: As ``by_factor`` gives, or their change; ``base`` is no factor.
        against: Whether those that lower the score count too.

    Returns:
        One row a row, with its index: ``factor_1`` to ``factor_3`` (null where fewer say anything) and
        ``points_1`` to ``points_3`` (what they add to the score).
    """
    parts = parts.drop(columns="base", errors="ignore")
    values = np.nan_to_num(parts.to_numpy(dtype=float))
    sizes = np.abs(values) if against else values
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :SHOWN]
    names = np.array(parts.columns, dtype=object)
    found: dict[str, object] = {}
    for place in range(SHOWN):
        if place >= order.shape[1]:
            found[f"factor_{place + 1}"] = pd.Series(None, index=parts.index, dtype=object)
            found[f"points_{place + 1}"] = np.nan
            continue
        at = order[:, place]
        speaks = sizes[np.arange(len(parts)), at] >= LEAST
        found[f"factor_{place + 1}"] = pd.Series(names[at], index=parts.index, dtype=object).where(
            speaks, None
        )
        found[f"points_{place + 1}"] = np.where(speaks, values[np.arange(len(parts)), at], np.nan)
    return pd.DataFrame(found, index=parts.index)


def changes(parts: pd.DataFrame) -> pd.DataFrame:
    """How each factor changed from turn to turn; at the first turn, what it adds to the mean row."""
    factors = parts.drop(columns="base", errors="ignore")
    moved = factors.diff()
    moved.iloc[:1] = factors.iloc[:1]
    return moved
