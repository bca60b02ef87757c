"""Pictures of how satisfied the silent are: four ways to say it, by outcome, tested, and what moves it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import seaborn as sns
from matplotlib.ticker import PercentFormatter

from analytics_lib.charts.feature_words import feature_name, feature_value
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, NEUTRAL, OUTCOMES, PALE, QUIET, Picture, Record, picture
from analytics_lib.charts.words import Language, absent, count, counted, day, label, number, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from matplotlib.axes import Axes

_WORST, _BEST = 1, 5
_SHOWN = 7


def whole(frame: pd.DataFrame, *, days: str, language: Language = "es") -> Picture | Html:
    """The satisfied share as answered, corrected, and between its bounds.

    Args:
        frame: One row per measure and estimate (``raw corrected worst best``): ``measure estimate value low
            high n``; the measure ``csat`` is drawn.
        days: The window, in words.
        language: es or en.
    """
    chosen = frame[frame["measure"] == "csat"].to_dict("records")
    rows: dict[str, Record] = {str(row["estimate"]): row for row in chosen}
    if absent(rows["raw"]["value"]):
        return Html(f"<p>{html.escape(say('satisfaction.none', language))}</p>")
    n, closed = count(rows["raw"]["n"], language), count(rows["worst"]["n"], language)
    drawn = picture(
        say("satisfaction.whole.title", language),
        say("satisfaction.whole.subtitle", language, days=days, n=n, closed=closed),
        height=2.9,
    )
    axes = drawn.axes[0]
    low, high = rows["worst"]["value"], rows["best"]["value"]
    axes.barh(0, high - low, left=low, height=0.28, color=PALE)
    for value, align, gap in ((low, "right", -0.012), (high, "left", 0.012)):
        axes.text(value + gap, 0, share(value, language), va="center", ha=align, fontsize=9.5, color=INK)
    for place, (name, mark) in enumerate((("corrected", "D"), ("raw", "o")), start=1):
        _dot(axes, rows[name], place, mark, language)
    names = ("bounds", "corrected", "raw")
    axes.set_yticks(range(3), [say(f"satisfaction.estimate.{name}", language) for name in names])
    axes.set(xlabel=say("satisfaction.axis.satisfied", language), ylim=(-0.5, 2.6), xlim=(-0.09, 1.09))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _rule(axes, "x")
    return drawn


def expected(frame: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """The expected answers of the silent, by how their conversations ended.

    Args:
        frame: One row per silent conversation: ``expected`` (1 to 5) and ``outcome``.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('satisfaction.none', language))}</p>")
    named = frame.assign(outcome=frame["outcome"].fillna("unknown"))
    order = [name for name in OUTCOMES if (named["outcome"] == name).any()]
    n = counted(len(frame), "satisfaction.conversations", language)
    drawn = picture(
        say("satisfaction.expected.title", language),
        say("satisfaction.expected.subtitle", language, n=n),
        height=1.6 + 0.55 * len(order),
    )
    axes = drawn.axes[0]
    colours = [OUTCOMES[name] for name in order]
    sns.boxplot(
        named, x="expected", y="outcome", hue="outcome", order=order, hue_order=order, ax=axes,
        palette=colours, width=0.55, fliersize=0, legend=False, linecolor=INK, linewidth=1.1,
    )  # fmt: skip
    sizes = named["outcome"].value_counts()
    labels = [f"{label('outcome', name, language)}\nn={count(sizes[name], language)}" for name in order]
    axes.set_yticks(range(len(order)), labels, fontsize=10)
    axes.set(xlabel=say("satisfaction.axis.expected", language), ylabel="", xlim=(_WORST, _BEST))
    _rule(axes, "x")
    return drawn


def measured(frame: pd.DataFrame, *, cutoff: dt.date | None, language: Language = "es") -> Picture | Html:
    """Expected answers beside later ones that were given.

    Args:
        frame: One row per bin of equal count, lowest first: ``expected given low high n``.
        cutoff: The answers are of conversations that ended from here on; null without a test.
        language: es or en.
    """
    if frame.empty or cutoff is None:
        return Html(f"<p>{html.escape(say('satisfaction.none', language))}</p>")
    n = counted(frame["n"].sum(), "satisfaction.answers", language)
    drawn = picture(
        say("satisfaction.test.title", language),
        say("satisfaction.test.subtitle", language, cutoff=day(cutoff, language), n=n),
        height=4.6,
    )
    axes = drawn.axes[0]
    axes.plot([_WORST, _BEST], [_WORST, _BEST], color=QUIET, linestyle=":", linewidth=1.2,
              label=say("satisfaction.test.perfect", language))  # fmt: skip
    reach = [(frame["given"] - frame["low"]).fillna(0), (frame["high"] - frame["given"]).fillna(0)]
    axes.errorbar(frame["expected"], frame["given"], yerr=reach, fmt="o-", color=NEUTRAL, capsize=3,
                  label=say("satisfaction.test.model", language))  # fmt: skip
    axes.set(
        xlabel=say("satisfaction.axis.expected", language),
        ylabel=say("satisfaction.axis.given", language),
        xlim=(_WORST, _BEST),
        ylim=(_WORST, _BEST),
    )
    _rule(axes, "y")
    axes.legend(frameon=False, fontsize=10, loc="upper left")
    return drawn


def moved(frame: pd.DataFrame, *, n: int, language: Language = "es") -> Picture | Html:
    """What raises and what lowers the answer of a mean conversation.

    Args:
        frame: One row per feature and level, widest feature first: ``feature level points``.
        n: Answers the model learned from.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('satisfaction.none', language))}</p>")
    features = list(dict.fromkeys(frame["feature"]))[:_SHOWN]
    rows = frame[frame["feature"].isin(features)].iloc[::-1]
    drawn = picture(
        say("satisfaction.drivers.title", language),
        say("satisfaction.drivers.subtitle", language, n=counted(n, "satisfaction.answers", language)),
        height=1.5 + 0.27 * len(rows),
    )
    axes, points = drawn.axes[0], rows["points"].to_numpy()
    axes.barh(range(len(rows)), points, color=["#0072B2" if one >= 0 else "#D55E00" for one in points])
    axes.axvline(0, color=INK, linewidth=0.9)
    labels = [
        f"{feature_name(feature, language)}: {feature_value(feature, level, language)}"
        for feature, level in zip(rows["feature"], rows["level"], strict=True)
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=9)
    axes.set(xlabel=say("satisfaction.axis.effect", language))
    axes.margins(y=0.02)
    _rule(axes, "x")
    return drawn


def _dot(axes: Axes, row: Record, place: int, mark: str, language: Language) -> None:
    if absent(row["value"]):
        return
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    known = not absent(low)
    reach = [[value - low], [high - value]] if known else None
    axes.errorbar(value, place, xerr=reach, fmt=mark, color=NEUTRAL, capsize=4, markersize=8)
    text = share(value, language)
    axes.text(value, place + 0.2, text, ha="center", va="bottom", fontsize=10.5, color=INK)


def _rule(axes: Axes, axis: str) -> None:
    axes.grid(axis="x" if axis == "x" else "y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", *(("left",) if axis == "x" else ())):
        axes.spines[side].set_visible(False)


def written_interval(low: float, high: float, language: Language, *, digits: int = 1) -> str:
    """An interval of answers in words."""
    ends = {"low": number(low, language, digits=digits), "high": number(high, language, digits=digits)}
    return say("satisfaction.interval", language, **ends)
