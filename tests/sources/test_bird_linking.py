"""All people, numbers and ids here are invented. Times are minutes after a fixed midnight."""

import hashlib
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.schema import STATUS_RANK
from analytics_lib.sources.bird import rows
from analytics_lib.sources.bird_linking import settle

MIDNIGHT = pd.Timestamp("2026-01-01", tz="UTC")
HOUR = 60
DAY = 24 * HOUR


def at(minute):
    return MIDNIGHT + pd.Timedelta(minutes=minute)


def said(message_id, minute, *, user="u1", sender="user", conversation=None, changed=None, **extra):
    extra = {"channel": "whatsapp", **extra}
    if conversation:
        extra["given_conversation_id"] = conversation
    return {
        "message_id": message_id,
        "conversation_id": conversation or f"pending:{message_id}",
        "user_id": user,
        "sent_at": at(minute),
        "sender": sender,
        "updated_at": at(minute if changed is None else changed),
        "extra": json.dumps(extra),
    }


def told(thread, minute, status="active", *, user="u1", started=0, channel="whatsapp", **more):
    extra = more.pop("extra", {})
    return {
        "conversation_id": thread,
        "updated_at": at(minute),
        "status": status,
        "user_id": user,
        "channel": channel,
        "started_at": None if started is None else at(started),
        "agent_id": None,
        "entry_point": None,
        "extra": json.dumps(extra),
    } | more


def frame(rows_, like):
    made = pd.DataFrame(rows_, columns=list(like))
    for column in ("sent_at", "updated_at", "started_at", "occurred_at"):
        if column in made:
            made[column] = pd.to_datetime(made[column], utc=True)
    return made


def settled(messages, states=(), **more):
    return settle(frame(messages, said("m", 0)), frame(states, told("t", 0)), **more)


def places(result, messages):
    before = {row["message_id"]: row["conversation_id"] for row in messages}
    changed = result["messages"]
    return before | dict(zip(changed["message_id"], changed["conversation_id"], strict=True))


def groups(messages, states=()):
    """Which messages share a conversation, in order of the first message."""
    held = {}
    for message_id, conversation_id in places(settled(messages, states), messages).items():
        held.setdefault(conversation_id, []).append(message_id)
    return list(held.values())


def conversation(result, conversation_id=None):
    found = result["conversations"]
    if conversation_id is not None:
        found = found[found["conversation_id"] == conversation_id]
    (row,) = found.to_dict("records")
    return row


# Which conversation a message belongs to


def test_silence_of_24_hours_begins_a_new_conversation():
    assert groups([said("a", 0), said("b", DAY - 1), said("c", 2 * DAY - 1)]) == [["a", "b"], ["c"]]


def test_users_and_channels_do_not_share_a_conversation():
    messages = [said("a", 0), said("b", 1, user="u2"), said("c", 2, channel="instagram")]
    assert groups(messages) == [["a"], ["b"], ["c"]]


def test_derived_id_is_a_hash_of_user_channel_and_first_message():
    expected = hashlib.sha256(b'["u1", "whatsapp", "a"]').hexdigest()
    row = conversation(settled([said("b", 5), said("a", 0)]))
    assert row["conversation_id"] == expected
    assert json.loads(row["extra"]) == {"derived": True}


def test_given_conversation_is_kept_and_is_no_change():
    messages = [said("a", 0, conversation="t9")]
    result = settled(messages)
    assert len(result["messages"]) == 0
    assert conversation(result)["conversation_id"] == "t9"


def test_message_goes_to_the_thread_that_was_open_when_it_was_sent():
    states = [told("t1", 10), told("t1", 60, "closed"), told("t2", 200, started=200)]
    messages = [said("a", 0), said("b", 59), said("c", 100), said("d", 200), said("e", 9 * DAY)]
    found = places(settled(messages, states), messages)
    assert [found[one] for one in "abde"] == ["t1", "t1", "t2", "t2"]
    assert found["c"] not in {"t1", "t2"}


def test_message_that_opens_a_thread_is_older_than_it_by_less_than_a_minute():
    assert places(settled([said("a", 0)], [told("t1", 1, started=1)]), [])["a"] == "t1"
    assert places(settled([said("a", 0)], [told("t1", 2, started=2)]), [])["a"] != "t1"


def test_closed_thread_takes_messages_again_once_it_was_reopened():
    states = [told("t1", 10, "closed"), told("t1", 100)]
    found = places(settled([said("a", 50), said("b", 99), said("c", 150)], states), [])
    assert (found["b"], found["c"]) == ("t1", "t1")
    assert found["a"] != "t1"


