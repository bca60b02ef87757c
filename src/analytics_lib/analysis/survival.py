"""How long until people write again or order, and how conversations end, while some are still being watched.

Each question names its start, its event and when watching ends; each user counts once, since what one person
does is not independent:

- ``time_to_next_contact``: from the end of a user's first conversation of the window that ended to the first
  message they write after it, in any conversation;
- ``time_to_first_order``: from a user's first contact, where that lies in the window, to their first order of
  an amount above 0;
- ``outcomes``: from the start of a user's first conversation in the window to its end by purchase,
  resolution, escalation or abandonment, which exclude one another.

Whoever has not had the event by ``as_of`` was watched until then and counts for as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.cohort_calendar import epoch_microseconds
from analytics_lib.analysis.cohort_groups import By, Groups, groups_of
from analytics_lib.analysis.survival_statistics import (
    LogRank,
    aalen_johansen,
    log_rank,
    restricted_mean,
)
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics.survival import kaplan_meier
from analytics_lib.periods import Moment, utc_moment, window

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_SECOND = 1_000_000
_DAY = 86_400
MARKED_DAYS = (1, 7, 14, 30, 60, 90, 180, 365)
_CELLS = 120
# Of the users watched, the curve is read as far as one in twenty still is.
_LEAST_WATCHED = 0.05
CAUSES = ("purchase", "resolved", "escalated", "abandoned")

NEXT_CONTACT = """
with ended as (
    select user_id, min(ended_at) as started_at
    from conversations
    where ended_at < $as_of and ended_at is not null and started_local >= $since and started_local < $until
    group by user_id
)
select ended.user_id, ended.started_at, min(sent_at) as event_at
from ended
left join messages
    on ended.user_id = messages.user_id and messages.sender = 'user' and sent_at > ended.started_at
    and sent_at < $as_of
group by ended.user_id, ended.started_at
"""

FIRST_ORDER = """
with happened as (
    select user_id, sent_at as happened_at, sent_local as happened_local from messages where sender = 'user'
    union all
    select user_id, started_at as happened_at, started_local as happened_local from conversations
    union all
    select user_id, occurred_at as happened_at, occurred_local as happened_local from events
    union all
    select user_id, ordered_at as happened_at, ordered_local as happened_local from orders
),
begun as (
    select user_id, min(happened_at) as started_at, min(happened_local) as started_local
    from happened
    where happened_at < $as_of
    group by user_id
),
ordered as (
    select user_id, min(ordered_at) as event_at
    from orders
    where amount > 0 and ordered_at < $as_of
    group by user_id
)
select begun.user_id, started_at, event_at
from begun left join ordered on begun.user_id = ordered.user_id
where started_local >= $since and started_local < $until
"""

ENDS = """
with begun as (
    select user_id, min(started_at) as started_at
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
    group by user_id
),
chosen as (
    select conversations.user_id, min(conversation_id) as conversation_id
    from conversations
    join begun on conversations.user_id = begun.user_id and conversations.started_at = begun.started_at
    group by conversations.user_id
)
select
    conversations.user_id, conversations.started_at, ended_at as event_at,
    case when ended_at < $as_of then outcome end as outcome
