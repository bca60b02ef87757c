"""Where the search for the parameters of repeat buying begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics_lib.models.lifetime_summary import Grouped


def starts(rows: Grouped) -> list[tuple[float, ...]]:
    """Around the mean rate of buying: rates that differ much and little, dropout that is rare and common."""
    total = rows.weights.sum()
    mean_age = float(rows.weights @ rows.by_age.values[rows.by_age.places] / total)
    rate = float(rows.by_frequency.sizes @ rows.by_frequency.values / total / max(mean_age, 1e-9))
    alpha = max(mean_age, 1e-9) / 3
    return [
        (2 * rate * alpha, alpha, 0.7, 2.5),
        (4 * rate * alpha, 3 * alpha, 1.5, 1.5),
        (rate * alpha, alpha / 4, 0.3, 6),
    ]
