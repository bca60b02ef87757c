"""A store opens at one version of every table, keeps it, and counts every row that is handed over."""

import math

import pandas as pd
import pytest
from store_rows import append, ask, at, conversation, frame, message

from analytics_lib.errors import ContractError, RequestError, StoreError
from analytics_lib.schema import EVERY_TABLE, TABLES
from analytics_lib.store import Counts, Store, upkeep

IDS = "select message_id from messages order by 1"
QUARANTINE = "select code, column_name, record, detail from quarantine order by detail"


def test_folder_without_a_store_reads_empty_and_stays_as_it_was(root):
    with Store.open(root) as store:
        counts = {name: store.query(f"select count(*) as n from {name}").n[0] for name in EVERY_TABLE}
        assert store.versions == {}
    assert set(counts.values()) == {0}
    assert not root.exists()


def test_appended_rows_are_there_after_opening_again(root):
    assert append(root, "messages", message("m1"), message("m2")) == Counts(2, 0, 0)
    assert ask(root, IDS) == [("m1",), ("m2",)]


def test_store_keeps_the_versions_it_opened_with(root):
    append(root, "messages", message("m1"))
    with Store.open(root) as before:
        before.append("messages", frame(message("m2")))
        assert before.query(IDS).message_id.tolist() == ["m1"]
        with Store.open(root) as after:
            assert after.query(IDS).message_id.tolist() == ["m1", "m2"]
            assert after.versions["messages"] > before.versions["messages"]


def test_given_versions_repeat_older_data_also_after_compaction(root):
    append(root, "messages", message("m1", text="antes"))
    with Store.open(root) as store:
        first = store.versions
    append(root, "messages", message("m1", text="después", updated_at=at(1)), message("m2"))
    upkeep.compact(root, memory_limit_gb=1, keep=[first])
    assert ask(root, "select message_id, text from messages", versions=first) == [("m1", "antes")]
    assert ask(root, "select text from messages order by message_id") == [("después",), (None,)]


def test_table_that_the_given_versions_do_not_name_is_empty(root):
    append(root, "messages", message("m1"))
    append(root, "conversations", conversation("c1"))
    assert ask(root, "select * from messages", versions={"conversations": 0}) == []


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"messages": 7}, "versions 0 to 0; asked for was version 7"),
        ({"messages": -1}, "versions 0 to 0; asked for was version -1"),
        ({"orders": 0}, "orders does not exist"),
        ({"mesages": 0}, "Unknown tables"),
    ],
)
def test_version_that_does_not_exist_is_refused(root, versions, words):
    append(root, "messages", message("m1"))
    with pytest.raises(RequestError, match=words):
        Store.open(root, versions=versions)


def test_same_rows_again_change_nothing(root):
    rows = [message("m1"), message("m2", text="hola", confidence=0.1, extra={"a": 1})]
    append(root, "messages", *rows)
    with Store.open(root) as store:
        before = store.versions
    assert append(root, "messages", *rows) == Counts(0, 2, 0)
    with Store.open(root) as store:
        assert store.versions == before


def test_key_twice_in_a_batch_is_stored_once(root):
    assert append(root, "messages", message("m1"), message("m1"), message("m2")) == Counts(2, 1, 0)
    assert ask(root, IDS) == [("m1",), ("m2",)]


def test_every_row_is_counted_once(root):
    append(root, "messages", message("m1"))
    given = [message("m1"), message("m2"), message("m2"), message("m3", confidence=2), message(None)]
    assert append(root, "messages", *given) == Counts(accepted=1, duplicates=2, quarantined=2)


def test_empty_frame_of_a_table_adds_nothing(root):
    counts = append(root, "users", {"user_id": "u1"})
    assert counts == Counts(1, 0, 0)
    with Store.open(root) as store:
        assert store.append("users", pd.DataFrame({"user_id": []})) == Counts(0, 0, 0)
    assert ask(root, "select count(*) from users") == [(1,)]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("conversations", conversation("c1", csat=6)),
        ("conversations", conversation("c1", csat=0)),
        ("conversations", conversation("c1", nps=11)),
        ("conversations", conversation("c1", nps=-1)),
        ("messages", message("m1", confidence=1.5)),
        ("messages", message("m1", confidence=-0.1)),
        ("messages", message("m1", sentiment=-2)),
        ("api_requests", {"request_id": "r", "requested_at": at(0), "endpoint": "/", "status_code": 99}),
    ],
)
def test_value_out_of_range_is_quarantined(root, table, row):
    assert append(root, table, row) == Counts(0, 0, 1)
    assert ask(root, "select file, code from quarantine") == [(table, "OUT_OF_RANGE")]
    assert ask(root, f"select * from {table}") == []


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("conversations", conversation("c1", csat=1)),
        ("conversations", conversation("c1", csat=5)),
        ("conversations", conversation("c1", nps=0)),
        ("conversations", conversation("c1", nps=10)),
        ("messages", message("m1", confidence=0, sentiment=-1)),
        ("messages", message("m1", confidence=1, sentiment=1)),
    ],
)
def test_ends_of_a_range_belong_to_it(root, table, row):
    assert append(root, table, row) == Counts(1, 0, 0)


