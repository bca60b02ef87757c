"""Moments are UTC; their twins are what the clock on the shop's wall showed."""

import datetime as dt

import pandas as pd
import pytest
from store_rows import append, ask, frame, message

from analytics_lib.config import Settings
from analytics_lib.store import Store

TIMES = "select sent_at, sent_local from messages order by message_id"


def stored_twin(root, moment, zone="America/Bogota"):
    with Store.open(root, settings=Settings(time_zone=zone)) as store:
        store.append("messages", frame(message("m1", sent_at=moment)))
    ((_, local),) = ask(root, TIMES)
    return local


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2024-06-01T04:59:59.999Z", "2024-05-31 23:59:59.999"),
        ("2024-06-01T05:00:00Z", "2024-06-01 00:00:00"),
        ("2024-05-31T23:59:59.999999-05:00", "2024-05-31 23:59:59.999999"),
        # The clock of Bogotá was an hour ahead from May 1992 to April 1993.
        ("1992-12-01T04:30:00Z", "1992-12-01 00:30:00"),
        ("1993-12-01T04:30:00Z", "1993-11-30 23:30:00"),
    ],
)
def test_twin_is_the_wall_clock_of_bogota(root, utc, wall):
    assert stored_twin(root, utc) == pd.Timestamp(wall)


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2024-01-15T03:30:00Z", "2024-01-15 00:30:00"),  # summer, UTC-3
        ("2024-07-15T03:30:00Z", "2024-07-14 23:30:00"),  # winter, UTC-4
        ("2024-04-07T02:30:00Z", "2024-04-06 23:30:00"),  # shown for the first time that night
        ("2024-04-07T03:30:00Z", "2024-04-06 23:30:00"),  # and, the clock set back, again
    ],
)
def test_twin_follows_summer_time_in_santiago(root, utc, wall):
    assert stored_twin(root, utc, zone="America/Santiago") == pd.Timestamp(wall)


def test_month_of_a_row_is_that_of_its_wall_clock(root):
    append(root, "messages", message("m1", sent_at="2024-06-01T04:59:59.999Z"))
    assert [folder.name for folder in (root / "messages").glob("month=*")] == ["month=2024-05-01"]


def test_naive_time_in_a_frame_is_utc(root):
    naive = dt.datetime(2024, 5, 12, 3)  # noqa: DTZ001 - what the test is about
    append(root, "messages", message("m1", sent_at=naive), message("m2", sent_at="2024-05-12 03:00:00"))
    expected = (pd.Timestamp("2024-05-12 03:00", tz="UTC"), pd.Timestamp("2024-05-11 22:00"))
    assert ask(root, TIMES) == [expected, expected]


def test_offsets_of_one_column_may_differ(root):
    bogota = dt.datetime(2024, 5, 12, 7, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    append(root, "messages", message("m1", sent_at=bogota), message("m2", sent_at=bogota.astimezone(dt.UTC)))
    assert {row[0] for row in ask(root, TIMES)} == {pd.Timestamp("2024-05-12 12:00", tz="UTC")}


def test_given_twin_is_kept_and_an_absent_one_is_made(root):
    wall = pd.Timestamp("2024-05-12 08:15")
    rows = frame(message("m1", sent_local=wall), message("m2", sent_local=None))
    rows["sent_local"] = pd.to_datetime(rows["sent_local"]).astype("datetime64[ns]")
    with Store.open(root) as store:
        assert store.append("messages", rows).accepted == 2
    assert [row[1] for row in ask(root, TIMES)] == [wall, pd.Timestamp("2024-05-12 07:00")]


def test_twin_in_memory_is_utc():
    with Store.in_memory(messages=frame(message("m1", sent_at="2024-06-01T04:59:59Z"))) as store:
        assert store.query(TIMES).sent_local[0] == pd.Timestamp("2024-06-01 04:59:59")


def test_time_that_is_none_is_quarantined(root):
    given = ["2024-02-30T10:00:00Z", "mañana", True, ["2024-05-12"]]
    for key, value in enumerate(given):
        append(root, "messages", message(f"m{key}", sent_at=value))
    assert ask(root, "select code, count(*) from quarantine group by 1") == [("BAD_TIME", 4)]
    assert ask(root, TIMES) == []
