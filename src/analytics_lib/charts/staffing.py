"""Pictures of staffing: people needed beside a roster, and where the roster may fail."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import PercentFormatter

from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, NEUTRAL, PALE, Picture, chart, picture, say_nothing_to_show
from analytics_lib.charts.words import Language, absent, count, days, number, say, short_day

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

    from analytics_lib.charts.style import Record

# Told apart by their line as well.
ON_DUTY, GIVEN = "#0072B2", "#D55E00"
_MOST_DAYS = 14
_MOST_TICKS = 7
_NOON = pd.Timedelta(hours=12)


def staffing_curve(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """People needed on duty by half-hour as an area, and those of a roster as lines above it.

    Args:
        frame: One row a half-hour: ``at open needed agents on_duty held given held_given contacts
            contacts_low contacts_high``; while closed nothing is drawn.
        language: es or en.
    """
    opened = frame[frame["open"].astype(bool)] if len(frame) else frame
    if opened.empty:
        figure = chart(say("staffing.curve", language), "", height=420, language=language)
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1], dtick=1)
        return say_nothing_to_show(figure, say("staffing.none", language))
    window = days(opened["at"].iloc[0].date(), opened["at"].iloc[-1].date() + pd.Timedelta(days=1), language)
    contacts = count(round(opened["contacts"].sum()), language)
    subtitle = say("staffing.curve.subtitle", language, days=window, n=contacts)
    figure = chart(say("staffing.curve", language), subtitle, height=440, language=language)
    _draw_people(figure, frame, language)
    # Named at noon, in the middle of a day's shifts.
    ticks = [tick + _NOON for tick in _day_ticks(opened["at"])]
    names = [_day_name(tick, language, "<br>") for tick in ticks]
    figure.update_xaxes(tickvals=ticks, ticktext=names, title_text="", showgrid=False)
    most = float(np.nanmax(opened[["needed", "on_duty", "given"]].to_numpy(dtype=float)))
    whole = {"rangemode": "tozero", "tickformat": "d", "tick0": 0, "dtick": max(1, most // _MOST_TICKS)}
    figure.update_yaxes(title_text=say("staffing.axis.people", language), **whole)
    return figure.update_layout(hovermode="closest", margin_b=64)


def _draw_people(figure: go.Figure, frame: pd.DataFrame, language: Language) -> None:
    """The area and the lines. While closed nobody is needed, and lines have a gap."""
    shut = ~frame["open"].astype(bool)
    gaps = frame.assign(needed=frame["needed"].mask(shut, 0), **_hidden(frame, shut))
    texts = [_hover(row, language) for row in frame.to_dict("records")]
    shared = {"x": gaps["at"], "mode": "lines", "hoverinfo": "skip", "connectgaps": False}
    needed = {"shape": "hv", "width": 1, "color": NEUTRAL}
    name = say("staffing.needed", language)
    figure.add_scatter(y=gaps["needed"], name=name, line=needed, fill="tozeroy", fillcolor=PALE, **shared)
    if gaps["given"].notna().any():
        line = {"shape": "hv", "width": 2, "color": GIVEN, "dash": "dot"}
        figure.add_scatter(y=gaps["given"], name=say("staffing.given", language), line=line, **shared)
    figure.add_scatter(
        y=gaps["on_duty"],
        name=say("staffing.on_duty", language),
        line={"shape": "hv", "width": 2, "color": ON_DUTY},
        **shared | {"hoverinfo": "text", "text": texts},
    )


def _hidden(frame: pd.DataFrame, shut: pd.Series) -> dict[str, pd.Series]:
    return {name: frame[name].astype(float).mask(shut) for name in ("on_duty", "given")}


def held_grid(frame: pd.DataFrame, *, confidence: float, language: Language = "es") -> Picture | Html:
    """How likely each half-hour holds the service level with a roster; below ``confidence`` with its number.

    Args:
        frame: One row a half-hour: ``at open held held_given``; drawn is the roster that is there, or without
            one the cheapest. The first two weeks are drawn.
        confidence: Below it a half-hour is at risk.
        language: es or en.
    """
    opened = frame[frame["open"].astype(bool)] if len(frame) else frame
    if opened.empty:
        return Html(f"<p>{html.escape(say('staffing.none', language))}</p>")
    which = "given" if opened["held_given"].notna().any() else "on_duty"
    week = _by_clock(opened, "held_given" if which == "given" else "held")
    risky, cells = int((week < confidence).to_numpy().sum()), int(week.count().sum())
    drawn = picture(
        say("staffing.held", language, roster=say(f"staffing.roster.{which}", language)),
        say("staffing.held.subtitle", language, risky=count(risky, language), n=count(cells, language)),
        height=1.6 + 0.2 * len(week),
    )
    axes = drawn.axes[0]
    bar = {
        "label": say("staffing.axis.held", language),
        "format": PercentFormatter(1, decimals=0),
        "ticks": [0, confidence / 2, confidence, 1],
        "pad": 0.02,
    }
    colours = {"cmap": ListedColormap(_SCALE), "norm": _around(confidence)}
    sns.heatmap(week, ax=axes, linewidths=0.6, cbar_kws=bar, **colours)
    _number_cells(axes, week, confidence, language)
    _name_sides(axes, week, language)
    return drawn


def _by_clock(opened: pd.DataFrame, column: str) -> pd.DataFrame:
    """Times of day down, days across."""
    day = opened["at"].dt.normalize()
    rows = pd.DataFrame({"day": day, "clock": opened["at"] - day, "held": opened[column].astype(float)})
    week = rows.pivot_table(index="clock", columns="day", values="held", aggfunc="first")
    return week.iloc[:, :_MOST_DAYS]


def _number_cells(axes: Axes, week: pd.DataFrame, confidence: float, language: Language) -> None:
    for (row, column), value in np.ndenumerate(week.to_numpy()):
        if value < confidence:
            text = number(100 * value, language, digits=0)
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7.5, color=INK)


def _name_sides(axes: Axes, week: pd.DataFrame, language: Language) -> None:
    hours = [(row, clock) for row, clock in enumerate(week.index) if not clock % pd.Timedelta(hours=1)]
    axes.set_yticks([row for row, _ in hours], [_clock(clock) for _, clock in hours], fontsize=9)
    axes.set_xticks(
        [column + 0.5 for column in range(len(week.columns))],
        [_day_name(day, language, "\n") for day in pd.DatetimeIndex(week.columns)],
        fontsize=9,
    )
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel="", ylabel=say("axis.hour", language))
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)


def _around(confidence: float) -> BoundaryNorm:
    """Colours that change side at the confidence asked for."""
    below, above = np.linspace(0, confidence, 6), np.linspace(confidence, 1, 6)
    return BoundaryNorm([*below, *above[1:]], len(_SCALE))


# From at risk, in orange, to held, in blue: both are told apart without full colour vision.
_SCALE = sns.diverging_palette(30, 250, s=75, l=62, n=10).as_hex()


def _hover(row: Record, language: Language) -> str:
    at = pd.Timestamp(row["at"])
    contacts = say(
        "staffing.hover.contacts",
        language,
        **{name: number(row[name], language) for name in ("contacts", "contacts_low", "contacts_high")},
    )
    lines = [
        f"<b>{_day_name(at, language)}, {at:%H:%M}</b>",
        say(
            "staffing.hover.needed",
            language,
            needed=count(row["needed"], language),
            agents=count(row["agents"], language),
        ),
        contacts,
    ]
    for name, held in (("on_duty", "held"), ("given", "held_given")):
        if not absent(row[name]):
            words = {
                "people": count(row[name], language),
                "held": number(100 * row[held], language, digits=0),
            }
            lines.append(say(f"staffing.hover.{name}", language, **words))
    return "<br>".join(lines)


def _day_ticks(at: pd.Series) -> list[pd.Timestamp]:
    """Midnights, at most seven, evenly spaced."""
    midnights = list(at.dt.normalize().drop_duplicates())
    return midnights[:: max(1, -(-len(midnights) // _MOST_TICKS))]


def _day_name(day: pd.Timestamp, language: Language, between: str = " ") -> str:
    return f"{say(f'weekday.{day.isoweekday()}', language)}{between}{short_day(day, language)}"


def _clock(since_midnight: pd.Timedelta) -> str:
    minutes = int(since_midnight.total_seconds() // 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
