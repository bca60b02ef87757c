import datetime as dt
import math

import pytest
from small_world import APRIL, MARCH, chats, memory, said, talk

from analytics_lib.errors import RequestError
from analytics_lib.metrics import health_score

D = "2026-03-02 "


def service(*, csat=True, seconds=4, conversations=20):
    """Resolved 0.80, satisfied 0.75, escalated 0.10, a reply after 4 seconds; a user each."""
    rows, talks = [], []
    for i in range(conversations):
        rows.append(
            {
                "at": D + "10:00",
                "end": D + "11:00",
                "user_id": f"u{i}",
                "resolved": i % 5 > 0,
                "escalated": D + "10:30" if i % 10 == 0 else None,
                "csat": (1 if i % 4 == 0 else 5) if csat else None,
            }
        )
        reply = f"{D}10:00:{seconds:02}"
        talks += talk(("user", D + "10:00:00"), ("bot", reply), chat=f"c{i:03}", user=f"u{i}")
    return memory(conversations=chats(*rows), messages=said(*talks))


def parts(score, column):
    return dict(zip(score.parts["metric"], score.parts[column], strict=True))


def test_example_of_the_definitions():
    score = health_score(service(), **MARCH)
    assert score.value == pytest.approx(0.8307, abs=5e-5)
    assert score.covered_weight == 1
    assert not score.partial


def test_parts_are_given_with_their_values_and_weights():
    score = health_score(service(), **MARCH)
    assert parts(score, "value") == pytest.approx(
        {"resolution_rate": 0.8, "csat": 0.75, "average_response_time": 4, "escalation_rate": 0.1}
    )
    assert parts(score, "normalized") == pytest.approx(
        {"resolution_rate": 0.8, "csat": 0.75, "average_response_time": 26 / 28, "escalation_rate": 0.9}
    )
    assert parts(score, "weight") == pytest.approx(
        {"resolution_rate": 0.3, "csat": 0.3, "average_response_time": 0.2, "escalation_rate": 0.2}
    )


def test_weight_of_a_part_without_data_is_spread_over_the_rest():
    score = health_score(service(csat=False), **MARCH)
    assert score.value == pytest.approx(0.8653, abs=5e-5)
    assert score.covered_weight == pytest.approx(0.7)
    assert math.isnan(parts(score, "value")["csat"])
    assert math.isnan(parts(score, "normalized")["csat"])


@pytest.mark.parametrize(("seconds", "normalized"), [(0, 1), (2, 1), (16, 0.5), (30, 0), (45, 0)])
def test_response_time_falls_from_2_to_30_seconds(seconds, normalized):
    score = health_score(service(seconds=seconds), **MARCH)
    assert parts(score, "normalized")["average_response_time"] == pytest.approx(normalized)


def test_good_and_bad_seconds_can_be_given():
    score = health_score(service(seconds=15), **MARCH, seconds=(10, 20))
    assert parts(score, "normalized")["average_response_time"] == pytest.approx(0.5)


def test_less_than_half_of_the_weight_is_partial():
    only_open = memory(
        conversations=chats({"at": D + "10:00"}),
        messages=said(*talk(("user", D + "10:00"), ("bot", D + "10:00:16"))),
    )
    score = health_score(only_open, **MARCH)
    assert (score.value, score.covered_weight) == (pytest.approx(0.5), pytest.approx(0.2))
    assert score.partial


def test_store_without_messages_has_no_response_time():
    rows = (
        {"at": D + "10:00", "end": D + "11:00", "user_id": f"u{i}", "resolved": True, "csat": 5}
        for i in range(3)
    )
    score = health_score(memory(conversations=chats(*rows)), **MARCH)
    assert (score.value, score.covered_weight) == (1, pytest.approx(0.8))


@pytest.mark.parametrize(
    "store", [memory(), memory(conversations=chats({"at": D + "10:00"}))], ids=["empty", "only an open one"]
)
def test_without_any_data_there_is_no_score(store):
    score = health_score(store, **MARCH)
    assert math.isnan(score.value)
    assert math.isnan(score.low)
    assert score.covered_weight == 0
    assert len(score.parts) == 4


def test_window_without_conversations_has_no_score():
    score = health_score(service(), **APRIL)
    assert math.isnan(score.value)
    assert score.covered_weight == 0


def test_small_part_counts_and_is_flagged():
    few = parts(health_score(service(conversations=20), **MARCH), "few")
    assert all(few.values())
    assert not any(parts(health_score(service(conversations=40), **MARCH), "few").values())


def test_score_of_best_service_is_1_and_of_the_worst_0():
    for good in (True, False):
        rows = (
            {
                "at": D + "10:00",
                "end": D + "11:00",
                "user_id": f"u{i}",
                "resolved": good,
                "csat": 5 if good else 1,
                "escalated": None if good else D + "10:30",
            }
            for i in range(3)
        )
        talks = talk(("user", D + "10:00:00"), ("bot", D + ("10:00:01" if good else "10:01:00")))
        score = health_score(memory(conversations=chats(*rows), messages=said(*talks)), **MARCH)
        assert score.value == pytest.approx(float(good))


def test_interval_holds_the_score_and_narrows_with_users():
    small, large = (health_score(service(conversations=n), **MARCH) for n in (20, 500))
    for score in (small, large):
        assert 0 <= score.low < score.value < score.high <= 1
    # √25 = 5 times narrower.
    assert (small.high - small.low) / (large.high - large.low) == pytest.approx(5, rel=0.15)


def test_interval_by_hand_where_only_resolution_varies():
    rows = (
        {"at": D + "10:00", "end": D + "11:00", "user_id": f"u{i}", "resolved": i % 2 == 0}
        for i in range(400)
    )
    score = health_score(memory(conversations=chats(*rows)), **MARCH)
    # (0.3 · resolution + 0.2 · 1) / 0.5; resolution 0.5 with standard error 0.5 / √400 = 0.025.
    assert score.value == pytest.approx(0.7)
    assert score.high - score.low == pytest.approx(2 * 1.96 * 0.6 * 0.025, rel=0.1)


def test_same_question_has_the_same_answer():
    store = service()
    first, second = (health_score(store, **MARCH) for _ in range(2))
    assert (first.value, first.low, first.high) == (second.value, second.low, second.high)


def test_what_is_open_at_as_of_is_not_known():
    score = health_score(service(), **MARCH, as_of=dt.datetime(2026, 3, 2, 15, 30, tzinfo=dt.UTC))
    assert score.covered_weight == pytest.approx(0.2)


def test_weights_below_zero_are_refused():
    with pytest.raises(RequestError, match="weights"):
        health_score(service(), **MARCH, weights={"csat": -1, "resolution_rate": 2})