from chosen join conversations on chosen.conversation_id = conversations.conversation_id
"""

ORDERS = "select count(*) as orders from orders"


@dataclass(frozen=True)
class Lasting:
    """How long something takes, by group.

    Attributes:
        curve: One row per group and time: ``group``, ``time_seconds`` (since the start), ``survival`` (the
            share that has not had the event yet), its 95 % limits ``low`` ``high`` (Greenwood, log-log),
            ``at_risk`` (users watched at least so long). Read as far as a twentieth of the group still is.
        groups: One row per group: ``group users events median_seconds`` (null while fewer than half had the
            event), ``restricted_seconds`` (mean time cut at ``horizon_seconds``), its limits ``low_seconds
            high_seconds``.
        log_rank: Whether the groups differ; NaN with one.
        horizon_seconds: Up to which the restricted means go: the shortest of the groups' last times.
        column: The dimension of the groups; null = everybody is one.
    """

    curve: pd.DataFrame
    groups: pd.DataFrame
    log_rank: LogRank
    horizon_seconds: float
    column: str | None


def time_to_next_contact(
    store: Store, *, since: Moment, until: Moment, as_of: Moment, by: By | None = None
) -> Lasting:
    """From the end of a user's first conversation of the window that ended, to their next message.

    Args:
        store: Read: ``conversations messages``; with ``by`` the tables of the dimension.
        since: Start of the window the conversation starts in.
        until: Its end, excluded.
        as_of: Up to when anybody was watched.
        by: As of ``cohorts.retention``; null = everybody together.

    Raises:
        RequestError: If the window is empty or the dimension unknown.
        NotEnoughDataError: If no conversation of the window has ended.
    """
    rows = store.query_arrow(NEXT_CONTACT, **window(since, until), as_of=utc_moment(as_of))
    return _lasting(store, rows, since=since, until=until, as_of=as_of, by=by)


def time_to_first_order(
    store: Store, *, since: Moment, until: Moment, as_of: Moment, by: By | None = None
) -> Lasting:
    """From a user's first contact, where it lies in the window, to their first order above 0.

    Args:
        store: Read: ``messages conversations events orders``; with ``by`` the tables of the dimension.
        since: Start of the window the first contact lies in.
        until: Its end, excluded.
        as_of: Up to when anybody was watched.
        by: As of ``cohorts.retention``; null = everybody together.

    Raises:
        RequestError: As ``time_to_next_contact``.
        NotEnoughDataError: If nobody came first in the window, or the store holds no orders.
    """
    if not int(store.query(ORDERS)["orders"].iloc[0]):
        raise NotEnoughDataError(
            "No orders in the store, so that when people order is not known. Ingest them from their source."
        )
    rows = store.query_arrow(FIRST_ORDER, **window(since, until), as_of=utc_moment(as_of))
    return _lasting(store, rows, since=since, until=until, as_of=as_of, by=by)


def outcomes(store: Store, *, since: Moment, until: Moment, as_of: Moment) -> pd.DataFrame:
    """How many conversations have ended in each way by each time, the ways competing.

    Args:
        store: Read: ``conversations``.
        since: Start of the window the conversation starts in.
        until: Its end, excluded.
        as_of: Up to when anybody was watched.

    Returns:
        One row per outcome (purchase, resolved, escalated, abandoned) and time: ``outcome``,
        ``time_seconds``, ``incidence`` (Aalen-Johansen), ``low``, ``high`` (95 %),
        ``conversations`` (one for each user). What ended without a known outcome was watched until its end.

    Raises:
        RequestError: If the window is empty.
        NotEnoughDataError: If no conversation started in it.
    """
    rows = store.query_arrow(ENDS, **window(since, until), as_of=utc_moment(as_of))
    if not rows.num_rows:
        raise _nobody(since, until)
    durations, _ = _durations(rows, as_of)
    named = pd.Categorical(rows["outcome"].to_pandas(), categories=list(CAUSES))
    causes = named.codes.astype(np.int64) + 1
    times = _times(durations)
    found = aalen_johansen(durations, causes, times, kinds=len(CAUSES))
    frames = [
        pd.DataFrame({"outcome": name, "time_seconds": times, "incidence": share, "low": low, "high": high})
        for name, share, low, high in zip(CAUSES, found.incidence, found.low, found.high, strict=True)
    ]
    return pd.concat(frames, ignore_index=True).assign(conversations=rows.num_rows)


def _lasting(
    store: Store, rows: pa.Table, *, since: Moment, until: Moment, as_of: Moment, by: By | None
) -> Lasting:
    if not rows.num_rows:
        raise _nobody(since, until)
    durations, events = _durations(rows, as_of)
    users = rows["user_id"].combine_chunks()
    groups = groups_of(store, users, by=by, as_of=as_of) if by else _one(len(users))
    used = np.flatnonzero(np.bincount(groups.codes))
    horizon = float(min(durations[groups.codes == code].max() for code in used))
    parts = [(groups.names[code], groups.codes == code) for code in used]
    return Lasting(
        pd.concat([_curve(name, durations[own], events[own]) for name, own in parts], ignore_index=True),
        pd.DataFrame([_row(name, durations[own], events[own], horizon) for name, own in parts]),
        log_rank(durations, events, groups.codes),
        horizon,
        groups.column or None,
    )


def _one(users: int) -> Groups:
    return Groups(np.zeros(users, dtype=np.int64), ["all"], "")


def _nobody(since: Moment, until: Moment) -> NotEnoughDataError:
    return NotEnoughDataError(
        f"Nobody to watch in [{since}, {until}): nothing of the kind began there. Ask for another window."
    )


def _durations(rows: pa.Table, as_of: Moment) -> tuple[Floats, Bools]:
    """Seconds each was watched, and whether the event ended it."""
    started = epoch_microseconds(rows["started_at"])
    known = utc_moment(as_of)
    events = pd.to_datetime(rows["event_at"].to_pandas(), utc=True)
    happened = (events.notna() & (events < known)).to_numpy()
    ends = np.where(
        happened, events.fillna(known).dt.as_unit("us").astype("int64"), int(known.timestamp() * _SECOND)
    )
    return np.asarray((ends - started).clip(min=0) / _SECOND), happened


def _times(durations: Floats) -> Floats:
    """When a curve is read, as far as a twentieth is still watched."""
    last = float(np.quantile(durations, 1 - _LEAST_WATCHED))
    # Among them whole days, so that a table of who was still watched is exact.
    marks = _DAY * np.array(MARKED_DAYS, dtype=float)
    return np.unique(np.concatenate([np.linspace(0, last, _CELLS), marks[marks < last]]))


def _curve(name: str, durations: Floats, events: Bools) -> pd.DataFrame:
    times = _times(durations)
    found = kaplan_meier(durations, events, times)
    return pd.DataFrame({"group": name, "time_seconds": times, **found._asdict()})


def _row(name: str, durations: Floats, events: Bools, horizon: float) -> dict[str, object]:
    moments = np.unique(durations[events])
    reached = moments[kaplan_meier(durations, events, moments).survival <= 0.5] if len(moments) else moments
    mean = restricted_mean(durations, events, until=horizon)
    return {
        "group": name,
        "users": len(durations),
        "events": int(events.sum()),
        "median_seconds": float(reached[0]) if len(reached) else np.nan,
        "restricted_seconds": mean.mean,
        "low_seconds": mean.low,
        "high_seconds": mean.high,
    }
