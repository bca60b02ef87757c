"""A roster that is there already, as a parameter writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_rules import minutes

if TYPE_CHECKING:
    from analytics_lib.models.staffing_rules import ShiftRules

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d{1,2}:\d{2})-(\d{1,2}:\d{2})=(\d{1,4})")


def read_roster(text: str, at: pd.Series) -> pd.DataFrame:
    """A roster as a parameter writes it: ``mon-fri 08:00-16:00=4, sat 10:00-18:00=2``.

    Without days a part is of every day. A shift that ends no later than it starts ends on the next day.
    Breaks are not written: leave them out of the shifts, as two parts.

    Args:
        text: Parts by commas.
        at: Moments of the days that it is for, local time.

    Returns:
        One row per shift and day: ``starts ends agents``.

    Raises:
        RequestError: If a part cannot be read.
    """
    days = pd.Series(at.dt.normalize().unique())
    found = [_part(part.strip().lower(), days) for part in text.split(",") if part.strip()]
    columns = ["starts", "ends", "agents"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def shift_cost(shifts: pd.DataFrame, rules: ShiftRules) -> float:
    """What shifts cost (``starts ends agents``), all their hours paid."""
    quarter = pd.Timedelta(minutes=15)
    total = 0.0
    for row in shifts.to_dict("records"):
        times = pd.Series(pd.date_range(row["starts"], row["ends"], freq=quarter, inclusive="left"))
        total += row["agents"] * (float(rules.hourly_cost(times).sum()) / 4 + rules.cost_per_shift)
    return total


def _part(part: str, days: pd.Series) -> pd.DataFrame:
    read = _SHIFT.fullmatch(part)
    first, last, since, until, agents = read.groups() if read else (None,) * 5
    if not read or not {first, last} <= {*WEEKDAYS, None}:
        raise RequestError(
            f"{part!r} is no shift; expected such as 'mon-fri 08:00-16:00=4', parts by commas, days as "
            f"{', '.join(WEEKDAYS)}."
        )
    begin = WEEKDAYS.index(first) if first else 0
    end = WEEKDAYS.index(last or first) if first else 6
    chosen = days[(days.dt.day_of_week - begin) % 7 <= (end - begin) % 7]
    starts, ends = (pd.Timedelta(minutes=minutes(clock)) for clock in (str(since), str(until)))
    ends = ends if ends > starts else ends + pd.Timedelta(days=1)
    return pd.DataFrame({"starts": chosen + starts, "ends": chosen + ends, "agents": int(str(agents))})
