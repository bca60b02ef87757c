"""The ledger: a slot is claimed once by anybody, lost with its holder, told again from the run folders."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from tiny_notebooks import NOON

from analytics_lib.errors import StoreError
from analytics_lib.runs.ledger import LEASE, LEDGER_FILE, Ledger, queued_slots
from analytics_lib.runs.record import RunRecord

SIX = NOON.replace(hour=6)
CLAIMER = """
import datetime as dt, sys, time
from pathlib import Path
from analytics_lib.runs.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
print("ready", flush=True)
sys.stdin.readline()
print(sum(ledger.claim("job", noon + dt.timedelta(hours=n), now=noon) for n in range(20)), flush=True)
sys.stdin.readline()
"""


def record(status="succeeded", *, slot_at=SIX, attempt=1, reason=None, run="r1"):
    return RunRecord(
        job="a",
        run=run,
        status=status,
        started_at=NOON.isoformat(),
        reason=reason,
        slot_at=slot_at.isoformat(),
        attempt=attempt,
    )


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


@pytest.fixture
def claimer(tmp_path):
    """A process that claims twenty slots once it is told, and then lives until it is ended."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIMER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def told(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_slot_is_claimed_once(ledger):
    assert ledger.claim("a", SIX, now=NOON)
    assert not ledger.claim("a", SIX, now=NOON)
    assert ledger.claim("a", NOON, now=NOON)
    assert ledger.claim("b", SIX, now=NOON)


def test_of_three_processes_each_slot_goes_to_one(claimer):
    processes = [claimer() for _ in range(3)]
    for process in processes:
        told(process)
    assert sum(int(process.stdout.readline()) for process in processes) == 20


def test_a_slot_ends_as_its_run_did(ledger):
    ledger.claim("a", SIX, now=NOON)
    assert ledger.finish("a", SIX, record("failed", reason="cell_error", run="r7"))
    slot = ledger.newest("a", at=NOON)
    assert (slot.state, slot.reason, slot.run, slot.attempt) == ("failed", "cell_error", "r7", 1)


def test_another_attempt_counts_up_and_is_claimed_once(ledger):
    ledger.claim("a", SIX, now=NOON)
    ledger.finish("a", SIX, record("failed", reason="kernel_died"))
    slot = ledger.newest("a", at=NOON)
    assert ledger.claim_again(slot, now=NOON)
    assert not ledger.claim_again(slot, now=NOON)
    again = ledger.newest("a", at=NOON)
    assert (again.state, again.attempt) == ("running", 2)


def test_newest_is_the_last_slot_up_to_a_time(ledger):
    for hour in (5, 6, 20):
        ledger.claim("a", NOON.replace(hour=hour), now=NOON)
    assert ledger.newest("a", at=NOON).slot_at == SIX
    assert ledger.newest("a", at=SIX).slot_at == SIX
    assert ledger.newest("a", at=NOON.replace(hour=4)) is None


def test_slots_of_a_killed_holder_are_lost(ledger, claimer):
    process = claimer()
    told(process)
    assert process.stdout.readline() == "20\n"
    assert ledger.recover(now=NOON) == 0
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ledger.recover(now=NOON) == 20
    slot = ledger.newest("job", at=NOON)
    assert (slot.state, slot.reason) == ("lost", "lost")


def test_who_lost_a_slot_cannot_end_it(tmp_path, ledger):
    ledger.claim("a", SIX, now=NOON)
    other = Ledger(tmp_path)
    other.owner = "elsewhere 1 1.0"
    assert not other.finish("a", SIX, record())
    assert ledger.newest("a", at=NOON).state == "running"


def test_a_holder_on_another_machine_is_believed_for_a_lease(tmp_path, ledger):
    other = Ledger(tmp_path)
    other.owner = "elsewhere 1 1.0"
    other.claim("a", SIX, now=NOON)
    other.beat(now=NOON + dt.timedelta(seconds=30))
    assert ledger.recover(now=NOON + LEASE) == 0
    assert ledger.recover(now=NOON + LEASE + dt.timedelta(seconds=31)) == 1


def test_a_skipped_slot_does_not_take_a_claimed_one(ledger):
    assert ledger.skip("a", SIX, "missed")
    assert not ledger.claim("a", SIX, now=NOON)
    ledger.claim("a", NOON, now=NOON)
    assert not ledger.skip("a", NOON, "missed")


@pytest.fixture
def other(tmp_path):
    """The same ledger as another process sees it, which lives on another machine."""
    other = Ledger(tmp_path)
    other.owner = "elsewhere 1 1.0"
    return other


def waiting(ledger, now=NOON):
    return [(slot.job, slot.state, slot.reason, slot.attempt) for slot in ledger.queued(now=now)]


def test_a_slot_that_waits_is_queued_until_anybody_claims_it(ledger, other):
    ledger.queue({("a", SIX): "no_place", ("b", SIX): "after a"}, now=NOON)
    assert waiting(other) == [("a", "queued", "no_place", 0), ("b", "queued", "after a", 0)]
    assert other.newest("a", at=NOON) is None
    assert other.claim("a", SIX, now=NOON)
    assert not ledger.claim("a", SIX, now=NOON)
    slot = ledger.newest("a", at=NOON)
    assert (slot.state, slot.attempt, slot.reason) == ("running", 1, None)
    assert [job for job, *_ in waiting(ledger)] == ["b"]


