"""Blocks read as columns and the same blocks read line by line end in the same rows and the same refusals."""

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workshop import CONTRACT, NOW, message

from analytics_lib.errors import FileRefusedError
from analytics_lib.ingest.conform import Rules, conform
from analytics_lib.ingest.mapping import batches, flat_schema
from analytics_lib.schema import TABLES
from analytics_lib.sources.lines import read_chunks

RULES = Rules(NOW, "UTC", "America/Bogota", b"k" * 32)
SCHEMA = flat_schema(CONTRACT, "messages.ndjson")
PLAIN = json.dumps(message()).encode()


def read(content, schema):
    return list(read_chunks(io.BytesIO(content), schema=schema))


def was_read_as_columns(*lines):
    (chunk,) = read(b"".join(line + b"\n" for line in lines), SCHEMA)
    return chunk.table is not None


def outcome(content, schema):
    """Rows, refusals as (line, code), and flags."""
    rows, refused, flags = [], [], {}
    for batch in batches(CONTRACT, "messages.ndjson", read(content, schema)):
        refused += [(bad.line, bad.code) for bad in batch.bad]
        mapped = batch.tables["messages"]
        checked = conform(TABLES["messages"], mapped.built, RULES)
        rows += checked.rows.to_pylist()
        for position, (code, _, _) in checked.refused.items():
            refused.append((batch.lines[int(mapped.origins[position]) - batch.first], code))
        for flag, count in (batch.flags + checked.flags).items():
            flags[flag] = flags.get(flag, 0) + count
    return rows, sorted(refused), flags


def line_of(**fields):
    return json.dumps(message(**fields)).encode()


# Each is one line; what the column parser would make of it differs from what the line parser does, or might.
UNUSUAL = {
    "a key twice": PLAIN[:-1] + b', "text": "otra vez"}',
    "half an emoji": PLAIN[:-1] + b', "intent": "\\ud83d"}',
    "the second half of an emoji": PLAIN[:-1] + b', "intent": "\\ude00"}',
    "two objects": PLAIN + PLAIN,
    "two objects with a blank": PLAIN + b" " + PLAIN,
    "a null line": b"null",
    "a scalar": b"5",
    "an array": b"[" + PLAIN + b"]",
    "an empty array": b"[]",
    "garbage after the object": PLAIN + b" x",
    "a comma after the object": PLAIN + b",",
    "a number for a text": line_of(text=5),
    "a number for an id": line_of(user_id=573001234567),
    "a fraction for an id": line_of(user_id=1.5),
    "a text for a number": line_of(confidence="0.5"),
    "a boolean for a number": line_of(confidence=True),
    "a list for a text": line_of(text=["hola"]),
    "an object for a text": line_of(text={"es": "hola"}),
    "an unknown field": line_of(city="Cali"),
    "an extra": line_of(extra={"a": {"b": 1}}),
    "a wall clock twin": line_of(sent_local="2026-06-01T05:00:00"),
    "a raw tab in a text": PLAIN.replace(b"hola", b"ho\tla"),
    "a raw NUL": PLAIN.replace(b"hola", b"ho\0la"),
    "a byte that is not UTF-8": PLAIN.replace(b"hola", b"ho\xf1la"),
    "a leading zero": PLAIN[:-1] + b', "confidence": 00.5}',
    "a number without its fraction": PLAIN[:-1] + b', "confidence": 1.}',
    "1e400": PLAIN[:-1] + b', "confidence": 1e400}',
    "a text of Infinity": line_of(confidence="Infinity"),
    "a trailing comma": PLAIN[:-1] + b",}",
    "a comment": PLAIN + b" /* no */",
    "single quotes": PLAIN.replace(b'"', b"'"),
    "a mark of byte order": b"\xef\xbb\xbf" + PLAIN,
    "cut off": PLAIN[:40],
    "a deep list": PLAIN[:-1] + b', "extra": ' + b"[" * 70 + b"]" * 70 + b"}",
    "blank": b"   ",
    "empty": b"",
}
FINE = {
    "NUL escaped": PLAIN[:-1] + b', "intent": "a\\u0000b"}',
    "an escaped key": PLAIN.replace(b'"text"', b'"t\\u0065xt"'),
    "unicode": json.dumps(message(text="¿Qué tal? 👩‍👩‍👧 \u202e ñ"), ensure_ascii=False).encode(),
    "escaped unicode": line_of(text="¿Qué tal? 👩‍👩‍👧"),
    "nulls": line_of(text=None, confidence=None),
    "a missing field": json.dumps({"message_id": "m1"}).encode(),
    "no field": b"{}",
    "a whole number for a fraction": line_of(confidence=1),
    "thirty digits for a fraction": PLAIN[:-1] + b', "confidence": ' + b"9" * 30 + b"}",
    "minus zero": PLAIN[:-1] + b', "confidence": -0}',
    "NaN": PLAIN[:-1] + b', "confidence": NaN}',
    "Infinity": PLAIN[:-1] + b', "confidence": -Infinity}',
    "a time that is none": line_of(sent_at="30 February"),
    "an empty id": line_of(user_id=""),
    "a phone in scientific notation": line_of(user_id="5.73E+11"),
}


