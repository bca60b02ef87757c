"""Every way of writing an instant is read to the same instant; what is no time is marked."""

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import ContractError
from analytics_lib.moments import local_times, parse_times

TEN = dt.datetime(2024, 5, 12, 15, tzinfo=dt.UTC)


def read(*values, zone="America/Bogota", kind=None):
    return parse_times(pa.array(values, kind), time_zone=zone)


def instant(value, zone="America/Bogota"):
    parsed = read(value, zone=zone)
    assert parsed.bad.to_pylist() == [False]
    return parsed.at.to_pylist()[0]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-12T15:00:00Z",
        "2024-05-12T20:00:00+05:00",
        "2024-05-12T10:00:00-0500",
        "2024-05-12T10:00:00-05",
        "2024-05-12 15:00:00.000Z",
        "2024-05-12t15:00z",
        "2024-05-12 15:00:00 UTC",
        "1715526000",
        "1715526000.0",
        "1715526000000",
        "1715526000000000",
        "1715526000000000000",
        " 2024-05-12T15:00:00Z\n",
    ],
)
def test_instant_is_read_whatever_its_spelling(text):
    assert instant(text) == TEN
    assert read(text).naive.to_pylist() == [False]


@pytest.mark.parametrize("text", ["2024-05-12 10:00:00", "2024-05-12T10:00", "2024-05-12T10:00:00.000000"])
def test_time_without_zone_is_taken_in_the_zone_given(text):
    assert instant(text) == TEN
    assert read(text).naive.to_pylist() == [True]


def test_date_is_midnight_in_the_zone_given():
    assert instant("2024-05-12") == dt.datetime(2024, 5, 12, 5, tzinfo=dt.UTC)


def test_hour_24_is_midnight_of_the_next_day():
    assert instant("2024-02-28T24:00:00Z") == dt.datetime(2024, 2, 29, tzinfo=dt.UTC)


def test_second_60_is_the_last_millisecond_of_its_minute():
    assert instant("2016-12-31T23:59:60Z") == dt.datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=dt.UTC)


def test_digits_beyond_the_microsecond_are_cut():
    assert instant("2024-05-12T15:00:00.1234569Z") == TEN.replace(microsecond=123_456)


def test_leap_day_exists_in_leap_years_only():
    assert instant("2024-02-29T15:00:00Z") == dt.datetime(2024, 2, 29, 15, tzinfo=dt.UTC)
    assert read("2023-02-29T15:00:00Z").bad.to_pylist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024-02-30T10:00:00Z",
        "2024-13-01T10:00:00Z",
        "2024-05-12T24:00:01Z",
        "2024-05-12T25:00:00Z",
        "2024-05-12T10:61:00Z",
        "2024-05-12T10:00:61Z",
        "2024-05-12T10:00:00+99:00",
        "0000-01-01",
        "9999-12-31T23:00:00-05:00",
        "12/05/2024",
        "yesterday",
        "1.7E+09",
        "99999999999999999999",
        "",
    ],
)
def test_what_is_no_time_is_marked_and_null(text):
    parsed = read(text)
    assert (parsed.at.to_pylist(), parsed.bad.to_pylist()) == ([None], [True])
    assert parsed.naive.to_pylist() == [False]


def test_null_is_neither_read_nor_bad():
    parsed = read(None, "2024-05-12T15:00:00Z")
    assert parsed.at.to_pylist() == [None, TEN]
    assert parsed.bad.to_pylist() == [False, False]
    assert read(None, kind=pa.null()).bad.to_pylist() == [False]


@pytest.mark.parametrize("number", [1715526000, 1715526000000, 1715526000000000, 1715526000000000000])
@pytest.mark.parametrize("kind", [int, float])
def test_size_of_a_number_decides_its_unit(number, kind):
    parsed = read(kind(number), None)
    assert parsed.at.to_pylist() == [TEN, None]
    assert parsed.bad.to_pylist() == [False, False]


def test_numbers_keep_their_fraction_and_refuse_what_is_none():
    parsed = read(1715526000.25, float("nan"), float("inf"), -0.5, kind=pa.float64())
    before_1970 = dt.datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=dt.UTC)
    assert parsed.at.to_pylist() == [TEN.replace(microsecond=250_000), None, None, before_1970]
    assert parsed.bad.to_pylist() == [False, True, True, False]
    assert instant("1715526000.25") == TEN.replace(microsecond=250_000)
    assert instant("-0.5") == before_1970


