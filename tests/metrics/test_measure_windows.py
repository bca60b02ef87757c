import datetime as dt

import pytest
from small_world import APRIL, MARCH, aware, chats, counted, memory, number, said, talk

from analytics_lib.metrics import CATALOG, measure

D = "2026-03-02 "


def started(*times):
    return memory(conversations=chats(*({"at": time} for time in times)))


def by_period(store, period, name="conversations", **asked):
    return measure(store, CATALOG[name], period=period, **{**MARCH, **asked})


def told(frame, column="value"):
    return {f"{row['period']:%m-%d %H}": row[column] for _, row in frame.iterrows()}


def test_conversation_at_since_counts_and_at_until_does_not():
    store = started(D + "09:59:59", D + "10:00:00", D + "10:59:59", D + "11:00:00")
    assert counted(store, "conversations", since=aware(D + "10:00"), until=aware(D + "11:00"))[2] == 2


@pytest.mark.parametrize(
    ("since", "until", "count"), [("10:00:00", "10:00:01", 1), ("10:00:01", "10:00:02", 0)]
)
def test_window_of_one_second_holds_that_second(since, until, count):
    store = started(D + "09:00", D + "10:00:00", D + "11:00")
    assert counted(store, "conversations", since=aware(D + since), until=aware(D + until))[2] == count


def test_day_begins_at_midnight_of_bogota():
    # 04:59:59 UTC on 3 March is 23:59:59 of 2 March in Bogotá.
    store = started(D + "23:59:59", "2026-03-03 00:00:00")
    assert told(by_period(store, "day")) == {"03-02 00": 1, "03-03 00": 1}


def test_missing_wall_clock_is_taken_for_utc():
    frame = chats({"at": D + "23:00"}).drop(columns="started_local")
    assert told(by_period(memory(conversations=frame), "day")) == {"03-03 00": 1}


def test_conversation_across_midnight_belongs_to_the_day_it_started():
    store = memory(
        conversations=chats({"at": D + "23:50", "end": "2026-03-03 00:20"}, {"at": "2026-03-03 08:00"})
    )
    assert told(by_period(store, "day", "escalation_rate"), "denominator") == {"03-02 00": 1, "03-03 00": 0}


def test_conversation_across_the_month_belongs_to_the_month_it_started():
    store = memory(conversations=chats({"at": "2026-03-31 23:59", "end": "2026-04-01 00:20"}))
    assert counted(store, "escalation_rate", **MARCH)[1] == 1
    assert measure(store, CATALOG["escalation_rate"], **APRIL)["denominator"].sum() == 0


def test_messages_belong_to_when_they_were_sent():
    store = memory(messages=said(*talk(("user", D + "23:59"), ("bot", "2026-03-03 00:00"))))
    assert told(by_period(store, "day", "messages")) == {"03-02 00": 1, "03-03 00": 1}


def test_stretch_belongs_to_its_first_message_and_may_be_answered_after_the_window():
    store = memory(messages=said(*talk(("user", "2026-03-31 23:59:50"), ("bot", "2026-04-01 00:00:20"))))
    assert counted(store, "average_response_time") == (30, 1, 30)


def test_weeks_begin_on_monday():
    store = started("2026-03-01 12:00", D + "00:00", "2026-03-08 23:59", "2026-03-09 00:00")
    assert told(by_period(store, "week")) == {"02-23 00": 1, "03-02 00": 2, "03-09 00": 1}


def test_period_in_which_nothing_happened_is_zero():
    assert told(by_period(started(D + "10:00", "2026-03-04 10:00"), "day"))["03-03 00"] == 0


def test_period_before_and_after_the_data_is_absent():
    assert list(told(by_period(started(D + "10:00", "2026-03-04 10:00"), "day"))) == [
        *("03-02 00", "03-03 00", "03-04 00")
    ]


def test_rate_of_a_period_without_conversations_is_null():
    day = by_period(started(D + "10:00", "2026-03-04 10:00"), "day", "escalation_rate").iloc[1]
    assert (day["numerator"], day["denominator"]) == (0, 0)
    assert day[["value", "low", "high"]].isna().all()


@pytest.mark.parametrize("name", ["conversations", "escalation_rate", "duration", "median_duration", "nps"])
def test_window_inside_the_data_in_which_nothing_happened_has_a_row(name):
    store = started(D + "10:00", "2026-03-04 10:00")
    quiet = number(store, name, since=dt.date(2026, 3, 3), until=dt.date(2026, 3, 4))
    if name == "conversations":
        assert quiet["value"] == 0
    else:
        assert (quiet["denominator"], str(quiet["value"])) == (0, "nan")


def test_window_outside_the_data_has_no_row():
    assert measure(started(D + "10:00"), CATALOG["conversations"], **APRIL).empty


