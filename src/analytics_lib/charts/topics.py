"""Pictures of what people ask: each topic against its own weeks before, and which topics end differently."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from analytics_lib.charts.compared import points
from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, NEUTRAL, PALE, QUIET, Picture, Record, chart
from analytics_lib.charts.texts import for_matplotlib, for_plotly
from analytics_lib.charts.topics_words import MOVED, topic_name
from analytics_lib.charts.words import Language, count, say, share, short_day

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

_MOST_PANELS, _COLUMNS = 8, 2
_PANEL_INCHES, _FRAME_INCHES, _WIDTH_INCHES = 1.75, 1.2, 6.0
_TITLE_WIDTH = 29
_MOST_ENDINGS, _ROW_HEIGHT, _FRAME_HEIGHT = 12, 60, 230
_NAME_WIDTH = 22
_ENDINGS = {"escalated": "#C9B400", "abandoned": "#D55E00", "low_csat": "#CC79A7"}
_SYMBOLS = {"escalated": "circle", "abandoned": "square", "low_csat": "diamond"}
_MOVED = {"new": "#D55E00", "rising": "#D55E00", "falling": "#0072B2"}
_SIGNS = {"new": "▲", "rising": "▲", "falling": "▼"}


def topic_trends(weeks: pd.DataFrame, growth: pd.DataFrame, *, language: Language = "es") -> Picture | Html:
    """One small panel for each topic: its weeks, the last against the range of those before.

    Args:
        weeks: One row per topic and week: ``topic week share low high recent``.
        growth: One row per topic: ``topic count_now share_now verdict``; drawn are those that moved, then
            those most asked, twelve at most.
        language: es or en.
    """
    if growth.empty or weeks.empty:
        return Html(f"<p>{html.escape(say('topics.trends.none', language))}</p>")
    order = growth.assign(moved=growth["verdict"].isin(MOVED)).sort_values(
        ["moved", "count_now"], ascending=[False, False], kind="stable"
    )
    shown = order.head(_MOST_PANELS).to_dict("records")
    rows = -(-len(shown) // _COLUMNS)
    height = _FRAME_INCHES + _PANEL_INCHES * rows
    drawn = Picture(
        figsize=(_WIDTH_INCHES, height), layout=ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - 0.75 / height))
    )
    _write_head(drawn, height, language)
    panels = drawn.subplots(rows, _COLUMNS, sharex=True, squeeze=False).ravel()
    for axes, row in zip(panels, shown, strict=False):
        _panel(axes, weeks[weeks["topic"] == row["topic"]], row, language)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    drawn.supxlabel(say("topics.axis.week", language), fontsize=10.5, color=INK)
    drawn.supylabel(say("topics.axis.users", language), fontsize=10.5, color=INK)
    return drawn


def topic_endings(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure | Html:
    """How topics end against conversations without them, what is real first, with 95 % intervals.

    Args:
        frame: One row per topic and ending in order: ``topic ending first_conversations first_total
            first_share`` and likewise ``second_…``, ``difference low high real few``.
        language: es or en.
    """
    known = frame[~frame["few"].astype(bool)] if len(frame) else frame
    if known.empty:
        return Html(f"<p>{html.escape(say('topics.endings.none', language))}</p>")
    shown = known.head(_MOST_ENDINGS).to_dict("records")
    n = count(int((known["first_total"] + known["second_total"]).max()), language)
    subtitle = say("topics.endings.subtitle", language, n=n)
    height = _FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2)
    figure = chart(say("topics.endings", language), subtitle, height=height, language=language)
    for ending, colour in _ENDINGS.items():
        dots = [
            _ending_dot(place, row, language) for place, row in enumerate(shown) if row["ending"] == ending
        ]
        if dots:
            add_dots(figure, dots, colour=colour, name=say(f"ending.{ending}", language))
    names = [
        f"{'<br>'.join(for_plotly(line) for line in _two_lines(topic_name(row['topic'], language)))}<br>"
        f'<span style="font-size:11px">{say("ending." + str(row["ending"]), language)}</span>'
        for row in shown
    ]
    figure.update_yaxes(
        title_text=say("topics.endings.axis.topic", language),
        tickvals=list(range(len(names))),
        ticktext=names,
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
    )
    low, high = min(100 * row["low"] for row in shown), max(100 * row["high"] for row in shown)
    room = max(high - low, 1.0)
    figure.update_xaxes(
        title_text=say("topics.endings.axis", language),
        zeroline=True,
        zerolinecolor=INK,
        range=[min(low, 0) - 0.06 * room, max(high, 0) + 0.45 * room],
        nticks=5,
    )
    figure.update_layout(margin_b=70)
    return figure


def _write_head(drawn: Picture, height: float, language: Language) -> None:
    title, subtitle = say("topics.trends", language), say("topics.trends.subtitle", language)
    drawn.text(0.01, 1 - 0.1 / height, title, va="top", fontsize=13, fontweight="bold", color=INK)
    lines = "\n".join(textwrap.wrap(subtitle, 72))
    drawn.text(0.01, 1 - 0.36 / height, lines, va="top", fontsize=10, color=QUIET)


def _two_lines(name: str, width: int = _NAME_WIDTH) -> list[str]:
    lines = textwrap.wrap(name, width)
    return lines if len(lines) < 3 else [lines[0], f"{lines[1][: width - 1]}…"]


def _panel(axes: Axes, weeks: pd.DataFrame, row: Record, language: Language) -> None:
    share_of, recent = weeks["share"].to_numpy(dtype=float), weeks["recent"].to_numpy(dtype=bool)
    days = weeks["week"].to_numpy()
    before = share_of[~recent & ~np.isnan(share_of)]
    if len(before):
        axes.axhspan(before.min(), before.max(), color=PALE, alpha=0.55, linewidth=0)
    axes.plot(days, share_of, color=NEUTRAL, linewidth=1.4)
    axes.vlines(days, weeks["low"], weeks["high"], color=NEUTRAL, linewidth=1)
    colour = _MOVED.get(row["verdict"], INK)
    axes.plot(days[recent], share_of[recent], "o", color=colour, markersize=6)
    name = "\n".join(_two_lines(for_matplotlib(topic_name(row["topic"], language)), _TITLE_WIDTH))
    verdict = f"{_SIGNS.get(row['verdict'], '')} {say('verdict.' + row['verdict'], language)}".strip()
    now = share(row["share_now"], language), count(row["count_now"], language)
    said = say("topics.panel.now", language, share=now[0], n=now[1], verdict=verdict)
    axes.set_title(f"{name}\n{said}", fontsize=10.5, loc="left", color=colour)
    axes.set_ylim(0, max(float(np.nanmax(weeks["high"])) * 1.08, 0.001))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    ticks = weeks["week"].iloc[:: max(1, -(-len(days) // 3))]
    axes.set_xticks(ticks.to_numpy(), [short_day(tick, language) for tick in ticks])
    axes.tick_params(colors=INK, labelsize=10, length=0, labelbottom=True)
    axes.tick_params(axis="x", pad=7)
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    for side in axes.spines.values():
        side.set_color(LINE)


def _ending_dot(place: int, row: Record, language: Language) -> Dot:
    real = bool(row["real"])
    difference, low, high = (points(row[name], language) for name in ("difference", "low", "high"))
    hover = say(
        "topics.endings.hover",
        language,
        topic=for_plotly(topic_name(row["topic"], language), width=44),
        ending=say(f"ending.{row['ending']}", language),
        first=share(row["first_share"], language),
        second=share(row["second_share"], language),
        first_count=count(row["first_conversations"], language),
        first_n=count(row["first_total"], language),
        second_count=count(row["second_conversations"], language),
        second_n=count(row["second_total"], language),
        difference=difference,
        low=low,
        high=high,
    )
    symbol = _SYMBOLS[str(row["ending"])] + ("" if real else "-open")
    ends = (100 * row["difference"], 100 * row["low"], 100 * row["high"])
    return Dot(place, *ends, difference, hover, symbol, quiet=not real)
