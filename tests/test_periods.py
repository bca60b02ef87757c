import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.config import Settings
from analytics_lib.errors import RequestError
from analytics_lib.periods import check_period, day_of, local_moment, utc_moment, window

BOGOTA = Settings()
SANTIAGO = Settings(time_zone="America/Santiago")
ZONES = ("America/Bogota", "America/Santiago", "Europe/Madrid", "Asia/Kolkata", "UTC")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("ANALYTICS_TIME_ZONE", raising=False)


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def wall_clock(text):
    return dt.datetime.fromisoformat(text)


moments = st.datetimes(
    wall_clock("2000-01-02T00:00"), wall_clock("2099-12-30T00:00"), timezones=st.just(dt.UTC)
)


def test_date_is_midnight_in_bogota():
    assert utc_moment(dt.date(2026, 3, 1)) == utc(2026, 3, 1, 5)


def test_date_is_midnight_in_the_configured_zone(monkeypatch):
    monkeypatch.setenv("ANALYTICS_TIME_ZONE", "Asia/Kolkata")
    assert utc_moment(dt.date(2026, 3, 1)) == utc(2026, 2, 28, 18, 30)


def test_aware_datetime_keeps_its_instant():
    noon_in_madrid = dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Madrid"))
    assert utc_moment(noon_in_madrid) == utc(2026, 7, 1, 10)
    assert utc_moment(noon_in_madrid).tzinfo is dt.UTC


def test_naive_datetime_is_refused_with_what_to_give_instead():
    with pytest.raises(
        RequestError, match=r"2026, 3, 1, 9, 0\).*no time zone.*Give an aware datetime, or a date"
    ):
        utc_moment(wall_clock("2026-03-01T09:00"))


def test_text_is_refused():
    with pytest.raises(RequestError, match="'2026-03-01' is a str; expected a date or an aware datetime"):
        utc_moment("2026-03-01")


def test_local_moment_is_the_wall_clock_without_a_zone():
    assert local_moment(utc(2026, 3, 1, 3, 30), settings=BOGOTA) == wall_clock("2026-02-28T22:30")


def test_local_moment_of_a_date_is_its_midnight():
    assert local_moment(dt.date(2026, 3, 1), settings=BOGOTA) == wall_clock("2026-03-01T00:00")


def test_midnight_that_summer_time_skips_in_santiago_is_the_first_instant_of_the_day():
    # On 8 September 2024 clocks in Chile went from 24:00 straight to 01:00, UTC-4 to UTC-3.
    assert utc_moment(dt.date(2024, 9, 8), settings=SANTIAGO) == utc(2024, 9, 8, 4)


def test_day_on_which_summer_time_ends_in_santiago_has_25_hours():
    # Clocks went back from 24:00 to 23:00 at the end of 6 April 2024.
    day, next_day = dt.date(2024, 4, 6), dt.date(2024, 4, 7)
    length = utc_moment(next_day, settings=SANTIAGO) - utc_moment(day, settings=SANTIAGO)
    assert length == dt.timedelta(hours=25)


def test_window_gives_wall_clock_bounds():
    assert window(dt.date(2026, 3, 1), utc(2026, 3, 2, 5)) == {
        "since": wall_clock("2026-03-01T00:00"),
        "until": wall_clock("2026-03-02T00:00"),
    }


@pytest.mark.parametrize("until", [dt.date(2026, 3, 1), dt.date(2026, 2, 28)])
def test_window_that_is_empty_or_runs_backwards_is_refused(until):
    with pytest.raises(RequestError, match=rf"window \[2026-03-01, {until}\) is empty: since must be before"):
        window(dt.date(2026, 3, 1), until)


@pytest.mark.parametrize("period", ["hour", "day", "week", "month"])
def test_known_period_is_accepted(period):
    assert check_period(period) == period


@pytest.mark.parametrize("period", ["year", "Day", ""])
def test_unknown_period_is_refused_with_the_known_ones(period):
    with pytest.raises(RequestError, match=f"'{period}'. Expected one of hour, day, week, month"):
        check_period(period)


@given(moments, st.sampled_from(ZONES))
def test_instant_is_the_same_from_whatever_zone_it_is_given(moment, zone):
    assert utc_moment(moment.astimezone(ZoneInfo(zone)), settings=BOGOTA) == moment


@given(moments, st.sampled_from(ZONES))
def test_wall_clock_leads_back_to_the_instant_or_to_its_twin_an_hour_away(moment, zone):
    local = local_moment(moment, settings=Settings(time_zone=zone))
    readings = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    assert moment in readings


@given(st.dates(dt.date(2000, 1, 2), dt.date(2099, 12, 30)), st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap_or_overlap(day, zone):
    settings = Settings(time_zone=zone)
    length = utc_moment(day + dt.timedelta(days=1), settings=settings) - utc_moment(day, settings=settings)
    assert dt.timedelta(hours=23) <= length <= dt.timedelta(hours=25)


@given(st.dates(dt.date(2000, 1, 2), dt.date(2099, 12, 30)))
def test_midnight_in_bogota_is_always_five_in_utc(day):
    assert utc_moment(day, settings=BOGOTA) == dt.datetime.combine(day, dt.time(5), tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", dt.date(2026, 1, 31)),
        (dt.date(2026, 1, 31), dt.date(2026, 1, 31)),
        ("", None),
        (None, None),
    ],
)
def test_day_is_read_from_its_text_and_nothing_stays_nothing(text, day):
    assert day_of(text, "since") == day


def test_text_that_is_no_day_is_refused_by_the_name_of_its_parameter():
    with pytest.raises(RequestError, match="since is '31/01/2026'; expected a day such as 2026-01-31"):
        day_of("31/01/2026", "since")
