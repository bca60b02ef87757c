"""The panel of recognition: how sure the bot was of each message of the user, and whether it was right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.charts.axis import place_messages
from analytics_lib.charts.hovers import message_hover
from analytics_lib.charts.lanes import dot_size
from analytics_lib.charts.mood import MANY
from analytics_lib.charts.style import FAILURE, LOW_CONFIDENCE, QUIET, SENDERS, SUCCESS
from analytics_lib.charts.words import Language, count, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from analytics_lib.charts.axis import Axis

RANGE = (0.0, 1.32)
_ROW = 3
_VERDICT_AT = 1.16
# More would lie on each other; the title counts them all.
_MOST_VERDICTS = 60
_BARS = {"sure": (SENDERS["user"], "solid", "circle"), "unsure": (FAILURE, "2px,2px", "circle-open")}


def recognition_title(messages: pd.DataFrame, language: Language) -> str:
    """The panel's title, with how many of the reviewed messages were understood rightly."""
    user = messages[messages["sender"] == "user"]
    reviewed = user[user["true_intent"].notna()]
    title = say("story.recognition", language)
    if reviewed.empty:
        return title
    right = count(int((reviewed["intent"] == reviewed["true_intent"]).sum()), language)
    return f"{title} · {say('story.reviewed', language, right=right, n=count(len(reviewed), language))}"


def add_recognition(figure: go.Figure, messages: pd.DataFrame, axis: Axis, language: Language) -> None:
    """A bar per message of the user that has a confidence, on the figure's third panel."""
    user = messages[messages["sender"] == "user"]
    confidence = user["confidence"].astype(float)
    line = {"color": QUIET, "width": 1, "dash": "dash"}
    figure.add_hline(y=LOW_CONFIDENCE, line=line, row=_ROW, col=1, exclude_empty_subplots=False)
    for kind, rows in (
        ("sure", user[confidence >= LOW_CONFIDENCE]),
        ("unsure", user[confidence < LOW_CONFIDENCE]),
    ):
        if not rows.empty:
            _add_bars(figure, rows, kind, axis, len(user), language)
    reviewed = user[user["true_intent"].notna()]
    if len(reviewed) > _MOST_VERDICTS:
        return
    right = reviewed["intent"] == reviewed["true_intent"]
    _add_verdicts(figure, reviewed[right], "✓", SUCCESS, axis)
    _add_verdicts(figure, reviewed[~right], "✗", FAILURE, axis)


def _add_bars(
    figure: go.Figure, rows: pd.DataFrame, kind: str, axis: Axis, among: int, language: Language
) -> None:
    colour, dash, symbol = _BARS[kind]
    x, y = place_messages(axis, rows), rows["confidence"].to_numpy(dtype=float)
    size = dot_size(among)
    if among <= MANY:
        _add_stems(figure, x, y, {"color": colour, "width": size // 3 + 1, "dash": dash})
    _add(
        figure,
        x=x,
        y=y,
        mode="markers",
        marker={
            "color": colour,
            "symbol": symbol,
            "size": size - 3,
            "line": {"width": 2 * (kind == "unsure")},
        },
        opacity=1 if among <= MANY else 0.4,
        hovertext=[message_hover(row, language, among=among) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
        name=kind,
        showlegend=False,
    )


def _add_stems(
    figure: go.Figure, x: NDArray[np.float64], y: NDArray[np.float64], line: dict[str, object]
) -> None:
    """Bars of one width in pixels: messages are not evenly spaced, so that others would lie on each other."""
    nothing = np.full(len(x), np.nan)
    _add(
        figure,
        x=np.column_stack([x, x, nothing]).ravel(),
        y=np.column_stack([np.zeros(len(y)), y, nothing]).ravel(),
        mode="lines",
        line=line,
        hoverinfo="skip",
        showlegend=False,
        name="stem",
    )


def _add_verdicts(figure: go.Figure, rows: pd.DataFrame, text: str, colour: str, axis: Axis) -> None:
    if rows.empty:
        return
    _add(
        figure,
        x=place_messages(axis, rows),
        y=[_VERDICT_AT] * len(rows),
        mode="text",
        text=[text] * len(rows),
        textfont={"color": colour, "size": 13},
        hoverinfo="skip",
        showlegend=False,
        name=text,
    )


def _add(figure: go.Figure, **trace: object) -> None:
    figure.add_scatter(**trace, legendgroup="recognition", row=_ROW, col=1)
