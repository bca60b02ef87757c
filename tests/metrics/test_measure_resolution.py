"""The ladder of resolution, rung by rung, on conversations the eye can check."""

import datetime as dt

import pytest
from small_world import aware, chats, counted, memory, said, shares, talk

D = "2026-03-02 "
CLOSED = {"at": D + "10:00", "end": D + "11:00"}
KNOWN = {"as_of": dt.date(2026, 3, 20)}
LADDER = ("containment_rate", "assumed_resolution_rate", "resolution_rate", "autonomous_resolution_rate")


def closed(*rows):
    return chats(*({**CLOSED, "user_id": f"u{i}", **row} for i, row in enumerate(rows)))


def one_talk(*senders, chat="c000"):
    """A message a minute, by each sender in turn."""
    return talk(*((sender, f"{D}10:{i:02}") for i, sender in enumerate(senders)), chat=chat)


def rung(name, *senders, **columns):
    store = memory(conversations=closed(columns), messages=said(*one_talk(*senders)))
    return counted(store, name, **KNOWN)[:2]


def test_resolution_rate_is_of_the_closed_whose_result_is_known():
    store = memory(
        conversations=closed(
            *({"resolved": value} for value in shares((True, 3), (False, 1), (None, 2))),
            {"resolved": True, "end": None},
        )
    )
    assert counted(store, "resolution_rate") == (3, 4, 0.75)


def test_resolution_rate_of_none_resolved_is_zero():
    assert counted(memory(conversations=closed({"resolved": False})), "resolution_rate") == (0, 1, 0)


def test_resolution_rate_where_no_result_is_known_is_null():
    numerator, denominator, value = counted(
        memory(conversations=closed({"resolved": None})), "resolution_rate"
    )
    assert (numerator, denominator, str(value)) == (0, 0, "nan")


@pytest.mark.parametrize(
    ("row", "alone"), [({}, 1), ({"escalated": D + "10:20"}, 0), ({"resolved": False}, 0)]
)
def test_bot_resolves_alone_where_nobody_was_called(row, alone):
    store = memory(conversations=closed({"resolved": True, **row}), messages=said(*one_talk("user", "bot")))
    assert counted(store, "autonomous_resolution_rate")[:2] == (alone, 1)


def test_bot_does_not_resolve_alone_where_an_agent_wrote():
    assert rung("autonomous_resolution_rate", "user", "bot", "agent", resolved=True) == (0, 1)


def test_bot_does_not_resolve_alone_what_an_agent_closed_without_typing():
    assert rung("autonomous_resolution_rate", "user", "bot", resolved=True, escalated=D + "10:30") == (0, 1)


def test_containment_is_of_the_closed_conversations_the_bot_spoke_in():
    rows = closed({}, {}, {"escalated": D + "10:30"}, {}, {"end": None})
    talks = [
        *one_talk("user", "bot", chat="c000"),
        *one_talk("user", "bot", "agent", chat="c001"),
        *one_talk("user", "bot", chat="c002"),
        *one_talk("user", "agent", chat="c003"),
        *one_talk("user", "bot", chat="c004"),
    ]
    assert counted(memory(conversations=rows, messages=said(*talks)), "containment_rate") == (
        1,
        3,
        pytest.approx(1 / 3),
    )


def test_who_gives_up_is_contained():
    assert rung("containment_rate", "user", "bot", outcome="abandoned") == (1, 1)


def test_bot_that_spoke_last_is_assumed_to_have_resolved():
    assert rung("assumed_resolution_rate", "bot", "user", "bot") == (1, 1)


@pytest.mark.parametrize(
    ("senders", "row"),
    [
        (("bot", "user"), {}),
        (("bot",), {}),
        (("bot", "user", "bot", "user"), {}),
        (("bot", "user", "agent", "bot"), {}),
        (("bot", "user", "bot"), {"escalated": D + "10:30"}),
        (("bot", "user", "bot"), {"resolved": False}),
        (("bot", "user", "bot"), {"resolved": True}),
        (("bot", "user", "bot"), {"outcome": "abandoned"}),
    ],
    ids=["greeting", "outbound", "user last", "agent", "escalated", "unresolved", "resolved", "abandoned"],
)
def test_nothing_else_is_assumed_to_be_resolved(senders, row):
    assert rung("assumed_resolution_rate", *senders, **row) == (0, 1)


