"""Durable and first-contact resolution: who came back, within how many days, about what."""

import datetime as dt

import pytest
from small_world import MARCH, aware, chats, counted, memory, said, talk

from analytics_lib.metrics import CATALOG

LATE = {"as_of": dt.date(2026, 4, 30)}


def contact(start, end, *, intent="envio", user="u1", **columns):
    return {"at": start, "end": end, "user_id": user, "intent": intent, "resolved": True, **columns}


def plain(one):
    return {key: value for key, value in one.items() if key != "intent"}


def world(*contacts):
    """Each conversation with one message of the user at its start."""
    messages = [
        {"conversation_id": f"c{i:03}", "at": one["at"], "user_id": one["user_id"], "intent": one["intent"]}
        for i, one in enumerate(contacts)
    ]
    return memory(conversations=chats(*map(plain, contacts)), messages=said(*messages))


FIRST = contact("2026-03-10 10:00", "2026-03-10 11:00")
BEFORE = contact("2026-03-01 10:00", "2026-03-01 11:00", user="other")


def came_back(at, **columns):
    return world(FIRST, contact(at, None, **columns))


def test_resolution_nobody_came_back_after_is_durable():
    assert counted(world(FIRST), "durable_resolution_rate", **LATE) == (1, 1, 1)
    assert counted(world(FIRST), "reopen_rate", **LATE) == (0, 1, 0)


@pytest.mark.parametrize(
    ("at", "durable"),
    [
        ("2026-03-10 11:00:00", 1),
        ("2026-03-10 11:00:01", 0),
        ("2026-03-17 11:00:00", 0),
        ("2026-03-17 11:00:01", 1),
    ],
    ids=["at the end", "a second later", "after 7 days", "a second past 7 days"],
)
def test_contact_counts_after_the_end_up_to_seven_days(at, durable):
    store = came_back(at)
    assert counted(store, "durable_resolution_rate", **LATE)[:2] == (durable, 1)
    assert counted(store, "reopen_rate", **LATE)[:2] == (1 - durable, 1)


def test_days_can_be_bound():
    store = came_back("2026-03-20 10:00")
    for days, durable in ((7, 1), (30, 0)):
        metric = CATALOG["durable_resolution_rate"].bound(within_days=days)
        assert counted(store, metric, **LATE)[:2] == (durable, 1)


def test_contact_of_somebody_else_does_not_count():
    assert counted(came_back("2026-03-12 10:00", user="other"), "durable_resolution_rate", **LATE)[0] == 1


def test_outbound_conversation_nobody_answered_is_no_contact():
    store = memory(
        conversations=chats(plain(FIRST), {"at": "2026-03-12 10:00"}),
        messages=said(*talk(("user", "2026-03-10 10:00")), *talk(("bot", "2026-03-12 10:00"), chat="c001")),
    )
    assert counted(store, "durable_resolution_rate", **LATE)[:2] == (1, 1)


def test_young_resolution_is_left_out_until_its_days_have_passed():
    for as_of, denominator in (("2026-03-17 10:59:59", 0), ("2026-03-17 11:00:00", 1)):
        assert counted(world(FIRST), "durable_resolution_rate", as_of=aware(as_of))[1] == denominator


def test_contact_at_as_of_is_not_known_yet():
    store = came_back("2026-03-17 11:00:00")
    assert counted(store, "durable_resolution_rate", as_of=aware("2026-03-17 11:00:00"))[:2] == (1, 1)


def test_unresolved_conversation_is_in_neither():
    store = world(FIRST | {"resolved": False})
    assert counted(store, "durable_resolution_rate", **LATE)[1] == 0


def test_message_after_the_end_of_the_same_conversation_is_a_contact():
    messages = said(*talk(("user", "2026-03-10 10:00"), ("user", "2026-03-11 10:00")))
    store = memory(conversations=chats(plain(FIRST)), messages=messages)
    assert counted(store, "durable_resolution_rate", **LATE)[:2] == (0, 1)


