"""The panel of lanes: who wrote when, how long each reply took, what the bot did, which steps were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.charts.axis import place_messages, place_seconds, stack
from analytics_lib.charts.hovers import action_hover, event_hover, message_hover
from analytics_lib.charts.style import FAILURE, LOW_CONFIDENCE, NEUTRAL, QUIET, SENDERS, SUCCESS
from analytics_lib.charts.words import Language, duration, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    import plotly.graph_objects as go

    from analytics_lib.charts.axis import Axis
    from analytics_lib.charts.reviewed import Told

_ROW = 2
_STATES = {
    "succeeded": (True, "square", SUCCESS),
    "failed": (False, "x", FAILURE),
    "unknown": (None, "square-open", QUIET),
}
# In order of messages, silences that take at least this part of the time are named.
_NAMED_SILENCE, _MOST_NAMED = 0.1, 5
_LABEL_ROOM, _LABEL_HEIGHT, _MOST_LABELS = 0.3, 0.42, 4


def lanes_of(told: Told) -> dict[str, int]:
    """The lanes that hold something, from the top down, and how high each stands."""
    senders = set(told.messages["sender"])
    lanes = [sender for sender in SENDERS if sender in senders]
    lanes += ["actions"] * (not told.actions.empty) + ["events"] * (not told.events.empty)
    return {lane: len(lanes) - 1 - place for place, lane in enumerate(lanes)}


def lines_of(told: Told, axis: Axis, limits: tuple[float, float], language: Language) -> pd.DataFrame:
    """The lines across the lanes and their names, set so that no two names lie on each other.

    Returns:
        One row per line: ``x text side level``: the escalation, the end and, where messages stand in their
        order, the silences that take much of the time. Beyond the middle, the name is on the left ``side``.
    """
    rows = []
    for name in ("escalated", "ended"):
        known = told.conversation[f"{name}_seconds"].dropna()
        rows += [(x, say(f"strip.{name}", language)) for x in place_seconds(axis, known)]
    rows += _silences(told.messages, axis, language)
    low, high = limits
    room = _LABEL_ROOM * (high - low)
    lines = pd.DataFrame(rows, columns=["x", "text"]).astype({"x": float})
    left = lines["x"] > (low + high) / 2
    starts = lines["x"].where(~left, lines["x"] - room)
    lines = lines.assign(side=left.map({True: "right", False: "left"}), start=starts)
    ordered = lines.sort_values("start", kind="stable", ignore_index=True)
    levels = stack(ordered["start"], room, most=_MOST_LABELS)
    return ordered.drop(columns="start").assign(level=levels)


def lanes_range(lanes: dict[str, int], lines: pd.DataFrame) -> tuple[float, float]:
    """The range of the panel's axis: the lanes, and room for the names of the lines above them."""
    levels = int(lines["level"].max()) + 1 if len(lines) else 0
    return -0.6, max(len(lanes), 1) - 0.5 + _LABEL_HEIGHT * levels


def add_lanes(figure: go.Figure, told: Told, lanes: dict[str, int], axis: Axis, language: Language) -> None:
    """Waits, messages, actions and events on the lanes of the figure's second panel."""
    _add_waits(figure, told.messages, lanes, axis)
    _add_messages(figure, told.messages, lanes, axis, language)
    _add_actions(figure, told.actions, lanes, axis, language)
    if not told.events.empty:
        hover = [event_hover(row, language) for row in told.events.to_dict("records")]
        marker = {"color": NEUTRAL, "symbol": "diamond", "size": 11}
        x = place_seconds(axis, told.events["seconds"])
        _add_dots(
            figure,
            x,
            lanes["events"],
            hover,
            marker=marker,
            name="events",
            showlegend=False,
            **_legend(language),
        )


def add_silences(
    figure: go.Figure, moments: pd.DataFrame, top: float, axis: Axis, language: Language
) -> None:
    """Shade what the user waited without a word."""
    silences = moments[moments["kind"] == "long_silence"]
    if silences.empty:
        return
    ends = silences["seconds"].astype(float)
    starts = place_seconds(axis, ends - silences["value"].astype(float))
    areas = zip(starts, place_seconds(axis, ends), strict=True)
    corners = [(start, start, end, end, None) for start, end in areas]
    figure.add_scatter(
        x=[x for corner in corners for x in corner],
        y=[-0.6, top, top, -0.6, None] * len(corners),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor="rgba(195,203,214,0.45)",
        hoverinfo="skip",
        name=say("story.silence", language),
        **_legend(language),
        row=_ROW,
        col=1,
    )


