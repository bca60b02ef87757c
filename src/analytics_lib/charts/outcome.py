"""Pictures of a model of outcomes: whether its probabilities hold, how early it sees, why, and one path."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from analytics_lib.charts.feature_words import feature_name
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, NEUTRAL, OUTCOMES, PALE, QUIET, Picture, picture
from analytics_lib.charts.words import Language, count, counted, label, number, say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Told apart by their marks too.
MARKS = {"purchase": "o", "resolved": "s", "escalated": "^", "abandoned": "D"}
_MODELS = (
    ("value", "#0072B2", "o", "-"),
    ("last_state", "#E69F00", "s", "--"),
    ("base_rate", QUIET, "", ":"),
)
_LONGEST = 34


def calibration(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """How often each end came, by the probability it had: on the diagonal if that is right.

    Args:
        frame: One row per outcome and tenth of the turns: ``outcome predicted observed low high n``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    n = counted(frame[frame["outcome"] == frame["outcome"].iloc[0]]["n"].sum(), "outcome.turns", language)
    drawn = picture(
        say("outcome.calibration.title", language),
        say("outcome.calibration.subtitle", language, n=n),
        height=5.0,
    )
    axes = drawn.axes[0]
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":", label=say("outcome.right", language))
    for name, mark in MARKS.items():
        own = frame[frame["outcome"] == name]
        whiskers = np.nan_to_num(
            np.array([own["observed"] - own["low"], own["high"] - own["observed"]])
        ).clip(0)
        style: dict[str, Any] = {"fmt": mark, "color": OUTCOMES[name], "capsize": 2, "markersize": 5.5}
        axes.errorbar(
            own["predicted"], own["observed"], yerr=whiskers, label=label("outcome", name, language), **style
        )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set(xlabel=say("outcome.axis.predicted", language), ylabel=say("outcome.axis.observed", language))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(frameon=False, fontsize=10, loc="upper left")
    return _ruled(drawn, axes)


def by_turn(frame: pd.DataFrame, *, outcome: str, language: Language = "es") -> Picture | Html:
    """How well an end was told from the others after so many turns, beside the furthest stage alone.

    Args:
        frame: One row per turn, rising: ``turn value low high n base_rate last_state`` (ROC AUC).
        outcome: The end.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    about = {"outcome": label("outcome", outcome, language).lower()}
    drawn = picture(
        say("outcome.turns.title", language, **about), say("outcome.turns.subtitle", language), height=4.2
    )
    axes, place = drawn.axes[0], np.arange(len(frame))
    for column, colour, mark, line in _MODELS:
        style: dict[str, Any] = {"color": colour, "marker": mark, "linestyle": line, "markersize": 6}
        axes.plot(place, frame[column], label=say(f"outcome.model.{column}", language), **style)
    whiskers = np.nan_to_num(np.array([frame["value"] - frame["low"], frame["high"] - frame["value"]])).clip(
        0
    )
    bars: dict[str, Any] = {"fmt": "none", "ecolor": _MODELS[0][1], "capsize": 3}
    axes.errorbar(place, frame["value"], yerr=whiskers, **bars)
    for x, value in zip(place, frame["value"], strict=True):
        text = number(value, language, digits=2)
        axes.annotate(text, (x, value), xytext=(0, 12), textcoords="offset points", ha="center", color=INK)
    ticks = [
        f"{count(row['turn'], language)}\nn={count(row['n'], language)}" for row in frame.to_dict("records")
    ]
    axes.set_xticks(place, ticks)
    axes.set_xlim(-0.35, len(frame) - 0.65)
    axes.set_ylim(min(0.45, float(frame[["value", "last_state"]].min().min()) - 0.03), 1.05)
    axes.set(xlabel=say("outcome.axis.turn", language), ylabel=say("outcome.axis.auc", language))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, digits=1)))
    drawn.legend(frameon=False, fontsize=10, loc="outside lower center", ncols=3)
    return _ruled(drawn, axes)


def drivers(frame: pd.DataFrame, *, outcome: str, language: Language = "es") -> Picture | Html:
    """What raises and what lowers the score of an end, over nine of ten turns each.

    Args:
        frame: One row per factor, the most moving first: ``factor importance low high n``.
        outcome: The end.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    n = counted(frame["n"].iloc[0], "outcome.turns", language)
    about = {"outcome": label("outcome", outcome, language).lower()}
    drawn = picture(
        say("outcome.drivers.title", language, **about),
        say("outcome.drivers.subtitle", language, n=n),
        height=1.7 + 0.36 * len(frame),
    )
    axes, place = drawn.axes[0], np.arange(len(frame))[::-1]
    axes.barh(place, frame["high"] - frame["low"], left=frame["low"], color=PALE, height=0.55)
    axes.plot(
        frame["importance"], place, "D", color=NEUTRAL, markersize=6, label=say("outcome.mean", language)
    )
    axes.axvline(0, color=QUIET, linewidth=1)
    axes.margins(x=0.06)
    names = [_cut(feature_name(factor, language)) for factor in frame["factor"]]
    axes.set_yticks(place, names, fontsize=10)
    axes.set(xlabel=say("outcome.axis.points", language))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, digits=1)))
    axes.legend(frameon=False, fontsize=10, loc="lower right")
    return _ruled(drawn, axes, along="x")


def path(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """One conversation, turn after turn: how likely each end was.

    Args:
        frame: One row per turn: ``turn`` and the probability of each end; without rows where there is none.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    n = counted(len(frame), "outcome.turns", language)
    drawn = picture(
        say("outcome.path.title", language), say("outcome.path.subtitle", language, n=n), height=4.0
    )
    axes = drawn.axes[0]
    for name, mark in MARKS.items():
        style: dict[str, Any] = {"color": OUTCOMES[name], "marker": mark, "markersize": 5}
        axes.plot(frame["turn"], frame[name], label=label("outcome", name, language), **style)
    axes.set_ylim(-0.02, 1.02)
    axes.set(xlabel=say("outcome.axis.turn", language), ylabel=say("outcome.axis.predicted", language))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawn.legend(frameon=False, fontsize=10, loc="outside lower center", ncols=4)
    return _ruled(drawn, axes)


def _nothing(language: Language) -> Html:
    return Html(f"<p>{html.escape(say('outcome.none', language))}</p>")


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _ruled(drawn: Picture, axes: Axes, *, along: str = "y") -> Picture:
    axes.grid(axis="x" if along == "x" else "y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return drawn
