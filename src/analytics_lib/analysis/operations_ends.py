"""Where the data end, and which tables were ever recorded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.errors import NotEnoughDataError
from analytics_lib.periods import Moment, local_moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analytics_lib.store import Store

# Tables, and the two columns that a source may do without.
SOURCES = ("conversations", "messages", "events", "actions", "api_requests", "samples", "intents", "products")
_TICK = dt.timedelta(microseconds=1)
# Earlier than any time that ingest lets into the store.
_EVER = dt.datetime(1900, 1, 1)  # noqa: DTZ001 - a bound for the wall clock

# The ends of the larger tables are looked for from the start of the last conversation on: they are not to be
# found by reading millions of rows.
LAST_START = "select max(started_local) as started_local from conversations"

LAST_ROWS = """
with last as (
    select max(started_local) as last_local, max(started_at) as last_at from conversations
    where started_local >= $near
    union all
    select max(sent_local) as last_local, max(sent_at) as last_at from messages where sent_local >= $near
    union all
    select max(occurred_local) as last_local, max(occurred_at) as last_at from events
    where occurred_local >= $near
    union all
    select max(started_local) as last_local, max(started_at) as last_at from actions
    where started_local >= $near
    union all
    select max(requested_local) as last_local, max(requested_at) as last_at from api_requests
    where requested_local >= $near
    union all
    select max(sampled_local) as last_local, max(sampled_at) as last_at from samples
    where sampled_local >= $near
)
select max(last_local) as last_local, max(last_at) as last_at from last
"""

# Whether a table has any row at all: what never was recorded is not 0.
RECORDED = """
select 'conversations' as name, count(*) as held
from (select 1 as one from conversations where started_at < $as_of limit 1) as found
union all
select 'messages' as name, count(*) as held
from (select 1 as one from messages where sent_at < $as_of limit 1) as found
union all
select 'intents' as name, count(*) as held
from (select 1 as one from messages where intent is not null and sent_at < $as_of limit 1) as found
union all
select 'events' as name, count(*) as held
from (select 1 as one from events where occurred_at < $as_of limit 1) as found
union all
select 'products' as name, count(*) as held
from (select 1 as one from events where product_id is not null and occurred_at < $as_of limit 1) as found
union all
select 'actions' as name, count(*) as held
from (select 1 as one from actions where started_at < $as_of limit 1) as found
union all
select 'api_requests' as name, count(*) as held
from (select 1 as one from api_requests where requested_at < $as_of limit 1) as found
union all
select 'samples' as name, count(*) as held
from (select 1 as one from samples where metric = 'queue_depth' and sampled_at < $as_of limit 1) as found
"""


class End(NamedTuple):
    """The moment a question is about, excluded: the instant, and the wall clock of the business."""

    at: dt.datetime
    local: dt.datetime


def end_of(store: Store, as_of: Moment | None) -> End:
    """The moment given, or the one right after the last row of the store (two small queries).

    Raises:
        NotEnoughDataError: If it is left open and the store holds nothing that happened.
        RequestError: If a datetime carries no time zone.
    """
    if as_of is not None:
        return End(utc_moment(as_of), local_moment(as_of))
    start = store.query(LAST_START)["started_local"].iloc[0]
    row = store.query(LAST_ROWS, near=_EVER if pd.isna(start) else start).iloc[0]
    if pd.isna(row["last_at"]):
        raise NotEnoughDataError(
            "The store holds no conversation, message or anything else that happened, so there is no now to "
            "show. Ingest or simulate conversations first."
        )
    return End(row["last_at"].to_pydatetime() + _TICK, row["last_local"].to_pydatetime() + _TICK)


def recorded(store: Store, end: End, seen: Iterable[str]) -> frozenset[str]:
    """Of ``SOURCES``, those that hold anything from before the end; asked of the store only if one is unseen.

    Args:
        store: Read: the tables themselves.
        end: Nothing later is known.
        seen: Those that are known to hold something.
    """
    held = frozenset(seen)
    if held >= frozenset(SOURCES):
        return frozenset(SOURCES)
    rows = store.query(RECORDED, as_of=end.at)
    return held | frozenset(rows.loc[rows["held"] > 0, "name"])
