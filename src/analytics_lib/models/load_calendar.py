"""What is known of days to come: holidays, paydays, and events that somebody planned.

Each becomes a column of 0 and 1 by step, whose effect is learnt from the past. An event that never happened
before has the mean effect of those of any name, or the factor that was given with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

PAYDAYS = (15, -1)
_EVENT_FIELDS = {"name", "since", "until", "factor"}


@dataclass(frozen=True)
class Event:
    """Something planned that changes demand.

    Attributes:
        name: Events of one name have one effect.
        since: Its first moment, wall clock.
        until: Its end, excluded.
        factor: What it multiplies demand by, where somebody knows; null = to be learnt.
    """

    name: str
    since: pd.Timestamp
    until: pd.Timestamp
    factor: float | None = None


@dataclass(frozen=True)
class Calendar:
    """What days are special.

    Attributes:
        country: Whose holidays (ISO code); null = none.
        paydays: Days of the month on which wages are paid; -1 = its last.
        events: What was or is planned.
    """

    country: str | None = "CO"
    paydays: tuple[int, ...] = PAYDAYS
    events: tuple[Event, ...] = field(default=())

    def columns(self, at: pd.DatetimeIndex) -> pd.DataFrame:
        """0 or 1 by step: ``holiday payday event`` (any of unknown factor) and ``event:<name>`` each."""
        days = at.normalize()
        found = pd.DataFrame(index=at)
        found["holiday"] = days.isin(self.holidays(at)).astype(float)
        found["payday"] = self._payday(days).astype(float)
        unknown = [event for event in self.events if event.factor is None]
        if unknown:
            found["event"] = np.max([_inside(at, event) for event in unknown], axis=0)
        for name in sorted({event.name for event in unknown}):
            inside = [_inside(at, event) for event in unknown if event.name == name]
            found[f"event:{name}"] = np.max(inside, axis=0)
        return found

    def known_factor(self, at: pd.DatetimeIndex) -> np.ndarray:
        """By step: the product of the factors that were given for events."""
        factor = np.ones(len(at))
        for event in self.events:
            if event.factor is not None:
                factor[_inside(at, event) > 0] *= event.factor
        return factor

    def holidays(self, at: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """The holidays of the years the steps lie in."""
        if self.country is None or not len(at):
            return pd.DatetimeIndex([])
        # Slow to import, and not needed by those who only read a result.
        import holidays  # noqa: PLC0415

        years = range(at[0].year, at[-1].year + 1)
        try:
            named = holidays.country_holidays(self.country, years=years)
        except NotImplementedError as error:
            raise RequestError(
                f"There are no holidays of country {self.country!r}; give an ISO code such as CO."
            ) from error
        return pd.DatetimeIndex(sorted(named))

    def _payday(self, days: pd.DatetimeIndex) -> np.ndarray:
        last = days.days_in_month
        paid = np.zeros(len(days), dtype=bool)
        for day in self.paydays:
            paid |= np.asarray(days.day == np.minimum(last + 1 + day if day < 0 else day, last))
        return paid


def read_events(given: Sequence[Mapping[str, Any]] | None) -> tuple[Event, ...]:
    """Events as parameters write them: ``name since until [factor]``; ``until`` is excluded.

    Raises:
        RequestError: If one lacks a field, has another, ends before it begins, or its factor is not above 0.
    """
    return tuple(_event(one) for one in given or ())


def _event(given: Mapping[str, Any]) -> Event:
    unknown = set(given) - _EVENT_FIELDS
    absent = {"name", "since", "until"} - set(given)
    if unknown or absent:
        raise RequestError(
            f"The event {dict(given)!r} has {', '.join(sorted(unknown)) or 'no'} unknown fields and lacks "
            f"{', '.join(sorted(absent)) or 'none'}. Expected name, since, until and perhaps factor."
        )
    since, until = _moment(given["since"]), _moment(given["until"])
    if since >= until:
        raise RequestError(
            f"The event {given['name']!r} runs from {since} to {until}; since must be before until."
        )
    factor = given.get("factor")
    if factor is not None and not 0 < float(factor) < float("inf"):
        raise RequestError(
            f"The event {given['name']!r} has the factor {factor!r}; expected a number above 0."
        )
    return Event(str(given["name"]), since, until, None if factor is None else float(factor))


def _moment(given: str | dt.date) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(given)
    except (ValueError, TypeError) as error:
        raise RequestError(f"{given!r} is no day; expected such as 2026-11-27.") from error
    if stamp.tzinfo is not None:
        raise RequestError(
            f"{given!r} has a time zone; events are given by the wall clock, such as 2026-11-27."
        )
    return stamp


def _inside(at: pd.DatetimeIndex, event: Event) -> np.ndarray:
    return ((at >= event.since) & (at < event.until)).astype(float)
