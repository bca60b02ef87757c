"""Derived rows: those of the tables shown, made once, kept beside the store, and never stale."""

import datetime as dt
import os
import threading

import pandas as pd
import pyarrow as pa
import pytest
from kept_rows import NOON, kept, messages

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.store import Derived, Store, StoreWarning, derived, upkeep

TALKS = Derived(
    "talks",
    ("messages",),
    "select conversation_id, count(*) as messages from messages group by conversation_id",
)
READ = "select conversation_id, messages from talks order by conversation_id"


def talks(store, wanted=TALKS):
    store.derived(wanted)
    return dict(store.query(READ).itertuples(index=False, name=None))


@pytest.fixture(autouse=True)
def _every_table_is_worth_keeping(monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 1)


@pytest.fixture
def root(tmp_path):
    with Store.open(tmp_path / "store") as store:
        store.append("messages", pd.concat([messages("a", 0, 1, 2), messages("b", 5)]))
    return tmp_path / "store"


def test_rows_are_kept_once_and_read_by_the_next_store(root):
    made = []

    def make(store):
        made.append(1)
        return store.query_arrow(TALKS.make)

    counted = Derived("talks", ("messages",), make)
    for _ in range(2):
        with Store.open(root) as store:
            assert talks(store, counted) == {"a": 3, "b": 1}
            assert talks(store, counted) == {"a": 3, "b": 1}
    assert (len(made), len(kept(root))) == (1, 1)


def test_new_rows_make_them_anew_and_an_older_version_keeps_its_own(root):
    with Store.open(root) as before:
        assert talks(before) == {"a": 3, "b": 1}
        before.append("messages", messages("b", 6))
        with Store.open(root) as after:
            assert talks(after) == {"a": 3, "b": 2}
        with Store.open(root, versions=before.versions) as again:
            assert talks(again) == {"a": 3, "b": 1}
        assert talks(before) == {"a": 3, "b": 1}
    assert len(kept(root)) == 2


def test_another_state_of_the_library_makes_them_anew(root, monkeypatch):
    with Store.open(root) as store:
        talks(store)
    monkeypatch.setattr(derived, "_library", lambda: "another")
    with Store.open(root) as store:
        talks(store)
    assert len(kept(root)) == 2


def test_a_store_that_was_moved_keeps_them(root):
    with Store.open(root) as store:
        talks(store)
    moved = root.rename(root.with_name("moved"))
    with Store.open(moved) as store:
        assert talks(store) == {"a": 3, "b": 1}
    assert len(kept(moved)) == 1


def test_what_was_known_at_a_moment_has_its_own_and_leaves_nothing_on_disk(root):
    with Store.open(root) as store, store.known_at((NOON + pd.Timedelta(hours=2)).to_pydatetime()) as known:
        assert talks(known) == {"a": 2}
        assert talks(store) == {"a": 3, "b": 1}
    assert len(kept(root)) == 1


def test_frames_in_memory_have_theirs(root):
    with Store.in_memory(messages=messages("a", 0, 1)) as store, Store.in_memory() as empty:
        assert talks(store) == {"a": 2}
        assert talks(empty) == {}


def test_prepared_rows_are_there_before_anybody_asks(root):
    with Store.open(root) as store:
        assert store.prepare(TALKS) == ["talks"]
    asked_for_nothing = Derived("talks", ("messages",), lambda _: pytest.fail("made again"))
    with Store.open(root) as store:
        assert talks(store, asked_for_nothing) == {"a": 3, "b": 1}


def test_nothing_is_prepared_where_nothing_would_be_kept(root, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 5)
    with Store.open(root) as store, store.known_at(dt.date(2027, 1, 1)) as known:
        assert store.prepare(TALKS) == known.prepare(TALKS) == []
    with Store.in_memory(messages=messages("a", 0)) as store:
        assert store.prepare(TALKS) == []
    assert kept(root) == []


def test_small_tables_leave_nothing_on_disk(root, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 5)
    with Store.open(root) as store:
        assert talks(store) == {"a": 3, "b": 1}
    assert kept(root) == []


@pytest.mark.parametrize("left", [0, 20])
def test_a_damaged_file_is_made_again(root, left):
    with Store.open(root) as store:
        talks(store)
    (file,) = kept(root)
    file.write_bytes(file.read_bytes()[:left])
    with Store.open(root) as store:
        assert talks(store) == {"a": 3, "b": 1}


def test_a_file_that_was_swept_under_a_reader_is_made_again(root):
    with Store.open(root) as store:
        talks(store)
        (file,) = kept(root)
        file.unlink()
        assert talks(store) == {"a": 3, "b": 1}
    assert file.exists()


def made_by_function(store):
    return store.query_arrow(TALKS.make)


