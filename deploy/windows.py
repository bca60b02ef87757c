"""Slots as partitions: which windows a job's slots are shown as, and which slot a partition stands for.

A job with one slot a day has a partition a day, named by the day, so that jobs that wait for each other are
joined by it. Any other job has its cron's own windows, each named by the time of the slot it begins with.
Nothing here knows Dagster.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

from analytics_lib.errors import RequestError
from analytics_lib.runs.ledger import Slot
from analytics_lib.schedule import due_slots, slots_between

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from analytics_lib.runs.jobs import ScheduledJob

Day = int | tuple[int, int]
BY_DAY = "%Y-%m-%d"
BY_SLOT = "%Y-%m-%dT%H:%M%z"
_ANY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)
_ALL: Mapping[str, AbstractSet[Day]] = {
    "{} * *": set(range(1, 32)),
    "* {} *": set(range(1, 13)),
    "* * {}": set(range(7)),
}


@dataclass(frozen=True)
class Windows:
    """The windows of a job's partitions.

    Attributes:
        cron: Begins a window, on the job's clock.
        key_format: Names a window by its beginning.
        excluded: Cron expressions of the windows that hold no slot.
    """

    cron: str
    key_format: str
    excluded: tuple[str, ...] = ()

    @property
    def by_day(self) -> bool:
        """Whether each partition is one day."""
        return self.key_format == BY_DAY


def windows_of(job: ScheduledJob) -> Windows:
    """The windows of a job's partitions: days without a slot are left out of them."""
    return _windows(job.cron)


@functools.cache
def _windows(cron: str) -> Windows:
    sim = CronSim(cron, _ANY)
    chosen: dict[str, AbstractSet[Day]] = {"{} * *": sim.days, "* {} *": sim.months, "* * {}": _weekdays(sim)}
    # The last day, a third Friday, or "the 1st and every Monday" have no expression of all other days.
    plain = sim.day_and and all(
        isinstance(one, int) and one >= 0 for field in chosen.values() for one in field
    )
    if len(sim.minutes) * len(sim.hours) > 1 or not plain:
        return Windows(cron, BY_SLOT)
    others = {form: sorted(_ALL[form] - found) for form, found in chosen.items()}
    excluded = ["0 0 " + form.format(",".join(map(str, left))) for form, left in others.items() if left]
    return Windows("0 0 * * *", BY_DAY, tuple(excluded))


def _weekdays(sim: CronSim) -> set[Day]:
    """Sunday is 0, though it may be written 7; a third Friday is a pair."""
    return {day % 7 if isinstance(day, int) else day for day in sim.weekdays}


def key_of(job: ScheduledJob, moment: dt.datetime) -> str:
    """The name of the partition of a slot."""
    return moment.astimezone(ZoneInfo(job.time_zone)).strftime(windows_of(job).key_format)


def slot_of(job: ScheduledJob, key: str) -> dt.datetime:
    """The slot that a partition stands for, UTC.

    Raises:
        RequestError: If the job has no slot then.
    """
    windows = windows_of(job)
    begin = _begin_of(key, windows.key_format)
    if begin is None:
        raise RequestError(f"{key!r} names no partition of {job.name}; expected {windows.key_format}.")
    if windows.by_day:
        begin = begin.replace(tzinfo=ZoneInfo(job.time_zone))
    # The next midnight of the wall clock: a day may have 23 or 25 hours.
    last = begin + _DAY - _SECOND if windows.by_day else begin
    found = next(slots_between(job, begin - _SECOND, last.astimezone(dt.UTC)), None)
    if found is None:
        raise RequestError(
            f"{job.name} has no slot for {key}; its schedule is {job.cron!r} ({job.time_zone})."
        )
    return found


def _begin_of(key: str, key_format: str) -> dt.datetime | None:
    try:
        begin = dt.datetime.fromisoformat(key)
    except ValueError:
        return None
    return begin if begin.strftime(key_format) == key else None


def names_between(job: ScheduledJob, since: dt.date, until: dt.date) -> set[str]:
    """The names of the partitions of a job's slots from one day up to, but not on, another."""
    begin, end = (dt.datetime.combine(day, dt.time(), ZoneInfo(job.time_zone)) for day in (since, until))
    found = slots_between(job, begin - _SECOND, (end - _SECOND).astimezone(dt.UTC))
    return {key_of(job, slot_at) for slot_at in found}


def is_made_up_for(job: ScheduledJob, slot_at: dt.datetime, *, now: dt.datetime) -> bool:
    """Whether a slot that has come is still to be run, by the job's ``catch_up``; as the scheduler has it."""
    before = Slot(job.name, slot_at - _SECOND, "succeeded", attempt=1, run=None, reason=None)
    return slot_at in due_slots(job, before, now)[0]
