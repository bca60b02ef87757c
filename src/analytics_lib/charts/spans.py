"""How long things take: each row a line from p10 to p90, a bar over its middle half, a dot at its median.

Times spread over seconds to days, so the axis is logarithmic; what took less than its first tick is drawn
there.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.charts.style import (
    INK,
    LINE,
    NEUTRAL,
    OUTCOMES,
    QUIET,
    SENDERS,
    SMALL_PERCENTILE_N,
    Picture,
    Record,
    picture,
)
from analytics_lib.charts.texts import cut, for_matplotlib
from analytics_lib.charts.words import Language, count, counted, duration, label, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_TICKS = (
    *(0.1, 0.5, 1, 2, 5, 10, 20, 30),
    *(_MINUTE * n for n in (1, 2, 5, 10, 20, 30)),
    *(_HOUR * n for n in (1, 2, 4, 12)),
    *(_DAY * n for n in (1, 3, 7, 30, 365)),
)
_MOST_TICKS = 7
_NAME_WIDTH = 24
_LONGEST_NAME = 40
_MARKS = ["p10_seconds", "p25_seconds", "median_seconds", "p75_seconds", "p90_seconds"]


@dataclass(frozen=True)
class Row:
    """One row of the picture: its name, colour and n, and its percentiles (null without data)."""

    name: str
    colour: str
    n: int
    percentiles: dict[str, float]


def durations(frame: pd.DataFrame, *, language: Language = "es") -> Picture:
    """How long closed conversations lasted, by outcome.

    Args:
        frame: One row per outcome, and ``all``: ``outcome conversations negative measured`` and the
            percentiles ``p10_seconds p25_seconds median_seconds p75_seconds p90_seconds``.
        language: es or en.
    """
    rows = [
        _row(_named(row["outcome"], language), OUTCOMES.get(row["outcome"], NEUTRAL), row, "measured")
        for row in frame.to_dict("records")
    ]
    everything = frame[frame["outcome"] == "all"]
    negative = int(everything["negative"].sum())
    subtitle = say(
        "durations.subtitle",
        language,
        n=counted(everything["measured"].sum(), "closed", language),
        negative=say("durations.negative", language, n=count(negative, language)) if negative else "",
    )
    return _spans(rows, (say("durations", language), subtitle), say("axis.duration", language), language)


def response_times(every: pd.DataFrame, first: pd.DataFrame, *, language: Language = "es") -> Picture:
    """How long users waited for the bot and for agents: every reply, and the first of a conversation.

    Args:
        every: One row per ``replier`` (bot, agent, unanswered): ``stretches`` and the percentiles.
        first: The same of the first reply of each conversation.
        language: es or en.
    """
    rows = [
        _row(say(f"{kind}.{row['replier']}", language), SENDERS[row["replier"]], row, "stretches")
        for kind, frame in (("every", every), ("first", first))
        for row in frame.to_dict("records")
        if row["replier"] in SENDERS
    ]
    stretches = every.set_index("replier")["stretches"]
    total, unanswered = int(stretches.sum()), int(stretches.get("unanswered", 0))
    subtitle = say(
        "response_times.subtitle",
        language,
        n=counted(total, "waits", language),
        unanswered=count(unanswered, language),
        share=share(unanswered / total if total else float("nan"), language),
    )
    return _spans(rows, (say("response_times", language), subtitle), say("axis.wait", language), language)


def _named(outcome: str, language: Language) -> str:
    return cut(label("outcome", outcome, language), _LONGEST_NAME, language)


def _row(name: str, colour: str, row: Record, n: str) -> Row:
    return Row(for_matplotlib(name), colour, int(row[n]), {mark: row[mark] for mark in _MARKS})


def _spans(rows: Sequence[Row], titles: tuple[str, str], axis: str, language: Language) -> Picture:
    drawn = picture(*titles, height=1.9 + 0.62 * max(len(rows), 2))
    axes = drawn.axes[0]
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set(xlabel=axis, ylim=(max(len(rows), 1) - 0.4, -0.6), xscale="log")
    axes.set_yticks(range(len(rows)), [_name(row, language) for row in rows])
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    low = _scale(axes, rows, language)
    for place, row in enumerate(rows):
        _draw(axes, place, row, low, language)
    if not rows:
        axes.text(0.5, 0.5, say("no_data", language), transform=axes.transAxes, ha="center", color=QUIET)
    return drawn


def _name(row: Row, language: Language) -> str:
    few = f" {say('few', language)}" if 0 < row.n < SMALL_PERCENTILE_N else ""
    return f"{textwrap.fill(row.name, _NAME_WIDTH)}\nn = {count(row.n, language)}{few}"


def _scale(axes: Axes, rows: Sequence[Row], language: Language) -> float:
    """Set the time axis; the first tick."""
    seen = [value for row in rows if row.n for value in row.percentiles.values()] or [1, _HOUR]
    within = [tick for tick in _TICKS if min(seen) / 2.5 <= tick <= max(seen) * 2.5] or [1]
    if min(seen) <= 0:
        within = [tick for tick in _TICKS if 1 <= tick <= max(*seen, _MINUTE) * 2.5]
    ticks = _thinned(within)
    names = [duration(tick, language) for tick in ticks]
    if min(seen) < ticks[0]:
        names[0] = f"≤ {names[0]}"
    axes.set_xticks(ticks, names)
    axes.minorticks_off()
    axes.set_xlim(ticks[0] / 1.3, max(*seen, ticks[-1]) * 1.5)
    axes.grid(axis="x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    return ticks[0]


def _thinned(ticks: Sequence[float]) -> list[float]:
    """Those of the ticks that stand well apart on a logarithmic axis."""
    apart = max((ticks[-1] / ticks[0]) ** (1 / _MOST_TICKS), 2)
    kept = [ticks[0]]
    for tick in ticks[1:]:
        if tick >= kept[-1] * apart:
            kept.append(tick)
    return kept


def _draw(axes: Axes, place: int, row: Row, low: float, language: Language) -> None:
    if not row.n:
        axes.text(
            0.02,
            place,
            say("no_data", language),
            transform=axes.get_yaxis_transform(),
            va="center",
            color=QUIET,
        )
        return
    p10, p25, median, p75, p90 = (max(row.percentiles[mark], low) for mark in _MARKS)
    axes.plot([p10, p90], [place, place], color=row.colour, linewidth=2, solid_capstyle="butt")
    axes.plot([p25, p75], [place, place], color=row.colour, linewidth=11, solid_capstyle="butt")
    axes.plot([median], [place], "o", color="white", markeredgecolor=INK, markersize=8)
    text = duration(row.percentiles["median_seconds"], language)
    axes.annotate(
        text, (median, place), (0, 9), textcoords="offset points", ha="center", fontsize=10, color=INK
    )
