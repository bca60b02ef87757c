"""Pictures of what buyers are worth: whether models can be trusted, who is still there, where value lies."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import seaborn as sns
from matplotlib.ticker import FuncFormatter, PercentFormatter

from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, NEUTRAL, PALE, Picture, picture
from analytics_lib.charts.words import Language, count, counted, days, number, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from matplotlib.axes import Axes

# Told apart by their marks too.
MODELS = {"bg_nbd": ("#E69F00", "s", "--"), "mbg_nbd": ("#0072B2", "D", "-")}
_DARK = 0.6


def holdout_calibration(
    frame: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es"
) -> Picture | Html:
    """Orders of the hold-out, as they came and as each model had predicted them, by orders before it.

    Args:
        frame: One row per number of repeat orders: ``frequency users orders low high``, and a column for each
            model; without rows where there was no hold-out.
        since: Where the hold-out begins.
        until: The day after its end.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('lifetime.holdout.none', language))}</p>")
    n = counted(frame["users"].sum(), "lifetime.buyers", language)
    window = days(since, until, language)
    drawn = picture(
        say("lifetime.holdout.title", language),
        say("lifetime.holdout.subtitle", language, days=window, n=n),
        height=4.9,
    )
    axes, place = drawn.axes[0], np.arange(len(frame))
    for name, (colour, mark, line) in MODELS.items():
        style: dict[str, Any] = {
            "color": colour,
            "marker": mark,
            "linestyle": line,
            "markersize": 5,
            "linewidth": 1.8,
        }
        axes.plot(place, frame[name], label=say(f"lifetime.model.{name}", language), **style)
    whiskers = np.array([frame["orders"] - frame["low"], frame["high"] - frame["orders"]])
    # A single buyer has no spread: a dot without whiskers.
    actual: dict[str, Any] = {"fmt": "o", "color": INK, "capsize": 3, "markersize": 6, "linewidth": 1.4}
    axes.errorbar(
        place, frame["orders"], yerr=np.nan_to_num(whiskers), label=say("lifetime.actual", language), **actual
    )
    labels = [_with_n(row["frequency"], row["users"], language) for row in frame.to_dict("records")]
    axes.set_xticks(place, labels, fontsize=9.5)
    axes.set(xlabel=say("lifetime.axis.frequency", language), ylabel=say("lifetime.axis.orders", language))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language)))
    _rule(axes)
    axes.legend(frameon=False, fontsize=10, loc="upper left")
    return drawn


def alive_grid(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """How likely buyers are still active, by orders and by weeks of silence; each cell with its n.

    Args:
        frame: One row per cell with a buyer: ``frequency weeks users probability_alive``.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('lifetime.none', language))}</p>")
    n = counted(frame["users"].sum(), "lifetime.buyers", language)
    drawn = picture(
        say("lifetime.alive.title", language), say("lifetime.alive.subtitle", language, n=n), height=4.9
    )
    axes = drawn.axes[0]
    table = {
        name: frame.pivot_table(index="frequency", columns="weeks", values=name, aggfunc="first")
        for name in ("probability_alive", "users")
    }
    bar = {
        "label": say("lifetime.axis.alive", language),
        "format": PercentFormatter(1, decimals=0),
        "pad": 0.02,
    }
    likely = table["probability_alive"].astype(float)
    sns.heatmap(likely, ax=axes, cmap="YlGnBu", vmin=0, vmax=1, linewidths=1, cbar_kws=bar)
    _write_cells(axes, likely, table["users"], language)
    starts = list(likely.columns)
    axes.set_xticks(
        [x + 0.5 for x in range(len(starts))], [say(f"lifetime.weeks.{x}", language) for x in starts]
    )
    axes.set_yticks([y + 0.5 for y in range(len(likely))], [_orders(x, language) for x in likely.index])
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel=say("lifetime.axis.weeks", language), ylabel=say("lifetime.axis.frequency", language))
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)
    return drawn


def concentration(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """The share of all value that each tenth of the buyers holds.

    Args:
        frame: One row per tenth, the most valuable first: ``tenth users share share_up_to``.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('lifetime.none', language))}</p>")
    n = counted(frame["users"].sum(), "lifetime.buyers", language)
    drawn = picture(
        say("lifetime.concentration.title", language),
        say("lifetime.concentration.subtitle", language, n=n),
        height=4.2,
    )
    axes = drawn.axes[0]
    colours = [NEUTRAL if place == 0 else PALE for place in range(len(frame))]
    axes.bar(frame["tenth"], frame["share"], color=colours, width=0.8)
    for row in frame.to_dict("records"):
        text = share(row["share"], language)
        axes.text(row["tenth"], row["share"], text, ha="center", va="bottom", fontsize=8.5, color=INK)
    axes.set_xticks(
        frame["tenth"], [f"{tenth}\n{count(users, language)}" for tenth, users in _of(frame)], fontsize=10
    )
    axes.set(xlabel=say("lifetime.axis.tenth", language), ylabel=say("lifetime.axis.share", language))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.margins(y=0.12)
    _rule(axes)
    return drawn


def _of(frame: pd.DataFrame) -> list[tuple[int, int]]:
    return list(zip(frame["tenth"], frame["users"], strict=True))


def _with_n(frequency: float, users: float, language: Language) -> str:
    return f"{_orders(frequency, language)}\nn={count(users, language)}"


def _orders(frequency: float, language: Language) -> str:
    return say("lifetime.above", language) if frequency > 6 else count(frequency, language)


def _write_cells(axes: Axes, likely: pd.DataFrame, users: pd.DataFrame, language: Language) -> None:
    for (row, column), value in np.ndenumerate(likely.to_numpy()):
        if np.isnan(value):
            continue
        n = float(users.to_numpy()[row, column])
        colour = "white" if value > _DARK else INK
        text = (
            f"{share(round(value, 2), language).replace(',0', '').replace('.0', '')}\nn={count(n, language)}"
        )
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9, color=colour)


def _rule(axes: Axes) -> None:
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
