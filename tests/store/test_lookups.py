"""Rows that are looked up: all of a key and no others, in their order, from a file that somebody kept."""

import datetime as dt
import threading

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kept_rows import kept, messages
from pyarrow import ipc

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.store import Lookup, Store, StoreWarning, derived, lookups

SAID = Lookup(
    "said",
    ("messages",),
    "select conversation_id, sent_at, message_id, text from messages",
    ("conversation_id", "sent_at", "message_id"),
)


def said(store, conversation):
    return store.look_up(SAID, [conversation])["message_id"].to_pylist()


@pytest.fixture(autouse=True)
def _every_table_is_worth_looking_up(monkeypatch):
    monkeypatch.setattr(lookups, "WORTH_LOOKING_UP_ROWS", 1)


@pytest.fixture
def root(tmp_path):
    with Store.open(tmp_path / "store") as store:
        store.append("messages", pd.concat([messages("b", 5), messages("a", 2, 0, 1)]))
    return tmp_path / "store"


def test_rows_of_a_key_come_in_their_order_and_those_of_nobody_are_none(root):
    with Store.open(root) as store:
        assert store.prepare(SAID) == ["said"]
        assert said(store, "a") == ["a-0", "a-1", "a-2"]
        assert said(store, "b") == ["b-5"]
        for nobody in ("", "aa", "c"):
            assert said(store, nobody) == []
    (file,) = kept(root)
    with Store.open(root) as store:
        assert said(store, "a") == ["a-0", "a-1", "a-2"]
        assert store.prepare(SAID) == ["said"]
    assert kept(root) == [file]


def test_rows_that_nobody_kept_are_not_made_by_looking(root):
    with Store.open(root) as store, store.known_at(dt.date(2027, 1, 1)) as known:
        assert store.look_up(SAID, ["a"]) is None
        assert kept(root) == []
        store.prepare(SAID)
        assert said(store, "a")
        assert known.look_up(SAID, ["a"]) is None
        assert known.prepare(SAID) == []
    with Store.in_memory(messages=messages("a", 0)) as store:
        assert store.prepare(SAID) == []
        assert store.look_up(SAID, ["a"]) is None


def test_few_rows_are_not_kept(root, monkeypatch):
    monkeypatch.setattr(lookups, "WORTH_LOOKING_UP_ROWS", 5)
    with Store.open(root) as store:
        assert store.prepare(SAID) == []
    assert kept(root) == []


def test_new_rows_have_a_file_of_their_own(root):
    with Store.open(root) as before:
        before.prepare(SAID)
        before.append("messages", messages("b", 6))
        with Store.open(root) as after:
            assert after.look_up(SAID, ["b"]) is None
            after.prepare(SAID)
            assert said(after, "b") == ["b-5", "b-6"]
        assert said(before, "b") == ["b-5"]


NAMES = st.text(max_size=3)


@given(rows=st.lists(st.tuples(st.none() | NAMES, st.integers(0, 3)), max_size=40), asked=NAMES)
@settings(max_examples=60)
def test_what_is_found_is_what_a_scan_would_find(tmp_path_factory, rows, asked):
    table = pa.table(
        {
            "key": pa.array([key for key, _ in rows], pa.string()),
            "rank": pa.array([rank for _, rank in rows], pa.int64()),
        }
    )
    file = tmp_path_factory.mktemp("sorted") / "rows.arrow"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookups, "_TOGETHER_ROWS", 3)
        lookups._write(file, table.to_reader(7), ("key", "rank"))
    found = lookups.LookupFile(file, "key")
    known = [(key, rank) for key, rank in rows if key is not None]
    for names in ([asked], [], [key for key, _ in known], [asked, *(key for key, _ in known[:2])]):
        expected = sorted((key, rank) for key, rank in known if key in names)
        rows_found = found.rows_of(names)
        assert list(zip(*rows_found.to_pydict().values(), strict=True)) == expected
    found.close()


def test_key_with_more_rows_than_lie_together_is_found_whole(root):
    with Store.open(root) as store:
        store.append("messages", messages("ab", *range(3_500)))
    with Store.open(root) as store:
        store.prepare(SAID)
        assert said(store, "ab") == [f"ab-{hour}" for hour in range(3_500)]
        assert said(store, "a") == ["a-0", "a-1", "a-2"]
        assert said(store, "b") == ["b-5"]


@pytest.mark.parametrize("left", [0, 20, 300])
def test_file_that_is_cut_off_is_not_read_and_is_made_again(root, left):
    with Store.open(root) as store:
        store.prepare(SAID)
    (file,) = kept(root)
    file.write_bytes(file.read_bytes()[:left])
    with Store.open(root) as store:
        assert store.look_up(SAID, ["a"]) is None
        store.prepare(SAID)
        assert said(store, "a") == ["a-0", "a-1", "a-2"]


