"""Pictures of what reviewers found: what the bot confuses, and how true its confidence is."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import seaborn as sns

from analytics_lib.charts.intents import intent_name, paragraph
from analytics_lib.charts.style import LINE, NEUTRAL, QUIET, Picture, picture
from analytics_lib.charts.texts import for_matplotlib
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from analytics_lib.charts.pages import Html

_MOST_CONFUSED = 9
_MOST_TAKEN = 11
_NAME_WIDTH = 24
_WIDE_BELOW = 0.5
_CONFUSED = "#D55E00"


def confused(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """What the most confused intents are taken for: percent of each true intent, right ones left blank.

    Args:
        frame: One row per pair: ``true_intent intent messages reviewed share``.
        language: es or en.
    """
    wrong = frame[frame["true_intent"] != frame["intent"]]
    if wrong.empty:
        return paragraph("intents.confused.none" if len(frame) else "intents.reviewed.none", language)
    shares = _shares(wrong)
    true, taken = list(shares.index), list(shares.columns)
    reviewed = frame.drop_duplicates("true_intent").set_index("true_intent")["reviewed"]
    total = count(int(frame["messages"].sum()), language)
    subtitle = say(
        "intents.confused.subtitle", language, n=total, wrong=count(int(wrong["messages"].sum()), language)
    )
    drawn = picture(say("intents.confused", language), subtitle, height=2.2 + 0.42 * max(len(true), 3))
    axes = drawn.axes[0]
    text = shares.map(lambda value: "" if absent(value) else number(100 * value, language, digits=0))
    palette = sns.light_palette(_CONFUSED, as_cmap=True)
    style = {"annot_kws": {"fontsize": 10}, "linewidths": 1, "linecolor": "white", "cbar": False}
    sns.heatmap(
        100 * shares, ax=axes, cmap=palette, vmin=0, annot=text, fmt="",
        xticklabels=False, yticklabels=False, **style,
    )  # fmt: skip
    axes.set_facecolor("#F5F6F8")
    below = [_wrapped(name, language) for name in taken]
    beside = [f"{_wrapped(name, language)} ({count(reviewed[name], language)})" for name in true]
    # Names are no formulas: `$` would start one.
    plain: dict[str, Any] = {"fontsize": 10, "parse_math": False}
    axes.set_xticks(np.arange(len(taken)) + 0.5, below, rotation=40, ha="right", **plain)
    axes.set_yticks(np.arange(len(true)) + 0.5, beside, rotation=0, **plain)
    axes.set(xlabel=say("intents.axis.taken", language), ylabel=say("intents.axis.true", language))
    return drawn


def reliability(
    bins: pd.DataFrame, *, error: float, floor: float, language: Language = "es"
) -> Picture | Html:
    """How often the bot is right, by how sure it is: on the diagonal its confidence is true.

    Args:
        bins: One row per bin: ``messages mean_confidence accuracy low high``.
        error: Expected calibration error, 0 to 1.
        floor: What it is by chance alone.
        language: es or en.
    """
    if bins.empty:
        return paragraph("intents.reliability.none", language)
    total = int(bins["messages"].sum())
    values = {"n": count(total, language), "error": share(error, language), "floor": share(floor, language)}
    drawn = picture(
        say("intents.reliability", language),
        say("intents.reliability.subtitle", language, **values),
        height=4.6,
    )
    _draw_bins(drawn.axes[0], bins, language)
    sizes = {"least": int(bins["messages"].min()), "most": int(bins["messages"].max())}
    written = {name: count(size, language) for name, size in sizes.items()}
    note = say("intents.reliability.sizes", language, **written)
    # Below the axes, where no dot can lie under it.
    drawn.legend(
        loc="outside lower center", title=note, title_fontsize=10, fontsize=10, ncols=2, frameon=False
    )
    return drawn


def _shares(wrong: pd.DataFrame) -> pd.DataFrame:
    """Shares of the most confused true intents (rows) that went to the others (columns)."""
    often = wrong.groupby("true_intent")["messages"].sum().sort_values(ascending=False, kind="stable")
    true = list(often.index[:_MOST_CONFUSED])
    kept = wrong[wrong["true_intent"].isin(true)]
    also = kept.groupby("intent")["messages"].sum().sort_values(ascending=False, kind="stable")
    # In the order of the rows, so that a pair confused both ways mirrors itself.
    taken = [
        *(name for name in true if name in also.index),
        *(name for name in also.index if name not in true),
    ]
    table = kept.pivot_table(index="true_intent", columns="intent", values="share")
    return table.reindex(index=true, columns=taken[:_MOST_TAKEN])


def _draw_bins(axes: Axes, bins: pd.DataFrame, language: Language) -> None:
    """Dots with whiskers beside the diagonal, on two equal axes in percent."""
    middle, accuracy = bins["mean_confidence"], bins["accuracy"]
    whiskers = np.vstack([accuracy - bins["low"], bins["high"] - accuracy]).clip(min=0)
    true, dot = (say(f"intents.reliability.{name}", language) for name in ("true", "bin"))
    axes.plot([0, 1], [0, 1], linestyle="--", color=QUIET, linewidth=1.2, label=true)
    axes.errorbar(middle, accuracy, yerr=whiskers, fmt="none", ecolor=NEUTRAL, elinewidth=1.6, capsize=3)
    sns.scatterplot(x=middle, y=accuracy, ax=axes, s=55, color=NEUTRAL, zorder=3, label=dot, legend=False)
    least = max(min(float(middle.min()), float(bins["low"].min())) - 0.05, 0)
    step = 20 if least < _WIDE_BELOW else 10
    percent = [tick for tick in range(0, 101, step) if tick / 100 >= least]
    names = [number(tick, language, digits=0) for tick in percent]
    axes.set_xticks([tick / 100 for tick in percent], names)
    axes.set_yticks([tick / 100 for tick in percent], names)
    axes.set(xlim=(least, 1.02), ylim=(least, 1.02))
    axes.set(xlabel=say("intents.axis.confidence", language), ylabel=say("intents.axis.accuracy", language))
    axes.grid(color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)


def _wrapped(name: str, language: Language) -> str:
    return "\n".join(textwrap.wrap(for_matplotlib(intent_name(name, language)), _NAME_WIDTH) or [""])
