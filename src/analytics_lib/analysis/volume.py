"""How much there is to do and when: by calendar period and by hour of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.scope import bounds, known_until
from analytics_lib.periods import Moment, Period, check_period

if TYPE_CHECKING:
    from analytics_lib.store import Store

VOLUME = """
with ends as (
    select min(started_local) as first_moment, max(started_local) as last_moment from conversations
    union all
    select min(sent_local) as first_moment, max(sent_local) as last_moment from messages
),
known as (
    select
        greatest($since, date_trunc('day', min(first_moment))) as known_since,
        least($until, $as_of_local, max(last_moment) + interval 1 microsecond) as known_until
    from ends
    having min(first_moment) is not null
),
numbered as (
    select
        known_since,
        known_until,
        date_trunc('hour', known_since) as first_hour,
        unnest(generate_series(
            0, date_diff('hour', date_trunc('hour', known_since), date_trunc('hour', known_until))
        )) as k
    from known
    where known_since < known_until
),
hours as (
    select known_since, known_until, first_hour + k::int * interval 1 hour as hour from numbered
),
periods as (
    select
        date_trunc($period, hour)::timestamp as period,
        any_value(known_since) as known_since,
        any_value(known_until) as known_until
    from hours
    where hour < known_until
    group by period
),
started as (
    select
        date_trunc($period, started_local)::timestamp as period,
        count(*) as conversations,
        count(distinct user_id) as users
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
    group by period
),
sent as (
    select date_trunc($period, sent_local)::timestamp as period, count(*) as messages
    from messages left join conversations using (conversation_id)
    where sent_local >= $since and sent_local < $until and sent_at < $as_of
        and coalesce(channel, '') = coalesce($channel, channel, '')
    group by period
)
select
    period,
    coalesce(conversations, 0) as conversations,
    coalesce(users, 0) as users,
    coalesce(messages, 0) as messages,
    known_since,
    known_until
from periods left join started using (period) left join sent using (period)
order by period
"""

_STEPS = {
    "hour": pd.DateOffset(hours=1),
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(weeks=1),
    "month": pd.DateOffset(months=1),
}


def volume(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    period: Period,
    channel: str | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """Conversations, users and messages by calendar period.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        period: hour, day, week (from Monday) or month.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per period, in order: ``period`` (its start), ``conversations`` that started in it,
        ``users`` who started them, ``messages`` sent in it, ``complete``. A period between the first day
        and the last message of the store in which nothing happened is 0; one outside is absent. A period
        cut off by the window, by ``as_of``, or by the end of what the store knows (the running one) is
        there with ``complete`` false.

    Raises:
        RequestError: If the period is unknown or the window is empty.
    """
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    asked = check_period(period)
    frame = store.query(VOLUME, period=asked, as_of_local=known_until(as_of), **scope)
    ends = frame["period"] + _STEPS[asked]
    # The store knows nothing after its last message: a period is taken as over once a later one has begun.
    frame["complete"] = (frame["period"] >= frame["known_since"]) & (ends <= frame["known_until"])
    return frame.drop(columns=["known_since", "known_until"])


def volume_by_hour(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """When in the week conversations start.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per hour of the week that the window holds, in order: ``weekday`` (Monday 1 to Sunday 7),
        ``hour`` (0 to 23), ``conversations`` that started in it, ``days`` (how many such hours the window
        holds), ``conversations_per_day`` (their mean over those).

    Raises:
        RequestError: If the window is empty.
    """
    hours = volume(store, since=since, until=until, period="hour", channel=channel, as_of=as_of)
    hours["weekday"], hours["hour"] = hours["period"].dt.day_of_week + 1, hours["period"].dt.hour
    slots = hours.groupby(["weekday", "hour"], as_index=False)
    frame = slots.agg(conversations=("conversations", "sum"), days=("period", "size"))
    frame["conversations_per_day"] = frame["conversations"] / frame["days"]
    return frame
