"""How conversations end and how soon, the ways competing with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.cohorts_steps import add_steps
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
    hovers = [_hover(row, language) for row in own.to_dict("records")]
    told, line = label("outcome", outcome, language), (OUTCOMES[outcome], _DASHES[outcome])
    minutes = own["time_seconds"] / _MINUTE
    add_steps(figure, minutes, own, "incidence", name=told, line=line, hovers=hovers)


def _hover(row: Record, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("incidence", "low", "high")}
    time = duration(0 if absent(row["time_seconds"]) else row["time_seconds"], language)
    name = label("outcome", row["outcome"], language)
    return say("cohorts.ends.hover", language, name=name, time=time, **shares)
