from typing import get_args

import pytest

from analytics_lib.errors import RequestError
from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.metric import Better, Group, Kind

PINNED = (
    *("resolution_rate", "escalation_rate", "first_contact_resolution", "csat", "nps", "low_confidence_rate"),
    *("average_response_time", "median_response_time"),
)
every_metric = pytest.mark.parametrize("metric", CATALOG.values(), ids=CATALOG)


@every_metric
def test_metric_says_what_it_asks_and_what_it_is_called(metric):
    assert metric.question.endswith("?")
    assert set(metric.label) == {"es", "en"}
    assert all(label.strip() for label in metric.label.values())


@every_metric
def test_metric_says_who_answers_for_it_and_where_it_comes_from(metric):
    assert metric.owner
    assert metric.source
    assert metric.unit
    assert metric.group in get_args(Group)
    assert metric.better in get_args(Better)


@every_metric
def test_metric_has_the_expressions_its_kind_needs(metric):
    assert metric.kind in get_args(Kind)
    assert metric.table in FACTS
    assert bool(metric.numerator) == (metric.kind not in ("peak", "slope"))
    assert bool(metric.denominator) == (metric.kind in ("share", "mean", "nps"))
    assert bool(metric.squares) == (metric.kind == "nps")


@every_metric
def test_unit_fits_the_kind(metric):
    assert (metric.unit == "share") == (metric.kind == "share")
    assert (metric.unit == "points") == (metric.kind == "nps")
    assert 0 < metric.quantile < 1


@every_metric
def test_small_samples_are_flagged_below_30_and_percentiles_below_20(metric):
    least = {"share": 30, "nps": 30, "quantile": 20}
    assert metric.minimum_n == least.get(metric.kind, metric.minimum_n)


def test_metrics_stand_under_their_names():
    assert [metric.name for metric in CATALOG.values()] == list(CATALOG)


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_two_metrics_have_one_label(language):
    labels = [metric.label[language] for metric in CATALOG.values()]
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize("name", PINNED)
def test_pinned_name_exists(name):
    assert CATALOG[name].name == name


def test_percentiles_of_the_latency_are_50_95_and_99():
    assert [CATALOG[f"latency_p{percent}"].quantile for percent in (50, 95, 99)] == [0.5, 0.95, 0.99]


def test_unknown_metric_is_refused_with_the_nearest_name():
    with pytest.raises(RequestError, match=r"no metric 'resolution_rat'.*Did you mean resolution_rate"):
        CATALOG["resolution_rat"]


def test_unknown_metric_like_none_is_refused_with_all_names():
    with pytest.raises(RequestError, match=r"no metric 'zzz'\. There are: conversations, .*latency_p99"):
        CATALOG["zzz"]
