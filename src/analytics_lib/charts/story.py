"""One conversation as a picture: the mood and the key moments, who did what, what the bot understood.

Three panels over one axis, from the user's side to the machine's; a panel without anything to show says why.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.charts.axis import By, choose_axis, padded, place_messages, place_seconds, ticks
from analytics_lib.charts.lanes import (
    add_lanes,
    add_lines,
    add_silences,
    lanes_of,
    lanes_range,
    lines_of,
)
from analytics_lib.charts.mood import add_marks, add_mood, marks_middle, mood_range, stacked
from analytics_lib.charts.recognition import RANGE, add_recognition, recognition_title
from analytics_lib.charts.style import LINE, LOW_CONFIDENCE, QUIET, chart
from analytics_lib.charts.words import Language, counted, number, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analytics_lib.charts.axis import Axis
    from analytics_lib.charts.reviewed import Told

_MOOD_PIXELS, _LANE_PIXELS, _RECOGNITION_PIXELS = 62, 40, 110
_GAP_PIXELS = 50
_ENTRY_PIXELS, _AXIS_PIXELS = 13, 60
_TITLE_WIDTH, _AXIS_WIDTH = 52, 40
# Titles of panels start where the names of the lanes do.
_TITLE_SHIFT = -72


class _Panel(NamedTuple):
    """A panel: its title, its height, the range and ticks of its axis, and why it is empty, if it is."""

    title: str
    pixels: float
    range: tuple[float, float]
    ticks: dict[float, str]
    empty: str | None


def story(
    told: Told,
    moments: pd.DataFrame,
    sentiment: pd.DataFrame,
    *,
    by: By | None = None,
    language: Language = "es",
) -> go.Figure:
    """The conversation over its time, or over its messages where one silence takes more than half the time.

    Args:
        told: The conversation: its frames ``conversation messages actions events``.
        moments: Its key moments: ``kind seconds position name value related``.
        sentiment: ``position sentiment scored level``, one row per message of the user whose sentiment is
            known.
        by: time or message; null = what fits.
        language: es or en.

    Raises:
        RequestError: If ``by`` is neither time nor message.
    """
    axis = choose_axis(told, by=by, language=language)
    low, high = padded(_drawn(told, axis))
    marks = stacked(moments, told, axis, high - low)
    lines = lines_of(told, axis, (low, high), language)
    lanes = lanes_of(told)
    panels = [
        _mood_panel(told, marks, sentiment, language),
        _lanes_panel(lanes, lanes_range(lanes, lines), language),
        _recognition_panel(told.messages, language),
    ]
    figure = _panels(told, panels, language)
    add_mood(figure, told, sentiment, axis, language)
    add_marks(figure, marks, told, language)
    add_silences(figure, moments, len(lanes) - 0.5, axis, language)
    add_lanes(figure, told, lanes, axis, language)
    add_lines(figure, lines, lanes)
    add_recognition(figure, told.messages, axis, language)
    title = "<br>".join(textwrap.wrap(axis.title, _AXIS_WIDTH))
    figure.update_xaxes(range=[low, high], showticklabels=False)
    figure.update_layout(height=figure.layout.height + _legend_pixels(figure))
    return figure.update_xaxes(title_text=title, showticklabels=True, **ticks(axis), row=3, col=1)


def _drawn(told: Told, axis: Axis) -> list[float]:
    ends = told.conversation[["escalated_seconds", "ended_seconds"]].to_numpy(dtype=float).ravel()
    beside = [*told.actions["seconds"], *told.events["seconds"], *ends]
    return [*place_messages(axis, told.messages), *place_seconds(axis, beside)]


def _mood_panel(told: Told, marks: pd.DataFrame, sentiment: pd.DataFrame, language: Language) -> _Panel:
    low, high = mood_range(marks)
    names = {
        value: say(f"sentiment.{word}", language) for value, word in ((-1.0, "negative"), (1.0, "positive"))
    }
    names[0.0] = "0"
    if len(marks):
        names[marks_middle(marks)] = say("story.moments", language)
    wrote = (told.messages["sender"] == "user").any()
    empty = None if len(sentiment) else say("story.no_sentiment" if wrote else "story.no_user", language)
    title = say("story.mood", language)
    return _Panel(title, _MOOD_PIXELS * (high - low), (low, high), names, empty)


def _lanes_panel(lanes: dict[str, int], limits: tuple[float, float], language: Language) -> _Panel:
    names = {float(height): say(f"lane.{lane}", language) for lane, height in lanes.items()}
    empty = None if lanes else say("no_data", language)
    pixels = _LANE_PIXELS * (limits[1] - limits[0])
    return _Panel(say("story.lanes", language), pixels, limits, names, empty)


def _recognition_panel(messages: pd.DataFrame, language: Language) -> _Panel:
    names = {
        value: number(value, language, digits=digits)
        for value, digits in ((0.0, 0), (LOW_CONFIDENCE, 1), (1.0, 0))
    }
    user = messages[messages["sender"] == "user"]
    empty = None
    if user["confidence"].isna().all():
        empty = say("story.no_user" if user.empty else "story.no_confidence", language)
    return _Panel(recognition_title(messages, language), _RECOGNITION_PIXELS, RANGE, names, empty)


def _panels(told: Told, panels: list[_Panel], language: Language) -> go.Figure:
    """The figure with its empty panels, their titles and axes."""
    inner = sum(panel.pixels for panel in panels) + _GAP_PIXELS * (len(panels) - 1)
    n = counted(len(told.messages), "messages", language)
    waits = counted(int(told.messages["response_time_seconds"].notna().sum()), "replies", language)
    styled = chart(say("story", language), f"n = {n}, {waits}", height=100, language=language)
    top = styled.layout.margin.t + 24
    figure = styled.set_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=_GAP_PIXELS / inner,
        row_heights=[panel.pixels for panel in panels],
    )
    figure.update_layout(height=int(top + inner + _AXIS_PIXELS), margin={"t": top}, hovermode="closest")
    look = {"automargin": True, "gridcolor": LINE, "linecolor": LINE, "zeroline": False}
    figure.update_xaxes(**look, title={"font": {"size": 13, "color": QUIET}, "standoff": 8})
    for row, panel in enumerate(panels, 1):
        values = {"tickvals": list(panel.ticks), "ticktext": list(panel.ticks.values())}
        figure.update_yaxes(**look, range=list(panel.range), fixedrange=True, **values, row=row, col=1)
        _add_title(figure, panel, row)
    return figure


def _legend_pixels(figure: go.Figure) -> int:
    """Room for the legend: between what its one column takes on a phone, and its four on a screen."""
    entries = [trace.legendgroup for trace in figure.data if trace.showlegend is not False]
    return _ENTRY_PIXELS * (len(entries) + len(set(entries)))


def _add_title(figure: go.Figure, panel: _Panel, row: int) -> None:
    domain = f"y{row if row > 1 else ''} domain"
    paper = {"xref": "paper", "yref": domain, "showarrow": False}
    figure.add_annotation(
        **paper,
        text="<br>".join(textwrap.wrap(f"{panel.title}", _TITLE_WIDTH)),
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        align="left",
        xshift=_TITLE_SHIFT,
        yshift=4,
        font={"size": 13},
    )
    if panel.empty:
        # Axes on which nothing is drawn have no place, which the browser complains about.
        figure.add_scatter(x=[None], y=[None], showlegend=False, hoverinfo="skip", row=row, col=1)
        text = "<br>".join(textwrap.wrap(panel.empty, _TITLE_WIDTH - 16))
        figure.add_annotation(
            **paper, text=text, x=0.5, y=0.5, bgcolor="white", font={"size": 13, "color": QUIET}
        )