def test_before_the_first_row_nothing_is_observable():
    store = started(D + "10:00", "2026-03-04 10:00")
    assert measure(store, CATALOG["conversations"], as_of=dt.date(2026, 3, 2), **MARCH).empty


def test_empty_group_of_a_period_is_zero_where_the_table_has_data():
    store = memory(
        conversations=chats(
            {"at": D + "10:00", "channel": "web"}, {"at": "2026-03-03 10:00", "channel": "instagram"}
        )
    )
    frame = by_period(store, "day", by="channel")
    assert list(zip(frame["channel"], frame["value"], strict=True)) == [
        *(("instagram", 0), ("web", 1)),
        *(("instagram", 1), ("web", 0)),
    ]


def test_null_dimension_is_unknown():
    store = memory(
        conversations=chats({"at": D + "10:00", "city": None}, {"at": D + "11:00", "city": "Cali"})
    )
    frame = measure(store, CATALOG["conversations"], by="city", **MARCH)
    assert dict(zip(frame["city"], frame["value"], strict=True)) == {"Cali": 1, "unknown": 1}


def test_weekday_and_hour_are_those_of_the_wall_clock():
    # 2 March 2026 is a Monday; 23:30 in Bogotá is already Tuesday in UTC.
    store = started(D + "23:30", "2026-03-08 00:10")
    frame = measure(store, CATALOG["conversations"], by=["weekday", "hour"], **MARCH)
    assert frame[["weekday", "hour", "value"]].to_numpy().tolist() == [[1, 23, 1], [7, 0, 1]]


def test_period_cut_by_the_window_is_not_complete():
    store = started("2026-03-01 12:00", D + "00:00", "2026-03-09 00:00")
    assert by_period(store, "week", until=dt.date(2026, 3, 10))["complete"].tolist() == [False, True, False]


def test_conversation_that_ends_at_as_of_is_still_open():
    store = memory(
        conversations=chats({"at": D + "10:00", "end": D + "11:00"}, {"at": D + "10:00", "end": D + "10:59"})
    )
    assert counted(store, "escalation_rate", as_of=aware(D + "11:00"))[1] == 1
    assert counted(store, "escalation_rate", as_of=aware(D + "11:00:01"))[1] == 2


def test_what_was_escalated_at_as_of_or_later_is_not_known():
    store = memory(conversations=chats({"at": D + "10:00", "end": D + "11:00", "escalated": D + "10:30"}))
    assert counted(store, "escalation_rate", as_of=dt.date(2026, 3, 5))[0] == 1
    store = memory(
        conversations=chats({"at": D + "10:00", "end": D + "11:00", "escalated": "2026-03-05 00:00"})
    )
    assert counted(store, "escalation_rate", as_of=dt.date(2026, 3, 5))[0] == 0


def test_result_of_a_conversation_open_at_as_of_is_not_known():
    store = memory(
        conversations=chats(
            {"at": D + "10:00", "end": D + "11:00", "outcome": "resolved", "resolved": True, "csat": 5}
        )
    )
    for name in ("resolution_rate", "csat", "abandonment_rate"):
        assert counted(store, name, as_of=aware(D + "10:30"))[1] == 0


def test_conversation_that_started_at_as_of_is_not_there_yet():
    store = started(D + "10:00", D + "11:00")
    assert counted(store, "conversations", as_of=aware(D + "11:00"))[2] == 1


def test_message_sent_at_as_of_is_not_there_yet():
    store = memory(messages=said(*talk(("user", D + "10:00"), ("bot", D + "10:01"))))
    assert counted(store, "messages", as_of=aware(D + "10:01"))[2] == 1
    assert counted(store, "unanswered_rate", as_of=aware(D + "10:01"))[:2] == (1, 1)


def test_running_period_is_left_out():
    store = started("2026-03-02 10:00", "2026-03-03 10:00")
    assert told(by_period(store, "day", as_of=aware("2026-03-03 12:00"))) == {"03-02 00": 1}


def test_running_period_is_there_when_asked_for_and_not_complete():
    store = started("2026-03-02 10:00", "2026-03-03 10:00")
    frame = by_period(store, "day", as_of=aware("2026-03-03 12:00"), running=True)
    assert told(frame, "complete") == {"03-02 00": True, "03-03 00": False}


def test_period_that_ends_at_as_of_is_complete():
    store = started("2026-03-02 10:00", "2026-03-03 10:00")
    assert told(by_period(store, "day", as_of=dt.date(2026, 3, 3)), "complete") == {"03-02 00": True}


def test_window_that_runs_at_as_of_is_not_complete():
    store = started("2026-03-02 10:00")
    assert not number(store, "conversations", as_of=dt.date(2026, 3, 20))["complete"]
    assert number(store, "conversations", as_of=dt.date(2026, 4, 1))["complete"]
