"""Every record is accepted, a duplicate or in quarantine; `Workshop.ingest` checks every report."""

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workshop import CONTRACT, Workshop, conversation, message, order

from analytics_lib.errors import RequestError
from analytics_lib.ingest import Source

GARBAGE = [b"{", b"nonsense", b"5", b"null", b'"text"', b"[1]", b'{"a":"\0"}', b"[" * 200]
BAD_ROWS = [
    message(sent_at="never"),
    message(user_id=None),
    message(confidence=7),
    message(sent_at="1999-01-01"),
]
LENIENT = Source("contract", time_zone="UTC", bad_share_limit=1.0)

pieces = st.one_of(
    st.integers(1, 6).map(lambda number: ("good", [number], json.dumps(message(number)).encode())),
    st.lists(st.integers(1, 6), max_size=3).map(
        lambda numbers: ("good", numbers, json.dumps([message(n) for n in numbers]).encode())
    ),
    st.sampled_from(GARBAGE).map(lambda line: ("bad", [], line)),
    st.sampled_from(BAD_ROWS).map(lambda row: ("bad", [], json.dumps(row).encode())),
    st.sampled_from([b"", b"  ", b"\t"]).map(lambda line: ("nothing", [], line)),
)


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(pieces, max_size=12),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    last=st.booleans(),
    packed=st.booleans(),
)
def test_any_mixture_of_lines_reconciles(parts, line_end, mark, last, packed):
    """F02, F08, F17, F23: each message once, the copies duplicates, everything else in quarantine."""
    content = mark + line_end.join(line for _, _, line in parts) + (line_end if last else b"")
    numbers = [number for _, given_numbers, _ in parts for number in given_numbers]
    bad = sum(kind == "bad" for kind, _, _ in parts)
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder))
        path = shop.write("messages.ndjson", gzip.compress(content) if packed else content)
        report = shop.ingest(path, source=LENIENT)
        assert (report.accepted, report.duplicates, report.quarantined) == (
            len(set(numbers)),
            len(numbers) - len(set(numbers)),
            bad,
        )
        if numbers or bad:
            assert shop.count("quarantine") == bad
            assert shop.count("messages") == len(set(numbers))


def test_a_garbage_line_is_one_record_in_quarantine_with_its_line(shop):
    """F02."""
    lines = [json.dumps(message(number)).encode() for number in range(1, 5)]
    lines.insert(2, b"%&/garbage")
    report = shop.ingest(shop.write("messages.ndjson", b"\n".join(lines)))
    assert (report.records, report.accepted, report.quarantined) == (5, 4, 1)
    (kept,) = shop.rows("quarantine", "source, file, line, code, record")
    assert kept == {
        "source": "contract",
        "file": "messages.ndjson",
        "line": 3,
        "code": "BAD_JSON",
        "record": "%&/garbage",
    }


def test_a_quarantined_record_names_the_hash_of_its_file(shop):
    path = shop.write("messages.ndjson", b"garbage\n" + json.dumps(message()).encode())
    shop.ingest(path)
    (kept,) = shop.rows("quarantine", "sha256")
    (file,) = shop.rows("ingested_files", "sha256, records, accepted, duplicates, quarantined")
    assert file == {"sha256": kept["sha256"], "records": 2, "accepted": 1, "duplicates": 0, "quarantined": 1}


def test_of_a_quarantined_record_200_masked_characters_are_kept(shop):
    line = "llame al 300 123 4567 o escriba a ana@example.com " + "x" * 500
    shop.ingest(shop.write("messages.ndjson", line.encode()))
    (kept,) = shop.rows("quarantine", "record")
    assert kept["record"] == ("llame al [phone] o escriba a [email] " + "x" * 500)[:200]


def test_a_number_that_the_cut_would_halve_is_masked(shop):
    """The 200th character stands within the number."""
    shop.ingest(shop.write("messages.ndjson", ("x" * 193 + " 300 123 4567 fin").encode()))
    (kept,) = shop.rows("quarantine", "record")
    assert "300" not in kept["record"]


@pytest.mark.parametrize("name", ["messages.ndjson", "messages-2026-06.ndjson", "messages.old.jsonl.gz"])
def test_the_same_file_again_is_skipped_by_its_content(shop, name):
    """F20."""
    path = shop.write(name, [message(1), message(2)])
    shop.ingest(path)
    again = shop.ingest(path)
    assert (again.status, again.records, shop.count("messages")) == ("already ingested", 0, 2)


