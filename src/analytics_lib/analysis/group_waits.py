"""How long users of two groups of conversations waited for a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.differences import SIDES, judged, median_difference

if TYPE_CHECKING:
    from analytics_lib.analysis.groups import Groups
    from analytics_lib.store import Store

REPLIERS = ("bot", "agent")
# Fewer values than this say little about a percentile.
SMALL_REPLIES = 20

REPLIES = """
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
written as (
    select
        conversation_id, message_id, sent_at, sender,
        lag(sender, 1, 'nobody') over (partition by conversation_id order by sent_at, message_id) as previous
    from messages
    where conversation_id in (select conversation_id from members) and sent_at < $as_of
),
turning as (
    select
        conversation_id, sent_at, sender,
        lead(sender) over (partition by conversation_id order by sent_at, message_id) as replier,
        lead(sent_at) over (partition by conversation_id order by sent_at, message_id) as replied_at
    from written
    where (sender = 'user') <> (previous = 'user')
)
select side, user_id, replier, date_diff('microsecond', sent_at, replied_at) / 1000000.0 as value
from turning join members using (conversation_id)
where sender = 'user' and replier in ('bot', 'agent')
order by side, user_id, value
"""


def response_times(store: Store, groups: Groups, *, draws: int = 1_000, seed: int = 0) -> pd.DataFrame:
    """How long users waited for a reply in each group, by who gave it.

    As in ``durations.response_times``: from the first message that waits to the reply; of all conversations
    of the groups, not of a sample.

    Args:
        store: Read: ``conversations``, ``messages``.
        groups: The two groups.
        draws: Draws of the bootstrap over users.
        seed: Of its random numbers.

    Returns:
        One row per ``replier`` (bot, agent) that replied in any group: of each group ``first_replies
        first_median_seconds first_low_seconds first_high_seconds`` and likewise ``second_…``;
        ``difference_seconds``, its 95 % interval ``low_seconds`` ``high_seconds`` (percentile bootstrap),
        ``p_value`` (adjusted), ``few`` (under 20 replies in a group), ``real``. Null where a group has no
        reply; limits also where it has fewer than two users.
    """
    replies = store.query(REPLIES, **groups.bounds())
    rows = []
    for replier in REPLIERS:
        values = replies[replies["replier"] == replier]
        counts = [int((values["side"] == side).sum()) for side in SIDES]
        if any(counts):
            found = median_difference(values, draws=draws, seed=seed)
            rows.append((replier, counts[0], *found[:3], counts[1], *found[3:], min(counts) < SMALL_REPLIES))
    each = ("replies", "median_seconds", "low_seconds", "high_seconds")
    sides = [f"{side}_{name}" for side in SIDES for name in each]
    of_both = ["difference_seconds", "low_seconds", "high_seconds", "p_value", "few"]
    frame = pd.DataFrame(rows, columns=["replier", *sides, *of_both])
    return judged(frame.astype({"few": bool, "p_value": float}), unit="_seconds")
