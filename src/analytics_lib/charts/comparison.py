"""Two groups side by side: shares and waits as dots with their intervals, words as bars to either side.

The first group is a dark circle, the second a light diamond. What is no real difference is drawn pale and its
number in grey; rows are told apart by their place, never by colour alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.charts.compared import (
    LONGEST_NAME,
    Kind,
    change,
    points,
    row_name,
    share_hover,
    wait_hover,
    word_hover,
)
from analytics_lib.charts.style import INK, PALE, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, count, day, duration, label, say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

_MOST_ROWS = 15
_MOST_WORDS = 10
_SIDES = (("first", "#332288", "circle", -0.17), ("second", "#2A9D8F", "diamond", 0.17))
_FADED = 0.35
_NAME_WIDTH, _LONGEST_GROUP = 20, 30
_ROW_HEIGHT, _WORD_HEIGHT, _FRAME_HEIGHT = 50, 25, 190
_LEAST_SECONDS = 0.1
_TICK_SECONDS = (
    *(0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 15, 20, 30, 45),
    *(60 * n for n in (1, 2, 5, 10, 30, 60, 240, 1_440, 10_080)),
)
_MOST_TICKS = 5


def group_names(
    compare: str, first: str, second: str, split_at: dt.date | None = None, *, language: Language = "es"
) -> tuple[str, str]:
    """What readers call the two groups; of periods, the day that splits them is part of their names.

    Args:
        compare: outcome, channel or period.
        first: The first group; not used for periods, of which the one after comes first.
        second: The second.
        split_at: For periods, the first day of the one after.
        language: es or en.
    """
    if compare == "period" and split_at is not None:
        shown = day(split_at, language)
        return say("compare.after", language, day=shown), say("compare.before", language, day=shown)
    names = [cut(label(compare, name, language), _LONGEST_GROUP, language) for name in (first, second)]
    return names[0], names[1]


def shares(
    frame: pd.DataFrame, names: tuple[str, str], *, kind: Kind, language: Language = "es"
) -> go.Figure:
    """The share of each row in the two groups, with 95 % intervals; behind them the difference in points.

    Args:
        frame: One row per intent, stage or key moment, in the order to draw: ``name first_share first_low
            first_high first_conversations first_total``, likewise ``second_…``, ``difference low high real``.
        names: What readers call the two groups.
        kind: intents, stages or moments.
        language: es or en.
    """
    shown = frame.head(_MOST_ROWS)
    figure = chart(
        say(f"compare.{kind}", language),
        _subtitle(frame, names, kind, language),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2),
        language=language,
    )
    figure.update_xaxes(title_text=say("compare.axis.share", language), tickformat=".0%", rangemode="tozero")
    if frame.empty:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say(f"compare.{kind}.none", language))
    rows = shown.to_dict("records")
    _set_rows(figure, [row_name(kind, row["name"], language) for row in rows])
    hovers = [share_hover(row, kind, names, language) for row in rows]
    _add_dots(figure, rows, names, hovers, ("share", "low", "high"))
    for place, row in enumerate(rows):
        end = max(row[f"{side}_high"] for side, *_ in _SIDES if not absent(row[f"{side}_high"]))
        text = "" if absent(row["difference"]) else points(row["difference"], language)
        _add_difference(figure, place, end, text, real=bool(row["real"]))
    top = float(shown[["first_high", "second_high"]].max().max())
    # Room for the numbers behind the whiskers, though no share lies beyond 1.
    ticks = [tick / 100 for tick in range(0, 101, 5 if top < 0.3 else 20)]
    return figure.update_xaxes(range=[0, top * 1.3], tickvals=ticks)


def response_times(frame: pd.DataFrame, names: tuple[str, str], *, language: Language = "es") -> go.Figure:
    """The median wait in the two groups by who replied, with 95 % intervals, on a logarithmic axis.

    Args:
        frame: One row per ``replier``: ``first_median_seconds first_low_seconds first_high_seconds
            first_replies``, likewise ``second_…``, ``difference_seconds low_seconds high_seconds real``.
        names: What readers call the two groups.
        language: es or en.
    """
    figure = chart(
        say("compare.waits", language),
        say("compare.waits.subtitle", language, n=_replies(frame, language) or count(0, language)),
        height=_FRAME_HEIGHT + (_ROW_HEIGHT + 20) * max(len(frame), 2),
        language=language,
    )
    figure.update_xaxes(title_text=say("axis.wait", language))
    if frame.empty:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("compare.waits.none", language))
    rows = [_on_scale(row) for row in frame.to_dict("records")]
    _set_rows(figure, [label("replier", row["replier"], language) for row in rows])
    hovers = [wait_hover(row, names, language) for row in frame.to_dict("records")]
    _add_dots(figure, rows, names, hovers, ("median_seconds", "low_seconds", "high_seconds"))
    for place, row in enumerate(rows):
        text = "" if absent(row["difference_seconds"]) else change(row["difference_seconds"], language)
        _add_difference(figure, place, math.log10(_end(row)), text, real=bool(row["real"]))
    return _set_time_axis(figure, rows, language)


def words(frame: pd.DataFrame, names: tuple[str, str], *, language: Language = "es") -> go.Figure:
    """The words that mark each group most: bars to the right for the first, to the left for the second.

    Args:
        frame: One row per word, by falling ``z``: ``word first_users first_total second_users second_total
            z real``.
        names: What readers call the two groups.
        language: es or en.
    """
    first, second = frame[frame["z"] > 0].head(_MOST_WORDS), frame[frame["z"] < 0].tail(_MOST_WORDS)
    drawn = len(first) + len(second)
    figure = chart(
        say("compare.words", language),
        say("compare.words.subtitle", language, n=count(len(frame), language)),
        height=_FRAME_HEIGHT + _WORD_HEIGHT * max(drawn, 4),
        language=language,
    )
    figure.update_xaxes(title_text=say("compare.axis.z", language), zeroline=True, zerolinecolor=QUIET)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    if not drawn:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("compare.words.none", language))
    for part, name, (_, colour, *_) in zip((first, second), names, _SIDES, strict=True):
        figure.add_bar(
            x=part["z"],
            y=[for_plotly(cut(word, LONGEST_NAME, language)) for word in part["word"]],
            orientation="h",
            marker={"color": colour, "opacity": [1.0 if real else _FADED for real in part["real"]]},
            hovertext=[word_hover(row, names, language) for row in part.to_dict("records")],
            hovertemplate="%{hovertext}<extra></extra>",
            name=for_plotly(name),
            showlegend=True,
        )
    return figure.update_layout(barmode="overlay", bargap=0.25)


def _subtitle(frame: pd.DataFrame, names: tuple[str, str], kind: Kind, language: Language) -> str:
    sizes = {f"n_{side}": count(_most(frame[f"{side}_total"]), language) for side, *_ in _SIDES}
    called = dict(zip(("first", "second"), map(for_plotly, names), strict=True))
    key = "compare.subtitle.sample" if kind == "moments" else "compare.subtitle"
    rest = say("compare.cut", language, shown=count(_MOST_ROWS, language), n=count(len(frame), language))
    return say(key, language, **sizes, **called) + (rest if len(frame) > _MOST_ROWS else "")


def _most(totals: pd.Series) -> int:
    return int(totals.max()) if len(totals) else 0


def _set_rows(figure: go.Figure, names: list[str]) -> None:
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[for_plotly(name, width=_NAME_WIDTH) for name in names],
        range=[max(len(names), 1) - 0.4, -0.6],
        showgrid=False,
    )
    for place in range(1, len(names)):
        figure.add_hline(y=place - 0.5, line={"color": PALE, "width": 0.5}, layer="below")


def _add_dots(
    figure: go.Figure,
    rows: Sequence[Record],
    names: tuple[str, str],
    hovers: list[str],
    columns: tuple[str, str, str],
) -> None:
    any_real = any(row["real"] for row in rows)
    for (side, colour, symbol, shift), name in zip(_SIDES, names, strict=True):
        middle, low, high = ([row[f"{side}_{column}"] for row in rows] for column in columns)
        for real in (True, False):
            kept = [place for place, row in enumerate(rows) if bool(row["real"]) is real]
            figure.add_scatter(
                x=[middle[place] for place in kept],
                y=[place + shift for place in kept],
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 11},
                opacity=1.0 if real else _FADED,
                cliponaxis=False,
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [_reach(high[place], middle[place]) for place in kept],
                    "arrayminus": [_reach(middle[place], low[place]) for place in kept],
                    "color": colour,
                    "thickness": 1.8,
                    "width": 4,
                },
                hovertext=[hovers[place] for place in kept],
                hovertemplate="%{hovertext}<extra></extra>",
                name=for_plotly(name),
                legendgroup=side,
                # An entry of the legend needs a mark, also where no difference is real.
                showlegend=real == any_real,
            )


def _reach(high: float, low: float) -> float:
    """The length of a whisker; none where a limit is unknown."""
    return 0.0 if absent(high) or absent(low) else max(high - low, 0.0)


def _add_difference(figure: go.Figure, place: int, end: float, text: str, *, real: bool) -> None:
    figure.add_annotation(
        x=end,
        y=place,
        text=f"<b>{text}</b>" if real else text,
        showarrow=False,
        xanchor="left",
        xshift=10,
        font={"color": INK if real else QUIET},
    )


def _replies(frame: pd.DataFrame, language: Language) -> str:
    """How often each replied in the two groups: ``Bot 2.558 / 9.009, Agente 745 / 0``."""
    return ", ".join(
        f"{label('replier', row['replier'], language)} "
        + " / ".join(count(row[f"{side}_replies"], language) for side, *_ in _SIDES)
        for row in frame.to_dict("records")
    )


def _on_scale(row: Record) -> Record:
    """The row with its times at least as long as the first tick of a logarithmic axis."""
    marks = [f"{side}_{mark}_seconds" for side, *_ in _SIDES for mark in ("median", "low", "high")]
    return {**row, **{mark: max(row[mark], _LEAST_SECONDS) for mark in marks if not absent(row[mark])}}


def _end(row: Record) -> float:
    marks = [row[f"{side}_{mark}_seconds"] for side, *_ in _SIDES for mark in ("median", "high")]
    return float(max(mark for mark in marks if not absent(mark)))


def _set_time_axis(figure: go.Figure, rows: Sequence[Record], language: Language) -> go.Figure:
    marks = [f"{side}_{mark}_seconds" for side, *_ in _SIDES for mark in ("median", "low", "high")]
    seen = [row[mark] for row in rows for mark in marks if not absent(row[mark])]
    low, high = min(seen) / 1.6, max(seen) * 1.6
    span = math.log10(high / low)
    ticks: list[float] = []
    for tick in _TICK_SECONDS:
        apart = not ticks or math.log10(tick / ticks[-1]) >= span / _MOST_TICKS
        if low <= tick <= high and apart:
            ticks.append(tick)
    return figure.update_xaxes(
        type="log",
        range=[math.log10(low), math.log10(high) + 0.25 * span],
        tickvals=ticks,
        ticktext=[duration(tick, language) for tick in ticks],
    )
