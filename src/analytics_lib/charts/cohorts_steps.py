"""A curve of steps with its band: what has happened, or has not, by each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go


def add_steps(
    figure: go.Figure,
    times: pd.Series,
    rows: pd.DataFrame,
    value: str,
    *,
    name: str,
    line: tuple[str, str],
    hovers: Sequence[str],
) -> None:
    """Add one curve to a figure.

    Args:
        figure: Gets a band and a line.
        times: Of the rows, in the unit of the axis.
        rows: Have ``low high`` and the value.
        value: The column that the line shows.
        name: Of the line, as readers see it.
        line: Its colour, as ``#rrggbb``, and its dash.
        hovers: One for each row.
    """
    colour, dash = line
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    figure.add_scatter(
        x=[*times, *times[::-1]],
        y=[*rows["high"], *rows["low"][::-1]],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.15)",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=times,
        y=rows[value],
        mode="lines",
        line={"shape": "hv", "color": colour, "dash": dash, "width": 2.2},
        name=name,
        hovertext=list(hovers),
        hovertemplate="%{hovertext}<extra></extra>",
    )
