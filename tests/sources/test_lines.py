import io
import json
from collections import Counter

import pytest

from analytics_lib.errors import FileRefusedError
from analytics_lib.sources.json_text import MAX_RECORD_BYTES, parse_line
from analytics_lib.sources.lines import read_chunks
from analytics_lib.sources.record import BadRecordError


def read(content, **more):
    """(records with their line, refusals as (line, code), flags) of JSON lines."""
    records, bad, flags = [], [], Counter()
    for chunk in read_chunks(io.BytesIO(content), **more):
        records += zip(chunk.lines, chunk.records, strict=True)
        bad += [(line.line, line.code) for line in chunk.bad]
        flags += chunk.flags
    return records, bad, dict(flags)


def refusal(line):
    with pytest.raises(BadRecordError) as refused:
        parse_line(line, Counter())
    return refused.value


def test_a_last_line_cut_off_is_set_aside_and_the_others_kept():
    """F01."""
    assert read(b'{"a":1}\n{"a":2}\n{"a"') == ([(1, {"a": 1}), (2, {"a": 2})], [(3, "BAD_JSON")], {})


def test_a_last_line_cut_off_within_a_character_is_cut_off_too():
    """F01."""
    cut = '{"a":"ñ'.encode()[:-1]
    assert read(b'{"a":1}\n' + cut)[1] == [(2, "BAD_JSON")]


@pytest.mark.parametrize("tail", [b'{"a"', '{"a":"ñ'.encode()[:-1]])
def test_the_cut_tail_of_a_growing_file_waits(tail):
    """F01."""
    chunks = list(read_chunks(io.BytesIO(b'{"a":1}\n' + tail), tail_waits=True))
    assert [chunk.tail_waits for chunk in chunks][-1]
    assert [bad for chunk in chunks for bad in chunk.bad] == []


def test_only_the_tail_of_a_growing_file_waits():
    assert read(b'{"a"\n{"a":2}\n', tail_waits=True)[1] == [(1, "BAD_JSON")]


def test_a_whole_last_line_without_its_line_end_does_not_wait():
    assert read(b'{"a":1}\n{"a":2}', tail_waits=True)[0] == [(1, {"a": 1}), (2, {"a": 2})]


def test_garbage_between_good_lines_is_one_bad_line_with_its_number():
    """F02."""
    records, bad, _ = read(b'{"a":1}\n%&/garbage\n{"a":3}\n')
    assert (records, bad) == ([(1, {"a": 1}), (3, {"a": 3})], [(2, "BAD_JSON")])


def test_line_numbers_go_on_from_block_to_block():
    filler = b'{"a":"' + b"x" * 1000 + b'"}\n'
    content = filler * 9000 + b"garbage\n" + filler * 9000 + b"garbage"
    assert len(content) > 2 * 8 * 1024 * 1024
    assert read(content)[1] == [(9001, "BAD_JSON"), (18002, "BAD_JSON")]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_content():
    """F08."""
    content = b'\xef\xbb\xbf{"a":1}\r\n\r\n   \n{"a":2}\r\n\n'
    assert read(content) == ([(1, {"a": 1}), (4, {"a": 2})], [], {})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused_as_a_whole_with_the_guess(encoding):
    """F09."""
    with pytest.raises(FileRefusedError, match="UTF-16") as refused:
        read('{"a":"hola"}\n{"a":"niño"}\n'.encode(encoding))
    assert refused.value.code == "BAD_ENCODING"


def test_latin1_is_refused_as_a_whole_with_the_guess():
    """F09."""
    with pytest.raises(FileRefusedError, match="Latin-1") as refused:
        read('{"a":"niño"}\n{"a":"hola"}\n{"a":"mañana"}\n'.encode("latin-1"))
    assert refused.value.code == "BAD_ENCODING"


def test_one_invalid_byte_costs_its_line_only():
    """F10."""
    content = '{"a":"niño"}\n'.encode() + b'{"a":"ni\xf1o"}\n' + '{"a":"ñ"}\n'.encode()
    assert read(content) == ([(1, {"a": "niño"}), (3, {"a": "ñ"})], [(2, "BAD_ENCODING")], {})


def test_a_raw_nul_costs_its_line_and_an_escaped_one_is_content():
    """F11."""
    assert read(b'{"a":"x\0y"}\n{"a":"x\\u0000y"}\n') == ([(2, {"a": "x\0y"})], [(1, "NUL_BYTE")], {})


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00"])
def test_half_an_emoji_becomes_the_replacement_mark_and_is_counted(half):
    """F12."""
    assert read(b'{"a":"x' + half.encode() + b'"}\n') == ([(1, {"a": "x\ufffd"})], [], {"SURROGATE": 1})