def test_bot_that_answers_in_the_same_second_spoke_last():
    said_at = ((D + "10:00:00", "bot"), (D + "10:01:00", "user"), (D + "10:01:00", "bot"))
    store = memory(conversations=closed({}), messages=said(*talk(*((sender, at) for at, sender in said_at))))
    assert counted(store, "assumed_resolution_rate", **KNOWN)[:2] == (1, 1)


def test_assumed_resolution_is_known_after_24_hours():
    store = memory(conversations=closed({}), messages=said(*one_talk("bot", "user", "bot")))
    assert counted(store, "assumed_resolution_rate", as_of=aware("2026-03-03 10:59:59"))[1] == 0
    assert counted(store, "assumed_resolution_rate", as_of=aware("2026-03-03 11:00:00"))[1] == 1


def test_abandonment_is_of_the_closed_with_a_known_outcome():
    outcomes = shares(("abandoned", 1), ("purchase", 2), ("resolved", 1), (None, 3))
    store = memory(conversations=closed(*({"outcome": one} for one in outcomes)))
    assert counted(store, "abandonment_rate") == (1, 4, 0.25)


def test_unclassifiable_are_closed_without_result_and_outcome():
    rows = ({}, {"resolved": False}, {"outcome": "purchase"}, {"end": None})
    assert counted(memory(conversations=closed(*rows)), "unclassifiable_share") == (
        1,
        3,
        pytest.approx(1 / 3),
    )


def test_escalation_rate_is_of_the_closed():
    rows = ({"escalated": D + "10:30"}, {}, {}, {}, {"escalated": D + "10:30", "end": None})
    assert counted(memory(conversations=closed(*rows)), "escalation_rate") == (1, 4, 0.25)


def test_escalation_rate_of_none_escalated_is_zero_and_has_limits():
    store = memory(conversations=closed(*({},) * 10))
    assert counted(store, "escalation_rate") == (0, 10, 0)


def test_open_conversations_are_in_no_rate():
    store = memory(
        conversations=closed(
            {"end": None, "resolved": True, "outcome": "abandoned", "escalated": D + "10:10"}
        ),
        messages=said(*one_talk("bot", "user", "bot")),
    )
    for name in (*LADDER, "abandonment_rate", "unclassifiable_share", "escalation_rate"):
        assert counted(store, name, **KNOWN)[1] == 0, name


def test_demand_is_conversations_a_user_wrote_in():
    talks = [
        *one_talk("bot", chat="c000"),
        *one_talk("bot", "user", chat="c001"),
        *one_talk("agent", chat="c002"),
    ]
    store = memory(conversations=closed({}, {}, {}), messages=said(*talks))
    assert counted(store, "demand")[2] == 1
    assert counted(store, "conversations")[2] == 3


def test_users_count_once():
    rows = closed({"user_id": "ana"}, {"user_id": "ana"}, {"user_id": "eva"})
    assert counted(memory(conversations=rows), "users")[2] == 2


def test_duration_is_of_closed_conversations_that_end_after_they_start():
    rows = (
        {"end": D + "10:01"},
        {"end": D + "10:03"},
        {"end": D + "09:00"},
        {"end": None},
        {"end": D + "10:00"},
    )
    store = memory(conversations=closed(*rows))
    assert counted(store, "duration") == (240, 3, 80)


def test_median_duration_leaves_out_negative_ones_too():
    rows = ({"end": D + "10:01"}, {"end": D + "10:03"}, {"end": D + "09:00"})
    store = memory(conversations=closed(*rows))
    _, denominator, value = counted(store, "median_duration")
    assert (denominator, value) == (2, 120)


def test_messages_per_conversation_is_of_closed_ones():
    talks = [
        *one_talk("user", "bot", "user", chat="c000"),
        *one_talk("user", chat="c001"),
        *one_talk("bot", chat="c002"),
    ]
    store = memory(conversations=closed({}, {}, {"end": None}), messages=said(*talks))
    assert counted(store, "messages_per_conversation") == (4, 2, 2)
