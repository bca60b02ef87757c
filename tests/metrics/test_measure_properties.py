"""What holds of every metric, whatever the data."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_world import frames
from small_world import memory

from analytics_lib.metrics import CATALOG, measure, measure_all

ALL = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1), "as_of": dt.date(2026, 4, 1)}
WEEK = {"since": dt.date(2026, 3, 5), "until": dt.date(2026, 3, 12), "as_of": dt.date(2026, 4, 1)}
# One metric for each fact, each way to count, and each look into another table.
METRICS = [
    CATALOG[name]
    for name in (
        *("conversations", "users", "resolution_rate", "assumed_resolution_rate", "durable_resolution_rate"),
        *(
            "reopen_rate",
            "first_contact_resolution",
            "escalation_rate",
            "csat",
            "nps",
            "duration",
            "median_duration",
        ),
        *("step_conversion_rate_cart_added", "drop_off_rate_cart_added", "revenue_per_conversation"),
        *("messages", "low_confidence_rate", "mean_confidence", "average_response_time", "unanswered_rate"),
        *("action_success_rate", "revenue", "error_rate", "latency_p95", "queue_depth", "peak_concurrency"),
    )
]
# People of several days are counted in each.
ADDITIVE = [m for m in METRICS if m.kind in ("count", "total", "share", "mean", "nps") and m.name != "users"]
BY_CHANNEL = [metric for metric in ADDITIVE if metric.table not in ("api_requests", "samples")]
# What a user does outside the window tells whether a contact in it was the first, or the last.
INSIDE = [metric for metric in METRICS if "within_days" not in metric.parameters and metric.kind != "peak"]

seeds = st.integers(0, 10**6)
sizes = st.integers(1, 30)
few = settings(max_examples=4, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def ordered(frame):
    return frame.set_index("metric")[["numerator", "denominator"]].fillna(0)


def same(left, right):
    pd.testing.assert_frame_equal(left, right, rtol=1e-9)


def pooled(parts, metrics=ADDITIVE):
    """Σ numerators and Σ denominators of each metric; 0 of one without any group."""
    sums = parts.groupby("metric")[["numerator", "denominator"]].sum()
    return sums.reindex([metric.name for metric in metrics]).fillna(0.0).rename_axis("metric")


@few
@given(seed=seeds, size=sizes, period=st.sampled_from(["hour", "day", "week", "month"]))
def test_periods_add_up_to_the_whole(seed, size, period):
    store = memory(**frames(seed, size))
    parts = measure_all(store, ADDITIVE, period=period, **ALL)
    same(pooled(parts), ordered(measure_all(store, ADDITIVE, **ALL)))


@few
@given(seed=seeds, size=sizes, by=st.sampled_from(["channel", ["channel", "weekday"], ["hour", "city"]]))
def test_groups_add_up_to_the_whole(seed, size, by):
    store = memory(**frames(seed, size))
    parts = measure_all(store, BY_CHANNEL, by=by, **ALL)
    same(pooled(parts, BY_CHANNEL), ordered(measure_all(store, BY_CHANNEL, **ALL)))


@few
@given(seed=seeds, size=sizes)
def test_windows_add_up_to_the_whole(seed, size):
    store = memory(**frames(seed, size))
    days = (1, 9, 10, 31)
    windows = [
        {**ALL, "since": dt.date(2026, 3, first), "until": dt.date(2026, 3, last)}
        for first, last in pairwise(days)
    ]
    parts = pd.concat([measure_all(store, ADDITIVE, **window) for window in windows])
    same(pooled(parts), ordered(measure_all(store, ADDITIVE, **ALL)))


@few
@given(seed=seeds, size=sizes)
def test_value_is_numerator_by_denominator(seed, size):
    rates = [metric for metric in ADDITIVE if metric.kind in ("share", "mean")]
    found = measure_all(memory(**frames(seed, size)), rates, period="day", **ALL)
    expected = found["numerator"] / found["denominator"].replace(0, np.nan)
    np.testing.assert_allclose(found["value"], expected)
    assert found["value"].isna().equals(found["denominator"].eq(0))


@few
@given(seed=seeds, size=sizes)
def test_share_lies_in_its_interval_and_both_in_0_to_1(seed, size):
    found = measure_all(
        memory(**frames(seed, size)),
        [metric for metric in METRICS if metric.kind == "share"],
        period="week",
        **ALL,
    ).dropna(subset="value")
    assert found[["value", "low", "high"]].notna().all(axis=None)
    assert (found["low"] >= 0).all()
    assert (found["low"] <= found["value"] + 1e-12).all()
    assert (found["value"] <= found["high"] + 1e-12).all()
    assert (found["high"] <= 1).all()


@few
@given(seed=seeds, size=sizes)
def test_nps_and_quantiles_lie_in_their_intervals(seed, size):
    found = measure_all(
        memory(**frames(seed, size)), [m for m in METRICS if m.kind in ("nps", "quantile")], **ALL
    ).dropna(subset="value")
    assert (found["low"].fillna(-np.inf) <= found["value"] + 1e-9).all()
    assert (found["value"] <= found["high"].fillna(np.inf) + 1e-9).all()


@few
@given(seed=seeds, size=sizes)
def test_shares_that_belong_together_add_up(seed, size):
    names = (
        "durable_resolution_rate",
        "reopen_rate",
        "step_conversion_rate_cart_added",
        "drop_off_rate_cart_added",
    )
    moods = tuple(f"{mood}_sentiment_share" for mood in ("negative", "neutral", "positive"))
    metrics = [CATALOG[name] for name in (*names, *moods)]
    found = measure_all(memory(**frames(seed, size)), metrics, **ALL).set_index("metric")["value"]
    for group in (names[:2], names[2:], moods):
        assert np.isnan(found[list(group)]).all() or found[list(group)].sum() == pytest.approx(1)


@few
@given(seed=seeds, size=sizes)
def test_order_of_rows_does_not_matter(seed, size):
    told = frames(seed, size)
    mixed = {name: frame.sample(frac=1, random_state=seed) for name, frame in told.items()}
    answers = (measure_all(memory(**tables), METRICS, period="week", **ALL) for tables in (told, mixed))
    same(*answers)


@few
@given(seed=seeds, size=sizes)
def test_what_happens_outside_the_window_changes_nothing_in_it(seed, size):
    told = frames(seed, size)
    same(*(measure_all(memory(**tables), INSIDE, **WEEK) for tables in (told, away(told))))


def away(told):
    """The same tables, what lies outside the window moved two weeks further from it."""
    further = {}
    for name, frame in told.items():
        local = frame[next(column for column in frame if column.endswith("_local"))]
        weeks = np.select(
            [local < pd.Timestamp("2026-03-05"), local >= pd.Timestamp("2026-03-12")], [-2, 2], 0
        )
        shift = pd.Series(pd.to_timedelta(weeks * 7, unit="D"), frame.index)
        times = {column: column.endswith("_at") for column in frame if column.endswith(("_at", "_local"))}
        moved = {column: pd.to_datetime(frame[column], utc=zoned) + shift for column, zoned in times.items()}
        further[name] = frame.assign(**moved)
    return further


@settings(few, max_examples=2)
@given(seed=seeds, size=sizes)
def test_measured_together_is_measured_one_by_one(seed, size):
    store = memory(**frames(seed, size))
    together = measure_all(store, METRICS, period="week", **ALL)
    for metric in METRICS:
        part = together[together["metric"] == metric.name].drop(columns="metric").reset_index(drop=True)
        same(part, measure(store, metric, period="week", **ALL).reset_index(drop=True))


@few
@given(seed=seeds, size=sizes)
def test_same_question_has_the_same_answer(seed, size):
    store = memory(**frames(seed, size))
    first, second = (measure_all(store, BY_CHANNEL, period="day", by="channel", **ALL) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@few
@given(seed=seeds, size=sizes)
def test_later_as_of_never_uncloses_a_conversation(seed, size):
    store = memory(**frames(seed, size))
    closed = [
        measure(store, CATALOG["escalation_rate"], **{**ALL, "as_of": dt.date(2026, 3, day)})[
            "denominator"
        ].sum()
        for day in (3, 8, 13, 18)
    ]
    assert closed == sorted(closed)
