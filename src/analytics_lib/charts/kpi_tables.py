"""The business at a glance in figures: the parts of its health, all numbers, what to do."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from analytics_lib.charts.card import SIDES, why_missing
from analytics_lib.charts.kpi_answer import moves
from analytics_lib.charts.measures import name_of, write_change, write_interval, write_value
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.words import Language, absent, count, number, say, share
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record
    from analytics_lib.metrics import HealthScore

_LEAST_P = 0.001


class Limits(TypedDict):
    """From which value on each signal asks for action.

    Attributes:
        health: Below so much health, 0 to 1.
        resolution_rate: Below this share.
        unanswered_rate: Above this share.
        error_rate: Above this share.
    """

    health: float
    resolution_rate: float
    unanswered_rate: float
    error_rate: float


def health_table(health: HealthScore, *, language: Language = "es") -> Html:
    """Each part of the health score: value with interval, n, what it counts for, what it adds.

    Args:
        health: Of the window.
        language: es or en.
    """
    known = health.parts[health.parts["normalized"].notna()]
    whole = known["weight"].sum()
    rows = [_part(row, whole, language) for row in health.parts.to_dict("records")]
    heads = say("kpis.health.head", language).split("|")
    return table(pd.DataFrame(rows, columns=heads), title="kpis.health.title", language=language)


def numbers(card: pd.DataFrame, *, language: Language = "es") -> Html:
    """Every metric in its three windows, with counts, limits, changes and corrected p-values.

    Args:
        card: As for ``kpi_answer.answer``, with ``numerator``, limits and p-values of each side.
        language: es or en.
    """
    rows = []
    for row in card.to_dict("records"):
        rows.append(_figures(row, "", language))
        rows += [_figures(row, side, language) for side in SIDES if not absent(row[f"{side}_value"])]
    heads = say("kpis.numbers.head", language).split("|")
    return table(pd.DataFrame(rows, columns=heads), title="kpis.numbers", language=language)


def advice(health: HealthScore, card: pd.DataFrame, *, limits: Limits, language: Language = "es") -> Html:
    """Each signal against its threshold, then every number that really got worse.

    Args:
        health: Of the window.
        card: As for ``kpi_answer.answer``.
        limits: The thresholds.
        language: es or en.
    """
    counts = float(health.parts["denominator"].sum())
    signals = [_signal("health", (health.value, counts), limits["health"], language)]
    known = {row["metric"]: (row["value"], row["denominator"]) for row in card.to_dict("records")}
    thresholds = {name: limit for name, limit in limits.items() if name != "health"}
    signals += [
        _signal(name, known.get(name, (math.nan, 0.0)), float(str(limit)), language)
        for name, limit in thresholds.items()
    ]
    worse = moves(card)
    signals += [_worse(row, language) for row in worse[worse["verdict"] == "worse"].to_dict("records")]
    head = "".join(
        f'<th scope="col">{html.escape(each)}</th>' for each in say("advice.head", language).split("|")
    )
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(signals)}</tbody></table>")


def _part(row: Record, whole: float, language: Language) -> list[str]:
    metric = CATALOG[row["metric"]]
    value = write_value(row["value"], metric.unit, language)
    if not absent(row["low"]):
        value += f" ({write_interval(row['low'], row['high'], metric.unit, language)})"
    normalized, weight = row["normalized"], row["weight"]
    adds = math.nan if absent(normalized) else 100 * normalized * weight / whole
    scaled = [number(100 * normalized, language), share(weight, language), number(adds, language)]
    return [metric.label[language], value, count(row["denominator"], language), *scaled]


def _figures(row: Record, side: str, language: Language) -> list[str]:
    unit, prefix = row["unit"], f"{side}_" if side else ""
    window = (
        say(f"kpis.window.{side or 'now'}", language)
        if side != "usual"
        else say("kpis.window.usual", language, n=count(row["usual_windows"], language))
    )
    name = name_of(row, language)
    if not side and absent(row["value"]):
        name += f" ({why_missing(row, language)})"
    numbers_of = [write_value(row[f"{prefix}{part}"], unit, language) for part in ("value", "low", "high")]
    counts = [_quantity(row[f"{prefix}{part}"], language) for part in ("numerator", "denominator")]
    judgement = _judgement(row, side, language) if side else ["", "", ""]
    return [name, window, *numbers_of, *counts, *judgement]


def _judgement(row: Record, side: str, language: Language) -> list[str]:
    unit, p_value = row["unit"], row[f"{side}_p_value"]
    change, low, high = (
        write_change(row[f"{side}_change{part}"], unit, language) for part in ("", "_low", "_high")
    )
    ends = (
        "" if absent(row[f"{side}_change_low"]) else say("kpis.answer.limits", language, low=low, high=high)
    )
    tiny = not absent(p_value) and p_value < _LEAST_P
    p_written = say("compare.cell.tiny", language) if tiny else number(p_value, language, digits=3)
    return [change + ends, p_written, say(f"kpis.verdict.{row[f'{side}_verdict']}", language)]


def _quantity(value: float, language: Language) -> str:
    if absent(value):
        return count(value, language)
    return count(value, language) if float(value).is_integer() else number(value, language)


def _signal(name: str, found: tuple[float, float], limit: float, language: Language) -> str:
    value, n = found
    higher = name in ("health", "resolution_rate")
    few = not absent(n) and n < CATALOG["resolution_rate"].minimum_n
    beyond = not absent(value) and not few and (value < limit if higher else value > limit)
    if absent(value):
        verdict = "advice.no_data"
    else:
        verdict = "advice.few" if few else f"kpis.advice.{name}.do" if beyond else "advice.within"
    edge = say(f"kpis.advice.at_{'least' if higher else 'most'}", language, limit=share(limit, language))
    cells = [say(f"kpis.advice.{name}", language), say(verdict, language), share(value, language), edge]
    return _cells([*cells, count(n, language)], bold=beyond)


def _worse(row: Record, language: Language) -> str:
    against = say(f"kpis.advice.against.{row['side']}", language)
    name = say("kpis.advice.worse", language, name=name_of(row, language), side=against)
    do = say("kpis.advice.worse.do", language)
    change = write_change(row[f"{row['side']}_change"], row["unit"], language)
    cells = [name, do, change, say("kpis.advice.change", language), count(row["denominator"], language)]
    return _cells(cells, bold=True)


def _cells(cells: list[str], *, bold: bool) -> str:
    weight = ' style="font-weight:bold"' if bold else ""
    widths = ["min-width:9rem", "min-width:12rem;max-width:22rem", *["white-space:nowrap"] * 3]
    columns = zip(widths, cells, strict=True)
    # Between backticks stands what is typed.
    said = [f'<td style="{width}">{html.escape(cell)}</td>' for width, cell in columns]
    return f"<tr{weight}>{''.join(said)}</tr>"
