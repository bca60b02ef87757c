"""How much is in a store: the rows of its tables, and the records of the files that were ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics_lib.store.store import Store

ROWS = """
select 'conversations' as name, count(*) as row_count from conversations
union all select 'messages', count(*) from messages
union all select 'actions', count(*) from actions
union all select 'events', count(*) from events
union all select 'orders', count(*) from orders
union all select 'products', count(*) from products
union all select 'users', count(*) from users
union all select 'api_requests', count(*) from api_requests
union all select 'samples', count(*) from samples
union all select 'probes', count(*) from probes
"""
NEWEST_FILES = """
with numbered as (
    select
        source, file, sha256, records, accepted, duplicates, quarantined, ingested_at,
        row_number() over (partition by source order by ingested_at desc, file, sha256) as place
    from ingested_files
)
select source, file, sha256, records, accepted, duplicates, quarantined, ingested_at
from numbered
where place <= $files
order by source, place
"""
CODES = """
select source, sha256, code, count(*) as records
from quarantine
group by source, sha256, code
order by source, sha256, code
"""


def row_counts(store: Store) -> dict[str, int]:
    """How many rows each table of the contract has that was ever written, at the store's versions."""
    counted = store.query_arrow(ROWS).to_pylist()
    return {row["name"]: row["row_count"] for row in counted if row["name"] in store.versions}


def source_files(store: Store, *, files: int = 5) -> list[dict[str, Any]]:
    """The newest ingested files of each source, by source, newest first.

    Args:
        store: Read: ``ingested_files``, ``quarantine``.
        files: So many of each source.

    Returns:
        One dict a file, of plain values: ``source``, ``file``, ``ingested_at`` (ISO 8601, UTC), ``records`` =
        ``accepted`` + ``duplicates`` + ``quarantined``, and ``codes``: how many of its records are in
        quarantine now, by reason.
    """
    codes: dict[tuple[str, str], dict[str, int]] = {}
    for row in store.query_arrow(CODES).to_pylist():
        codes.setdefault((row["source"], row["sha256"]), {})[row["code"]] = row["records"]
    found = store.query_arrow(NEWEST_FILES, files=files).to_pylist()
    return [
        {
            **{name: value for name, value in row.items() if name not in ("sha256", "ingested_at")},
            "ingested_at": row["ingested_at"].isoformat(timespec="seconds"),
            "codes": codes.get((row["source"], row["sha256"]), {}),
        }
        for row in found
    ]
