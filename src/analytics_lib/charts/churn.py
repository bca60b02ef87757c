"""Pictures of a churn model: how well it tells who leaves, whether its probabilities hold, and why."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, PercentFormatter

from analytics_lib.charts.cohorts_steps import add_steps
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import (
    INK,
    LINE,
    NEUTRAL,
    PALE,
    QUIET,
    Picture,
    Record,
    chart,
    picture,
    say_nothing_to_show,
)
from analytics_lib.charts.words import Language, count, counted, number, say, share, short_day

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

# Told apart by their marks too.
MODELS = {"churn": ("#0072B2", "o"), "recency_rule": ("#E69F00", "s")}
_GAPS = {True: ("#D55E00", "dash"), False: ("#0072B2", "solid")}
_APART = 0.09
# Points between a dot and what is written beside it.
_BESIDE = 10
_LOWEST = 0.45


def by_cutoff(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """How well those who left were told from those who stayed, at each cutoff, with 95 % intervals.

    Args:
        frame: One row per cutoff and model, oldest first: ``cutoff model value low high n base_rate``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    drawn = picture(say("churn.cutoffs.title", language), say("churn.cutoffs.subtitle", language), height=3.9)
    axes, cutoffs = drawn.axes[0], list(frame["cutoff"].drop_duplicates())
    for side, name in zip((-1, 1), MODELS, strict=True):
        own = frame[frame["model"] == name]
        place = np.array([cutoffs.index(cutoff) for cutoff in own["cutoff"]]) + side * _APART
        _dots(axes, own, place, side=side, name=name, language=language)
    axes.axhline(0.5, color=QUIET, linewidth=1, linestyle=":")
    axes.set_xticks(range(len(cutoffs)), [_cutoff(frame, cutoff, language) for cutoff in cutoffs])
    axes.set_xlim(-0.6, len(cutoffs) - 0.4)
    axes.set_ylim(np.nanmin([_LOWEST, frame["low"].min() - 0.02, frame["value"].min() - 0.02]), 1.0)
    axes.set(xlabel=say("churn.axis.cutoff", language), ylabel=say("churn.axis.auc", language))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, digits=1)))
    axes.legend(frameon=False, fontsize=10, loc="upper left", ncols=2)
    return _ruled(drawn, axes)


def _dots(
    axes: Axes, own: pd.DataFrame, place: np.ndarray, *, side: int, name: str, language: Language
) -> None:
    """The values of one model with their whiskers, each written on its side."""
    colour, mark = MODELS[name]
    whiskers = np.nan_to_num(np.array([own["value"] - own["low"], own["high"] - own["value"]]))
    style: dict[str, Any] = {"fmt": mark, "color": colour, "capsize": 3, "markersize": 7}
    axes.errorbar(place, own["value"], yerr=whiskers, label=say(f"churn.model.{name}", language), **style)
    for x, value in zip(place, own["value"], strict=True):
        axes.annotate(
            number(value, language, digits=2),
            (x, value),
            xytext=(side * _BESIDE, 0),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center",
            fontsize=10,
            color=INK,
        )


def _cutoff(frame: pd.DataFrame, cutoff: Any, language: Language) -> str:  # noqa: ANN401  # a moment
    row = frame[frame["cutoff"] == cutoff].iloc[0]
    return say(
        "churn.cutoffs.tick",
        language,
        day=short_day(cutoff, language),
        n=count(row["n"], language),
        rate=share(row["base_rate"], language),
    )


def calibration(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """Who left, by what had been said of them: ten groups of equal size on the diagonal if it is right.

    Args:
        frame: One row per group: ``predicted observed low high n``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    n = counted(frame["n"].sum(), "churn.people", language)
    drawn = picture(
        say("churn.calibration.title", language),
        say("churn.calibration.subtitle", language, n=n, bins=len(frame)),
        height=4.6,
    )
    axes = drawn.axes[0]
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":", label=say("churn.right", language))
    whiskers = np.array([frame["observed"] - frame["low"], frame["high"] - frame["observed"]])
    style: dict[str, Any] = {"fmt": "o", "color": MODELS["churn"][0], "capsize": 3, "markersize": 6}
    axes.errorbar(
        frame["predicted"],
        frame["observed"],
        yerr=np.nan_to_num(whiskers),
        label=say("churn.observed", language),
        **style,
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set(xlabel=say("churn.axis.predicted", language), ylabel=say("churn.axis.observed", language))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(frameon=False, fontsize=10, loc="upper left")
    return _ruled(drawn, axes)


def drivers(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """How much each reason moves predictions, the most moving on top.

    Args:
        frame: One row per reason, the most moving first: ``driver importance n``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    rows = frame[frame["importance"] > 0][::-1]
    n = counted(frame["n"].iloc[0], "churn.people", language)
    drawn = picture(
        say("churn.drivers.title", language),
        say("churn.drivers.subtitle", language, n=n),
        height=1.7 + 0.34 * max(len(rows), 2),
    )
    axes = drawn.axes[0]
    place = np.arange(len(rows))
    colours = [NEUTRAL if position == len(rows) - 1 else PALE for position in place]
    axes.barh(place, rows["importance"], color=colours, height=0.72)
    for position, value in zip(place, rows["importance"], strict=True):
        text = f" {number(value, language, digits=2)}"
        axes.text(value, float(position), text, va="center", fontsize=10, color=INK)
    axes.set_yticks(place, [say(f"churn.driver.{name}", language) for name in rows["driver"]])
    axes.set_xlabel(say("churn.axis.importance", language))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, digits=1)))
    axes.margins(x=0.14)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return drawn


def gaps(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """The share that has not come back by each day, after the first day and after later ones.

    Args:
        frame: One row per group and day: ``first_gap days survival low high at_risk``.
        language: es or en.
    """
    figure = chart(
        say("churn.gaps.title", language),
        say("churn.gaps.subtitle", language),
        height=420,
        language=language,
    )
    figure.update_xaxes(title_text=say("churn.axis.days", language), nticks=7, rangemode="tozero")
    figure.update_yaxes(title_text=say("churn.axis.away", language), tickformat=".0%", range=[0, 1.02])
    if frame.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("churn.none", language))
    for first, own in frame[frame["at_risk"] > 0].groupby("first_gap"):
        n = count(own["at_risk"].iloc[0], language)
        key = "first" if first else "later"
        add_steps(
            figure,
            own["days"],
            own,
            "survival",
            name=say(f"churn.gaps.{key}", language, n=n),
            line=_GAPS[bool(first)],
            hovers=[_gap(row, key, language) for row in own.to_dict("records")],
        )
    return figure.update_layout(margin_b=110)


def _gap(row: Record, key: str, language: Language) -> str:
    shares = {name: share(row[name], language) for name in ("survival", "low", "high")}
    told = {"days": count(row["days"], language), "n": count(row["at_risk"], language)}
    return say(f"churn.gaps.hover.{key}", language, **shares, **told)


def _nothing(language: Language) -> Html:
    return Html(f"<p>{html.escape(say('churn.none', language))}</p>")


def _ruled(drawn: Picture, axes: Axes) -> Picture:
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return drawn
