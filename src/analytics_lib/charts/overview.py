"""Conversations at a glance: how many are active, how busy it is, how well they end, how long they last."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import (
    FAILURE,
    INK,
    NEUTRAL,
    PALE,
    QUIET,
    SMALL_SHARE_N,
    Record,
    chart,
    say_nothing_to_show,
)
from analytics_lib.charts.words import (
    Language,
    absent,
    count,
    counted,
    days,
    duration,
    number,
    say,
    share,
    short_day,
)

if TYPE_CHECKING:
    import datetime as dt

    import plotly.graph_objects as go

_HEIGHT = 360
_BAR = "#56B4E9"
_EDGES_SHOWN = (60, 300, 1_800, 7_200, 28_800, 259_200)
_DAY = pd.Timedelta(days=1)
_MOST_TICKS = 5
_BIG = "font-size:2.6rem;font-weight:700;line-height:1.1"


def activity(frame: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es") -> Html:
    """Active conversations in large type, against the window before, and what they come to.

    Args:
        frame: Rows ``side`` window and before: ``conversations users messages started seen``.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    rows = {str(row["side"]): row for row in frame.to_dict("records")}
    now, before = rows["window"], rows["before"]
    n = count(now["conversations"], language)
    noun = say("overview.active.noun", language)
    parts = [
        f'<p><span style="{_BIG}">{n}</span> {html.escape(noun)}</p>',
        f"<p><strong>{html.escape(_against(now, before, (since, until), language))}</strong></p>",
    ]
    also = say(
        "overview.active.also",
        language,
        days=days(since, until, language),
        started=count(now["started"], language),
        users=counted(now["users"], "users", language),
        messages=counted(now["messages"], "messages", language),
    )
    return Html("".join([*parts, f'<p style="color:{QUIET}">{html.escape(also)}</p>']))


def _against(now: Record, before: Record, window: tuple[dt.date, dt.date], language: Language) -> str:
    since, until = window
    shown = days(since - (until - since), since, language)
    if not before["conversations"] and not now["conversations"]:
        return say("overview.active.none", language)
    if not before["seen"]:
        return say("overview.active.unseen", language, days=shown)
    was = count(before["conversations"], language)
    if not before["conversations"]:
        return say("overview.active.none_before", language, days=shown)
    change = now["conversations"] / before["conversations"] - 1
    sign = "+" if change > 0 else "\N{MINUS SIGN}" if change < 0 else ""
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    moved = f"{arrow} {sign}{share(abs(change), language)}"
    return say("overview.active.against", language, change=moved, n=was, days=shown)