def test_thread_of_another_user_or_channel_takes_nothing():
    for other in (told("t1", 0, user="u2"), told("t1", 0, channel="instagram")):
        assert places(settled([said("a", 5)], [other]), [])["a"] != "t1"


def test_of_two_open_threads_the_one_begun_last_takes_the_message():
    states = [told("t2", 0), told("t1", 20, started=20)]
    assert places(settled([said("a", 30)], states), [])["a"] == "t1"


def test_thread_that_names_its_last_message_takes_it():
    states = [told("t1", 0), told("t2", 20, started=20), told("t1", 31, extra={"last_message_id": "a"})]
    assert places(settled([said("a", 30)], states), [])["a"] == "t1"


def test_claim_of_a_message_outlives_the_row_that_made_it():
    assert places(settled([said("a", 30)], [told("t1", 30, "message:a", started=None)]), [])["a"] == "t1"


def test_claim_of_the_message_goes_before_that_of_a_thread():
    states = [told("t1", 9, extra={"last_message_id": "a"}), told("t2", 30, "message:a", started=None)]
    assert places(settled([said("a", 30)], states), [])["a"] == "t2"


def test_thread_whose_channel_has_only_an_id_is_matched_by_that_id():
    message = said("a", 5, channel_id="77c1")
    assert (
        places(settled([message], [told("t1", 0, channel=None, extra={"channel_id": "77c1"})]), [])["a"]
        == "t1"
    )
    assert (
        places(settled([message], [told("t1", 0, channel=None, extra={"channel_id": "88d2"})]), [])["a"]
        != "t1"
    )


def test_message_without_customer_gets_the_one_of_its_conversation():
    message = said("a", 5, user="stand-in", conversation="t1", sender="bot", user_unknown=True)
    (row,) = settled([message], [told("t1", 0)])["messages"].to_dict("records")
    assert (row["user_id"], row["conversation_id"]) == ("u1", "t1")
    (row,) = settled([message, said("b", 6, conversation="t1")])["messages"].to_dict("records")
    assert (row["message_id"], row["user_id"]) == ("a", "u1")


def test_of_several_customers_in_a_conversation_the_first_answers_for_the_unknown():
    unknown = said("a", 5, user="stand-in", conversation="t1", user_unknown=True)
    others = [said("b", 6, user="u1", conversation="t1"), said("c", 7, user="u2", conversation="t1")]
    (row,) = settled([unknown, *others])["messages"].to_dict("records")
    assert (row["message_id"], row["user_id"]) == ("a", "u1")


def test_customer_who_stays_unknown_is_left_as_it_is():
    result = settled([said("a", 5, user="stand-in", conversation="t1", user_unknown=True)])
    assert len(result["messages"]) == 0
    assert conversation(result)["user_id"] == "stand-in"


# What a conversation was


def test_conversation_begins_when_the_platform_says_else_with_its_first_message():
    assert conversation(settled([said("a", 5)], [told("t1", 9, started=2)]), "t1")["started_at"] == at(2)
    messages = [said("a", 5, conversation="t1"), said("b", 3, conversation="t1")]
    assert conversation(settled(messages, [told("t1", 9, started=None)]))["started_at"] == at(3)


def test_conversation_ends_with_the_state_that_closed_it():
    closed = [told("t1", 10), told("t1", 30, "closed"), told("t1", 40, "closed")]
    assert conversation(settled([], closed))["ended_at"] == at(30)
    assert pd.isna(conversation(settled([], closed[:1]))["ended_at"])


def test_reopened_conversation_has_no_end_until_it_is_closed_again():
    states = [told("t1", 10, "closed"), told("t1", 20)]
    assert pd.isna(conversation(settled([], states))["ended_at"])
    assert conversation(settled([], [*states, told("t1", 30, "closed")]))["ended_at"] == at(30)


def test_derived_conversation_has_no_end():
    assert pd.isna(conversation(settled([said("a", 0)]))["ended_at"])


def test_escalation_is_the_first_sign_of_a_person():
    by_message = [said("a", 0), said("b", 7, sender="agent")]
    assert conversation(settled(by_message))["escalated_at"] == at(7)
    by_state = [told("t1", 3), told("t1", 5, agent_id="g1"), told("t1", 9, agent_id="g2")]
    row = conversation(settled(by_message, by_state), "t1")
    assert (row["escalated_at"], row["agent_id"]) == (at(5), "g1")
    unnamed = [told("t1", 4, extra={"agent_present": True})]
    assert conversation(settled([], unnamed))["escalated_at"] == at(4)


def test_conversation_without_a_person_is_not_escalated():
    assert pd.isna(conversation(settled([said("a", 0)]))["escalated_at"])


