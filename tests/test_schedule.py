"""The scheduler on a clock of the test's own and a real ledger: every slot once, in order, as a job says."""

import datetime as dt
import itertools
import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from analytics_lib.runs.jobs import ScheduledJob
from analytics_lib.runs.ledger import Ledger
from analytics_lib.runs.record import RunRecord
from analytics_lib.schedule import Worker, due_slots, slots_between, work_off

BOGOTA = ZoneInfo("America/Bogota")
SIX_AM = dt.datetime(2026, 3, 2, 6, tzinfo=BOGOTA)  # a Monday
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def job(name="a", cron="0 6 * * *", **fields):
    return ScheduledJob(name, "small", cron=cron, **{"time_zone": "America/Bogota", **fields})


def record(due, status="succeeded", reason=None):
    at = due.slot_at.isoformat()
    return RunRecord(due.job.name, f"{due.job.name}-{due.attempt}", status, at, reason=reason, slot_at=at)


class Machine:
    """Runs slots in no time, as told, and writes down which, in the order they began."""

    def __init__(self, outputs, now, outcomes=()):
        self.ledger, self.now, self.outcomes, self.began = Ledger(outputs), now, dict(outcomes), []

    def run(self, due):
        self.began.append((due.job.name, due.slot_at.astimezone(BOGOTA), due.attempt))
        status, reason = self.outcomes.get((due.job.name, due.attempt), ("succeeded", None))
        return record(due, status, reason)

    def once(self, *jobs, now=None, **worker):
        """What begins when a scheduler looks once."""
        self.now, self.began = now or self.now, []
        made = Worker(run=self.run, now=lambda: self.now, **worker)
        self.bad = work_off(list(jobs), ledger=self.ledger, worker=made, once=True)
        return self.began


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, SIX_AM)


def state(machine, name, at):
    return machine.ledger.newest(name, at=at).state


def test_a_job_that_never_ran_is_due_at_once_by_its_last_slot(machine):
    assert machine.once(job(), now=SIX_AM + 3 * HOUR) == [("a", SIX_AM, 1)]


def test_a_slot_runs_once_however_often_somebody_looks(machine):
    assert machine.once(job()) == [("a", SIX_AM, 1)]
    assert machine.once(job()) == []
    assert machine.once(job(), now=SIX_AM + 23 * HOUR) == []
    assert machine.once(job(), now=SIX_AM + DAY) == [("a", SIX_AM + DAY, 1)]


@pytest.mark.parametrize(
    ("most_missed", "hours_run"), [(0, []), (1, [12]), (3, [10, 11, 12]), (100, [7, 8, 9, 10, 11, 12])]
)
def test_after_six_hours_asleep_each_policy_holds(machine, most_missed, hours_run):
    hourly = job(cron="0 * * * *", most_missed=most_missed)
    machine.once(hourly)
    began = machine.once(hourly, now=SIX_AM + 6 * HOUR + 0.5 * HOUR)
    assert [at.hour for _, at, _ in began] == hours_run


def test_what_is_not_made_up_for_is_written_down_as_skipped(machine):
    hourly = job(cron="0 * * * *")
    machine.once(hourly)
    machine.once(hourly, now=SIX_AM + 3 * HOUR)
    slots = [machine.ledger.newest("a", at=SIX_AM + n * HOUR) for n in (1, 2, 3)]
    assert [(slot.state, slot.reason) for slot in slots] == [
        ("skipped", "missed"),
        ("skipped", "missed"),
        ("succeeded", None),
    ]


def test_a_slot_found_minutes_late_was_not_missed(machine):
    hourly = job(cron="0 * * * *", most_missed=0)
    machine.once(hourly)
    assert machine.once(hourly, now=SIX_AM + HOUR + dt.timedelta(minutes=9)) == [("a", SIX_AM + HOUR, 1)]


def test_a_clock_that_is_set_back_begins_nothing_twice(machine):
    hourly = job(cron="0 * * * *")
    machine.once(hourly)
    assert machine.once(hourly, now=SIX_AM - 2 * HOUR) == [("a", SIX_AM - 2 * HOUR, 1)]
    assert machine.once(hourly, now=SIX_AM) == []