def add_lines(figure: go.Figure, lines: pd.DataFrame, lanes: dict[str, int]) -> None:
    """The lines across the lanes, each with its name above them."""
    style = {"color": QUIET, "width": 1.5, "dash": "dot"}
    for x, text, side, level in lines.itertuples(index=False, name=None):
        figure.add_vline(x=x, line=style, row=_ROW, col=1, exclude_empty_subplots=False)
        figure.add_annotation(
            x=x,
            y=max(len(lanes), 1) - 0.42 + _LABEL_HEIGHT * level,
            text=text,
            showarrow=False,
            xanchor=side,
            yanchor="bottom",
            font={"color": QUIET, "size": 12},
            row=_ROW,
            col=1,
        )


def dot_size(n: int) -> int:
    """Smaller where there are many."""
    return 12 if n <= 80 else 8 if n <= 400 else 5


def _silences(messages: pd.DataFrame, axis: Axis, language: Language) -> list[tuple[float, str]]:
    gaps = messages[["position"]].assign(gap=messages["seconds"].diff().fillna(0.0))
    if axis.by == "time" or not gaps["gap"].sum():
        return []
    long = gaps[gaps["gap"] >= _NAMED_SILENCE * gaps["gap"].sum()].nlargest(_MOST_NAMED, "gap")
    return [
        (row["position"] - 0.5, say("story.gap", language, duration=duration(row["gap"], language)))
        for row in long.to_dict("records")
    ]


def _add_waits(figure: go.Figure, messages: pd.DataFrame, lanes: dict[str, int], axis: Axis) -> None:
    replies = messages[messages["response_time_seconds"].notna()]
    for sender in SENDERS:
        rows = replies[replies["sender"] == sender]
        if rows.empty:
            continue
        ends = place_messages(axis, rows)
        starts = place_seconds(axis, rows["seconds"] - rows["response_time_seconds"])
        # A null between two lines keeps them apart in one trace.
        x = [value for pair in zip(starts, ends, strict=True) for value in (*pair, None)]
        figure.add_scatter(
            x=x,
            y=[lanes[sender]] * len(x),
            mode="lines",
            line={"color": SENDERS[sender], "width": 7},
            opacity=0.35,
            hoverinfo="skip",
            showlegend=False,
            name=f"wait.{sender}",
            row=_ROW,
            col=1,
        )


def _add_messages(
    figure: go.Figure, messages: pd.DataFrame, lanes: dict[str, int], axis: Axis, language: Language
) -> None:
    size, n = dot_size(len(messages)), len(messages)
    for sender in SENDERS:
        rows = messages[messages["sender"] == sender]
        unsure = rows["confidence"].astype(float) < LOW_CONFIDENCE
        for low, part in ((False, rows[~unsure]), (True, rows[unsure])):
            if part.empty:
                continue
            hover = [message_hover(row, language, among=n) for row in part.to_dict("records")]
            marker = {
                "color": SENDERS[sender],
                "symbol": "circle-open" if low else "circle",
                "size": size,
                "line": {"width": 2 if low else 0},
            }
            name = say("strip.unsure" if low else f"lane.{sender}", language)
            x = place_messages(axis, part)
            _add_dots(
                figure, x, lanes[sender], hover, marker=marker, name=name, showlegend=low, **_legend(language)
            )


def _add_actions(
    figure: go.Figure, actions: pd.DataFrame, lanes: dict[str, int], axis: Axis, language: Language
) -> None:
    for state, (succeeded, symbol, colour) in _STATES.items():
        matches = actions["succeeded"].isna() if succeeded is None else actions["succeeded"] == succeeded
        part = actions[matches.astype("boolean").fillna(value=False).astype(bool)]
        if part.empty:
            continue
        hover = [action_hover(row, state, language) for row in part.to_dict("records")]
        marker = {"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2 * ("open" in symbol)}}
        name = say(f"strip.action.{state}", language)
        x = place_seconds(axis, part["seconds"])
        _add_dots(
            figure, x, lanes["actions"], hover, marker=marker, name=name, showlegend=True, **_legend(language)
        )


def _add_dots(figure: go.Figure, x: Iterable[float], lane: int, hover: list[str], **trace: object) -> None:
    figure.add_scatter(
        x=np.asarray(list(x)),
        y=[lane] * len(hover),
        mode="markers",
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        row=_ROW,
        col=1,
        **trace,
    )


def _legend(language: Language) -> dict[str, object]:
    return {"legendgroup": "lanes", "legendgrouptitle": {"text": say("story.group.lanes", language)}}
