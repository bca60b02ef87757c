"""Which rows of a batch are new, which replace a stored row, which change nothing.

Of all versions of a key, stored or delivered, one wins: the higher delivery status, then the newer
``updated_at``, then (where nothing says which is newer) the greater content, so that every order of
delivery ends in the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analytics_lib.schema import PENDING, STATUS_RANK, Table
from analytics_lib.store.engine import literal, quoted

if TYPE_CHECKING:
    from analytics_lib.store.engine import Engine

INCOMING = "incoming"
STORED = "stored"
ROW, LINE, RECORDS = "_row", "_line", "_records"

CONTESTED = """
create or replace temp table contested as
with arrived as (select hash({keys}) as key_hash from incoming),
twice as (select key_hash from arrived group by key_hash having count(*) > 1),
known as (select key_hash from arrived where key_hash in (select hash({keys}) from stored))
select key_hash from twice union select key_hash from known
"""

DECIDED = """
create or replace temp table decided as
with candidates as (
  select {keys}, {rank} as rank, {updated} as updated, {content} as content, {link} as link, {whose} as whose,
    1 as origin, _row, null::date as old_month
  from incoming where hash({keys}) in (select key_hash from contested)
  union all
  select {keys}, {rank}, {updated}, {content}, {link}, {whose}, 0, null, {month}
  from stored where hash({keys}) in (select key_hash from contested)
),
placed as (
  select *,
    row_number() over (
      partition by {keys} order by {first} rank desc, updated desc nulls last, content desc, link desc,
      whose desc, origin, _row
    ) as place,
    max(old_month) over (partition by {keys}) as stored_month,
    min(origin) over (partition by {keys}) = 0 as is_stored,
    first_value(rank) over best as best_rank,
    first_value(updated) over best as best_updated,
    first_value(content) over best as best_content,
    first_value(link) over best as best_link
  from candidates
  window best as (
    partition by {keys} order by {first} rank desc, updated desc nulls last, content desc, link desc,
      whose desc, origin, _row
  )
)
select _row, place = 1 as wins, is_stored, stored_month::varchar as stored_month,
  place > 1 and rank = best_rank and updated is not distinct from best_updated
    and (content <> best_content or (link <> best_link and link <> '' and best_link <> '')) as conflicts
from placed where origin = 1
"""


@dataclass(frozen=True)
class Decision:
    """What becomes of a batch.

    Attributes:
        accepted: Rows that are new or replace a stored row.
        duplicates: Rows that change nothing.
        conflicts: Rows that differ from the winner of their key though nothing says which is newer.
        updates: Of the accepted, those that replace a stored row.
        months: Partitions the replaced rows stand in.
    """

    accepted: int
    duplicates: int
    conflicts: int
    updates: int
    months: tuple[str, ...]


def decide(engine: Engine, table: Table, *, incoming_wins: bool = False) -> Decision:
    """Compare ``incoming`` with ``stored`` by key; with ``incoming_wins`` a different row always replaces."""
    parts = _parts(table, incoming_wins=incoming_wins)
    engine.run(CONTESTED.format(**parts))
    engine.run(DECIDED.format(**parts))
    counts = engine.arrow(
        "select (select count(*) from incoming) as rows_in, count(*) filter (where not wins) as losers, "
        "count(*) filter (where conflicts) as conflicts, "
        "count(*) filter (where wins and is_stored) as updates from decided"
    ).to_pylist()[0]
    months = engine.arrow(
        "select distinct stored_month from decided where wins and is_stored and stored_month is not null"
    )
    return Decision(
        accepted=counts["rows_in"] - counts["losers"],
        duplicates=counts["losers"],
        conflicts=counts["conflicts"],
        updates=counts["updates"],
        months=tuple(months["stored_month"].to_pylist()),
    )


def inserts_sql(table: Table) -> str:
    """The accepted rows that are not stored yet, with their month."""
    return (
        f"select {_stored_columns(table)} from incoming where _row not in "
        "(select _row from decided where not wins or is_stored)"
    )


def updates_sql(table: Table) -> str:
    """The accepted rows that replace a stored one, with their month."""
    return (
        f"select {_stored_columns(table)} from incoming where _row in "
        "(select _row from decided where wins and is_stored)"
    )


def winning_lines(engine: Engine) -> pa.Table:
    """Line and number of records of every accepted row, a line once."""
    return engine.arrow(
        "select _line, max(_records) as _records from incoming "
        "where _row not in (select _row from decided where not wins) group by _line"
    )


def numbered(rows: pa.Table, first: int = 0) -> pa.Table:
    """Rows with their position, standing for one record each."""
    positions = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
    ones = pa.array(np.ones(rows.num_rows, dtype=np.int64))
    return rows.append_column(ROW, positions).append_column(LINE, positions).append_column(RECORDS, ones)


def _parts(table: Table, *, incoming_wins: bool) -> dict[str, str]:
    whens = " ".join(f"when {literal(name)} then {rank}" for name, rank in STATUS_RANK.items())
    linked = "conversation_id" in table.column and "conversation_id" not in table.key
    apart = ("conversation_id", "user_id") if linked else ()
    content = ", ".join(
        f"coalesce({quoted(c.name)}::varchar, chr(1))" for c in table.columns if c.name not in apart
    )
    return {
        "keys": ", ".join(quoted(key) for key in table.key),
        "rank": f"case status {whens} else 0 end" if table.name == "messages" else "0",
        "updated": "updated_at" if "updated_at" in table.column else "null::timestamptz",
        "content": f"concat_ws(chr(2), {content})",
        "link": _link(table) if linked else "''",
        "whose": _whose(table) if linked else "''",
        "month": _month(table) or "null::date",
        "first": "origin desc," if incoming_wins else "",
    }


def _whose(table: Table) -> str:
    """The last tie is broken by what ``content`` leaves out, so that no order of delivery matters."""
    user = "user_id" if "user_id" in table.column else "''"
    return f"concat_ws(chr(2), coalesce(conversation_id, ''), {user})"


def _link(table: Table) -> str:
    """Whose a row is and of which conversation; empty while that is not settled, so that it never wins."""
    user = "user_id" if "user_id" in table.column else "''"
    return (
        f"case when conversation_id is null or starts_with(conversation_id, {literal(PENDING)}) then '' "
        f"else conversation_id || chr(2) || {user} end"
    )


def _month(table: Table) -> str | None:
    return f"date_trunc('month', {quoted(table.local_time)})::date" if table.local_time else None


def _stored_columns(table: Table) -> str:
    month = _month(table)
    columns = ", ".join(quoted(column.name) for column in table.columns)
    return f"{columns}, {month} as month" if month else columns