@pytest.mark.parametrize("make", [TALKS.make, made_by_function], ids=["SQL", "function"])
def test_where_nothing_can_be_kept_the_reason_is_told_and_the_answer_is_given(root, make):
    rows = Derived("talks", ("messages",), make)
    (root / derived.FOLDER).write_text("a file where the folder should be")
    with Store.open(root) as store:
        with pytest.warns(StoreWarning, match=r"could not be kept .*_derived"):
            assert store.prepare(rows) == []
        assert talks(store, rows) == {"a": 3, "b": 1}
    assert (root / derived.FOLDER).is_file()


def test_rows_that_cannot_be_kept_are_worked_out_once(root):
    drawn = Derived("drawn", ("messages",), "select message_id, random() as number from messages")
    (root / derived.FOLDER).write_text("a file where the folder should be")
    with Store.open(root) as store:
        with pytest.warns(StoreWarning, match=r"could not be kept"):
            store.derived(drawn)
        first, again = (store.query("select number from drawn order by message_id") for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_several_at_once_keep_one_file(root):
    def ask():
        with Store.open(root) as store:
            found.append(talks(store))

    found = []
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"a": 3, "b": 1}] * 4
    assert len(kept(root)) == 1


def test_what_is_hours_older_than_the_newest_of_its_name_is_swept(root):
    others = Derived("users_seen", ("messages",), "select distinct user_id from messages")
    with Store.open(root) as store:
        talks(store)
        store.append("messages", messages("c", 9))
    (old,) = kept(root)
    unfinished = old.with_name(f".{old.stem}-1x2y")
    unfinished.touch()
    spilled = unfinished.with_name(".spilled-of-a-killed-process")
    spilled.mkdir()
    (spilled / "block").touch()
    for file in (old, unfinished, spilled):
        hours_ago = file.stat().st_mtime - dt.timedelta(hours=3).total_seconds()
        os.utime(file, (hours_ago, hours_ago))
    with Store.open(root) as store:
        store.derived(others)
        assert old.exists(), "the newest of its name stays, however old"
        assert not unfinished.exists()
        assert not spilled.exists()
        assert talks(store) == {"a": 3, "b": 1, "c": 1}
    assert not old.exists()
    upkeep.compact(root, memory_limit_gb=1)
    assert {path.name.rpartition("-")[0] for path in kept(root)} == {"talks", "users_seen"}
    assert upkeep.verify(root) == []


def test_rows_that_were_held_in_memory_stay_readable_where_they_should_not_be_kept(root, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 5)
    with Store.open(root) as store:
        assert talks(store) == {"a": 3, "b": 1}
        store.derived(TALKS, keep=False)
        assert talks(store) == {"a": 3, "b": 1}


def test_rows_that_nobody_kept_can_be_asked_without_keeping_them(root):
    with Store.open(root) as store, store.known_at(dt.date(2026, 3, 1)) as known:
        for shown in (store, known):
            assert shown.derived(TALKS, keep=False) == "talks"
        assert talks(store) == {"a": 3, "b": 1}
        assert known.query(READ).empty
        (file,) = kept(root)
        store.derived(TALKS, keep=False)
        file.unlink()
        store.derived(TALKS, keep=False)
        assert dict(store.query(READ).itertuples(index=False, name=None)) == {"a": 3, "b": 1}
    assert kept(root) == []


def test_a_refused_query_is_the_readers_error(root):
    wrong = Derived("wrong", ("messages",), "select nothing_of_the_kind from messages")
    with Store.open(root) as store, pytest.raises(RequestError, match="nothing_of_the_kind"):
        store.derived(wrong)
    assert kept(root) == []


def test_rows_that_cannot_be_read_to_their_end_are_told_and_nothing_is_kept(root):
    broken = Derived(
        "broken",
        ("messages",),
        """
        select conversation_id, case when place < 600000 then place else message_id::integer end as number
        from messages cross join range(200000 * 4) as places(place)
        """,
    )
    with (
        Store.open(root) as store,
        pytest.raises(StoreError, match=r"worked out: .*Could not convert"),
    ):
        store.derived(broken)
    assert kept(root) == []


def test_columns_come_back_in_their_types(root):
    at = pa.array([NOON.to_pydatetime()], pa.timestamp("us", tz="UTC"))
    nothing = pa.array([None], pa.string())
    rows = pa.table({"number": pa.array([7], pa.int32()), "moment": at, "name": nothing})
    typed = Derived("typed", ("messages",), lambda _: rows)
    with Store.open(root) as store:
        store.derived(typed)
        found = store.query_arrow("select number, moment, name from typed")
    assert found.column_names == ["number", "moment", "name"]
    assert str(found.schema.field("number").type) == "int32"
    assert found.to_pylist()[0]["moment"] == NOON
    assert found.to_pylist()[0]["name"] is None
