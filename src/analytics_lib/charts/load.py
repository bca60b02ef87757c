"""Pictures of a load forecast: what came and what is expected, the usual week, and what multiplies demand."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import seaborn as sns
from matplotlib.ticker import FuncFormatter

from analytics_lib.charts.load_words import component, counts, moment
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import (
    INK,
    LINE,
    NEUTRAL,
    PALE,
    QUIET,
    Picture,
    chart,
    picture,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import for_matplotlib
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

FORECAST = "#0072B2"
_BANDS = (("95", "rgba(0,114,178,0.14)"), ("80", "rgba(0,114,178,0.26)"))
_DARK = 0.6
_MOST_FACTORS = 24


def forecast_fan(
    history: pd.DataFrame,
    frame: pd.DataFrame,
    peaks: pd.DataFrame,
    *,
    measure: str,
    language: Language = "es",
) -> go.Figure:
    """What came lately, what is expected with its intervals, and the likeliest peak of each day.

    Args:
        history: ``at value left_out``: the last days.
        frame: ``at expected low_80 high_80 low_95 high_95``.
        peaks: ``day at rank probability expected``.
        measure: What is counted.
        language: es or en.
    """
    title = say("load.fan.title", language, what=say(f"load.measure.{measure}", language))
    n = count(history["value"].notna().sum(), language)
    figure = chart(title, say("load.fan.subtitle", language, n=n), height=470, language=language)
    figure.update_xaxes(
        title_text=say("load.axis.time", language),
        tickformat="%d/%m" if language == "es" else "%b %d",
        nticks=8,
    )
    figure.update_yaxes(
        title_text=say(f"load.axis.{measure}", language), rangemode="tozero", tickformat=",~r"
    )
    if frame.empty:
        return say_nothing_to_show(figure, say("no_data", language))
    for level, colour in _BANDS:
        _band(figure, frame, level, colour, language)
    _line(figure, history["at"], history["value"], "load.came", INK, language)
    _line(figure, frame["at"], frame["expected"], "load.expected", FORECAST, language)
    _peaks(figure, peaks[peaks["rank"] == 1], language)
    return figure


def _peaks(figure: go.Figure, rows: pd.DataFrame, language: Language) -> None:
    figure.add_scatter(
        x=rows["at"],
        y=rows["expected"],
        mode="markers",
        name=say("load.peak", language),
        marker={
            "symbol": "triangle-down",
            "size": 11,
            "color": FORECAST,
            "line": {"color": "white", "width": 1},
        },
        customdata=[
            say(
                "load.peak.hover",
                language,
                moment=moment(row["at"], language),
                expected=counts(row["expected"], language),
                share=share(row["probability"], language),
            )
            for row in rows.to_dict("records")
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _band(figure: go.Figure, frame: pd.DataFrame, level: str, colour: str, language: Language) -> None:
    at = [*frame["at"], *frame["at"].iloc[::-1]]
    edge = [*frame[f"high_{level}"], *frame[f"low_{level}"].iloc[::-1]]
    figure.add_scatter(
        x=at,
        y=edge,
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        mode="lines",
        name=say("load.band", language, level=level),
        hoverinfo="skip",
    )


def _line(
    figure: go.Figure, at: pd.Series, values: pd.Series, key: str, colour: str, language: Language
) -> None:
    name = say(key, language)
    figure.add_scatter(
        x=at,
        y=values,
        mode="lines",
        name=name,
        line={"color": colour, "width": 2},
        customdata=[
            f"<b>{name}</b><br>{moment(when, language)}: {counts(value, language)}"
            for when, value in zip(at, values, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def usual_week(frame: pd.DataFrame, *, measure: str, language: Language = "es") -> Picture | Html:
    """The mean count of each hour of each weekday in the last weeks; the busiest is framed.

    Args:
        frame: One row an hour of the week: ``weekday`` (1 to 7) ``hour numerator denominator value``.
        measure: What is counted.
        language: es or en.
    """
    if frame["value"].notna().sum() == 0:
        return Html(f"<p>{html.escape(say('load.none', language))}</p>")
    weeks = count(frame["denominator"].max(), language)
    n = count(frame["numerator"].sum(), language)
    what = say(f"load.measure.{measure}", language)
    subtitle = say("load.week.subtitle", language, weeks=weeks, n=n, what=what)
    drawn = picture(say("load.week.title", language), subtitle, height=7.0)
    axes = drawn.axes[0]
    week = frame.pivot_table(index="hour", columns="weekday", values="value", dropna=False).astype(float)
    bar = {"label": say(f"load.axis.{measure}", language), "shrink": 0.7, "pad": 0.03}
    sns.heatmap(week, ax=axes, cmap="YlGnBu", vmin=0, linewidths=1, cbar_kws=bar)
    _write(axes, week, language)
    axes.set_xticks([x + 0.5 for x in range(7)], [say(f"weekday.{x}", language) for x in range(1, 8)])
    axes.set_yticks([hour + 0.5 for hour in range(0, 24, 2)], [f"{hour}:00" for hour in range(0, 24, 2)])
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel=say("axis.weekday", language), ylabel=say("axis.hour", language))
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)
    return drawn


def _write(axes: Axes, week: pd.DataFrame, language: Language) -> None:
    values, top = week.to_numpy(), float(np.nanmax(week.to_numpy()))
    for (hour, weekday), value in np.ndenumerate(values):
        if absent(float(value)):
            continue
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
        style["color"] = "white" if value > _DARK * top else INK
        busiest = value == top
        digits = 1 if top < 20 else 0
        text = number(float(value), language, digits=digits)
        axes.text(weekday + 0.5, hour + 0.5, text, fontweight="bold" if busiest else "normal", **style)


def factors(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """What multiplies demand: weekdays and months against their mean, special days against others.

    Args:
        frame: ``source component item factor``; of one source those of the regression are drawn, else
            Prophet's.
        language: es or en.
    """
    source = "regression" if (frame["source"] == "regression").any() else "prophet"
    rows = frame[(frame["source"] == source) & (frame["component"] != "hour")]
    if rows["item"].str.startswith("event:").any():
        rows = rows[rows["item"] != "event"]
    rows = rows.head(_MOST_FACTORS)
    if rows.empty:
        return Html(f"<p>{html.escape(say('load.none', language))}</p>")
    drawn = picture(
        say("load.factors.title", language),
        say("load.factors.subtitle", language),
        height=1.5 + 0.27 * len(rows),
    )
    axes, place = drawn.axes[0], np.arange(len(rows))[::-1]
    special = (rows["component"] == "special").to_numpy()
    colours = [FORECAST if one else NEUTRAL for one in special]
    axes.hlines(place, 1, rows["factor"], color=PALE, linewidth=3)
    axes.scatter(rows["factor"], place, color=colours, s=44, zorder=3)
    names = [
        for_matplotlib(component(row["component"], row["item"], language)) for row in rows.to_dict("records")
    ]
    axes.set_yticks(place, names, fontsize=9.5)
    _write_factors(axes, place, rows["factor"], language)
    axes.axvline(1, color=QUIET, linewidth=1)
    axes.margins(x=0.18)
    axes.set(xlabel=say("load.axis.factor", language))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _times(value, language)))
    axes.grid(axis="x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return drawn


def _write_factors(axes: Axes, place: NDArray[np.int64], values: pd.Series, language: Language) -> None:
    for where, factor in zip(place, values, strict=True):
        right = factor >= 1
        axes.annotate(
            say("load.times", language, factor=number(factor, language, digits=2)),
            (factor, where),
            xytext=(7 if right else -7, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=9,
            color=INK,
        )


def _times(factor: float, language: Language) -> str:
    return say("load.times", language, factor=number(factor, language))
