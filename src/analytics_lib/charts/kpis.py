"""Pictures of the business at a glance: the ladder of resolution, rates by group, first contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analytics_lib.charts.compared import points
from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.measures import group_name, name_of
from analytics_lib.charts.style import INK, LINE, NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, count, days, label, say, share

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

_NAME_WIDTH = 24
_APART = "unclassifiable_share"
_APART_COLOUR = "#D55E00"
_MOST_GROUPS = 8
# Below it whole percents do not tell the ticks apart.
_NARROW = 0.04
_BAND = "rgba(68,84,106,0.22)"
# Fewer, and a step of the curve hangs on a handful of people.
LEAST_AT_RISK = 30


def ladder(frame: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es") -> go.Figure:
    """The rungs of resolution with their 95 % intervals, and below them what nobody knows the end of.

    Args:
        frame: One row per rung, the loosest first: ``metric days value low high numerator denominator few``;
            rungs without a value are left out.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    rows = [row for row in frame.to_dict("records") if row["denominator"] > 0]
    subtitle = say("kpis.ladder.subtitle", language, days=days(since, until, language))
    height = 190 + 56 * max(len(rows), 2)
    figure = chart(say("kpis.ladder", language), subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("axis.share", language), tickformat=".0%")
    if not rows:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("kpis.ladder.none", language))
    dots = [_dot(place, row, "", language) for place, row in enumerate(rows)]
    for apart, name, colour in ((False, "rung", NEUTRAL), (True, "apart", _APART_COLOUR)):
        kept = [dot for dot, row in zip(dots, rows, strict=True) if (row["metric"] == _APART) is apart]
        add_dots(figure, kept, colour=colour, name=say(f"kpis.ladder.{name}", language))
    names = [_with_n(name_of(row, language), row, language) for row in rows]
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=names, range=[len(rows) - 0.4, -0.6], showgrid=False
    )
    # Room behind 100 % for the numbers, and before 0 for half a mark.
    return figure.update_xaxes(range=[-0.03, 1.32], tickvals=[0, 0.5, 1])