def test_nan_and_infinity_become_null(root):
    rows = [message("m1", confidence=math.nan), message("m2", confidence=math.inf)]
    assert append(root, "messages", *rows, message("m3", confidence=0.5)) == Counts(3, 0, 0)
    assert ask(root, "select confidence from messages order by message_id") == [(None,), (None,), (0.5,)]


def test_part_of_a_whole_number_is_quarantined_and_its_text_is_read(root):
    rows = [conversation("c1", nps=1.5), conversation("c2", nps="9"), conversation("c3", nps=7.0)]
    assert append(root, "conversations", *rows) == Counts(2, 0, 1)
    assert ask(root, "select code, column_name from quarantine") == [("BAD_TYPE", "nps")]
    assert ask(root, "select nps from conversations order by 1") == [(7,), (9,)]


def test_phone_in_a_refused_record_never_shows(root):
    phone = "+57 300 123 4567"
    append(
        root,
        "messages",
        message("m1", confidence=2, text=f"llámame al {phone}, ana@example.com"),
        message("m2", confidence="x" * 70 + " 3001234567 "),
    )
    rows = ask(root, QUARANTINE)
    assert [row[:2] for row in rows] == [("BAD_TYPE", "confidence"), ("OUT_OF_RANGE", "confidence")]
    shown = " ".join(part for row in rows for part in row)
    assert "[phone]" in shown
    assert "[email]" in shown
    assert not any(half in shown for half in ("300 123", "30012", "1234567", "4567", "ana@"))


def test_same_refused_row_again_is_kept_once(root):
    for _ in range(2):
        assert append(root, "messages", message("m1", confidence=2)) == Counts(0, 0, 1)
    assert ask(root, "select count(*) from quarantine") == [(1,)]


def test_unknown_table_is_refused(root):
    with pytest.raises(ContractError, match=r"'mesages'.*messages"):
        append(root, "mesages", message("m1"))


def test_unknown_column_is_refused_with_a_suggestion(root):
    with pytest.raises(ContractError, match=r"no column 'sendr'\. Did you mean 'sender'\?"):
        append(root, "messages", message("m1", sendr="user"))
    assert not root.exists()


def test_absent_required_column_is_named(root):
    with pytest.raises(ContractError, match="needs the columns conversation_id, user_id"):
        append(root, "messages", {"message_id": "m1", "sent_at": at(0), "sender": "user", "kind": "text"})


def test_store_in_memory_cannot_be_appended_to():
    with Store.in_memory() as store, pytest.raises(StoreError, match="in memory"):
        store.append("messages", frame(message("m1")))


def test_store_in_memory_refuses_a_key_twice():
    with pytest.raises(ContractError, match=r"messages holds a primary key \(message_id\) twice"):
        Store.in_memory(messages=frame(message("m1"), message("m1")))


def test_store_in_memory_names_the_first_bad_row():
    rows = frame(message("m1"), message("m2", confidence=3), message("m3", confidence=4))
    with pytest.raises(ContractError, match=r"messages, row 1: OUT_OF_RANGE in confidence: 3.0 is outside"):
        Store.in_memory(messages=rows)


def test_store_in_memory_has_every_table_and_its_absent_columns_are_null():
    with Store.in_memory(messages=frame(message("m1"))) as store:
        for name in TABLES:
            assert store.query(f"select count(*) as n from {name}").n[0] == (name == "messages")
        assert store.query("select text from messages").text.isna().all()


@pytest.mark.parametrize("name", ["a[1]", "100%25", "was?", "x*", "a|b"])
def test_folder_whose_name_would_be_misread_is_refused(tmp_path, name):
    with pytest.raises(RequestError, match="misread in a path"):
        Store.open(tmp_path / name)


def test_folder_name_with_blanks_quotes_and_accents_is_fine(tmp_path):
    root = tmp_path / "la tienda 'Ñandú' \"2024\" #1"
    append(root, "messages", message("m1"))
    append(root, "messages", message("m2"))
    assert ask(root, IDS) == [("m1",), ("m2",)]
