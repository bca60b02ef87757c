"""The contract, written a second time by hand: a name that changes here breaks every question and source."""

import pytest

from analytics_lib.codes import FILE_CODES, FLAG_CODES, QUARANTINE_CODES
from analytics_lib.schema import EVERY_TABLE, FUNNEL_STAGES, INTERNAL_TABLES, STATUS_RANK, TABLES

# Required columns first, then those that may be null; every table also has updated_at? and extra?.
REQUIRED = {
    "conversations": "conversation_id user_id channel started_at started_local",
    "messages": "message_id conversation_id user_id sent_at sent_local sender kind",
    "actions": "action_id conversation_id started_at started_local name",
    "events": "event_id user_id occurred_at occurred_local name",
    "orders": "order_id user_id ordered_at ordered_local amount currency",
    "products": "product_id name",
    "users": "user_id",
    "api_requests": "request_id requested_at requested_local endpoint status_code",
    "samples": "metric labels sampled_at sampled_local",
    "probes": "endpoint probed_at probed_local ok",
}
NULLABLE = {
    "conversations": (
        "ended_at outcome resolved escalated_at escalation_reason agent_id csat nps entry_point "
        "city region country"
    ),
    "messages": "text intent confidence true_intent sentiment status",
    "actions": "duration_ms succeeded error",
    "events": "conversation_id product_id value",
    "orders": "conversation_id items",
    "products": "category price",
    "users": "first_seen_at segment city region country",
    "api_requests": "method duration_ms",
    "samples": "value",
    "probes": "status_code duration_ms error",
}
KEYS = {
    "conversations": ("conversation_id",),
    "messages": ("message_id",),
    "actions": ("action_id",),
    "events": ("event_id",),
    "orders": ("order_id",),
    "products": ("product_id",),
    "users": ("user_id",),
    "api_requests": ("request_id",),
    "samples": ("metric", "labels", "sampled_at"),
    "probes": ("endpoint", "probed_at"),
}
TWINS = {
    "conversations": ("started_at", "started_local"),
    "messages": ("sent_at", "sent_local"),
    "actions": ("started_at", "started_local"),
    "events": ("occurred_at", "occurred_local"),
    "orders": ("ordered_at", "ordered_local"),
    "products": (None, None),
    "users": (None, None),
    "api_requests": ("requested_at", "requested_local"),
    "samples": ("sampled_at", "sampled_local"),
    "probes": ("probed_at", "probed_local"),
}
RANGES = {
    ("conversations", "csat"): (1, 5),
    ("conversations", "nps"): (0, 10),
    ("messages", "confidence"): (0, 1),
    ("messages", "sentiment"): (-1, 1),
    ("actions", "duration_ms"): (0, None),
    ("products", "price"): (0, None),
    ("api_requests", "status_code"): (100, 599),
    ("api_requests", "duration_ms"): (0, None),
    ("probes", "status_code"): (100, 599),
    ("probes", "duration_ms"): (0, None),
}


def test_contract_has_these_ten_tables():
    assert set(TABLES) == set(REQUIRED)


@pytest.mark.parametrize("table", REQUIRED)
def test_required_columns_of_a_table(table):
    required = {column.name for column in TABLES[table].columns if column.required}
    assert required == set(REQUIRED[table].split())


@pytest.mark.parametrize("table", REQUIRED)
def test_columns_of_a_table_that_may_be_null(table):
    nullable = {column.name for column in TABLES[table].columns if not column.required}
    assert nullable == {*NULLABLE[table].split(), "updated_at", "extra"}


@pytest.mark.parametrize(("table", "key"), KEYS.items())
def test_primary_key_of_a_table(table, key):
    assert TABLES[table].key == key


@pytest.mark.parametrize(("table", "times"), TWINS.items())
def test_event_time_has_its_local_twin(table, times):
    assert (TABLES[table].event_time, TABLES[table].local_time) == times


def test_moments_are_typed_as_utc_and_twins_as_wall_clock():
    types = {
        (c.name.rpartition("_")[2], c.type)
        for t in TABLES.values()
        for c in t.columns
        if c.type in ("at", "local")
    }
    assert types == {("at", "at"), ("local", "local")}


def test_numbers_with_a_range_are_these():
    ranges = {
        (table.name, column.name): (column.low, column.high)
        for table in TABLES.values()
        for column in table.columns
        if (column.low, column.high) != (None, None)
    }
    assert ranges == RANGES


def test_amount_of_an_order_may_be_negative_for_a_refund():
    amount = TABLES["orders"].column["amount"]
    assert (amount.type, amount.low) == ("float", None)


def test_types_of_what_is_counted_and_measured():
    types = {
        name: TABLES["conversations"].column[name].type for name in ("resolved", "csat", "nps", "outcome")
    }
    assert types == {"resolved": "bool", "csat": "int", "nps": "int", "outcome": "text"}
    assert TABLES["messages"].column["confidence"].type == "float"


def test_closed_vocabularies_are_these():
    assert TABLES["conversations"].column["outcome"].values == (
        "purchase",
        "resolved",
        "escalated",
        "abandoned",
    )
    assert TABLES["messages"].column["sender"].values == ("user", "bot", "agent")


def test_funnel_stages_are_in_the_order_of_a_purchase():
    assert FUNNEL_STAGES == (
        "conversation_started",
        "interest_shown",
        "products_viewed",
        "product_selected",
        "size_selected",
        "cart_added",
        "purchase_initiated",
        "purchase_completed",
    )


def test_delivery_goes_from_sent_over_delivered_to_read():
    assert STATUS_RANK["accepted"] < STATUS_RANK["sent"] < STATUS_RANK["delivered"] < STATUS_RANK["read"]


@pytest.mark.parametrize("failure", ["rejected", "failed", "sending_failed", "delivery_failed", "deleted"])
def test_failure_is_final(failure):
    assert STATUS_RANK[failure] > STATUS_RANK["read"]


def test_ids_of_people_are_hashed_at_ingest():
    hashed = {
        (t.name, c.name)
        for t in TABLES.values()
        for c in t.columns
        if c.name in ("user_id", "agent_id") and c.personal
    }
    assert hashed == {
        ("conversations", "user_id"),
        ("conversations", "agent_id"),
        ("messages", "user_id"),
        ("events", "user_id"),
        ("orders", "user_id"),
        ("users", "user_id"),
    }
    assert {
        t.column[name].personal
        for t in TABLES.values()
        for name in ("user_id", "agent_id")
        if name in t.column
    } == {"id"}


def test_what_people_write_is_masked_at_ingest():
    assert TABLES["messages"].column["text"].personal == "text"


def test_keys_are_columns_that_cannot_be_null():
    loose = [
        (table.name, name)
        for table in EVERY_TABLE.values()
        for name in table.key
        if not table.column[name].required
    ]
    assert loose == []


def test_internal_tables_stay_apart_from_those_people_ask():
    assert set(INTERNAL_TABLES) == {"conversation_states", "quarantine", "ingested_files"}
    assert set(EVERY_TABLE) == set(TABLES) | set(INTERNAL_TABLES)


def test_every_column_says_what_it_means():
    silent = [(t.name, c.name) for t in EVERY_TABLE.values() for c in t.columns if not c.meaning.strip()]
    assert silent == []


def test_codes_are_upper_case_and_say_what_they_mean():
    codes = [*QUARANTINE_CODES.items(), *FILE_CODES.items(), *FLAG_CODES.items()]
    assert [code for code, meaning in codes if code != code.upper() or not meaning] == []
