"""Staffing in figures: each day with its shifts and what an agent more or less changes, and the shifts."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.pages import Html
from analytics_lib.charts.staffing_answer import chance
from analytics_lib.charts.texts import for_page
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, count, number, say, share, short_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.charts.style import Record

_RIGHT = ' style="text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"'
_LEFT = ' style="white-space:nowrap"'


def day_table(frame: pd.DataFrame, *, currency: str, language: Language = "es") -> Html:
    """Each day: people to be served, shifts, what they cost, whether they hold, and one agent more or less.

    Args:
        frame: One row a day: ``day contacts peak cost service_level service_level_low
            service_level_high held_day held_every service_level_one_less service_level_one_more
            cost_one_agent held_day_given`` (null where no roster was given).
        currency: Of the costs.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('staffing.none', language))}</p>")
    names = say("staffing.days.head", language).split("|")
    given = bool(frame["held_day_given"].notna().any())
    if given:
        names.append(say("staffing.days.head.given", language))
    rows = [_day_row(row, currency, language, given=given) for row in frame.to_dict("records")]
    return Html(_table(say("staffing.days", language), names, rows))


def shift_table(frame: pd.DataFrame, *, currency: str, language: Language = "es") -> Html:
    """The shifts one by one, folded.

    Args:
        frame: One row per kind of shift: ``day starts ends break_starts break_ends paid_hours agents cost``.
        currency: Of the costs.
        language: es or en.
    """
    if frame.empty:
        return Html("")
    rows = [
        [
            _day(row["day"], language),
            _between(row["starts"], row["ends"]),
            say("staffing.no_break", language)
            if pd.isna(row["break_starts"])
            else _between(row["break_starts"], row["break_ends"]),
            count(row["agents"], language),
            number(row["paid_hours"], language),
            money(row["cost"], currency, language),
        ]
        for row in frame.to_dict("records")
    ]
    title = say("staffing.shifts", language)
    body = _table("", say("staffing.shifts.head", language).split("|"), rows)
    return Html(f"<details><summary>{html.escape(title)}</summary>{body}</details>")


def _day_row(row: Record, currency: str, language: Language, *, given: bool) -> list[str]:
    sides = (number(100 * row[f"service_level_{side}"], language, digits=0) for side in ("low", "high"))
    limits = say("staffing.interval", language, **dict(zip(("low", "high"), sides, strict=True)))
    return [
        _day(row["day"], language),
        number(row["contacts"], language, digits=0),
        count(row["peak"], language),
        money(row["cost"], currency, language),
        f"{share(row['service_level'], language)} ({limits})",
        chance(row["held_day"], language),
        chance(row["held_every"], language),
        share(row["service_level_one_less"], language),
        share(row["service_level_one_more"], language),
        money(row["cost_one_agent"], currency, language),
        *([chance(row["held_day_given"], language)] if given else []),
    ]


def _day(moment: pd.Timestamp, language: Language) -> str:
    return f"{say(f'weekday.{moment.isoweekday()}', language)} {short_day(moment, language)}"


def _between(since: pd.Timestamp, until: pd.Timestamp) -> str:
    return f"{since:%H:%M}\N{EN DASH}{until:%H:%M}"


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    styles = [_LEFT if place == 0 else _RIGHT for place in range(len(names))]
    heads = "".join(
        f'<th scope="col"{"" if place == 0 else _HEAD}>{html.escape(name)}</th>'
        for place, name in enumerate(names)
    )
    body = "".join(f"<tr>{_cells(row, styles)}</tr>" for row in rows)
    caption = f"<caption>{html.escape(title)}</caption>" if title else ""
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Sequence[str], styles: Sequence[str]) -> str:
    return "".join(f"<td{style}>{for_page(cell)}</td>" for cell, style in zip(row, styles, strict=True))


_HEAD = ' style="text-align:right;white-space:normal"'
