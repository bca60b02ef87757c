"""What the ledger says to SQLite: one table, and every change of a slot as one statement."""

from __future__ import annotations

THERE = "select name from sqlite_master where name = 'slots'"
TABLE = """
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
CLAIM = """
insert into slots values (:job, :slot_at, 'running', 1, :owner, :lease_until, null, null)
on conflict (job, slot_at) do update
set state = 'running', attempt = 1, owner = excluded.owner, lease_until = excluded.lease_until, reason = null
where state = 'queued'
"""
AGAIN = """
update slots
set state = 'running', attempt = attempt + 1, owner = :owner, lease_until = :lease_until, reason = null
where job = :job and slot_at = :slot_at and state <> 'running' and attempt = :attempt
"""
BEAT = "update slots set lease_until = :lease_until where owner = :owner and state in ('queued', 'running')"
FINISH = """
update slots
set state = :state, run = :run, reason = :reason, owner = null, lease_until = null
where job = :job and slot_at = :slot_at and state = 'running' and owner = :owner
"""
SKIP = """
insert into slots values (:job, :slot_at, 'skipped', 0, null, null, null, :reason)
on conflict (job, slot_at) do update
set state = 'skipped', owner = null, lease_until = null, reason = excluded.reason
where state = 'queued' and owner = :owner
"""
QUEUE = """
insert or ignore into slots values (:job, :slot_at, 'queued', 0, :owner, :lease_until, null, :reason)
"""
UNQUEUE = "delete from slots where owner = :owner and state = 'queued'"
CANCEL = """
update slots
set state = 'cancelled', owner = null, lease_until = null, reason = null
where job = :job and slot_at = :slot_at and state = 'queued'
"""
QUEUED = """
select job, slot_at, state, attempt, run, reason, owner, lease_until
from slots
where state = 'queued'
order by slot_at, job
"""
HELD = "select job, slot_at, owner, lease_until from slots where state = 'running'"
WAITERS = "select distinct owner, lease_until from slots where state = 'queued'"
LOSE = """
update slots
set state = 'lost', reason = 'lost', owner = null, lease_until = null
where job = :job and slot_at = :slot_at and state = 'running' and owner = :owner
"""
NEWEST = """
select job, slot_at, state, attempt, run, reason
from slots
where job = :job and slot_at <= :at and state <> 'queued'
order by slot_at desc
limit 1
"""
BAD = """
select job, slot_at, state, attempt, run, reason from slots where state in ('failed', 'timed_out', 'lost')
"""
TELL = "insert or replace into slots values (:job, :slot_at, :state, :attempt, null, null, :run, :reason)"
