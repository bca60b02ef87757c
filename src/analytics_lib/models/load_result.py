"""A forecast: what is expected at each step, how sure that is, and how its methods did on the past."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.load_intervals import Spread

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Of each day, so many steps are named that may be its peak.
PEAKS = 3
# Paths by which peaks are judged.
DRAWS_FOR_PEAKS = 2_000
_MOST_DRAWS = 100_000


@dataclass(frozen=True)
class Forecast:
    """What a history leads to expect.

    Attributes:
        frame: One row a step: ``at`` (as the history has its times), ``expected`` (mean count), and for each
            level ``low_80 high_80`` and so on; none is below 0.
        peaks: One row per day and step that may be its busiest, the three likeliest: ``day at rank
            probability expected low high`` (the widest interval); where steps are days, of each week.
        method: Which gave ``expected``: seasonal_naive, yesterday, regression, prophet, prophet_level,
            combined, or a fallback: ``mean`` (of the few steps known), ``none`` (nothing is known).
        backtest: One row a method: ``method mase season wape bias peak_hit origins
            steps n chosen``, and for each level
            ``coverage_95``, ``coverage_busy_95`` (in the four busiest hours of each day), each with
            ``_low _high`` (95 % limits) and ``_n`` (steps judged), and ``winkler_95``; null where nothing
            could be judged.
        coverage: Likewise in parts, one row per method, level and part that was judged: ``method level by
            item`` (by all, busiest, weekday 1 to 7, or kind: holiday, payday, event, ordinary) ``n`` (steps)
            ``days`` ``coverage low high``.
        notes: What a reader should know, as codes.
        anomalies: What of the history no fit saw (see ``Anomalies.rows``).
        components: What multiplies what: ``source component item factor``.
        comparison: One row a step: ``at expected last_week last_year`` (the same hour 7 and 364 days before;
            null where unknown).
        methods: One row a step: ``at`` and what each method expects, the chosen one or not.
        history: The history as it was read: ``at value left_out``.
        step: Time between two rows.
        spread: How far forecasts of the past were off.
    """

    frame: pd.DataFrame
    peaks: pd.DataFrame
    method: str
    backtest: pd.DataFrame
    coverage: pd.DataFrame
    notes: tuple[str, ...]
    anomalies: pd.DataFrame
    components: pd.DataFrame
    comparison: pd.DataFrame
    methods: pd.DataFrame
    history: pd.DataFrame
    step: pd.Timedelta
    spread: Spread = field(repr=False)

    def samples(self, draws: int, *, seed: int = 0) -> NDArray[np.float64]:
        """Counts that may come, whole paths at a time: what is high in one hour tends to be in the next.

        Each step by itself is spread as the intervals say. Which steps are high together is taken from whole
        forecasts of the past: how each of their errors ranked among those of its step (an empirical copula).

        Args:
            draws: How many paths.
            seed: The same seed gives the same paths.

        Returns:
            One row a path, one column a row of ``frame``; at least 0, and whole where the history is.

        Raises:
            RequestError: If ``draws`` is not 1 to 100,000.
        """
        if not 1 <= draws <= _MOST_DRAWS:
            raise RequestError(f"draws is {draws}; expected 1 to {_MOST_DRAWS:,}.")
        expected = self.frame["expected"].to_numpy(dtype=float)
        slots, leads = places(self.frame["at"], self.spread.rows, self.step)
        return drawn(expected, self.spread, draws=draws, slots=slots, leads=leads, seed=seed)


def places(at: pd.Series, day: int, step: pd.Timedelta) -> tuple[Ints, Ints]:
    """Slot of the day and lead day of each step of a forecast."""
    minutes = at.dt.hour.to_numpy() * 60 + at.dt.minute.to_numpy()
    slots = minutes // max(1, round(step.total_seconds() / 60)) % day
    return np.asarray(slots, dtype=np.int64), np.arange(len(at), dtype=np.int64) // day


def drawn(
    expected: Floats, spread: Spread, *, draws: int, slots: Ints, leads: Ints, seed: int = 0
) -> NDArray[np.float64]:
    """Paths of counts (see ``Forecast.samples``)."""
    shares = _shares(spread.ranks, (draws, len(expected)), np.random.default_rng(seed))
    paths = spread.at(shares, expected, slots=slots, leads=leads)
    # Only numbers that are counts are made whole.
    return np.asarray(np.rint(paths), dtype=float) if spread.scale.unit == 1 else paths


def _shares(ranks: Floats, shape: tuple[int, int], random: np.random.Generator) -> Floats:
    """Ranks of whole forecasts of the past drawn by lot, one after the other, until all steps have one.

    Each is moved a little, so that no error of the past has to come back as it was.
    """
    draws, steps = shape
    pieces = [ranks[random.integers(0, len(ranks), draws)] for _ in range(-(-steps // ranks.shape[1]))]
    found = np.hstack(pieces)[:, :steps]
    moved = found + (random.random(shape) - 0.5) / len(ranks)
    # Reflected at the ends: cutting would pile up paths there.
    moved = np.abs(np.where(moved > 1, 2 - moved, moved))
    return np.where(np.isnan(moved), random.random(shape), np.clip(moved, 1e-6, 1 - 1e-6))


def find_peaks(frame: pd.DataFrame, paths: Floats, *, levels: tuple[float, ...], daily: bool) -> pd.DataFrame:
    """Which steps may be the busiest of their day (of their week where steps are days).

    A path that has its most at several steps counts for each in equal parts.

    Args:
        frame: That of a forecast.
        paths: Counts that may come, one row a path.
        levels: Of the intervals; the widest is told.
        daily: Whether steps are days.
    """
    widest = f"{100 * max(levels):g}"
    kept = frame[["at", "expected"]].assign(low=frame[f"low_{widest}"], high=frame[f"high_{widest}"])
    kept["day"] = kept["at"].dt.normalize()
    if daily:
        kept["day"] -= pd.to_timedelta(kept["at"].dt.day_of_week, unit="D")
    kept["probability"] = 0.0
    for rows in kept.groupby("day").indices.values():
        of_day = paths[:, rows]
        most = of_day == of_day.max(axis=1, keepdims=True)
        kept.iloc[rows, -1] = (most / most.sum(axis=1, keepdims=True)).mean(axis=0)
    ordered = kept.sort_values(["day", "probability", "expected"], ascending=[True, False, False])
    ordered["rank"] = ordered.groupby("day").cumcount() + 1
    columns = ["day", "at", "rank", "probability", "expected", "low", "high"]
    return ordered.loc[ordered["rank"] <= PEAKS, columns].reset_index(drop=True)
