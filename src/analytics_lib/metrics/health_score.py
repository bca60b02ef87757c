"""One number for how the service does: resolution, satisfaction, response time and escalation, weighed.

``value = Σ weight · normalized / Σ weight`` over the parts that have data. Weights were given; how a part
becomes 0 to 1
is ours: shares are themselves, the escalation rate is turned round, and the response time falls from 1 at
``good`` to 0 at ``bad`` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.bootstrap import percentiles, sums
from analytics_lib.metrics.catalog import CATALOG
from analytics_lib.metrics.measure import measure
from analytics_lib.metrics.question import ask, check_metric
from analytics_lib.metrics.units import unit_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from analytics_lib.metrics.question import Question
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

WEIGHTS: Mapping[str, float] = {
    "resolution_rate": 0.3,
    "csat": 0.3,
    "average_response_time": 0.2,
    "escalation_rate": 0.2,
}
GOOD_SECONDS, BAD_SECONDS = 2.0, 30.0
# Below so much of the weight with data the score is labelled partial.
PARTIAL_BELOW = 0.5


@dataclass(frozen=True)
class HealthScore:
    """How the service does.

    Attributes:
        value: 0 to 1; NaN where no part has data.
        low: Lower 95 % limit (bootstrap over users of all parts together).
        high: Upper limit.
        covered_weight: Weight of the parts that have data, 0 to 1.
        partial: Whether less than half of the weight is covered.
        parts: One row per part: ``metric``, ``value``, ``normalized`` (0 to 1), ``weight``, ``numerator``,
            ``denominator``, ``low``, ``high``, ``few``; null where it has no data.
    """

    value: float
    low: float
    high: float
    covered_weight: float
    partial: bool
    parts: pd.DataFrame


def health_score(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    as_of: Moment | None = None,
    weights: Mapping[str, float] = WEIGHTS,
    seconds: tuple[float, float] = (GOOD_SECONDS, BAD_SECONDS),
) -> HealthScore:
    """The health score of a window.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        as_of: Nothing later is known; null = everything in the store is.
        weights: Weight of each part, by metric.
        seconds: The response times that count as 1 and as 0.

    Raises:
        RequestError: If the window is empty, a weight is below 0, or the good time is not below the bad one.
    """
    if min(weights.values()) < 0 or not sum(weights.values()) > 0 or not seconds[0] < seconds[1]:
        raise RequestError(
            f"weights {dict(weights)} and seconds {seconds}: expected weights of 0 or more, not all 0, and a "
            "good time below the bad one."
        )
    question = ask(store, since=since, until=until, as_of=as_of)
    rows = [
        _part(store, name, question, {"since": since, "until": until, "as_of": as_of}) for name in weights
    ]
    parts = pd.DataFrame(rows).reset_index(drop=True).assign(metric=list(weights))

    def pairs(names: Sequence[str]) -> NDArray[np.float64]:
        return unit_pairs(store, [CATALOG[name] for name in names], question).to_numpy(dtype=float)

    return weigh(parts, pairs, weights=weights, seconds=seconds)


def weigh(
    measured: pd.DataFrame,
    pairs: Callable[[Sequence[str]], NDArray[np.float64]],
    *,
    weights: Mapping[str, float] = WEIGHTS,
    seconds: tuple[float, float] = (GOOD_SECONDS, BAD_SECONDS),
) -> HealthScore:
    """The score of parts that somebody measured.

    Args:
        measured: One row per part: ``metric value numerator denominator low high few``; value null where it
            has no data.
        pairs: For names of parts, numerator and denominator of each, side by side; one row per user, in an
            order that does not depend on chance.
        weights: As for ``health_score``.
        seconds: Likewise.
    """
    parts = measured.assign(weight=[weights[name] for name in measured["metric"]])
    parts["normalized"] = [
        float(_normalized(name, value, seconds)) for name, value in parts[["metric", "value"]].to_numpy()
    ]
    known = parts["normalized"].notna()
    covered = float(parts.loc[known, "weight"].sum() / parts["weight"].sum())
    value = _weighed(parts["normalized"].to_numpy(dtype=float)[:, None], parts["weight"].to_numpy())[0]
    low, high = _limits(parts[known], pairs, seconds)
    columns = ["metric", "value", "normalized", "weight", "numerator", "denominator", "low", "high", "few"]
    return HealthScore(float(value), low, high, covered, covered < PARTIAL_BELOW, parts[columns])


def _part(store: Store, name: str, question: Question, window: dict[str, object]) -> pd.Series:
    """The metric over the window; all null where the store never held what it counts."""
    nothing: dict[str, object] = dict.fromkeys(("value", "numerator", "low", "high"), np.nan)
    try:
        check_metric(store, CATALOG[name], question)
    except NotEnoughDataError:
        return pd.Series(nothing | {"denominator": 0.0, "few": True})
    found = measure(store, CATALOG[name], **window)  # type: ignore[arg-type]  # as given
    return pd.Series(nothing | {"denominator": 0.0, "few": True}) if found.empty else found.iloc[0]


def _normalized(name: str, given: ArrayLike, seconds: tuple[float, float]) -> NDArray[np.float64]:
    values = np.asarray(given, dtype=float)
    if name == "average_response_time":
        good, bad = seconds
        return np.asarray(np.clip((bad - values) / (bad - good), 0, 1))
    return np.asarray(1 - values if CATALOG[name].better == "lower" else values)


def _weighed(normalized: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighed mean of each column over the rows that are known; NaN where none is."""
    known = ~np.isnan(normalized)
    total = (known * weights[:, None]).sum(axis=0)
    summed = np.where(known, normalized, 0) * weights[:, None]
    return np.asarray(summed.sum(axis=0) / np.where(total > 0, total, np.nan))


def _limits(
    parts: pd.DataFrame,
    pairs: Callable[[Sequence[str]], NDArray[np.float64]],
    seconds: tuple[float, float],
) -> tuple[float, float]:
    """Users are drawn once for all parts, so that a user who was helped slowly is so in every part."""
    if parts.empty:
        return np.nan, np.nan
    users = pairs(list(parts["metric"]))
    if len(users) < 2:
        return np.nan, np.nan
    totals = sums(users)
    drawn = np.full((len(parts), len(totals)), np.nan)
    for place, name in enumerate(parts["metric"]):
        y, n = totals[:, 2 * place], totals[:, 2 * place + 1]
        drawn[place] = _normalized(name, y / np.where(n > 0, n, np.nan), seconds)
    weighed = _weighed(drawn, parts["weight"].to_numpy())
    return percentiles(weighed[~np.isnan(weighed)])