def pace(rows: pd.DataFrame, *, grain: str, language: Language = "es") -> go.Figure:
    """Messages a minute or an hour through the window; stretches that were not seen whole are hollow.

    Args:
        rows: One row per stretch in order: ``moment messages rate complete``.
        grain: minute, hour or day: the length of a stretch.
        language: es or en.
    """
    n = counted(rows["messages"].sum(), "messages", language)
    subtitle = say(f"overview.pace.subtitle.{grain}", language, n=n)
    unit = "minute" if grain == "minute" else "hour"
    figure = chart(say(f"overview.pace.{unit}", language), subtitle, height=_HEIGHT, language=language)
    figure.update_yaxes(
        title_text=say(f"overview.axis.pace.{unit}", language), rangemode="tozero", nticks=5, tickformat=",~r"
    )
    if rows.empty or not rows["messages"].sum():
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1], dtick=1)
        return say_nothing_to_show(figure, say("no_data", language))
    hollow = ["circle" if complete else "circle-open" for complete in rows["complete"]]
    figure.add_scatter(
        x=rows["moment"],
        y=rows["rate"],
        mode="lines+markers" if grain == "day" else "lines",
        line={"color": NEUTRAL, "width": 2 if grain == "day" else 1.2},
        marker={"size": 7, "symbol": hollow},
        fill="tozeroy",
        fillcolor="rgba(68,84,106,0.14)",
        hovertext=[_pace_hover(row, grain, language) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    return _time_axis(figure, rows["moment"], language)


def _pace_hover(row: Record, grain: str, language: Language) -> str:
    moment = row["moment"]
    when = short_day(moment, language) + ("" if grain == "day" else f" {moment:%H:%M}")
    rest = "" if row["complete"] else f"<br>{say('incomplete', language)}"
    n, rate = counted(row["messages"], "messages", language), number(row["rate"], language)
    if grain == "day":
        return f"<b>{when}</b><br>{n}<br>{say('overview.pace.hover', language, rate=rate)}{rest}"
    return f"<b>{when}</b><br>{n}{rest}"


def _time_axis(figure: go.Figure, moments: pd.Series, language: Language) -> go.Figure:
    """Days, or hours of one day, at most five."""
    span = moments.iloc[-1] - moments.iloc[0]
    within = span <= _DAY
    places = moments if within else moments[moments.dt.hour == 0]
    places = places[places.dt.minute == 0] if within else places
    ticks = list(places.iloc[:: max(-(-len(places) // _MOST_TICKS), 1)])
    texts = [f"{tick:%H:%M}" if within else short_day(tick, language) for tick in ticks]
    title = short_day(moments.iloc[0], language) if within else say("period.day", language)
    return figure.update_xaxes(tickvals=ticks, ticktext=texts, showgrid=False, title_text=title)


def resolution(found: pd.Series, *, target: float, language: Language = "es") -> go.Figure:
    """The resolution rate as a gauge: its value, the 95 % interval as the dark part of the arc, the target.

    Args:
        found: ``value low high numerator denominator few``.
        target: Below it, resolution asks for action.
        language: es or en.
    """
    n = found["denominator"]
    known = not absent(found["value"])
    subtitle = say("overview.gauge.subtitle", language, n=count(n, language), target=share(target, language))
    figure = chart(say("overview.gauge", language), subtitle, height=_HEIGHT, language=language)
    if not known:
        figure.update_xaxes(visible=False).update_yaxes(visible=False)
        return say_nothing_to_show(figure, say("overview.gauge.none", language))
    low, high, value = (100 * float(found[name]) for name in ("low", "high", "value"))
    top = figure.layout.margin.t
    figure.update_layout(margin={"l": 34, "r": 34, "t": top + 16, "b": 44})
    figure.add_indicator(
        mode="gauge+number",
        value=value,
        number={"suffix": "\u00a0%" if language == "es" else "%", "valueformat": ".1f", "font": {"size": 40}},
        gauge={
            "axis": {"range": [0, 100], "tickvals": [0, 25, 50, 75, 100], "ticksuffix": "%"},
            "bar": {"color": INK, "thickness": 0.12},
            "borderwidth": 0,
            "bgcolor": "#EDF0F4",
            # An interval too narrow to be seen would pass for certainty.
            "steps": [{"range": [min(low, value - 0.4), max(high, value + 0.4)], "color": _BAR}],
            "threshold": {"line": {"color": FAILURE, "width": 3}, "thickness": 1, "value": 100 * target},
        },
    )
    few = f" {say('few', language)}" if n < SMALL_SHARE_N else ""
    ends = {part: share(found[part], language) for part in ("low", "high")}
    counts = {"count": count(found["numerator"], language), "n": count(n, language)}
    text = say("overview.gauge.below", language, **ends, **counts) + few
    return figure.add_annotation(
        text=text, x=0.5, y=0, xref="paper", yref="paper", yanchor="top", yshift=-4, showarrow=False
    )


def durations(
    rows: pd.DataFrame,
    *,
    closed: int,
    open_now: int,
    median: tuple[float, float, float],
    language: Language = "es",
) -> go.Figure:
    """How long conversations last, in stretches that about double, with the median as a line.

    Args:
        rows: One row per stretch in order: ``from_seconds to_seconds closed share``.
        closed: How many ended.
        open_now: How many are still open.
        median: In seconds, and the limits of its 95 % interval.
        language: es or en.
    """
    numbers = {"n": count(closed, language), "open": count(open_now, language)}
    subtitle = say("overview.durations.subtitle", language, **numbers)
    figure = chart(say("overview.durations", language), subtitle, height=_HEIGHT, language=language)
    figure.update_yaxes(title_text=say("overview.axis.durations.y", language), tickformat=".0%", nticks=5)
    figure.update_xaxes(title_text=say("overview.axis.durations.x", language), showgrid=False)
    if not closed + open_now:
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1], nticks=2)
        return say_nothing_to_show(figure, say("no_data", language))
    records = rows.to_dict("records")
    figure.add_bar(
        x=[place + 0.5 for place in range(len(records))],
        y=rows["share"],
        width=0.94,
        marker={
            "color": [_BAR] * (len(records) - 1) + [PALE],
            "pattern": {"shape": [""] * (len(records) - 1) + ["/"], "fgcolor": QUIET, "size": 5},
        },
        hovertext=[_duration_hover(row, language) for row in records],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    edges = list(rows["from_seconds"])
    _add_median(figure, edges, median, language)
    ticks = [place for place, edge in enumerate(edges) if edge in _EDGES_SHOWN]
    figure.update_xaxes(
        tickvals=ticks,
        ticktext=[duration(edges[place], language) for place in ticks],
        range=[-0.1, len(edges) + 0.1],
    )
    return figure.update_yaxes(range=[0, 1.35 * float(rows["share"].max())])


def _duration_hover(row: Record, language: Language) -> str:
    ends = {"low": duration(row["from_seconds"], language), "high": duration(row["to_seconds"], language)}
    key = "overview.durations.hover.last" if absent(row["to_seconds"]) else "overview.durations.hover"
    return say(key, language, **ends, share=share(row["share"], language), n=count(row["closed"], language))


def _add_median(
    figure: go.Figure, edges: list[float], median: tuple[float, float, float], language: Language
) -> None:
    value, low, high = median
    if absent(value):
        return
    # Up to where its words begin: bars end below them.
    figure.add_vline(x=_place(value, edges), y1=0.8, line={"color": INK, "dash": "dash", "width": 1.6})
    interval = say(
        "overview.durations.median",
        language,
        median=duration(value, language),
        low=duration(low, language),
        high=duration(high, language),
    )
    figure.add_annotation(
        text=interval,
        x=1,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="top",
        showarrow=False,
        align="right",
    )


def _place(seconds: float, edges: list[float]) -> float:
    """Where a duration stands among the stretches, within one by its logarithm."""
    place = max(sum(edge <= seconds for edge in edges) - 1, 0)
    if place + 1 >= len(edges):
        return place + 0.5
    low, high = max(edges[place], edges[place + 1] / 10), edges[place + 1]
    return place + max(math.log(max(seconds, low) / low) / math.log(high / low), 0.0)
