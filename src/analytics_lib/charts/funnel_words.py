"""How a funnel is written: names of stages, what lies between them, amounts as ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.texts import cut
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, label, number, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.charts.style import Record

_LONGEST_NAME = 40
_ANY_EVENT = "*"
_MILLION = 1e6
_PLAIN_BELOW = 10 * _MILLION


def stage_name(stage: object, language: Language) -> str:
    """What readers call a stage: the event's name of the catalogue, or its own."""
    if stage == _ANY_EVENT:
        return say("funnel.any_event", language)
    return cut(label("event", stage, language), _LONGEST_NAME, language)


def written(row: Record, language: Language) -> dict[str, str]:
    """The numbers of a stage in words, to fill texts with."""
    shares = {
        "conversion": row["conversion_rate"],
        "conversion_low": row["conversion_low"],
        "conversion_high": row["conversion_high"],
        "step": row["step_conversion_rate"],
        "step_low": row["step_low"],
        "step_high": row["step_high"],
        "drop": row["drop_off_rate"],
        "drop_low": 1 - row["step_high"],
        "drop_high": 1 - row["step_low"],
    }
    times = ("median_seconds", "p25_seconds", "p90_seconds", "step_median_seconds", "step_p90_seconds")
    return {
        **{name: share(value, language) for name, value in shares.items()},
        **{name.removesuffix("_seconds"): duration(row[name], language) for name in times},
        **{name: count(row[name], language) for name in ("users", "entered", "users_before", "drop_offs")},
    }


def worst_step(rows: pd.DataFrame) -> Record | None:
    """The step with the highest drop-off among those that 30 users or more stood before; none without any."""
    later = rows[(rows["position"] > 1) & ~rows["few"].astype(bool) & (rows["drop_offs"] > 0)]
    worst = later.sort_values("drop_off_rate", ascending=False, kind="stable").to_dict("records")
    return worst[0] if worst else None


def stage_before(rows: pd.DataFrame, row: Record) -> str:
    """The stage before a row's."""
    return str(rows.loc[rows["position"] == row["position"] - 1, "stage"].iloc[0])


def allowed(within: dt.timedelta | None, language: Language) -> str:
    """How long a journey may take, as the end of a sentence; nothing without a limit."""
    if within is None:
        return ""
    return say("funnel.within", language, duration=duration(within.total_seconds(), language))


def money_range(low: float, high: float, currency: str, language: Language) -> str:
    """Two amounts, in millions where they are large."""
    if absent(low) or absent(high):
        return UNKNOWN
    if abs(high) < _PLAIN_BELOW:
        ends = {"low": count(round(low), language), "high": count(round(high), language)}
        return say("funnel.money", language, currency=currency, **ends)
    ends = {"low": number(low / _MILLION, language), "high": number(high / _MILLION, language)}
    return say("funnel.money.millions", language, currency=currency, **ends)
