"""A store as it was known at a moment: nothing of the moment itself or later is in it."""

import datetime as dt

import pytest
from store_rows import NOON, append, at, conversation, frame, message, tuples

from analytics_lib.errors import RequestError, StoreError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store import Store
from analytics_lib.store.known import KNOWN

HOURS = 60


def told(as_of, **tables):
    """A store in memory, of rows by table, as it was known at a moment."""
    return Store.in_memory(**{name: frame(*rows) for name, rows in tables.items()}).known_at(as_of)


def asked(store, sql):
    return tuples(store.query(sql))


def test_row_of_the_very_moment_is_the_future():
    store = told(at(1), messages=[message("m1"), message("m2", sent_at=at(1)), message("m3", sent_at=at(2))])

    assert asked(store, "select message_id from messages") == [("m1",)]


@pytest.mark.parametrize(
    ("minutes", "known"),
    [(0, (None, None, None)), (1, (at(0), "purchase", True))],
)
def test_end_and_outcome_are_known_once_a_conversation_ended(minutes, known):
    row = conversation("c1", started_at=at(-1), ended_at=at(0), outcome="purchase", resolved=True)
    store = told(at(minutes), conversations=[row])

    assert asked(store, "select ended_at, outcome, resolved from conversations") == [known]


@pytest.mark.parametrize(("minutes", "known"), [(48 * HOURS - 1, (None, None)), (48 * HOURS, (5, 9))])
def test_answers_to_the_survey_are_known_48_hours_after_the_end(minutes, known):
    row = conversation("c1", started_at=at(-5), ended_at=NOON, csat=5, nps=9)
    store = told(at(minutes), conversations=[row])

    assert asked(store, "select csat, nps from conversations") == [known]


def test_answer_of_a_conversation_that_never_ended_is_not_known():
    store = told(at(999 * HOURS), conversations=[conversation("c1", csat=5)])

    assert asked(store, "select csat from conversations") == [(None,)]


@pytest.mark.parametrize(("minutes", "known"), [(3, (None, None, None)), (4, (at(3), "anger", "a1"))])
def test_escalation_and_its_agent_are_known_once_it_happened(minutes, known):
    row = conversation("c1", escalated_at=at(3), escalation_reason="anger", agent_id="a1", ended_at=at(8))
    store = told(at(minutes), conversations=[row])

    assert asked(store, "select escalated_at, escalation_reason, agent_id from conversations") == [known]


@pytest.mark.parametrize(("minutes", "known"), [(8, (None,)), (9, ("a1",))])
def test_agent_without_an_escalation_is_known_at_the_end(minutes, known):
    store = told(at(minutes), conversations=[conversation("c1", agent_id="a1", ended_at=at(8))])

    assert asked(store, "select agent_id from conversations") == [known]


def test_reviewers_and_carriers_say_it_at_no_known_moment():
    row = message(
        "m1", intent="price", true_intent="sizes", status="read", extra='{"a": 1}', updated_at=at(1)
    )
    store = told(at(5), messages=[row])

    found = asked(store, "select intent, true_intent, status, extra, updated_at from messages")
    assert found == [("price", None, None, None, at(1))]


def test_later_change_of_a_row_shows_no_moment():
    store = told(at(5), messages=[message("m1", updated_at=at(5))])

    assert asked(store, "select updated_at from messages") == [(None,)]


@pytest.mark.parametrize(("seconds", "known"), [(2, (None, None, None)), (2.001, (2000.0, False, "E1"))])
def test_what_became_of_a_call_is_known_when_it_finished(seconds, known):
    call = {
        "action_id": "a1",
        "conversation_id": "c1",
        "started_at": NOON,
        "name": "get_price",
        "duration_ms": 2000.0,
        "succeeded": False,
        "error": "E1",
    }
    store = told(NOON + dt.timedelta(seconds=seconds), actions=[call])

    assert asked(store, "select duration_ms, succeeded, error from actions") == [known]


def test_call_without_a_duration_is_known_at_once_and_one_without_end_never():
    call = {"conversation_id": "c1", "started_at": NOON, "name": "get_price", "succeeded": True}
    calls = [{"action_id": "a1", **call}, {"action_id": "a2", **call, "duration_ms": 1e15}]
    store = told(at(1), actions=calls)

    assert asked(store, "select succeeded from actions order by action_id") == [(True,), (None,)]


def test_user_seen_later_is_not_there_and_one_without_a_moment_always_is():
    users = [
        {"user_id": "u1", "first_seen_at": at(-1), "segment": "a"},
        {"user_id": "u2", "first_seen_at": at(0), "segment": "b"},
        {"user_id": "u3", "segment": "c"},
    ]
    store = told(NOON, users=users)

    assert asked(store, "select user_id, segment from users order by user_id") == [("u1", "a"), ("u3", "c")]


