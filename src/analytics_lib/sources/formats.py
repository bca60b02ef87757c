"""The formats that files come in, each as chunks of records: JSON lines, JSON documents, CSV, Parquet."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_lib.errors import FileRefusedError
from analytics_lib.sources.files import open_bytes
from analytics_lib.sources.json_text import MAX_RECORD_BYTES, parse_line
from analytics_lib.sources.lines import BadLine, Chunk, read_chunks
from analytics_lib.sources.record import BadRecordError

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator
    from pathlib import Path

FORMATS = {"ndjson": "ndjson", "jsonl": "ndjson", "json": "json", "csv": "csv", "parquet": "parquet"}
_CHUNK_RECORDS = 50_000
_MAX_DOCUMENT_BYTES = 256 * 1024 * 1024


def format_of(path: Path, default: str) -> str:
    """The format a file's name tells (``.csv.gz`` is CSV), or the source's own."""
    for suffix in reversed(path.suffixes):
        if suffix[1:].lower() in FORMATS:
            return FORMATS[suffix[1:].lower()]
    return default


def chunks(
    path: Path, kind: str, *, delimiter: str = ",", tail_waits: bool = False, schema: pa.Schema | None = None
) -> Iterator[Chunk]:
    """The records of a file, a chunk at a time; bad ones set aside.

    Args:
        path: The file, gzip or not.
        kind: One of ``ndjson json csv parquet``.
        delimiter: Between the fields of a CSV file.
        tail_waits: Whether a last line that is cut off is left for the next delivery.
        schema: Fields of flat JSON records, for reading them as columns where all are as expected.

    Raises:
        FileRefusedError: If the file as a whole cannot be read.
    """
    with open_bytes(path) as file:
        if kind == "csv":
            yield from _csv_chunks(file, delimiter)
        elif kind == "parquet":
            yield from _parquet_chunks(file)
        elif kind == "json" and _is_document(path):
            yield _document(file)
        else:
            yield from read_chunks(file, tail_waits=tail_waits, schema=schema)


def _is_document(path: Path) -> bool:
    """Whether the JSON stands across lines: an array, or an object whose first line is not a value yet."""
    with open_bytes(path) as file:
        first = file.read(MAX_RECORD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
    if first.startswith(b"["):
        return True
    try:
        parse_line(first, Counter())
    except BadRecordError:
        return first[:1] == b"{" and len(first) < 3
    return False


def _document(file: IO[bytes]) -> Chunk:
    content = _whole(file)
    chunk = Chunk()
    try:
        parsed = _parse_document(content, chunk.flags)
    except BadRecordError as error:
        chunk.bad.append(BadLine(1, error.code, error.detail, content[:2000].decode("utf-8", "replace")))
        return chunk
    for number, item in enumerate(parsed if isinstance(parsed, list) else [parsed], 1):
        if isinstance(item, dict):
            chunk.add([number], [item])
        else:
            kind = type(item).__name__
            chunk.bad.append(
                BadLine(number, "NOT_OBJECT", f"expected an object, given {kind}", repr(item)[:2000])
            )
    return chunk


def _whole(file: IO[bytes]) -> bytes:
    content = file.read(_MAX_DOCUMENT_BYTES + 1)
    if len(content) > _MAX_DOCUMENT_BYTES:
        raise FileRefusedError("TOO_LARGE", "It is over 256 MiB in one piece. Deliver it as JSON lines.")
    return content


def _parse_document(content: bytes, flags: Counter[str]) -> object:
    """A whole document; the cap on a record's size does not hold for a document of many."""
    return parse_line(content.removeprefix(b"\xef\xbb\xbf"), flags, max_bytes=_MAX_DOCUMENT_BYTES)


def _csv_chunks(file: IO[bytes], delimiter: str) -> Iterator[Chunk]:
    csv.field_size_limit(MAX_RECORD_BYTES)
    with io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        header = _header(next((row for row in rows if not _is_blank(row)), []))
        chunk = Chunk()
        while _read_row(rows, header, chunk):
            if len(chunk.records) >= _CHUNK_RECORDS:
                yield chunk
                chunk = Chunk()
        yield chunk


def _read_row(rows: Reader, header: list[str], chunk: Chunk) -> bool:
    """Read the next row into the chunk; False at the end."""
    number = rows.line_num + 1
    try:
        row = next(rows, None)
    except csv.Error as error:
        code = "TOO_LARGE" if "field larger" in str(error) else "BAD_TYPE"
        spanned = max(1, rows.line_num - number + 1)
        chunk.bad.append(BadLine(number, code, f"the row cannot be read: {error}", "", records=spanned))
        return True
    if row is not None and _swallowed_rows(row, rows.dialect.delimiter):
        spanned = rows.line_num - number + 1
        detail = f"a quote that is not closed runs over {spanned} lines"
        chunk.bad.append(BadLine(number, "BAD_TYPE", detail, "", records=spanned))
    elif row is not None and not _is_blank(row):
        _add_row(chunk, number, header, row)
    return row is not None


def _swallowed_rows(row: list[str], delimiter: str) -> bool:
    """Whether a field of several lines holds lines that look like rows of their own."""
    wide = max(1, len(row) - 1)
    return any(
        line.count(delimiter) >= wide for field in row if "\n" in field for line in field.split("\n")[1:]
    )


def _is_blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


def _header(names: list[str]) -> list[str]:
    """The names of the columns, each its own."""
    joined = ",".join(names)
    if "\0" in joined or any("\ud800" <= character <= "\udfff" for character in joined):
        raise FileRefusedError(
            "BAD_ENCODING",
            f"The header is not UTF-8: {joined[:80]!a}. It looks like "
            f"{'UTF-16' if chr(0) in joined else 'Latin-1'}; deliver UTF-8.",
        )
    # Of columns with one name the first keeps it; none is dropped.
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name} ({count + 1})" if count else name for name, count in zip(names, before, strict=True)]


def _record(header: list[str], row: list[str]) -> dict[str, object]:
    """CSV knows no null; an empty field is one."""
    return {name: value or None for name, value in zip(header, row, strict=True)}


def _add_row(chunk: Chunk, number: int, header: list[str], row: list[str]) -> None:
    if len(row) == len(header) and (joined := "".join(row)).isprintable():
        chunk.add([number], [_record(header, row)])
        return
    joined = ",".join(row)
    shown = joined[:2000].encode("utf-8", "replace").decode()
    if len(row) != len(header):
        detail = f"{len(row)} fields given, {len(header)} expected: {', '.join(header)[:100]}"
        code = "MISSING_FIELD" if len(row) < len(header) else "BAD_TYPE"
        chunk.bad.append(BadLine(number, code, detail, shown))
    elif "\0" in joined:
        chunk.bad.append(BadLine(number, "NUL_BYTE", "the row holds a raw NUL byte", shown))
    elif any("\ud800" <= character <= "\udfff" for character in joined):
        chunk.bad.append(BadLine(number, "BAD_ENCODING", "the row is not UTF-8", shown))
    else:
        chunk.add([number], [_record(header, row)])


def _parquet_chunks(file: IO[bytes]) -> Iterator[Chunk]:
    try:
        # Parquet is read from its end, which unpacked gzip does not let one do.
        content = file if file.seekable() else io.BytesIO(_whole(file))
        parquet = pq.ParquetFile(pa.PythonFile(content, mode="r"))
        first = 1
        for batch in parquet.iter_batches(batch_size=_CHUNK_RECORDS):
            yield Chunk(range(first, first + batch.num_rows), batch.to_pylist())
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FileRefusedError("BAD_PARQUET", f"The file is not readable Parquet: {error}") from error
