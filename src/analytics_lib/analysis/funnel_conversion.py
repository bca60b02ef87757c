"""How long it takes to get through a funnel, those on their way counted for as long as they were watched.

The median of those who got through is too low while others are still deciding. T is the time from the anchor
to the last stage, censored at what is known or at the end of ``within``; the share who got through by t is
1 - Ŝ(t), with the Kaplan-Meier curve Ŝ.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
import pandas as pd

from analytics_lib.analysis.funnel_groups import microseconds
from analytics_lib.analysis.funnel_matching import NEVER, match
from analytics_lib.analysis.funnel_question import ask, known_to
from analytics_lib.metrics.survival import Curve, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_matching import Matched
    from analytics_lib.analysis.funnel_question import Steps
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

SHARES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
_MOST_POINTS = 400


class How(TypedDict, total=False):
    """How the stages have to follow one another, as of ``funnels.funnel``."""

    within: dt.timedelta | None
    mode: str
    excluded: Sequence[str]
    as_of: Moment | None


@dataclass(frozen=True)
class Conversion:
    """How long it takes from the anchor to the last stage.

    Attributes:
        users: Who entered.
        converted: Of these, who reached the last stage.
        known_to: Up to when they were watched.
        curve: One row per time, ascending: ``seconds``, ``converted_rate`` (share of users who got through by
            then, 0 to 1) with 95 % limits ``low high``, ``at_risk`` (users watched for that long who had not
            got through before).
        percentiles: One row for each of 25, 50, 75, 90, 95 and 99 percent (``share``): ``seconds`` by which
            that share of all users got through, null where the curve does not reach it, with the limits
            ``low_seconds high_seconds`` (null where the curve's limit does not); and ``converters_seconds``,
            the percentile among those who got through, which says nothing of the others.
    """

    users: int
    converted: int
    known_to: dt.datetime
    curve: pd.DataFrame
    percentiles: pd.DataFrame


def time_to_convert(
    store: Store, *, stages: Sequence[str], since: Moment, until: Moment, **how: Unpack[How]
) -> Conversion:
    """The time from the anchor to the last stage, as a censored curve and in percentiles.

    Args:
        store: Read: ``events``.
        stages: As of ``funnels.funnel``.
        since: Start of the window the anchor lies in.
        until: Its end, excluded.
        how: ``within mode excluded as_of`` as of ``funnels.funnel``.

    Raises:
        RequestError: As ``funnels.funnel``.
        NotEnoughDataError: As ``funnels.funnel``.
    """
    asked = ask(stages=stages, since=since, until=until, **how)
    return conversion_of(match(store, asked), asked.steps, known_to(store, asked))


def conversion_of(matched: Matched, steps: Steps, known: dt.datetime) -> Conversion:
    """``time_to_convert`` of what is matched, watched up to ``known``."""
    entered, last = matched.entered[matched.kept], matched.reached[-1][matched.kept]
    events = last < NEVER
    ends = np.full(len(entered), microseconds(known))
    if steps.within:
        ends = np.minimum(ends, entered + steps.within // dt.timedelta(microseconds=1))
    durations = (np.where(events, last, ends) - entered) / 1e6
    return Conversion(
        users=len(entered),
        converted=int(events.sum()),
        known_to=known,
        curve=_curve(durations, events),
        percentiles=_percentiles(durations, events),
    )


def _curve(durations: Floats, events: NDArray[np.bool_]) -> pd.DataFrame:
    """The curve at 0, where somebody got through, and at the end of what was watched."""
    if not len(durations):
        return pd.DataFrame(columns=["seconds", "converted_rate", "low", "high", "at_risk"], dtype=float)
    times = np.unique(durations[events])
    if len(times) > _MOST_POINTS:
        times = times[np.unique(np.linspace(0, len(times) - 1, _MOST_POINTS).astype(int))]
    times = np.unique(np.concatenate([[0.0], times, [durations.max()]]))
    found = kaplan_meier(durations, events, times)
    return pd.DataFrame(
        {
            "seconds": times,
            "converted_rate": 1 - found.survival,
            "low": 1 - found.high,
            "high": 1 - found.low,
            "at_risk": found.at_risk.astype(int),
        }
    )


def _percentiles(durations: Floats, events: NDArray[np.bool_]) -> pd.DataFrame:
    times = np.unique(durations[events])
    curve = kaplan_meier(durations, events, times)
    converters = durations[events]
    rows = [
        {
            "share": share,
            **_reached(times, curve, share),
            "converters_seconds": float(np.quantile(converters, share)) if len(converters) else np.nan,
        }
        for share in SHARES
    ]
    return pd.DataFrame(rows)


def _reached(times: Floats, curve: Curve, share: float) -> dict[str, float]:
    """When the curve and its two limits reach a share."""
    lines = {"seconds": curve.survival, "low_seconds": curve.low, "high_seconds": curve.high}
    # A hair of slack: 1 - 0.75 is not always 0.25.
    first = {name: np.flatnonzero(line <= 1 - share + 1e-12) for name, line in lines.items()}
    return {name: float(times[places[0]]) if len(places) else np.nan for name, places in first.items()}
