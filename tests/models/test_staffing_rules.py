"""Rules of shifts, and rosters as people write them."""

import math
from pathlib import Path

import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_given import read_roster, shift_cost
from analytics_lib.models.staffing_roster import on_duty
from analytics_lib.models.staffing_rules import ShiftRules, minutes, read_rules

PARAMS = Path(__file__).parents[2] / "params" / "staffing.yaml"
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


def test_hours_cost_more_on_sundays_holidays_and_at_night():
    # 2 November 2026 is a holiday in Colombia, the Monday of All Saints; the 1st is a Sunday.
    rules = ShiftRules(cost_per_hour=100.0, saturday=0.1, sunday=0.9, holiday=0.8, night=0.35, country="CO")
    at = pd.Series(pd.to_datetime(["2026-10-30 12:00", "2026-10-31 12:00", "2026-11-01 12:00"]))
    later = pd.Series(pd.to_datetime(["2026-11-02 12:00", "2026-11-02 19:00", "2026-11-03 05:30"]))

    assert rules.hourly_cost(at) == pytest.approx([100, 110, 190])
    assert rules.hourly_cost(later) == pytest.approx([180, 215, 135])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cost_per_hour": 0}, "cost_per_hour is 0"),
        ({"cost_per_hour": math.nan}, "cost_per_hour is nan"),
        ({"lengths_hours": ()}, "lengths_hours"),
        ({"lengths_hours": (25.0,)}, "lengths_hours"),
        ({"first_start": "9"}, "'9' is no time of day"),
        ({"first_start": 8}, "expected a text in quotes"),
        ({"first_start": "12:00"}, "lies after last_start"),
        ({"open_since": "22:00", "open_until": "08:00"}, "does not lie before open_until"),
        ({"max_agents": 1.5}, "max_agents is 1.5; expected a whole number"),
        ({"night": -0.1}, "night is -0.1"),
        ({"shrinkage": 1.0}, "shrinkage is 1.0"),
        ({"start_every_minutes": 0}, "start_every_minutes 0"),
    ],
)
def test_rule_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(RequestError, match=words):
        ShiftRules(**vars(PLAIN) | wrong)


def test_rules_of_the_project_are_read():
    rules = read_rules(PARAMS)

    assert rules.currency == "COP"
    assert rules.lengths_hours == (4, 6, 8, 9)
    assert (rules.sunday, rules.night, rules.country) == (0.9, 0.35, "CO")


def test_unknown_rule_is_refused_with_its_nearest(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("cost_per_hour: 10\nlength_hours: [8]\n")
    with pytest.raises(RequestError, match="Did you mean lengths_hours"):
        read_rules(path)
    path.write_text("currency: COP\n")
    with pytest.raises(RequestError, match="expected cost_per_hour"):
        read_rules(path)
    path.write_text("cost_per_hour: 10\nlengths_hours: 8\n")
    with pytest.raises(RequestError, match="lengths_hours is 8; expected a list"):
        read_rules(path)


def test_time_of_day_is_read():
    assert (minutes("08:30"), minutes("0:00"), minutes("24:00")) == (510, 0, 1440)
    for wrong in ("24:01", "8", "08:60", "-1:00", ""):
        with pytest.raises(RequestError, match="no time of day"):
            minutes(wrong)


def test_written_roster_is_read_by_days_and_past_midnight():
    # A Friday, a Saturday and a Sunday.
    at = pd.Series(pd.date_range("2026-11-13", "2026-11-15 23:00", freq="h"))
    shifts = read_roster("mon-fri 08:00-16:00=4, SAT-mon 22:00-02:00=1, 9:00-10:00=2", at)
    there = on_duty(at, shifts).to_numpy().reshape(3, 24)

    assert there[0, [7, 8, 9, 15, 16, 22]].tolist() == [0, 4, 6, 4, 0, 0]
    assert there[1, [0, 8, 9, 22]].tolist() == [0, 0, 2, 1]
    assert there[2, [0, 1, 2, 9, 22]].tolist() == [1, 1, 0, 2, 1]
    assert shift_cost(shifts, ShiftRules(cost_per_hour=10.0, cost_per_shift=3.0)) == (
        4 * 83 + 2 * 43 + 3 * 2 * 13
    )


def test_written_roster_that_cannot_be_read_is_refused():
    at = pd.Series(pd.date_range("2026-11-13", periods=2, freq="h"))
    for wrong in ("08:00-16:00", "abc 08:00-16:00=2", "25:00-26:00=1", "08:00-16:00=two"):
        with pytest.raises(RequestError, match=r"no shift|no time of day"):
            read_roster(wrong, at)
    assert read_roster(" ", at).empty
