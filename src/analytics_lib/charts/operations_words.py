"""How the operations page writes its numbers, verdicts and moments."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.measures import write_interval, write_value
from analytics_lib.charts.style import FAILURE, INK, QUIET, SUCCESS
from analytics_lib.charts.words import Language, absent, count, day, number, say

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.charts.style import Record

ARROWS = {"more": "\N{BLACK UP-POINTING TRIANGLE}", "less": "\N{BLACK DOWN-POINTING TRIANGLE}"}
# Which verdict is good news, by tile; of others neither is.
_BETTER = {"resolution_rate": "more", "median_response_time": "less", "p90_response_time": "less"}
ACTIVE_MINUTES = 15
_NARROW = 10


def tile_name(row: Record, language: Language) -> str:
    """What readers call a number."""
    return say(f"operations.tile.{row['name']}", language)


def big(row: Record, language: Language) -> str:
    """The number itself; messages by the minute."""
    if row["name"] == "messages":
        return rate(row["value"], language)
    if row["unit"] == "count" and not absent(row["value"]) and row["value"] >= _NARROW:
        return count(round(row["value"]), language)
    return write_value(row["value"], row["unit"], language)


def rate(messages: float, language: Language) -> str:
    """Messages of the last minutes, a minute; small ones with a decimal."""
    a_minute = messages / ACTIVE_MINUTES
    return number(a_minute, language, digits=0 if a_minute >= _NARROW else 1)


def interval(row: Record, language: Language) -> str:
    """The 95 % interval in words; empty without one."""
    if absent(row["low"]) or absent(row["high"]):
        return ""
    limits = write_interval(row["low"], row["high"], row["unit"], language)
    return say("operations.interval", language, interval=limits)


def usual(row: Record, language: Language) -> str:
    """What is usual, with the least and the most of the weeks where they are counts."""
    if absent(row["usual"]):
        compared = row["name"] in ("health_score", "queue_depth", "latency_p95", "error_rate")
        return say("operations.usual.not" if compared else "operations.usual.none", language)
    written = {
        part: big({**row, "value": row[column]}, language)
        for part, column in {"value": "usual", "low": "usual_low", "high": "usual_high"}.items()
    }
    if absent(row["usual_low"]):
        return say("operations.usual", language, value=written["value"])
    return say("operations.usual.range", language, **written)


def verdict(row: Record, language: Language) -> str:
    """The mark and the words of a verdict as HTML; told by shape and word, not by colour alone."""
    found = str(row["verdict"])
    words = html.escape(say(f"operations.verdict.{found}", language))
    if found not in ARROWS:
        return f'<span style="color:{QUIET}">{words}</span>'
    good = _BETTER.get(str(row.get("name")))
    colour = INK if good is None else SUCCESS if good == found else FAILURE
    return f'<span style="color:{colour};font-weight:600">{ARROWS[found]} {words}</span>'


def moment(at: dt.datetime, language: Language) -> dict[str, str]:
    """A moment as ``day`` and ``time``."""
    return {"day": day(at, language), "time": f"{at:%H:%M}"}
