"""The rules that shifts have to keep and what an hour of them costs, as a file of parameters gives them."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import holidays
import numpy as np

from analytics_lib.errors import RequestError
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DAY = 24 * 60
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True)
class ShiftRules:
    """How people may be rostered.

    Attributes:
        cost_per_hour: What a paid hour costs, all taken together, in ``currency``.
        currency: ISO 4217.
        cost_per_shift: What a shift costs beside its hours, such as the way to work.
        lengths_hours: How long shifts may last, from their start to their end, breaks among it.
        first_start: Earliest start of a shift on a day, such as ``06:00``.
        last_start: Latest.
        start_every_minutes: Between two possible starts.
        break_minutes: Length of the break; 0 = none.
        break_from_hours: Shifts of this length and longer have a break.
        break_after_hours: The break begins at the earliest so long after the start.
        break_before_hours: And at the latest so long; an hour of work follows it in any case.
        break_paid: 1 = the break is paid, 0 = it is not.
        saturday: Surcharge of an hour on a Saturday, as a share of ``cost_per_hour``.
        sunday: On a Sunday.
        holiday: On a public holiday of ``country``; of a Sunday that is one, the greater.
        night: Of an hour from ``night_since`` to ``night_until``, on top of the others.
        night_since: Start of the night.
        night_until: Its end.
        country: Whose holidays, two letters; empty = none are kept.
        open_since: People answer from here on; contacts that come while closed are not staffed for.
        open_until: Up to here, excluded; ``24:00`` is midnight.
        min_agents: On duty at any time while open.
        max_agents: Shifts a day at most; 0 = as many as needed.
        weekly_hours: Paid hours a week of one person.
        shrinkage: Share of the hours on duty, breaks apart, in which an agent does not answer: 0 to below 1.
    """

    cost_per_hour: float
    currency: str = ""
    cost_per_shift: float = 0.0
    lengths_hours: tuple[float, ...] = (8.0,)
    first_start: str = "00:00"
    last_start: str = "23:30"
    start_every_minutes: int = 30
    break_minutes: int = 0
    break_from_hours: float = 6.0
    break_after_hours: float = 3.0
    break_before_hours: float = 5.0
    break_paid: float = 0
    saturday: float = 0.0
    sunday: float = 0.0
    holiday: float = 0.0
    night: float = 0.0
    night_since: str = "19:00"
    night_until: str = "06:00"
    country: str = ""
    open_since: str = "00:00"
    open_until: str = "24:00"
    min_agents: int = 0
    max_agents: int = 0
    weekly_hours: float = 42.0
    shrinkage: float = 0.0

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            _check(name, getattr(self, name))
        if not self.lengths_hours or any(not 0 < each <= 24 for each in self.lengths_hours):
            raise RequestError(f"lengths_hours is {self.lengths_hours}; expected hours above 0, up to 24.")
        if self.cost_per_hour <= 0 or self.start_every_minutes < 1:
            raise RequestError(
                f"cost_per_hour is {self.cost_per_hour} and start_every_minutes {self.start_every_minutes}; "
                "expected numbers above 0."
            )
        if self.shrinkage >= 1:
            raise RequestError(f"shrinkage is {self.shrinkage}; expected a share from 0 to below 1.")
        if minutes(self.first_start) > minutes(self.last_start):
            raise RequestError(f"first_start {self.first_start} lies after last_start {self.last_start}.")
        if minutes(self.open_since) >= minutes(self.open_until):
            raise RequestError(
                f"open_since {self.open_since} does not lie before open_until {self.open_until}."
            )

    def open_at(self, at: pd.Series) -> NDArray[np.bool_]:
        """Whether people answer at these moments."""
        clock = _clock(at)
        return (clock >= minutes(self.open_since)) & (clock < minutes(self.open_until))

    def hourly_cost(self, at: pd.Series) -> Floats:
        """What an hour costs at these moments."""
        days = at.dt.day_of_week.to_numpy()
        plain = np.select([days == _SATURDAY, days == _SUNDAY], [self.saturday, self.sunday], 0.0)
        off = holidays.country_holidays(self.country, years=sorted(set(at.dt.year))) if self.country else {}
        festive = np.array([self.holiday if day in off else 0.0 for day in at.dt.date])
        since, until, clock = minutes(self.night_since), minutes(self.night_until), _clock(at)
        through = (clock >= since) | (clock < until) if since > until else (clock >= since) & (clock < until)
        dear: Floats = self.cost_per_hour * (1 + np.maximum(plain, festive) + self.night * through)
        return dear


def read_rules(path: Path) -> ShiftRules:
    """The rules of a file: keys as the attributes of ``ShiftRules``; what is left out has its default.

    Raises:
        RequestError: If it cannot be read, a key is unknown, or a value is none of its kind.
    """
    given = read_yaml(path)
    known = {each.name for each in fields(ShiftRules)}
    if not isinstance(given, dict) or "cost_per_hour" not in given:
        raise RequestError(f"{path}: expected cost_per_hour: and other keys, as in params/staffing.yaml.")
    for key in given.keys() - known:
        near = difflib.get_close_matches(str(key), sorted(known), n=1)
        hint = f" Did you mean {near[0]}?" if near else f" There are {', '.join(sorted(known))}."
        raise RequestError(f"{path}: there is no rule {key!r}.{hint}")
    lengths = given.get("lengths_hours", [8.0])
    values = {str(key): value for key, value in given.items() if value is not None}
    return ShiftRules(**values | {"lengths_hours": tuple(lengths) if isinstance(lengths, list) else lengths})


def minutes(clock: str) -> int:
    """Minutes since midnight of a time such as ``08:30``; ``24:00`` is a day's end.

    Raises:
        RequestError: If it is no time of day.
    """
    hour, colon, minute = clock.partition(":")
    if colon and hour.isdecimal() and minute.isdecimal() and int(minute) < 60:
        found = 60 * int(hour) + int(minute)
        if found <= _DAY:
            return found
    raise RequestError(f"{clock!r} is no time of day; expected such as '08:30', up to '24:00'.")


def _clock(at: pd.Series) -> NDArray[np.int64]:
    return np.asarray(at.dt.hour * 60 + at.dt.minute, dtype=np.int64)


def _check(name: str, value: object) -> None:
    """That a rule is of its kind: a text, hours, or a number of 0 or more."""
    kind = ShiftRules.__annotations__[name]
    if kind == "str":
        if not isinstance(value, str):
            raise RequestError(f"{name} is {value!r}; expected a text in quotes, such as '08:30' or 'CO'.")
        if name.endswith(("_start", "_since", "_until")):
            minutes(value)
        return
    several = kind.startswith("tuple")
    if several and not isinstance(value, tuple):
        raise RequestError(f"{name} is {value!r}; expected {_WANTED[kind]}, such as [6, 8].")
    for each in value if several and isinstance(value, tuple) else (value,):
        whole = kind != "int" or isinstance(each, int)
        number = isinstance(each, int | float) and not isinstance(each, bool) and whole
        if not (number and math.isfinite(float(str(each))) and float(str(each)) >= 0):
            raise RequestError(f"{name} is {value!r}; expected {_WANTED[kind]} of 0 or more.")


_WANTED = {"int": "a whole number", "float": "a number", "tuple[float, ...]": "a list of numbers"}
