"""A writer ended at any moment leaves whole batches: all that it acknowledged, none in part, none twice."""

import contextlib
import random
import time

import pyarrow as pa
import pytest
from store_process import MESSAGES_A_BATCH, append_apart, append_together, batch, write
from store_rows import append, ask, conversation, frame, message

from analytics_lib.errors import StoreError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import Store, delta, recovery, upkeep
from analytics_lib.store.writer import open_writer

MANY = 100_000
BATCHES = """
select split_part(message_id, '-', 1) as name, count(*) as rows
from messages where message_id <> 'shared' group by 1
"""


def end_at_random(child, shuffle):
    """Kill the writer at some moment; the number of the last batch that it acknowledged."""
    acknowledged = [child.says.recv() for _ in range(shuffle.randint(1, 3))]
    time.sleep(shuffle.uniform(0, 0.2))
    return max(acknowledged + child.killed())


def stored_batches(root):
    """How many batches the store holds, after a look that it holds each as a whole and once."""
    rows = dict(ask(root, BATCHES))
    assert set(rows) == {f"b{number}" for number in range(len(rows))}
    assert set(rows.values()) == {MESSAGES_A_BATCH}
    assert ask(root, "select text from messages where message_id = 'shared'") == [(str(len(rows) - 1),)]
    return len(rows)


@pytest.mark.parametrize(("how", "kills", "seed"), [("together", 8, 1), ("together", 5, 2), ("apart", 12, 3)])
def test_writer_killed_at_any_moment_leaves_whole_batches(root, process, how, kills, seed):
    shuffle = random.Random(seed)
    first = 0
    for _ in range(kills):
        last = end_at_random(process(write, "b", how, first, MANY), shuffle)
        stored = stored_batches(root)
        # The batch in the making may have been recorded, and not yet acknowledged.
        assert stored in (last + 1, last + 2)
        assert upkeep.verify(root) == []
        first = last  # a sender that got no answer sends again
    again = append_together if how == "together" else append_apart
    for number in range(first, first + 3):
        again(root, "b", number)
    assert stored_batches(root) == first + 3
    expected = [(number,) for number in range(first + 3)] if how == "together" else []
    assert ask(root, "select conversation_id[2:]::int from conversations order by 1") == expected
    assert upkeep.verify(root) == []


def test_sending_everything_again_after_a_kill_ends_as_without_it(root, tmp_path, process):
    end_at_random(process(write, "b", "together", 0, MANY), random.Random(5))
    stored = stored_batches(root)
    for number in range(stored + 1):
        append_together(root, "b", number)
        append_together(tmp_path / "quiet", "b", number)
    for table in ("conversations", "messages"):
        everything = f"select * from {table} order by 1"
        assert ask(root, everything) == ask(tmp_path / "quiet", everything)


@pytest.fixture
def interrupted(root, monkeypatch):
    """A store of one batch whose next writer ended between its commits and their record."""

    def interrupt(_):
        raise KeyboardInterrupt

    append_together(root, "b", 0)
    with monkeypatch.context() as patched:
        patched.setattr("analytics_lib.store.writer.record_newest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            append_together(root, "b", 1)
    return root


def test_commit_that_was_not_recorded_is_not_seen(interrupted):
    newest = recovery.newest_versions(interrupted)
    with Store.open(interrupted) as store:
        assert all(int(newest[name]["version"]) > version for name, version in store.versions.items())
    assert stored_batches(interrupted) == 1
    assert upkeep.verify(interrupted) == []


def test_commit_that_was_not_recorded_does_not_come_in_with_the_next_writer(interrupted):
    append(interrupted, "messages", message("other"))
    ids = "select message_id from messages where message_id like 'b1%' or message_id = 'other'"
    assert ask(interrupted, ids) == [("other",)]
    assert ask(interrupted, "select text from messages where message_id = 'shared'") == [("0",)]
    assert ask(interrupted, "select count(*) from conversations") == [(1,)]


def test_batch_sent_again_counts_as_new(interrupted):
    rows = batch("b", 1)["messages"]
    with Store.open(interrupted) as store:
        assert store.append("messages", frame(*rows)).accepted == len(rows)
    assert stored_batches(interrupted) == 2


def test_table_made_by_a_writer_that_ended_is_emptied_by_the_next(root):
    append(root, "messages", message("m1"))
    delta.append(root, EVERY_TABLE["users"], _users("u1"), {})
    assert ask(root, "select * from users") == []
    append(root, "messages", message("m2"))
    assert ask(root, "select * from users") == []
    append(root, "users", {"user_id": "u2"})
    assert ask(root, "select user_id from users") == [("u2",)]


def test_first_writer_of_a_store_that_ended_leaves_an_empty_store(root):
    with contextlib.suppress(KeyboardInterrupt), open_writer(root, memory_limit_gb=1) as writer:
        assert writer.write("users", _users("u1")).accepted == 1
        raise KeyboardInterrupt
    assert ask(root, "select * from users") == []
    append(root, "conversations", conversation("c1"))
    assert ask(root, "select * from users") == []


def test_orphan_file_of_a_writer_that_ended_is_never_read(root):
    append(root, "users", {"user_id": "u1"})
    (root / "users" / "part-orphan.parquet").write_bytes(b"P")
    assert ask(root, "select user_id from users") == [("u1",)]
    assert upkeep.verify(root) == []


def test_disk_that_is_full_loses_nothing_and_recovers(root, monkeypatch):
    append(root, "users", {"user_id": "u1"})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(delta, "write_deltalake", full)
        with pytest.raises(StoreError, match="No space left on device"):
            append(root, "users", {"user_id": "u2"})
    assert ask(root, "select user_id from users") == [("u1",)]
    assert append(root, "users", {"user_id": "u2"}).accepted == 1


def _users(*ids):
    return pa.Table.from_pylist([{"user_id": key} for key in ids], delta.table_schema(EVERY_TABLE["users"]))