def test_what_is_told_to_wait_replaces_what_waited_before_and_takes_nothing_begun(ledger):
    ledger.claim("a", SIX, now=NOON)
    ledger.queue({("a", SIX): "no_place", ("b", SIX): "no_place"}, now=NOON)
    ledger.queue({("a", SIX): "no_place", ("c", SIX): "no_memory"}, now=NOON)
    assert waiting(ledger) == [("c", "queued", "no_memory", 0)]
    assert ledger.newest("a", at=NOON).state == "running"
    ledger.unqueue()
    assert waiting(ledger) == []
    assert ledger.newest("a", at=NOON).state == "running"


def test_who_has_a_slot_waiting_may_skip_it_and_nobody_else(ledger, other):
    other.queue({("a", SIX): "no_place"}, now=NOON)
    assert not ledger.skip("a", SIX, "missed")
    assert other.skip("a", SIX, "missed")
    assert ledger.newest("a", at=NOON).state == "skipped"
    assert waiting(ledger) == []


def test_a_queued_slot_that_is_cancelled_is_neither_claimed_nor_queued_again(ledger, other):
    ledger.queue({("a", SIX): "no_place"}, now=NOON)
    (slot,) = other.queued(now=NOON)
    assert slot.name == "a@2026-03-01T06:00:00+00:00"
    assert other.cancel(slot)
    assert not other.cancel(slot)
    ledger.queue({("a", SIX): "no_place"}, now=NOON)
    assert not ledger.claim("a", SIX, now=NOON)
    assert ledger.newest("a", at=NOON).state == "cancelled"
    assert waiting(ledger) == []


def test_what_waited_for_a_killed_process_is_due_as_before(tmp_path, ledger):
    waiter = (
        "import datetime as dt, sys; from pathlib import Path; from analytics_lib.runs.ledger import Ledger; "
        "at = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC); ledger = Ledger(Path(sys.argv[1])); "
        "ledger.queue({('a', at): 'no_place'}, now=at); print('waits', flush=True); sys.stdin.readline()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waiter, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "waits\n"
        assert waiting(ledger) == [("a", "queued", "no_place", 0)]
    finally:
        process.kill()
        process.communicate()
    assert waiting(ledger) == []
    assert ledger.recover(now=NOON) == 0
    assert ledger.newest("a", at=NOON) is None
    assert ledger.claim("a", SIX, now=NOON)


def test_what_waits_on_a_silent_machine_is_forgotten_after_a_lease(ledger, other):
    other.queue({("a", SIX): "no_place"}, now=NOON)
    other.beat(now=NOON + LEASE)
    assert len(waiting(ledger, NOON + 2 * LEASE)) == 1
    ledger.recover(now=NOON + 2 * LEASE + dt.timedelta(seconds=1))
    assert waiting(ledger) == []


def test_looking_for_what_waits_makes_no_ledger(tmp_path):
    assert queued_slots(tmp_path / "outputs", now=NOON) == []
    assert not (tmp_path / "outputs").exists()


def test_a_new_ledger_is_told_from_the_records_the_last_attempt_of_each_slot(tmp_path, ledger):
    records = [
        record("failed", reason="kernel_died", run="r1"),
        record("succeeded", attempt=2, run="r2"),
        record("succeeded", slot_at=NOON.replace(hour=7), run="r3"),
        RunRecord(job="a", run="by hand", status="succeeded", started_at=NOON.isoformat()),
    ]
    assert ledger.is_new
    assert ledger.rebuild(records) == 3
    slot = ledger.newest("a", at=SIX)
    assert (slot.state, slot.attempt, slot.run) == ("succeeded", 2, "r2")
    assert not Ledger(tmp_path).is_new


def test_what_is_held_is_said_to_be_worked_on(tmp_path, monkeypatch):
    monkeypatch.setattr("analytics_lib.runs.ledger._BEAT_SECONDS", 0.05)
    ledger = Ledger(tmp_path)
    ledger.owner = "elsewhere 1 1.0"
    ledger.claim("a", SIX, now=NOON)
    later = NOON + dt.timedelta(hours=1)
    with ledger.beating(lambda: later):
        time.sleep(0.3)
    assert Ledger(tmp_path).recover(now=later) == 0


def test_a_full_disk_is_named_first_whatever_is_asked_and_is_over_when_space_is_freed(tiny_disk):
    ledger = Ledger(tiny_disk / "outputs")
    ledger.claim("a", SIX, now=NOON)
    with contextlib.suppress(OSError), (tiny_disk / "filling").open("wb", buffering=0) as filling:
        while True:
            filling.write(b"x" * 4096)

    for ask in (
        lambda: [ledger.claim("a", NOON + n * LEASE, now=NOON) for n in range(1_000)],
        lambda: ledger.queue({("b", SIX): "no_place"}, now=NOON),
        lambda: Ledger(tiny_disk / "new"),
    ):
        with pytest.raises(
            StoreError, match=r"^The disk is full \(.* bytes free\): the ledger .*ledger.sqlite"
        ):
            ask()

    (tiny_disk / "filling").unlink()
    assert ledger.finish("a", SIX, record())
    assert ledger.newest("a", at=SIX).state == "succeeded"
    assert Ledger(tiny_disk / "new").is_new


def test_a_damaged_ledger_says_what_to_do(tmp_path):
    (tmp_path / LEDGER_FILE).write_bytes(os.urandom(4096))
    with pytest.raises(StoreError, match="delete it: the next scheduler tells it again"):
        Ledger(tmp_path)
