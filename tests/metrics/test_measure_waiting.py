"""How long users wait: stretches of user messages, and who replied."""

import pytest
from small_world import aware, chats, counted, memory, number, said, talk

D = "2026-03-02 "


def waits(*pairs, chat="c000"):
    """A store of one conversation told as ``(sender, time of day)``."""
    return memory(messages=said(*talk(*((sender, D + at) for sender, at in pairs), chat=chat)))


def test_wait_runs_from_the_first_message_of_a_stretch():
    store = waits(("user", "10:00:00"), ("user", "10:00:20"), ("bot", "10:00:30"))
    assert counted(store, "average_response_time") == (30, 1, 30)


def test_each_stretch_is_one_wait():
    store = waits(
        ("user", "10:00:00"),
        ("bot", "10:00:02"),
        ("bot", "10:00:09"),
        ("user", "10:01:00"),
        ("bot", "10:01:04"),
    )
    assert counted(store, "average_response_time") == (6, 2, 3)


def test_business_message_nobody_waited_for_is_no_reply():
    store = waits(("bot", "09:00:00"), ("user", "10:00:00"), ("bot", "10:00:05"), ("bot", "12:00:00"))
    assert counted(store, "average_response_time") == (5, 1, 5)


def test_waits_are_told_by_who_replied():
    store = waits(
        ("user", "10:00:00"),
        ("agent", "10:01:00"),
        ("bot", "10:01:01"),
        ("user", "10:02:00"),
        ("bot", "10:02:03"),
    )
    assert counted(store, "average_response_time") == (3, 1, 3)
    assert counted(store, "agent_response_time") == (60, 1, 60)


def test_stretch_without_a_reply_is_counted_and_not_averaged():
    store = waits(("user", "10:00:00"), ("bot", "10:00:02"), ("user", "10:01:00"), ("user", "10:02:00"))
    assert counted(store, "unanswered_rate") == (1, 2, 0.5)
    assert counted(store, "average_response_time") == (2, 1, 2)


def test_unanswered_rate_where_all_were_answered_is_zero():
    assert counted(waits(("user", "10:00"), ("bot", "10:01")), "unanswered_rate") == (0, 1, 0)


def test_average_where_nobody_replied_is_null():
    store = waits(("user", "10:00:00"))
    numerator, denominator, value = counted(store, "average_response_time")
    assert (numerator, denominator, str(value)) == (0, 0, "nan")
    assert counted(store, "unanswered_rate") == (1, 1, 1)


def test_reply_in_the_same_second_comes_after_by_its_id():
    store = waits(("user", "10:00:00"), ("bot", "10:00:00"), ("user", "10:00:00"), ("bot", "10:00:08"))
    assert counted(store, "average_response_time") == (8, 2, 4)
    assert counted(store, "unanswered_rate") == (0, 2, 0)


def test_ids_order_ties_whatever_the_order_of_rows():
    frame = said(*talk(*((sender, D + "10:00:00") for sender in ("bot", "user"))))
    for rows in (frame, frame[::-1]):
        assert counted(memory(messages=rows), "unanswered_rate")[:2] == (1, 1)


def test_fractions_of_a_second_count():
    assert counted(waits(("user", "10:00:00"), ("bot", "10:00:01.25")), "average_response_time")[2] == 1.25


def test_unknown_sender_neither_waits_nor_replies():
    store = waits(
        ("user", "10:00:00"), ("unknown:system", "10:00:01"), ("user", "10:00:02"), ("bot", "10:00:05")
    )
    assert counted(store, "average_response_time") == (5, 1, 5)
    assert counted(store, "unanswered_rate") == (0, 1, 0)


def test_conversations_do_not_answer_each_other():
    frame = said(*talk(("user", D + "10:00"), chat="c1"), *talk(("bot", D + "10:01"), chat="c2"))
    assert counted(memory(messages=frame), "unanswered_rate") == (1, 1, 1)


def test_median_is_of_the_bots_replies():
    store = waits(
        *(("user", "10:00:00"), ("bot", "10:00:01"), ("user", "10:01:00"), ("bot", "10:01:02")),
        *(("user", "10:02:00"), ("bot", "10:02:09"), ("user", "10:03:00"), ("agent", "10:59:00")),
    )
    assert counted(store, "median_response_time")[1:] == (3, 2)


def test_median_of_two_lies_between_them():
    store = waits(("user", "10:00:00"), ("bot", "10:00:01"), ("user", "10:01:00"), ("bot", "10:01:04"))
    assert counted(store, "median_response_time")[2] == 2.5


def test_median_where_nobody_replied_is_null():
    row = number(waits(("user", "10:00:00")), "median_response_time")
    assert (row["denominator"], str(row["value"])) == (0, "nan")


def test_first_response_is_to_the_first_message_of_a_conversation():
    store = waits(
        ("bot", "09:59"),
        ("user", "10:00:00"),
        ("agent", "10:00:40"),
        ("user", "10:05:00"),
        ("bot", "10:06:00"),
    )
    assert counted(store, "first_response_time") == (40, 1, 40)


def test_conversation_nobody_replied_in_has_no_first_response():
    frame = said(
        *talk(("user", D + "10:00"), chat="c1"), *talk(("user", D + "10:00"), ("bot", D + "10:01"), chat="c2")
    )
    assert counted(memory(messages=frame), "first_response_time") == (60, 1, 60)


def test_conversation_has_one_first_response_also_within_a_second():
    store = waits(("user", "10:00:00"), ("bot", "10:00:00"), ("user", "10:00:00"), ("bot", "10:05:00"))
    assert counted(store, "first_response_time") == (0, 1, 0)


def test_reply_at_as_of_is_not_known_yet():
    store = waits(("user", "10:00:00"), ("bot", "10:00:30"))
    assert counted(store, "unanswered_rate", as_of=aware(D + "10:00:30"))[:2] == (1, 1)
    assert counted(store, "average_response_time", as_of=aware(D + "10:00:31"))[:2] == (30, 1)


def escalated(*pairs, **columns):
    row = {"at": D + "10:00", "escalated": D + "10:10", **columns}
    return memory(conversations=chats(row), messages=said(*talk(*((sender, D + at) for sender, at in pairs))))


def test_wait_for_an_agent_runs_from_the_escalation():
    store = escalated(("user", "10:00"), ("bot", "10:01"), ("agent", "10:12:30"), ("agent", "10:20"))
    assert counted(store, "escalation_wait") == (150, 1, 150)


def test_who_still_waits_for_an_agent_is_not_averaged():
    numerator, denominator, value = counted(escalated(("user", "10:00"), ("bot", "10:11")), "escalation_wait")
    assert (numerator, denominator, str(value)) == (0, 0, "nan")


def test_agent_who_comes_at_as_of_has_not_come_yet():
    store = escalated(("agent", "10:12"))
    assert counted(store, "escalation_wait", as_of=aware(D + "10:12"))[1] == 0


@pytest.mark.parametrize("name", ["average_response_time", "unanswered_rate"])
def test_waits_can_be_told_apart_by_channel(name):
    frame = said(*talk(("user", D + "10:00"), ("bot", D + "10:01"), chat="c000"))
    store = memory(conversations=chats({"at": D + "10:00", "channel": "instagram"}), messages=frame)
    assert number(store, name, by="channel")["channel"] == "instagram"
