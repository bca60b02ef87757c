"""How each key of a job in ``params/jobs.yaml`` becomes a field of the job, or is refused."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from analytics_lib.config import check_time_zone
from analytics_lib.runs.checks import read_expectations
from analytics_lib.runs.record import REASONS
from analytics_lib.runs.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DATES: dict[str, Callable[[dt.date], dt.date]] = {
    "as_of": lambda day: day,
    "yesterday": lambda day: day - dt.timedelta(days=1),
    "week_ago": lambda day: day - dt.timedelta(days=7),
    "four_weeks_ago": lambda day: day - dt.timedelta(days=28),
    "week_start": lambda day: day - dt.timedelta(days=day.weekday()),
    "month_start": lambda day: day.replace(day=1),
}
"""Names a parameter's value may hold in braces: the slot's day on the job's wall clock, and days from it."""

_BRACED = re.compile(r"\{([^{}]*)\}")
_FIELDS_OF_CRON = 5
_MOST = 1_000


def filled(value: object, day: dt.date) -> object:
    """A value with the dates of a day in place of their names in braces; anything but text as it is."""
    if not isinstance(value, str):
        return value
    return _BRACED.sub(lambda found: DATES[found[1]](day).isoformat(), value)


def slug(value: object) -> str:
    """A value as part of a folder's name."""
    return re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_") or "empty"


def read_key(key: str, value: object) -> dict[str, object]:
    """A key's value as fields of a job.

    Raises:
        Refused: If the key is unknown or its value does not fit.
    """
    if key not in READERS:
        near = difflib.get_close_matches(key, READERS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise Refused(f"unknown key.{hint} There are: {', '.join(READERS)}.")
    name, reader = READERS[key]
    return {name: reader(value)}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Refused(f"expected text, not {value!r:.60}.")
    return value


def _stem(value: object) -> str:
    text = _text(value).removesuffix(".ipynb")
    if not re.fullmatch(r"[A-Za-z0-9_]+", text):
        raise Refused(f"{text!r:.60} is no notebook's name; give it without folder, such as kpis.")
    return text


def _cron(value: object) -> str:
    text = _text(value)
    if len(text.split()) != _FIELDS_OF_CRON:
        raise Refused(f"{text!r} has {len(text.split())} fields; expected 5, such as '30 5 * * mon'.")
    try:
        next(CronSim(text, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    except CronSimError as error:
        raise Refused(f"{text!r} is no cron expression: {error}.") from error
    except StopIteration as error:
        raise Refused(f"{text!r} never comes.") from error
    return text


def _positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Refused(f"{value!r:.60} is not a number above 0.")
    return float(value)


def _whole(value: object, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise Refused(f"{value!r:.60} is not a whole number from {least} to {_MOST:,}.")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused(f"{value!r:.60} is neither true nor false.")
    return value


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Refused(f"expected a mapping of names to values, not {value!r:.60}.")
    for braced in (name for text in value.values() for name in _BRACED.findall(str(text))):
        if braced not in DATES:
            raise Refused(f"{{{braced}}} is not one of {', '.join(f'{{{name}}}' for name in DATES)}.")
    return {str(name): text for name, text in value.items()}


def _retries(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Refused(f"expected a mapping of reasons to numbers, not {value!r:.60}.")
    for reason in value:
        if reason not in _RETRIED:
            raise Refused(f"{reason!r} is not one of {', '.join(_RETRIED)}; nothing else may go by itself.")
    return {str(reason): _whole(times) for reason, times in value.items()}


def _missed(value: object) -> int:
    words = {"none": 0, "latest": 1}
    if isinstance(value, str) and value in words:
        return words[value]
    if isinstance(value, str):
        raise Refused(f"{value!r:.60} is neither none, latest nor a number of slots.")
    return _whole(value, least=1)


def _each(value: object) -> tuple[str, list[object]]:
    if not isinstance(value, dict) or len(value) != 1:
        raise Refused(f"expected one parameter with a list of values, not {value!r:.60}.")
    ((parameter, values),) = value.items()
    if not isinstance(values, list) or not values:
        raise Refused(f"expected a list of values of {parameter}, not {values!r:.60}.")
    if len({slug(one) for one in values}) < len(values):
        raise Refused(f"two values of {parameter} give the same folder: {values!r:.200}.")
    return str(parameter), values


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Refused(f"expected a list of jobs, not {value!r:.60}.")
    return tuple(value)


# Bad data and wrong parameters do not get better by trying again.
_RETRIED = tuple(
    reason
    for reason in (*REASONS, "timed_out", "lost")
    if reason not in ("bad_parameter", "contract", "check_failed")
)
READERS: Mapping[str, tuple[str, Callable[..., object]]] = {
    "notebook": ("notebook", _stem),
    "cron": ("cron", _cron),
    "time_zone": ("time_zone", lambda value: check_time_zone(_text(value))),
    "parameters": ("parameters", _mapping),
    "each": ("each", _each),
    "timeout_minutes": ("timeout_minutes", _positive),
    "cell_timeout_minutes": ("cell_timeout_minutes", _positive),
    "expects": ("expects", read_expectations),
    "reuse": ("reuse", _switch),
    "retries": ("retries", _retries),
    "after": ("after", _names),
    "publish": ("publish", _switch),
    "catch_up": ("most_missed", _missed),
    "keep_runs": ("keep_runs", lambda value: _whole(value, least=1)),
}
