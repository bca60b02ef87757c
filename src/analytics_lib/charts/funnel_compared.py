"""A funnel by group, and what is lost at each of its stages, as ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.compared import points
from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.funnel_words import money_range, stage_name
from analytics_lib.charts.measures import group_name
from analytics_lib.charts.style import FAILURE, NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, label, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import plotly.graph_objects as go

_MOST_GROUPS = 10
_NAME_WIDTH = 16


def groups(rows: pd.DataFrame, compared: pd.DataFrame, *, by: str, language: Language = "es") -> go.Figure:
    """The share of each group that gets through the whole funnel, with 95 % intervals.

    Args:
        rows: One row per group and stage: ``by``'s column ``stage position users entered conversion_rate
            conversion_low conversion_high``, groups by falling size.
        compared: One row per group and stage from the second, against all others: ``by``'s column
            ``position difference low high real``.
        by: The dimension.
        language: es or en.
    """
    last = rows[rows["position"] == rows["position"].max()] if len(rows) else rows
    shown = last.head(_MOST_GROUPS).to_dict("records")
    title = say("funnel.by", language, by=label("dimension", by, language))
    subtitle = say("funnel.by.subtitle", language)
    if len(last) > _MOST_GROUPS:
        numbers = {"shown": count(_MOST_GROUPS, language), "n": count(len(last), language)}
        subtitle += say("funnel.by.cut", language, **numbers)
    height = 190 + 46 * max(len(shown), 2)
    figure = chart(title, subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("funnel.by.axis", language), tickformat=".0%")
    if not shown:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("funnel.by.none", language))
    apart = _of_stage(compared, by, last["position"].iloc[0])
    dots = [_dot(place, row, by, apart, language) for place, row in enumerate(shown)]
    add_dots(figure, dots, colour=NEUTRAL)
    # The line of all together may run behind a number.
    figure.update_annotations(bgcolor="rgba(255,255,255,0.85)")
    overall = last["users"].sum() / max(last["entered"].sum(), 1)
    figure.add_vline(x=overall, line={"color": QUIET, "dash": "dash", "width": 1.2})
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[_with_n(row, by, language) for row in shown],
        range=[len(shown) - 0.4, -0.6],
        showgrid=False,
    )
    top = max(row["conversion_high"] for row in shown)
    return figure.update_xaxes(range=[-0.03 * top, 1.45 * top], nticks=5)


def revenue(rows: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """What is lost before each stage, from what could be won back to everything.

    Args:
        rows: One row per stage from the second: ``stage dropped passed low high currency few``.
        language: es or en.
    """
    known = [row for row in rows.to_dict("records") if not absent(row["high"])]
    height = 180 + 52 * max(len(known), 2)
    figure = chart(
        say("funnel.revenue", language),
        say("funnel.revenue.subtitle", language),
        height=height,
        language=language,
    )
    if not known:
        figure.update_xaxes(
            range=[0, 1], showticklabels=False, title_text=say("funnel.revenue.axis.none", language)
        )
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("funnel.revenue.none", language))
    currency = str(known[0]["currency"])
    places = list(range(len(known)))
    figure.add_bar(
        base=[row["low"] for row in known],
        x=[row["high"] - row["low"] for row in known],
        y=places,
        orientation="h",
        width=0.34,
        marker={"color": FAILURE, "opacity": 0.75},
        hovertext=[_revenue_hover(row, language) for row in known],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    for place, row in zip(places, known, strict=True):
        text = money_range(row["low"], row["high"], "", language).strip()
        figure.add_annotation(
            x=row["low"], y=place, text=f"<b>{text}</b>", showarrow=False, xanchor="left", yshift=17
        )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[_stage_with_n(row, language) for row in known],
        range=[len(known) - 0.4, -0.75],
        showgrid=False,
    )
    figure.update_xaxes(title_text=say("funnel.revenue.axis", language, currency=currency), nticks=4)
    return figure.update_xaxes(range=[0, 1.15 * max(row["high"] for row in known) or 1])


def _of_stage(compared: pd.DataFrame, by: str, position: int) -> dict[object, Record]:
    """The rows of one stage, by group."""
    if compared.empty:
        return {}
    rows = compared[compared["position"] == position].to_dict("records")
    return {row[by]: row for row in rows}


def _dot(place: int, row: Record, by: str, apart: Mapping[object, Record], language: Language) -> Dot:
    other = apart.get(row[by])
    real = other is not None and bool(other["real"])
    value, low, high = (row[f"conversion_{part}"] for part in ("rate", "low", "high"))
    text = f"{'≠ ' if real else ''}{share(value, language)}"
    hover = say(
        "funnel.by.hover",
        language,
        group=for_plotly(group_name(by, row[by], language), width=40),
        value=share(value, language),
        low=share(low, language),
        high=share(high, language),
        users=count(row["users"], language),
        n=count(row["entered"], language),
    )
    if other is not None and not absent(other["difference"]):
        verdict = say(f"funnel.by.{'real' if real else 'same'}", language)
        ends = {part: points(other[part], language) for part in ("difference", "low", "high")}
        hover += "<br>" + say("funnel.by.apart", language, verdict=verdict, **ends)
    return Dot(place, value, low, high, text, hover, "diamond" if real else "circle")


def _with_n(row: Record, by: str, language: Language) -> str:
    name = for_plotly(group_name(by, row[by], language), width=_NAME_WIDTH)
    few = f" {say('few', language)}" if row["entered"] < 30 else ""
    n = say("funnel.n", language, n=count(row["entered"], language))
    return f'{name}<br><span style="font-size:11px">{n}{few}</span>'


def _stage_with_n(row: Record, language: Language) -> str:
    name = for_plotly(stage_name(row["stage"], language), width=_NAME_WIDTH)
    few = f" {say('few', language)}" if row["few"] else ""
    n = say("funnel.revenue.n", language, n=count(row["dropped"], language))
    return f'{name}<br><span style="font-size:11px">{n}{few}</span>'


def _revenue_hover(row: Record, language: Language) -> str:
    return say(
        "funnel.revenue.hover",
        language,
        stage=for_plotly(stage_name(row["stage"], language), width=40),
        dropped=count(row["dropped"], language),
        passed=count(row["passed"], language),
        buyers=count(row["buyers"], language),
        mean=count(
            row["mean_revenue"] if absent(row["mean_revenue"]) else round(row["mean_revenue"]), language
        ),
        comparable=share(row["comparable_rate"], language),
        range=money_range(row["low"], row["high"], str(row["currency"]), language),
    )
