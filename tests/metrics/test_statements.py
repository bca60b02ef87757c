"""What ``statements`` puts together is held to the portable subset, metric by metric."""

import pytest

from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.measure import _ALONE as ALONE
from analytics_lib.metrics.statements import sums_statement
from analytics_lib.portability import check

ALL = list(CATALOG.values())


def statement(metric, *, by, period):
    fact = FACTS[metric.table]
    if metric.kind in ALONE:
        return ALONE[metric.kind](fact, metric, by=by, period=period)
    return sums_statement(fact, [metric], by=by, period=period)


def problems(sql):
    return [str(problem) for problem in check(sql)]


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_statement_of_a_metric_over_the_whole_window_is_portable(metric):
    assert not problems(statement(metric, by=(), period=False))


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_statement_of_a_metric_by_period_and_all_dimensions_is_portable(metric):
    assert not problems(statement(metric, by=FACTS[metric.table].dimensions, period=True))


# One metric of each fact and shape stands for the others: dimensions are joined and grouped alike for all.
BY_FACT = list({(metric.table, metric.kind in ALONE): metric for metric in ALL}.values())


@pytest.mark.parametrize("metric", BY_FACT, ids=lambda metric: f"{metric.table}-{metric.name}")
def test_statement_by_period_alone_is_portable(metric):
    assert not problems(statement(metric, by=(), period=True))


@pytest.mark.parametrize("metric", BY_FACT, ids=lambda metric: f"{metric.table}-{metric.name}")
def test_statement_by_each_dimension_alone_is_portable(metric):
    for name in FACTS[metric.table].dimensions:
        assert not problems(statement(metric, by=(name,), period=False)), name


@pytest.mark.parametrize("table", sorted({metric.table for metric in ALL if metric.kind not in ALONE}))
def test_statement_of_all_metrics_of_a_fact_is_portable(table):
    together = [metric for metric in ALL if metric.table == table and metric.kind not in ALONE]
    by = FACTS[table].dimensions[:2]
    assert not problems(sums_statement(FACTS[table], together, by=by, period=True))


def test_part_is_joined_only_where_a_column_of_it_is_wanted():
    plain = sums_statement(FACTS["conversations"], [CATALOG["csat"]], by=(), period=False)
    talks = sums_statement(FACTS["conversations"], [CATALOG["demand"]], by=(), period=False)
    assert "from messages" not in plain
    assert "from messages" in talks
