import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics_lib.analysis.durations import durations, first_response_times, response_times

WEEK = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}
START = dt.datetime(2026, 3, 2, 10)  # noqa: DTZ001  # wall clock


def lasting(name, seconds, outcome="resolved"):
    end = str(START + dt.timedelta(seconds=seconds))
    return (name, str(START), [], {"end": end, "outcome": outcome})


def said(*turns):
    """``("user", 0), ("bot", 5)``: sender and second."""
    return [(sender, str(START + dt.timedelta(seconds=second))) for sender, second in turns]


def of(frame, key):
    return frame.set_index(frame.columns[0]).loc[key]


def test_percentiles_interpolate_between_the_values(tell):
    # The published case: the p95 of 100, 200, 3000 is 2720; so their p90 is 2440 and their p25 is 150.
    row = of(durations(tell(lasting("a", 100), lasting("b", 200), lasting("c", 3000)), **WEEK), "resolved")
    found = [row[f"{mark}_seconds"] for mark in ("p10", "p25", "median", "p75", "p90", "mean")]
    assert found == pytest.approx([120, 150, 200, 1600, 2440, 1100])


def test_open_conversation_has_no_duration(tell):
    assert durations(tell(("a", str(START), [])), **WEEK).empty


def test_conversation_ending_before_it_started_is_counted_and_left_out(tell):
    row = of(durations(tell(lasting("a", -60), lasting("b", 60)), **WEEK), "all")
    assert (row["conversations"], row["negative"], row["measured"], row["mean_seconds"]) == (2, 1, 1, 60)


def test_outcome_with_negative_durations_only_has_no_percentiles(tell):
    row = of(durations(tell(lasting("a", -60)), **WEEK), "resolved")
    assert (row["conversations"], row["measured"]) == (1, 0)
    assert np.isnan(row["median_seconds"])


def test_all_comes_first_then_outcomes_by_frequency(tell):
    store = tell(lasting("a", 1, "abandoned"), lasting("b", 2), lasting("c", 3), lasting("d", 4, None))
    assert list(durations(store, **WEEK)["outcome"]) == ["all", "resolved", "abandoned", "unknown"]


def test_wait_runs_from_the_first_unanswered_message(tell):
    store = tell(("a", str(START), said(("user", 0), ("user", 20), ("bot", 30), ("bot", 40))))
    row = of(response_times(store, **WEEK), "bot")
    assert (row["stretches"], row["median_seconds"]) == (1, 30)


def test_what_the_shop_sends_while_nobody_waits_is_no_response(tell):
    frame = response_times(tell(("a", str(START), said(("bot", 0), ("agent", 9)))), **WEEK)
    assert frame["stretches"].sum() == 0


def test_bot_and_agent_are_told_apart_and_the_unanswered_are_counted(tell):
    turns = said(("user", 0), ("bot", 2), ("user", 10), ("agent", 70), ("agent", 71), ("user", 80))
    frame = response_times(tell(("a", str(START), turns)), **WEEK)
    assert list(frame["replier"]) == ["bot", "agent", "unanswered"]
    assert list(frame["stretches"]) == [1, 1, 1]
    assert frame["median_seconds"].tolist()[:2] == [2, 60]
    assert np.isnan(frame["median_seconds"].iloc[2])


def test_messages_of_one_instant_keep_the_order_of_their_ids(tell):
    frame = response_times(tell(("a", str(START), said(("user", 0), ("bot", 0), ("user", 0)))), **WEEK)
    assert of(frame, "bot")["median_seconds"] == 0
    assert of(frame, "unanswered")["stretches"] == 1


def test_messages_running_backwards_are_put_in_order(tell):
    frame = response_times(tell(("a", str(START), said(("bot", 5), ("user", 0)))), **WEEK)
    assert of(frame, "bot")["median_seconds"] == 5


def test_conversations_do_not_answer_each_other(tell):
    store = tell(("a", str(START), said(("user", 0))), ("b", str(START), said(("bot", 5))))
    assert of(response_times(store, **WEEK), "unanswered")["stretches"] == 1


def test_first_response_counts_each_conversation_once(tell):
    store = tell(
        ("a", str(START), said(("bot", 0), ("user", 1), ("bot", 4), ("user", 5), ("agent", 100))),
        ("b", str(START), said(("user", 0), ("agent", 50))),
        ("c", str(START), said(("user", 0))),
        ("d", str(START), said(("agent", 0))),
    )
    frame = first_response_times(store, **WEEK)
    assert list(frame["stretches"]) == [1, 1, 1]
    assert frame["median_seconds"].tolist()[:2] == [3, 50]


def test_reply_after_the_window_still_counts(tell):
    night = [("user", "2026-03-08 23:59:50"), ("bot", "2026-03-09 00:00:10")]
    assert (
        of(response_times(tell(("a", "2026-03-08 23:59:50", night)), **WEEK), "bot")["median_seconds"] == 20
    )


def test_window_without_messages_has_no_waits(tell):
    frame = response_times(tell(), **WEEK)
    assert list(frame["stretches"]) == [0, 0, 0]
    assert frame["median_seconds"].isna().all()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_percentiles_are_those_of_numpy(tell, seconds):
    stories = [lasting(f"c{place}", second) for place, second in enumerate(seconds)]
    row = of(durations(tell(*stories), **WEEK), "all")
    names = [f"{mark}_seconds" for mark in ("p10", "p25", "median", "p75", "p90")]
    expected = np.percentile(seconds, [10, 25, 50, 75, 90], method="linear")
    assert pd.Series(row[names]).to_numpy(dtype=float) == pytest.approx(expected, abs=1e-6)


def test_reply_of_an_unknown_kind_of_sender_is_a_row_of_its_own(tell):
    turns = said(("user", 0), ("unknown:flow", 60), ("user", 120))
    frame = response_times(tell(("a", str(START), turns)), **WEEK)
    waits = frame.set_index("replier")["stretches"]
    assert waits.to_dict() == {"bot": 0, "agent": 0, "unanswered": 1, "other": 1}