def test_a_renamed_file_is_skipped_by_its_content(shop):
    """F20."""
    path = shop.write("messages.ndjson", [message(1)])
    shop.ingest(path)
    assert shop.ingest(path.rename(path.with_name("messages-copy.ndjson"))).status == "already ingested"


def test_two_names_of_one_content_in_one_call_are_ingested_once(shop):
    """F20."""
    paths = [shop.write(name, [message(1)]) for name in ("messages-a.ndjson", "messages-b.ndjson")]
    assert [report.status for report in shop.ingest(*paths)] == ["ingested", "already ingested"]


def test_the_same_rows_in_another_file_are_duplicates(shop):
    """F20, F23."""
    shop.ingest(shop.write("messages.ndjson", [message(1), message(2)]))
    report = shop.ingest(shop.write("messages-b.ndjson.gz", [message(2), message(1)]))
    assert (report.status, report.accepted, report.duplicates) == ("ingested", 0, 2)


def test_of_a_file_that_was_appended_to_only_the_new_rows_are_accepted(shop):
    """F20."""
    shop.ingest(shop.write("messages.ndjson", [message(1), message(2)]))
    report = shop.ingest(shop.write("messages.ndjson", [message(1), message(2), message(3)]))
    assert (report.accepted, report.duplicates, shop.count("messages")) == (1, 2, 3)


def test_of_a_file_that_was_appended_to_bad_lines_are_kept_once(shop):
    """F20: the quarantine names the newest hash of the file."""
    first = b"garbage\n" + json.dumps(message(1)).encode() + b"\n"
    shop.ingest(shop.write("messages.ndjson", first))
    report = shop.ingest(shop.write("messages.ndjson", first + b"more garbage\n"))
    assert report.quarantined == 2
    kept = shop.rows("quarantine", "line, record, sha256", order="line")
    assert [(row["line"], row["record"]) for row in kept] == [(1, "garbage"), (3, "more garbage")]
    newest = shop.query("select sha256 from ingested_files where records = 3")["sha256"][0]
    assert {row["sha256"] for row in kept} == {newest}


def test_the_same_bad_record_in_two_places_of_one_line_is_kept_twice(shop):
    bad = message(1, sent_at="never")
    report = shop.ingest(shop.write("messages.ndjson", json.dumps([bad, bad]).encode()))
    assert (report.quarantined, shop.count("quarantine")) == (2, 2)


def test_the_cut_tail_of_a_file_that_changed_just_now_waits_and_comes_in_when_whole(shop):
    """F01."""
    whole = json.dumps(message(1)).encode() + b"\n" + json.dumps(message(2, text="niño")).encode() + b"\n"
    path = shop.write("messages.ndjson", whole[:-20], seconds_old=5)
    report = shop.ingest(path)
    assert (report.status, report.records, report.quarantined) == ("tail waits", 1, 0)
    assert shop.count("ingested_files") == 0
    path = shop.write("messages.ndjson", whole, seconds_old=5)
    report = shop.ingest(path)
    assert (report.status, report.accepted, report.duplicates) == ("ingested", 1, 1)
    assert shop.count("messages") == 2


def test_the_cut_tail_of_a_file_that_stopped_growing_is_quarantined(shop):
    """F01."""
    content = json.dumps(message(1)).encode() + b"\n" + json.dumps(message(2)).encode()[:-20]
    path = shop.write("messages.ndjson", content, seconds_old=5)
    assert shop.ingest(path).status == "tail waits"
    report = shop.ingest(shop.age(path, 61))
    assert (report.status, report.codes, report.duplicates) == ("ingested", {"BAD_JSON": 1}, 1)


def test_three_bad_records_are_let_through_and_four_refuse_a_small_file(shop):
    bad = [message(number, sent_at="never") for number in range(4)]
    assert shop.ingest(shop.write("messages.ndjson", bad[:3])).quarantined == 3
    report = shop.ingest(shop.write("messages-b.ndjson", bad))
    assert (report.status, report.records) == ("refused", 0)


def test_one_bad_record_in_a_hundred_is_let_through_and_more_refuse_the_file(shop):
    def records(number_bad):
        times = ["never"] * number_bad + ["2026-06-01"] * (2000 - number_bad)
        return [message(place, sent_at=time, message_id=f"m{place}") for place, time in enumerate(times)]

    assert shop.ingest(shop.write("messages.ndjson", records(20))).quarantined == 20
    report = shop.ingest(shop.write("messages-b.ndjson", records(21)))
    assert report.reason.startswith(
        "TOO_MANY_BAD: messages-b.ndjson: 21 of 2,000 records are bad (BAD_TIME 21)"
    )


