"""Funnels: of those who enter, how many reach each stage in its order, how fast, and where they are lost.

Closed, ordered, per user. The anchor is the user's first event of the first stage in the window; a stage is
reached by the earliest of its events after the one matched for the stage before, in the order of
``(occurred_at, event_id)``. With ``within`` only what comes before anchor + within counts, and later events
of the first stage do not start the clock again. The window bounds the anchor alone: a journey belongs to the
day it began on, also when it goes on after midnight or after the window's end. A stage named twice needs two
events. Nobody at a stage is 0; a share of nobody is null.

``any_order``: a user enters by the first event of any of the stages; a stage is reached once it and all
before it have happened, in whatever sequence. ``strict``: each stage is the very next event of the user after
the one matched before it. ``excluded`` events between two matched stages remove the user from the funnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.analysis.funnel_conversion import Conversion, time_to_convert
from analytics_lib.analysis.funnel_differences import against_rest, between
from analytics_lib.analysis.funnel_groups import groups, whole
from analytics_lib.analysis.funnel_matching import match
from analytics_lib.analysis.funnel_question import ANY_EVENT, DIMENSIONS, ask, check_split
from analytics_lib.analysis.funnel_revenue import revenue_lost
from analytics_lib.analysis.funnel_table import table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

__all__ = [
    "ANY_EVENT",
    "DIMENSIONS",
    "Conversion",
    "against_rest",
    "between",
    "funnel",
    "revenue_lost",
    "time_to_convert",
]


def funnel(  # noqa: PLR0913  # a funnel has as many sides
    store: Store,
    *,
    stages: Sequence[str],
    since: Moment,
    until: Moment,
    within: dt.timedelta | None = None,
    by: str | None = None,
    mode: str = "ordered",
    excluded: Sequence[str] = (),
    period: str | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """How many users reach each stage, of all who entered and of the stage before, and how long it takes.

    Args:
        store: Read: ``events``; with ``by`` also ``conversations``, ``users``.
        stages: Names of events in their order; the first may be ``ANY_EVENT``, everybody who did anything.
        since: Start of the window the anchor lies in.
        until: Its end, excluded.
        within: From the anchor, how long stages count; null = as long as anything is known.
        by: One of ``DIMENSIONS``: of the anchor's conversation, or ``segment`` of the user; null values are
            ``unknown``.
        mode: ordered, any_order or strict; see above.
        excluded: Names of events that may not lie between two matched stages.
        period: hour, day, week or month of the anchor. With ``within``, users who entered less than that
            before ``as_of`` are left out, since they have had less time.
        as_of: Nothing at it or later is known; null = everything in the store is.

    Returns:
        One row per group and stage, periods in their order and groups by falling size: ``period`` (its start)
        and ``complete`` (it lies in the window and everybody in it has had all of ``within``), if asked for;
        the dimension; ``stage``, ``position`` (from 1), ``users``, ``conversion_rate`` (of all who entered),
        ``step_conversion_rate`` (of the stage before; 1 at the first), ``drop_off_rate`` (1 less it),
        ``median_seconds`` and ``p90_seconds`` (anchor to stage, of those who reached it); further
        ``p25_seconds``, ``step_p25_seconds``, ``step_median_seconds``, ``step_p90_seconds`` (from the stage
        before; null at the first), ``entered`` and ``users_before`` (the denominators), ``drop_offs``
        (``users_before`` less ``users``), the 95 % intervals of the two shares (Wilson; users are
        independent) ``conversion_low conversion_high step_low step_high``, and ``few`` (under 30 users at the
        stage before). Shares are 0 to 1; percentiles interpolate (type 7). Shares of nobody and times of
        nobody are null. A group that nobody entered in is absent; without groups it has 0 users.

    Raises:
        RequestError: If a stage, the mode, ``within``, ``excluded``, a split or the window is wrong.
        NotEnoughDataError: If the store holds no events at all.
    """
    asked = ask(
        stages=stages,
        since=since,
        until=until,
        within=within,
        mode=mode,
        excluded=excluded,
        as_of=as_of,
    )
    check_split(by, period)
    matched = match(store, asked)
    if by is None and period is None:
        return table(matched, asked.steps, whole(matched))
    split = [*(("period", "complete") if period else ()), *((by,) if by else ())]
    return table(matched, asked.steps, groups(store, asked, matched, by=by, period=period), split=split)