def test_a_clock_that_ran_ahead_for_a_while_keeps_nothing_from_running(machine):
    hourly = job(cron="0 * * * *")
    machine.once(hourly, now=SIX_AM + 3650 * DAY)
    machine.once(hourly, now=SIX_AM)
    assert machine.once(hourly, now=SIX_AM + HOUR) == [("a", SIX_AM + HOUR, 1)]


@pytest.mark.parametrize(
    ("reason", "attempts"), [("kernel_died", [1, 2, 3]), ("cell_error", [1]), ("contract", [1])]
)
def test_only_what_the_job_names_is_tried_again(machine, reason, attempts):
    machine.outcomes = {("a", attempt): ("failed", reason) for attempt in (1, 2, 3, 4)}
    began = machine.once(job(retries={"kernel_died": 2}))
    assert [attempt for _, _, attempt in began] == attempts
    assert [bad.reason for bad in machine.bad] == [reason]


def test_a_run_that_succeeds_at_last_is_not_counted_as_bad(machine):
    machine.outcomes = {("a", 1): ("timed_out", None)}
    assert [attempt for *_, attempt in machine.once(job(retries={"timed_out": 1}))] == [1, 2]
    assert machine.bad == []


def test_a_job_waits_for_those_before_it(machine):
    jobs = [job("last", cron="5 6 * * *", after=("first", "second")), job("first"), job("second")]
    now = SIX_AM + HOUR
    assert [name for name, *_ in machine.once(*jobs, now=now, at_once=3)] == ["first", "second", "last"]


def test_a_job_after_one_that_failed_is_skipped_and_says_why(machine):
    machine.outcomes = {("first", 1): ("failed", "cell_error")}
    jobs = [job("last", cron="5 6 * * *", after=("first",)), job("first")]
    assert [name for name, *_ in machine.once(*jobs, now=SIX_AM + HOUR)] == ["first"]
    slot = machine.ledger.newest("last", at=SIX_AM + HOUR)
    assert (slot.state, slot.reason) == ("skipped", "first failed")


def test_a_job_waits_while_the_one_before_it_is_tried_again(machine):
    machine.outcomes = {("first", 1): ("failed", "kernel_died")}
    first = job("first", retries={"kernel_died": 1})
    began = machine.once(job("last", cron="5 6 * * *", after=("first",)), first, now=SIX_AM + HOUR)
    assert [(name, attempt) for name, _, attempt in began] == [("first", 1), ("first", 2), ("last", 1)]


def test_a_job_never_runs_beside_itself(tmp_path):
    running, most = 0, 0
    lock, busy = threading.Lock(), threading.Event()

    def run(due):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        busy.wait(0.05)
        with lock:
            running -= 1
        return record(due)

    hourly, ledger = job(cron="0 * * * *", most_missed=5), Ledger(tmp_path)
    for now in (SIX_AM, SIX_AM + 5 * HOUR):
        work_off([hourly], ledger=ledger, worker=Worker(run=run, now=lambda now=now: now), once=True)
    assert most == 1
    assert ledger.newest("a", at=SIX_AM + 5 * HOUR).state == "succeeded"


@pytest.mark.parametrize(("peak_mb", "side_by_side"), [(10.0, 3), (1e9, 1)])
def test_runs_side_by_side_are_as_many_as_memory_allows(tmp_path, peak_mb, side_by_side):
    running, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def run(due):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.1)
        with lock:
            running -= 1
        return record(due)

    jobs = [job(name) for name in ("a", "b", "c")]
    worker = Worker(run=run, now=lambda: SIX_AM, at_once=3, peaks_mb=dict.fromkeys(("a", "b", "c"), peak_mb))
    work_off(jobs, ledger=Ledger(tmp_path), worker=worker, once=True)
    assert most == side_by_side


