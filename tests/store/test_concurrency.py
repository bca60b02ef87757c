"""One writes at a time, any number read, and nobody sees half of anything."""

import time

import pytest
from store_process import MESSAGES_A_BATCH, hold, read, write
from store_rows import append, ask, message

from analytics_lib.errors import StoreError
from analytics_lib.store import upkeep
from analytics_lib.store.versions import writing

SECONDS = 10
MANY = 100_000


def finished(child):
    """What a process said, once it ended well."""
    said = child.rest()
    assert child.process.exitcode == 0
    return said


def test_readers_of_a_store_being_written_see_whole_and_growing_states(root, process):
    writer = process(write, "b", "together", 0, MANY)
    assert writer.says.recv() == 0
    readers = [process(read, SECONDS) for _ in range(3)]
    reads = [finished(reader) for reader in readers]
    assert writer.process.is_alive()
    for states in reads:
        assert len(states) >= 10
        assert states == sorted(states)
        assert states[0][0] < states[-1][0]
        for conversations, messages, *again in states:
            assert again == [conversations, messages]
            assert messages == MESSAGES_A_BATCH * conversations + 1


def test_two_writers_at_once_both_finish_and_lose_nothing(root, process):
    writers = [process(write, name, "together", 0, 6) for name in ("p", "q")]
    for writer in writers:
        assert finished(writer) == list(range(6))
    assert ask(root, "select count(*) from conversations") == [(12,)]
    assert ask(root, "select count(*), count(distinct message_id) from messages") == [(61, 61)]
    assert upkeep.verify(root) == []


def test_writer_that_waits_too_long_learns_who_is_writing(root, process):
    holder = process(hold)
    assert holder.says.recv() == "holding"
    began = time.monotonic()
    with (
        pytest.raises(StoreError, match=f"COMMIT_CONFLICT: process {holder.process.pid} .* over 0.3 s"),
        writing(root, wait_seconds=0.3),
    ):
        pytest.fail("two writers at once")
    assert 0.3 <= time.monotonic() - began < 5


def test_reader_does_not_wait_for_a_writer(root, process):
    append(root, "messages", message("m1"))
    assert process(hold).says.recv() == "holding"
    assert ask(root, "select message_id from messages") == [("m1",)]


def test_lock_of_a_killed_writer_is_free(root, process):
    holder = process(hold)
    assert holder.says.recv() == "holding"
    holder.killed()
    assert append(root, "messages", message("m1")).accepted == 1
