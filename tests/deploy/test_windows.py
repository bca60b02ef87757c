"""Slots as partitions, without Dagster."""

import datetime as dt

import pytest

from analytics_lib.errors import RequestError
from analytics_lib.runs.jobs import ScheduledJob
from deploy.windows import BY_SLOT, is_made_up_for, key_of, names_between, slot_of, windows_of


def job(cron, time_zone="America/Bogota", **more):
    return ScheduledJob("a", "a", cron=cron, time_zone=time_zone, **more)


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("cron", "excluded"),
    [
        ("30 5 * * *", ()),
        ("0 6 * * mon", ("0 0 * * 0,2,3,4,5,6",)),
        ("0 6 * * mon-sat", ("0 0 * * 0",)),
        ("0 6 * * 7", ("0 0 * * 1,2,3,4,5,6",)),
        ("0 6 3-31 * *", ("0 0 1,2 * *",)),
        ("0 6 3-31 2-12 *", ("0 0 1,2 * *", "0 0 * 1 *")),
    ],
)
def test_a_job_of_one_slot_a_day_has_the_days_it_comes_on(cron, excluded):
    windows = windows_of(job(cron))
    assert (windows.by_day, windows.cron, windows.excluded) == (True, "0 0 * * *", excluded)


@pytest.mark.parametrize("cron", ["0 * * * *", "0 6 1 * mon", "0 6 L * *", "0 6 * * 5#2", "0 6 LW * *"])
def test_any_other_job_has_the_windows_of_its_cron(cron):
    windows = windows_of(job(cron))
    assert (windows.cron, windows.key_format, windows.excluded) == (cron, BY_SLOT, ())


def test_a_day_names_the_slot_on_the_jobs_own_clock():
    late = job("30 22 * * *")
    # Half past ten in Bogotá is the next day in UTC.
    assert key_of(late, utc("2026-03-02T03:30")) == "2026-03-01"
    assert slot_of(late, "2026-03-01") == utc("2026-03-02T03:30")


def test_the_hour_that_comes_twice_is_two_partitions():
    hourly = job("0 * * * *", "America/New_York")
    # On 1 November 2026 New York has 1 o'clock twice.
    names = [key_of(hourly, utc(f"2026-11-01T0{hour}:00")) for hour in (5, 6)]
    assert names == ["2026-11-01T01:00-0400", "2026-11-01T01:00-0500"]
    assert [slot_of(hourly, name) for name in names] == [utc("2026-11-01T05:00"), utc("2026-11-01T06:00")]


def test_the_hour_that_is_left_out_keeps_its_day():
    # On 8 March 2026 New York has no half past two; the slot comes at three.
    assert slot_of(job("30 2 * * *", "America/New_York"), "2026-03-08") == utc("2026-03-08T07:00")


def test_a_day_without_a_slot_is_refused():
    with pytest.raises(RequestError, match="no slot for 2026-03-03; its schedule is '0 6 \\* \\* mon'"):
        slot_of(job("0 6 * * mon"), "2026-03-03")


@pytest.mark.parametrize("key", ["2026-03-03T06:00-0500", "monday"])
def test_what_is_no_name_of_a_partition_is_refused(key):
    with pytest.raises(RequestError, match="names no partition of a; expected %Y-%m-%d"):
        slot_of(job("0 6 * * mon"), key)


def test_a_stretch_of_days_holds_its_first_and_not_its_last():
    assert names_between(job("0 0 * * *"), dt.date(2026, 3, 1), dt.date(2026, 3, 3)) == {
        "2026-03-01",
        "2026-03-02",
    }


@pytest.mark.parametrize(
    ("most_missed", "hours_late", "run"),
    [(0, 0, True), (0, 1, False), (1, 1, True), (1, 23, True), (1, 25, False), (2, 25, True), (2, 49, False)],
)
def test_a_slot_found_late_is_made_up_for_as_the_job_says(most_missed, hours_late, run):
    daily = job("30 5 * * *", most_missed=most_missed)
    slot_at = slot_of(daily, "2026-03-01")
    now = slot_at + dt.timedelta(hours=hours_late, minutes=1)
    assert is_made_up_for(daily, slot_at, now=now) is run
