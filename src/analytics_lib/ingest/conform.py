"""Rows made fit for the store: cast to the contract, plausible in time, people unnamed.

The order matters: what the contract refuses is never hashed or masked, and nothing leaves here with a raw
user id, phone number or e-mail address in it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.schema import PERSONAL_EXTRA
from analytics_lib.store.casts import mask
from analytics_lib.store.contract import Checked, check
from analytics_lib.text.identity import LossyPhoneError, pseudonym, pseudonym_column
from analytics_lib.text.masking import mask_column

if TYPE_CHECKING:
    from collections import Counter

    from analytics_lib.ingest.columns import Columns
    from analytics_lib.schema import Column, Table

_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)
_AHEAD = dt.timedelta(hours=24)
_SKEW = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Rules:
    """What ingest holds rows to.

    Attributes:
        now: The moment of the ingest; later by more than a day is refused.
        naive_zone: Zone of times that carry none.
        local_zone: Zone of the wall-clock twins.
        key: Key of the pseudonyms.
    """

    now: dt.datetime
    naive_zone: str
    local_zone: str
    key: bytes


def conform(table: Table, built: Columns, rules: Rules) -> Checked:
    """The rows of ``built`` that the store may hold, and the reasons for the others.

    Returns:
        As ``store.contract.check``; positions count the rows of ``built``.
    """
    checked = check(table, pa.table(built.arrays), naive_zone=rules.naive_zone, local_zone=rules.local_zone)
    reasons = dict(checked.refused)
    reasons.update(built.refused)
    rows, flags = checked.rows, checked.flags + built.flags
    late: dict[int, tuple[str, str, str]] = {}
    for column in table.columns:
        _implausible(column, rows[column.name], rules, late)
    rows = known_words(table, rows, flags)
    rows = _ends_after_start(table, rows, flags)
    rows = _unnamed(table, rows, rules.key, late)
    for index, reason in late.items():
        reasons.setdefault(int(checked.kept[index]), reason)
    keep = ~np.isin(checked.kept, np.fromiter(reasons, dtype=np.int64, count=len(reasons)))
    kept = rows if keep.all() else rows.filter(pa.array(keep))
    return Checked(kept, checked.kept[keep], reasons, flags)


def _implausible(
    column: Column, values: pa.ChunkedArray, rules: Rules, late: dict[int, tuple[str, str, str]]
) -> None:
    if column.type != "at":
        return
    outside = mask(pc.or_(pc.less(values, _EARLIEST), pc.greater_equal(values, _LATEST)))
    future = mask(pc.greater(values, rules.now + _AHEAD)) & ~outside
    for index in np.flatnonzero(outside):
        late.setdefault(
            int(index), ("TS_RANGE", column.name, f"{values[int(index)]} is outside 2000 to 2100")
        )
    for index in np.flatnonzero(future):
        given = values[int(index)]
        late.setdefault(int(index), ("FUTURE", column.name, f"{given} is over a day after the ingest"))


def known_words(table: Table, rows: pa.Table, flags: Counter[str]) -> pa.Table:
    """Values outside a closed vocabulary, kept as ``unknown:<value>``."""
    for position, column in enumerate(table.columns):
        if not column.values:
            continue
        lower = pc.utf8_lower(rows[column.name])
        given = pc.if_else(pc.is_in(lower, pa.array(column.values)), lower, rows[column.name])
        rows = rows.set_column(position, column.name, given)
        strange = pc.and_(pc.is_valid(given), pc.invert(pc.is_in(given, pa.array(column.values))))
        strange = pc.and_(strange, pc.invert(pc.starts_with(pc.fill_null(given, ""), "unknown:")))
        hits = pc.sum(strange).as_py() or 0
        if hits:
            flags["UNKNOWN_VALUE"] += hits
            named = pc.binary_join_element_wise("unknown:", given, "")
            rows = rows.set_column(position, column.name, pc.if_else(strange, named, given))
    return rows


def _ends_after_start(table: Table, rows: pa.Table, flags: Counter[str]) -> pa.Table:
    """Ends shortly before their start are clocks apart, and set to it. Longer ones are kept and counted."""
    if table.name != "conversations":
        return rows
    started, ended = rows["started_at"], rows["ended_at"]
    before = mask(pc.less(ended, started))
    if not before.any():
        return rows
    near = before & mask(pc.greater_equal(ended, pc.subtract(started, pa.scalar(_SKEW, pa.duration("us")))))
    flags["SKEW"] += int(near.sum())
    flags["NEG_DURATION"] += int((before & ~near).sum())
    position = rows.column_names.index("ended_at")
    return rows.set_column(position, "ended_at", pc.if_else(pa.array(near), started, ended))


def _unnamed(table: Table, rows: pa.Table, key: bytes, late: dict[int, tuple[str, str, str]]) -> pa.Table:
    """Ids of people as keyed hashes, texts of people masked."""
    for position, column in enumerate(table.columns):
        if column.personal is None or rows[column.name].null_count == rows.num_rows:
            continue
        values = rows[column.name].combine_chunks()
        if column.personal == "id":
            hashed, lossy = pseudonym_column(values, key)
            for index in np.flatnonzero(mask(lossy)):
                late.setdefault(
                    int(index),
                    ("PHONE_LOSSY", column.name, "scientific notation has lost digits of a number"),
                )
        else:
            hashed = mask_column(values)
        rows = rows.set_column(position, column.name, hashed)
    return _unnamed_extra(rows, key)


def _unnamed_extra(rows: pa.Table, key: bytes) -> pa.Table:
    """Ids in ``extra`` that spell out a phone number, as keyed hashes."""
    extra = rows["extra"].combine_chunks() if "extra" in rows.column_names else pa.nulls(0, pa.string())
    hits = mask(pc.match_substring_regex(extra, "|".join(PERSONAL_EXTRA)))
    if not hits.any():
        return rows
    texts = [
        _hashed_extra(text, key) if hit else text for text, hit in zip(extra.to_pylist(), hits, strict=True)
    ]
    return rows.set_column(rows.column_names.index("extra"), "extra", pa.array(texts, pa.string()))


def _hashed_extra(text: str, key: bytes) -> str:
    fields = orjson.loads(text)
    for name in PERSONAL_EXTRA:
        if isinstance(fields, dict) and isinstance(fields.get(name), str):
            fields[name] = _pseudonym_or_mark(fields[name], key)
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()


def _pseudonym_or_mark(value: str, key: bytes) -> str:
    try:
        return pseudonym(value, key)
    except LossyPhoneError:
        return "[phone]"
