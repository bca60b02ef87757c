"""What two groups of conversations were about, and how far each came towards a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.analysis.differences import share_differences
from analytics_lib.analysis.groups import defines
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.analysis.groups import Groups
    from analytics_lib.store import Store

INTENTS = """
with grouped as (
    select
        conversation_id, user_id, started_local,
        case
            when $compare = 'channel' then channel
            when $compare = 'period' then case when started_local < $split_at then 'before' else 'after' end
            when ended_at is null or ended_at >= $as_of then 'open'
            else coalesce(outcome, 'unknown')
        end as grouping
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
members as (
    select
        conversation_id, user_id, started_local,
        case when grouping = $first then 'first' else 'second' end as side
    from grouped
    where grouping in ($first, $second)
),
sides as (
    select 'first' as side
    union all
    select 'second' as side
),
recognised as (
    select distinct conversation_id, intent as name
    from messages
    where conversation_id in (select conversation_id from members)
        and sender = 'user' and intent is not null and sent_at < $as_of
),
measured as (
    select side, user_id, count(*) as total
    from members
    where conversation_id in (select conversation_id from recognised)
    group by side, user_id
),
hits as (
    select side, user_id, name, count(*) as conversations
    from members join recognised using (conversation_id)
    group by side, user_id, name
),
summed as (
    select
        side, name,
        sum(conversations)::bigint as conversations,
        sum(conversations * conversations)::bigint as squares,
        sum(conversations * total)::bigint as products
    from hits join measured using (side, user_id)
    group by side, name
),
sizes as (
    select side, count(*) as users, sum(total)::bigint as total, sum(total * total)::bigint as total_squares
    from measured
    group by side
),
names as (select distinct name from recognised)
select
    sides.side, names.name,
    coalesce(conversations, 0) as conversations,
    coalesce(squares, 0) as squares,
    coalesce(products, 0) as products,
    coalesce(users, 0) as users,
    coalesce(total, 0) as total,
    coalesce(total_squares, 0) as total_squares
from sides cross join names
    left join summed on sides.side = summed.side and names.name = summed.name
    left join sizes on sides.side = sizes.side
order by names.name, sides.side
"""

STAGES = """
with grouped as (
    select
        conversation_id, user_id, started_local,
        case
            when $compare = 'channel' then channel
            when $compare = 'period' then case when started_local < $split_at then 'before' else 'after' end
            when ended_at is null or ended_at >= $as_of then 'open'
            else coalesce(outcome, 'unknown')
        end as grouping
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
members as (
    select
        conversation_id, user_id, started_local,
        case when grouping = $first then 'first' else 'second' end as side
    from grouped
    where grouping in ($first, $second)
),
sides as (
    select 'first' as side
    union all
    select 'second' as side
),
reached as (
    select distinct conversation_id, name
    from events
    where conversation_id in (select conversation_id from members)
        and name in (select unnest($stages)) and occurred_at < $as_of
),
recording as (select distinct side from members join reached using (conversation_id)),
measured as (
    select side, user_id, count(*) as total
    from members
    where side in (select side from recording)
    group by side, user_id
),
hits as (
    select side, user_id, name, count(*) as conversations
    from members join reached using (conversation_id)
    group by side, user_id, name
),
summed as (
    select
        side, name,
        sum(conversations)::bigint as conversations,
        sum(conversations * conversations)::bigint as squares,
        sum(conversations * total)::bigint as products
    from hits join measured using (side, user_id)
    group by side, name
),
sizes as (
    select side, count(*) as users, sum(total)::bigint as total, sum(total * total)::bigint as total_squares
    from measured
    group by side
),
names as (select distinct name from reached)
select
    sides.side, names.name,
    coalesce(conversations, 0) as conversations,
    coalesce(squares, 0) as squares,
    coalesce(products, 0) as products,
    coalesce(users, 0) as users,
    coalesce(total, 0) as total,
    coalesce(total_squares, 0) as total_squares
from sides cross join names
    left join summed on sides.side = summed.side and names.name = summed.name
    left join sizes on sides.side = sizes.side
order by names.name, sides.side
"""


def intents(store: Store, groups: Groups) -> pd.DataFrame:
    """In which share of the conversations each intent occurs.

    Of conversations in which the bot recognised any intent, fallback among them; the intents of others are
    unknown.

    Args:
        store: Read: ``conversations``, ``messages``.
        groups: The two groups.

    Returns:
        One row per intent, as ``differences.share_differences``; no row where no intent is known.
    """
    return share_differences(store.query(INTENTS, **groups.bounds()))


def stages(store: Store, groups: Groups) -> pd.DataFrame:
    """Which share of the conversations reached each stage of the funnel.

    Every conversation starts, so the first stage is left out. Where the purchase is what tells the groups
    apart, no stage is compared: whoever bought went through all of them. A group without a single event of
    the funnel has unknown shares, not 0.

    Args:
        store: Read: ``conversations``, ``events``.
        groups: The two groups.

    Returns:
        One row per stage that any conversation reached, as ``differences.share_differences``, in the order of
        the funnel.
    """
    counted = store.query(STAGES, stages=list(FUNNEL_STAGES), **groups.bounds())
    given = FUNNEL_STAGES if defines(groups, "purchase") else FUNNEL_STAGES[:1]
    frame = share_differences(counted[~counted["name"].isin(given)])
    order = frame["name"].map(FUNNEL_STAGES.index).sort_values().index
    return frame.loc[order].reset_index(drop=True)
