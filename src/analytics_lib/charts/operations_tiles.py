"""The big numbers of the operations page, each with what it rests on, what is usual, and how it came here."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.charts.measures import write_value
from analytics_lib.charts.operations_words import ACTIVE_MINUTES, big, interval, tile_name, usual, verdict
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import INK, LINE, NEUTRAL, PALE, QUIET
from analytics_lib.charts.words import Language, absent, count, counted, number, say, share
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analytics_lib.charts.operations_told import Told
    from analytics_lib.charts.style import Record

SHOWN = (
    "active_users",
    "messages",
    "conversations",
    "resolution_rate",
    "median_response_time",
    "health_score",
    "queue_depth",
    "latency_p95",
)
_GRID = "display:grid;grid-template-columns:repeat(auto-fill, minmax(max(9rem, 22%), 1fr));gap:12px"
_TILE = (
    f"display:flex;flex-direction:column;gap:3px;padding:12px 14px;border:1px solid {LINE};border-radius:8px"
)
_LABEL = f"color:{QUIET};font-size:.85rem;font-weight:600"
_BIG = f"color:{INK};font-size:1.9rem;font-weight:700;line-height:1.15;font-variant-numeric:tabular-nums"
_SMALL = f"color:{QUIET};font-size:.8rem;line-height:1.35"
_SPARK = "display:flex;align-items:flex-end;gap:1px;height:26px;margin-top:auto"
_SPARK_HEIGHT = 26
_MOST_BARS = 30


def tiles(told: Told, *, language: Language = "es") -> Html:
    """Eight numbers as tiles.

    Args:
        told: Its ``tiles health minutes hours queue api``.
        language: es or en.
    """
    by_name = {row["name"]: row for row in told.tiles.to_dict("records")}
    shown = "".join(_tile(by_name[name], by_name, told, language) for name in SHOWN)
    return Html(f'<div style="{_GRID}">{shown}</div>')


def numbers(told: Told, *, language: Language = "es") -> Html:
    """All numbers as a folded table: value, interval, n, the usual, the weeks it rests on, the verdict."""
    rows = [_figures(row, language) for row in told.tiles.to_dict("records")]
    heads = say("operations.numbers.head", language).split("|")
    frame = told.tiles[[]].reset_index(drop=True)
    for place, head in enumerate(heads):
        frame[head] = [row[place] for row in rows]
    shown = table(frame, title="operations.numbers", language=language).html
    caption = html.escape(say("operations.numbers", language))
    body = shown.replace(f"<caption>{caption}</caption>", "", 1)
    return Html(f"<details><summary>{caption}</summary>{body}</details>")


def _tile(row: Record, others: Mapping[str, Record], told: Told, language: Language) -> str:
    name = html.escape(tile_name(row, language))
    if row["missing"]:
        source = say(f"operations.source.{row['missing']}", language)
        why = html.escape(say("operations.not_recorded", language, source=source))
        return _card(name, "\N{EN DASH}", [why], "")
    compared = f"{html.escape(usual(row, language))} · {verdict(row, language)}"
    if absent(row["usual"]):
        compared = html.escape(usual(row, language))
    lines = [html.escape(_what(row, others, told, language)), compared]
    return _card(name, html.escape(big(row, language)), lines, _spark(str(row["name"]), told, language))


def _card(name: str, value: str, lines: list[str], spark: str) -> str:
    small = "".join(f'<div style="{_SMALL}">{line}</div>' for line in lines if line)
    return (
        f'<div style="{_TILE}"><div style="{_LABEL}">{name}</div><div style="{_BIG}">{value}</div>'
        f"{small}{spark}</div>"
    )


def _what(row: Record, others: Mapping[str, Record], told: Told, language: Language) -> str:
    """What a number is of, and how many stand behind it."""
    key, n = f"operations.tile.{row['name']}.what", row["denominator"]
    if absent(row["value"]):
        return say("operations.no_value", language)
    few = f" {say('few', language)}" if row["few"] else ""
    values = {
        "n": count(n, language),
        "interval": interval(row, language),
        "numerator": count(row["numerator"], language),
    }
    special = _SPECIAL.get(str(row["name"]))
    values |= special(others, told, language) if special else {}
    return say(key, language, **values).removesuffix(" · ") + few + _health_note(row, told, language)


def _active(tiles: Mapping[str, Record], _: Told, language: Language) -> dict[str, str]:
    return {"n": count(tiles["active_conversations"]["value"], language)}


def _messages(tiles: Mapping[str, Record], _: Told, language: Language) -> dict[str, str]:
    written = tiles["messages"]["value"]
    per_second = number(written / (60 * ACTIVE_MINUTES), language, digits=2)
    return {"n": count(written, language), "per_second": per_second}


def _median(tiles: Mapping[str, Record], _: Told, language: Language) -> dict[str, str]:
    return {"p90": write_value(tiles["p90_response_time"]["value"], "seconds", language)}


def _queue(tiles: Mapping[str, Record], told: Told, language: Language) -> dict[str, str]:
    queues = counted(tiles["queue_depth"]["denominator"], "queues", language)
    return {"time": f"{told.queue['at'].max():%H:%M}", "n": queues}


def _latency(tiles: Mapping[str, Record], _: Told, language: Language) -> dict[str, str]:
    errors = tiles["error_rate"]
    shown = {"errors": count(errors["numerator"], language), "share": share(errors["value"], language)}
    return {**shown, "requests": count(errors["denominator"], language)}


_SPECIAL = {
    "active_users": _active,
    "messages": _messages,
    "median_response_time": _median,
    "queue_depth": _queue,
    "latency_p95": _latency,
}


def _health_note(row: Record, told: Told, language: Language) -> str:
    """Which parts the health score lacks."""
    if row["name"] != "health_score":
        return ""
    lacking = told.health.parts.loc[told.health.parts["normalized"].isna(), "metric"]
    if lacking.empty:
        return ""
    names = ", ".join(CATALOG[name].label[language] for name in lacking)
    partial = f", {say('operations.tile.health_score.partial', language)}" if told.health.partial else ""
    return f" · {say('operations.tile.health_score.without', language, names=names)}{partial}"


def _spark(name: str, told: Told, language: Language) -> str:
    """How the number came here, as small bars from 0; empty where nothing is to be shown."""
    series: dict[str, tuple[pd.Series, str]] = {
        "active_users": (told.minutes["users"], "count"),
        "messages": (told.minutes["messages"], "count"),
        "conversations": (told.hours["conversations"], "count"),
        "queue_depth": (told.queue.groupby("at")["depth"].sum(), "waiting"),
        "latency_p95": (told.api["p95_ms"], "milliseconds"),
    }
    if name not in series:
        return ""
    values, unit = series[name]
    known = values.dropna().to_numpy(dtype=float)[-60:]
    if len(known) < 2 or not known.max() > 0:
        return ""
    ends = {"low": known.min(), "high": known.max(), "last": known[-1]}
    written = {part: write_value(value, unit, language) for part, value in ends.items()}
    title = html.escape(say("operations.spark", language, **written))
    step = -(-len(known) // _MOST_BARS)
    # The bars end with the last value; of several in one bar the mean is shown.
    grouped = [float(np.mean(known[max(end - step, 0) : end])) for end in range(len(known), 0, -step)][::-1]
    bars = "".join(
        _bar(value, max(grouped), last=place == len(grouped) - 1) for place, value in enumerate(grouped)
    )
    return f'<div style="{_SPARK}" title="{title}">{bars}</div>'


def _bar(value: float, most: float, *, last: bool) -> str:
    height = max(round(_SPARK_HEIGHT * value / most), 1)
    colour = NEUTRAL if last else PALE
    style = f"height:{height}px;flex-grow:1;max-width:9px;background-color:{colour}"
    return f'<span style="{style}"></span>'


def _figures(row: Record, language: Language) -> list[str]:
    value = big(row, language)
    if row["missing"]:
        source = say(f"operations.source.{row['missing']}", language)
        value = say("operations.not_recorded", language, source=source)
    few = f" {say('few', language)}" if row["few"] else ""
    return [
        tile_name(row, language),
        value,
        interval(row, language),
        count(row["denominator"], language) + few,
        "" if absent(row["usual"]) else usual(row, language),
        count(row["weeks"], language),
        say(f"operations.verdict.{row['verdict']}", language),
    ]
