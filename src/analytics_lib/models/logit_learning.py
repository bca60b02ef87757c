"""What training rows teach of a feature: where its line bends, which of its values are frequent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analytics_lib.models.logit_terms import CategoryTerm, CrossTerm, NumberTerm, numbers, products, texts

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

BENDS = (0.1, 0.3, 0.5, 0.7, 0.9)
# Beyond these shares of the training rows a number counts as the limit: one extreme value sways nothing.
LIMITS = (0.001, 0.999)
RARE = 20
# With this share of the rows at the lowest value, the rest is divided by itself.
_HEAP = 0.1
# Values this near to each other are one: what is divided by less overflows.
_NARROW = 1e-100


def number_term(feature: str, column: pd.Series) -> NumberTerm | None:
    """The term of a number, learned from training rows; null where it says the same of every row."""
    values = numbers(column)
    known = values[~np.isnan(values)]
    missing = 1 - known.size / values.size if known.size < values.size else None
    low, high = _limits(known) if known.size else (0.0, 0.0)
    known = np.clip(known, low, high)
    if known.size == 0 or (known - low).std() <= _NARROW:
        # Whether it is known may still tell rows apart.
        return NumberTerm(feature, low, low, (), (), (), missing, (low,)) if known.size and missing else None
    bends = _bends(known, low, high)
    bases = [np.maximum(known - bend, 0) for bend in (low, *bends)]
    centers, scales = (tuple(float(of(basis)) for basis in bases) for of in (np.mean, np.std))
    points = np.unique(np.quantile(known, [0.1, 0.5, 0.9])).tolist()
    told = tuple(points) if len(points) > 1 else (low, high)
    return NumberTerm(feature, low, high, bends, centers, scales, missing, told)


def category_term(feature: str, column: pd.Series) -> CategoryTerm | None:
    """The term of a category, learned from training rows; null where it says the same of every row."""
    codes, names = texts(column)
    counts: Counter[str | None] = Counter()
    for name, rows in zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True):
        counts[name] += rows
    frequent = {name: rows for name, rows in counts.most_common() if rows >= RARE}
    others = codes.size - sum(frequent.values())
    if len(frequent) + (others > 0) < 2:
        return None
    shares = tuple(rows / codes.size for rows in frequent.values())
    return CategoryTerm(feature, tuple(frequent), shares, others / codes.size if others else None)


def cross_term(
    first: NumberTerm | CategoryTerm, second: NumberTerm | CategoryTerm, rows: pd.DataFrame
) -> CrossTerm | None:
    """The term of two features' interaction; null where their products do not vary."""
    each = products(first, second, rows)
    centers, spreads = each.mean(axis=0), each.std(axis=0)
    kept = np.flatnonzero(spreads > 1e-9)
    if kept.size == 0:
        return None
    # A rare pair of values is not blown up to the weight of a frequent one, as a rare value is not.
    scaled = np.ones(kept.size) if first.type == second.type == "category" else spreads[kept]
    return CrossTerm(
        first, second, tuple(kept.tolist()), tuple(centers[kept].tolist()), tuple(scaled.tolist())
    )


def _limits(known: Floats) -> tuple[float, float]:
    low, high = np.quantile(known, LIMITS)
    # Where nearly all rows have one value, the few others are what there is to learn from.
    return (float(low), float(high)) if low < high else (float(known.min()), float(known.max()))


def _bends(known: Floats, low: float, high: float) -> tuple[float, ...]:
    """Distinct quantiles strictly between the limits; a heap of rows at the lowest value is set apart."""
    above = known[known > low]
    heap = 1 - above.size / known.size >= _HEAP
    found = np.quantile(above, [0.0, *BENDS]) if heap else np.quantile(known, BENDS)
    inside = np.unique(found[(found > low) & (found < high)]).tolist()
    return tuple(bend for bend in inside if np.maximum(known - bend, 0).std() > _NARROW)
