"""Where clocks are set forward or back, a day has 23 or 25 hours."""

import datetime as dt

import pandas as pd
import pytest
from small_world import chats, memory, number

from analytics_lib.metrics import CATALOG, measure


@pytest.fixture
def santiago(monkeypatch):
    monkeypatch.setenv("ANALYTICS_TIME_ZONE", "America/Santiago")


def in_santiago(*instants):
    times = pd.to_datetime(list(instants), utc=True)
    frame = chats(*({"at": "2026-01-01"} for _ in instants))
    local = times.tz_convert("America/Santiago").tz_localize(None)
    return memory(conversations=frame.assign(started_at=times, started_local=local))


def a_day(day):
    return {"since": day, "until": day + dt.timedelta(days=1)}


# Chile sets its clocks back at the end of 4 April 2026 and forward at the end of 5 September 2026.
@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2026, 4, 4), 25), (dt.date(2026, 9, 6), 23), (dt.date(2026, 7, 1), 24)]
)
def test_day_has_the_hours_that_pass(santiago, day, hours):
    noon = f"{day:%Y-%m-%d} 16:00"
    row = number(in_santiago(noon, noon), "conversations_per_hour", **a_day(day))
    assert (row["numerator"], row["denominator"]) == (2, hours)
    assert row["value"] == pytest.approx(2 / hours)


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 4, 4), 25), (dt.date(2026, 9, 6), 23)])
def test_day_as_a_period_has_the_same_hours(santiago, day, hours):
    store = in_santiago(f"{day:%Y-%m-%d} 16:00")
    frame = measure(store, CATALOG["conversations_per_hour"], period="day", **a_day(day))
    assert frame["denominator"].tolist() == [hours]


def test_day_begins_at_midnight_of_the_zone(santiago):
    # In January Chile is three hours behind UTC, in July four.
    store = in_santiago(
        "2026-01-10 02:59:59", "2026-01-10 03:00:00", "2026-07-10 03:59:59", "2026-07-10 04:00:00"
    )
    for day in (dt.date(2026, 1, 9), dt.date(2026, 1, 10), dt.date(2026, 7, 9), dt.date(2026, 7, 10)):
        assert number(store, "conversations", **a_day(day))["value"] == 1


def test_hour_that_comes_twice_is_counted_as_one_period_of_two_hours(santiago):
    # 23:30 comes twice on 4 April: at 02:30 UTC and at 03:30 UTC of the 5th.
    store = in_santiago("2026-04-05 02:30", "2026-04-05 03:30")
    frame = measure(store, CATALOG["conversations_per_hour"], period="hour", **a_day(dt.date(2026, 4, 4)))
    assert frame[["period", "numerator", "denominator"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-04-04 23:00"), 2, 2]
    ]


def test_bogota_has_24_hours_every_day():
    store = memory(conversations=chats({"at": "2026-04-04 10:00"}))
    row = number(store, "conversations_per_hour", **a_day(dt.date(2026, 4, 4)))
    assert row["value"] == pytest.approx(1 / 24)


def test_only_hours_that_had_passed_count():
    store = memory(conversations=chats({"at": "2026-04-04 10:00"}))
    noon = dt.datetime(2026, 4, 4, 17, tzinfo=dt.UTC)
    row = number(store, "conversations_per_hour", as_of=noon, **a_day(dt.date(2026, 4, 4)))
    assert (row["denominator"], row["complete"]) == (12, False)
