"""Facts worked out ahead answer as the facts themselves do, whatever the data."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from random_world import frames
from small_world import MARCH, aware, chats, counted, memory, said

from analytics_lib.metrics import CATALOG, measure_all, ready_facts
from analytics_lib.metrics.catalog.expressions import DEMAND
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.question import ask, spans, tables_of
from analytics_lib.metrics.statements import sums_statement
from analytics_lib.portability import check
from analytics_lib.portability.project import READABLE_TABLES

RATES = ["2026-01-01|420.0|55.0|90.0", "2026-03-09|430.0|62.0|95.0"]
TOLD = [
    metric.bound(rates=RATES) if "rates" in metric.parameters else metric
    for metric in CATALOG.values()
    if metric.table in ("conversations", "messages", "actions")
]
WINDOWS = (
    {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)},
    {"since": dt.date(2026, 3, 5), "until": dt.date(2026, 3, 12)},
)
few = settings(max_examples=2, phases=(Phase.explicit, Phase.reuse, Phase.generate))


@pytest.fixture(scope="module")
def worth():
    """Every store holds enough to work its facts out ahead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ready_facts, "WORTH_KEEPING_ROWS", 0)
        yield patch


def both(patch, store, **asked):
    """The metrics of a store over facts worked out ahead, and over the facts themselves."""
    held = {table for table, count in spans(store)["rows_of"].items() if count}
    told = [metric for metric in TOLD if set(tables_of(metric)) <= held]
    with patch.context() as plain:
        plain.setattr(ready_facts, "WORTH_KEEPING_ROWS", 10**9)
        expected = measure_all(store, told, **asked)
    return measure_all(store, told, **asked), expected


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9)


@few
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 40),
    window=st.sampled_from(WINDOWS),
    period=st.sampled_from([None, "day", "month"]),
    by=st.sampled_from([None, "channel", ["weekday", "city"], ["segment"]]),
)
@example(seed=1, size=40, window=WINDOWS[0], period="day", by="channel")
def test_metrics_are_those_of_the_facts_themselves(worth, seed, size, window, period, by):
    store = memory(**frames(seed, size))
    same(*both(worth, store, **window, period=period, by=by))


def test_two_last_words_at_one_moment_are_told_apart_by_the_message(worth):
    store = memory(
        conversations=chats({"at": "2026-03-02 10:00", "end": "2026-03-02 11:00"}),
        messages=said(
            {"at": "2026-03-02 10:00", "sender": "user"},
            {"at": "2026-03-02 10:05", "sender": "bot"},
            {"at": "2026-03-02 10:09", "sender": "user"},
            {"at": "2026-03-02 10:09", "sender": "bot"},
        ),
    )
    metric = CATALOG["assumed_resolution_rate"]
    assert counted(store, metric, **MARCH, as_of=aware("2026-04-01 00:00")) == (1, 1, 1.0)


def test_contacts_and_words_at_one_moment_are_put_in_the_same_order(worth):
    ended = {"end": "2026-03-02 10:30", "resolved": True}
    store = memory(
        conversations=chats(
            {"conversation_id": "a", "at": "2026-03-02 10:00", **ended},
            {"conversation_id": "b", "at": "2026-03-02 10:30", **ended},
            {"conversation_id": "c", "at": "2026-03-02 10:30", **ended},
            {"conversation_id": "d", "at": "2026-03-02 10:10", **ended},
        ),
        messages=said(
            {"conversation_id": "a", "at": "2026-03-02 10:00", "intent": "envio"},
            {"conversation_id": "b", "at": "2026-03-02 10:30", "intent": "envio"},
            {"conversation_id": "c", "at": "2026-03-02 10:30", "intent": "cambio"},
            {"conversation_id": "c", "at": "2026-03-02 10:30", "intent": "envio"},
            # Written in a conversation that had ended, at the moment another began.
            {"conversation_id": "d", "at": "2026-03-02 10:10", "intent": "cambio"},
            {"conversation_id": "d", "at": "2026-03-03 10:30", "intent": "cambio"},
        ),
    )
    found, expected = both(worth, store, **MARCH, period="day")
    same(found, expected)
    assert found["numerator"].notna().any()


def facts_read(store, name, **asked):
    question = ask(store, **MARCH, **asked)
    return ready_facts.ready(store, FACTS[CATALOG[name].table], [CATALOG[name]], question)[0]


def ready(store, name, **asked):
    return facts_read(store, name, **asked) is not FACTS[CATALOG[name].table]


def test_what_is_cut_off_takes_the_facts_themselves(worth):
    store = memory(**frames(1, 20))
    last = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    assert ready(store, "demand")
    assert not ready(store, "demand", as_of=last)
    assert not ready(store.known_at(last), "demand")


def test_families_of_intents_take_the_facts_themselves(worth):
    store = memory(**frames(1, 20))
    question = ask(store, **MARCH)
    asked = [CATALOG["first_contact_resolution"].bound(families=["envio=entrega"])]
    assert ready_facts.ready(store, FACTS["conversations"], asked, question)[0] is FACTS["conversations"]


def test_messages_told_apart_one_by_one_take_the_facts_themselves(worth):
    store = memory(**frames(1, 20))
    assert ready(store, "low_confidence_rate", by="channel")
    assert not ready(store, "low_confidence_rate", by="intent")


def test_hours_cut_in_two_take_the_facts_themselves(worth):
    store = memory(**frames(1, 20))
    metric = CATALOG["messages"]
    question = ask(store, since=aware("2026-03-02 10:30"), until=dt.date(2026, 4, 1))
    assert ready_facts.ready(store, FACTS["messages"], [metric], question)[0] is FACTS["messages"]


@pytest.mark.parametrize("text", ["2 * {}", "{}.5", "{} + messages", "un{}"])
def test_terms_of_something_longer_are_not_what_metrics_share(worth, text):
    metric = replace(CATALOG["demand"], numerator=f"sum(messages) filter (where {text.format(DEMAND)})")
    store = memory(**frames(1, 20))
    question = ask(store, **MARCH)
    assert ready_facts.ready(store, FACTS["conversations"], [metric], question)[1] == [metric]


def test_few_rows_are_not_worked_out_ahead(monkeypatch):
    monkeypatch.setattr(ready_facts, "WORTH_KEEPING_ROWS", 200_000)
    assert not ready(memory(**frames(1, 20)), "demand")


@pytest.mark.parametrize("table", ["messages", "actions"])
def test_every_expression_of_the_catalogue_is_summed(table):
    metrics = [metric for metric in CATALOG.values() if metric.table == table]
    texts = {text for metric in metrics for text in (metric.numerator, metric.denominator)} - {""}
    assert texts == set(ready_facts.SUMMED[table].columns)


@pytest.mark.parametrize("table", ["conversations", "messages", "actions"])
def test_statements_over_facts_worked_out_ahead_are_portable(worth, table):
    store = memory(**frames(1, 20))
    metrics = [metric for metric in TOLD if metric.table == table and metric.kind != "quantile"]
    fact, asked = ready_facts.ready(store, FACTS[table], metrics, ask(store, **MARCH))
    assert not check(sums_statement(fact, asked, by=("channel", "weekday"), period=True), READABLE_TABLES)
