"""Of all versions of a row one wins, and it is the same one in whatever order they arrive."""

import random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_rows import append, ask, at, conversation, frame, message

from analytics_lib.schema import EVERY_TABLE, STATUS_RANK
from analytics_lib.store import Counts, resolve
from analytics_lib.store.contract import check
from analytics_lib.store.engine import Engine
from analytics_lib.store.frames import to_arrow

MESSAGES = EVERY_TABLE["messages"]
STATUS = "select status from messages"
TEXT = "select text from messages"


def delivered(*statuses):
    return [message("m1", status=status, updated_at=at(i)) for i, status in enumerate(statuses)]


@pytest.mark.parametrize("order", [1, -1])
def test_newer_version_wins_and_an_older_one_changes_nothing(root, order):
    versions = [message("m1", text="vieja", updated_at=at(1)), message("m1", text="nueva", updated_at=at(2))]
    counts = [append(root, "messages", row) for row in versions[::order]]
    assert counts == [Counts(1, 0, 0), Counts(1, 0, 0) if order == 1 else Counts(0, 1, 0)]
    assert ask(root, TEXT) == [("nueva",)]


def test_version_with_a_time_of_change_wins_over_one_without(root):
    for row in (message("m1", text="con", updated_at=at(1)), message("m1", text="sin")):
        append(root, "messages", row)
    assert ask(root, TEXT) == [("con",)]


@pytest.mark.parametrize(
    ("statuses", "last"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered"], "read"),  # the report of the delivery comes late
        (["delivered", "sent"], "delivered"),
        (["sent", "failed"], "failed"),
        (["failed", "read"], "failed"),  # failed is final
        (["sent", None], "sent"),
    ],
)
def test_delivery_status_never_goes_backwards(root, statuses, last):
    for row in delivered(*statuses):
        append(root, "messages", row)
    assert ask(root, STATUS) == [(last,)]


def test_status_of_one_batch_is_the_highest(root):
    assert append(root, "messages", *delivered("sent", "read", "delivered")) == Counts(1, 2, 0)
    assert ask(root, STATUS) == [("read",)]


@pytest.mark.parametrize("order", [1, -1])
def test_versions_nothing_tells_apart_end_in_the_same_one(root, order):
    for text in ["azul", "blanco"][::order]:
        append(root, "messages", message("m1", text=text))
    assert ask(root, TEXT) == [("blanco",)]


@pytest.mark.parametrize("order", [1, -1])
def test_order_of_two_users_ends_with_the_same_one(root, order):
    row = {"order_id": "o1", "ordered_at": at(0), "amount": 1.0, "currency": "COP"}
    for user in ["u1", "u2"][::order]:
        append(root, "orders", {**row, "user_id": user})
    assert ask(root, "select user_id from orders") == [("u2",)]


@pytest.mark.parametrize("order", [1, -1])
def test_message_of_a_settled_conversation_wins_over_one_of_none_yet(root, order):
    for key in ["c1", "pending:zz"][::order]:
        append(root, "messages", message("m1", conversation_id=key))
    assert ask(root, "select conversation_id from messages") == [("c1",)]


def test_conversation_closed_before_it_was_opened_stays_closed(root):
    append(root, "conversations", conversation("c1", ended_at=at(9), outcome="resolved", updated_at=at(9)))
    append(root, "conversations", conversation("c1", updated_at=at(0)))
    assert ask(root, "select outcome from conversations") == [("resolved",)]


def test_row_that_moves_to_another_month_is_there_once(root):
    append(root, "messages", message("m1", updated_at=at(0)), message("m2"))
    moved = message("m1", sent_at="2024-07-01T12:00:00Z", updated_at=at(1))
    assert append(root, "messages", moved) == Counts(1, 0, 0)
    assert ask(root, "select message_id, month(sent_local) from messages order by 1") == [
        ("m1", 7),
        ("m2", 5),
    ]


