"""The ledger: which slot of which job was begun, by whom, and what became of it.

A slot is one time on a job's schedule. It is claimed once, however many schedulers run: the claim is one
insert under a unique key. Who holds it says so again and again; a holder whose process is gone, or who has
been silent for longer than a lease, has lost the slot. SQLite in WAL mode, on the disk of one machine; what
it holds can be told again from the run folders (``rebuild``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import socket
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.errors import StoreError
from analytics_lib.runs.record import is_alive, process_started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from analytics_lib.runs.record import RunRecord

LEDGER_FILE = "ledger.sqlite"
LEASE = dt.timedelta(seconds=60)
_BEAT_SECONDS = 15.0
_BUSY_SECONDS = 30.0

_TABLE = """
create table if not exists slots (
    job text not null,
    slot_at text not null,
    state text not null,
    attempt integer not null,
    owner text,
    lease_until text,
    run text,
    reason text,
    primary key (job, slot_at)
) strict, without rowid
"""
_CLAIM = "insert or ignore into slots values (:job, :slot_at, 'running', 1, :owner, :lease_until, null, null)"
_AGAIN = """
update slots
set state = 'running', attempt = attempt + 1, owner = :owner, lease_until = :lease_until, reason = null
where job = :job and slot_at = :slot_at and state <> 'running' and attempt = :attempt
"""
_BEAT = "update slots set lease_until = :lease_until where owner = :owner and state = 'running'"
_FINISH = """
update slots
set state = :state, run = :run, reason = :reason, owner = null, lease_until = null
where job = :job and slot_at = :slot_at and state = 'running' and owner = :owner
"""
_SKIP = "insert or ignore into slots values (:job, :slot_at, 'skipped', 0, null, null, null, :reason)"
_HELD = "select job, slot_at, owner, lease_until from slots where state = 'running'"
_LOSE = """
update slots
set state = 'lost', reason = 'lost', owner = null, lease_until = null
where job = :job and slot_at = :slot_at and state = 'running' and owner = :owner
"""
_NEWEST = """
select job, slot_at, state, attempt, run, reason
from slots
where job = :job and slot_at <= :at
order by slot_at desc
limit 1
"""
_BAD = """
select job, slot_at, state, attempt, run, reason from slots where state in ('failed', 'timed_out', 'lost')
"""
_TELL = "insert or replace into slots values (:job, :slot_at, :state, :attempt, null, null, :run, :reason)"


@dataclass(frozen=True)
class Slot:
    """One slot of the ledger; ``state`` is one of a run's, or ``skipped``."""

    job: str
    slot_at: dt.datetime
    state: str
    attempt: int
    run: str | None
    reason: str | None


class Ledger:
    """The ledger of one folder of outputs, for one process.

    Attributes:
        owner: Names this process among all: host, number, and when it started.
        is_new: Whether there was none before, so that what ran until now must be told to it (``rebuild``).
    """

    def __init__(self, outputs: Path) -> None:
        outputs.mkdir(parents=True, exist_ok=True)
        self._path = outputs / LEDGER_FILE
        self.is_new = not self._path.exists()
        pid = os.getpid()
        self.owner = f"{socket.gethostname()} {pid} {process_started(pid)}"
        with self._open() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(_TABLE)

    def claim(self, job: str, slot_at: dt.datetime, *, now: dt.datetime) -> bool:
        """Take a slot that nobody has taken yet; whether it is ours now."""
        return self._changed(_CLAIM, **_named(job, slot_at), owner=self.owner, lease_until=_text(now + LEASE))

    def claim_again(self, slot: Slot, *, now: dt.datetime) -> bool:
        """Take a slot whose last attempt has ended, for another one; whether it is ours now."""
        values = {"owner": self.owner, "lease_until": _text(now + LEASE), "attempt": slot.attempt}
        return self._changed(_AGAIN, **_named(slot.job, slot.slot_at), **values)

    def beat(self, *, now: dt.datetime) -> None:
        """Say that what this process holds is being worked on."""
        self._changed(_BEAT, owner=self.owner, lease_until=_text(now + LEASE))

    @contextlib.contextmanager
    def beating(self, now: Callable[[], dt.datetime]) -> Iterator[None]:
        """Inside, what this process holds is said to be worked on, every few seconds."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(_BEAT_SECONDS):
                self.beat(now=now())

        beater = threading.Thread(target=beat, daemon=True)
        beater.start()
        try:
            yield
        finally:
            over.set()
            beater.join()

    def finish(self, job: str, slot_at: dt.datetime, record: RunRecord) -> bool:
        """Write down how a slot ended; false where it had been taken from us as lost meanwhile."""
        told = {"state": record.status, "run": record.run, "reason": record.reason}
        return self._changed(_FINISH, **_named(job, slot_at), owner=self.owner, **told)

    def skip(self, job: str, slot_at: dt.datetime, reason: str) -> bool:
        """Write down that a slot is not run, and why; false where somebody has taken it."""
        return self._changed(_SKIP, **_named(job, slot_at), reason=reason)

    def recover(self, *, now: dt.datetime) -> int:
        """Give up the slots whose holder is gone or silent; how many there were."""
        with self._open() as connection:
            held = connection.execute(_HELD).fetchall()
        gone = [row for row in held if _is_gone(row[2], row[3], now)]
        return sum(self._changed(_LOSE, job=job, slot_at=at, owner=owner) for job, at, owner, _ in gone)

    def newest(self, job: str, *, at: dt.datetime) -> Slot | None:
        """The last slot of a job up to a time; a clock that ran ahead and came back has left later ones."""
        found = self._slots(_NEWEST, job=job, at=_text(at))
        return found[0] if found else None

    def ended_badly(self) -> list[Slot]:
        """Slots whose last attempt failed, timed out or was lost."""
        return self._slots(_BAD)

    def rebuild(self, records: Iterable[RunRecord]) -> int:
        """Tell the slots again from the records of runs, oldest first; how many runs had one."""
        scheduled = sorted(
            (record for record in records if record.slot_at and record.status != "running"),
            key=lambda record: (record.started_at, record.attempt),
        )
        for record in scheduled:
            told = {"state": record.status, "run": record.run, "reason": record.reason}
            self._changed(_TELL, job=record.job, slot_at=record.slot_at, attempt=record.attempt, **told)
        return len(scheduled)

    def _slots(self, sql: str, **values: object) -> list[Slot]:
        with self._open() as connection:
            rows = connection.execute(sql, values).fetchall()
        return [Slot(job, dt.datetime.fromisoformat(at), *rest) for job, at, *rest in rows]

    def _changed(self, sql: str, **values: object) -> bool:
        with self._open() as connection, connection:
            return connection.execute(sql, values).rowcount > 0

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for every step: threads and processes share the file, nothing else."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"The ledger {self._path} could not be used: {error}. If it is damaged, delete it: the next "
                "scheduler tells it again from the run folders."
            ) from error


def _is_gone(owner: str, lease_until: str, now: dt.datetime) -> bool:
    host, pid, started = owner.rsplit(" ", 2)
    if host == socket.gethostname():
        return not is_alive(int(pid), float(started))
    return lease_until < _text(now)


def _named(job: str, slot_at: dt.datetime) -> dict[str, str]:
    return {"job": job, "slot_at": _text(slot_at)}


def _text(moment: dt.datetime) -> str:
    """A moment as text that sorts as moments do."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