def test_message_in_an_older_conversation_is_a_contact_whatever_the_window():
    old = {"at": "2026-02-20 10:00", "end": "2026-02-20 11:00"}
    talks = [
        *talk(("user", "2026-02-20 10:00"), ("user", "2026-03-12 10:00"), chat="c001"),
        *talk(("user", "2026-03-10 10:00")),
    ]
    store = memory(conversations=chats(plain(FIRST), old), messages=said(*talks))
    for since in (dt.date(2026, 2, 1), MARCH["since"]):
        assert counted(store, "durable_resolution_rate", since=since, **LATE)[:2] == (0, 1)


def test_message_in_another_open_conversation_is_a_contact():
    other = {"at": "2026-03-10 09:00"}
    talks = [
        *talk(("user", "2026-03-10 09:00"), ("user", "2026-03-12 10:00"), chat="c001"),
        *talk(("user", "2026-03-10 10:00")),
    ]
    store = memory(conversations=chats(plain(FIRST), other), messages=said(*talks))
    assert counted(store, "durable_resolution_rate", **LATE)[:2] == (0, 1)


def first_contacts(*contacts, **asked):
    return counted(world(BEFORE, *contacts), "first_contact_resolution", **{**LATE, **asked})[:2]


def test_first_contact_resolved_for_good():
    assert first_contacts(FIRST) == (1, 1)


def test_first_contact_not_resolved_counts_in_the_denominator():
    assert first_contacts(FIRST | {"resolved": False}) == (0, 1)


def test_second_contact_of_the_issue_is_no_first_one_and_spoils_the_first():
    assert first_contacts(FIRST, contact("2026-03-12 10:00", "2026-03-12 11:00")) == (0, 1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2026-03-17 11:00:00", (0, 1)), ("2026-03-17 11:00:01", (2, 2))],
    ids=["within", "past"],
)
def test_issue_ends_seven_days_after_the_end_of_its_last_contact(at, expected):
    assert first_contacts(FIRST, contact(at, "2026-03-17 12:00")) == expected


def test_contact_about_another_issue_is_a_first_one_of_its_own():
    assert first_contacts(FIRST, contact("2026-03-12 10:00", "2026-03-12 11:00", intent="cambio")) == (2, 2)


def test_intents_of_one_family_are_one_issue():
    metric = CATALOG["first_contact_resolution"].bound(families=["envio=entrega", "rastreo=entrega"])
    store = world(BEFORE, FIRST, contact("2026-03-12 10:00", "2026-03-12 11:00", intent="rastreo"))
    assert counted(store, metric, **LATE)[:2] == (0, 1)
    assert counted(store, "first_contact_resolution", **LATE)[:2] == (2, 2)


def test_greeting_is_no_main_intent():
    greeted = said(
        {"conversation_id": "c000", "at": "2026-03-01 10:00", "user_id": "other"},
        *({"conversation_id": "c001", "at": f"2026-03-10 10:0{i}", "intent": "greeting"} for i in range(2)),
        {"conversation_id": "c001", "at": "2026-03-10 10:05", "intent": "envio"},
        *({"conversation_id": "c002", "at": f"2026-03-12 10:0{i}", "intent": "fallback"} for i in range(2)),
        {"conversation_id": "c002", "at": "2026-03-12 10:05", "intent": "envio"},
    )
    greeted["message_id"] = [f"g{i}" for i in range(len(greeted))]
    told = (BEFORE, FIRST, contact("2026-03-12 10:00", "2026-03-12 11:00"))
    store = memory(conversations=chats(*map(plain, told)), messages=greeted)
    assert counted(store, "first_contact_resolution", **LATE)[:2] == (0, 1)


def test_first_days_of_the_data_are_left_out_since_their_past_is_unseen():
    early = contact("2026-03-08 09:59:59", "2026-03-08 11:00", user="ana")
    late = contact("2026-03-08 10:00:00", "2026-03-08 11:00", user="eva")
    assert first_contacts(early, late) == (1, 1)


def test_first_contact_is_known_once_its_days_have_passed():
    assert first_contacts(FIRST, as_of=aware("2026-03-17 10:59:59"))[1] == 0
    assert first_contacts(FIRST, as_of=aware("2026-03-17 11:00:00"))[1] == 1


def test_contact_before_the_window_is_seen():
    before = contact("2026-03-08 10:00", "2026-03-08 11:00")
    asked = {"since": dt.date(2026, 3, 9), "until": dt.date(2026, 4, 1)}
    assert first_contacts(before, FIRST, **asked) == (0, 0)
