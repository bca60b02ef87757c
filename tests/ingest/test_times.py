"""One parser for every writing of a time, and what is held to be plausible."""

import os

import pandas as pd
import pytest
from workshop import CONTRACT, NOW, conversation, message, order

from analytics_lib.ingest import Source

BOGOTA = Source("contract", time_zone="America/Bogota")


def ingest_messages(shop, *records, **more):
    return shop.ingest(shop.write("messages.ndjson", list(records)), **more)


def at(text):
    return pd.Timestamp(text, tz="UTC")


def test_a_conversation_that_ends_a_little_before_it_starts_ends_when_it_starts(shop):
    """F29: clocks up to five seconds apart."""
    rows = [
        conversation(1, ended_at="2026-06-01T10:00:55Z"),
        conversation(2, ended_at="2026-06-01T10:02:00Z"),
    ]
    report = shop.ingest(shop.write("conversations.ndjson", rows))
    assert report.flags == {"SKEW": 1}
    (skewed, exact) = shop.rows("conversations", "ended_at", order="conversation_id")
    assert (skewed["ended_at"], exact["ended_at"]) == (at("2026-06-01 10:01:00"), at("2026-06-01 10:02:00"))


def test_a_conversation_that_ends_long_before_it_starts_is_kept_as_it_is_and_counted(shop):
    """F30."""
    report = shop.ingest(
        shop.write("conversations.ndjson", [conversation(1, ended_at="2026-06-01T10:00:54Z")])
    )
    assert (report.accepted, report.flags) == (1, {"NEG_DURATION": 1})
    assert shop.rows("conversations", "ended_at") == [{"ended_at": at("2026-06-01 10:00:54")}]


TIMES = {
    "2026-07-01T12:10:00Z": None,
    "2026-07-02T12:00:00Z": None,
    "2026-07-02T12:00:01Z": "FUTURE",
    "2036-07-01T12:00:00Z": "FUTURE",
    "2100-12-31T23:59:59Z": "FUTURE",
    "2101-01-01T00:00:00Z": "TS_RANGE",
    "9999-12-31T00:00:00Z": "TS_RANGE",
    "0001-01-01T00:00:00Z": "TS_RANGE",
    "1999-12-31T23:59:59Z": "TS_RANGE",
    "2000-01-01T00:00:00Z": None,
    "2026-02-30T00:00:00Z": "BAD_TIME",
    "yesterday": "BAD_TIME",
}


@pytest.mark.parametrize(("text", "code"), TIMES.items())
def test_a_time_beyond_a_day_from_now_or_out_of_this_century_is_quarantined(shop, text, code):
    """F31, F32: `now` is noon of 1 July 2026."""
    report = ingest_messages(shop, message(1, sent_at=text))
    assert report.codes == ({code: 1} if code else {})


def test_any_time_of_a_row_is_held_to_the_same_limits(shop):
    """F31."""
    report = ingest_messages(shop, message(1, updated_at="2036-01-01T00:00:00Z"))
    assert report.codes == {"FUTURE": 1}


WRITINGS = {
    "2026-06-01T10:00:00-05:00": "2026-06-01 15:00",
    "2026-06-01 10:00": "2026-06-01 15:00",
    "2026-06-01T24:00:00": "2026-06-02 05:00",
    "2026-06-01T10:00:60Z": "2026-06-01 10:00:59.999",
    1_780_000_000: "2026-05-28 20:26:40",
    1_780_000_000_000: "2026-05-28 20:26:40",
    1_780_000_000_000_000_000: "2026-05-28 20:26:40",
    1_780_000_000.5: "2026-05-28 20:26:40.5",
    "1780000000": "2026-05-28 20:26:40",
}


def test_one_parser_reads_every_writing_of_a_time(shop):
    """F32: naive times are of the source's zone, five hours behind UTC."""
    records = [message(place, message_id=str(place), sent_at=text) for place, text in enumerate(WRITINGS)]
    report = ingest_messages(shop, *records, source=BOGOTA)
    assert (report.accepted, report.flags) == (9, {"NAIVE_TIME": 2})
    got = [row["sent_at"] for row in shop.rows("messages", "sent_at", order="message_id")]
    assert got == [at(text) for text in WRITINGS.values()]


def test_the_wall_clock_twin_is_of_the_business_zone(shop):
    """F33: the UTC day is not the local one."""
    ingest_messages(
        shop, message(1, sent_at="2026-06-02T04:59:59.999Z"), message(2, sent_at="2026-06-02T05:00:00Z")
    )
    days = [row["day"] for row in shop.rows("messages", "sent_local::date::varchar as day", order="sent_at")]
    assert days == ["2026-06-01", "2026-06-02"]


def test_rows_of_one_file_may_fall_into_any_month(shop):
    """F40: the last instant of a local month and the first of the next."""
    rows = [order(1, ordered_at="2026-05-01T04:59:59.999999Z"), order(2, ordered_at="2026-05-01T05:00:00Z")]
    shop.ingest(shop.write("orders.ndjson", rows))
    months = shop.query(
        "select date_trunc('month', ordered_local)::date::varchar as month, count(*) as n "
        "from orders group by 1 order by 1"
    )
    assert months.to_dict("list") == {"month": ["2026-04-01", "2026-05-01"], "n": [1, 1]}


def test_times_are_judged_by_the_moment_of_the_ingest_that_was_given(shop):
    """F31."""
    path = shop.write("messages.ndjson", [message(1, sent_at="2026-07-03T00:00:00Z")])
    assert shop.ingest(path, source=CONTRACT).codes == {"FUTURE": 1}
    later = NOW + pd.Timedelta(days=2)
    os.truncate(path, os.path.getsize(path) - 1)  # noqa: PTH202 - another content, the same record
    assert shop.ingest(path, now=later).accepted == 1
