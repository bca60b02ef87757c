"""What somebody asks of a funnel on a page: texts and numbers as parameters, the rest from the data."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

import pandas as pd

from analytics_lib.analysis.funnel_conversion import Conversion, conversion_of, time_to_convert
from analytics_lib.analysis.funnel_matching import nobody
from analytics_lib.analysis.funnel_question import ask
from analytics_lib.analysis.funnel_revenue import COLUMNS, revenue_lost
from analytics_lib.analysis.funnel_table import table
from analytics_lib.analysis.funnels import funnel
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.analysis.funnel_conversion import How
    from analytics_lib.analysis.funnel_question import Asked
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


class Window(TypedDict):
    """Which funnel, and whose: ``stages since until`` of ``funnels.funnel``."""

    stages: Sequence[str]
    since: Moment
    until: Moment


def read_names(text: str, *, default: Sequence[str] = FUNNEL_STAGES) -> list[str]:
    """Names of events separated by commas, in their order; without any the default."""
    return [name.strip() for name in text.split(",") if name.strip()] or list(default)


def read_within(hours: float) -> dt.timedelta | None:
    """So many hours; 0 = without a limit.

    Raises:
        RequestError: If it is below 0.
    """
    if not hours >= 0:
        raise RequestError(f"within_hours is {hours!r}; expected a number above 0, or 0 for no limit.")
    return dt.timedelta(hours=hours) or None


class Answers(NamedTuple):
    """What the page of a funnel shows: no row and nobody where the store records no events.

    Attributes:
        found: ``funnels.funnel`` of everybody.
        groups: By a dimension.
        trend: By a period.
        taken: ``funnels.time_to_convert``.
        lost: ``funnels.revenue_lost``; no row where the store records no orders.
    """

    found: pd.DataFrame
    groups: pd.DataFrame
    trend: pd.DataFrame
    taken: Conversion
    lost: pd.DataFrame


def read(
    store: Store,
    *,
    stages: Sequence[str],
    since: Moment,
    until: Moment,
    by: str,
    period: str,
    **how: Unpack[How],
) -> Answers:
    """All that the page of a funnel asks.

    Args:
        store: Read: ``events orders conversations users``.
        stages: As of ``funnels.funnel``.
        since: Start of the window the anchor lies in.
        until: Its end, excluded.
        by: A dimension.
        period: Of entering, in the trend.
        how: ``within mode excluded as_of`` as of ``funnels.funnel``.

    Raises:
        RequestError: As ``funnels.funnel``.
    """
    window: Window = {"stages": stages, "since": since, "until": until}
    try:
        return Answers(
            funnel(store, **window, **how),
            funnel(store, **window, **how, by=by),
            funnel(store, **window, **how, period=period),
            time_to_convert(store, **window, **how),
            revenue_if_known(store, **window, **how),
        )
    except NotEnoughDataError:
        return _unrecorded(ask(**window, **how), by)


def _unrecorded(asked: Asked, by: str) -> Answers:
    steps = asked.steps
    none = nobody(steps)
    return Answers(
        table(none, steps, []),
        table(none, steps, [], split=[by]),
        table(none, steps, [], split=["period", "complete"]),
        conversion_of(none, steps, asked.as_of),
        pd.DataFrame(columns=list(COLUMNS)),
    )


def revenue_if_known(
    store: Store, *, stages: Sequence[str], since: Moment, until: Moment, **how: Unpack[How]
) -> pd.DataFrame:
    """``funnel_revenue.revenue_lost``; no row where the store holds no orders."""
    try:
        return revenue_lost(store, stages=stages, since=since, until=until, **how)
    except NotEnoughDataError:
        return pd.DataFrame(columns=list(COLUMNS))
