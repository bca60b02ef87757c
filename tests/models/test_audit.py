"""The auditor catches features that know the future, and finds none among those of the library."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics_lib.errors import LeakageError, RequestError
from analytics_lib.models.audit import audit, audit_rows, check_no_future
from analytics_lib.models.audit_changes import CHANGES, Cut, typed_rows
from analytics_lib.models.features import closed_features, turn_features, user_features
from analytics_lib.schema import TABLES
from analytics_lib.store import Store
from feature_rows import DAY, random_shop

CUTOFF = DAY + dt.timedelta(days=1, hours=12)
LABELS = "select conversation_id, outcome, resolved, csat from conversations where started_at < $cutoff"
EVENTS = "select user_id, count(*) as events, max(name) as furthest from events group by user_id"
UP_TO = "select user_id, count(*) as events from events where occurred_at <= $cutoff group by user_id"
FAILED = """
select conversation_id, count(*) as failed from actions
where started_at < $cutoff and not succeeded group by conversation_id
"""
ENCODED = """
with rates as (select channel, avg(case when outcome = 'purchase' then 1 else 0 end) as rate
    from conversations group by channel)
select conversation_id, rate from conversations join rates on rates.channel = conversations.channel
where started_at < $cutoff
"""


@pytest.fixture(scope="module")
def tables():
    return random_shop(1)


def known(sql):
    """A bad way to make features: a question to the whole store."""

    def compute(store):
        return store.query(sql, **({"cutoff": CUTOFF} if "$cutoff" in sql else {}))

    return compute


def all_three(as_of):
    """Features of turns, closed conversations and users in one frame."""

    def compute(store):
        with store.known_at(as_of) as then:
            parts = [
                turn_features(then, as_of=as_of).assign(of="turn"),
                closed_features(then, as_of=as_of).assign(of="closed", turn=0),
                user_features(then, as_of=as_of).assign(of="user", conversation_id="", turn=0),
            ]
        named = [part.set_index(KEYS).add_prefix(f"{part['of'].max()}_").reset_index() for part in parts]
        return pd.concat(named, ignore_index=True)

    return compute


KEYS = ["of", "user_id", "conversation_id", "turn"]


def found(tables, sql, keys):
    """What is found, of two of the tables: by themselves they are quick to make."""
    some = {name: tables[name] for name in ("conversations", "events")}
    told = audit(some, known(sql), cutoff=CUTOFF, keys=keys)
    return set(told[["table", "feature"]].itertuples(index=False, name=None))


def test_later_label_as_a_feature_is_caught(tables):
    assert {("conversations", name) for name in ("outcome", "resolved", "csat")} == found(
        tables, LABELS, ["conversation_id"]
    )


def test_later_event_in_a_sum_is_caught(tables):
    told = found(tables, EVENTS, ["user_id"])
    assert ("events", "events") in told
    assert {table for table, _ in told} == {"events"}


def test_event_of_the_very_cutoff_is_caught(tables):
    told = audit({"events": tables["events"]}, known(UP_TO), cutoff=CUTOFF, keys=["user_id"])
    assert told["feature"].unique().tolist() == ["events"]
    assert "add" in told["change"].tolist()


def test_failure_of_a_call_still_running_is_caught():
    began = CUTOFF - dt.timedelta(seconds=10)
    call = {"action_id": "a1", "conversation_id": "c1", "started_at": began, "name": "get_price"}
    calls = pd.DataFrame([{**call, "duration_ms": 30_000.0, "succeeded": False}])

    told = audit({"actions": calls}, known(FAILED), cutoff=CUTOFF, keys=["conversation_id"])
    assert told["feature"].unique().tolist() == ["(row)"]
    assert {"change", "remove"} <= set(told["change"])
    finished = calls.assign(duration_ms=9_999.0)
    assert audit({"actions": finished}, known(FAILED), cutoff=CUTOFF, keys=["conversation_id"]).empty


def test_target_encoded_on_all_rows_is_caught(tables):
    assert found(tables, ENCODED, ["conversation_id"]) == {("conversations", "rate")}


def test_same_questions_to_the_store_of_then_are_clean(tables):
    def compute(store):
        with store.known_at(CUTOFF) as then:
            frames = [known(sql)(then) for sql in (LABELS, ENCODED, FAILED)]
        return (
            frames[0]
            .merge(frames[1], on="conversation_id")
            .merge(frames[2], on="conversation_id", how="left")
        )

    some = {name: tables[name] for name in ("conversations", "actions")}
    assert audit(some, compute, cutoff=CUTOFF, keys=["conversation_id"]).empty


def test_leak_is_refused_with_its_feature_and_table(tables):
    with pytest.raises(LeakageError, match=r"outcome \(change conversations: \d+ rows\)"):
        check_no_future(
            {"conversations": tables["conversations"]}, known(LABELS), cutoff=CUTOFF, keys=["conversation_id"]
        )


def test_leak_of_two_tables_together_is_named_so():
    later = dt.timedelta(days=9)
    event = {"event_id": "e1", "user_id": "u1", "name": "cart_added", "occurred_at": DAY + later}
    order = {"order_id": "o1", "user_id": "u1", "ordered_at": DAY + later, "amount": 1.0, "currency": "COP"}
    rows = {"events": pd.DataFrame([event]), "orders": pd.DataFrame([order])}
    either = (
        "select 'all' as who, count(*) > 0 as some from (select 1 from events union all select 1 from orders)"
    )

    told = audit(rows, known(either), cutoff=CUTOFF, keys=["who"])
    assert told.to_dict("records") == [{"change": "remove", "table": "several", "feature": "some", "rows": 1}]


# A failure is not made smaller: each try works everything out four times.
@settings(max_examples=2, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 10**6), minutes=st.integers(0, 3 * 24 * 60))
def test_no_feature_moves_with_anything_at_the_cutoff_or_after_it(seed, minutes):
    as_of = DAY + dt.timedelta(minutes=minutes)
    assert audit(random_shop(seed), all_three(as_of), cutoff=as_of, keys=KEYS).to_dict("records") == []


def test_rows_of_earlier_moments_say_only_what_was_known_then(tables):
    as_of = DAY + dt.timedelta(days=9)
    with Store.in_memory(**tables) as store:
        for compute, keys in (
            (lambda then, at: turn_features(then, as_of=at), ["conversation_id", "turn"]),
            (lambda then, at: closed_features(then, as_of=at), ["conversation_id"]),
        ):
            assert audit_rows(store, compute, as_of=as_of, keys=keys, sample=3).to_dict("records") == []


def test_row_that_tells_the_end_of_its_conversation_is_caught(tables):
    def leaky(store, as_of):
        turns = turn_features(store, as_of=as_of, last_turn=1)
        ends = store.query("select conversation_id, outcome from conversations")
        return turns.merge(ends, on="conversation_id")[["conversation_id", "turn", "known_at", "outcome"]]

    with Store.in_memory(**tables) as store:
        as_of = DAY + dt.timedelta(days=9)
        told = audit_rows(store, leaky, as_of=as_of, keys=["conversation_id", "turn"], sample=2)
    assert set(told["feature"]) == {"outcome"}


@pytest.mark.parametrize("change", list(CHANGES))
def test_change_leaves_what_was_known_as_it_was_and_touches_every_later_column(tables, change):
    """What the auditor does, held against rows parted by hand."""
    rows = typed_rows("messages", tables["messages"])
    before = rows["sent_at"] < CUTOFF
    told = CHANGES[change]("messages", rows, Cut(CUTOFF, np.random.default_rng(0)))
    kept = [name for name in rows.columns if name not in ("status", "true_intent", "extra", "updated_at")]

    old = told.set_index("message_id").loc[rows.loc[before, "message_id"], kept[1:]]
    pd.testing.assert_frame_equal(
        old.astype(object), rows[before].set_index("message_id")[kept[1:]].astype(object)
    )
    later = told[told["sent_at"] >= CUTOFF]
    if change == "add":
        assert len(told) - len(rows) == min(len(rows), 500)
        assert (later["sent_at"] == CUTOFF).sum() >= len(rows) // 2
    elif change == "change":
        were = rows[~before].set_index("message_id").loc[later["message_id"]]
        for name in (
            "text",
            "sender",
            "intent",
            "confidence",
            "kind",
            "conversation_id",
            "sentiment",
            "status",
        ):
            assert (later[name].to_numpy(dtype=object) != were[name].to_numpy(dtype=object)).all(), name
    else:
        assert later.empty
        assert told["status"].isna().all()


def test_every_table_with_a_moment_is_changed(tables):
    for name, table in TABLES.items():
        if name in tables:
            rows = typed_rows(name, tables[name])
            for change in CHANGES.values():
                told = change(name, rows, Cut(CUTOFF, np.random.default_rng(0)))
                assert not told.equals(rows), table.name


def test_keys_that_do_not_tell_rows_apart_are_refused(tables):
    with pytest.raises(RequestError, match="the keys must tell rows apart"):
        audit(
            {"conversations": tables["conversations"]},
            known("select user_id from conversations"),
            cutoff=CUTOFF,
            keys=["user_id"],
        )


def test_tables_without_rows_cannot_be_audited():
    products = pd.DataFrame([{"product_id": "p1", "name": "Camisa"}])[:0]
    with pytest.raises(RequestError, match="give tables with rows"):
        audit(
            {"products": products},
            known("select product_id from products"),
            cutoff=CUTOFF,
            keys=["product_id"],
        )


def test_moment_before_all_data_has_no_row_to_look_at(tables):
    with Store.in_memory(**tables) as store, pytest.raises(RequestError, match="choose a later moment"):
        audit_rows(
            store,
            lambda then, at: turn_features(then, as_of=at),
            as_of=dt.date(2020, 1, 1),
            keys=["conversation_id", "turn"],
        )
