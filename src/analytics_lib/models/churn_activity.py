"""Who was there before a cutoff, and who came back after it: the labels of churn.

Activity is a contact, a message that a user wrote (the start of a conversation none of whose messages are in
the store), or an order of more than nothing. Whoever was active in ``[cutoff, cutoff + horizon)`` stayed;
whoever was not left, for so long as the horizon, which is not for ever. A day with any activity is one
occasion: who had one alone has no gap that could say when to expect them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.periods import Moment, local_moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.store import Store

Activity = Literal["contact", "order"]
LEAST_HORIZON = dt.timedelta(days=1)

_CONTACTS_SPAN = """
select min(moment) as first_at, max(moment) as last_at
from (
    select sent_at as moment from messages where sender = 'user' and sent_at < $until
    union all
    select conversations.started_at as moment
    from conversations
    left join messages on conversations.conversation_id = messages.conversation_id
    where messages.conversation_id is null and conversations.started_at < $until
) as moments
"""

_ORDERS_SPAN = """
select min(ordered_at) as first_at, max(ordered_at) as last_at
from orders
where amount > 0 and ordered_at < $until
"""

_CONTACTS = """
with moments as (
    select user_id, sent_at as moment, sent_local::date as day
    from messages
    where sender = 'user' and sent_at < $until
    union all
    select conversations.user_id, conversations.started_at as moment, conversations.started_local::date as day
    from conversations
    left join messages on conversations.conversation_id = messages.conversation_id
    where messages.conversation_id is null and conversations.started_at < $until
)
select
    user_id,
    count(distinct case when moment < $cutoff then day end)::bigint as occasions,
    min(moment) as first_at,
    max(case when moment < $cutoff then moment end) as last_at,
    count(case when moment >= $cutoff then 1 end) > 0 as stayed
from moments
group by user_id
having min(moment) < $cutoff
order by user_id
"""

_ORDERS = """
select
    user_id,
    count(distinct case when ordered_at < $cutoff then ordered_local::date end)::bigint as occasions,
    min(ordered_at) as first_at,
    max(case when ordered_at < $cutoff then ordered_at end) as last_at,
    count(case when ordered_at >= $cutoff then 1 end) > 0 as stayed
from orders
where amount > 0 and ordered_at < $until
group by user_id
having min(ordered_at) < $cutoff
order by user_id
"""

_STATEMENTS = {"contact": (_CONTACTS_SPAN, _CONTACTS), "order": (_ORDERS_SPAN, _ORDERS)}


@dataclass(frozen=True)
class Span:
    """From the first activity of anybody to the moment up to which activity was recorded.

    Attributes:
        since: The first activity.
        until: As of when it was asked, or the end of the last day with activity where that is earlier: a
            window that reaches beyond would take what was not recorded for silence.
    """

    since: dt.datetime
    until: dt.datetime


def check_activity(activity: str) -> None:
    """Refuses what is no activity.

    Raises:
        RequestError: If it is neither contact nor order.
    """
    if activity not in get_args(Activity):
        raise RequestError(f"Unknown activity {activity!r}. Expected one of {', '.join(get_args(Activity))}.")


def recorded(store: Store, *, as_of: Moment, activity: Activity) -> Span:
    """The time over which activity was recorded before ``as_of``.

    Raises:
        NotTrainableError: If there is no activity before it.
    """
    bound = utc_moment(as_of)
    found = store.query(_STATEMENTS[activity][0], until=bound).iloc[0]
    if found.isna().any():
        raise NotTrainableError(
            f"There is no {activity} before {as_of}, so nobody can leave. Choose a later as_of, or ingest "
            f"{'orders' if activity == 'order' else 'conversations'} first."
        )
    first, last = (pd.Timestamp(found[name]).to_pydatetime() for name in ("first_at", "last_at"))
    next_midnight = utc_moment(local_moment(last).date() + dt.timedelta(days=1))
    return Span(first, min(bound, next_midnight))


def labelled(store: Store, *, cutoff: dt.datetime, horizon: dt.timedelta, activity: Activity) -> pd.DataFrame:
    """Everybody active before a cutoff, and whether they stayed away after it.

    Args:
        store: Read: ``messages`` and ``conversations``, or ``orders``; what it knows must reach to the end of
            the window.
        cutoff: Where the past ends.
        horizon: Length of the window after it.
        activity: What counts as being there.

    Returns:
        One row per user active before the cutoff, by ``user_id``: ``user_id``, ``occasions`` (days with
        activity before it), ``first_at``, ``silent_days`` (from the last activity to the cutoff), ``left``
        (not active in ``[cutoff, cutoff + horizon)``).
    """
    statement = _STATEMENTS[activity][1]
    rows = store.query(statement, cutoff=cutoff, until=cutoff + horizon)
    silent = (pd.Timestamp(cutoff) - pd.to_datetime(rows["last_at"], utc=True)) / pd.Timedelta(days=1)
    rows = rows.assign(silent_days=silent.astype(float), left=~rows["stayed"].astype(bool))
    return rows[["user_id", "occasions", "first_at", "silent_days", "left"]]
