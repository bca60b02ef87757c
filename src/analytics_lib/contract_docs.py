"""The data contract as a page to read: written from the contract itself, so that the two cannot differ."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from analytics_lib.codes import FILE_CODES, FLAG_CODES, QUARANTINE_CODES
from analytics_lib.schema import FUNNEL_STAGES, INTERNAL_TABLES, STATUS_RANK, TABLES, Column, Table

PAGE = Path("docs/schema.md")

_INTRODUCTION = """\
# The data contract

Written by `python -m analytics_lib.contract_docs` from `schema.py` and `codes.py`; a test fails when it is
stale.

Ingest maps every source to these names once, and every question is asked of them. Types: `id` and `text`
are strings, `json` is JSON text, `at` is a moment in UTC (microseconds), `local` is the wall clock of the
business time zone, without a zone. *Null* says whether a value may be missing; null means unknown, never
zero. *Personal* values never reach the store as they came: an `id` is replaced by a keyed hash, a `text` is
masked."""


def schema_markdown() -> str:
    """The page: the tables people ask questions of, the store's own tables, stages, statuses and codes."""
    parts = [
        _INTRODUCTION,
        "## Tables",
        *map(_table, TABLES.values()),
        "## Tables the store keeps for itself",
        *map(_table, INTERNAL_TABLES.values()),
        "## Funnel stages, in order",
        "\n".join(f"{position}. `{stage}`" for position, stage in enumerate(FUNNEL_STAGES, start=1)),
        "## Rank of a delivery status",
        "A status never goes backwards: of two reports the higher rank wins, whatever order they arrive in.",
        _status_ranks(),
        "## Codes",
        _codes("Why a record was quarantined", QUARANTINE_CODES),
        _codes("Why a file was refused", FILE_CODES),
        _codes("What was mended in a row that was kept", FLAG_CODES),
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    time = (
        f" Event time: `{table.event_time}`, on the wall clock `{table.local_time}`."
        if table.event_time
        else ""
    )
    head = f"### {table.name}\n\nA row is {table.meaning}. Key: {key}.{time}\n\n"
    rows = [
        [f"`{c.name}`", c.type, "" if c.required else "yes", _allowed(c), _meaning(c)] for c in table.columns
    ]
    return head + _grid(["column", "type", "null", "allowed", "meaning"], rows)


def _allowed(column: Column) -> str:
    if column.values:
        return ", ".join(column.values)
    if column.low is None and column.high is None:
        return ""
    low = "" if column.low is None else f"{column.low:g}"
    high = "" if column.high is None else f"{column.high:g}"
    return f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"


def _meaning(column: Column) -> str:
    return column.meaning + (f" (personal: {column.personal})" if column.personal else "")


def _status_ranks() -> str:
    ranked = groupby(sorted(STATUS_RANK, key=STATUS_RANK.__getitem__), key=STATUS_RANK.__getitem__)
    return _grid(["rank", "statuses"], [[str(rank), ", ".join(names)] for rank, names in ranked])


def _codes(title: str, codes: dict[str, str]) -> str:
    return f"### {title}\n\n" + _grid(
        ["code", "meaning"], [[f"`{code}`", text] for code, text in codes.items()]
    )


def _grid(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """The text as it is read: neither a new column nor the start of an HTML tag."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    """Write the page into the project of the working folder."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(schema_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
