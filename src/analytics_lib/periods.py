"""Moments and calendar periods: how a date or an instant that somebody gives becomes a bound of a question.

Windows are half-open, ``[since, until)``. A date means midnight in the business time zone.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import RequestError

Period = Literal["hour", "day", "week", "month"]
Moment = dt.date | dt.datetime


def utc_moment(moment: Moment, *, settings: Settings | None = None) -> dt.datetime:
    """The instant meant by a date (midnight in the business time zone) or an aware datetime, in UTC.

    Raises:
        RequestError: If a datetime carries no time zone, or the value is neither date nor datetime.
    """
    if isinstance(moment, dt.datetime):
        if moment.tzinfo is None:
            raise RequestError(
                f"{moment!r} has no time zone. Give an aware datetime, or a date for midnight in the zone."
            )
        return moment.astimezone(dt.UTC)
    if isinstance(moment, dt.date):
        zone = ZoneInfo((settings or load_settings()).time_zone)
        return dt.datetime(moment.year, moment.month, moment.day, tzinfo=zone).astimezone(dt.UTC)
    raise RequestError(f"{moment!r} is a {type(moment).__name__}; expected a date or an aware datetime.")


def local_moment(moment: Moment, *, settings: Settings | None = None) -> dt.datetime:
    """The same instant as wall-clock time of the business, without a zone: a bound for ``_local`` columns.

    Raises:
        RequestError: As ``utc_moment``.
    """
    zone = ZoneInfo((settings or load_settings()).time_zone)
    return utc_moment(moment, settings=settings).astimezone(zone).replace(tzinfo=None)


def day_of(given: dt.date | str | None, name: str) -> dt.date | None:
    """A day as a parameter writes it: a date, its ISO text, or nothing (null or empty).

    Raises:
        RequestError: If the text is no day; the message names the parameter.
    """
    if not given or isinstance(given, dt.date):
        return given or None
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        raise RequestError(f"{name} is {given!r}; expected a day such as 2026-01-31.") from error


def window(since: Moment, until: Moment) -> dict[str, dt.datetime]:
    """The bounds ``since`` and ``until`` as parameters for ``_local`` columns.

    Raises:
        RequestError: If the window is empty or runs backwards.
    """
    bounds = {"since": local_moment(since), "until": local_moment(until)}
    if bounds["since"] >= bounds["until"]:
        raise RequestError(f"The window [{since}, {until}) is empty: since must be before until.")
    return bounds


def check_period(period: str) -> Period:
    """The period itself, once it is known.

    Raises:
        RequestError: If it is none of hour, day, week, month.
    """
    if period not in get_args(Period):
        raise RequestError(f"Unknown period {period!r}. Expected one of {', '.join(get_args(Period))}.")
    return period  # type: ignore[return-value]  # narrowed by the check above