class Looking(Machine):
    """A machine on which each run looks at what waits, in the ledger."""

    def run(self, due):
        self.looked = getattr(self, "looked", [])
        self.told.wait(5)
        self.looked.append([(slot.job, slot.reason) for slot in self.ledger.queued(now=self.now)])
        return super().run(due)

    def once(self, *jobs, **worker):
        self.told = threading.Event()
        return super().once(*jobs, on_queue=lambda _: self.told.set(), **worker)


@pytest.mark.parametrize(
    ("worker", "lacking"),
    [({"at_once": 1}, "no_place"), ({"at_once": 2, "peaks_mb": {"a": 1e9}}, "no_memory")],
)
def test_what_has_no_room_is_queued_and_then_runs(tmp_path, worker, lacking):
    machine = Looking(tmp_path, SIX_AM)
    assert [name for name, *_ in machine.once(job("a"), job("b"), **worker)] == ["a", "b"]
    assert machine.looked == [[("b", lacking)], []]
    assert (state(machine, "a", SIX_AM), state(machine, "b", SIX_AM)) == ("succeeded", "succeeded")


def test_what_waits_for_another_job_is_queued_and_then_skipped_if_that_fails(tmp_path):
    machine = Looking(tmp_path, SIX_AM, {("first", 1): ("failed", "cell_error")})
    machine.once(job("first"), job("last", after=("first",)))
    assert machine.looked == [[("last", "after first")]]
    assert state(machine, "last", SIX_AM) == "skipped"
    assert machine.ledger.queued(now=SIX_AM) == []


def test_asleep_while_slots_waited_each_policy_holds_as_if_they_had_not(tmp_path):
    """A scheduler that had 7:00 waiting is killed; the next, at 12:30, makes up for the newest slot only."""
    machine = Machine(tmp_path, SIX_AM)
    hourly = job(cron="0 * * * *")
    machine.once(hourly)
    killed = Ledger(tmp_path)
    killed.owner = f"{machine.ledger.owner.split()[0]} 1 1.0"
    killed.queue({("a", SIX_AM + HOUR): "no_place"}, now=SIX_AM + HOUR)
    assert machine.once(hourly, now=SIX_AM + 6.5 * HOUR) == [("a", SIX_AM + 6 * HOUR, 1)]
    assert [state(machine, "a", SIX_AM + n * HOUR) for n in (1, 5, 6)] == ["skipped", "skipped", "succeeded"]


def test_a_slot_missed_while_it_waited_here_is_skipped(tmp_path):
    """Of an hourly job with no room for two hours only the newest slot is made up for."""
    machine = Machine(tmp_path, SIX_AM)
    hourly = job(cron="0 * * * *")
    machine.once(hourly)
    machine.ledger.queue({("a", SIX_AM + HOUR): "no_place"}, now=SIX_AM + HOUR)
    assert machine.once(hourly, now=SIX_AM + 2 * HOUR) == [("a", SIX_AM + 2 * HOUR, 1)]
    assert state(machine, "a", SIX_AM + HOUR) == "skipped"


def test_a_slot_cancelled_while_it_waits_is_not_run_and_the_next_one_is(tmp_path):
    machine = Looking(tmp_path, SIX_AM)

    def run(due):
        if due.job.name == "a":
            machine.told.wait(5)
            assert [machine.ledger.cancel(slot) for slot in machine.ledger.queued(now=SIX_AM)] == [True]
        return Machine.run(machine, due)

    machine.run = run
    assert [name for name, *_ in machine.once(job("a"), job("b"), at_once=1)] == ["a"]
    assert state(machine, "b", SIX_AM) == "cancelled"
    machine.run = lambda due: Machine.run(machine, due)
    assert [name for name, *_ in machine.once(job("b"), now=SIX_AM + DAY)] == ["b"]


