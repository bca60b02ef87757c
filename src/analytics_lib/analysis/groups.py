"""Two groups of conversations to set side by side: which there are, and how large they are.

Groups are chosen by outcome, by channel, or by period (before and after a day); both lie in one scope (see
``scope``). A difference is the first group less the second; of periods the first is the one after.
What is compared describes the groups and explains nothing: they differ in what their users came for.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from analytics_lib.analysis.scope import Scope, bounds
from analytics_lib.errors import RequestError
from analytics_lib.periods import day_of, local_moment
from analytics_lib.schema import EVERY_TABLE

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.store import Store

Compare = Literal["outcome", "channel", "period"]
PERIODS = ("after", "before")

KNOWN = """
select 'outcome' as dimension, outcome as name from conversations where outcome is not null
union
select 'channel' as dimension, channel as name from conversations
order by dimension, name
"""

SIZES = """
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
)
select
    sides.side,
    count(conversation_id) as conversations,
    count(distinct user_id) as users,
    min(started_local) as first_started,
    max(started_local) as last_started
from sides left join members using (side)
group by sides.side
order by sides.side
"""


@dataclass(frozen=True)
class Groups:
    """Two groups of the conversations of one scope.

    Attributes:
        compare: By what they are told apart.
        first: The first group: an outcome, a channel, or ``after``.
        second: The second: an outcome, a channel, or ``before``.
        split_at: The first day of ``after``; null unless periods are compared.
        scope: Both lie in it.
    """

    compare: Compare
    first: str
    second: str
    split_at: dt.date | None
    scope: Scope

    def bounds(self) -> dict[str, object]:
        """The groups as parameters of a query."""
        split = local_moment(self.split_at or self.scope["since"])
        names = {"compare": self.compare, "first": self.first, "second": self.second}
        return {**bounds(**self.scope), **names, "split_at": split}


def choose_groups(
    store: Store,
    scope: Scope,
    *,
    compare: str = "outcome",
    first: str = "escalated",
    second: str = "resolved",
    split_at: dt.date | str | None = None,
) -> Groups:
    """The two groups somebody asked for.

    Args:
        store: Read: ``conversations``.
        scope: Both groups lie in it.
        compare: outcome, channel or period.
        first: An outcome (also ``open`` and ``unknown``) or a channel; not used for periods.
        second: Another one.
        split_at: For periods, the first day of the one after; null = the middle of the window.

    Raises:
        RequestError: If a name is unknown (the message lists the known ones), the two are the same, the scope
            holds one channel only where channels are compared, or the day does not split the window.
    """
    if compare not in get_args(Compare):
        raise RequestError(f"Unknown compare {compare!r}; expected one of {', '.join(get_args(Compare))}.")
    if compare == "period":
        return Groups("period", *PERIODS, _split(scope, split_at), scope)
    known = _known(store, compare)
    for name in (first, second):
        if name not in known:
            raise RequestError(_unknown(compare, name, known))
    if first == second:
        raise RequestError(f"first and second are both {first!r}; give two of {', '.join(known)}.")
    if compare == "channel" and scope["channel"]:
        raise RequestError(
            f"channel is {scope['channel']!r}, so there is no second channel to compare with. Leave it empty."
        )
    return Groups("outcome" if compare == "outcome" else "channel", first, second, None, scope)


def sizes(store: Store, groups: Groups) -> pd.DataFrame:
    """How large each group is.

    Args:
        store: Read: ``conversations``.
        groups: The two groups.

    Returns:
        Two rows, ``side`` first and second: ``conversations``, ``users`` (distinct), ``first_started`` and
        ``last_started`` (wall clock; null for an empty group).
    """
    return store.query(SIZES, **groups.bounds())


def defines(groups: Groups, outcome: str) -> bool:
    """Whether this outcome is what tells the groups apart."""
    return groups.compare == "outcome" and outcome in {groups.first, groups.second}


def _known(store: Store, compare: str) -> list[str]:
    seen = store.query(KNOWN)
    names = seen.loc[seen["dimension"] == compare, "name"].tolist()
    if compare == "channel":
        return names
    column = next(column for column in EVERY_TABLE["conversations"].columns if column.name == "outcome")
    return [*dict.fromkeys([*(column.values or ()), *names]), "open", "unknown"]


def _unknown(compare: str, name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    listed = ", ".join(known) or "none yet"
    return f"Unknown {compare} {name!r}; known here: {listed}.{hint}"


def _split(scope: Scope, given: dt.date | str | None) -> dt.date:
    since, until = local_moment(scope["since"]), local_moment(scope["until"])
    day = day_of(given, "split_at") or (since + (until - since) / 2).date()
    if not since < local_moment(day) < until:
        raise RequestError(
            f"split_at {day} does not split the window [{scope['since']}, {scope['until']}). "
            "Give a day after since and before until, or a longer window."
        )
    return day
