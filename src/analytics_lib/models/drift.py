"""Whether rows still look as they did in training: the population stability index of inputs and scores.

    PSI = sum over bins of (q - p) ln(q / p)

with p the share of a bin in training and q its share now. Numbers and scores have the deciles of the training
rows as bins and one more for missing; categories have their frequent values and one for all others. A bin
without rows counts as half a row. The usual rule of thumb: from 0.1 on watch, from 0.25 on act. With few rows
PSI is above 0 by chance alone: n rows against m give about chi-squared (bins - 1) times (1/n + 1/m); below
the 95 % point of that nothing is said to have moved (Yurdakul and Naranjo 2020, Statistical properties of
the population stability index, Journal of Risk Model Validation 14:4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.models.logit_terms import MISSING, OTHER, level_codes, number_text, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.models.logit import Logit

Floats = NDArray[np.float64]
Kind = Literal["number", "category", "score"]

WATCH, ACT = 0.1, 0.25
COLUMNS = ["feature", "kind", "psi", "noise", "status", "n", "bin", "share_then", "share_now"]
_DECILES = np.arange(1, 10) / 10


@dataclass(frozen=True)
class Bins:
    """How the training rows were spread over one feature or score.

    Attributes:
        edges: Of a number: where bins meet; each belongs to the bin above it.
        levels: Of a category: its frequent values, null for missing.
        shares: Of the training rows: of each bin in its order, then the missing (number) or all others.
        rows: Training rows.
    """

    feature: str
    kind: Kind
    edges: tuple[float, ...]
    levels: tuple[str | None, ...]
    shares: tuple[float, ...]
    rows: int

    @property
    def names(self) -> list[str]:
        """What to call each bin."""
        if self.kind == "category":
            return [*(MISSING if level is None else level for level in self.levels), OTHER]
        ends = [number_text(edge) for edge in self.edges]
        inner = [f"{low} .. {high}" for low, high in pairwise(ends)]
        outer = [f"< {ends[0]}", *inner, f">= {ends[-1]}"] if ends else ["any"]
        return [*outer, MISSING]

    def counts(self, column: pd.Series) -> NDArray[np.int64]:
        """How many of these rows are in each bin."""
        if self.kind == "category":
            codes = level_codes(column, self.levels)
            places = np.where(codes < 0, len(self.levels), codes)
        else:
            values = numbers(column)
            inside = np.searchsorted(np.array(self.edges), values, side="right")
            places = np.where(np.isnan(values), len(self.edges) + 1, inside)
        return np.bincount(places, minlength=len(self.shares)).astype(np.int64)


def number_bins(feature: str, column: pd.Series, *, kind: Kind = "number") -> Bins:
    """The spread of a number's or a score's training rows."""
    values = numbers(column)
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, _DECILES, method="higher")) if known.size else np.empty(0)
    edges = edges[edges > known.min()] if known.size else edges
    return _filled(
        Bins(feature, kind, tuple(edges.tolist()), (), (0.0,) * (edges.size + 2), len(column)), column
    )


def category_bins(feature: str, column: pd.Series, levels: Sequence[str | None]) -> Bins:
    """The spread of a category's training rows over these levels and all other values."""
    return _filled(
        Bins(feature, "category", (), tuple(levels), (0.0,) * (len(levels) + 1), len(column)), column
    )


def compare(reference: Sequence[Bins], rows: pd.DataFrame) -> pd.DataFrame:
    """How far each feature or score has moved since training.

    Args:
        reference: The spreads in training.
        rows: As they come now, with a column for each.

    Returns:
        One row a feature or score, the farthest first: ``feature``, ``kind`` (number, category, score),
        ``psi``, ``noise`` (the 95 % point of PSI if nothing has moved), ``status`` (``steady``, ``watch``,
        ``act``; ``too_few`` where the noise reaches 0.1 and nothing larger is seen), ``n`` (rows now), and
        the bin that moved most: ``bin share_then share_now``.

    Raises:
        NotEnoughDataError: If there are no rows.
        RequestError: If a column is missing.
    """
    if rows.empty:
        raise NotEnoughDataError("There are no rows to compare with training. Choose a window with some.")
    absent = [one.feature for one in reference if one.feature not in rows.columns]
    if absent:
        raise RequestError(
            f"The frame lacks the column {absent[0]!r} ({len(absent)} of {len(reference)} missing)."
        )
    found = pd.DataFrame([_moved(one, rows[one.feature]) for one in reference], columns=COLUMNS)
    return found.sort_values("psi", ascending=False, kind="stable", ignore_index=True)


def psi(model: Logit, features: pd.DataFrame) -> pd.DataFrame:
    """How far each feature the model reads, and each of its probabilities, has moved since training.

    Returns:
        As ``compare``; scores are named 'score <outcome>'.

    Raises:
        NotEnoughDataError: If there are no rows.
        RequestError: If a column is missing.
    """
    scores = score_columns(model.classes, model.probabilities(features))
    single = features[list(model.features)]
    return compare(model.reference, pd.concat([single.reset_index(drop=True), scores], axis=1))


def score_columns(classes: Sequence[str], probabilities: Floats) -> pd.DataFrame:
    """Probabilities under the names that drift gives them."""
    return pd.DataFrame(probabilities, columns=[score_name(name) for name in classes])


def score_name(outcome: str) -> str:
    """What the outcome's probability is called beside features."""
    return f"score {outcome}"


def _filled(bins: Bins, column: pd.Series) -> Bins:
    shares = bins.counts(column) / max(len(column), 1)
    return Bins(bins.feature, bins.kind, bins.edges, bins.levels, tuple(shares.tolist()), bins.rows)


def _moved(bins: Bins, column: pd.Series) -> tuple[object, ...]:
    then, now = np.array(bins.shares), bins.counts(column) / len(column)
    used = np.flatnonzero((then > 0) | (now > 0))
    p = np.maximum(then[used], 0.5 / bins.rows)
    q = np.maximum(now[used], 0.5 / len(column))
    parts = (q - p) * np.log(q / p)
    noise = float(stats.chi2.ppf(0.95, max(used.size - 1, 1))) * (1 / bins.rows + 1 / len(column))
    value, place = float(parts.sum()), int(used[np.argmax(parts)])
    described = bins.names[place], float(then[place]), float(now[place])
    return (bins.feature, bins.kind, value, noise, _status(value, noise), len(column), *described)


def _status(value: float, noise: float) -> str:
    if value <= noise:
        return "steady" if noise < WATCH else "too_few"
    return "act" if value >= ACT else "watch" if value >= WATCH else "steady"