def test_an_interrupt_leaves_nothing_waiting(tmp_path):
    stopping, ledger = threading.Event(), Ledger(tmp_path)

    def interrupt(waits):
        assert waits == {("b", SIX_AM.astimezone(dt.UTC)): "no_place"}
        raise KeyboardInterrupt

    def run(due):
        assert stopping.wait(30)
        return record(due, "cancelled")

    worker = Worker(run=run, now=lambda: SIX_AM, stopping=stopping, at_once=1, on_queue=interrupt)
    with pytest.raises(KeyboardInterrupt):
        work_off([job("a"), job("b")], ledger=ledger, worker=worker, once=False)
    assert ledger.queued(now=SIX_AM) == []
    assert (ledger.newest("a", at=SIX_AM).state, ledger.newest("b", at=SIX_AM)) == ("cancelled", None)


def test_an_interrupt_ends_what_runs_and_writes_it_down(tmp_path):
    stopping, ledger = threading.Event(), Ledger(tmp_path)
    clock = itertools.count()

    def now():
        if next(clock) > 4:
            raise KeyboardInterrupt
        return SIX_AM

    def run(due):
        assert stopping.wait(30)
        return record(due, "cancelled")

    worker = Worker(run=run, now=now, stopping=stopping)
    with pytest.raises(KeyboardInterrupt):
        work_off([job()], ledger=ledger, worker=worker, once=False)
    assert ledger.newest("a", at=SIX_AM).state == "cancelled"


def test_slots_of_a_stretch_are_half_open_at_its_start(machine):
    found = slots_between(job(), SIX_AM, SIX_AM + 2 * DAY)
    assert [at.astimezone(BOGOTA) for at in found] == [SIX_AM + DAY, SIX_AM + 2 * DAY]


def test_weekdays_are_those_of_their_names():
    # 2 March 2026 was a Monday; cron counts Sunday as 0 and as 7.
    for written in ("mon", "1"):
        (at,) = slots_between(job(cron=f"0 6 * * {written}"), SIX_AM - DAY, SIX_AM + 6 * DAY)
        assert at == SIX_AM


def test_day_of_month_or_weekday_is_enough_as_in_cron():
    found = slots_between(job(cron="0 6 5 * mon"), SIX_AM - HOUR, SIX_AM + 6 * DAY)
    assert [at.astimezone(BOGOTA).day for at in found] == [2, 5]


SANTIAGO = "America/Santiago"
# There the clock went from 24:00 of 5 September 2026 to 1:00, and from 24:00 of 4 April back to 23:00.
GAP = dt.datetime(2026, 9, 4, 12, tzinfo=ZoneInfo(SANTIAGO))
OVERLAP = dt.datetime(2026, 4, 3, 12, tzinfo=ZoneInfo(SANTIAGO))


@pytest.mark.parametrize(("cron", "start"), [("30 0 * * *", GAP), ("30 23 * * *", OVERLAP)])
def test_a_daily_job_comes_once_a_day_also_when_clocks_are_set(cron, start):
    days = slots_between(job(cron=cron, time_zone=SANTIAGO), start, start + 4 * DAY)
    local = [at.astimezone(ZoneInfo(SANTIAGO)).date() for at in days]
    assert len(local) == 4
    assert local == sorted(set(local))


@pytest.mark.parametrize(("start", "hours"), [(GAP, 23), (OVERLAP, 25)])
def test_an_hourly_job_comes_every_hour_that_passes(start, hours):
    """From noon to noon over the change of clocks there are 23 or 25 hours."""
    noon = start + DAY
    found = list(slots_between(job(cron="0 * * * *", time_zone=SANTIAGO), start, noon + DAY))
    gaps = {later - earlier for earlier, later in itertools.pairwise(found)}
    assert gaps == {HOUR}
    assert len([at for at in found if at > noon.astimezone(dt.UTC)]) == hours


def test_nothing_is_due_before_the_first_slot_after_the_newest():
    newest = type("S", (), {"slot_at": SIX_AM.astimezone(dt.UTC)})
    assert due_slots(job(), newest, SIX_AM + 23 * HOUR) == ([], [])


def test_a_job_of_another_zone_comes_by_its_own_clock(machine):
    madrid = replace(job(), time_zone="Europe/Madrid")
    ((_, at, _),) = machine.once(madrid, now=SIX_AM)
    assert at.astimezone(ZoneInfo("Europe/Madrid")).hour == 6
