"""The week's rhythm as a calendar: a number or a rate for each hour of each weekday, with what it is of."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, QUIET, Picture, picture
from analytics_lib.charts.words import Language, count, counted, say, share

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VOLUME = "conversations"
_HEIGHT = 7.4
_DARK = 0.6
_PALE = 0.7


def week_hours(frame: pd.DataFrame, metric: str, *, language: Language = "es") -> Picture | Html:
    """One metric by weekday and hour; few ones pale, what is unusual (or the peak of the volume) framed.

    Args:
        frame: One row per metric and hour of the week: ``metric weekday`` (1 to 7) ``hour numerator
            denominator value few real``.
        metric: Which to draw: ``conversations``, or a share.
        language: es or en.
    """
    cells = frame[frame["metric"] == metric]
    if cells["value"].notna().sum() == 0:
        name = say(f"week_hours.{metric}", language)
        return Html(f"<p>{html.escape(say('week_hours.unrecorded', language, name=name))}</p>")
    drawn = picture(say(f"week_hours.{metric}", language), _subtitle(cells, metric, language), height=_HEIGHT)
    axes = drawn.axes[0]
    bar = {"label": say(f"week_hours.axis.{metric}", language), "shrink": 0.7, "pad": 0.03}
    if metric != VOLUME:
        bar["format"] = PercentFormatter(1, decimals=0)
    week = _grid(cells, "value").astype(float)
    top = _top(cells, metric)
    sns.heatmap(week, ax=axes, cmap="YlGnBu", vmin=0, vmax=top, linewidths=1, cbar_kws=bar)
    _write_sizes(axes, cells, metric, top)
    _frame(axes, cells, metric)
    _name_axes(axes, language)
    return drawn


def _subtitle(cells: pd.DataFrame, metric: str, language: Language) -> str:
    if metric == VOLUME:
        n = counted(cells["numerator"].sum(), "conversations", language)
        return say("week_hours.subtitle.volume", language, n=n)
    of, total = cells["numerator"].sum(), cells["denominator"].sum()
    return say(
        "week_hours.subtitle.rate",
        language,
        share=share(of / total if total else float("nan"), language),
        n=count(total, language),
    )


def _top(cells: pd.DataFrame, metric: str) -> float:
    """The darkest value: that of cells with enough behind them, where there are any."""
    sure = cells["value"].where(~cells["few"].astype(bool) | (metric == VOLUME))
    found = (sure if sure.notna().any() else cells["value"]).max()
    return float(found) if found > 0 else 1.0


def _grid(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    week = cells.pivot_table(index="hour", columns="weekday", values=column, aggfunc="first", dropna=False)
    return week.reindex(index=range(24), columns=range(1, 8))


def _write_sizes(axes: Axes, cells: pd.DataFrame, metric: str, top: float) -> None:
    """How many stand behind each cell; the cells of few are made pale."""
    sizes = _grid(cells, "numerator" if metric == VOLUME else "denominator").astype(float).to_numpy()
    values, few = (_grid(cells, name).to_numpy() for name in ("value", "few"))
    for hour in range(24):
        for day in range(7):
            pale = metric != VOLUME and bool(few[hour, day])
            if pale:
                axes.add_patch(Rectangle((day, hour), 1, 1, color="white", alpha=_PALE, linewidth=0))
            if np.isnan(sizes[hour, day]):
                continue
            dark = not pale and float(values[hour, day] or 0) > _DARK * top
            colour = "white" if dark else QUIET if pale else INK
            axes.text(
                day + 0.5,
                hour + 0.5,
                f"{sizes[hour, day]:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color=colour,
            )


def _frame(axes: Axes, cells: pd.DataFrame, metric: str) -> None:
    chosen = cells[cells["real"].astype(bool)]
    if metric == VOLUME:
        chosen = cells.loc[[cells["value"].idxmax()]]
    for row in chosen.to_dict("records"):
        for colour, width in (("white", 5), (INK, 2)):
            place = (row["weekday"] - 1, row["hour"])
            axes.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=colour, linewidth=width))


def _name_axes(axes: Axes, language: Language) -> None:
    axes.set_xticks([x + 0.5 for x in range(7)], [say(f"weekday.{x}", language) for x in range(1, 8)])
    axes.set_yticks([hour + 0.5 for hour in range(0, 24, 2)], [f"{hour}:00" for hour in range(0, 24, 2)])
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel=say("axis.weekday", language), ylabel=say("axis.hour", language))
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)
