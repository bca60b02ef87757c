"""The step matrix: what journeys do first, second, third, and how many have ended by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.journey_counts import shares
from analytics_lib.analysis.journey_events import SESSION_GAP, Journeys, load
from analytics_lib.analysis.journey_frames import shares_frame
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.analysis.journey_counts import Ints
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

ENDED = "ended"


def step_matrix(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    steps: int = 10,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """Which event journeys have at each step.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        by: A dimension or a moment, as of ``transitions``.
        steps: How many steps are looked at.
        gap: The longest pause within a session.

    Returns:
        One row per group, step and event, 0 where no journey has it there: ``by`` (if asked), ``step`` (from
        1), ``event`` (the most frequent first, and last ``ended``: the journey has fewer events),
        ``journeys``, ``users`` (distinct); ``share`` of ``total_journeys`` (of ``total_users``), 1 over the
        events of a step, with its limits ``low`` ``high`` and the effective ``size`` they rest on. No row
        where there is no journey.

    Raises:
        RequestError: As ``journey_events.load``; or if ``steps`` is not positive, or an event is called
            ``ended``.
    """
    if steps < 1:
        raise RequestError(f"steps is {steps}; expected a whole number from 1 on.")
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    if ENDED in journeys.names:
        raise RequestError(
            f"An event is itself called {ENDED!r}, as a journey that is over is called here. Rename the "
            "event where its source is mapped."
        )
    rank = _by_frequency(journeys)
    frame = pd.concat([_step(journeys, rank, step) for step in range(steps)], ignore_index=True)
    # The groups stand together within each step; they come first.
    places = np.arange(len(frame)).reshape(steps, -1, len(rank)).transpose(1, 0, 2).ravel()
    ordered: pd.DataFrame = frame.iloc[places].reset_index(drop=True)
    return ordered


def _by_frequency(journeys: Journeys) -> Ints:
    """The rank of every event, the most frequent first, and last that of having ended."""
    counts = np.bincount(journeys.codes, minlength=len(journeys.names))
    rank = np.empty(len(counts) + 1, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    rank[-1] = len(counts)
    return rank


def _step(journeys: Journeys, rank: Ints, step: int) -> pd.DataFrame:
    width, last = len(rank), len(journeys.codes) - 1
    there = journeys.lengths > step
    codes = np.where(there, journeys.codes[(journeys.starts[:-1] + step).clip(max=max(last, 0))], width - 1)
    wanted = (np.unique(journeys.groups)[:, None] * width + np.arange(width)).ravel()
    own = shares(journeys.groups * width + rank[codes], journeys.users, width=width, wanted=wanted)
    names = np.empty(width, dtype=object)
    names[rank] = [*journeys.names, ENDED]
    keys = {"step": np.full(len(wanted), step + 1), "event": names[wanted % width]}
    return shares_frame(journeys, wanted // width, keys, own)
