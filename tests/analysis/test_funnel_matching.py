"""The fast matching against plain loops over random worlds, and what holds of every funnel."""

import datetime as dt
import statistics

import pandas as pd
import pytest
from funnel_by_loops import MARCH, funnel_by_loops, users
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.analysis.funnels import funnel
from analytics_lib.store import Store

START = pd.Timestamp("2026-02-28 23:58")
SINCE, UNTIL = (pd.Timestamp(MARCH[end]) for end in ("since", "until"))
NAMES = ("a", "b", "c", "x")

# Minutes around the start of the window, few of them, so that many events coincide.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([f"u{user}" for user in range(8)]),
        st.integers(0, 9),
        st.integers(0, 99),
        st.sampled_from(NAMES),
    ),
    min_size=1,
    max_size=40,
)
STAGES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


def world(events):
    """The store, and the same events for the loops; whatever the funnel names exists before the window."""
    told = [(user, START + pd.Timedelta(minutes=minute), name) for user, minute, _, name in events]
    told += [("nobody", START - pd.Timedelta(days=9), name) for name in NAMES]
    ids = [f"{rank:02}-{place:02}" for place, rank in enumerate([*(event[2] for event in events), *range(4)])]
    rows = [(user, time, id_, name) for (user, time, name), id_ in zip(told, ids, strict=True)]
    frame = pd.DataFrame(rows, columns=["user_id", "occurred_local", "event_id", "name"])
    instants = frame["occurred_local"].dt.tz_localize("America/Bogota").dt.tz_convert("UTC")
    return Store.in_memory(events=frame.assign(occurred_at=instants)), rows


@settings(max_examples=40)
@given(
    EVENTS,
    STAGES,
    st.sampled_from(["ordered", "any_order", "strict"]),
    st.sampled_from([None, 1, 3]),
    st.booleans(),
)
def test_funnel_is_that_of_plain_loops(events, stages, mode, minutes, exclude):
    store, rows = world(events)
    within = None if minutes is None else dt.timedelta(minutes=minutes)
    how = {"within": within, "mode": mode, "excluded": ["x"] if exclude else []}

    found = funnel(store, stages=stages, **MARCH, **how)

    expected = funnel_by_loops(rows, stages, since=SINCE, until=UNTIL, **how)
    times = [
        [(own[place] - start).total_seconds() for start, own in expected.values() if len(own) > place]
        for place in range(len(stages))
    ]
    assert users(found) == [len(reached) for reached in times]
    medians = [statistics.median(reached) if reached else None for reached in times]
    assert (
        found["median_seconds"].astype(object).where(found["median_seconds"].notna(), None).tolist()
        == medians
    )


@settings(max_examples=15)
@given(EVENTS, STAGES, st.sampled_from(["ordered", "any_order", "strict"]))
def test_funnel_never_rises_and_its_shares_are_shares(events, stages, mode):
    store, _ = world(events)

    found = funnel(store, stages=stages, mode=mode, **MARCH)

    assert found["users"].is_monotonic_decreasing
    if found["users"].iloc[0]:
        assert found["conversion_rate"].between(found["conversion_low"], found["conversion_high"]).all()
        assert (found["conversion_rate"] == found["step_conversion_rate"].cumprod()).all() or found[
            "conversion_rate"
        ].to_numpy() == pytest.approx(found["step_conversion_rate"].fillna(0).cumprod().to_numpy())
    assert (found["median_seconds"].dropna() >= 0).all()


@settings(max_examples=10)
@given(EVENTS, STAGES)
def test_groups_add_up_to_the_whole_and_order_of_rows_is_no_matter(events, stages):
    store, _ = world(events)
    again, _ = world(events)

    whole = funnel(store, stages=stages, **MARCH)
    by_day = funnel(again, stages=stages, period="day", **MARCH)

    assert by_day.groupby("position")["users"].sum().tolist() == (users(whole) if users(whole)[0] else [])
