"""Whether the store knows a person, when they were active, and which parts of a journey it records at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from weakref import WeakKeyDictionary

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.store import Store

ACTIVE = """
with happened as (
    select started_local as at_local from conversations where user_id = $user_id
    union all
    select sent_local as at_local from messages where user_id = $user_id
    union all
    select occurred_local as at_local from events where user_id = $user_id
    union all
    select ordered_local as at_local from orders where user_id = $user_id
),
listed as (select count(*) as n from users where user_id = $user_id)
select
    any_value(listed.n) as listed,
    min(at_local) as first_local,
    max(at_local) as last_local
from listed left join happened on true
"""

USERS = """
with named as (
    select user_id from users
    union
    select user_id from conversations
    union
    select user_id from events
    union
    select user_id from orders
)
select count(*) as users from named
"""

BEGINNING = """
with named as (
    select user_id from users
    union
    select user_id from conversations
    union
    select user_id from events
    union
    select user_id from orders
)
select user_id
from named
where substr(user_id, 1, length($beginning)) = $beginning
order by user_id
limit 3
"""

KNOWN = """
with stages as (select unnest($stages) as name)
select 'conversations' as part, count(*) as n from (select user_id from conversations limit 1) as one
union all
select 'messages' as part, count(*) as n from (select user_id from messages limit 1) as one
union all
select 'actions' as part, count(*) as n from (select name from actions limit 1) as one
union all
select 'events' as part, count(*) as n from (select user_id from events limit 1) as one
union all
select 'stages' as part, count(*) as n
from (select user_id from events where name in (select name from stages) limit 1) as one
union all
select 'orders' as part, count(*) as n from (select user_id from orders limit 1) as one
union all
select 'products' as part, count(*) as n from (select name from products limit 1) as one
union all
select 'csat' as part, count(*) as n
from (select user_id from conversations where csat is not null limit 1) as one
"""
_LONGEST_ID = 80
_SHORTEST_BEGINNING = 6
# Asked once a store, whose versions never change.
_PARTS: WeakKeyDictionary[Store, frozenset[str]] = WeakKeyDictionary()


def refuse_user(store: Store, user_id: str, bounds: Mapping[str, dt.datetime]) -> NoReturn:
    """Say why a window holds no row of a person.

    Args:
        store: Read: ``conversations``, ``messages``, ``events``, ``orders``, ``users``.
        user_id: The person.
        bounds: ``since`` and ``until`` on the wall clock.

    Raises:
        RequestError: If the store knows no such user; it says how many there are and how to find one.
        NotEnoughDataError: If it does; it says when they were active.
    """
    found = store.query(ACTIVE, user_id=user_id)
    row, shown = found.to_dict("records")[0], f"User {str(user_id)[:_LONGEST_ID]!r}"
    if found["first_local"].notna().all():
        raise NotEnoughDataError(
            f"{shown} did nothing in [{bounds['since']:%Y-%m-%d %H:%M}, {bounds['until']:%Y-%m-%d %H:%M}): "
            f"active from {row['first_local']:%Y-%m-%d %H:%M} to {row['last_local']:%Y-%m-%d %H:%M}. "
            "Choose a window that reaches into that time."
        )
    if row["listed"]:
        raise NotEnoughDataError(
            f"{shown} is listed among the users, but has no conversation, message, event or order at all."
        )
    raise RequestError(f"There is no user {str(user_id)[:_LONGEST_ID]!r} in the store. {_how_to_find(store)}")


def find_user(store: Store, beginning: str) -> str:
    """The one user whose id is this, or begins with it: pages show the beginning only.

    Raises:
        RequestError: If no id begins so, if several do, or if less than six characters are given.
    """
    if len(beginning) < _SHORTEST_BEGINNING:
        raise RequestError(
            f"{beginning!r} is too short for a user id; give at least {_SHORTEST_BEGINNING} characters. "
            f"{_how_to_find(store)}"
        )
    found = list(store.query(BEGINNING, beginning=beginning)["user_id"])
    if beginning in found or len(found) == 1:
        return beginning if beginning in found else str(found[0])
    shown = beginning[:_LONGEST_ID]
    if found:
        raise RequestError(f"Several users begin with {shown!r}. Give more characters of the id.")
    raise RequestError(f"There is no user {shown!r} in the store. {_how_to_find(store)}")


def parts_known(store: Store) -> frozenset[str]:
    """Which parts of journeys the store records at all: where it records none, nothing is known of anybody.

    Of ``conversations messages actions events stages orders products csat``; stages are events of the funnel.
    """
    if store not in _PARTS:
        counted = store.query(KNOWN, stages=list(FUNNEL_STAGES))
        _PARTS[store] = frozenset(counted.loc[counted["n"] > 0, "part"])
    return _PARTS[store]


def _how_to_find(store: Store) -> str:
    n = int(store.query(USERS)["users"].iloc[0])
    return (
        f"It holds {n:,} users; worth_a_look(store, since=…, until=…) lists those whose journey deserves "
        "reading, and the table users lists all."
    )
