"""What tells cohorts apart besides when they began: defined here once, for every question on them.

A definition is the name of a dimension of the user's first contact, or a ``Condition`` of the reader's own.
Nothing later than ``as_of`` is looked at, and what is not known is ``unknown``.

- ``channel``, ``entry_point``: of the first conversation;
- ``city``, ``region``, ``country``: of the first conversation, else of the user;
- ``segment``: of the user, as the store has it now;
- ``intent``: of the first message of the first conversation that has one;
- ``category``: of the product of the first event about one in the first conversation.

Nothing after the first conversation is looked at: whoever returns has more chances to name an intent or see
a product, so that cohorts by what ever happened would differ in returning by construction. A ``Condition``
has to see to that itself. Of several at one moment the first by the alphabet decides.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.analysis.cohort_presence import numbered
from analytics_lib.errors import RequestError
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

DIMENSIONS = ("channel", "entry_point", "segment", "city", "region", "country", "intent", "category")
UNKNOWN = "unknown"

GROUPS = """
with begun as (
    select user_id, min(started_at) as first_at
    from conversations
    where started_at < $as_of and $by <> 'segment'
    group by user_id
),
chosen as (
    select conversations.user_id, min(conversation_id) as conversation_id
    from conversations join begun on conversations.user_id = begun.user_id and started_at = first_at
    group by conversations.user_id
),
named as (
    select
        chosen.user_id,
        case $by
            when 'channel' then conversations.channel
            when 'entry_point' then conversations.entry_point
            when 'city' then coalesce(conversations.city, users.city)
            when 'region' then coalesce(conversations.region, users.region)
            when 'country' then coalesce(conversations.country, users.country)
        end as name
    from chosen
    join conversations on chosen.conversation_id = conversations.conversation_id
    left join users on chosen.user_id = users.user_id
    where $by in ('channel', 'entry_point', 'city', 'region', 'country')
),
about as (
    select messages.conversation_id, sent_at as about_at, intent as name
    from messages
    where $by = 'intent' and intent is not null and sender = 'user' and sent_at < $as_of
    union all
    select events.conversation_id, occurred_at as about_at, category as name
    from events join products on events.product_id = products.product_id
    where $by = 'category' and category is not null and occurred_at < $as_of
),
told as (
    select chosen.user_id, about_at, name
    from chosen join about on chosen.conversation_id = about.conversation_id
),
earliest as (select user_id, min(about_at) as about_at from told group by user_id)
select user_id, name from named
union all
select user_id, segment as name from users where $by = 'segment'
union all
select told.user_id, min(name) as name
from told join earliest on told.user_id = earliest.user_id and told.about_at = earliest.about_at
group by told.user_id
"""


@dataclass(frozen=True)
class Condition:
    """Cohorts by a condition of the reader's own.

    Attributes:
        name: What the column of the cohorts is called.
        sql: A select over the contract's tables that gives ``user_id``, and ``cohort`` where there are more
            than two; without it whoever is found is ``yes`` and everybody else ``no``.
    """

    name: str
    sql: str


class Groups(NamedTuple):
    """Users in groups.

    Attributes:
        codes: Of each user the place of their group in ``names``.
        names: The groups, by the alphabet.
        column: What the column of the groups is called.
    """

    codes: Ints
    names: list[str]
    column: str


By = str | Condition


def groups_of(store: Store, users: pa.Array, *, by: By, as_of: Moment) -> Groups:
    """The group of each of these users.

    Raises:
        RequestError: If there is no such dimension, the condition gives no ``user_id``, or it puts a
            user into two groups.
    """
    found = _asked(store, by) if isinstance(by, Condition) else _known(store, by, as_of)
    places = pc.index_in(users, value_set=found["user_id"].combine_chunks())
    rest = "no" if isinstance(by, Condition) and "cohort" not in found.column_names else UNKNOWN
    names = pc.fill_null(found["name"].combine_chunks().take(places), rest)
    codes, words = numbered(pa.chunked_array([names]))
    order = pc.array_sort_indices(words).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Groups(rank[codes], words.take(pa.array(order)).to_pylist(), column_of(by))


def column_of(by: By) -> str:
    """What the column of the groups is called."""
    return by.name if isinstance(by, Condition) else by


def _known(store: Store, by: str, as_of: Moment) -> pa.Table:
    if by not in DIMENSIONS:
        near = difflib.get_close_matches(str(by), DIMENSIONS, n=1)
        raise RequestError(
            f"Unknown by {by!r}.{f' Did you mean {near[0]!r}?' if near else ''} "
            f"Expected one of {', '.join(DIMENSIONS)}, or a Condition."
        )
    return store.query_arrow(GROUPS, by=by, as_of=utc_moment(as_of))


def _asked(store: Store, by: Condition) -> pa.Table:
    rows = store.query_arrow(by.sql)
    if "user_id" not in rows.column_names:
        raise RequestError(
            f"The condition {by.name!r} gives the columns {', '.join(rows.column_names)}; expected "
            "user_id, and cohort where there are more than two cohorts."
        )
    wanted = [name for name in ("user_id", "cohort") if name in rows.column_names]
    rows = rows.select(wanted).group_by(wanted).aggregate([])
    twice = rows.num_rows - len(rows["user_id"].unique())
    if twice:
        raise RequestError(
            f"The condition {by.name!r} puts {twice:,} users into two cohorts or more; expected one for "
            "each. Choose among them in the select, for example by min(cohort)."
        )
    named = rows["cohort"].cast(pa.string()) if "cohort" in wanted else pa.array(["yes"] * rows.num_rows)
    return rows.append_column("name", named)
