"""In what mood users write: negative to the left of a line, positive to its right.

Bars from one line instead of a pie: lengths from a common line are read several times as exactly as angles
(Cleveland and McGill 1984), a pie has no room for intervals, and ten of them would not show a change from
week to week. What is neutral has neither side; its share is written beside each row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.charts.style import INK, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.words import Language, absent, count, number, say, share, short_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

_COLOURS = {"negative": "#D55E00", "positive": "#0072B2"}
_SIGNS = {"negative": -1, "positive": 1}
_MOST_PERIODS = 10
_ROW, _FRAME, _FAINT = 40, 220, 0.35


def moods(
    rows: pd.DataFrame,
    *,
    period: str,
    texts: int,
    scored: int = 0,
    language: Language = "es",
) -> go.Figure:
    """Shares of negative and positive messages, of the window and of each of its periods.

    Args:
        rows: One row per period and mood, the window as a whole first with a null ``period``: ``period mood
            numerator denominator value low high few complete``.
        period: day, week or month.
        texts: Messages of users with a text.
        scored: How many of them were scored by their words here; 0 where the source says the mood.
        language: es or en.
    """
    whole = rows[rows["period"].isna()]
    known = int(whole["denominator"].max()) if len(whole) else 0
    key = "overview.moods.subtitle.scored" if scored else "overview.moods.subtitle"
    numbers = {"n": known, "texts": scored or texts}
    subtitle = say(key, language, **{name: count(n, language) for name, n in numbers.items()})
    lines = _lines(rows) if known else []
    height = _FRAME + _ROW * max(len(lines), 3)
    figure = chart(say("overview.moods", language), subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("overview.axis.moods", language))
    if not lines:
        figure.update_xaxes(range=[-1, 1], showticklabels=False).update_yaxes(
            range=[0, 1], showticklabels=False
        )
        return say_nothing_to_show(figure, say("overview.moods.none", language))
    for mood in _SIGNS:
        _add_side(figure, [line[mood] for line in lines], mood, language)
    names = [_name(line["neutral"], period, language) for line in lines]
    figure.update_yaxes(
        tickvals=list(range(len(lines))), ticktext=names, range=[len(lines) - 0.45, -0.95], showgrid=False
    )
    _add_neutral(figure, [line["neutral"] for line in lines], language)
    figure.add_vline(x=0, line={"color": INK, "width": 1.2})
    return _set_shares(figure, lines)


def _lines(rows: pd.DataFrame) -> list[Mapping[str, Record]]:
    """Each period as its three moods: the whole window, then the last periods in their order."""
    found: dict[object, dict[str, Record]] = {}
    for row in rows.to_dict("records"):
        key = None if absent(row["period"]) else row["period"]
        found.setdefault(key, {})[str(row["mood"])] = row
    periods = [line for key, line in found.items() if key is not None and line["neutral"]["denominator"]]
    return [found[None], *periods[-_MOST_PERIODS:]]


def _add_side(figure: go.Figure, rows: Sequence[Record], mood: str, language: Language) -> None:
    sign = _SIGNS[mood]
    outer, inner = ("low", "high") if sign > 0 else ("high", "low")
    figure.add_bar(
        x=[sign * row["value"] for row in rows],
        y=list(range(len(rows))),
        orientation="h",
        width=0.62,
        marker={
            "color": _COLOURS[mood],
            "opacity": [_FAINT if row["few"] else 1.0 if absent(row["period"]) else 0.72 for row in rows],
            "pattern": {
                "shape": "" if sign > 0 else "/",
                "fgcolor": "white",
                "fillmode": "overlay",
                "size": 6,
            },
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [abs(row[inner] - row["value"]) for row in rows],
            "arrayminus": [abs(row[outer] - row["value"]) for row in rows],
            "color": INK,
            "thickness": 1.4,
            "width": 3,
        },
        name=say(f"overview.moods.{mood}", language),
        hovertext=[_hover(row, mood, language) for row in rows],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    _add_shares(figure, rows, sign, language)


def _add_shares(figure: go.Figure, rows: Sequence[Record], sign: int, language: Language) -> None:
    """Each share behind its whisker; that of the whole window in bold."""
    for place, row in enumerate(rows):
        edge = row["high"] if not absent(row["high"]) else row["value"]
        figure.add_annotation(
            x=sign * edge,
            y=place,
            text=f"<b>{_percent(row, language)}</b>" if place == 0 else _percent(row, language),
            showarrow=False,
            xanchor="left" if sign > 0 else "right",
            xshift=5 * sign,
            font={"size": 12},
        )


def _add_neutral(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    """A column of its own on the right."""
    texts = [
        f"<i>{say('overview.moods.neutral', language)}</i>",
        *(_percent(row, language) for row in rows),
    ]
    for place, text in enumerate(texts, -1):
        figure.add_annotation(
            x=1, y=place if place >= 0 else -0.75, xref="paper", text=text, showarrow=False, xanchor="right",
            font={"size": 12, "color": QUIET},
        )  # fmt: skip


def _percent(row: Record, language: Language) -> str:
    """A share in whole percent; to a decimal on hover."""
    space = "\N{NO-BREAK SPACE}" if language == "es" else ""
    return f"{number(100 * row['value'], language, digits=0)}{space}%"


def _name(row: Record, period: str, language: Language) -> str:
    if absent(row["period"]):
        head = f"<b>{say('overview.moods.whole', language)}</b>"
    else:
        head = say(f"overview.moods.{period}", language, day=short_day(row["period"], language))
        head += "" if row["complete"] else "*"
    n = say("overview.moods.row", language, n=count(row["denominator"], language))
    return f'{head}<br><span style="font-size:11px">{n}</span>'


def _hover(row: Record, mood: str, language: Language) -> str:
    ends = {part: share(row[part], language) for part in ("value", "low", "high")}
    counts = {"count": count(row["numerator"], language), "n": count(row["denominator"], language)}
    return say(
        "overview.moods.hover", language, mood=say(f"overview.moods.{mood}", language), **ends, **counts
    )


def _set_shares(figure: go.Figure, lines: Sequence[Mapping[str, Record]]) -> go.Figure:
    """Shares grow to both sides; room for the numbers behind the longest bars."""
    longest = {
        mood: max((row["high"] for line in lines if not math.isnan((row := line[mood])["high"])), default=1.0)
        for mood in _SIGNS
    }
    reach = max(longest.values())
    step = 0.1 * (int(5 * reach) + 1)
    places = [-step, 0.0, step]
    return figure.update_xaxes(
        tickvals=places,
        ticktext=[f"{abs(100 * place):.0f}%" if place else "" for place in places],
        tickangle=0,
        domain=[0, 0.79],
        range=[-2.3 * reach, 2.3 * reach],
    ).update_layout(barmode="overlay", bargap=0.3)
