"""Rows of dots with whiskers, each with its value written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.charts.style import INK, QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go


@dataclass(frozen=True)
class Dot:
    """One row of a picture.

    Attributes:
        place: Which row, from 0.
        value: Where the dot is.
        low: Where its whisker begins.
        high: Where it ends.
        text: What is written beside it.
        hover: What is said on hover; for plotly.
        symbol: Its shape.
        quiet: Whether its text stands back.
    """

    place: int
    value: float
    low: float
    high: float
    text: str
    hover: str
    symbol: str = "circle"
    quiet: bool = False


def add_dots(
    figure: go.Figure,
    dots: Sequence[Dot],
    *,
    colour: str,
    name: str = "",
    at: Mapping[str, int] | None = None,
) -> None:
    """Dots of one colour on a figure or one of its panels.

    Args:
        figure: Whose rows are numbered from the top.
        dots: One a row; rows may be missing.
        colour: Of dots and whiskers.
        name: In the legend; none where empty.
        at: ``row`` and ``col`` of the panel.
    """
    panel = dict(at or {})
    figure.add_scatter(
        x=[dot.value for dot in dots],
        y=[dot.place for dot in dots],
        mode="markers",
        marker={"color": colour, "size": 10, "symbol": [dot.symbol for dot in dots]},
        error_x=_whiskers(dots, colour),
        cliponaxis=False,
        name=name,
        showlegend=bool(name),
        hovertext=[dot.hover for dot in dots],
        hovertemplate="%{hovertext}<extra></extra>",
        **panel,
    )
    for dot in dots:
        figure.add_annotation(
            x=dot.high,
            y=dot.place,
            text=dot.text if dot.quiet else f"<b>{dot.text}</b>",
            showarrow=False,
            xanchor="left",
            xshift=8,
            font={"color": QUIET if dot.quiet else INK},
            **panel,
        )


def _whiskers(dots: Sequence[Dot], colour: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(dot.high - dot.value, 0.0) for dot in dots],
        "arrayminus": [max(dot.value - dot.low, 0.0) for dot in dots],
        "color": colour,
        "thickness": 1.8,
        "width": 4,
    }
