"""The paths that most journeys take: a bar each, the path written above it, and one bar for all the rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.charts.journey_words import OTHER, Unit, is_rest, path_text, units
from analytics_lib.charts.style import INK, NEUTRAL, PALE, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

_MOST_PATHS, _MOST_NAMES, _MOST_LINES = 12, 8, 4
_WIDTH, _HOVER_WIDTH = 46, 44
_LINE, _BAR, _GAP = 16, 16, 20


def paths(frame: pd.DataFrame, *, unit: Unit = "conversation", language: Language = "es") -> go.Figure:
    """The share of journeys with exactly each path; what is not listed is the last bar.

    Args:
        frame: One row per path, most first: ``path`` (names of its events) ``journeys share low high
            total_journeys``; the path of the last row is ``other``. All shares add up to 1.
        unit: What one journey is.
        language: es or en.
    """
    rows = _shown(frame.to_dict("records"))
    total = int(frame["total_journeys"].max()) if len(frame) else 0
    head = say("paths.title", language), say("paths.subtitle", language, n=units(total, unit, language))
    if not rows or not total:
        figure = chart(*head, height=360, language=language)
        figure.update_xaxes(visible=False).update_yaxes(visible=False)
        return say_nothing_to_show(figure, say("no_data", language))
    texts = [_lines(row, language) for row in rows]
    middles, bottom = _places(texts)
    figure = chart(*head, height=bottom + 170, language=language)
    reach = max(row["share"] if absent(row["high"]) else row["high"] for row in rows)
    figure.update_xaxes(
        title_text=say("axis.share", language), tickformat=".0%", range=[0, 1.42 * reach], rangemode="tozero"
    )
    figure.update_yaxes(range=[bottom, 0], showticklabels=False, showgrid=False)
    figure.update_yaxes(title_text=say("paths.axis", language))
    _add_bars(figure, rows, middles, unit=unit, language=language)
    for row, lines, middle in zip(rows, texts, middles, strict=True):
        _add_text(figure, row, "<br>".join(lines), middle, language)
    return figure


def _shown(rows: Sequence[Record]) -> list[Record]:
    """The most common ones, what is beyond them added to the last row."""
    known = [row for row in rows if not is_rest(row["path"])]
    kept, beyond = known[:_MOST_PATHS], known[_MOST_PATHS:]
    rest: list[Record] = [row for row in rows if is_rest(row["path"])] or [
        {"path": [OTHER], "journeys": 0, "share": 0.0}
    ]
    journeys = rest[0]["journeys"] + sum(row["journeys"] for row in beyond)
    part = rest[0]["share"] + sum(row["share"] for row in beyond)
    # Limits of a sum are not the sum of limits.
    limits = [math.nan if beyond else rest[0].get(end, math.nan) for end in ("low", "high")]
    last: Record = {"path": [OTHER], "journeys": journeys, "share": part, "low": limits[0], "high": limits[1]}
    return [*kept, last] if kept else []


def _lines(row: Record, language: Language) -> list[str]:
    if is_rest(row["path"]):
        return [say("paths.rest", language)]
    lines = for_plotly(path_text(row["path"], language, most=_MOST_NAMES), width=_WIDTH).split("<br>")
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + "…"]


def _places(texts: Sequence[Sequence[str]]) -> tuple[list[float], int]:
    """The middle of each bar in pixels from the top, below its lines of text, and where the last row ends."""
    middles, top = [], 6
    for lines in texts:
        top += _LINE * len(lines) + 4
        middles.append(top + _BAR / 2)
        top += _BAR + _GAP
    return middles, top


def _add_bars(
    figure: go.Figure, rows: Sequence[Record], middles: Sequence[float], *, unit: Unit, language: Language
) -> None:
    figure.add_bar(
        x=[row["share"] for row in rows],
        y=middles,
        width=_BAR,
        orientation="h",
        marker={
            "color": [PALE if is_rest(row["path"]) else NEUTRAL for row in rows],
            "pattern": {
                "shape": ["/" if is_rest(row["path"]) else "" for row in rows],
                "fgcolor": QUIET,
                "size": 6,
            },
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [0 if absent(row["high"]) else row["high"] - row["share"] for row in rows],
            "arrayminus": [0 if absent(row["low"]) else row["share"] - row["low"] for row in rows],
            "color": INK,
            "thickness": 1.4,
            "width": 3,
        },
        hovertext=[_hover(row, unit, language) for row in rows],
        hovertemplate="%{hovertext}<extra></extra>",
        name="paths",
        showlegend=False,
    )


def _add_text(figure: go.Figure, row: Record, text: str, middle: float, language: Language) -> None:
    figure.add_annotation(
        text=text,
        x=0,
        xref="x",
        y=middle - _BAR / 2 - 2,
        xanchor="left",
        yanchor="bottom",
        align="left",
        showarrow=False,
        font={"size": 12, "color": INK},
    )
    figure.add_annotation(
        text=f"<b>{share(row['share'], language)}</b> · {count(row['journeys'], language)}",
        x=row["share"] if absent(row["high"]) else row["high"],
        y=middle,
        xanchor="left",
        xshift=7,
        showarrow=False,
        font={"size": 12, "color": INK},
    )


def _hover(row: Record, unit: Unit, language: Language) -> str:
    said = say("paths.rest", language) if is_rest(row["path"]) else path_text(row["path"], language, most=30)
    limits = {end: share(row[end], language) for end in ("low", "high")}
    return say(
        "paths.hover",
        language,
        path=for_plotly(said, width=_HOVER_WIDTH),
        share=share(row["share"], language),
        journeys=units(row["journeys"], unit, language),
        **limits,
    )
