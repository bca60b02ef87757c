"""Where journeys are after each step: a heat map of the share of journeys at each event, a column a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import seaborn as sns

from analytics_lib.charts.journey_words import ENDED, OTHER, Unit, event_name, units
from analytics_lib.charts.style import INK, LINE, QUIET, Picture, picture
from analytics_lib.charts.texts import for_matplotlib
from analytics_lib.charts.words import Language, count, number, say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST_EVENTS, _MOST_STEPS = 14, 10
_NAME_LENGTH = 24
# Below half a percent a number would say 0 of what is not.
_LEAST_WRITTEN = 0.005
_ROW_INCHES, _FRAME_INCHES = 0.36, 2.4


def steps(frame: pd.DataFrame, *, unit: Unit = "conversation", language: Language = "es") -> Picture:
    """The share of all journeys at each event by step; below, those that have ended.

    Each column adds up to 100 %.

    Args:
        frame: One row per step and event, events in their order: ``step event journeys share
            total_journeys``; ``ended`` for journeys with fewer events.
        unit: What one journey is.
        language: es or en.
    """
    total = int(frame["total_journeys"].max()) if len(frame) else 0
    cells = step_cells(frame)
    subtitle = say("steps.subtitle", language, n=units(total, unit, language))
    height = _FRAME_INCHES + _ROW_INCHES * max(len(cells), 4)
    drawn = picture(say("steps.title", language), subtitle, height=height)
    axes = drawn.axes[0]
    if total:
        _draw(axes, cells / total, language)
        _name_columns(axes, cells, language)
    else:
        axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
        axes.text(0.5, 0.5, say("no_data", language), ha="center", color=QUIET, fontsize=12)
    axes.set(xlabel=say("steps.axis.step", language), ylabel=say("steps.axis.event", language))
    return drawn


def step_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Journeys by event and step: the events drawn, the others together, and last those that have ended."""
    seen = frame[frame["step"].le(_MOST_STEPS)]
    events = seen[seen["event"] != ENDED].groupby("event", sort=False)["journeys"].sum()
    events = events[events > 0]
    kept = set(events.nlargest(_MOST_EVENTS).index) if len(events) > _MOST_EVENTS + 1 else set(events.index)
    names = [name if name in kept or name == ENDED else OTHER for name in seen["event"]]
    named = seen.assign(event=names)
    cells = named.pivot_table(index="event", columns="step", values="journeys", aggfunc="sum", sort=False)
    cells = cells.loc[:, _reached(seen)]
    order = [name for name in events.index if name in kept]
    order += [name for name in (OTHER, ENDED) if name in cells.index and name not in order]
    return cells.reindex(order).fillna(0).astype(int)


def _reached(seen: pd.DataFrame) -> list[int]:
    """The steps that any journey gets to."""
    going = seen[seen["event"] != ENDED].groupby("step")["journeys"].sum()
    return [int(step) for step in going[going > 0].index]


def _draw(axes: Axes, shares: pd.DataFrame, language: Language) -> None:
    written = shares.map(
        lambda value: number(100 * value, language, digits=0) if value >= _LEAST_WRITTEN else ""
    )
    faint = shares.map(lambda value: "·" if 0 < value < _LEAST_WRITTEN else "")
    sns.heatmap(
        100 * shares,
        ax=axes,
        cmap="YlGnBu",
        vmin=0,
        vmax=100,
        mask=shares.eq(0),
        annot=written + faint,
        fmt="",
        linewidths=1,
        linecolor=LINE,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        annot_kws={"fontsize": 10.5},
    )
    # What somebody called an event is no formula.
    names = [for_matplotlib(_short(event_name(name, language))).replace("$", r"\$") for name in shares.index]
    axes.set_yticks([place + 0.5 for place in range(len(names))], names)
    axes.tick_params(axis="y", rotation=0, labelsize=10)
    if ENDED in shares.index and len(shares) > 1:
        axes.axhline(len(shares) - 1, color=INK, linewidth=1.5)
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)


def _name_columns(axes: Axes, cells: pd.DataFrame, language: Language) -> None:
    going = cells.sum() - (cells.loc[ENDED] if ENDED in cells.index else 0)
    places = [place + 0.5 for place in range(len(going))]
    axes.set_xticks(places, [str(step) for step in going.index])
    axes.tick_params(axis="x", rotation=0, labelsize=10.5)
    above = axes.secondary_xaxis("top")
    above.set_xticks(places, [count(float(n), language) for n in going.to_numpy()])
    above.tick_params(axis="x", rotation=90, labelsize=9.5, length=0, colors=QUIET)
    above.set_xlabel(say("steps.axis.n", language), fontsize=10, color=QUIET)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"
