import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics_lib.errors import FileRefusedError
from analytics_lib.sources.formats import chunks, format_of

TABLE = pa.table({"a": [1, None], "b": ["hola", "ñ"]})


@pytest.fixture
def read(tmp_path):
    """(records with their line, refusals as (line, code)) of a file with this content."""

    def read(content, kind, **more):
        path = tmp_path / f"a.{kind}"
        path.write_bytes(content)
        got = list(chunks(path, kind, **more))
        records = [pair for chunk in got for pair in zip(chunk.lines, chunk.records, strict=True)]
        return records, [(bad.line, bad.code) for chunk in got for bad in chunk.bad]

    return read


def parquet_bytes(table=TABLE):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def refusal(read, *arguments):
    with pytest.raises(FileRefusedError) as refused:
        read(*arguments)
    return refused.value


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.ndjson", "ndjson"),
        ("a.jsonl.gz", "ndjson"),
        ("a.JSON", "json"),
        ("a.csv.gz", "csv"),
        ("orders.2026-01.parquet", "parquet"),
        ("a.txt", "own"),
        ("a", "own"),
    ],
)
def test_the_format_is_told_by_the_name_or_else_by_the_source(tmp_path, name, kind):
    assert format_of(tmp_path / name, "own") == kind


def test_csv_rows_are_records_of_texts_by_their_header(read):
    assert read(b"a,b\n1,hola\n2,\xc3\xb1\n", "csv") == (
        [(2, {"a": "1", "b": "hola"}), (3, {"a": "2", "b": "ñ"})],
        [],
    )


def test_an_empty_csv_field_is_null(read):
    assert read(b'a,b\n1,\n"",x\n', "csv")[0] == [(2, {"a": "1", "b": None}), (3, {"a": None, "b": "x"})]


def test_csv_may_have_a_mark_windows_line_ends_blank_lines_and_line_ends_in_quotes(read):
    """F08."""
    content = b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n\r\n2,"say ""hi"""\r\n'
    assert read(content, "csv")[0] == [(2, {"a": "1", "b": "x\r\ny"}), (5, {"a": "2", "b": 'say "hi"'})]


def test_csv_with_another_delimiter_and_gzip(read):
    assert read(gzip.compress(b"a;b\n1;x\n"), "csv", delimiter=";")[0] == [(2, {"a": "1", "b": "x"})]


def test_a_csv_row_with_fields_missing_or_too_many_is_set_aside(read):
    records, bad = read(b"a,b\n1\n1,2\n1,2,3\n", "csv")
    assert (records, bad) == ([(3, {"a": "1", "b": "2"})], [(2, "MISSING_FIELD"), (4, "BAD_TYPE")])


def test_a_csv_row_that_is_not_utf8_or_holds_nul_is_set_aside(read):
    """F10, F11."""
    records, bad = read(b"a,b\n1,ni\xf1o\n1,x\0y\n1,ok\n", "csv")
    assert (records, bad) == ([(4, {"a": "1", "b": "ok"})], [(2, "BAD_ENCODING"), (3, "NUL_BYTE")])


@pytest.mark.parametrize(
    ("content", "guess"),
    [("año,b\n1,2\n".encode("latin-1"), "Latin-1"), ("a,b\n1,2\n".encode("utf-16"), "UTF-16")],
)
def test_a_csv_whose_header_is_not_utf8_is_refused_with_the_guess(read, content, guess):
    """F09."""
    refused = refusal(read, content, "csv")
    assert refused.code == "BAD_ENCODING"
    assert guess in str(refused)


def test_two_csv_columns_of_one_name_are_both_kept(read):
    assert read(b"a,a,a\n1,2,3\n", "csv")[0] == [(2, {"a": "1", "a (2)": "2", "a (3)": "3"})]


def test_a_csv_field_over_one_megabyte_is_set_aside_and_the_next_rows_read(read):
    """F14."""
    records, bad = read(b"a,b\n1," + b"x" * 2_000_000 + b"\n2,y\n", "csv")
    assert (records, bad) == ([(3, {"a": "2", "b": "y"})], [(2, "TOO_LARGE")])


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n", b"a,b\n\n"])
def test_a_csv_without_rows_holds_no_record(read, content):
    """F19."""
    assert read(content, "csv") == ([], [])


def test_csv_texts_that_a_spreadsheet_would_execute_are_only_texts(read):
    assert read(b"a\n=HYPERLINK(1)\n", "csv")[0] == [(2, {"a": "=HYPERLINK(1)"})]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("before", ["", "\n\n  "])
def test_a_json_document_may_be_an_array_or_one_object(read, indent, before):
    array = before + json.dumps([{"a": 1}, {"a": 2}], indent=indent)
    assert read(array.encode(), "json")[0] == [(1, {"a": 1}), (2, {"a": 2})]
    single = before + json.dumps({"a": {"b": 1}}, indent=indent)
    assert [record for _, record in read(single.encode(), "json")[0]] == [{"a": {"b": 1}}]


def test_json_lines_may_be_called_json(read):
    assert read(b'\xef\xbb\xbf{"a":1}\n{"a":2}\n', "json")[0] == [(1, {"a": 1}), (2, {"a": 2})]


def test_entries_of_a_json_array_that_are_no_objects_are_set_aside(read):
    """F17."""
    assert read(b'[{"a":1}, 5, null]', "json") == ([(1, {"a": 1})], [(2, "NOT_OBJECT"), (3, "NOT_OBJECT")])


@pytest.mark.parametrize("content", [b'[{"a":1}, {"a"', b"[" * 100_000, b'{\n "a": 1,\n'])
def test_a_broken_json_document_is_one_bad_record(read, content):
    records, bad = read(content, "json")
    assert records == []
    assert [line for line, _ in bad] == [1]


def test_a_json_document_over_one_megabyte_is_no_record_too_large(read):
    content = json.dumps([{"a": "x" * 1000}] * 2000).encode()
    assert len(read(content, "json")[0]) == 2000


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_parquet_rows_are_records_with_their_types(read, pack):
    got = read(pack(parquet_bytes()), "parquet")
    assert got == ([(1, {"a": 1, "b": "hola"}), (2, {"a": None, "b": "ñ"})], [])


def test_parquet_without_rows_holds_no_record(read):
    """F19."""
    assert read(parquet_bytes(TABLE.slice(0, 0)), "parquet") == ([], [])


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"a,b\n1,2\n", parquet_bytes()[:-10], parquet_bytes()[10:], b"PAR1" + bytes(50) + b"PAR1"],
    ids=["empty", "mark only", "csv", "cut off", "without its head", "no metadata"],
)
def test_what_is_no_whole_parquet_file_is_refused(read, content):
    """F19."""
    assert refusal(read, content, "parquet").code == "BAD_PARQUET"


def test_a_truncated_gzip_of_parquet_is_told_as_that(read):
    """F03."""
    assert refusal(read, gzip.compress(parquet_bytes())[:-5], "parquet").code == "CORRUPT_GZIP"
