"""One file into the store: parsed, checked and staged; then committed whole or not at all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_lib.errors import FileRefusedError
from analytics_lib.ingest.conform import Rules, conform
from analytics_lib.ingest.mapping import Batch, batches, flat_schema
from analytics_lib.ingest.settling import settle
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.sources.formats import chunks, format_of
from analytics_lib.sources.lines import BadLine, Chunk
from analytics_lib.store import quarantine, resolve
from analytics_lib.store.contract import arrow_schema
from analytics_lib.store.staging import staging
from analytics_lib.store.writer import Writer, Written, open_writer
from analytics_lib.text.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analytics_lib.ingest.source import Source

QUARANTINED_BEFORE = "select quarantine_id from quarantine where source = $source and sha256 = $sha256"

T = TypeVar("T")
_TAIL_SECONDS = 60


@dataclass
class FileReport:
    """What became of one file; ``records`` = ``accepted`` + ``duplicates`` + ``quarantined``.

    Attributes:
        file: Its name.
        status: ``ingested``, ``already ingested``, ``refused``, or ``tail waits``: all but a last line
            that is still being written was ingested, so the file is read again next time.
        records: Records read.
        accepted: Records that added or changed a row.
        duplicates: Records that changed nothing.
        quarantined: Records kept in the table ``quarantine``.
        rows: Rows added or changed, by table.
        codes: Quarantined records by reason code.
        flags: Values and rows flagged, by code.
        reason: Why the file was refused.
    """

    file: str
    status: str = "ingested"
    records: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    reason: str | None = None


@dataclass
class Staged:
    """What stands in the staging folder of one file."""

    files: dict[str, Path] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    bad: list[BadLine] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    records: int = 0
    tail_waits: bool = False


@dataclass(frozen=True)
class Place:
    """Where the rows go and by which rules; ``again`` lets them replace stored ones of any age."""

    root: Path
    rules: Rules
    key_id: str
    memory_limit_gb: float
    again: bool = False


def ingest_file(
    source: Source, path: Path, digest: str, place: Place, progress: Callable[[int], object]
) -> FileReport:
    """Bring one file into the store.

    Raises:
        FileRefusedError: If the file as a whole is bad; nothing of it was stored.
    """
    waits = place.rules.now.timestamp() - path.stat().st_mtime < _TAIL_SECONDS
    kind = format_of(path, source.format)
    with staging(place.root) as folder:
        staged = Staged()
        schema = flat_schema(source, path.name)
        read = chunks(path, kind, delimiter=source.delimiter, tail_waits=waits, schema=schema)
        read = _counted(read, staged, progress)
        _stage(batches(source, path.name, _ahead(read)), folder, place.rules, staged)
        _check_share(source, path.name, staged)
        note = {"source": source.name, "file": path.name, "sha256": digest}
        with open_writer(place.root, memory_limit_gb=place.memory_limit_gb, note=note) as writer:
            report = _commit(source, path, digest, staged, writer, place)
            if not staged.tail_waits:
                writer.write("ingested_files", _file_row(source, path, digest, report, place))
    return report


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one made while this one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _counted(read: Iterator[Chunk], staged: Staged, progress: Callable[[int], object]) -> Iterator[Chunk]:
    for chunk in read:
        number = len(chunk.lines) + sum(bad.records for bad in chunk.bad)
        staged.records += number
        staged.tail_waits |= chunk.tail_waits
        progress(number)
        yield chunk


def _stage(parts: Iterator[Batch], folder: Path, rules: Rules, staged: Staged) -> None:
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for batch in parts:
            for name, rows in _good_rows(batch, rules, staged).items():
                if name not in writers:
                    staged.files[name] = folder / f"{name}.parquet"
                    writers[name] = pq.ParquetWriter(staged.files[name], rows.schema, compression="snappy")
                writers[name].write_table(rows)
            staged.flags.update(batch.flags)
            staged.bad.extend(batch.bad)
    finally:
        for writer in writers.values():
            writer.close()


def _good_rows(batch: Batch, rules: Rules, staged: Staged) -> dict[str, pa.Table]:
    """The rows the store may hold; a record with one bad row gives none."""
    reasons: dict[int, BadLine] = {}
    good: dict[str, tuple[pa.Table, np.ndarray, np.ndarray]] = {}
    for name, mapped in batch.tables.items():
        checked = conform(EVERY_TABLE[name], mapped.built, rules)
        staged.flags.update(checked.flags)
        good[name] = (checked.rows, mapped.origins[checked.kept], mapped.records[checked.kept])
        for position, reason in checked.refused.items():
            origin = int(mapped.origins[position])
            reasons.setdefault(origin, _bad_row(batch, origin, int(mapped.records[position]), name, *reason))
    batch.bad.extend(reasons.values())
    excluded = np.fromiter(reasons, dtype=np.int64, count=len(reasons))
    return {name: _numbered(*parts, excluded, staged, name) for name, parts in good.items()}


def _bad_row(
    batch: Batch, origin: int, records: int, table: str, code: str, column: str, detail: str
) -> BadLine:
    at = origin - batch.first
    more = f" ({records} records of one row)" if records > 1 else ""
    return BadLine(batch.lines[at], code, f"{table}: {detail}{more}", batch.texts(at), column, records)


def _numbered(
    rows: pa.Table, origins: np.ndarray, records: np.ndarray, excluded: np.ndarray, staged: Staged, name: str
) -> pa.Table:
    if len(excluded):
        keep = ~np.isin(origins, excluded)
        rows, origins, records = rows.filter(pa.array(keep)), origins[keep], records[keep]
    first = staged.rows[name]
    staged.rows[name] += rows.num_rows
    numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
    columns = {resolve.ROW: numbers, resolve.LINE: pa.array(origins), resolve.RECORDS: pa.array(records)}
    for column, values in columns.items():
        rows = rows.append_column(column, values)
    return rows


def _check_share(source: Source, name: str, staged: Staged) -> None:
    bad = [line for line in staged.bad if line.code != "LEFT_OUT"]
    number = sum(line.records for line in bad)
    if number <= max(source.bad_records_allowed, source.bad_share_limit * staged.records):
        return
    codes = Counter({code: sum(b.records for b in bad if b.code == code) for code in {b.code for b in bad}})
    reasons = ", ".join(f"{code} {count}" for code, count in codes.most_common())
    first = min(bad, key=lambda line: line.line)
    raise FileRefusedError(
        "BAD_ENCODING" if codes.most_common(1)[0][0] == "BAD_ENCODING" else "TOO_MANY_BAD",
        f"{name}: {number:,} of {staged.records:,} records are bad ({reasons}); source {source.name} allows "
        f"{source.bad_share_limit:.1%}. The first, line {first.line}: {mask_text(first.detail)[:200]}. "
        "Nothing of the file was stored. Mend the file or the mapping, or raise bad_share_limit.",
    )


def _commit(
    source: Source, path: Path, digest: str, staged: Staged, writer: Writer, place: Place
) -> FileReport:
    status = "tail waits" if staged.tail_waits else "ingested"
    report = FileReport(path.name, status, records=staged.records)
    codes, flags = Counter[str](), staged.flags.copy()
    taken: dict[Path, Written] = {}
    for name in EVERY_TABLE:
        if staged.rows[name]:
            written = writer.write(name, [staged.files[name]], lines=True, incoming_wins=place.again)
            report.rows[name] = written.accepted
            flags["CONFLICT"] += written.conflicts
            taken[staged.files[name]] = written
    settle(source, staged.files, writer, local_zone=place.rules.local_zone, flags=flags)
    for line in staged.bad:
        codes[line.code] += line.records
    report.codes, report.flags = dict(codes), dict(+flags)
    report.quarantined = codes.total()
    report.accepted = _accepted_records(taken, report.records - report.quarantined)
    report.duplicates = report.records - report.accepted - report.quarantined
    if place.again:
        before = writer.read(QUARANTINED_BEFORE, source=source.name, sha256=digest)
        writer.delete("quarantine", list(before["quarantine_id"]))
    if staged.bad:
        refusals = [_refusal(source, path, digest, bad) for bad in staged.bad]
        writer.write("quarantine", quarantine.rows(refusals), incoming_wins=True)
    return report


def _accepted_records(taken: dict[Path, Written], good: int) -> int:
    """Of the good records, those of which at least one row was accepted, each counted once."""
    if not any(written.duplicates for written in taken.values()):
        return good
    columns = [resolve.LINE, resolve.RECORDS]
    parts = [
        pq.read_table(file, columns=columns) if written.lines is None else written.lines
        for file, written in taken.items()
    ]
    accepted = pa.concat_tables(parts).group_by(resolve.LINE).aggregate([(resolve.RECORDS, "max")])
    total = pc.sum(accepted[f"{resolve.RECORDS}_max"]).as_py() or 0
    # Tables that group the records of a file in different ways may have accepted one twice.
    return min(total, good)


def _refusal(source: Source, path: Path, digest: str, bad: BadLine) -> quarantine.Refusal:
    return quarantine.Refusal(
        source.name, mask_text(path.name), digest, bad.line, bad.code, bad.column, bad.detail, bad.text
    )


def _file_row(source: Source, path: Path, digest: str, report: FileReport, place: Place) -> pa.Table:
    row = {
        "ingest_id": f"{source.name}:{digest}",
        "source": source.name,
        "file": mask_text(path.name),
        "sha256": digest,
        "bytes": path.stat().st_size,
        "records": report.records,
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "quarantined": report.quarantined,
        "flags": orjson.dumps(report.flags, option=orjson.OPT_SORT_KEYS).decode(),
        "ingested_at": place.rules.now,
        "key_id": place.key_id,
    }
    return pa.Table.from_pylist([row], schema=arrow_schema(EVERY_TABLE["ingested_files"]))
