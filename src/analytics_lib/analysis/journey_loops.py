"""Loops: events that come back within one journey.

A journey is *reworked* in an event that it has twice or more (process mining calls these rework cases).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.analysis.journey_counts import runs, shares
from analytics_lib.analysis.journey_events import SESSION_GAP, Journeys, load
from analytics_lib.analysis.journey_frames import shares_frame

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.analysis.journey_counts import Ints
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


def loops(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """How often an event comes back in a journey that has it.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        by: A dimension or a moment, as of ``transitions``.
        gap: The longest pause within a session.

    Returns:
        One row per event that occurs, the most reworked first: ``by`` (if asked), ``event``, ``journeys``
        that have it twice or more, ``users`` (distinct) of these; ``share`` of ``total_journeys``, those that
        have it at all (of ``total_users``), with its limits ``low`` ``high`` and the effective ``size`` they
        rest on; ``repeats``, occurrences beyond the first of each journey; ``immediate``, those of them that
        directly follow the same event.

    Raises:
        RequestError: As ``journey_events.load``.
    """
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    width = max(len(journeys.names), 1)
    cells, times = runs(np.sort(journeys.numbers * width + journeys.codes))
    number, code = np.divmod(cells, width)
    event = journeys.groups[number] * width + code
    known = np.unique(event)
    own = shares(event * 2 + (times > 1), journeys.users[number], width=2, wanted=known * 2 + 1)
    words = np.array(journeys.names, dtype=object)
    frame = shares_frame(journeys, known // width, {"event": words[known % width]}, own)
    place = np.searchsorted(known, event)
    repeats = np.bincount(place, weights=times - 1, minlength=len(known)).astype(np.int64)
    frame = frame.assign(repeats=repeats, immediate=_immediate(journeys, known, width))
    order = np.lexsort((-own.counts, known // width))
    return frame.iloc[order].reset_index(drop=True)


def _immediate(journeys: Journeys, known: Ints, width: int) -> Ints:
    numbers, codes = journeys.numbers, journeys.codes
    again = np.flatnonzero((numbers[1:] == numbers[:-1]) & (codes[1:] == codes[:-1]))
    place = np.searchsorted(known, journeys.groups[numbers[again]] * width + codes[again])
    return np.bincount(place, minlength=len(known))