@pytest.mark.parametrize("line", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_an_unusual_line_is_read_line_by_line(line):
    assert not was_read_as_columns(PLAIN, line, PLAIN)


@pytest.mark.parametrize("line", FINE.values(), ids=FINE.keys())
def test_a_line_of_flat_typed_fields_is_read_as_columns(line):
    assert was_read_as_columns(PLAIN, line, PLAIN)


@pytest.mark.parametrize("line", [*UNUSUAL.values(), *FINE.values()], ids=[*UNUSUAL, *FINE])
@pytest.mark.parametrize("place", ["alone", "first", "between", "last"])
def test_a_line_means_the_same_read_as_columns_and_as_a_line(line, place):
    before = [] if place in ("alone", "first") else [PLAIN]
    after = [] if place in ("alone", "last") else [PLAIN]
    content = b"".join(one + b"\n" for one in [*before, line, *after])
    assert outcome(content, SCHEMA) == outcome(content, None)


def test_objects_and_line_ends_that_cancel_out_are_not_taken_for_lines():
    content = PLAIN + PLAIN + b"\n" + b"\n"  # two objects, two line ends
    assert outcome(content, SCHEMA) == outcome(content, None) == ([], [(1, "BAD_JSON")], {})


def test_an_object_across_two_lines_is_two_bad_lines():
    content = PLAIN.replace(b", ", b",\n", 1) + PLAIN + b"\n"
    assert outcome(content, SCHEMA) == outcome(content, None)
    assert outcome(content, SCHEMA)[1] == [(1, "BAD_JSON"), (2, "BAD_JSON")]


def test_a_block_that_begins_with_null_does_not_kill_the_process():
    code = (
        "import io, pyarrow as pa; from analytics_lib.sources.lines import read_chunks;"
        "schema = pa.schema([('a', pa.string())]);"
        "chunks = read_chunks(io.BytesIO(b'null\\n'), schema=schema);"
        "print([bad.code for chunk in chunks for bad in chunk.bad])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "['NOT_OBJECT']")


any_text = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "NaN", "1", "\u0000", "5.73E+11", "+57 300 123 4567", "user", "bot", "unknown:x"]
    ),
)
any_number = st.one_of(
    st.integers(min_value=-(10**20), max_value=10**20),
    st.floats(),
    st.sampled_from([0, 1, 0.5, -0.0, 1.0, 1.5]),
)
any_value = st.recursive(
    st.one_of(st.none(), st.booleans(), any_text, any_number),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(any_text, inner, max_size=2)),
    max_leaves=4,
)
names = st.sampled_from([*TABLES["messages"].column, "extra_field", "ciudad", "Text"])
good = st.fixed_dictionaries(
    {},
    optional={
        "text": any_text,
        "user_id": any_text,
        "intent": any_text,
        "confidence": st.floats(0, 1),
        "sent_at": st.sampled_from(
            ["2026-06-01T10:00:00-05:00", "2026-06-01 10:00", "1780000000", "9999-01-01"]
        ),
        "updated_at": st.none() | st.just("2026-06-02T10:00:00Z"),
        "status": st.sampled_from(["sent", "read", "lost"]),
    },
)


@st.composite
def lines(draw):
    record = message(draw(st.integers(0, 9))) | draw(good)
    if draw(st.booleans()):
        record |= draw(st.dictionaries(names, any_value, max_size=2))
    for name in draw(st.lists(st.sampled_from(sorted(message())), max_size=1)):
        record.pop(name, None)
    text = json.dumps(record, ensure_ascii=draw(st.booleans()))
    line = text.encode("utf-8", "replace")
    return draw(st.sampled_from([line, line, line, line[: len(line) // 2], line + line]))


blocks = st.lists(
    st.one_of(lines(), lines(), st.sampled_from([*UNUSUAL.values(), *FINE.values()]), st.binary(max_size=8)),
    max_size=5,
).map(lambda parts: b"".join(part.replace(b"\n", b"") + b"\n" for part in parts))


@settings(max_examples=150, deadline=None)
@given(blocks)
def test_any_block_means_the_same_read_as_columns_and_line_by_line(content):
    """Of each the rows, the refused lines with their reasons, and the flags."""
    try:
        expected = outcome(content, None)
    except FileRefusedError:  # two lines in an older encoding: the file as a whole
        with pytest.raises(FileRefusedError):
            outcome(content, SCHEMA)
        return
    assert outcome(content, SCHEMA) == expected
