"""The ledger: which slot of which job waits or was begun, by whom, and what became of it.

A slot is one time on a job's schedule. It is claimed once, however many schedulers run: the claim is one
insert under a unique key. Who holds it says so again and again; a holder whose process is gone, or who has
been silent for longer than a lease, has lost the slot. A slot that waits is ``queued``: that is told to
readers and keeps nobody from claiming it. SQLite in WAL mode, on the disk of one machine; what it holds can
be told again from the run folders (``rebuild``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import socket
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.errors import StoreError
from analytics_lib.runs import ledger_sql as sql
from analytics_lib.runs.disk import is_full
from analytics_lib.runs.record import is_alive, process_started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from analytics_lib.runs.record import RunRecord

LEDGER_FILE = "ledger.sqlite"
LEASE = dt.timedelta(seconds=60)
_BEAT_SECONDS = 15.0
_BUSY_SECONDS = 30.0
# SQLite needs a few pages of its files; with less than this nothing can be written.
_ROOM_BYTES = 64 * 1024


@dataclass(frozen=True)
class Slot:
    """One slot of the ledger; ``state`` is one of a run's, or ``queued`` or ``skipped``.

    Attributes:
        attempt: Of the last run that was begun for it; 0 = none was.
        reason: Why it ended so; of one that is queued, what it waits for.
    """

    job: str
    slot_at: dt.datetime
    state: str
    attempt: int
    run: str | None
    reason: str | None

    @property
    def name(self) -> str:
        """What a person calls it by: the job and the time."""
        return f"{self.job}@{_text(self.slot_at)}"


class Ledger:
    """The ledger of one folder of outputs, for one process.

    Attributes:
        owner: Names this process among all: host, number, and when it started.
        is_new: Whether there was none before, so that what ran until now must be told to it (``rebuild``).
    """

    def __init__(self, outputs: Path) -> None:
        outputs.mkdir(parents=True, exist_ok=True)
        self._path = outputs / LEDGER_FILE
        pid = os.getpid()
        self.owner = f"{socket.gethostname()} {pid} {process_started(pid)}"
        with self._open() as connection:
            connection.execute("pragma journal_mode = wal")
            # A file whose making was cut short by a full disk is as good as none.
            self.is_new = connection.execute(sql.THERE).fetchone() is None
            connection.execute(sql.TABLE)

    def claim(self, job: str, slot_at: dt.datetime, *, now: dt.datetime) -> bool:
        """Take a slot that nobody has taken yet, whoever waits for it; whether it is ours now."""
        return self._changed(
            sql.CLAIM, **_named(job, slot_at), owner=self.owner, lease_until=_text(now + LEASE)
        )

    def claim_again(self, slot: Slot, *, now: dt.datetime) -> bool:
        """Take a slot whose last attempt has ended, for another one; whether it is ours now."""
        values = {"owner": self.owner, "lease_until": _text(now + LEASE), "attempt": slot.attempt}
        return self._changed(sql.AGAIN, **_named(slot.job, slot.slot_at), **values)

    def beat(self, *, now: dt.datetime) -> None:
        """Say that what this process holds is being worked on."""
        self._changed(sql.BEAT, owner=self.owner, lease_until=_text(now + LEASE))

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
        return self._changed(sql.FINISH, **_named(job, slot_at), owner=self.owner, **told)

    def skip(self, job: str, slot_at: dt.datetime, reason: str) -> bool:
        """Write down that a slot is not run, and why; false where somebody has taken it or waits for it."""
        return self._changed(sql.SKIP, **_named(job, slot_at), owner=self.owner, reason=reason)

    def unqueue(self) -> None:
        """Nothing waits here any more: what was not begun is due as before."""
        self._changed(sql.UNQUEUE, owner=self.owner)

    def queue(self, waits: Mapping[tuple[str, dt.datetime], str], *, now: dt.datetime) -> None:
        """Write down which slots, by job and time, wait here for what; from now on no others do."""
        mine = {"owner": self.owner, "lease_until": _text(now + LEASE)}
        rows = [{**_named(*slot), **mine, "reason": reason} for slot, reason in waits.items()]
        with self._open() as connection, connection:
            connection.execute(sql.UNQUEUE, mine)
            connection.executemany(sql.QUEUE, rows)

    def cancel(self, slot: Slot) -> bool:
        """Write down that a slot that waits is not to be run; false where it does not wait any more."""
        return self._changed(sql.CANCEL, **_named(slot.job, slot.slot_at))

    def queued(self, *, now: dt.datetime) -> list[Slot]:
        """The slots that somebody who is still there has waiting, oldest first."""
        with self._open() as connection:
            rows = connection.execute(sql.QUEUED).fetchall()
        return [_slot(*row) for *row, owner, lease_until in rows if not _is_gone(owner, lease_until, now)]

    def recover(self, *, now: dt.datetime) -> int:
        """Give up the slots whose holder is gone or silent; how many there were that ran.

        What only waited for such a one is forgotten: nothing was begun, so it is due as before.
        """
        with self._open() as connection:
            held = connection.execute(sql.HELD).fetchall()
            waiters = connection.execute(sql.WAITERS).fetchall()
        for owner in {owner for owner, lease_until in waiters if _is_gone(owner, lease_until, now)}:
            self._changed(sql.UNQUEUE, owner=owner)
        gone = [row for row in held if _is_gone(row[2], row[3], now)]
        return sum(self._changed(sql.LOSE, job=job, slot_at=at, owner=owner) for job, at, owner, _ in gone)

    def newest(self, job: str, *, at: dt.datetime) -> Slot | None:
        """The last slot of a job up to a time that does not wait.

        A clock that ran ahead and came back has left later ones.
        """
        found = self._slots(sql.NEWEST, job=job, at=_text(at))
        return found[0] if found else None

    def ended_badly(self) -> list[Slot]:
        """Slots whose last attempt failed, timed out or was lost."""
        return self._slots(sql.BAD)

    def rebuild(self, records: Iterable[RunRecord]) -> int:
        """Tell the slots again from the records of runs, oldest first; how many runs had one."""
        scheduled = sorted(
            (record for record in records if record.slot_at and record.status != "running"),
            key=lambda record: (record.started_at, record.attempt),
        )
        for record in scheduled:
            told = {"state": record.status, "run": record.run, "reason": record.reason}
            self._changed(sql.TELL, job=record.job, slot_at=record.slot_at, attempt=record.attempt, **told)
        return len(scheduled)

    def _slots(self, statement: str, **values: object) -> list[Slot]:
        with self._open() as connection:
            rows = connection.execute(statement, values).fetchall()
        return [_slot(*row) for row in rows]

    def _changed(self, statement: str, **values: object) -> bool:
        with self._open() as connection, connection:
            return connection.execute(statement, values).rowcount > 0

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for every step: threads and processes share the file, nothing else."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(_told(error, self._path)) from error


def queued_slots(outputs: Path, *, now: dt.datetime) -> list[Slot]:
    """The slots that wait, oldest first; none where there is no ledger yet.

    Raises:
        StoreError: If the ledger cannot be read.
    """
    return Ledger(outputs).queued(now=now) if (outputs / LEDGER_FILE).exists() else []


def _told(error: sqlite3.DatabaseError, path: Path) -> str:
    """What is wrong with the ledger; SQLite has several names for a full disk, so the disk is asked too."""
    free = shutil.disk_usage(path.parent).free
    if "full" in str(error) or is_full(str(error)) or free < _ROOM_BYTES:
        return (
            f"The disk is full ({free:,} bytes free): the ledger {path} could not be used ({error}). Free "
            "some space and start again; nothing in the ledger is lost."
        )
    return (
        f"The ledger {path} could not be used: {error}. If it is damaged, delete it: the next "
        "scheduler tells it again from the run folders."
    )


def _slot(job: str, slot_at: str, state: str, attempt: int, run: str | None, reason: str | None) -> Slot:
    return Slot(job, dt.datetime.fromisoformat(slot_at), state, attempt, run, reason)


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
