"""Whether a score can be trusted, as it is kept with its model: it names columns and figures, nobody."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from analytics_lib.models.validation_alarms import CODES, Alarm

if TYPE_CHECKING:
    from collections.abc import Mapping


class Trust(NamedTuple):
    """What kinder splits would have promised, and what is suspicious.

    Attributes:
        comparison: As of ``validation.compare_splits``; without rows where nothing could be compared.
        alarms: As of ``validation.alarms``.
    """

    comparison: pd.DataFrame
    alarms: list[Alarm]


def untold(alarms: list[Alarm]) -> Trust:
    """Of a score whose splits were not compared."""
    return Trust(pd.DataFrame(columns=["metric", "value", "low", "high", "n"]), alarms)


def plain(trust: Trust) -> dict[str, Any]:
    """The same as plain values."""
    rows = json.loads(trust.comparison.to_json(orient="records", double_precision=15))
    return {"comparison": rows, "alarms": [_told(alarm) for alarm in trust.alarms]}


def from_plain(content: Mapping[str, Any]) -> Trust:
    """What ``plain`` gave.

    Raises:
        ValueError: If an alarm is none.
    """
    alarms = [Alarm(str(one["code"]), dict(one["values"])) for one in content["alarms"]]
    unknown = {alarm.code for alarm in alarms} - CODES
    if unknown:
        raise ValueError(f"{sorted(unknown)} are no alarms")
    columns = ["metric", "value", "low", "high", "n"]
    return Trust(pd.DataFrame(content["comparison"], columns=columns), alarms)


def _told(alarm: Alarm) -> dict[str, Any]:
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in alarm.values.items()
    }
    return {"code": alarm.code, "values": finite}