def test_timestamps_of_arrow_keep_their_zone_or_take_the_one_given():
    aware = parse_times(pa.array([TEN, None], pa.timestamp("ns", "America/Bogota")), time_zone="Asia/Tokyo")
    naive = parse_times(pa.array([TEN.replace(tzinfo=None)], pa.timestamp("s")), time_zone="America/Bogota")
    assert (aware.at.to_pylist(), aware.naive.to_pylist()) == ([TEN, None], [False, False])
    assert (naive.at.to_pylist(), naive.naive.to_pylist()) == ([TEN.replace(hour=20)], [True])


def test_timestamp_beyond_the_year_9999_is_bad():
    far = pa.array([2**62], pa.int64()).cast(pa.timestamp("s"))
    assert parse_times(far, time_zone="UTC").bad.to_pylist() == [True]


def test_dates_of_arrow_are_midnights():
    assert read(dt.date(2024, 5, 12)).at.to_pylist() == [dt.datetime(2024, 5, 12, 5, tzinfo=dt.UTC)]


def test_column_that_holds_no_times_is_refused():
    with pytest.raises(ContractError, match="binary"):
        read(b"2024-05-12")


def test_chunks_and_dictionaries_are_read_like_plain_columns():
    texts = pa.array(["2024-05-12T15:00:00Z", None])
    chunked = parse_times(pa.chunked_array([texts, texts]), time_zone="UTC")
    coded = parse_times(texts.dictionary_encode(), time_zone="UTC")
    assert chunked.at.to_pylist() == [TEN, None, TEN, None]
    assert coded.at.to_pylist() == [TEN, None]


@settings(deadline=None)
@given(
    st.datetimes(
        timezones=st.just(dt.UTC)
        | st.builds(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)), st.integers(-839, 839))
    ),
    st.sampled_from("T "),
)
def test_iso_text_is_read_as_python_reads_it(moment, separator):
    text = moment.isoformat(separator)
    parsed = read(text)
    try:
        expected = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except OverflowError:  # the offset leads out of the years 1 to 9999
        expected = None
    assert parsed.at.to_pylist() == [expected]
    assert parsed.bad.to_pylist() == [expected is None]


@settings(deadline=None)
@given(st.lists(st.text("0123456789-:T Z+.", max_size=30), max_size=5))
def test_any_text_is_either_read_or_marked(texts):
    parsed = parse_times(pa.array(texts, pa.string()), time_zone="UTC")
    assert [at is None for at in parsed.at.to_pylist()] == parsed.bad.to_pylist()


# Colombia put its clocks forward at midnight of 3 May 1992 and back at midnight of 4 April 1993.
@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("1992-05-02T23:59:59", dt.datetime(1992, 5, 3, 4, 59, 59, tzinfo=dt.UTC)),
        ("1992-05-03T01:00:00", dt.datetime(1992, 5, 3, 5, tzinfo=dt.UTC)),
        ("1992-12-24T12:00:00", dt.datetime(1992, 12, 24, 16, tzinfo=dt.UTC)),
        ("1993-04-05T12:00:00", dt.datetime(1993, 4, 5, 17, tzinfo=dt.UTC)),
    ],
)
def test_summer_time_of_colombia_is_known(wall, utc):
    assert instant(wall) == utc


# Chile skipped 2023-09-03 00:00-01:00 and showed 2023-04-01 23:00-24:00 twice.
def test_skipped_hour_moves_to_the_end_of_the_gap():
    assert instant("2023-09-03T00:30:00", "America/Santiago") == dt.datetime(2023, 9, 3, 4, tzinfo=dt.UTC)


def test_of_a_repeated_hour_the_first_is_taken():
    assert instant("2023-04-01T23:30:00", "America/Santiago") == dt.datetime(2023, 4, 2, 2, 30, tzinfo=dt.UTC)


def test_last_millisecond_of_a_day_stays_in_that_day():
    at = pa.array(
        [
            dt.datetime(2024, 5, 13, 4, 59, 59, 999_000, tzinfo=dt.UTC),
            dt.datetime(2024, 5, 13, 5, tzinfo=dt.UTC),
        ],
        pa.timestamp("us", "UTC"),
    )
    local = local_times(at, "America/Bogota")
    assert local.type == pa.timestamp("us")
    assert [wall.day for wall in local.to_pylist()] == [12, 13]


@settings(deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.sampled_from(["America/Bogota", "America/Santiago"]),
)
def test_wall_clock_is_the_one_python_shows(seconds, zone):
    at = pa.array([seconds * 1_000_000, None], pa.timestamp("us", "UTC"))
    expected = dt.datetime.fromtimestamp(seconds, ZoneInfo(zone)).replace(tzinfo=None)
    assert local_times(at, zone).to_pylist() == [expected, None]
