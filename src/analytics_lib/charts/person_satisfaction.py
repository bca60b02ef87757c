"""How satisfied one person was over time: survey answers above, the mood of conversations below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.marks import signed
from analytics_lib.charts.person import time_ticks
from analytics_lib.charts.person_answer import trend_words
from analytics_lib.charts.person_facts import moment
from analytics_lib.charts.style import LINE, NEUTRAL, QUIET, SENDERS, chart
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, count, counted, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analytics_lib.charts.person_given import SatisfactionFacts, TrendFacts

_PANELS = {"csat": ((0.6, 5.4), [1, 2, 3, 4, 5]), "sentiment": ((-1.1, 1.1), [-1, 0, 1])}
_HEIGHT, _LONGEST = 440, 60
_DAYS = 30.0


def satisfaction(satisfied: SatisfactionFacts, *, language: Language = "es") -> go.Figure:
    """Answers and moods, with their means, and their lines where enough is known.

    Args:
        satisfied: ``conversations csat sentiment``.
        language: es or en.
    """
    known = satisfied.conversations
    csat = counted(satisfied.csat.n, "person.answers", language)
    talks = counted(satisfied.sentiment.n, "conversations", language)
    subtitle = say("person.satisfaction.n", language, csat=csat, sentiment=talks)
    styled = chart(say("person.satisfaction", language), subtitle, height=_HEIGHT, language=language)
    margin = styled.layout.margin.t + 20
    figure = styled.set_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.14)
    look = {"automargin": True, "gridcolor": LINE, "linecolor": LINE, "zeroline": False}
    figure.update_xaxes(**look, title={"font": {"size": 13, "color": QUIET}, "standoff": 8}).update_yaxes(
        **look
    )
    figure.update_layout(margin={"t": margin}, hovermode="closest", showlegend=False)
    for row, (name, (limits, ticks)) in enumerate(_PANELS.items(), start=1):
        figure.update_yaxes(range=list(limits), tickvals=ticks, fixedrange=True, row=row, col=1)
        _add_title(figure, say(f"person.satisfaction.{name}", language), row)
        found = known[known[name].notna()]
        if found.empty:
            _say_none(figure, row, language)
        else:
            _add_points(figure, found, name, row, language)
            _add_lines(figure, found, getattr(satisfied, name), row, language)
    if len(known):
        values, texts = time_ticks(known["started_local"].min(), known["started_local"].max(), language)
        figure.update_xaxes(tickvals=values, ticktext=texts)
    return figure.update_xaxes(
        title_text=say("person.timeline.axis", language), showticklabels=True, row=2, col=1
    )


def _add_points(figure: go.Figure, found: pd.DataFrame, name: str, row: int, language: Language) -> None:
    hover = []
    for talk in found.to_dict("records"):
        value = count(talk[name], language) if name == "csat" else signed(talk[name], language)
        where = for_plotly(cut(str(talk["conversation_id"]), _LONGEST, language))
        lines = [f"<b>{value}</b>", moment(talk["started_local"], language), where]
        lines += [counted(talk["scored"], "messages", language)] if name == "sentiment" else []
        hover.append("<br>".join(lines))
    figure.add_scatter(
        x=found["started_local"],
        y=found[name],
        mode="markers",
        marker={"color": SENDERS["user"], "size": 9, "opacity": 0.7},
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        row=row,
        col=1,
    )


def _add_lines(
    figure: go.Figure, found: pd.DataFrame, trend: TrendFacts, row: int, language: Language
) -> None:
    """The mean, dashed; and the line of least squares through it where the trend has a slope."""
    first, last = found["started_local"].min(), found["started_local"].max()
    if first == last:
        return
    mean = {"color": QUIET, "width": 1.5, "dash": "dash"}
    _line(
        figure,
        [(first, trend.mean), (last, trend.mean)],
        mean,
        say("person.satisfaction.mean", language),
        row,
    )
    if absent(trend.slope):
        return
    middle = first + (found["started_local"] - first).mean()
    ends = [
        (at, trend.mean + trend.slope * (at - middle).total_seconds() / 86_400 / _DAYS)
        for at in (first, last)
    ]
    _line(
        figure,
        ends,
        {"color": NEUTRAL, "width": 2.5},
        for_plotly(trend_words(trend, language), width=44),
        row,
    )


def _line(
    figure: go.Figure, ends: list[tuple[pd.Timestamp, float]], line: dict[str, object], hover: str, row: int
) -> None:
    figure.add_scatter(
        x=[at for at, _ in ends],
        y=[value for _, value in ends],
        mode="lines",
        line=line,
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        row=row,
        col=1,
    )


def _add_title(figure: go.Figure, text: str, row: int) -> None:
    figure.add_annotation(
        text=text,
        xref="paper",
        yref=f"y{row if row > 1 else ''} domain",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        yshift=3,
        showarrow=False,
        font={"size": 13},
    )


def _say_none(figure: go.Figure, row: int, language: Language) -> None:
    figure.add_annotation(
        text=say("no_data", language),
        xref="paper",
        yref=f"y{row if row > 1 else ''} domain",
        x=0.5,
        y=0.5,
        showarrow=False,
        font={"size": 13, "color": QUIET},
    )
