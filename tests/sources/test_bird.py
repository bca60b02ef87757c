"""All people, numbers and ids here are invented."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.codes import QUARANTINE_CODES
from analytics_lib.sources.bird import rows
from analytics_lib.sources.record import BadRecordError

CHANNEL = "77c10000-0000-4000-8000-000000000001"
CONTACT = "c0ffee00-0000-4000-8000-000000000001"
PHONE = "+573000000001"
OPTIONS = {"channels": {CHANNEL: "WhatsApp"}, "postbacks": {"photos": "products_viewed"}}
NAMED = {"contact": {"id": CONTACT, "identifierKey": "phonenumber", "identifierValue": PHONE}}


def payload(**changes):
    """What a customer wrote, as the Channels API tells it."""
    return {
        "id": "m1",
        "channelId": CHANNEL,
        "sender": {"contact": {**NAMED["contact"], "annotations": {"name": "Ana Invented"}}},
        "receiver": {"connector": {"id": "9d", "identifierValue": "+576010000000"}},
        "body": {"type": "text", "text": {"text": "¿Tienen el jean en talla 8?"}},
        "meta": {"extraInformation": {"timestamp": "1767225600", "user_locale": "es-CO"}},
        "parts": [{"platformReference": "wamid.X1"}],
        "status": "delivered",
        "direction": "incoming",
        "lastStatusAt": "2026-01-01T00:00:01.915Z",
        "createdAt": "2026-01-01T00:00:01.844Z",
        "updatedAt": "2026-01-01T00:00:01.915Z",
        "batchId": None,
    } | changes


def reply(**changes):
    """What the shop wrote."""
    changes = {"sender": {"type": "bot", "id": "b1"}, "receiver": {"contacts": [NAMED["contact"]]}, **changes}
    return payload(direction="outgoing", **changes)


def thread(**changes):
    """A conversation, as the Conversations API tells it."""
    return {
        "id": "t1",
        "status": "active",
        "channelId": CHANNEL,
        "name": "Ana Invented",
        "featuredParticipants": [
            {"id": CONTACT, "type": "contact", "displayName": "Ana", "contact": {"identifierValue": PHONE}},
            {"id": "b1", "type": "bot", "displayName": "Koa"},
        ],
        "lastMessage": {"id": "m1", "type": "text", "preview": {"text": "hola"}, "sender": {"type": "bot"}},
        "attributes": {"typingStatus": {"a": 1}},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:10:00Z",
    } | changes


def of_table(table, record, options=OPTIONS):
    return [row for name, row in rows(record, options) if name == table]


def message(record, options=OPTIONS):
    (row,) = of_table("messages", record, options)
    return row


def inbound(**changes):
    return message({"service": "channels", "event": "whatsapp.inbound", "payload": payload(**changes)})


def state(**changes):
    (row,) = of_table("conversation_states", {"event": "conversation.updated", "payload": thread(**changes)})
    return row


def refusal(record):
    with pytest.raises(BadRecordError) as raised:
        rows(record, OPTIONS)
    assert raised.value.code in QUARANTINE_CODES
    return raised.value


# Messages


def test_inbound_message_becomes_a_row_of_the_contract():
    row = inbound()
    extra = row.pop("extra")
    assert row == {
        "message_id": "m1",
        "conversation_id": "pending:m1",
        "user_id": CONTACT,
        "sent_at": "1767225600",
        "sender": "user",
        "kind": "text",
        "text": "¿Tienen el jean en talla 8?",
        "status": "delivered",
        "updated_at": "2026-01-01T00:00:01.915Z",
    }
    assert extra == {
        "channel": "whatsapp",
        "channel_id": CHANNEL,
        "platform_reference": "wamid.X1",
        "meta": {"user_locale": "es-CO"},
    }


@pytest.mark.parametrize(
    "envelope",
    [
        lambda body: {"event": "whatsapp.inbound", "payload": body},
        lambda body: {"event": "whatsapp.inbound", "data": body},
        lambda body: {"event": "whatsapp.inbound", "message": body},
        lambda body: {"type": "whatsapp.inbound", "payload": {"message": body}},
        lambda body: {"results": [body], "nextPageToken": "p2"},
        lambda body: body,
    ],
)
def test_every_envelope_gives_the_same_row(envelope):
    assert message(envelope(payload())) == inbound()


@pytest.mark.parametrize("name", ["conversationId", "conversation_id"])
def test_given_conversation_is_kept_and_claimed_inside_or_beside_the_message(name):
    for record in (payload(**{name: "t1"}), {"event": "whatsapp.inbound", name: "t1", "message": payload()}):
        row = message(record)
        assert row["conversation_id"] == row["extra"]["given_conversation_id"] == "t1"
        (claim,) = of_table("conversation_states", record)
        assert (claim["conversation_id"], claim["status"], claim["user_id"]) == ("t1", "message:m1", CONTACT)


@pytest.mark.parametrize(
    "parties",
    [
        {"sender": NAMED},
        {"sender": {"id": CONTACT, "type": "contact"}},
        {"sender": None, "from": NAMED},
        {"sender": None, "from": {"id": CONTACT, "identifierValue": PHONE}},
        {"sender": None, "from": PHONE, "contact": {"id": CONTACT}},
        {"sender": {"identifierValue": PHONE}, "contactId": CONTACT},
    ],
)
def test_customer_is_the_contact_wherever_it_is_named(parties):
    assert inbound(**parties)["user_id"] == CONTACT


@pytest.mark.parametrize(
    "parties",
    [
        {"sender": {"identifierValue": PHONE}},
        {"sender": {"contact": {"identifierValue": PHONE}}},
        {"sender": None, "identifierValue": PHONE},
        {"sender": None, "contact": {"identifierValue": PHONE}},
        {"sender": None, "from": PHONE},
        {"sender": None, "from": {"phoneNumber": PHONE}},
        {"sender": {"contact": None, "identifierValue": PHONE}},
    ],
)
def test_customer_without_contact_id_is_the_number(parties):
    assert inbound(**parties)["user_id"] == PHONE


def test_number_given_as_an_integer_is_left_to_ingest_and_as_a_decimal_refused():
    assert inbound(sender=None, **{"from": 573000000001})["user_id"] == 573000000001
    error = refusal(payload(sender=None, **{"from": 5.73e11}))
    assert (error.code, error.column) == ("PHONE_LOSSY", "user_id")
    assert "5" not in error.detail.replace("+57", "")


def test_customer_of_an_outgoing_message_is_its_receiver():
    assert message(reply())["user_id"] == CONTACT
    assert message(reply(receiver=None, recipients=[{"identifierValue": PHONE}]))["user_id"] == PHONE
    assert message(reply(receiver=None, to=PHONE))["user_id"] == PHONE


@pytest.mark.parametrize(
    ("sender", "role"),
    [
        ({"type": "user", "id": "a1"}, "agent"),
        ({"user": {"id": "a1"}}, "agent"),
        ({"type": "bot"}, "bot"),
        ({"type": "flow"}, "bot"),
        ({"type": "accessKey"}, "bot"),
        ({"connector": {"id": "9d"}}, "bot"),
        ({"type": "robot"}, "robot"),
    ],
)
def test_role_of_an_outgoing_message_is_the_kind_of_its_sender(sender, role):
    assert message(reply(sender=sender))["sender"] == role


def test_direction_is_told_by_the_event_or_the_sender_where_the_field_is_missing():
    assert (
        message({"event": "whatsapp.outbound", "payload": reply() | {"direction": None}})["sender"] == "bot"
    )
    assert message({"event": "whatsapp.inbound", "payload": payload(direction=None)})["sender"] == "user"
    assert message(payload(direction=None))["sender"] == "user"
    assert refusal({"id": "m1", "body": "hola", "createdAt": "2026-01-01T00:00:00Z"}).column == "sender"


def test_time_of_an_outgoing_message_is_when_it_was_made():
    assert message(reply())["sent_at"] == "2026-01-01T00:00:01.844Z"
    assert inbound(meta=None)["sent_at"] == "2026-01-01T00:00:01.844Z"


def test_message_without_any_time_is_refused():
    error = refusal(payload(meta=None, createdAt=None, updatedAt="", lastStatusAt=None))
    assert (error.code, error.column) == ("BAD_TIME", "sent_at")


def test_newest_change_is_updated_else_the_last_status():
    assert inbound(updatedAt="2026-01-02T00:00:00Z")["updated_at"] == "2026-01-02T00:00:00Z"
    assert (
        inbound(updatedAt=None, lastStatusAt="2026-01-03T00:00:00Z")["updated_at"] == "2026-01-03T00:00:00Z"
    )


def test_status_keeps_its_word_even_an_unknown_one():
    assert inbound(status="READ")["status"] == "read"
    assert inbound(status="teleported")["status"] == "teleported"


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"body": "hola"}, "text", "hola"),
        ({"body": {"type": "text", "text": "hola"}}, "text", "hola"),
        ({"body": {"text": {"text": "hola"}}}, "text", "hola"),
        (
            {"body": {"type": "image", "image": {"text": "mira", "images": [{"mediaUrl": "u"}]}}},
            "image",
            "mira",
        ),
        ({"body": {"type": "image", "image": {"images": [{"mediaUrl": "u"}]}}}, "image", None),
        ({"body": {"type": "location", "location": {"coordinates": {"latitude": 4.6}}}}, "location", None),
        ({"body": {"type": "html", "html": {"text": "hola", "html": "<p>hola</p>"}}}, "html", "hola"),
        ({"body": {"type": "hologram", "hologram": {}}}, "hologram", None),
        ({"body": None, "type": "text", "preview": {"text": "hola…"}}, "text", "hola…"),
        ({"body": None, "type": "text", "content": {"text": "hola"}}, "text", "hola"),
        ({"body": None, "type": "image", "content": {"image": {"caption": "mira"}}}, "image", "mira"),
        ({"body": None}, "unknown", None),
    ],
)
def test_kind_and_text_are_found_in_every_body(content, kind, text):
    row = inbound(**content)
    assert (row["kind"], row["text"]) == (kind, text)


def test_text_of_a_preview_is_marked_as_cut():
    assert inbound(body=None, preview={"text": "hola…"})["extra"]["text_cut"] is True
    assert "text_cut" not in inbound()["extra"]


def test_text_that_is_no_text_is_left_for_ingest_to_refuse():
    assert inbound(body={"type": "text", "text": {"text": ["a", "b"]}})["text"] == ["a", "b"]


def test_media_keep_type_and_size_but_neither_link_nor_file_name():
    file = {
        "mediaUrl": "https://media.example/x",
        "contentType": "audio/ogg",
        "filename": "ana.ogg",
        "size": 90210,
    }
    row = inbound(body={"type": "file", "file": {"files": [file]}})
    assert row["extra"]["media"] == [{"kind": "file", "media_type": "audio/ogg", "size": 90210}]
    assert "media.example" not in json.dumps(row)
    assert "ana.ogg" not in json.dumps(row)


def test_template_stands_instead_of_a_body_and_loses_its_variables():
    template = {"projectId": "p1", "version": "v2", "locale": "es-CO", "variables": {"name": "Ana Invented"}}
    row = message(reply(template=template) | {"body": None})
    assert (row["kind"], row["text"]) == ("template", None)
    assert row["extra"]["template"] == {"projectId": "p1", "version": "v2", "locale": "es-CO"}


CLICK = {
    "text": "Ver fotos",
    "actions": [{"type": "postback", "postback": {"text": "Ver", "payload": "photos"}}],
}


def test_clicked_button_is_a_message_and_an_event():
    record = payload(body={"type": "text", "text": CLICK}, replyTo={"id": "m0", "order": 0, "type": "click"})
    row = message(record)
    assert (row["kind"], row["text"]) == ("button", "Ver fotos")
    assert row["extra"]["postback"] == "photos"
    assert row["extra"]["reply_to"] == {"id": "m0", "type": "click"}
    (event,) = of_table("events", record)
    assert event == {
        "event_id": "m1:postback",
        "user_id": CONTACT,
        "conversation_id": None,
        "occurred_at": "1767225600",
        "name": "products_viewed",
        "extra": {"message_id": "m1", "postback": "photos"},
    }


def test_reply_by_click_without_a_postback_is_a_button_and_no_event():
    record = payload(replyTo={"id": "m0", "type": "click"})
    assert message(record)["kind"] == "button"
    assert of_table("events", record) == []


def test_postback_without_a_configured_event_is_kept_as_unknown():
    (event,) = of_table("events", payload(body={"type": "text", "text": CLICK}), {})
    assert event["name"] == "unknown:photos"


def test_buttons_that_the_shop_offers_are_not_clicks():
    record = reply(body={"type": "text", "text": CLICK})
    assert message(record)["kind"] == "text"
    assert message(record)["extra"]["buttons"] == ["Ver"]
    assert of_table("events", record) == []


def test_failure_keeps_its_reason_and_unknown_fields_are_kept():
    failure = {"code": 15005, "source": {"name": "whatsapp", "code": "1"}}
    extra = message(reply(status="delivery_failed", reason="expired", failure=failure, novelty={"a": 1}))[
        "extra"
    ]
    assert extra["failure"] == {"code": 15005, "source": "whatsapp", "source_code": "1"}
    assert (extra["reason"], extra["novelty"]) == ("expired", {"a": 1})


def test_neither_name_nor_number_reaches_extra():
    said = json.dumps(
        [inbound()["extra"], inbound(displayName="Ana", note=f"al {PHONE}")["extra"], state()["extra"]]
    )
    assert "Ana" not in said
    assert "573000000001" not in said
    assert "6010000000" not in said


def test_page_of_a_conversation_gives_messages_that_wait_for_their_customer():
    entry = {
        "id": "m7",
        "conversationId": "t1",
        "sender": {"type": "user", "displayName": "Luz"},
        "body": {"type": "text", "text": {"text": "Buenas"}},
        "status": "sent",
        "createdAt": "2026-01-01T00:00:00Z",
    }
    row = message({"results": [entry], "nextPageToken": "p2"})
    assert (row["sender"], row["conversation_id"], row["user_id"]) == ("agent", "t1", "conversation:t1")
    assert row["extra"]["user_unknown"] is True
    assert "Luz" not in json.dumps(row)


def test_older_shape_of_messages_is_read():
    older = {
        "type": "message.created",
        "contact": {"id": CONTACT, "msisdn": 573000000001},
        "conversation": {"id": "t1", "status": "active"},
        "message": {
            "id": "m1",
            "conversationId": "t1",
            "platform": "whatsapp",
            "to": PHONE,
            "from": "+576010000000",
            "channelId": CHANNEL,
            "type": "text",
            "content": {"text": "hola"},
            "direction": "sent",
            "status": "delivered",
            "createdDatetime": "2020-01-01T00:00:00Z",
        },
    }
    row = message(older, {})
    assert (row["user_id"], row["sender"], row["text"]) == (CONTACT, "bot", "hola")
    assert (row["conversation_id"], row["extra"]["channel"]) == ("t1", "whatsapp")


def test_channel_is_null_where_neither_event_nor_configuration_names_it():
    assert "channel" not in message(payload(), {})["extra"]
    assert message(payload(), {})["extra"]["channel_id"] == CHANNEL
    assert (
        message({"event": "Instagram.inbound", "payload": payload()}, {})["extra"]["channel"] == "instagram"
    )


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"id": None}, "message_id"),
        ({"sender": None, "direction": "incoming"}, "user_id"),
        ({"sender": {"contact": None}}, "user_id"),
    ],
)
def test_message_without_a_required_field_is_refused_by_name(changes, column):
    error = refusal({"event": "whatsapp.inbound", "payload": payload(**changes)})
    assert (error.code, error.column) == ("MISSING_FIELD", column)


def test_status_report_without_content_is_refused_but_a_deletion_is_kept():
    bare = {key: value for key, value in payload().items() if key != "body"}
    assert refusal({"event": "whatsapp.inbound", "payload": bare}).column == "kind"
    assert (
        message({"event": "whatsapp.inbound", "payload": bare | {"status": "deleted"}})["kind"] == "unknown"
    )


# Interactions


def test_interaction_is_an_event_of_its_message():
    record = {
        "service": "channels",
        "event": "whatsapp.interaction",
        "payload": {
            "id": "i1",
            "messageId": "m1",
            "channelId": CHANNEL,
            "type": "read",
            "createdAt": "2026-01-01",
        },
    }
    ((table, row),) = rows(record, OPTIONS)
    assert table == "events"
    assert (row["event_id"], row["name"], row["occurred_at"]) == ("i1", "whatsapp.interaction", "2026-01-01")
    assert row["user_id"] == "message:m1"
    assert row["extra"] == {
        "message_id": "m1",
        "interaction": "read",
        "channel_id": CHANNEL,
        "user_unknown": True,
    }


def test_interaction_without_id_gets_the_same_one_each_time_and_its_customer_where_named():
    record = {
        "event": "whatsapp.interaction",
        "payload": {
            "messageId": "m1",
            "type": "read",
            "createdAt": "2026-01-01",
            "receiver": {"contacts": [{"id": CONTACT}]},
        },
    }
    assert rows(record, {}) == rows(record, {})
    assert rows(record, {})[0][1]["user_id"] == CONTACT


# Conversations and contacts


def test_conversation_becomes_a_state():
    assert state() == {
        "conversation_id": "t1",
        "updated_at": "2026-01-01T00:10:00Z",
        "status": "active",
        "user_id": CONTACT,
        "channel": "whatsapp",
        "started_at": "2026-01-01T00:00:00Z",
        "agent_id": None,
        "entry_point": None,
        "extra": {"channel_id": CHANNEL, "last_message_id": "m1"},
    }


def test_conversation_is_known_in_every_envelope():
    for record in (
        thread(),
        {"data": thread()},
        {"event": "conversation.created", "payload": {"conversation": thread()}},
    ):
        assert of_table("conversation_states", record) == [state()]
        assert of_table("messages", record) == []


def test_person_of_the_shop_is_found_among_the_participants_or_as_the_last_sender():
    agent = {"id": "a1", "type": "user", "displayName": "Luz"}
    row = state(featuredParticipants=[*thread()["featuredParticipants"], agent])
    assert (row["agent_id"], row["extra"]["agent_present"]) == ("a1", True)
    row = state(lastMessage={"id": "m1", "sender": {"type": "user"}})
    assert (row["agent_id"], row["extra"]["agent_present"]) == (None, True)


def test_customer_of_a_conversation_may_be_only_the_recipient_of_the_last_message():
    last = {
        "id": "m1",
        "sender": {"type": "flow"},
        "recipients": [{"type": "contact", "identifierValue": PHONE}],
    }
    assert state(featuredParticipants=[], lastMessage=last)["user_id"] == PHONE


def test_entry_point_is_the_kind_of_referral():
    assert state(referral={"type": "Ad", "sourceUrl": "https://ads.example"})["entry_point"] == "ad"


def test_conversation_without_status_is_active_only_when_it_was_just_created():
    ((_, created),) = rows({"event": "conversation.created", "payload": thread(status=None)}, OPTIONS)
    assert created["status"] == "active"
    error = refusal({"event": "conversation.updated", "payload": thread(status=None)})
    assert (error.code, error.column) == ("MISSING_FIELD", "status")


def test_older_shape_of_conversations_is_read():
    older = {
        "id": "t1",
        "status": "archived",
        "contact": {"id": CONTACT},
        "createdDatetime": "2020-01-01T00:00:00Z",
        "updatedDatetime": "2020-01-02T00:00:00Z",
        "lastUsedChannelId": CHANNEL,
    }
    ((table, row),) = rows({"items": [older]}, OPTIONS)
    assert table == "conversation_states"
    assert (row["status"], row["updated_at"], row["channel"]) == (
        "closed",
        "2020-01-02T00:00:00Z",
        "whatsapp",
    )


def test_contact_becomes_a_user_without_name_or_number():
    contact = {
        "id": CONTACT,
        "computedDisplayName": "Ana",
        "createdAt": "2026-01-01",
        "updatedAt": "2026-01-02",
    }
    ((table, row),) = rows({"results": [contact]}, OPTIONS)
    assert table == "users"
    assert row == {"user_id": CONTACT, "first_seen_at": "2026-01-01", "updated_at": "2026-01-02", "extra": {}}
    ((_, row),) = rows({"event": "contact.deleted", "payload": contact}, OPTIONS)
    assert row["extra"] == {"deleted": True}


# Pages and refusals


def test_page_gives_the_rows_of_all_its_entries_and_an_empty_one_none():
    page = {"results": [payload(id="m1"), payload(id="m2")], "nextPageToken": None}
    assert [row["message_id"] for row in of_table("messages", page)] == ["m1", "m2"]
    assert rows({"results": []}, OPTIONS) == []


def test_bad_entry_of_a_page_is_named_by_its_place():
    error = refusal({"results": [payload(), {"what": 1}]})
    assert error.code == "UNKNOWN_SHAPE"
    assert error.detail.startswith("entry 1 of the page: ")
    assert refusal({"results": [payload(), None]}).code == "NOT_OBJECT"


@pytest.mark.parametrize(
    "record", [{}, {"hello": 1}, {"event": "x.y", "payload": {"hello": 1}}, {"error": "429"}]
)
def test_unknown_shape_is_refused_with_the_keys_found(record):
    error = refusal(record)
    assert error.code == "UNKNOWN_SHAPE"
    assert ("hello" in error.detail) == ("hello" in json.dumps(record))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(payload())), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*payload(), "conversationId", "from", "template", "preview"]), JSON, max_size=6
    )
)
def test_any_damage_to_a_message_gives_rows_or_a_reason(damage):
    known = {"messages", "events", "users", "conversation_states", *QUARANTINE_CODES}
    for record in (payload() | damage, {"event": "whatsapp.inbound", "data": reply() | damage}, damage):
        assert tables_or_code(record) <= known


def tables_or_code(record):
    try:
        return {table for table, _ in rows(record, OPTIONS)}
    except BadRecordError as error:
        return {error.code}


def test_parameters_of_the_source_name_this_module_and_known_stages():
    path = Path(__file__).parents[2] / "params/sources/bird.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (settings["source"], settings["python"]) == ("bird", rows.__module__)
    assert message(payload(), settings["options"])["message_id"] == "m1"
