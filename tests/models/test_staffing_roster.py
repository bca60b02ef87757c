"""The cheapest roster under rules of shifts, beside every roster there is."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import RequestError
from analytics_lib.models import staffing_roster
from analytics_lib.models.staffing_roster import cheapest_roster, closest_roster
from analytics_lib.models.staffing_rules import ShiftRules
from analytics_lib.models.staffing_shifts import solve

# Slots of an hour from 08:00; an hour costs 10, from 11:00 on 15.
COSTS = (10, 10, 10, 15, 15, 15, 15)
PLAIN = ShiftRules(
    cost_per_hour=10.0,
    lengths_hours=(2.0, 3.0),
    first_start="08:00",
    last_start="11:00",
    start_every_minutes=60,
    night=0.5,
    night_since="11:00",
    night_until="20:00",
)
RESTING = ShiftRules(
    cost_per_hour=10.0,
    lengths_hours=(2.0, 4.0),
    first_start="08:00",
    last_start="09:00",
    start_every_minutes=60,
    break_minutes=60,
    break_from_hours=4,
    break_after_hours=1,
    break_before_hours=2,
    night=0.5,
    night_since="11:00",
    night_until="20:00",
)


def need(*people, day="2026-11-10", start="08:00", every="h"):
    at = pd.date_range(f"{day} {start}", periods=len(people), freq=every)
    return pd.DataFrame({"at": at, "needed": people})


def hours_of(kinds):
    """What shifts cover of seven hours, and what each costs: ``(first, last, pause)``, the last excluded."""
    places = [[hour for hour in range(first, last) if hour != pause] for first, last, pause in kinds]
    cover = np.array([[hour in place for hour in range(7)] for place in places], dtype=int)
    return cover, np.array([sum(COSTS[hour] for hour in place) for place in places])


def least_cost(kinds, people, most):
    """Of every roster with up to ``most`` on each shift, the least cost that covers the need."""
    cover, costs = hours_of(kinds)
    all_of_them = np.array(list(itertools.product(range(most + 1), repeat=len(kinds))))
    enough = ((all_of_them @ cover)[:, : len(people)] >= people).all(axis=1)
    return (all_of_them @ costs)[enough].min()


@settings(max_examples=8)
@given(st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_no_roster_of_all_there_are_is_cheaper(people):
    kinds = [(first, first + length, None) for first in range(4) for length in (2, 3)]
    found = cheapest_roster(need(*people), PLAIN)

    assert found.proven
    assert found.cost == pytest.approx(least_cost(kinds, people, 2))
    assert (found.cover["on_duty"] >= found.cover["needed"]).all()


@settings(max_examples=8)
@given(st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_with_breaks_no_roster_is_cheaper_and_every_break_lies_in_its_window(people):
    # Four hours from 08:00 or 09:00 with a break after one or two, or two hours without.
    kinds = [(first, first + 4, first + pause) for first in (0, 1) for pause in (1, 2)]
    kinds += [(first, first + 2, None) for first in (0, 1)]
    found = cheapest_roster(need(*people), RESTING)
    rests = found.shifts[found.shifts["break_starts"].notna()]
    after = (rests["break_starts"] - rests["starts"]) / pd.Timedelta(hours=1)

    assert found.cost == pytest.approx(least_cost(kinds, people, 3))
    assert after.isin([1, 2]).all()
    assert (
        (found.shifts["ends"] - found.shifts["starts"] == pd.Timedelta(hours=4))
        == found.shifts["break_starts"].notna()
    ).all()


def test_shifts_say_who_works_when_and_what_it_costs():
    found = cheapest_roster(need(1, 1, 2, 2), PLAIN)

    assert found.shifts["starts"].dt.strftime("%H:%M").tolist() == ["08:00", "10:00"]
    assert found.shifts["ends"].dt.strftime("%H:%M").tolist() == ["10:00", "12:00"]
    assert found.shifts[["paid_hours", "agents", "cost"]].to_numpy().tolist() == [[2, 1, 20], [2, 2, 50]]
    assert (found.cost, found.hours, found.people) == (70, 6, 3)
    assert found.cover["on_duty"].tolist() == [1, 1, 2, 2]


def test_unpaid_break_costs_nothing_and_covers_nothing():
    rules = {"break_minutes": 60, "break_from_hours": 3, "break_after_hours": 1, "break_before_hours": 1}
    alone = {**vars(PLAIN), **rules, "lengths_hours": (3.0,), "last_start": "08:00"}
    paid = cheapest_roster(need(1, 0, 1), ShiftRules(**alone))
    given = cheapest_roster(need(1, 0, 1), ShiftRules(**alone | {"break_paid": 1}))

    assert paid.cover["on_duty"].tolist() == [1, 0, 1]
    assert (paid.cost, paid.hours) == (20, 2)
    assert (given.cost, given.hours) == (30, 3)


def test_hour_of_work_follows_a_break():
    rules = ShiftRules(
        **vars(RESTING) | {"lengths_hours": (4.0,), "last_start": "08:00", "break_before_hours": 3.0}
    )
    found = cheapest_roster(need(1, 1, 1, 0), rules)

    # Were the break the last hour, one would do.
    assert found.shifts["agents"].sum() == 2
    assert (found.shifts["ends"] - found.shifts["break_ends"] >= pd.Timedelta(hours=1)).all()


def test_roster_costs_no_more_than_one_filled_up_greedily():
    people = [1, 2, 3, 5, 4, 4, 3, 2]
    rules = ShiftRules(
        cost_per_hour=10.0,
        lengths_hours=(3.0, 4.0),
        first_start="08:00",
        last_start="12:00",
        start_every_minutes=60,
    )
    left, greedy = np.array(people), 0
    while left.max() > 0:
        first = min(int(np.argmax(left > 0)), 4)
        left[first : first + 4] -= 1
        greedy += 40

    assert cheapest_roster(need(*people), rules).cost < greedy


def test_days_planned_apart_cost_what_they_cost_alone():
    days = [need(1, 2, 2, 1), need(2, 2, 1, 1, day="2026-11-11")]
    night = pd.DataFrame({"at": pd.date_range("2026-11-10 12:00", "2026-11-11 07:00", freq="h"), "needed": 0})
    both = cheapest_roster(pd.concat([days[0], night, days[1]], ignore_index=True), PLAIN)

    assert both.cost == sum(cheapest_roster(day, PLAIN).cost for day in days)
    assert both.shifts["day"].nunique() == 2


def test_shift_may_last_past_midnight():
    rules = ShiftRules(cost_per_hour=10.0, lengths_hours=(8.0,), first_start="20:00", last_start="20:00")
    found = cheapest_roster(need(*[1] * 8, start="20:00"), rules)

    assert found.shifts[["agents", "cost"]].to_numpy().tolist() == [[1, 80]]
    assert found.shifts["ends"].iloc[0] == pd.Timestamp("2026-11-11 04:00")
    assert found.missing.empty


def test_nights_that_take_too_long_together_are_planned_day_after_day(monkeypatch):
    rules = ShiftRules(
        cost_per_hour=10.0,
        lengths_hours=(6.0, 8.0),
        first_start="06:00",
        last_start="22:00",
        start_every_minutes=120,
    )
    week = need(*[2, 3, 4, 3, 2, 1] * 10, start="06:00")
    whole = cheapest_roster(week, rules)

    def gives_up(grid, kinds, rules):
        if len(set(kinds["day"])) > 1:
            raise RequestError("out of time")
        return solve(grid, kinds, rules)

    monkeypatch.setattr(staffing_roster, "solve", gives_up)
    rolled = cheapest_roster(week, rules)
    assert rolled.shifts["ends"].dt.normalize().gt(rolled.shifts["day"]).any()
    assert (whole.proven, rolled.proven) == (True, False)
    assert whole.cost <= rolled.cost <= 1.15 * whole.cost


def test_what_cannot_be_covered_is_named_and_the_closest_misses_least():
    rules = ShiftRules(**vars(PLAIN) | {"max_agents": 2})

    with pytest.raises(
        RequestError, match=r"covers 1 of 4 slots: 2026-11-10 09:00 needs 3, and 2 can be there"
    ):
        cheapest_roster(need(1, 3, 1, 0), rules)
    found = closest_roster(need(1, 3, 1, 0), rules)
    assert found.missing["short"].tolist() == [1]
    assert found.shifts["agents"].sum() == 2
    with pytest.raises(RequestError, match="07:00 needs 1, and 0 can be there"):
        cheapest_roster(need(1, 1, start="07:00"), rules)


def test_only_open_hours_are_covered_and_somebody_is_there_all_of_them():
    rules = ShiftRules(**vars(PLAIN) | {"open_since": "09:00", "open_until": "11:00", "min_agents": 1})

    assert cheapest_roster(need(5, 0, 2, 5), rules).cover["needed"].tolist() == [0, 1, 2, 0]


def test_nothing_needed_is_an_empty_roster():
    found = cheapest_roster(need(0, 0, 0), PLAIN)

    assert (len(found.shifts), found.cost, found.hours, found.people) == (0, 0, 0, 0)
    assert found.cover["on_duty"].tolist() == [0, 0, 0]


def test_people_are_as_many_as_the_longest_day_or_the_weekly_hours_ask():
    days = [need(1, 1, day=f"2026-11-{day:02}") for day in range(9, 16)]
    nights = [
        pd.DataFrame({"at": pd.date_range(f"2026-11-{day:02} 10:00", periods=22, freq="h"), "needed": 0})
        for day in range(9, 15)
    ]
    week = pd.concat([*days, *nights], ignore_index=True).sort_values("at", ignore_index=True)
    few = ShiftRules(**vars(PLAIN) | {"weekly_hours": 5})

    # Two hours on each of seven days are 14.
    assert cheapest_roster(week, PLAIN).people == 1
    assert cheapest_roster(week, few).people == 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"start_every_minutes": 45}, "multiples of a slot, 60 minutes"),
        ({"break_minutes": 30, "break_from_hours": 2}, "Widen break_after_hours"),
        ({"break_minutes": 60, "break_from_hours": 2, "break_after_hours": 2}, "Widen break_after_hours"),
    ],
)
def test_rules_that_do_not_fit_the_slots_are_refused(wrong, words):
    with pytest.raises(RequestError, match=words):
        cheapest_roster(need(1, 1), ShiftRules(**vars(PLAIN) | wrong))


def test_need_that_cannot_be_is_refused():
    for people, words in ((1, math.nan), "nan"), ((1, -2), "-2"):
        with pytest.raises(RequestError, match=f"needed holds {words}"):
            cheapest_roster(need(*people), PLAIN)
    with pytest.raises(RequestError, match="asked for 1 slots"):
        cheapest_roster(need(1), PLAIN)
    with pytest.raises(RequestError, match="zone UTC"):
        cheapest_roster(need(1, 1).assign(at=lambda rows: rows["at"].dt.tz_localize("UTC")), PLAIN)
