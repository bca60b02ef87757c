"""Whether a roster holds, by the formula and played out."""

import math

import numpy as np
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing import Assumptions, Service, study
from analytics_lib.models.staffing_held import hold_days, hold_slots, one_more_or_less
from analytics_lib.models.staffing_play import played
from analytics_lib.models.staffing_rules import ShiftRules
from staffing_forecasts import Drawn, day_of_waits, steady

SERVICE = Service(20, 0.8)
# As many contacts as lead to a load of 5 and of 10 erlangs at 180 seconds each.
FIVE, TEN = 100.0, 200.0


def test_roster_holds_in_the_draws_that_need_no_more():
    forecast = Drawn(np.array([[FIVE, FIVE], [FIVE, TEN]]))
    found = study(forecast, handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)
    slots = hold_slots(found, [8, 7, 8, 14])
    day = hold_days(found, [8, 8, 8, 8]).iloc[0]

    assert slots["held"].tolist() == [1, 0, 0.5, 1]
    assert slots["service_level"].tolist()[:2] == pytest.approx([0.880148, 0.740441], abs=1e-6)
    # The course with 10 erlangs in the second hour has nobody in time there: a third of 300 contacts is.
    assert (day["held_every"], day["held_day"]) == (0.5, 0.5)
    assert day["contacts"] == 250
    assert day["service_level"] == pytest.approx(0.880148 * 300 / 500, abs=1e-6)
    assert day["service_level_low"] == pytest.approx(0.880148 / 3, abs=1e-6)


def test_closed_hours_do_not_count_in_the_day():
    found = study(steady(FIVE, 2), handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)
    open_at = np.array([True, True, False, False])

    assert hold_days(found, [8, 8, 0, 0])["held_every"].tolist() == [0]
    assert hold_days(found, [8, 8, 0, 0], open_at=open_at)["held_every"].tolist() == [1]
    assert hold_days(found, [8, 8, 0, 0], open_at=open_at)["contacts"].tolist() == [100]
    assert hold_days(found, [8, 8, 0, 0], open_at=np.zeros(4, dtype=bool))["held_day"].tolist() == []


def test_one_agent_more_costs_the_open_hours_and_brings_what_the_table_says():
    found = study(
        steady(FIVE),
        handle_time_seconds=180,
        escalation_rate=1.0,
        service=SERVICE,
        assumptions=Assumptions(shrinkage=0.5),
    )
    changed = one_more_or_less(found, [14, 14], rules=ShiftRules(cost_per_hour=10.0)).set_index("change")

    # Fourteen on duty are seven who answer; an hour of one who answers is two paid ones.
    assert changed["cost"].to_dict() == {-1: -20, 0: 0, 1: 20}
    assert changed["service_level"].tolist() == pytest.approx([0.474267, 0.740441, 0.880148], abs=1e-6)
    assert changed["held_day"].tolist() == [0, 0, 1]
    assert changed.loc[1, "in_time"] == pytest.approx(88.0148, abs=1e-3)


def test_roster_without_anybody_holds_only_where_nobody_comes():
    empty = study(steady(0), handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)
    busy = study(steady(FIVE), handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)

    assert hold_days(empty, [0, 0])[["held_day", "held_every"]].iloc[0].tolist() == [1, 1]
    assert hold_days(empty, [0, 0])["service_level"].isna().all()
    assert hold_days(busy, [0, 0])[["held_day", "service_level"]].iloc[0].tolist() == [0, 0]
    with pytest.raises(RequestError, match="one number of 0 or more for each of the 2 slots"):
        hold_slots(busy, [8])
    with pytest.raises(RequestError, match="none missing"):
        hold_slots(busy, [8, math.nan])


def test_day_of_a_roster_is_that_of_a_simulation_with_its_queue_carried_over():
    hourly = np.array([30.0, 60, 100, 140, 100, 60])
    forecast = Drawn(hourly[None])
    found = study(forecast, handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)
    agents = found.frame["agents"].to_numpy()
    random, seen = np.random.default_rng(5), []
    for _ in range(60):
        _, waited = day_of_waits(
            random, rates=np.repeat(hourly / 2, 2), servers=agents, handle_seconds=180, slot_seconds=1800
        )
        seen.append(waited)
    level = hold_days(found, agents)["service_level"].iloc[0]

    assert level == pytest.approx((np.concatenate(seen) <= 20).mean(), abs=0.02)


def test_roster_played_out_is_the_simulation_day_by_day():
    hourly = np.array([30.0, 60, 100, 140, 100, 60])
    found = study(Drawn(hourly[None]), handle_time_seconds=180, escalation_rate=1.0, service=SERVICE)
    agents = found.frame["agents"].to_numpy() - 1
    random, shares = np.random.default_rng(6), []
    for _ in range(150):
        _, waited = day_of_waits(
            random, rates=np.repeat(hourly / 2, 2), servers=agents, handle_seconds=180, slot_seconds=1800
        )
        shares.append((waited <= 20).mean())
    day = hold_days(found, agents, course=played).iloc[0]

    assert day["service_level"] == pytest.approx(np.mean(shares), abs=0.02)
    assert day["service_level_low"] == pytest.approx(np.quantile(shares, 0.1), abs=0.04)
    assert day["held_day"] == pytest.approx(np.mean(np.array(shares) >= 0.8), abs=0.08)


def test_played_out_over_long_it_is_the_published_table():
    found = study(
        steady(FIVE, 24),
        handle_time_seconds=180,
        escalation_rate=1.0,
        service=SERVICE,
        assumptions=Assumptions(draws=200),
    )
    impatient = study(
        steady(FIVE, 24),
        handle_time_seconds=180,
        escalation_rate=1.0,
        service=SERVICE,
        assumptions=Assumptions(draws=200, patience_seconds=120),
    )

    assert hold_days(found, [7] * 48, course=played)["service_level"][0] == pytest.approx(0.7404, abs=0.02)
    assert hold_days(impatient, [6] * 48, course=played)["service_level"][0] == pytest.approx(
        impatient.pooled(np.full(48, 6))[0], abs=0.02
    )


def test_queue_waits_on_for_those_who_come_later_and_nobody_is_served_after_the_last():
    # Nobody answers in the first half-hour, many in the second; the third is closed.
    found = study(
        Drawn(np.array([[40.0, 0.0]])),
        handle_time_seconds=1,
        escalation_rate=1.0,
        service=Service(1800, 0.8),
        assumptions=Assumptions(draws=100),
    )
    open_at = np.array([True, True, False, False])
    late = played(found, np.array([0.0, 50, 50, 50]), open_at)
    never = played(found, np.array([0.0, 0, 50, 50]), open_at)

    assert (late.in_time == late.contacts).all()
    assert late.contacts[:, :2].mean() == pytest.approx(20, abs=1)
    assert (late.contacts[:, 2:] == 0).all()
    assert (never.in_time == 0).all()
