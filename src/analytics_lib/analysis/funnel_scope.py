"""What somebody asks of a funnel on a page: texts and numbers as parameters, the rest from the data."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Unpack

import pandas as pd

from analytics_lib.analysis.funnel_question import LAST_EVENT
from analytics_lib.analysis.funnel_revenue import COLUMNS, revenue_lost
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import local_moment
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.analysis.funnel_conversion import How
    from analytics_lib.analysis.scope import Scope
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


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


def choose_days(
    store: Store,
    *,
    since: dt.date | str | None = None,
    until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
) -> Scope:
    """The window somebody asked for; without ``until`` it ends with ``as_of`` or the day of the last event.

    As ``scope.choose_scope``, by the events of the store: 28 days where ``since`` is left open.

    Args:
        store: Read: ``events``.
        since: First day, as a date or as ISO text.
        until: The day after the last, likewise.
        as_of: Nothing later is known.

    Raises:
        NotEnoughDataError: If the end is left open and the store holds no event.
        RequestError: If a day cannot be read, or the window is empty.
    """
    if not until and not as_of:
        last = store.query(LAST_EVENT)["last_at"].iloc[0]
        if pd.isna(last):
            raise NotEnoughDataError(
                "The store holds no event yet, so there is no last day to end the window with. "
                "Ingest or simulate events first, or give until."
            )
        until = local_moment(last.to_pydatetime()).date() + dt.timedelta(days=1)
    return choose_scope(store, since=since, until=until, as_of=as_of)


def revenue_if_known(
    store: Store, *, stages: Sequence[str], since: Moment, until: Moment, **how: Unpack[How]
) -> pd.DataFrame:
    """``funnel_revenue.revenue_lost``; no row where the store holds no orders."""
    try:
        return revenue_lost(store, stages=stages, since=since, until=until, **how)
    except NotEnoughDataError:
        return pd.DataFrame(columns=list(COLUMNS))
