"""Pictures of a funnel: who is left at each stage, how long it takes, and how it changes with time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.charts.funnel_words import allowed, stage_name, written
from analytics_lib.charts.style import (
    INK,
    LINE,
    NEUTRAL,
    OUTCOMES,
    PALE,
    QUIET,
    Record,
    chart,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, days, duration, say, share, short_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

_NAME_WIDTH = 15
_BAND = "rgba(68,84,106,0.22)"
_TICKS = (1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000, 31_536_000)
_MOST_TICKS = 6
_LEAST_AT_RISK = 30


def funnel(
    rows: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    within: dt.timedelta | None = None,
    language: Language = "es",
) -> go.Figure:
    """Users of each stage as bars, those who stopped before it as the pale part beside them.

    Args:
        rows: One row per stage in order: ``stage position users entered users_before drop_offs
            conversion_rate step_conversion_rate drop_off_rate`` with limits and times.
        since: First day of the window.
        until: The day after its last.
        within: How long a journey may take.
        language: es or en.
    """
    records = rows.to_dict("records")
    entered = int(rows["entered"].max()) if len(rows) else 0
    subtitle = say("funnel.subtitle", language, days=days(since, until, language), n=count(entered, language))
    subtitle += allowed(within, language)
    height = 200 + 64 * max(len(records), 2)
    figure = chart(say("funnel.title", language), subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("funnel.axis.users", language))
    if not entered:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("funnel.none" if len(rows) else "funnel.unrecorded", language))
    figure.update_layout(barmode="stack", bargap=0.35, legend_traceorder="normal")
    _bars(figure, records, language)
    figure.update_yaxes(
        tickvals=list(range(len(records))),
        ticktext=[for_plotly(stage_name(row["stage"], language), width=_NAME_WIDTH) for row in records],
        range=[len(records) - 0.4, -0.6],
        showgrid=False,
    )
    # Room beside the longest bar for its text.
    return figure.update_xaxes(range=[0, 1.95 * entered], nticks=4, tickformat=",d")


def _bars(figure: go.Figure, records: Sequence[Record], language: Language) -> None:
    """Two bars a stage, and beside them what they come to."""
    hovers = [_hover(row, language) for row in records]
    for column, colour, shape in (("users", NEUTRAL, ""), ("drop_offs", PALE, "/")):
        figure.add_bar(
            x=[row[column] for row in records],
            y=list(range(len(records))),
            orientation="h",
            marker={
                "color": colour,
                "pattern": {"shape": shape, "fillmode": "overlay", "fgcolor": "white", "size": 6},
            },
            hovertext=hovers,
            hovertemplate="%{hovertext}<extra></extra>",
            name=say(f"funnel.{column}", language),
        )
    for place, row in enumerate(records):
        figure.add_annotation(
            x=row["users_before"],
            y=place,
            text=_beside(row, language),
            showarrow=False,
            xanchor="left",
            xshift=6,
            align="left",
        )


def time_curve(
    curve: pd.DataFrame, percentiles: pd.DataFrame, *, users: int, converted: int, language: Language = "es"
) -> go.Figure:
    """The share who got through by each time, with its band, and the median of those who did.

    Args:
        curve: One row per time: ``seconds converted_rate low high at_risk``; drawn as far as 30 users were
            watched for so long.
        percentiles: One row per ``share`` with ``converters_seconds``.
        users: Who entered.
        converted: Of these, who got through.
        language: es or en.
    """
    numbers = {"n": count(users, language), "converted": count(converted, language)}
    subtitle = say("funnel.curve.subtitle", language, **numbers)
    figure = chart(say("funnel.curve", language), subtitle, height=420, language=language)
    figure.update_xaxes(title_text=say("funnel.curve.axis.x", language), type="log")
    figure.update_yaxes(title_text=say("funnel.curve.axis.y", language), tickformat=".0%")
    shown = curve[(curve["seconds"] > 0) & (curve["at_risk"] >= min(_LEAST_AT_RISK, users))]
    if not converted or shown.empty:
        figure.update_xaxes(showticklabels=False).update_yaxes(showticklabels=False, range=[0, 1])
        return say_nothing_to_show(figure, say("funnel.curve.none", language))
    top = float(shown["high"].max())
    _add_band(figure, shown["seconds"], shown, say("funnel.curve.band", language), shape="hv")
    figure.add_scatter(
        x=shown["seconds"],
        y=shown["converted_rate"],
        mode="lines",
        line={"shape": "hv", "color": NEUTRAL, "width": 2.5},
        name=say("funnel.curve.name", language),
        hovertext=[_curve_hover(row, language) for row in shown.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    _add_median(figure, percentiles, top, language)
    figure.update_yaxes(range=[0, min(1.2 * top, 1.02)], nticks=6)
    return _set_times(figure, shown["seconds"], language)


def trend(
    rows: pd.DataFrame, *, period: str, within: dt.timedelta | None = None, language: Language = "es"
) -> go.Figure:
    """Conversion of those who entered in each period, with its interval; incomplete periods hollow.

    Args:
        rows: One row per period, in order: ``period complete users entered conversion_rate conversion_low
            conversion_high`` of the last stage.
        period: day, week or month.
        within: How long a journey may take.
        language: es or en.
    """
    key = "funnel.trend.subtitle" if within else "funnel.trend.subtitle.open"
    subtitle = say(key, language, n=count(int(rows["entered"].sum()), language))
    title = say("funnel.trend", language, period=say(f"funnel.period.{period}", language))
    figure = chart(title, subtitle, height=380, language=language)
    figure.update_xaxes(title_text=say("funnel.trend.axis.x", language))
    figure.update_yaxes(title_text=say("funnel.trend.axis.y", language), tickformat=".0%", rangemode="tozero")
    if rows.empty:
        figure.update_xaxes(showticklabels=False).update_yaxes(showticklabels=False, range=[0, 1])
        return say_nothing_to_show(figure, say("funnel.trend.none", language))
    limits = rows.rename(columns={"conversion_low": "low", "conversion_high": "high"})
    _add_band(figure, rows["period"], limits, say("funnel.curve.band", language), shape="linear")
    symbols = ["circle" if complete else "circle-open" for complete in rows["complete"]]
    figure.add_scatter(
        x=rows["period"],
        y=rows["conversion_rate"],
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 2},
        marker={"symbol": symbols, "size": 8},
        name=say("funnel.trend.name", language),
        hovertext=[_trend_hover(row, language) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    step = max(len(rows) // 4, 1)
    ticks = rows["period"].iloc[::step]
    figure.update_xaxes(tickvals=ticks, ticktext=[short_day(day, language) for day in ticks])
    return figure.update_yaxes(range=[0, 1.1 * float(rows["conversion_high"].max())], nticks=6)


def _beside(row: Record, language: Language) -> str:
    said = written(row, language)
    key = "funnel.beside.first" if row["position"] == 1 else "funnel.beside"
    lines = say(key, language, **said).split("|")
    few = f" {say('few', language)}" if row["few"] else ""
    small = "".join(
        f'<br><span style="font-size:11px;color:{QUIET}">{line}</span>' for line in lines[1:] if line
    )
    return f"<b>{lines[0]}</b>{few}{small}"


def _hover(row: Record, language: Language) -> str:
    name = for_plotly(stage_name(row["stage"], language), width=40)
    key = "funnel.hover.first" if row["position"] == 1 else "funnel.hover"
    return say(key, language, stage=name, **written(row, language))


def _add_band(figure: go.Figure, x: pd.Series, limits: pd.DataFrame, name: str, *, shape: str) -> None:
    steps = {"x": x, "line": {"shape": shape, "width": 0, "color": NEUTRAL}, "mode": "lines"}
    figure.add_scatter(y=limits["high"], showlegend=False, hoverinfo="skip", **steps)
    figure.add_scatter(y=limits["low"], fill="tonexty", fillcolor=_BAND, name=name, hoverinfo="skip", **steps)


def _add_median(figure: go.Figure, percentiles: pd.DataFrame, top: float, language: Language) -> None:
    median = float(percentiles.loc[percentiles["share"] == 0.5, "converters_seconds"].iloc[0])
    if absent(median) or median <= 0:
        return
    figure.add_scatter(
        x=[median, median],
        y=[0, 1.1 * top],
        mode="lines",
        line={"color": OUTCOMES["abandoned"], "dash": "dash", "width": 1.6},
        name=say("funnel.curve.median", language, median=duration(median, language)),
        hoverinfo="skip",
    )


def _set_times(figure: go.Figure, seconds: pd.Series, language: Language) -> go.Figure:
    low, high = float(seconds.min()), float(seconds.max())
    ticks = [tick for tick in _TICKS if low / 1.5 <= tick <= high * 1.5]
    ticks = ticks[:: -(-len(ticks) // _MOST_TICKS) or 1] or [max(round(high), 1)]
    return figure.update_xaxes(
        tickvals=ticks,
        ticktext=[duration(tick, language) for tick in ticks],
        range=[float(np.log10(low / 1.3)), float(np.log10(high * 1.3))],
        gridcolor=LINE,
        tickfont={"color": INK},
    )


def _curve_hover(row: Record, language: Language) -> str:
    numbers = {
        "value": share(row["converted_rate"], language),
        "low": share(row["low"], language),
        "high": share(row["high"], language),
    }
    at = {"time": duration(row["seconds"], language), "n": count(row["at_risk"], language)}
    return say("funnel.curve.hover", language, **numbers, **at)


def _trend_hover(row: Record, language: Language) -> str:
    numbers = {
        "value": share(row["conversion_rate"], language),
        "low": share(row["conversion_low"], language),
        "high": share(row["conversion_high"], language),
        "users": count(row["users"], language),
        "n": count(row["entered"], language),
    }
    rest = "" if row["complete"] else f" {say('funnel.trend.incomplete', language)}"
    return say("funnel.trend.hover", language, day=short_day(row["period"], language), **numbers) + rest
