import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

from analytics_lib.schema import EVERY_TABLE, TABLES
from analytics_lib.store import Store
from analytics_lib.store.contract import arrow_schema
from analytics_lib.store.counts import row_counts, source_files
from analytics_lib.store.writer import open_writer

AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def file(source, day, *, records=10, quarantined=0):
    return {
        "ingest_id": f"{source}-{day}",
        "source": source,
        "file": f"day{day}.ndjson",
        "sha256": f"hash-{source}-{day}",
        "bytes": 100,
        "records": records,
        "accepted": records - quarantined,
        "duplicates": 0,
        "quarantined": quarantined,
        "flags": "{}",
        "ingested_at": dt.datetime(2026, 3, day, 12, 0, tzinfo=dt.UTC),
        "key_id": "k",
    }


def refused(source, day, line, code):
    return {
        "quarantine_id": f"{source}-{day}-{line}",
        "source": source,
        "file": f"day{day}.ndjson",
        "sha256": f"hash-{source}-{day}",
        "line": line,
        "code": code,
        "column_name": None,
        "detail": None,
        "record": None,
    }


def rows(table, found):
    return pa.Table.from_pylist(found, schema=arrow_schema(EVERY_TABLE[table]))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("fed") / "store"
    files = [file("web", day) for day in (1, 2, 3)] + [file("chat", 2, quarantined=3)]
    bad = [
        refused("chat", 2, 1, "FUTURE"),
        refused("chat", 2, 2, "BAD_JSON"),
        refused("chat", 2, 3, "BAD_JSON"),
        refused("chat", 1, 1, "BAD_JSON"),
    ]
    with open_writer(root, memory_limit_gb=1.0) as writer:
        writer.write("ingested_files", rows("ingested_files", files))
        writer.write("quarantine", rows("quarantine", bad))
    with Store.open(root) as opened:
        yield opened


def test_newest_files_of_each_source_with_the_reasons_for_quarantine(store):
    found = [(one["source"], one["file"], one["codes"]) for one in source_files(store, files=2)]
    assert found == [
        ("chat", "day2.ndjson", {"BAD_JSON": 2, "FUTURE": 1}),
        ("web", "day3.ndjson", {}),
        ("web", "day2.ndjson", {}),
    ]


def test_file_is_plain_values(store):
    assert source_files(store)[0] == {
        "source": "chat",
        "file": "day2.ndjson",
        "records": 10,
        "accepted": 7,
        "duplicates": 0,
        "quarantined": 3,
        "ingested_at": "2026-03-02T12:00:00+00:00",
        "codes": {"BAD_JSON": 2, "FUTURE": 1},
    }


def test_store_that_was_never_fed_has_no_files_and_no_tables(tmp_path):
    with Store.open(tmp_path / "store") as empty:
        assert (source_files(empty), row_counts(empty)) == ([], {})


def test_rows_are_counted_of_the_tables_that_were_ever_written():
    users = pd.DataFrame({"user_id": ["0a" * 32, "0b" * 32], "first_seen_at": [AT, AT]})
    with Store.in_memory(users=users) as held:
        held.versions = {"users": 0, "messages": 3, "ingested_files": 1}
        assert row_counts(held) == {"users": 2, "messages": 0}


def test_every_table_of_the_contract_is_counted():
    with Store.in_memory() as empty:
        empty.versions = dict.fromkeys(TABLES, 0)
        assert row_counts(empty) == dict.fromkeys(TABLES, 0)