def by_group(
    frame: pd.DataFrame, *, by: str, since: dt.date, until: dt.date, language: Language = "es"
) -> go.Figure:
    """Rates of each group with 95 % intervals, a panel a metric, against the line of all together.

    Args:
        frame: One row per metric and group, groups by falling size: ``metric group value low high numerator
            denominator few overall difference difference_low difference_high real``.
        by: The dimension the groups are of.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    metrics = list(dict.fromkeys(frame["metric"]))
    groups = list(dict.fromkeys(frame.sort_values("denominator", ascending=False, kind="stable")["group"]))
    cut = say("kpis.by.cut", language, shown=count(_MOST_GROUPS, language), n=count(len(groups), language))
    title = say("kpis.by", language, by=for_plotly(label("kpis.dimension", by, language)))
    subtitle = say("kpis.by.subtitle", language, days=days(since, until, language))
    subtitle += cut if len(groups) > _MOST_GROUPS else ""
    shown = groups[:_MOST_GROUPS]
    height = 150 + len(metrics) * (74 + 38 * len(shown)) if metrics else 320
    head = chart(title, subtitle, height=height, language=language)
    if not metrics:
        head.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(head, say("kpis.by.none", language))
    names = [f"<b>{for_plotly(name_of({'metric': metric}, language))}</b>" for metric in metrics]
    figure = make_subplots(
        rows=len(metrics), subplot_titles=names, vertical_spacing=min(0.4 / len(metrics), 0.12)
    )
    figure.update_layout(head.layout)
    for place, metric in enumerate(metrics, 1):
        rows = frame[(frame["metric"] == metric) & frame["group"].isin(shown)].to_dict("records")
        _add_panel(figure, rows, by, place=place, language=language)
    lines = {"linecolor": LINE, "showline": True, "zeroline": False, "automargin": True}
    figure.update_xaxes(gridcolor=LINE, **lines).update_yaxes(**lines)
    figure.update_annotations(font={"size": 13.5, "color": INK}, selector={"xanchor": "center"})
    axis_title = {"text": say("axis.share", language), "font": {"size": 13, "color": QUIET}, "standoff": 6}
    return figure.update_xaxes(title=axis_title, row=len(metrics), col=1)


def first_contact_curve(
    frame: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es"
) -> go.Figure:
    """First contact resolution by the days allowed for, as steps with a band.

    Args:
        frame: One row per day in order: ``days value low high first_contacts at_risk``. Drawn as far as 30
            were watched for so long.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    total = int(frame["first_contacts"].max()) if len(frame) else 0
    seen = frame[frame["value"].notna() & (frame["at_risk"] >= LEAST_AT_RISK)]
    shown = days(since, until, language)
    subtitle = say("kpis.curve.subtitle", language, days=shown, n=count(total, language))
    figure = chart(say("kpis.curve", language), subtitle, height=400, language=language)
    figure.update_xaxes(
        title_text=say("kpis.curve.axis.x", language), range=[0.5, 30.5], tickvals=[1, 7, 14, 21, 28]
    )
    figure.update_yaxes(title_text=say("kpis.curve.axis.y", language), tickformat=".0%", range=[0, 1])
    if seen.empty:
        figure.update_yaxes(showticklabels=False).update_xaxes(showticklabels=False)
        return say_nothing_to_show(figure, say("kpis.curve.none", language))
    _add_band(figure, seen, language)
    figure.add_scatter(
        x=seen["days"],
        y=seen["value"],
        mode="lines+markers",
        line={"shape": "hv", "color": NEUTRAL, "width": 2.5},
        marker={"size": 5},
        name=say("kpis.curve.name", language),
        hovertext=[_curve_hover(row, language) for row in seen.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    for row, anchor in ((seen.iloc[0], "left"), (seen.iloc[-1], "right")):
        text = f"<b>{share(row['value'], language)}</b>"
        place = {"x": row["days"], "y": row["high"], "xanchor": anchor, "yanchor": "bottom", "yshift": 6}
        figure.add_annotation(text=text, showarrow=False, **place)
    return figure


def _add_band(figure: go.Figure, seen: pd.DataFrame, language: Language) -> None:
    steps = {"x": seen["days"], "line": {"shape": "hv", "width": 0, "color": NEUTRAL}, "mode": "lines"}
    name = say("kpis.curve.band", language)
    figure.add_scatter(y=seen["high"], showlegend=False, hoverinfo="skip", **steps)
    figure.add_scatter(y=seen["low"], fill="tonexty", fillcolor=_BAND, name=name, hoverinfo="skip", **steps)


def _add_panel(figure: go.Figure, rows: Sequence[Record], by: str, *, place: int, language: Language) -> None:
    at = {"row": place, "col": 1}
    names = [_with_n(group_name(by, row["group"], language), row, language) for row in rows]
    dots = [_dot(number, row, by, language) for number, row in enumerate(rows)]
    add_dots(figure, dots, colour=NEUTRAL, at=at)
    # After the dots: plotly leaves out lines of panels that are still empty.
    figure.add_vline(x=rows[0]["overall"], line={"color": QUIET, "dash": "dash", "width": 1.2}, **at)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=names,
        range=[len(rows) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
        **at,
    )
    top = max(row["high"] for row in rows)
    digits = 0 if top > _NARROW else 1
    figure.update_xaxes(range=[-0.04 * top, top * 1.5 or 1], nticks=5, tickformat=f".{digits}%", **at)


def _dot(place: int, row: Record, by: str, language: Language) -> Dot:
    """A group, or without ``by`` a rung; what stands apart is no circle."""
    real = bool(by) and bool(row["real"])
    text = f"{'≠ ' if real else ''}{share(row['value'], language)}"
    symbol = "diamond" if real or row["metric"] == _APART else "circle"
    return Dot(place, row["value"], row["low"], row["high"], text, _hover(row, by, language), symbol)


def _with_n(name: str, row: Record, language: Language) -> str:
    few = f" {say('few', language)}" if row["few"] else ""
    n = say("kpis.card.n", language, n=count(row["denominator"], language))
    return f'{for_plotly(name, width=_NAME_WIDTH)}<br><span style="font-size:11px">{n}{few}</span>'


def _hover(row: Record, by: str, language: Language) -> str:
    name = group_name(by, row["group"], language) if by else name_of(row, language)
    numbers = {part: share(row[part], language) for part in ("value", "low", "high")}
    counts = {"count": count(row["numerator"], language), "n": count(row["denominator"], language)}
    said = say("kpis.hover", language, name=for_plotly(name, width=40), **numbers, **counts)
    if not by:
        return said
    verdict = say("kpis.by.apart" if row["real"] else "kpis.by.same", language)
    apart = {"difference": "difference", "low": "difference_low", "high": "difference_high"}
    written = {part: points(row[column], language) for part, column in apart.items()}
    return f"{said}<br>{say('kpis.hover.apart', language, **written, verdict=verdict)}"


def _curve_hover(row: Record, language: Language) -> str:
    numbers = {part: share(row[part], language) for part in ("value", "low", "high")}
    at = {"days": count(row["days"], language), "n": count(row["at_risk"], language)}
    return say("kpis.curve.hover", language, **numbers, **at)
