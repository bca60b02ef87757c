"""Agents by half-hour from a whole forecast, and whether a roster holds."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing import Assumptions, Service, staffing
from analytics_lib.models.staffing_capacity import replicas
from analytics_lib.models.staffing_draws import arrivals, seconds_drawn, share_drawn
from staffing_forecasts import Drawn, steady

PUBLISHED = {
    "handle_time_seconds": 180,
    "escalation_rate": 1.0,
    "concurrency": 1,
    "target_wait_seconds": 20,
    "service_level": 0.8,
}
SERVICE = Service(20, 0.8)
# As many contacts as lead to a load of 5 and of 10 erlangs at 180 seconds each.
FIVE, TEN = 100.0, 200.0


def test_half_hours_have_the_agents_of_the_published_table():
    found = staffing(steady(FIVE, 2), **PUBLISHED)

    assert found["at"].dt.strftime("%H:%M").tolist() == ["00:00", "00:30", "01:00", "01:30"]
    assert found["agents"].tolist() == [8, 8, 8, 8]
    row = found.iloc[0]
    assert row["conversations"] == row["contacts"] == 50
    assert row["load_erlangs"] == pytest.approx(5)
    assert row["service_level"] == pytest.approx(0.880148, abs=1e-6)
    assert row["service_level_one_less"] == pytest.approx(0.740441, abs=1e-6)
    assert row["wait_probability"] == pytest.approx(0.167267, abs=1e-6)
    assert row["mean_wait_seconds"] == pytest.approx(10.036, abs=1e-3)
    assert row["occupancy"] == pytest.approx(5 / 8)
    assert (row["held"], row["held_one_less"]) == (1, 0)


@pytest.mark.parametrize("chats", [1, 2, 3, 4, 5])
def test_agent_with_several_chats_is_so_many_servers(chats):
    agents = staffing(steady(FIVE), **PUBLISHED | {"concurrency": chats})["agents"].tolist()

    assert agents == [math.ceil(8 / chats)] * 2


def test_shrinkage_puts_more_on_the_roster_than_answer():
    row = staffing(steady(FIVE), **PUBLISHED, assumptions=Assumptions(shrinkage=0.2)).iloc[0]

    assert (row["agents"], row["rostered"]) == (8, 10)
    assert Assumptions(shrinkage=0.2).answering([10, 9]).tolist() == [8, 7]


def test_smallest_number_that_holds_in_the_asked_share_of_draws_is_chosen():
    # Three of four courses have a load of 5, which needs 8; the fourth has 10, which needs 14.
    forecast = Drawn(np.array([[FIVE], [FIVE], [FIVE], [TEN]]))
    chosen = {
        sure: staffing(forecast, **PUBLISHED, assumptions=Assumptions(confidence=sure, draws=400)).iloc[0]
        for sure in (0.75, 0.76)
    }

    assert [chosen[sure]["agents"] for sure in chosen] == [8, 14]
    assert [chosen[sure]["held"] for sure in chosen] == [0.75, 1]
    # At the mean, a load of 6.25, Erlang-C alone asks for 9, which hold in no more draws than 8.
    assert chosen[0.76]["agents_expected"] == 9
    assert chosen[0.76]["held_expected"] == 0.75


def test_service_level_is_of_the_expected_load_and_in_time_of_all_contacts_of_the_draws():
    # Half the courses have 5 erlangs, half 10; with 8 agents the second have nobody in time.
    row = staffing(
        Drawn(np.array([[FIVE], [TEN]])), **PUBLISHED, assumptions=Assumptions(confidence=0.5)
    ).iloc[0]

    assert (row["agents"], row["load_erlangs"]) == (8, pytest.approx(7.5))
    assert row["in_time"] == pytest.approx(0.880148 / 3, abs=1e-6)
    assert row["service_level_one_less"] == 0
    # By the recursion B = 0.207455, so that 0.807253 wait.
    assert row["service_level"] == pytest.approx(0.236372, abs=1e-6)


def test_what_is_not_known_for_sure_asks_for_more():
    sure = staffing(steady(FIVE), **PUBLISHED)["agents"].iloc[0]
    careful = Assumptions(confidence=0.95)
    time = staffing(steady(FIVE), **PUBLISHED | {"handle_time_seconds": (180, 140, 230)}, assumptions=careful)
    rate = staffing(steady(FIVE / 0.7), **PUBLISHED | {"escalation_rate": (7, 10)}, assumptions=careful)

    for found in (time, rate):
        assert found["agents_expected"].iloc[0] == sure
        assert found["agents"].iloc[0] > sure


def test_with_patience_some_give_up_and_fewer_are_needed():
    row = staffing(steady(FIVE), **PUBLISHED, assumptions=Assumptions(patience_seconds=120)).iloc[0]

    assert row["agents"] == 7
    assert row["wait_probability"] == pytest.approx(0.222116, abs=1e-6)
    assert row["abandoned"] == pytest.approx(0.060388, abs=1e-6)
    # Little's law: who waits gives up at the rate 1 / patience.
    assert row["mean_wait_seconds"] == pytest.approx(0.060388 * 120, abs=1e-3)


def test_nobody_needs_nobody_and_next_to_nobody_needs_one():
    nobody = staffing(steady(0), **PUBLISHED).iloc[0]
    never = staffing(steady(FIVE), **PUBLISHED | {"escalation_rate": 0}).iloc[0]
    few = staffing(steady(1e-6), **PUBLISHED).iloc[0]

    for row in (nobody, never):
        assert (row["agents"], row["held"], row["mean_wait_seconds"]) == (0, 1, 0)
        assert row[["service_level", "in_time", "held_one_less", "occupancy"]].isna().all()
    assert few["agents"] == 1


def test_quarter_hours_are_staffed_by_the_quarter():
    forecast = Drawn(np.array([[FIVE / 4, FIVE / 4]]), step=pd.Timedelta(minutes=15))
    found = staffing(forecast, **PUBLISHED)

    assert found["agents"].tolist() == [8, 8]
    assert found["at"].diff().iloc[1] == pd.Timedelta(minutes=15)


def test_lists_are_read_as_tuples_are():
    as_lists = {"handle_time_seconds": [180, 170, 190], "escalation_rate": [40, 100]}
    as_tuples = {name: tuple(value) for name, value in as_lists.items()}

    assert staffing(steady(FIVE), **PUBLISHED | as_lists).equals(
        staffing(steady(FIVE), **PUBLISHED | as_tuples)
    )


def test_forecast_may_be_a_frame_or_hold_one():
    frame = steady(FIVE)

    assert staffing(SimpleNamespace(frame=frame), **PUBLISHED).equals(staffing(frame, **PUBLISHED))


def test_without_samples_limits_are_drawn_from():
    limits = {"low_95": 40.0, "low_80": 60.0, "high_80": 160.0, "high_95": 200.0}
    drawn = arrivals(steady(FIVE, 3).assign(**limits), draws=20_000, seed=1)

    assert drawn.shape == (20_000, 3)
    for level, limit in ((0.1, 60), (0.5, 100), (0.9, 160)):
        assert np.quantile(drawn[:, 0], level) == pytest.approx(limit, rel=0.03)
    assert (drawn.min(), drawn.max()) == (40, 200)
    # Half of the error is shared.
    assert 0.4 < np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1] < 0.6


def test_draws_of_what_was_measured_have_its_interval():
    random = np.random.default_rng(3)
    seconds = seconds_drawn((240, 200, 288), "s", draws=40_000, random=random)
    rate = share_drawn((30, 100), "r", draws=40_000, random=random)
    given = share_drawn((0.3, 0.2, 0.42), "r", draws=40_000, random=random)

    assert np.quantile(seconds, [0.025, 0.975]) == pytest.approx([200, 288], rel=0.02)
    # Clopper-Pearson of 30 of 100 is 0.212 to 0.400, Jeffreys' interval 0.217 to 0.394.
    assert np.quantile(rate, [0.025, 0.975]) == pytest.approx([0.217, 0.394], abs=0.004)
    assert np.quantile(given, [0.025, 0.975]) == pytest.approx([0.2, 0.42], abs=0.015)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"handle_time_seconds": 0}, "handle_time_seconds is 0"),
        ({"handle_time_seconds": float("nan")}, "handle_time_seconds is nan"),
        ({"handle_time_seconds": (180, 200, 220)}, "in that order of size"),
        ({"escalation_rate": 1.2}, "escalation_rate is 1.2"),
        ({"escalation_rate": (5, 4)}, "numerator, denominator"),
        ({"escalation_rate": float("nan")}, "escalation_rate is nan"),
        ({"escalation_rate": "some"}, "escalation_rate is 'some'"),
        ({"handle_time_seconds": (180, 200)}, "or it with its 95 % limits"),
        ({"concurrency": 0}, "concurrency is 0"),
        ({"concurrency": 1.5}, "concurrency is 1.5"),
        ({"concurrency": float("nan")}, "concurrency is nan"),
        ({"target_wait_seconds": -1}, "target_wait_seconds is -1"),
        ({"service_level": 1}, "service_level is 1"),
        ({"service_level": float("nan")}, "service_level is nan"),
        ({"service_level": "0.8"}, "service_level is 0.8"),
        ({"concurrency": None}, "concurrency is None"),
        ({"target_wait_seconds": None}, "target_wait_seconds is None"),
        ({"escalation_rate": ("a", "b")}, "numerator, denominator"),
    ],
)
def test_what_is_no_number_of_its_kind_is_refused(given, words):
    with pytest.raises(RequestError, match=words):
        staffing(steady(FIVE), **PUBLISHED | given)


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (steady(math.nan), "is no number of arrivals"),
        (steady(-1), "-1.0 is no number of arrivals"),
        (steady(1, 0), "no step"),
        (steady(1, 3).iloc[[0, 1, 1]], "does not rise"),
        (steady(1, 4).iloc[[0, 1, 3]], "different lengths"),
        (steady(1e12), "chats at once"),
        (pd.DataFrame({"at": [1]}), "expected what load.forecast gives"),
        ("tomorrow", "given str"),
        (Drawn(np.array([[1.0, math.inf]])), "inf is no number"),
    ],
)
def test_forecast_that_cannot_be_is_refused(forecast, words):
    with pytest.raises(RequestError, match=words):
        staffing(forecast, **PUBLISHED)


def test_assumptions_that_cannot_be_are_refused():
    for wrong in ({"shrinkage": 1}, {"confidence": 0}, {"draws": 0}, {"slot_minutes": 0}):
        with pytest.raises(RequestError, match=next(iter(wrong))):
            Assumptions(**wrong)
    with pytest.raises(RequestError, match="slot_minutes is 25"):
        staffing(steady(FIVE), **PUBLISHED, assumptions=Assumptions(slot_minutes=25))


def test_replicas_are_erlang_c_of_messages_with_some_spare():
    # 360 conversations of 10 messages an hour are one a second; 5 seconds each make a load of 5.
    row = replicas(
        steady(360), messages_per_conversation=10, response_seconds=5, service=Service(5 / 9, 0.8, 4), spare=1
    ).iloc[0]

    assert row["messages_per_second"] == pytest.approx(1)
    assert row["load_erlangs"] == pytest.approx(5)
    # Of 180 and 20 seconds the published table has 8 servers at 0.8; two replicas of four messages are eight.
    assert (row["needed"], row["replicas"]) == (2, 3)
    with pytest.raises(RequestError, match="spare is -1"):
        replicas(steady(1), messages_per_conversation=1, response_seconds=1, service=SERVICE, spare=-1)


def test_forecast_by_the_day_is_refused_as_nights_would_be_staffed_like_noons():
    daily = pd.DataFrame({"at": pd.date_range("2026-11-09", periods=3, freq="D"), "expected": 240.0})

    with pytest.raises(RequestError, match=r"1 days .*Forecast by the hour"):
        staffing(daily, **PUBLISHED)