def test_newest_state_or_message_tells_when_it_changed():
    assert conversation(settled([said("a", 0, changed=50)], [told("t1", 20)]))["updated_at"] == at(50)
    assert conversation(settled([said("a", 0)], [told("t1", 20)]))["updated_at"] == at(20)


def test_newest_customer_of_merged_contacts_counts_and_the_first_entry_point():
    states = [told("t1", 1, user="old", entry_point="ad"), told("t1", 2, user="new", entry_point="post")]
    row = conversation(settled([], states))
    assert (row["user_id"], row["entry_point"]) == ("new", "ad")


def test_what_bird_does_not_know_is_null():
    row = conversation(settled([], [told("t1", 1)]))
    assert all(
        pd.isna(row[name]) for name in ("outcome", "resolved", "csat", "nps", "escalation_reason", "city")
    )


def test_thread_of_nobody_waits_for_its_first_message():
    assert len(settled([], [told("t1", 1, user=None)])["conversations"]) == 0
    row = conversation(settled([said("a", 2, conversation="t1")], [told("t1", 1, user=None)]))
    assert (row["conversation_id"], row["user_id"]) == ("t1", "u1")


def test_nothing_gives_nothing():
    result = settled([], [])
    assert [len(result[name]) for name in ("messages", "conversations", "events", "obsolete")] == [0, 0, 0, 0]


def test_conversation_that_ceases_to_exist_is_named():
    first = settled([said("b", 5)])
    stored = first["messages"].to_dict("records")
    second = settled([*stored, said("a", 0)], conversations=first["conversations"])
    assert list(second["obsolete"]["conversation_id"]) == list(first["conversations"]["conversation_id"])
    assert list(settled(stored, conversations=first["conversations"])["obsolete"]["conversation_id"]) == []


def test_conversations_of_other_sources_are_never_obsolete():
    other = pd.DataFrame({"conversation_id": ["survey"], "extra": [None]})
    assert list(settled([said("a", 0)], conversations=other)["obsolete"]["conversation_id"]) == []


def test_event_follows_its_message():
    event = {"event_id": "e", "user_id": "stand-in", "conversation_id": None, "extra": '{"message_id": "a"}'}
    other = {"event_id": "f", "user_id": "u1", "conversation_id": None, "extra": None}
    result = settled([said("a", 5)], [told("t1", 0)], events=pd.DataFrame([event, other]))
    (row,) = result["events"].to_dict("records")
    assert (row["event_id"], row["user_id"], row["conversation_id"]) == ("e", "u1", "t1")


# The set of deliveries decides, not their order


def stamp(minute):
    return at(minute).isoformat()


def heard(message_id, minute, status, *, outgoing=False, thread=None):
    """A webhook of a message; every status is told at a minute of its own."""
    person = {"contact": {"id": "u1"}}
    sides = {"sender": {"type": "user"}, "receiver": person} if outgoing else {"sender": person}
    return {
        "event": f"whatsapp.{'outbound' if outgoing else 'inbound'}",
        "payload": {
            "id": message_id,
            "channelId": "77c1",
            **sides,
            **({"conversationId": thread} if thread else {}),
            "body": {"type": "text", "text": {"text": message_id}},
            "status": status,
            "createdAt": stamp(minute),
            "updatedAt": stamp(minute + STATUS_RANK[status]),
        },
    }


def listed(message_id, minute, thread):
    """The same message in a page of its conversation: no customer, no time of the status."""
    entry = {"id": message_id, "conversationId": thread, "sender": {"type": "user"}, "status": "sent"}
    return {"results": [{**entry, "body": message_id, "createdAt": stamp(minute)}], "nextPageToken": None}


def changed(thread, minute, status, started, *, agent=False):
    people = [{"id": "u1", "type": "contact"}] + [{"id": "g1", "type": "user"}] * agent
    body = {"id": thread, "status": status, "channelId": "77c1", "featuredParticipants": people}
    return {
        "event": "conversation.updated",
        "payload": {**body, "createdAt": stamp(started), "updatedAt": stamp(minute)},
    }


DELIVERIES = [
    heard("a", 0, "delivered"),
    heard("b", 4, "sent", outgoing=True),
    heard("b", 4, "read", outgoing=True),
    heard("c", 30 * HOUR, "delivered"),
    heard("d", 31 * HOUR, "delivered", outgoing=True),
    heard("d", 31 * HOUR, "delivery_failed", outgoing=True),
    heard("e", 32 * HOUR, "accepted", outgoing=True, thread="t2"),
    heard("e", 32 * HOUR, "read", outgoing=True),
    listed("d", 31 * HOUR, "t3"),
    listed("f", 90 * HOUR, "t2"),
    changed("t1", 1, "active", 1),
    changed("t1", 8, "closed", 1, agent=True),
    changed("t1", 9, "closed", 1),
    changed("t2", 40 * HOUR, "active", 25 * HOUR),
    changed("t2", 41 * HOUR, "closed", 25 * HOUR),
    changed("t2", 42 * HOUR, "active", 25 * HOUR),
]
KEYS = {"messages": ["message_id"], "conversation_states": ["conversation_id", "updated_at", "status"]}
EMPTY = {"messages": said("m", 0) | {"status": None}, "conversation_states": told("t", 0)}


