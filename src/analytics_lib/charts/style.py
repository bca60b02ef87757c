"""What all pictures share: one colour a meaning, one size of type, titles that fit a phone.

The colours are those of Okabe and Ito (2008), made to be told apart without full colour vision; yellow is
darkened so that it can be seen on white. Nothing is told by colour alone.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    from analytics_lib.charts.words import Language

# One row of a frame, by column.
Record = Mapping[Hashable, Any]

SENDERS = {"user": "#0072B2", "bot": "#E69F00", "agent": "#CC79A7"}
OUTCOMES = {
    "purchase": "#009E73",
    "resolved": "#56B4E9",
    "escalated": "#C9B400",
    "abandoned": "#D55E00",
    "open": "#B9C1CC",
    "unknown": "#7D8896",
}
NEUTRAL = "#44546A"
PALE = "#C3CBD6"
INK = "#1B2330"
QUIET = "#5A6676"
LINE = "#DFE4EA"
FAILURE = "#A3271F"
SUCCESS = "#1A6B3C"

# Below it the bot is called unsure.
LOW_CONFIDENCE = 0.7
SMALL_SHARE_N = 30
SMALL_PERCENTILE_N = 20

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'
_TITLE_WIDTH = 44
_DPI = 110
_WIDTH_INCHES = 6.0
_HEAD_INCHES = 0.66


class Picture(Figure):
    """A matplotlib figure of a fixed size that shows itself in a notebook; pyplot knows nothing of it."""

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self.savefig(drawn, format="png", dpi=_DPI)
        return drawn.getvalue()


def picture(title: str, subtitle: str, *, height: float) -> Picture:
    """An empty picture of a phone's proportions, with one set of axes below its title.

    Args:
        title: What is measured.
        subtitle: On what: window and n.
        height: In inches.
    """
    # Below the two lines of its head, the axes and their labels share the room among themselves.
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - _HEAD_INCHES / height))
    drawn = Picture(figsize=(_WIDTH_INCHES, height), layout=layout)
    drawn.text(0.01, 1 - 0.1 / height, title, va="top", fontsize=13, fontweight="bold", color=INK)
    drawn.text(0.01, 1 - 0.38 / height, subtitle, va="top", fontsize=10.5, color=QUIET)
    axes = drawn.add_subplot()
    axes.tick_params(colors=INK, labelsize=11, length=0)
    axes.xaxis.label.set(fontsize=11, color=INK)
    axes.yaxis.label.set(fontsize=11, color=INK)
    for side in axes.spines.values():
        side.set_color(LINE)
    return drawn


def chart(title: str, subtitle: str, *, height: int, language: Language) -> go.Figure:
    """An empty plotly figure in the common style, its title wrapped for a phone."""
    head = textwrap.wrap(title, _TITLE_WIDTH)
    below = textwrap.wrap(subtitle, _TITLE_WIDTH + 6)
    text = "<br>".join(
        [f"<b>{line}</b>" for line in head]
        + [f'<span style="font-size:13px">{line}</span>' for line in below]
    )
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 12, "r": 12, "t": 26 + 21 * len(head) + 18 * len(below), "b": 12},
        title={"text": text, "x": 0.01, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 12}},
        title_font={"size": 16, "color": INK},
        font={"family": _FONT, "size": 13, "color": INK},
        separators=",." if language == "es" else ".,",
        hoverlabel={
            "bgcolor": "white",
            "bordercolor": LINE,
            "font": {"color": INK, "size": 13},
            "align": "left",
        },
        legend={"orientation": "h", "x": 0, "y": -0.02, "yref": "container", "yanchor": "bottom"},
        plot_bgcolor="white",
        paper_bgcolor="white",
    )
    axis_title = {"font": {"size": 13, "color": QUIET}, "standoff": 10}
    figure.update_xaxes(automargin=True, gridcolor=LINE, linecolor=LINE, zeroline=False, title=axis_title)
    figure.update_yaxes(automargin=True, gridcolor=LINE, linecolor=LINE, zeroline=False, title=axis_title)
    return figure


def say_nothing_to_show(figure: go.Figure, text: str) -> go.Figure:
    """The figure with a sentence in the middle of its empty axes."""
    return figure.add_annotation(
        text=text,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"size": 15, "color": QUIET},
    )
