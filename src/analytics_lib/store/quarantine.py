"""Records that were not stored: what is kept of them, and nothing personal."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store.contract import arrow_schema
from analytics_lib.text.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.schema import Table
    from analytics_lib.store.contract import Checked

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Refusal:
    """One record that was refused: where it stood, why, and its text as delivered."""

    source: str
    file: str
    sha256: str
    line: int
    code: str
    column: str | None
    detail: str
    record: str


def refusals(table: Table, data: pa.Table, checked: Checked) -> list[Refusal]:
    """The rows that break the contract of their table, of those that were to be added to it."""
    positions = sorted(checked.refused)
    given = data.take(pa.array(positions)).to_pylist()
    return [
        _refusal(table, record, *checked.refused[position])
        for position, record in zip(positions, given, strict=True)
    ]


def _refusal(table: Table, record: dict[str, object], code: str, column: str, detail: str) -> Refusal:
    text = orjson.dumps(record, default=str, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(table.name.encode() + text).hexdigest()
    return Refusal("append", table.name, digest, 1, code, column, detail, text.decode())


def rows(refusals: Sequence[Refusal]) -> pa.Table:
    """Rows of the table ``quarantine``; texts are masked, then cut.

    The text is masked before it is cut as well, so that no number cut in half escapes the mask. A record is
    known by its file's name, its line and what it says: of a file that has grown since, the same records are
    not kept twice.
    """
    seen: Counter[str] = Counter()
    return pa.Table.from_pylist(
        [_row(refusal, seen) for refusal in refusals], schema=arrow_schema(EVERY_TABLE["quarantine"])
    )


def _row(refusal: Refusal, seen: Counter[str]) -> dict[str, object]:
    record = mask_text(refusal.record[:2000])[:_SHOWN_CHARACTERS]
    identity = f"{refusal.source}|{refusal.file}|{refusal.line}|{refusal.code}|{record}"
    seen[identity] += 1  # a line may hold the same record more than once, in an array
    numbered = f"{identity}|{seen[identity]}"
    return {
        "quarantine_id": hashlib.sha256(numbered.encode()).hexdigest()[:32],
        "source": refusal.source,
        "file": refusal.file,
        "sha256": refusal.sha256,
        "line": refusal.line,
        "code": refusal.code,
        "column_name": refusal.column,
        "detail": mask_text(refusal.detail[:1000])[:_SHOWN_CHARACTERS],
        "record": record,
    }