def deliver(store, delivery):
    """Keep per key the row of the highest status and newest change, as the store does."""
    for table, raw in rows(delivery, {}):
        row = (
            EMPTY[table]
            | dict.fromkeys(EMPTY[table])
            | raw
            | {"extra": json.dumps(raw["extra"], sort_keys=True)}
        )
        row = {name: pd.Timestamp(value) if name.endswith("_at") else value for name, value in row.items()}
        key = tuple(row[name] for name in KEYS[table])
        kept = store[table].get(key)
        if kept is None or worth(table, row) > worth(table, kept):
            store[table][key] = row


def worth(table, row):
    rank = STATUS_RANK.get(row["status"], 0) if table == "messages" else 0
    return rank, row["updated_at"]


def settle_store(store):
    result = settle(
        frame(store["messages"].values(), EMPTY["messages"]),
        frame(store["conversation_states"].values(), EMPTY["conversation_states"]),
        conversations=pd.DataFrame(
            list(store["conversations"].values()), columns=["conversation_id", "extra"]
        ),
    )
    for row in result["messages"].to_dict("records"):
        store["messages"][row["message_id"],].update(
            conversation_id=row["conversation_id"], user_id=row["user_id"]
        )
    for conversation_id in result["obsolete"]["conversation_id"]:
        store["conversations"].pop(conversation_id, None)
    for row in result["conversations"].to_dict("records"):
        store["conversations"][row["conversation_id"]] = row
    return result


def final_state(deliveries, *, at_each_step):
    store = {"messages": {}, "conversation_states": {}, "conversations": {}}
    for delivery in deliveries:
        deliver(store, delivery)
        if at_each_step:
            settle_store(store)
    settle_store(store)
    return {
        "places": {
            key: (row["conversation_id"], row["user_id"], row["status"])
            for (key,), row in store["messages"].items()
        },
        "conversations": json.dumps(store["conversations"], sort_keys=True, default=str),
    }, store


EXPECTED_PLACES = {
    "a": ("t1", "u1", "delivered"),
    "b": ("t1", "u1", "read"),
    "c": ("t2", "u1", "delivered"),
    "d": ("t3", "u1", "delivery_failed"),
    "e": ("t2", "u1", "read"),
    "f": ("t2", "u1", "sent"),
}


def test_deliveries_in_order_end_in_the_state_worked_out_by_hand():
    state, store = final_state(DELIVERIES, at_each_step=False)
    assert state["places"] == EXPECTED_PLACES
    ends = {name: row["ended_at"] for name, row in store["conversations"].items()}
    assert ends["t1"] == at(8)
    assert pd.isna(ends["t2"])
    assert set(ends) == {"t1", "t2", "t3"}
    assert store["conversations"]["t1"]["escalated_at"] == at(
        4
    )  # the person's message b came before the state


@pytest.fixture(scope="module")
def in_order():
    return final_state(DELIVERIES, at_each_step=False)[0]


@settings(max_examples=40, deadline=None)
@given(st.permutations(DELIVERIES), st.booleans())
def test_every_order_of_deliveries_ends_in_the_same_state(in_order, deliveries, at_each_step):
    assert final_state(deliveries, at_each_step=at_each_step)[0] == in_order


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(DELIVERIES), unique_by=json.dumps), st.randoms(use_true_random=False))
def test_every_part_of_the_deliveries_has_one_state_too(part, random):
    shuffled = random.sample(part, len(part))
    assert final_state(shuffled, at_each_step=True)[0] == final_state(part, at_each_step=False)[0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(DELIVERIES), min_size=1))
def test_repeated_deliveries_change_nothing(again):
    expected, store = final_state(DELIVERIES, at_each_step=False)
    for delivery in again:
        deliver(store, delivery)
    result = settle_store(store)
    assert len(result["messages"]) == len(result["obsolete"]) == 0
    assert json.dumps(store["conversations"], sort_keys=True, default=str) == expected["conversations"]


@pytest.mark.parametrize("missing", ["updated_at", "extra"])
def test_null_change_or_extra_of_a_message_does_no_harm(missing):
    message = said("a", 5, conversation="t1") | {missing: None}
    assert len(settled([message])["conversations"]) == 1
