"""How many conversations are open at once: now, and at most."""

import datetime as dt

import pandas as pd
import pytest
from small_world import MARCH, aware, chats, memory, number, said, talk

from analytics_lib.metrics import CATALOG, measure

D = "2026-03-02 "


def open_between(*spans, **columns):
    """Conversations ``(start, end)`` of the day; end None = still open."""
    rows = (
        {"at": D + start, "end": end and D + end, "user_id": f"u{i}", **columns}
        for i, (start, end) in enumerate(spans)
    )
    return memory(conversations=chats(*rows))


def peak(*spans, **asked):
    return number(open_between(*spans), "peak_concurrency", **asked)["value"]


def test_peak_is_the_most_open_at_once():
    assert peak(("10:00", "11:00"), ("10:30", "12:00"), ("10:45", "10:50"), ("11:30", "13:00")) == 3


def test_conversations_one_after_another_are_one_at_once():
    assert peak(("10:00", "10:10"), ("10:20", "10:30")) == 1


def test_one_that_ends_as_another_starts_does_not_overlap_it():
    assert peak(("10:00", "11:00"), ("11:00", "12:00"), ("12:00", "13:00")) == 1


def test_conversation_without_length_is_open_at_no_moment():
    assert peak(("10:00", "10:00"), ("12:00", "13:00")) == 1


def test_conversation_that_ends_before_it_starts_does_not_close_another():
    assert peak(("10:00", "12:00"), ("11:00", "09:00"), ("11:30", "11:40")) == 2


def test_open_conversation_lasts_until_as_of():
    assert peak(("10:00", None), ("15:00", "16:00"), as_of=dt.date(2026, 3, 5)) == 2


def test_conversation_that_ends_after_as_of_is_open_up_to_it():
    assert peak(("10:00", "20:00"), ("11:00", "20:00"), ("16:00", "17:00"), as_of=aware(D + "15:00")) == 2


def test_conversation_from_before_the_window_is_open_in_it():
    store = memory(
        conversations=chats({"at": "2026-02-28 23:00", "end": "2026-03-01 01:00"}, {"at": "2026-03-01 00:30"})
    )
    assert number(store, "peak_concurrency")["value"] == 2


def test_conversation_from_after_the_window_is_not():
    store = open_between(("10:00", "12:00"), ("11:00", "12:00"))
    assert number(store, "peak_concurrency", until=aware(D + "11:00"))["value"] == 1


def test_order_of_rows_does_not_matter():
    frame = chats(
        *({"at": f"{D}10:{i:02}", "end": f"{D}10:{i + 5:02}", "user_id": f"u{i}"} for i in range(20))
    )
    for rows in (frame, frame[::-1], frame.sample(frac=1, random_state=1)):
        assert number(memory(conversations=rows), "peak_concurrency")["value"] == 5


def test_conversation_across_midnight_is_open_on_both_days():
    rows = (
        {"at": D + "23:00", "end": "2026-03-03 01:00"},
        {"at": D + "22:00", "end": D + "22:30"},
        {"at": "2026-03-03 00:30", "end": "2026-03-03 02:00", "user_id": "u2"},
    )
    frame = measure(memory(conversations=chats(*rows)), CATALOG["peak_concurrency"], period="day", **MARCH)
    assert frame["value"].tolist() == [1, 2]


def test_day_nothing_was_open_has_a_peak_of_zero():
    rows = ({"at": D + "10:00", "end": D + "11:00"}, {"at": "2026-03-04 10:00", "end": "2026-03-04 11:00"})
    frame = measure(memory(conversations=chats(*rows)), CATALOG["peak_concurrency"], period="day", **MARCH)
    assert frame["value"].tolist() == [1, 0, 1]


def test_peaks_of_channels_are_each_their_own():
    rows = (
        {"at": D + "10:00", "end": D + "11:00", "channel": "web"},
        {"at": D + "10:30", "end": D + "11:30", "channel": "instagram"},
        {"at": D + "10:40", "end": D + "10:50", "channel": "web"},
    )
    frame = measure(memory(conversations=chats(*rows)), CATALOG["peak_concurrency"], by="channel", **MARCH)
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"instagram": 1, "web": 2}


def active(*messages, end=None, as_of=D + "12:00", started="10:00"):
    store = memory(
        conversations=chats(
            {"at": D + started, "end": end and D + end}, {"at": D + "09:00", "end": D + "09:30"}
        ),
        messages=said(*talk(*((sender, D + at) for sender, at in messages))),
    )
    frame = measure(store, CATALOG["active_conversations"], **MARCH, as_of=aware(as_of))
    return frame["value"].sum()


@pytest.mark.parametrize(
    ("at", "count"),
    [("11:31", 1), ("11:59:59", 1), ("11:29", 0), ("12:00", 0)],
    ids=["29 min", "1 s", "31 min", "now"],
)
def test_open_conversation_is_active_30_minutes_after_a_message(at, count):
    assert active(("user", "10:00"), ("bot", at)) == count


def test_closed_conversation_is_not_active():
    assert active(("user", "11:50"), end="11:55") == 0


def test_conversation_that_ends_at_as_of_or_later_is_active():
    assert active(("user", "11:50"), end="12:00") == 1
    assert active(("user", "11:50"), end="13:00") == 1


def test_two_messages_make_one_active_conversation():
    assert active(("user", "11:40"), ("bot", "11:41"), ("user", "11:50")) == 1


def test_active_at_the_end_of_each_hour():
    rows = ({"at": D + "10:00", "end": D + "12:30"}, {"at": D + "10:50", "end": D + "10:55", "user_id": "u2"})
    talks = [
        *talk(("user", D + "10:00"), ("user", D + "10:45"), ("bot", D + "12:10")),
        *talk(("user", D + "10:50"), chat="c001"),
    ]
    later = talk(("user", D + "14:30"), chat="c002")
    store = memory(
        conversations=chats(*rows, {"at": D + "14:30", "user_id": "u3"}), messages=said(*talks, *later)
    )
    frame = measure(store, CATALOG["active_conversations"], period="hour", **MARCH, as_of=aware(D + "14:00"))
    told = {f"{row['period']:%H}": row["value"] for _, row in frame.iterrows()}
    assert {hour: told.get(hour, 0) for hour in ("10", "11", "12", "13")} == {
        "10": 1,
        "11": 0,
        "12": 0,
        "13": 0,
    }


def test_peak_comes_in_seconds_precision():
    times = pd.date_range("2026-03-02 10:00:00", periods=3, freq="s")
    rows = ({"at": one, "end": one + pd.Timedelta("1s"), "user_id": f"u{i}"} for i, one in enumerate(times))
    assert number(memory(conversations=chats(*rows)), "peak_concurrency")["value"] == 1
