"""How conversations end and how soon, the ways competing with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.style import OUTCOMES, Record, chart, say_nothing_to_show
from analytics_lib.charts.words import Language, absent, count, duration, label, say, share

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

_MINUTE = 60
_DASHES = {"purchase": "solid", "resolved": "dash", "escalated": "dot", "abandoned": "dashdot"}


def outcomes(rows: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """The share of conversations that has ended in each way by each time, with 95 % bands.

    Args:
        rows: One row per outcome and time: ``outcome time_seconds incidence low high conversations``.
        language: es or en.
    """
    n = count(rows["conversations"].iloc[0], language) if len(rows) else count(0, language)
    subtitle = say("cohorts.ends.subtitle", language, n=n)
    figure = chart(say("cohorts.ends", language), subtitle, height=430, language=language)
    figure.update_xaxes(title_text=say("cohorts.axis.minutes", language), nticks=7, rangemode="tozero")
    figure.update_yaxes(
        title_text=say("cohorts.axis.ended", language), tickformat=".0%", nticks=6, rangemode="tozero"
    )
    if not len(rows) or not rows["incidence"].max() > 0:
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1])
        return say_nothing_to_show(figure, say("cohorts.ends.none", language))
    for outcome, own in rows.groupby("outcome", sort=False):
        _add(figure, str(outcome), own, language)
    return figure.update_layout(margin_b=110)


def _add(figure: go.Figure, outcome: str, own: pd.DataFrame, language: Language) -> None:
    minutes, colour = own["time_seconds"] / _MINUTE, OUTCOMES[outcome]
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    figure.add_scatter(
        x=[*minutes, *minutes[::-1]],
        y=[*own["high"], *own["low"][::-1]],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=minutes,
        y=own["incidence"],
        mode="lines",
        line={"shape": "hv", "color": colour, "dash": _DASHES[outcome], "width": 2.4},
        name=label("outcome", outcome, language),
        hovertext=[_hover(row, language) for row in own.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(row: Record, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("incidence", "low", "high")}
    time = duration(0 if absent(row["time_seconds"]) else row["time_seconds"], language)
    name = label("outcome", row["outcome"], language)
    return say("cohorts.ends.hover", language, name=name, time=time, **shares)
