import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from small_world import MARCH, bought, chats, memory, said, talk

from analytics_lib.errors import ImpossibleError, NotEnoughDataError, RequestError
from analytics_lib.metrics import CATALOG, Metric, measure, measure_all

D = "2026-03-02 "
RATE = CATALOG["resolution_rate"]


@pytest.fixture
def store():
    rows = ({"at": D + "10:00", "end": D + "11:00", "resolved": True}, {"at": D + "12:00"})
    return memory(conversations=chats(*rows), messages=said(*talk(("user", D + "10:00"))))


def test_unknown_dimension_is_refused_with_the_nearest_and_all(store):
    with pytest.raises(
        RequestError, match=r"resolution_rate .*'chanel'.*Did you mean 'channel'.*entry_point.*weekday"
    ):
        measure(store, RATE, by="chanel", **MARCH)


def test_dimension_of_another_fact_is_refused(store):
    with pytest.raises(RequestError, match=r"'endpoint'.*Its dimensions: channel"):
        measure(store, RATE, by=["channel", "endpoint"], **MARCH)


def test_dimension_given_twice_is_refused(store):
    with pytest.raises(RequestError, match="twice: channel, channel"):
        measure(store, RATE, by=["channel", "channel"], **MARCH)


@pytest.mark.parametrize("period", ["year", "days", ""])
def test_unknown_period_is_refused_with_those_there_are(store, period):
    with pytest.raises(RequestError, match=f"'{period}'.*hour, day, week, month"):
        measure(store, RATE, period=period, **MARCH)


@pytest.mark.parametrize("until", [dt.date(2026, 3, 1), dt.date(2026, 2, 1)])
def test_window_that_ends_before_it_begins_is_refused(store, until):
    with pytest.raises(RequestError, match="empty: since must be before until"):
        measure(store, RATE, since=dt.date(2026, 3, 1), until=until)


@pytest.mark.parametrize("name", ["since", "until", "as_of"])
def test_naive_datetime_is_refused(store, name):
    naive = pd.Timestamp("2026-03-15").to_pydatetime()
    with pytest.raises(RequestError, match="has no time zone"):
        measure(store, RATE, **{**MARCH, name: naive})


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("error_rate", "api_requests"),
        ("revenue", "orders"),
        ("action_success_rate", "actions"),
        ("queue_depth", "samples"),
    ],
)
def test_metric_over_a_table_never_ingested_is_refused_with_what_there_is(store, name, table):
    with pytest.raises(NotEnoughDataError, match=rf"{name}.*{table}.*conversations \(2 rows\)"):
        measure(store, CATALOG[name], **MARCH)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("conversion_rate", "events"),
        ("step_conversion_rate_cart_added", "events"),
        ("drop_off_rate_cart_added", "events"),
        ("time_to_conversion", "events"),
        ("revenue_per_conversation", "orders"),
        ("messages_per_conversation", "messages"),
        ("containment_rate", "messages"),
        ("assumed_resolution_rate", "messages"),
        ("escalation_wait", "messages"),
    ],
)
def test_metric_that_also_needs_another_table_is_refused_without_it(name, table):
    only = memory(conversations=chats({"at": D + "10:00", "end": D + "11:00"}))
    with pytest.raises(NotEnoughDataError, match=f"{name}.*{table}"):
        measure(only, CATALOG[name], **MARCH)


def test_empty_store_says_that_it_is_empty():
    with pytest.raises(NotEnoughDataError, match="nothing yet"):
        measure(memory(), RATE, **MARCH)


def test_table_with_rows_outside_the_window_is_not_refused(store):
    frame = measure(store, RATE, since=dt.date(2025, 1, 1), until=dt.date(2025, 2, 1))
    assert frame["denominator"].sum() == 0


def test_share_above_one_is_impossible(store):
    doubled = replace(RATE, name="doubled", numerator="2 * count(*)", denominator="count(*)")
    with pytest.raises(ImpossibleError, match="doubled counts 4 of 2"):
        measure(store, doubled, **MARCH)


def test_share_of_nothing_is_impossible_too(store):
    wrong = replace(RATE, name="wrong", numerator="count(*)", denominator="count(*) filter (where false)")
    with pytest.raises(ImpossibleError, match="wrong counts 2 of 0"):
        measure(store, wrong, **MARCH)


def test_negative_share_is_impossible(store):
    negative = replace(RATE, name="negative", numerator="-count(*)", denominator="count(*)")
    with pytest.raises(ImpossibleError, match="negative counts -2 of 2"):
        measure(store, negative, **MARCH)


def test_metric_of_ones_own_is_measured(store):
    mine = Metric(
        name="at_noon",
        question="How many start at noon?",
        label={"es": "Al mediodía", "en": "At noon"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(*) filter (where hour(local) = 12)",
        denominator="count(*)",
    )
    assert measure(store, mine, **MARCH)["value"].tolist() == [0.5]


def test_metric_given_twice_is_refused(store):
    with pytest.raises(RequestError, match="twice: resolution_rate, resolution_rate"):
        measure_all(store, [RATE, RATE], **MARCH)


def test_no_metric_is_an_empty_answer(store):
    frame = measure_all(store, [], **MARCH)
    assert frame.empty
    assert "metric" in frame


def test_currencies_are_named_when_they_cannot_be_added():
    frame = bought({"at": D + "10:00", "amount": 1}, {"at": D + "10:00", "amount": 1, "currency": "USD"})
    with pytest.raises(
        RequestError, match=r"revenue adds up amounts, and the orders are in COP, USD.*by='currency'"
    ):
        measure(memory(orders=frame), CATALOG["revenue"], **MARCH)