def test_events_orders_and_operations_end_at_the_moment_and_the_catalogue_does_not():
    event = {"user_id": "u1", "name": "cart_added"}
    order = {"user_id": "u1", "amount": 1.0, "currency": "COP"}
    store = told(
        at(1),
        events=[{"event_id": f"e{k}", "occurred_at": at(k), **event} for k in range(3)],
        orders=[{"order_id": f"o{k}", "ordered_at": at(k), **order} for k in range(3)],
        probes=[{"endpoint": "e", "probed_at": at(k), "ok": True} for k in range(3)],
        products=[{"product_id": "p1", "name": "Camisa"}],
    )

    for table in ("events", "orders", "probes", "products"):
        assert len(asked(store, "select * from " + table)) == 1


def test_earlier_of_two_moments_holds():
    rows = [message("m1"), message("m2", sent_at=at(1)), message("m3", sent_at=at(2))]
    with (
        told(at(1), messages=rows) as store,
        store.known_at(at(9)) as later,
        store.known_at(at(0)) as earlier,
    ):
        assert asked(later, "select message_id from messages") == [("m1",)]
        assert asked(earlier, "select message_id from messages") == []
        assert (later.cutoff, earlier.cutoff) == (at(1), at(0))


def test_date_is_midnight_in_the_business_zone():
    # 12 May in Bogotá begins at 05:00 UTC.
    rows = [message("m1", sent_at=at(-7 * HOURS - 1)), message("m2", sent_at=at(-7 * HOURS))]
    store = told(dt.date(2024, 5, 12), messages=rows)

    assert asked(store, "select message_id from messages") == [("m1",)]


def test_questions_of_the_catalogue_are_answered_as_they_were_then():
    rows = [
        conversation("c1", ended_at=at(1), outcome="resolved", resolved=True),
        conversation("c2", ended_at=at(90), outcome="abandoned", resolved=False),
    ]
    store = told(at(60), conversations=rows, messages=[message("m1"), message("m2", conversation_id="c2")])
    day = {"since": dt.date(2024, 5, 12), "until": dt.date(2024, 5, 13)}

    (row,) = measure(store, CATALOG["resolution_rate"], **day).to_dict("records")
    assert (row["numerator"], row["denominator"]) == (1, 1)


def test_opened_store_is_known_as_one_in_memory_is(root):
    tables = {
        "messages": [
            message("m1", status="read"),
            message("m2", sent_at=at(1)),
            message("m3", sent_at=at(9)),
        ],
        "conversations": [
            conversation("c1", ended_at=at(1), outcome="resolved", csat=5),
            conversation("c2", ended_at=at(4), outcome="resolved", agent_id="a1"),
            conversation("c3", started_at=at(9)),
        ],
    }
    for name, rows in tables.items():
        append(root, name, *rows)
    with told(at(3), **tables) as expected, Store.open(root) as store, store.known_at(at(3)) as known:
        for sql in (
            "select message_id, status, sent_at from messages order by 1",
            "select conversation_id, ended_at, outcome, csat, agent_id from conversations order by 1",
        ):
            assert asked(known, sql) == asked(expected, sql)
        with known.known_at(at(1)) as earlier:
            assert asked(earlier, "select message_id from messages") == [("m1",)]


def test_versions_stay_and_newer_rows_do_not_come_in(root):
    append(root, "messages", message("m1"))
    with Store.open(root) as store:
        append(root, "messages", message("m2"))
        with store.known_at(at(5)) as known:
            assert asked(known, "select message_id from messages") == [("m1",)]
            assert known.versions == store.versions


def test_known_store_is_locked_and_takes_no_rows(root, tmp_path):
    append(root, "messages", message("m1"))
    (tmp_path / "other.csv").write_text("a\n1\n")
    with Store.open(root).known_at(at(5)) as known:
        for refused in (f"select * from '{tmp_path}/other.csv'", "select * from read_text('/etc/hostname')"):
            with pytest.raises(RequestError):
                known.query(refused)
        with pytest.raises(StoreError, match="what was known"):
            known.append("messages", frame(message("m3")))


def test_known_store_outlives_the_store_it_came_of():
    store = Store.in_memory(messages=frame(message("m1")))
    known = store.known_at(at(5))
    store.close()
    assert asked(known, "select message_id from messages") == [("m1",)]


def test_moment_without_a_zone_is_refused():
    with pytest.raises(RequestError, match="no time zone"):
        Store.in_memory().known_at(NOON.replace(tzinfo=None))


def test_every_table_has_its_rule_and_every_rule_its_columns():
    assert set(KNOWN) == set(EVERY_TABLE)
    for name, known in KNOWN.items():
        assert set(known.columns) <= set(EVERY_TABLE[name].column)
        # A table with a moment of its own begins with it.
        time = EVERY_TABLE[name].event_time
        assert time is None or known.row == f"{time} < known_until()"
