"""Every metric of the catalogue by cohort and age: it adds up to ``measure``, or is refused for a reason."""

import datetime as dt
from dataclasses import replace

import pytest
import random_world

from analytics_lib.analysis import cohorts
from analytics_lib.analysis.cohort_metrics import _part as part_of
from analytics_lib.errors import RequestError
from analytics_lib.metrics import CATALOG, measure, measure_all
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.pairs import RATIOS
from analytics_lib.metrics.statements import pairs_statement, values_statement
from analytics_lib.portability import check
from analytics_lib.portability.project import READABLE_TABLES
from analytics_lib.store import Store

# Ten days more than the world has: what came last has had the time to come back.
FORTNIGHT = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 26)}
DAILY = {"period": "day", "as_of": FORTNIGHT["until"]}
PRICES = ["2026-01-01|2.0|2.0|2.0"]

# Requests and samples stand for the infrastructure, not for anybody who came.
NO_USER = {
    *("error_rate", "client_error_rate", "latency_p50", "latency_p95", "latency_p99", "requests"),
    *("queue_depth", "queue_growth_per_minute"),
}
# A peak or an hourly rate is of all users together.
OF_ALL = {"conversations_per_hour", "peak_concurrency"}
NO_RATIO = OF_ALL | {
    *("active_conversations", "conversations", "demand", "users", "messages"),
    *("detections", "orders", "refunds", "revenue", "direct_revenue", "influenced_revenue"),
}
EARLY = """
select count(*) as messages
from messages left join (
    select user_id, min(at_local)::date as first_day
    from (
        select user_id, sent_local as at_local from messages where sender = 'user'
        union all select user_id, started_local from conversations
        union all select user_id, occurred_local from events
        union all select user_id, ordered_local from orders
    ) as happened
    group by user_id
) as firsts on messages.user_id = firsts.user_id
where first_day is null or sent_local::date < first_day
"""
COUNTS = [CATALOG[name] for name in sorted(NO_RATIO - OF_ALL)]
TOLD = [CATALOG[name] for name in CATALOG if name not in NO_USER | NO_RATIO]


@pytest.fixture(scope="module")
def store():
    return Store.in_memory(**random_world.frames(7, 60))


def priced(metric):
    return metric.bound(rates=PRICES) if "rates" in metric.parameters else metric


@pytest.fixture(scope="module")
def measured(store):
    return measure_all(store, [priced(metric) for metric in TOLD], **FORTNIGHT, as_of=FORTNIGHT["until"])


@pytest.mark.parametrize("metric", TOLD, ids=lambda metric: metric.name)
def test_cells_add_up_to_the_measure(store, measured, metric):
    cells = cohorts.metric_by_age(store, priced(metric), **DAILY)
    whole = measured.set_index("metric").loc[metric.name]
    assert whole["denominator"] > 0
    assert cells["denominator"].sum() == pytest.approx(whole["denominator"])
    if metric.kind != "quantile":
        assert cells["numerator"].sum() == pytest.approx(whole["numerator"])


def test_metrics_with_cohorts_are_all_ratios_and_quantiles():
    assert {metric.kind for metric in TOLD} == {*RATIOS, "quantile"}
    assert {CATALOG[name].kind for name in NO_RATIO}.isdisjoint({*RATIOS, "quantile"})


@pytest.mark.parametrize("name", sorted(NO_USER))
def test_metric_of_the_infrastructure_has_no_cohorts(store, name):
    with pytest.raises(RequestError, match=rf"{name} is counted over .*, whose rows name no user.*Choose"):
        cohorts.metric_by_age(store, CATALOG[name], **DAILY)


@pytest.mark.parametrize("metric", COUNTS, ids=lambda metric: metric.name)
def test_counts_add_up_to_the_measure_and_have_no_interval(store, metric):
    daily = measure(store, metric, **FORTNIGHT, period="day", as_of=FORTNIGHT["until"])
    cells = cohorts.metric_by_age(store, metric, **DAILY)
    # What the shop wrote to somebody before they first came, or who never did, has no age.
    early = store.query(EARLY)["messages"].sum() if metric.name == "messages" else 0
    assert cells["value"].sum() + early == pytest.approx(daily["numerator"].sum())
    assert cells["value"].notna().all()
    assert cells[["denominator", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("name", sorted(OF_ALL))
def test_metric_of_all_users_together_has_no_cohorts(store, name):
    with pytest.raises(RequestError, match=rf"{name} is"):
        cohorts.metric_by_age(store, CATALOG[name], **DAILY)


@pytest.mark.parametrize("name", ["cost_per_order", "cost_per_resolution"])
def test_costs_by_cohort_need_prices(store, name):
    with pytest.raises(RequestError, match="needs prices"):
        cohorts.metric_by_age(store, CATALOG[name], **DAILY)


@pytest.mark.parametrize("metric", {(m.table, m.kind): m for m in TOLD}.values(), ids=lambda m: m.name)
def test_statement_by_cohort_is_portable(metric):
    fact = FACTS[metric.table]
    made = values_statement if metric.kind == "quantile" else pairs_statement
    extended = replace(fact, parts=(*fact.parts, part_of(metric)))
    told = made(extended, metric, by=("first_period",), period=True)
    assert [str(problem) for problem in check(told, READABLE_TABLES)] == []
