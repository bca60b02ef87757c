"""Pictures of how well the bot understands, by intent: how often it is unsure, and where more is lost."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import (
    LINE,
    PALE,
    QUIET,
    SMALL_SHARE_N,
    Record,
    chart,
)
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, count, label, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

_MOST_ROWS = 15
_MOST_CONFUSED = 9
_LONGEST_NAME, _NAME_WIDTH, _NARROW = 40, 20, 15
_ROW_HEIGHT, _FRAME_HEIGHT = 42, 190
_NO_INTENT = ("fallback", "unknown:fallback", "default fallback intent", "nlu_fallback", "none")
_UNSURE, _LOST = "#D55E00", "#A3271F"


def intent_name(intent: object, language: Language) -> str:
    """What readers call an intent: the bot's own name for it, unless the catalogue has another."""
    return cut(label("intent", intent, language), _LONGEST_NAME, language)


def paragraph(key: str, language: Language) -> Html:
    """A sentence where a picture would have nothing to show."""
    return Html(f"<p>{html.escape(say(key, language))}</p>")


def volumes(frame: pd.DataFrame, overall: pd.Series, *, language: Language = "es") -> go.Figure | Html:
    """How often each intent was detected, and how often the bot was unsure of it, with 95 % intervals.

    Args:
        frame: One row per intent, the most frequent first: ``intent detections share low_confidence_rate
            low_confidence_low low_confidence_high low_confidence_n``.
        overall: The same of all together.
        language: es or en.
    """
    if frame.empty:
        return paragraph("intents.none", language)
    shown = frame.head(_MOST_ROWS)
    subtitle = say("intents.volumes.subtitle", language, n=count(overall["detections"], language))
    subtitle += _rest(frame, language)
    height = _FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2)
    head = chart(say("intents.volumes", language), subtitle, height=height, language=language)
    figure = make_subplots(cols=2, shared_yaxes=True, column_widths=[0.42, 0.58], horizontal_spacing=0.06)
    figure.update_layout(head.layout)
    rows = shown.to_dict("records")
    _add_bars(figure, rows, language)
    scored = [place for place, row in enumerate(rows) if row["low_confidence_n"] > 0 and _claims(row)]
    dots = [_dot(place, rows[place], "low_confidence", language) for place in scored]
    add_dots(figure, dots, colour=_UNSURE, at={"row": 1, "col": 2})
    _set_rows(figure, [intent_name(row["intent"], language) for row in rows])
    if scored:
        top = max(dot.high for dot in dots)
        figure.update_xaxes(range=[-0.03 * top, top * 1.9], tickformat=".0%", nticks=4, row=1, col=2)
    else:
        figure.update_xaxes(showticklabels=False, row=1, col=2)
    titles = ("intents.axis.detections", "intents.axis.low_confidence" if scored else "intents.axis.unscored")
    for column, key in enumerate(titles, 1):
        _title_axis(figure, say(key, language), column)
    return figure


def failing(frame: pd.DataFrame, overall: pd.Series, *, language: Language = "es") -> go.Figure | Html:
    """Where more conversations are lost than otherwise, the costliest first, with 95 % intervals.

    Args:
        frame: One row per intent in order: ``intent lost_count lost_n lost_rate lost_low lost_high real``.
        overall: Of all conversations: ``lost_rate lost_n``.
        language: es or en.
    """
    if frame.empty:
        return paragraph("intents.failing.none" if overall["lost_n"] else "intents.failing.unknown", language)
    shown = frame.head(_MOST_ROWS)
    subtitle = say("intents.failing.subtitle", language, n=count(overall["lost_n"], language))
    subtitle += _rest(frame, language)
    height = _FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2)
    figure = chart(say("intents.failing", language), subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("intents.axis.lost", language), tickformat=".0%")
    rows = shown.to_dict("records")
    add_dots(figure, [_dot(place, row, "lost", language) for place, row in enumerate(rows)], colour=_LOST)
    figure.add_vline(x=overall["lost_rate"], line={"color": QUIET, "dash": "dash", "width": 1.2})
    names = [_with_n(row, language) for row in rows]
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=names, range=[len(rows) - 0.4, -0.6], showgrid=False
    )
    return figure.update_xaxes(range=[0, float(shown["lost_high"].max()) * 1.4], nticks=6)


def _add_bars(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    figure.add_bar(
        x=[row["detections"] for row in rows],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": PALE},
        text=[count(row["detections"], language) for row in rows],
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        hovertext=[_volume_hover(row, language) for row in rows],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        row=1,
        col=1,
    )
    # Room behind the longest bar for its number.
    room = [0, 1.45 * max(row["detections"] for row in rows)]
    figure.update_xaxes(showgrid=False, showticklabels=False, range=room, row=1, col=1)


def _dot(place: int, row: Record, rate: str, language: Language) -> Dot:
    """One rate of an intent; hollow and quiet where it is not told apart from the rest."""
    told = rate != "lost" or bool(row["real"])
    value, low, high = (row[f"{rate}_{part}"] for part in ("rate", "low", "high"))
    symbol = "circle" if told else "circle-open"
    text, hover = share(value, language), _hover(row, rate, language)
    return Dot(place, value, low, high, text, hover, symbol, quiet=not told)


def _claims(row: Record) -> bool:
    """Whether the bot says that it recognised something: of no intent it is unsure by what it is."""
    return str(row["intent"]).lower() not in _NO_INTENT


def _set_rows(figure: go.Figure, names: list[str]) -> None:
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[for_plotly(name, width=_NARROW) for name in names],
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
    )


def _title_axis(figure: go.Figure, text: str, column: int) -> None:
    lines = "<br>".join(textwrap.wrap(text, 20))
    title = {"text": lines, "font": {"size": 12.5, "color": QUIET}, "standoff": 8}
    figure.update_xaxes(title=title, automargin=True, gridcolor=LINE, zeroline=False, row=1, col=column)


def _with_n(row: Record, language: Language) -> str:
    name = for_plotly(intent_name(row["intent"], language), width=_NAME_WIDTH)
    of = say(
        "intents.of", language, count=count(row["lost_count"], language), n=count(row["lost_n"], language)
    )
    return f'{name}<br><span style="font-size:11px">{of}</span>'


def _rest(frame: pd.DataFrame, language: Language) -> str:
    if len(frame) <= _MOST_ROWS:
        return ""
    return say("compare.cut", language, shown=count(_MOST_ROWS, language), n=count(len(frame), language))


def _volume_hover(row: Record, language: Language) -> str:
    name = for_plotly(intent_name(row["intent"], language), width=_LONGEST_NAME)
    counts = {"n": count(row["detections"], language), "share": share(row["share"], language)}
    return say("intents.hover.volume", language, name=name, **counts)


def _hover(row: Record, rate: str, language: Language) -> str:
    name = for_plotly(intent_name(row["intent"], language), width=_LONGEST_NAME)
    ends = {part: share(row[f"{rate}_{part}"], language) for part in ("rate", "low", "high")}
    counts = {part: count(row[f"{rate}_{part}"], language) for part in ("count", "n")}
    few = f" {say('few', language)}" if row[f"{rate}_n"] < SMALL_SHARE_N else ""
    return say(f"intents.hover.{rate}", language, name=name, few=few, **ends, **counts)