def test_file_that_is_damaged_within_is_named(root):
    with Store.open(root) as store:
        store.prepare(SAID)
    (file,) = kept(root)
    content = bytearray(file.read_bytes())
    packed = content.index(b"\x28\xb5\x2f\xfd")  # how what Zstandard packs begins
    content[packed : packed + 4] = b"\0\0\0\0"
    file.write_bytes(content)
    with Store.open(root) as store, pytest.raises(StoreError, match=r"said-\w+\.arrow is damaged.*Delete it"):
        store.look_up(SAID, ["a"])


def test_pack_whose_texts_end_outside_of_it_is_named_and_not_followed(tmp_path, monkeypatch):
    file = tmp_path / "rows.arrow"
    texts = pa.array(["a", "b", "c"], pa.string())
    lengths = pa.array([0, 2**30, 2, 3], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 3, [None, lengths, texts.buffers()[2]])
    with ipc.new_file(file, pa.schema({"key": pa.string(), "text": pa.string()})) as written:
        written.write_batch(pa.record_batch({"key": texts, "text": broken}))
    found = lookups.LookupFile(file, "key")
    with pytest.raises(StoreError, match=r"rows\.arrow is damaged"):
        found.rows_of(["c"])


@pytest.mark.parametrize("wrong", [[5], ["a", 5], ["a", None], ["a\ud800"]])
def test_key_that_is_no_text_is_refused(root, wrong):
    with Store.open(root) as store:
        store.prepare(SAID)
        with pytest.raises(RequestError, match="looked up by texts"):
            store.look_up(SAID, wrong)


def test_closed_store_is_not_taken_for_a_damaged_one(root):
    with Store.open(root) as store:
        store.prepare(SAID)
        store.look_up(SAID, ["a"])
    with pytest.raises(StoreError, match="store is closed"):
        store.look_up(SAID, ["a"])


def test_file_that_is_swept_under_a_reader_is_read_on(root):
    with Store.open(root) as store:
        store.prepare(SAID)
        assert said(store, "b") == ["b-5"]
        (file,) = kept(root)
        file.unlink()
        assert said(store, "a") == ["a-0", "a-1", "a-2"]


def test_several_threads_look_up_at_once(root):
    with Store.open(root) as store:
        for name in "cdefgh":
            store.append("messages", messages(name, *range(700)))
    found = {}
    with Store.open(root) as store:
        store.prepare(SAID)

        def look(name):
            found[name] = [said(store, name) for _ in range(20)]

        threads = [threading.Thread(target=look, args=(name,)) for name in "cdefgh"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {name: [[f"{name}-{hour}" for hour in range(700)]] * 20 for name in "cdefgh"}


def test_where_the_file_cannot_be_kept_the_reason_is_told(root):
    (root / derived.FOLDER).write_text("a file where the folder should be")
    with Store.open(root) as store:
        with pytest.warns(StoreWarning, match=r"could not be kept .*_derived"):
            assert store.prepare(SAID) == []
        assert store.look_up(SAID, ["a"]) is None


def test_rows_that_cannot_be_read_to_their_end_are_told_and_nothing_is_kept(root):
    broken = Lookup(
        "broken",
        ("messages",),
        """
        select conversation_id, case when place < 600000 then place else message_id::integer end as number
        from messages cross join range(200000 * 4) as places(place)
        """,
        ("conversation_id",),
    )
    with Store.open(root) as store, pytest.raises(StoreError, match=r"Could not convert string"):
        store.prepare(broken)
    assert kept(root) == []


def test_columns_keep_their_types(root):
    with Store.open(root) as store:
        store.prepare(SAID)
        types = {field.name: str(field.type) for field in store.look_up(SAID, ["a"]).schema}
    assert types == {
        "conversation_id": "string",
        "sent_at": "timestamp[us, tz=UTC]",
        "message_id": "string",
        "text": "string",
    }


def test_file_holds_batches_small_enough_to_be_unpacked_at_once(root):
    with Store.open(root) as store:
        store.append("messages", messages("ab", *range(3_500)))
    with Store.open(root) as store:
        store.prepare(SAID)
    (file,) = kept(root)
    with pa.memory_map(str(file)) as memory:
        rows = ipc.open_file(memory)
        sizes = [rows.get_batch(number).num_rows for number in range(rows.num_record_batches)]
    assert sum(sizes) == 3_504
    assert max(sizes) <= 1_000
