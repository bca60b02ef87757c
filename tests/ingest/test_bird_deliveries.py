"""Deliveries of Bird through the whole ingest: one state in whatever order they come. All invented."""

import itertools
import random

import pytest
from workshop import ROOT, Workshop

from analytics_lib.ingest import load_source

BIRD = load_source("bird", ROOT / "params" / "sources")
CHANNEL = "77c10000-0000-4000-8000-000000000001"
CONTACT = {
    "id": "c0ffee00-0000-4000-8000-000000000001",
    "identifierKey": "phonenumber",
    "identifierValue": "+573000000001",
}
TABLES = {
    "messages": "message_id, conversation_id, user_id, sent_at, sender, kind, text, status",
    "conversations": "conversation_id, user_id, channel, started_at, ended_at, agent_id",
    "conversation_states": "conversation_id, updated_at, status, user_id",
    "users": "user_id",
}


def webhook(number, minute, *, status="delivered", text="hola", updated=0, outgoing=False):
    who = (
        {"sender": {"type": "bot", "id": "b1"}, "receiver": {"contacts": [CONTACT]}, "direction": "outgoing"}
        if outgoing
        else {
            "sender": {"contact": CONTACT},
            "receiver": {"connector": {"id": "9d"}},
            "direction": "incoming",
        }
    )
    body = {
        "id": f"m{number}",
        "channelId": CHANNEL,
        "body": {"type": "text", "text": {"text": text}},
        "status": status,
        "createdAt": f"2026-06-01T10:{minute:02}:00.000Z",
        "updatedAt": f"2026-06-01T10:{minute:02}:0{updated}.000Z",
    }
    event = "whatsapp.outbound" if outgoing else "whatsapp.inbound"
    return {"service": "channels", "event": event, "payload": body | who}


def thread(status, minute):
    body = {
        "id": "t1",
        "status": status,
        "channelId": CHANNEL,
        "featuredParticipants": [{"id": CONTACT["id"], "type": "contact", "contact": CONTACT}],
        "createdAt": "2026-06-01T10:00:00Z",
        "updatedAt": f"2026-06-01T10:{minute:02}:00Z",
    }
    return {"service": "conversations", "event": "conversation.updated", "payload": body}


DELIVERIES = [
    webhook(1, 0, text="mi cel es 300 123 4567"),
    webhook(2, 1, outgoing=True, status="sent"),
    webhook(2, 1, outgoing=True, status="delivered", updated=1),
    webhook(2, 1, outgoing=True, status="read", updated=2),
    thread("active", 2),
    thread("closed", 30),
]


def state(folder, files):
    """What the store holds after these files, one after the other; the key is the same everywhere."""
    shop = Workshop(folder)
    (folder / "keys").mkdir(parents=True, mode=0o700)
    key = folder / "keys" / "pseudonym.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    for number, deliveries in enumerate(files):
        report = shop.ingest(shop.write(f"bird-{number}.ndjson", deliveries), source=BIRD)
        assert (report.status, report.quarantined) == ("ingested", 0), shop.rows("quarantine")
    return shop, {
        table: shop.query(f"select {columns} from {table} order by all").astype(str).to_dict("records")
        for table, columns in TABLES.items()
    }


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    return state(tmp_path_factory.mktemp("in-order"), [DELIVERIES])


def test_deliveries_become_messages_of_one_conversation_that_was_closed(in_order):
    _, tables = in_order
    (conversation,) = tables["conversations"]
    assert conversation["conversation_id"] == "t1"
    assert conversation["channel"] == "whatsapp"
    assert conversation["ended_at"] == "2026-06-01 10:30:00+00:00"
    assert [
        (m["message_id"], m["conversation_id"], m["sender"], m["status"]) for m in tables["messages"]
    ] == [
        ("m1", "t1", "user", "delivered"),
        ("m2", "t1", "bot", "read"),
    ]
    assert len({row["user_id"] for rows in tables.values() for row in rows}) == 1


def test_a_phone_number_in_a_delivery_is_nowhere_in_the_store(in_order):
    shop, tables = in_order
    assert tables["messages"][0]["text"] == "mi cel es [phone]"
    for raw in ("3000000001", "300 123 4567", CONTACT["id"]):
        assert raw.encode() not in shop.stored_bytes()
        assert raw not in str(tables)


ORDERS = random.Random(3).sample(list(itertools.permutations(range(len(DELIVERIES)))), 5)


@pytest.mark.parametrize("order", [(5, 4, 3, 2, 1, 0), *ORDERS], ids=str)
def test_deliveries_in_any_order_over_several_files_end_in_the_same_state(tmp_path, in_order, order):
    """F25: read before delivered before sent, closed before created."""
    cuts = [order[:1], order[1:3], order[3:]]
    _, got = state(tmp_path / "other", [[DELIVERIES[place] for place in cut] for cut in cuts])
    assert got == in_order[1]


def test_deliveries_that_come_again_a_day_later_change_nothing(in_order, tmp_path):
    """F26: every delivery again, one of them with its first status."""
    again = [DELIVERIES[1], DELIVERIES[5], DELIVERIES[0]]
    shop, got = state(tmp_path / "again", [DELIVERIES, again])
    assert got == in_order[1]
    assert shop.query("select duplicates from ingested_files where records = 3")["duplicates"].tolist() == [3]
