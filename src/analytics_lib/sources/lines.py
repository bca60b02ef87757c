"""Lines of JSON as records: each line parsed for itself, a bad one set aside with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from analytics_lib.errors import FileRefusedError
from analytics_lib.sources.json_text import MAX_RECORD_BYTES, parse_line
from analytics_lib.sources.record import BadRecordError, shown, shown_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLOCK = 8 * 1024 * 1024


@dataclass(frozen=True)
class BadLine:
    """A record set aside.

    Attributes:
        line: Its number, from 1.
        code: The reason, of ``codes.QUARANTINE_CODES``.
        detail: What was given and expected.
        text: Its beginning.
        records: How many records it stands for.
    """

    line: int
    code: str
    detail: str
    text: str
    column: str | None = None
    records: int = 1


@dataclass
class Chunk:
    """Some consecutive records of a file.

    Attributes:
        lines: Line number of each record.
        records: The records; empty where ``table`` holds them.
        bad: What was set aside between them.
        flags: Counts by code of ``codes.FLAG_CODES``.
        tail_waits: Whether a last line that is cut off was left for the next delivery.
        table: The records as columns, where all of them had just the fields and types asked for.
        content: The bytes of ``table``, a line a record.
    """

    lines: list[int] | range = field(default_factory=list)
    records: list[dict[str, object]] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    tail_waits: bool = False
    table: pa.Table | None = None
    content: bytes = b""

    def add(self, lines: Sequence[int], records: Sequence[dict[str, object]]) -> None:
        """Add records, each with its line number."""
        if isinstance(self.lines, range):
            self.lines = list(self.lines)
        self.lines.extend(lines)
        self.records.extend(records)

    @cached_property
    def _content_lines(self) -> list[bytes]:
        return self.content.split(b"\n")

    def text(self, at: int) -> str:
        """The beginning of the record at a position, without what names a person."""
        if self.table is not None:
            return shown_line(self._content_lines[at])
        return shown(self.records[at])


@dataclass(frozen=True)
class _Block:
    """Whole lines of a file: number of the first, their bytes, and whether the last ends with a newline."""

    first: int
    content: bytes
    ends: bool


def read_chunks(
    file: IO[bytes], *, tail_waits: bool = False, schema: pa.Schema | None = None
) -> Iterator[Chunk]:
    """The records of a file of JSON lines, a chunk at a time.

    Args:
        file: Content, UTF-8, a BOM and blank lines allowed.
        tail_waits: Whether a last line that is cut off is left for the next delivery instead of set aside.
        schema: Fields of flat records. A block in which every record has only these, in these types, is read
            as columns; any other is read line by line.

    Raises:
        FileRefusedError: BAD_ENCODING, if the file as a whole is not UTF-8.
    """
    for block in _blocks(file):
        chunk = _columnar(block, schema) if schema is not None else None
        yield chunk or _by_line(block, waits=tail_waits and not block.ends)


def _columnar(block: _Block, schema: pa.Schema) -> Chunk | None:
    """The block as columns, or None where a line is in any way unusual."""
    newlines = np.flatnonzero(np.frombuffer(block.content, dtype=np.uint8) == 10)
    if not block.ends or not _an_object_a_line(block.content, newlines):
        return None
    parse = pj.ParseOptions(
        explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior="error"
    )
    try:
        block.content.decode()
        table = pj.read_json(
            pa.BufferReader(block.content), pj.ReadOptions(block_size=2 * MAX_RECORD_BYTES), parse
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    if table.num_rows != len(newlines) or b"\0" in block.content:
        return None
    lines = range(block.first, block.first + table.num_rows)
    return Chunk(lines=lines, table=table.select(schema.names), content=block.content)


def _an_object_a_line(content: bytes, newlines: np.ndarray) -> bool:
    """Whether every line begins and ends as an object does and is no longer than a record may be.

    The column parser takes objects wherever they begin and end, and does not survive a line ``null``.
    """
    octets = np.frombuffer(content, dtype=np.uint8)
    starts = np.concatenate(([0], newlines[:-1] + 1))
    return bool(
        (newlines - starts).max() <= MAX_RECORD_BYTES
        and (octets[starts] == ord("{")).all()
        and (octets[newlines - 1] == ord("}")).all()
    )


def _by_line(block: _Block, *, waits: bool) -> Chunk:
    chunk = Chunk(lines=[])
    lines = block.content.split(b"\n")
    for number, line in enumerate(lines, block.first):
        if line and not line.isspace():
            last = number == block.first + len(lines) - 1
            _parse_into(chunk, number, line, waits=waits and last)
    return chunk


def _blocks(file: IO[bytes]) -> Iterator[_Block]:
    """The file in blocks of whole lines; of a line longer than a record may be, only the beginning."""
    number, carried = 1, b""
    first = True
    while block := file.read(_BLOCK):
        if first:
            _check_encoding(block)
            block = block.removeprefix(b"\xef\xbb\xbf")  # the mark is no content
            first = False
        end = block.rfind(b"\n") + 1
        if end:
            content = carried + block[:end]
            yield _Block(number, content, ends=True)
            number += content.count(b"\n")
            carried = b""
        # What is longer than a record may be is cut here, so that a line without end needs no memory.
        carried = (carried + block[end:])[: MAX_RECORD_BYTES + 1]
    if carried:
        yield _Block(number, carried, ends=False)


def _check_encoding(block: bytes) -> None:
    beginning = block[:200]
    mixed_with_nul = len(beginning) < 3 * beginning.count(0) < 3 * len(beginning)
    if block[:2] in (b"\xff\xfe", b"\xfe\xff") or mixed_with_nul:
        raise FileRefusedError("BAD_ENCODING", "The file looks like UTF-16. Deliver it as UTF-8.")
    lines = [line for line in block[: 1024 * 1024].split(b"\n")[:-1] or [block] if not line.isascii()]
    invalid = sum(not _is_utf8(line) for line in lines)
    if invalid >= 2 and invalid == len(lines):
        raise FileRefusedError(
            "BAD_ENCODING",
            f"None of {invalid} lines with accents is UTF-8; it looks like Latin-1. Deliver UTF-8.",
        )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse_into(chunk: Chunk, number: int, line: bytes, *, waits: bool) -> None:
    try:
        parsed = parse_line(line, chunk.flags)
    except BadRecordError as error:
        if waits and error.code == "BAD_JSON":
            chunk.tail_waits = True
        else:
            chunk.bad.append(
                BadLine(number, error.code, error.detail, line[:2000].decode("utf-8", "replace"))
            )
        return
    if type(parsed) is dict:
        chunk.add([number], [parsed])
    elif isinstance(parsed, list) and parsed and all(isinstance(item, dict) for item in parsed):
        chunk.add([number] * len(parsed), parsed)
    elif parsed != []:
        kind = type(parsed).__name__
        chunk.bad.append(
            BadLine(number, "NOT_OBJECT", f"expected an object, given {kind}", line[:2000].decode())
        )
