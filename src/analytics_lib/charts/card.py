"""The card: every KPI in a row, by family, with what it was before and whether it moved."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.measures import name_of, write_change, write_interval, write_value
from analytics_lib.charts.pages import Html
from analytics_lib.charts.sparks import spark
from analytics_lib.charts.style import FAILURE, INK, QUIET, SUCCESS, Record
from analytics_lib.charts.words import Language, absent, count, label, say, short_day

if TYPE_CHECKING:
    import datetime as dt

SIDES = ("previous", "usual")
_DAYS = 28
_COUNTS = ("count", "total", "per_hour")
_COLOURS = {"better": SUCCESS, "worse": FAILURE, "moved": INK}
_ARROWS = {True: "\N{BLACK UP-POINTING TRIANGLE}", False: "\N{BLACK DOWN-POINTING TRIANGLE}"}
_PADDED = '"padding:.35rem .5rem"'
_NAME = "font-weight:600;display:block;width:10rem"
_VALUE = "display:block;width:11rem"
_CHANGE = "display:block;width:11.2rem"
_HEAD = "background-color:#F3F5F8;text-align:left;padding:.3rem .5rem"


def card(
    frame: pd.DataFrame, daily: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es"
) -> Html:
    """The card as a table, its definitions folded below it.

    Args:
        frame: One row per metric, families together: ``metric unit kind group days missing value low high
            denominator few``, and of each side ``<side>_value <side>_change <side>_verdict``.
        daily: One row per metric and day: ``metric period value``.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    shown = pd.date_range(end=pd.Timestamp(until) - pd.Timedelta(days=1), periods=_DAYS, unit="us")
    values = daily.pivot_table(index="metric", columns="period", values="value").reindex(columns=shown)
    heads = say("kpis.card.head", language, last=short_day(shown[-1], language)).split("|")
    head = "".join(f'<th scope="col" style={_PADDED}>{html.escape(name)}</th>' for name in heads)
    rows = []
    for group, part in frame.groupby("group", sort=False):
        name = html.escape(label("kpis.group", group, language))
        rows.append(f'<tr><th colspan="{len(heads)}" style="{_HEAD}">{name}</th></tr>')
        records = part.to_dict("records")
        known = [row for row in records if not absent(row["value"])]
        rows += [_row(row, values, since, language) for row in known]
        rows.append(_absent([row for row in records if absent(row["value"])], len(heads), language))
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return Html(body + _definitions(frame, language))


def why_missing(row: Record, language: Language) -> str:
    """Why a metric has no value: what the store lacks, or that there was nothing to count."""
    return say(f"kpis.missing.{row['missing'] or 'nothing'}", language)


def _row(row: Record, values: pd.DataFrame, since: dt.date, language: Language) -> str:
    drawn = ""
    if row["metric"] in values.index:
        days, bars = values.loc[[row["metric"]]].T.iloc[:, 0], row["kind"] in _COUNTS
        drawn = spark(days, unit=row["unit"], bars=bars, since=since, language=language)
    changes = (_change(row, side, language) for side in SIDES)
    cells = [_name(row, language), _value(row, language), drawn, *changes]
    return f"<tr>{''.join(f'<td style={_PADDED}>{cell}</td>' for cell in cells)}</tr>"


def _name(row: Record, language: Language) -> str:
    meaning, name = label("kpis.define", row["metric"], language), name_of(row, language)
    return f'<span title="{html.escape(meaning)}" style="{_NAME}">{html.escape(name)}</span>'


def _value(row: Record, language: Language) -> str:
    below = []
    if not absent(row["low"]):
        below.append(write_interval(row["low"], row["high"], row["unit"], language))
    if not absent(row["denominator"]):
        below.append(say("kpis.card.n", language, n=count(row["denominator"], language)))
    few = f" {say('few', language)}" if row["few"] else ""
    value = html.escape(write_value(row["value"], row["unit"], language))
    small = f'<span style="font-size:.8rem;color:{QUIET}">{html.escape(" · ".join(below) + few)}</span>'
    return f'<span style="{_VALUE}"><strong>{value}</strong><br>{small}</span>'


def _change(row: Record, side: str, language: Language) -> str:
    if absent(row[f"{side}_value"]):
        # Percentiles of scattered days make no percentile of all.
        scattered = side == "usual" and row["kind"] == "quantile" and row["usual_windows"] > 1
        why = say("kpis.not_pooled" if scattered else "kpis.no_comparison", language)
        return f'<span style="color:{QUIET};font-size:.8rem">{why}</span>'
    change, verdict = row[f"{side}_change"], row[f"{side}_verdict"]
    written = write_change(change, row["unit"], language)
    # What is written as nothing points nowhere.
    arrow = _ARROWS[change > 0] if written[0] in "+\N{MINUS SIGN}" else "="
    colour = _COLOURS.get(verdict, QUIET)
    weight = "font-weight:600;" if verdict in _COLOURS else ""
    before = say("kpis.card.of", language, value=write_value(row[f"{side}_value"], row["unit"], language))
    shown = html.escape(f"{arrow} {written}")
    said = html.escape(say(f"kpis.verdict.{verdict}", language))
    first, second = (
        f'<span style="{weight}color:{colour};white-space:nowrap">{text}</span>' for text in (shown, said)
    )
    small = f'<span style="font-size:.8rem;color:{QUIET}">{second} · {html.escape(before)}</span>'
    return f'<span style="{_CHANGE}">{first}<br>{small}</span>'


def _absent(rows: list[Record], columns: int, language: Language) -> str:
    """The metrics of a family without a value in one row, by why."""
    if not rows:
        return ""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        reasons.setdefault(why_missing(row, language), []).append(name_of(row, language))
    parts = [
        say("kpis.missing.one", language, name=", ".join(names), why=why) for why, names in reasons.items()
    ]
    text = html.escape(say("kpis.missing.row", language, what="; ".join(parts)))
    style = f"color:{QUIET};max-width:40rem;padding:.35rem .5rem"
    return f'<tr><td colspan="{columns}" style="{style}">{text}</td></tr>'


def _definitions(frame: pd.DataFrame, language: Language) -> str:
    terms = "".join(
        f"<dt><strong>{html.escape(name_of(row, language))}</strong></dt>"
        f"<dd>{html.escape(label('kpis.define', row['metric'], language))}</dd>"
        for row in frame.to_dict("records")
    )
    summary = html.escape(say("kpis.card.definitions", language))
    return f"<details><summary>{summary}</summary><dl>{terms}</dl></details>"
