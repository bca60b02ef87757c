"""How long the conversations of a window last, those that are still open among them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.analysis.overview_scope import Asked, known_to
from analytics_lib.metrics.question import last_moment
from analytics_lib.metrics.survival import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

# Seconds; each is about twice the one before, in units people use.
EDGES = (0, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200)


@dataclass(frozen=True)
class Durations:
    """How long conversations last, those that are still open counted for as long as they were watched.

    Attributes:
        rows: One row per stretch of ``EDGES``, the last without an end: ``from_seconds``,
            ``to_seconds`` (null at the last), ``closed`` (that ended within it), ``share`` (of all
            conversations, those that end within it: the fall of the Kaplan-Meier curve, 0 to 1; what does not
            end while it is watched is in the last stretch).
        closed: Conversations that ended, of the window.
        open: Those still open at the moment up to which the store is known.
        negative: Those that end before they start, which are left out.
        median_seconds: The time by which half have ended; null where fewer have.
        low_seconds: Lower end of its 95 % interval.
        high_seconds: Upper end; null where the curve does not come down so far.
    """

    rows: pd.DataFrame
    closed: int
    open: int
    negative: int
    median_seconds: float
    low_seconds: float
    high_seconds: float

    @property
    def median(self) -> tuple[float, float, float]:
        """The median and its limits."""
        return self.median_seconds, self.low_seconds, self.high_seconds


def durations(store: Store, asked: Asked) -> Durations:
    """How long the conversations that started in the window last.

    The histogram of those that ended alone would leave out the longest ones of the last days; therefore each
    bar is the fall of the Kaplan-Meier curve over its stretch: their plain share where nothing is open.

    Args:
        store: Read: ``conversations users``.
        asked: What was asked for.
    """
    watched = known_to(asked, last_moment(store))
    found = store.query_arrow(queries.LASTED, known_to=watched, **asked.bound)
    seconds = found["seconds"].to_numpy().astype(float)
    closed = found["closed"].to_numpy().astype(bool)
    forwards = seconds >= 0
    negative = int((closed & ~forwards).sum())
    seconds, closed = seconds[forwards], closed[forwards]
    edges = np.array(EDGES, dtype=float)
    # Below each edge, not at it: what lasts a minute belongs to the stretch that begins with it.
    beyond = kaplan_meier(seconds, closed, np.nextafter(edges[1:], 0)).survival
    lasting = np.concatenate([[1.0], beyond, [0.0]]) if len(seconds) else np.full(len(edges) + 1, np.nan)
    counts = np.bincount(np.searchsorted(edges, seconds[closed], side="right") - 1, minlength=len(edges))
    rows = pd.DataFrame(
        {
            "from_seconds": edges,
            "to_seconds": [*edges[1:], math.nan],
            "closed": counts,
            # Of nothing, 0 and not its negative.
            "share": -np.diff(lasting) + 0.0,
        }
    )
    median = _median(seconds, closed)
    return Durations(rows, int(closed.sum()), int((~closed).sum()), negative, *median)


def _median(seconds: Floats, closed: NDArray[np.bool_]) -> tuple[float, float, float]:
    """When half have ended, and when the limits of the curve say so (Brookmeyer and Crowley 1982)."""
    moments = np.unique(seconds[closed])
    curve = kaplan_meier(seconds, closed, moments)
    found = [np.flatnonzero(line <= 0.5) for line in (curve.survival, curve.low, curve.high)]
    median, low, high = (float(moments[places[0]]) if len(places) else math.nan for places in found)
    return median, low, high