def test_key_of_several_columns_is_compared_as_a_whole(root):
    rows = [
        {"metric": metric, "labels": labels, "sampled_at": at(minute), "value": 1.0}
        for metric in ("a", "b")
        for labels in ({"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 2})
        for minute in (0, 1)
    ]
    assert append(root, "samples", *rows) == Counts(accepted=8, duplicates=4, quarantined=0)


message_versions = st.builds(
    message,
    st.sampled_from(["m1", "m2"]),
    status=st.sampled_from([None, "sent", "delivered", "read", "failed", "deleted"]),
    updated_at=st.sampled_from([None, at(1), at(2)]),
    text=st.sampled_from([None, "", "a", "b"]),
    conversation_id=st.sampled_from(["c1", "c2", "pending:1", "pending:2"]),
    user_id=st.sampled_from(["u1", "u2"]),
    sent_at=st.sampled_from([at(0), "2024-07-01T12:00:00Z"]),
)
conversation_versions = st.builds(
    conversation,
    st.sampled_from(["c1", "c2"]),
    updated_at=st.sampled_from([None, at(1), at(2)]),
    outcome=st.sampled_from([None, "resolved", "abandoned"]),
    nps=st.sampled_from([None, 3, 9]),
)


def split(rows, shuffle):
    """The rows in another order, in batches of any size."""
    rows = list(rows)
    shuffle.shuffle(rows)
    batches = []
    while rows:
        size = shuffle.randint(1, len(rows))
        batches.append(rows[:size])
        rows = rows[size:]
    return batches


def merged(engine, stored, rows):
    """What the table holds after a batch, without any file."""
    incoming = check(MESSAGES, to_arrow(frame(*rows))[0], naive_zone="UTC", local_zone="UTC").rows
    engine.register(resolve.STORED, stored)
    engine.register(resolve.INCOMING, resolve.numbered(incoming))
    decision = resolve.decide(engine, MESSAGES)
    assert decision.accepted + decision.duplicates == len(rows)
    changed = engine.arrow(resolve.updates_sql(MESSAGES)).drop_columns("month")
    added = engine.arrow(resolve.inserts_sql(MESSAGES)).drop_columns("month")
    assert (changed.num_rows, added.num_rows) == (decision.updates, decision.accepted - decision.updates)
    replaced = set(changed["message_id"].to_pylist())
    kept = [row for row in stored.to_pylist() if row["message_id"] not in replaced]
    return pa.concat_tables([pa.Table.from_pylist(kept, stored.schema), changed, added]).cast(stored.schema)


def after(engine, batches):
    stored = check(MESSAGES, to_arrow(frame(message("x")))[0], naive_zone="UTC", local_zone="UTC").rows[:0]
    for batch in batches:
        stored = merged(engine, stored, batch)
    return sorted(stored.to_pylist(), key=lambda row: row["message_id"])


@pytest.fixture(scope="module")
def engine():
    opened = Engine(memory_limit_gb=1)
    yield opened
    opened.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(message_versions, min_size=1, max_size=7), shuffle=st.randoms(use_true_random=False))
def test_every_order_and_every_split_ends_in_the_same_rows(engine, rows, shuffle):
    together = after(engine, [rows])
    assert after(engine, split(rows, shuffle)) == together
    for row in together:
        versions = [given for given in rows if given["message_id"] == row["message_id"]]
        assert STATUS_RANK.get(row["status"], 0) == max(STATUS_RANK.get(v["status"], 0) for v in versions)


def folder_after(root, table, batches):
    for batch in batches:
        append(root, table, *batch)
    return ask(root, f"select * from {table} order by 1")


@pytest.mark.parametrize(
    ("table", "versions"), [("messages", message_versions), ("conversations", conversation_versions)]
)
def test_every_order_and_every_split_ends_in_the_same_files(tmp_path_factory, table, versions):
    @settings(max_examples=6, deadline=None, database=None)
    @given(rows=st.lists(versions, min_size=2, max_size=5), shuffle=st.randoms(use_true_random=False))
    def holds(rows, shuffle):
        folder = tmp_path_factory.mktemp("orders")
        together = folder_after(folder / "together", table, [rows])
        assert folder_after(folder / "apart", table, split(rows, shuffle)) == together

    holds()


def test_winning_conversation_is_the_last_one_changed(root):
    rows = [conversation("c1", nps=n, updated_at=at(n)) for n in range(10)]
    random.Random(4).shuffle(rows)
    for batch in (rows[:3], rows[3:7], rows[7:]):
        append(root, "conversations", *batch)
    assert ask(root, "select nps from conversations") == [(9,)]
