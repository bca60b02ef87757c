"""How many conversations start, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.patches import Rectangle

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
from analytics_lib.charts.words import Language, count, counted, day, number, say, short_day

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

    from analytics_lib.periods import Period


def volume(frame: pd.DataFrame, *, period: Period = "day", language: Language = "es") -> go.Figure:
    """Conversations by period as bars; a period that is cut off or running is pale.

    Args:
        frame: One row per period: ``period conversations users messages complete``.
        period: The length of each.
        language: es or en.
    """
    n = counted(frame["conversations"].sum(), "conversations", language)
    title = say(f"volume.{period}", language)
    figure = chart(title, f"n = {n}", height=400, language=language)
    figure.update_xaxes(title_text=say(f"period.{period}", language), showgrid=False)
    figure.update_yaxes(title_text=say("axis.conversations", language), rangemode="tozero", tickformat=",d")
    if frame.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1], dtick=1)
        return say_nothing_to_show(figure, say("no_data", language))
    # A lone bar would be as wide as a millisecond: each is told its period's length.
    widths = _milliseconds(frame["period"], period)
    for complete, colour in ((True, NEUTRAL), (False, PALE)):
        rows = frame[frame["complete"] == complete]
        figure.add_bar(
            x=rows["period"],
            y=rows["conversations"],
            customdata=_hover(rows, language),
            name=say("complete" if complete else "incomplete", language),
            width=widths[frame["complete"] == complete],
            marker_color=colour,
            hovertemplate="%{customdata}<extra></extra>",
        )
    ticks = _ticks(frame["period"])
    figure.update_xaxes(tickvals=ticks, ticktext=[short_day(tick, language) for tick in ticks])
    return figure.update_layout(barmode="overlay", showlegend=not frame["complete"].all())


def volume_by_hour(frame: pd.DataFrame, *, language: Language = "es") -> Picture:
    """Conversations by weekday and hour as a week's calendar; the busiest hour is framed.

    Args:
        frame: One row per hour of the week: ``weekday`` (1 to 7) ``hour conversations days
            conversations_per_day``. An hour without a row stays blank.
        language: es or en.
    """
    n = counted(frame["conversations"].sum(), "conversations", language)
    subtitle = say("volume_by_hour.subtitle", language, n=n, peak=_peak(frame, language))
    drawn = picture(say("volume_by_hour", language), subtitle, height=6.2)
    axes = drawn.axes[0]
    week = frame.pivot_table(index="hour", columns="weekday", values="conversations_per_day")
    week = week.reindex(index=range(24), columns=range(1, 8)).astype(float)
    if frame["conversations"].sum() > 0:
        bar = {"label": say("axis.conversations_per_hour", language), "shrink": 0.7, "pad": 0.03}
        sns.heatmap(week, ax=axes, cmap="YlGnBu", vmin=0, linewidths=1, cbar_kws=bar)
        _frame_busiest(axes, week)
    else:
        axes.set(xlim=(0, 7), ylim=(24, 0))
        axes.text(3.5, 12, say("no_data", language), ha="center", color=QUIET, fontsize=12)
    axes.set_xticks([x + 0.5 for x in range(7)], [say(f"weekday.{x}", language) for x in range(1, 8)])
    axes.set_yticks([hour + 0.5 for hour in range(0, 24, 2)], [f"{hour}:00" for hour in range(0, 24, 2)])
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel=say("axis.weekday", language), ylabel=say("axis.hour", language))
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)
    return drawn


def _hover(rows: pd.DataFrame, language: Language) -> list[str]:
    return [
        "<br>".join(
            [
                f"<b>{day(row['period'], language)}</b>",
                counted(row["conversations"], "conversations", language),
                counted(row["users"], "users", language),
                counted(row["messages"], "messages", language),
                *([] if row["complete"] else [say("incomplete", language)]),
            ]
        )
        for row in rows.to_dict("records")
    ]


def _milliseconds(periods: pd.Series, period: Period) -> pd.Series:
    """How wide each bar is: the most of its period."""
    steps = {"hour": 1 / 24, "day": 1, "week": 7}
    lengths = periods.dt.days_in_month if period == "month" else periods.map(lambda _: steps[period])
    return 0.86 * 86_400_000 * lengths


def _ticks(periods: pd.Series) -> list[pd.Timestamp]:
    """At most six periods, evenly spaced."""
    return list(periods.iloc[:: max(1, -(-len(periods) // 6))])


def _peak(frame: pd.DataFrame, language: Language) -> str:
    if frame["conversations"].sum() == 0:
        return say("no_data", language)
    busiest = frame.iloc[frame["conversations_per_day"].argmax()]
    return say(
        "volume_by_hour.peak",
        language,
        weekday=say(f"weekday.{busiest['weekday']:.0f}", language),
        hour=f"{busiest['hour']:.0f}:00",
        value=number(busiest["conversations_per_day"], language),
        days=count(busiest["days"], language),
    )


def _frame_busiest(axes: Axes, week: pd.DataFrame) -> None:
    hour, weekday = divmod(int(np.nanargmax(week.to_numpy())), len(week.columns))
    for colour, width in (("white", 5), (INK, 2)):
        axes.add_patch(Rectangle((weekday, hour), 1, 1, fill=False, edgecolor=colour, linewidth=width))