def test_joined_emoji_direction_marks_and_piled_accents_are_kept():
    """F13."""
    text = "👩‍👩‍👧 \u202eabc e" + "\u0301" * 50
    assert read(json.dumps({"a": text}).encode())[0] == [(1, {"a": text})]


def test_a_record_over_one_megabyte_is_set_aside_and_its_id_told():
    """F14."""
    line = b'{"message_id":"m1","a":"' + b"x" * 20_000_000 + b'"}\n'
    records, bad, _ = read(line + b'{"a":2}\n')
    assert (records, bad) == ([(2, {"a": 2})], [(1, "TOO_LARGE")])
    assert "id m1" in refusal(line[: MAX_RECORD_BYTES + 1]).detail


def test_ten_megabytes_without_a_line_end_are_one_record_too_large():
    """F14."""
    assert read(b"x" * 10_000_000)[1] == [(1, "TOO_LARGE")]


def test_a_record_of_exactly_the_cap_is_taken():
    line = b'{"a":"' + b"x" * (MAX_RECORD_BYTES - 8) + b'"}'
    assert len(line) == MAX_RECORD_BYTES
    assert len(read(line + b"\n")[0]) == 1


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"a" :', b'[{"b":'])
@pytest.mark.parametrize("depth", [70, 500, 20_000])
def test_a_record_nested_too_deep_is_set_aside(opening, depth):
    """F15."""
    assert refusal(b'{"x":' + opening * depth).code == "TOO_DEEP"


@pytest.mark.parametrize("opening", [b'{"a":', b'{"a" :'])
def test_a_record_nested_too_deep_is_told_though_it_is_closed(opening):
    """F15."""
    assert refusal(opening * 100 + b"1" + b"}" * 100).code == "TOO_DEEP"


def test_sixty_levels_are_taken():
    assert parse_line(b"[" * 60 + b"]" * 60, Counter()) is not None


def test_brackets_in_a_text_are_no_depth():
    assert parse_line(b'{"a":"' + b"[{" * 500 + b'"}', Counter()) == {"a": "[{" * 500}


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":2}', '{"a": 1, "a": 2}', '{"a" : 1, "a" : 2}', '{"x":{"a":1,"a":2}}']
)
def test_of_a_key_that_stands_twice_the_last_is_taken_and_counted(text):
    """F16."""
    flags = Counter()
    parsed = parse_line(text.encode(), flags)
    assert parsed.get("x", parsed) == {"a": 2}
    assert flags == {"DUP_KEY": 1}


def test_a_text_that_looks_like_a_key_is_none():
    flags = Counter()
    parse_line(b'{"a":"\\"a\\": 1, \\"a\\": 2","b":[{"a":1},{"a":2}]}', flags)
    assert +flags == {}


def test_an_array_is_its_objects_and_other_values_are_set_aside():
    """F17."""
    content = b'[{"a":1},{"a":2}]\n5\n"x"\nnull\ntrue\n[]\n[1]\n[{"a":1},2]\n'
    records, bad, _ = read(content)
    assert records == [(1, {"a": 1}), (1, {"a": 2})]
    assert bad == [(line, "NOT_OBJECT") for line in (2, 3, 4, 5, 7, 8)]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 400])
def test_a_number_that_is_none_becomes_null_and_is_counted(number):
    """F18."""
    assert read(b'{"a":' + number.encode() + b',"b":1}\n') == (
        [(1, {"a": None, "b": 1})],
        [],
        {"NUM_RANGE": 1},
    )


def test_thirty_digits_are_a_number_also_beside_one_that_is_none():
    """F18."""
    digits = b"123456789012345678901234567890"
    ((_, record),), bad, _ = read(b'{"a":' + digits + b',"b":NaN}\n')
    assert (record, bad) == ({"a": pytest.approx(1.2345678901234568e29), "b": None}, [])


@pytest.mark.parametrize("content", [b"", b"\n", b"\n \r\n\t\n", b"\xef\xbb\xbf"])
def test_nothing_or_only_blanks_are_no_record(content):
    """F19."""
    assert read(content) == ([], [], {})


@pytest.mark.parametrize(
    "line",
    [b"{'a':1}", b'{"a":01}', b'{"a":1}{"a":2}', b'{"a":1},', b'{"a":"\t"}', b'{"a":tru}', b"{", b"nul"],
)
def test_what_is_nearly_json_is_none(line):
    assert refusal(line).code == "BAD_JSON"