def test_of_a_refused_file_nothing_is_stored_and_the_message_shows_the_first_example_masked(shop):
    lines = [json.dumps(message(1)).encode(), b"garbage", *[b"more"] * 9]
    lines.append(json.dumps(message(2, sent_at="tel 300 123 4567")).encode())
    report = shop.ingest(shop.write("messages.ndjson", b"\n".join(lines)))
    assert report.status == "refused"
    assert "11 of 12 records are bad (BAD_JSON 10, BAD_TIME 1)" in report.reason
    assert "allows 1.0%. The first, line 2: not JSON" in report.reason
    assert [shop.count(table) for table in ("messages", "quarantine", "ingested_files")] == [0, 0, 0]


def test_the_reason_of_a_refused_file_shows_no_phone_number(shop):
    report = shop.ingest(
        shop.write(
            "messages.ndjson",
            [message(n, sent_at=["x", "3001234567 ana@example.com"][n == 0]) for n in range(20)],
        )
    )
    assert "[phone]" in report.reason
    assert "3001234567" not in report.reason
    assert "ana@example.com" not in report.reason


def test_a_file_that_was_refused_is_ingested_once_the_limit_allows_it(shop):
    path = shop.write("messages.ndjson", [message(n, sent_at="never") for n in range(11)] + [message(50)])
    assert shop.ingest(path).status == "refused"
    assert shop.ingest(path, source=LENIENT).accepted == 1


def test_a_refused_file_does_not_stop_the_others(shop):
    paths = [
        shop.write("messages.ndjson", gzip.compress(b"x" * 1000)[:-3]),
        shop.write("orders.ndjson", [order(1)]),
    ]
    assert [report.status for report in shop.ingest(*paths)] == ["refused", "ingested"]
    assert shop.count("orders") == 1


def test_a_file_whose_name_names_no_table_is_refused_with_a_suggestion(shop):
    report = shop.ingest(shop.write("mesages.ndjson", [message()]))
    assert report.status == "refused"
    assert report.reason.startswith("BAD_NAME: 'mesages.ndjson' names no table. Did you mean messages?")


def test_internal_tables_cannot_be_ingested_into(shop):
    assert shop.ingest(shop.write("quarantine.ndjson", [{"quarantine_id": "x"}])).reason.startswith(
        "BAD_NAME"
    )


@pytest.mark.parametrize("name", ["messages.ndjson", "messages.json", "messages.csv", "messages.ndjson.gz"])
@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_ingested_without_a_record(shop, name, content):
    """F19."""
    report = shop.ingest(shop.write(name, content))
    assert (report.status, report.records) == ("ingested", 0)


def test_a_foreign_or_empty_parquet_file_is_refused(shop):
    """F19."""
    reports = shop.ingest(shop.write("messages.parquet", b""), shop.write("orders.parquet", b"PAR1 no"))
    assert [report.reason.split(":")[0] for report in reports] == ["BAD_PARQUET", "BAD_PARQUET"]


def test_a_file_that_is_not_there_is_a_wrong_request(shop):
    with pytest.raises(RequestError, match="There is no file"):
        shop.ingest(shop.folder / "messages.ndjson")


def test_progress_tells_every_record_read(shop):
    told = []
    shop.ingest(shop.write("messages.ndjson", [message(n) for n in range(30)]), progress=told.append)
    assert sum(told) == 30


def test_all_formats_of_one_content_end_in_the_same_rows(shop, tmp_path_factory):
    records = [conversation(1, ended_at="2026-06-01T11:00:00Z", csat=4, resolved=True), conversation(2)]
    names = ["csat", "resolved", "ended_at"]
    header = [*conversation(), *names]
    csv = "\n".join([",".join(header), *(",".join(str(r.get(n, "")) for n in header) for r in records)])
    contents = {
        "ndjson": records,
        "ndjson.gz": records,
        "json": json.dumps(records).encode(),
        "csv": csv.encode(),
    }
    seen = []
    for suffix, content in contents.items():
        other = Workshop(tmp_path_factory.mktemp("shop"))
        (other.folder / "keys").mkdir(mode=0o700)
        key = other.folder / "keys" / "pseudonym.key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o600)
        assert other.ingest(other.write(f"conversations.{suffix}", content)).accepted == 2
        seen.append(other.query("select * from conversations order by all").to_json(date_format="iso"))
    assert len(set(seen)) == 1
    assert '"csat":{"0":4.0,"1":null}' in seen[0]


def test_the_default_limit_is_one_in_a_hundred_and_three():
    assert (CONTRACT.bad_share_limit, CONTRACT.bad_records_allowed) == (0.01, 3)
