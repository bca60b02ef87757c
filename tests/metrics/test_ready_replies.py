"""Replies from derived rows say what the messages themselves say, also as of a moment before the last one."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_world import frames
from small_world import aware, chats, memory, said, talk

from analytics_lib.metrics import CATALOG, measure_all, pairs, ready_replies
from analytics_lib.metrics.facts import FACTS, NUMBERED, Part
from analytics_lib.metrics.question import ask
from analytics_lib.metrics.statements import rows_statement, sums_statement, values_statement
from analytics_lib.portability import check
from analytics_lib.portability.project import READABLE_TABLES

REPLIES = FACTS["replies"]
METRICS = [metric for metric in CATALOG.values() if metric.table == "replies"]
WINDOW = {"since": dt.date(2026, 3, 4), "until": dt.date(2026, 3, 14)}
D = "2026-03-05 "
few = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None)


def fact_of(store, as_of=None):
    return ready_replies.ready_replies(store, REPLIES, ask(store, **WINDOW, as_of=as_of))


def from_messages(call, *args, **asked):
    """The same answer as before there were derived rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(call.__globals__, "ready_replies", lambda *_: None)
        return call(*args, **asked)


def tied(told):
    """The messages with their times cut to the minute, so that many are at one moment."""
    cut = {name: told["messages"][name].dt.floor("min") for name in ("sent_at", "sent_local")}
    return {**told, "messages": told["messages"].assign(**cut)}


@few
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 40),
    day=st.sampled_from([None, 3, 5, 9, 13, 16]),
    by=st.sampled_from([None, "channel", ("city", "segment"), ("replier", "hour")]),
    ties=st.booleans(),
)
def test_answers_are_those_from_the_messages(seed, size, day, by, ties):
    told = frames(seed, size)
    store = memory(**(tied(told) if ties else told))
    as_of = day and aware(f"2026-03-{day:02} 12:30")
    asked = {**WINDOW, "period": "day", "by": by, "as_of": as_of, "running": True}
    found = measure_all(store, METRICS, **asked)
    pd.testing.assert_frame_equal(found, from_messages(measure_all, store, METRICS, **asked))


@pytest.mark.parametrize("as_of", [None, dt.date(2026, 3, 9)])
def test_columns_that_others_add_by_number_are_told_of_the_same_conversations(as_of):
    store = memory(**frames(11, 40))
    part = Part(
        "own", "number", ("name",), "select number, conversation_id as name from numbered", (NUMBERED,)
    )
    asked = {**WINDOW, "by": ["name"], "parts": [part], "as_of": as_of}
    found = pairs.pairs(store, CATALOG["average_response_time"], **asked)
    expected = from_messages(pairs.pairs, store, CATALOG["average_response_time"], **asked)
    assert len(found) > 3
    pd.testing.assert_frame_equal(found, expected)


def shared():
    """Zoe writes first, Ana after her, in one conversation."""
    rows = talk(("user", D + "10:00"), ("bot", D + "10:01"), user="zoe")
    rows += [
        {**row, "message_id": f"later-{i}"} for i, row in enumerate(talk(("user", D + "11:00"), user="ana"))
    ]
    return memory(
        messages=said(*rows, *talk(("user", D + "12:00"), chat="c9")), conversations=chats({"at": D})
    )


def test_conversation_of_two_users_is_asked_of_the_messages_where_the_second_may_not_have_come_yet():
    store = shared()
    assert fact_of(store, as_of=aware(D + "10:30")) is None
    assert fact_of(store, as_of=aware(D + "12:30")) is not None
    assert fact_of(store) is not None


def test_what_was_known_at_a_moment_is_asked_of_the_messages():
    with shared().known_at(aware(D + "10:30")) as known:
        assert fact_of(known) is None


def test_reply_at_as_of_has_not_come_and_a_stretch_that_begins_then_is_unknown():
    store = memory(messages=said(*talk(("user", D + "10:00"), ("bot", D + "10:01"), ("user", D + "10:02"))))
    for moment, expected in (("10:01", None), ("10:01:01", "bot"), ("10:02", "bot")):
        question = ask(store, **WINDOW, as_of=aware(D + moment))
        fact = ready_replies.ready_replies(store, REPLIES, question)
        sql = rows_statement(fact, ["replier", "response_time_seconds"])
        found = store.query(sql, since=question.since, until=question.until, as_of=question.as_of)
        assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
            [expected, 60 if expected else None]
        ]


@pytest.mark.parametrize("as_of", [None, dt.date(2026, 3, 9)])
def test_statements_over_derived_rows_are_portable(as_of):
    fact = fact_of(memory(**frames(3, 20)), as_of)
    together = [metric for metric in METRICS if metric.kind != "quantile"]
    for by in ((), *((name,) for name in fact.dimensions), ("channel", "segment", "replier")):
        for sql in (
            sums_statement(fact, together, by=by, period=True),
            values_statement(fact, CATALOG["median_response_time"], by=by, period=True),
        ):
            assert [str(problem) for problem in check(sql, READABLE_TABLES)] == []
