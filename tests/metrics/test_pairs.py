"""What each user adds to a metric: sums to its measure, by group, and is refused for what is no ratio."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.metrics.facts import FACTS, Part
from analytics_lib.metrics.pairs import RATIOS, pairs
from analytics_lib.metrics.statements import pairs_statement
from analytics_lib.portability import check
from analytics_lib.store import Store

FEBRUARY = {"since": dt.date(2026, 2, 1), "until": dt.date(2026, 3, 1)}
LENGTHS = "select conversation_id, 'short' as length from conversations where city = 'Cali'"


@pytest.fixture
def store():
    start = pd.to_datetime(["2026-02-02 10:00", "2026-02-02 11:00", "2026-02-03 10:00", "2026-02-04 10:00"])
    return Store.in_memory(
        conversations=pd.DataFrame(
            {
                "conversation_id": ["c1", "c2", "c3", "c4"],
                "user_id": ["zoe", "zoe", "ana", "ana"],
                "channel": "web",
                "city": ["Cali", "Cali", "Cali", None],
                "started_at": start.tz_localize("UTC") + pd.Timedelta(hours=5),
                "started_local": start,
                "ended_at": start.tz_localize("UTC") + pd.Timedelta(hours=6),
                "resolved": [True, False, True, None],
            }
        )
    )


def rows(frame):
    return frame.to_numpy().tolist()


def test_user_has_one_row_in_a_group_and_is_a_number_in_order_of_the_id(store):
    # Ana is 0 and Zoe 1; the conversation whose result is unknown counts for nobody.
    assert rows(pairs(store, CATALOG["resolution_rate"], **FEBRUARY, by=["city"])) == [
        ["Cali", 0, 1.0, 1.0],
        ["Cali", 1, 1.0, 2.0],
    ]


def test_null_dimension_is_unknown_and_periods_come_first(store):
    found = pairs(store, CATALOG["duration"], **FEBRUARY, by=["city"], period="day")

    assert list(found) == ["period", "city", "unit", "numerator", "denominator"]
    assert rows(found.iloc[[-1]].drop(columns="period")) == [["unknown", 0, 3600.0, 1.0]]


@pytest.mark.parametrize("name", ["resolution_rate", "duration"])
def test_pairs_sum_to_the_measure(store, name):
    found = pairs(store, CATALOG[name], **FEBRUARY, by=["city"])
    measured = measure(store, CATALOG[name], **FEBRUARY)

    assert found["numerator"].sum() == measured["numerator"].iloc[0]
    assert found["denominator"].sum() == measured["denominator"].iloc[0]


def test_added_part_is_a_dimension(store):
    part = Part("lengths", "conversation_id", ("length",), LENGTHS)
    found = pairs(store, CATALOG["duration"], **FEBRUARY, by=["length"], parts=(part,))

    assert found.groupby("length")["denominator"].sum().to_dict() == {"short": 3, "unknown": 1}


def test_metric_without_a_denominator_is_refused(store):
    with pytest.raises(RequestError, match="conversations is a count; only metrics with a numerator"):
        pairs(store, CATALOG["conversations"], **FEBRUARY, by=["city"])


# What each metric says of a fact is checked in ``test_statements``; here one stands for those of its kind.
BY_FACT = {(one.table, one.kind): one for one in CATALOG.values() if one.kind in RATIOS}.values()


@pytest.mark.parametrize("metric", BY_FACT, ids=lambda metric: metric.name)
def test_statement_is_portable(metric):
    fact = FACTS[metric.table]

    assert [
        str(problem) for problem in check(pairs_statement(fact, metric, by=fact.dimensions, period=True))
    ] == []
