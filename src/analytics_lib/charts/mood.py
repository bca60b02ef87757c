"""The panel of the user's mood, message by message, with the key moments above it.

Messages whose mood is unknown stand apart on a line of their own: unknown is not neutral.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.charts.axis import place_messages, place_seconds, stack
from analytics_lib.charts.hovers import message_hover, moment_hover
from analytics_lib.charts.marks import MILESTONES, TROUBLES
from analytics_lib.charts.style import FAILURE, INK, NEUTRAL, QUIET, SENDERS
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, count, label, say

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from analytics_lib.charts.axis import Axis
    from analytics_lib.charts.reviewed import Told

MOST_LEVELS = 5
# More messages than this are drawn as a cloud, and the line goes through the mean of pieces.
MANY, _PIECES = 400, 60
_LOWEST, _UNKNOWN_AT, _FIRST_LEVEL, _LEVEL = -1.45, -1.28, 1.48, 0.36
# Of the width: a mark of 13 px on a phone.
_MARK_ROOM, _MOST_CROWDS = 0.045, 5
_LONGEST_NAME = 40


def stacked(moments: pd.DataFrame, told: Told, axis: Axis, span: float) -> pd.DataFrame:
    """The key moments with ``x`` and ``level``, so that no two marks lie on each other.

    A moment of a message stands at its message, another where it happened; what finds no room on the lower
    levels shares ``MOST_LEVELS``.

    Args:
        moments: ``kind seconds position name value related``.
        told: The conversation.
        axis: The shared axis.
        span: Width of everything drawn, in the axis' units.
    """
    x = pd.Series(place_seconds(axis, moments["seconds"]), index=moments.index)
    messages = told.messages
    placed = pd.DataFrame({"x": place_messages(axis, messages), "at": messages["seconds"].to_numpy()})
    placed.index = pd.Index(messages["position"].astype(int))
    at_message = placed.reindex(pd.to_numeric(moments["position"]).fillna(-1).astype(int))
    exact = at_message["at"].to_numpy() == moments["seconds"].astype(float).to_numpy()
    ordered = moments.assign(x=x.where(~exact, at_message["x"].to_numpy())).sort_values("x", kind="stable")
    levels = stack(ordered["x"], _MARK_ROOM * span, most=MOST_LEVELS)
    return ordered.assign(level=levels)


def mood_range(marks: pd.DataFrame) -> tuple[float, float]:
    """The range of the panel's axis: the mood, and room for the levels of marks above it."""
    levels = int(marks["level"].max()) + 1 if len(marks) else 0
    return _LOWEST, 1.15 if not levels else marks_middle(marks) + _LEVEL * levels / 2 + 0.08


def marks_middle(marks: pd.DataFrame) -> float:
    """The middle of the room for the marks."""
    return _FIRST_LEVEL + _LEVEL * float(marks["level"].max()) / 2


def add_mood(figure: go.Figure, told: Told, sentiment: pd.DataFrame, axis: Axis, language: Language) -> None:
    """Points and level of the known sentiments, hollow ticks for the unknown, on the figure's first panel."""
    user = told.messages[told.messages["sender"] == "user"]
    known = user["position"].isin(sentiment["position"])
    figure.add_hline(
        y=0, line={"color": QUIET, "width": 1, "dash": "dash"}, row=1, col=1, exclude_empty_subplots=False
    )
    _add_points(figure, user[known], sentiment, axis, language)
    unknown = user[~known]
    if not unknown.empty:
        marker = {"symbol": "circle-open", "size": 7, "color": QUIET, "line": {"width": 1.5}}
        _add(
            figure,
            x=place_messages(axis, unknown),
            y=[_UNKNOWN_AT] * len(unknown),
            marker=marker,
            hovertext=[message_hover(row, language, among=len(user)) for row in unknown.to_dict("records")],
            name=say("story.sentiment.unknown", language),
            **_group("mood", language),
        )


def add_marks(figure: go.Figure, marks: pd.DataFrame, told: Told, language: Language) -> None:
    """The key moments above the mood, problems and milestones in groups of the legend."""
    said = {row["position"]: row for row in told.messages.to_dict("records")}
    shown = marks[marks["level"] < MOST_LEVELS]
    for group, symbols, colour in (("troubles", TROUBLES, FAILURE), ("milestones", MILESTONES, NEUTRAL)):
        for kind, symbol in symbols.items():
            rows = shown[shown["kind"] == kind]
            if rows.empty:
                continue
            _add(
                figure,
                x=rows["x"],
                y=_FIRST_LEVEL + _LEVEL * rows["level"],
                marker={
                    "symbol": symbol,
                    "size": 12,
                    "color": colour,
                    "line": {"width": 2 if "open" in symbol else 0},
                },
                hovertext=[
                    moment_hover(row, said.get(row["position"]), language) for row in rows.to_dict("records")
                ],
                name=label("mark", kind, language),
                **_group(group, language),
            )
    _add_crowds(figure, marks[marks["level"] >= MOST_LEVELS], language)


def _add_points(
    figure: go.Figure, said: pd.DataFrame, sentiment: pd.DataFrame, axis: Axis, language: Language
) -> None:
    if said.empty:
        return
    found = said.drop(columns=["sentiment", "scored", "level"], errors="ignore").merge(
        sentiment[["position", "sentiment", "scored", "level"]], on="position"
    )
    x = place_messages(axis, found)
    many = len(found) > MANY
    line = _smoothed(x, found["level"]) if many else pd.DataFrame({"x": x, "y": found["level"]})
    _add(
        figure,
        x=line["x"],
        y=line["y"],
        mode="lines",
        line={"color": INK, "width": 2, "shape": "linear"},
        hoverinfo="skip",
        name=say("story.sentiment.smoothed" if many else "story.sentiment.level", language),
        **_group("mood", language),
    )
    _add(
        figure,
        x=x,
        y=found["sentiment"],
        marker={"symbol": "circle", "size": 4 if many else 8, "color": SENDERS["user"]},
        hovertext=[_mood_hover(row, len(found), language) for row in found.to_dict("records")],
        opacity=0.3 if many else 1,
        name=say("story.sentiment.known", language),
        **_group("mood", language),
    )


def _smoothed(x: NDArray[np.float64], level: pd.Series) -> pd.DataFrame:
    """The mean of each short piece of the axis: of thousands of points no line could be followed."""
    pieces = pd.cut(x, _PIECES, labels=False)
    points = pd.DataFrame({"x": x, "y": level.to_numpy(dtype=float)})
    return points.groupby(pieces).mean()


def _mood_hover(row: dict[Any, Any], among: int, language: Language) -> str:
    source = say("story.scored" if row["scored"] else "story.given", language)
    return f"{message_hover(row, language, among=among)} ({source})"


def _add_crowds(figure: go.Figure, crowded: pd.DataFrame, language: Language) -> None:
    """Where marks would pile up without end, how many more there are."""
    if crowded.empty:
        return
    # Few enough that their numbers do not touch on a phone.
    crowds = [rows for _, rows in crowded.groupby(pd.cut(crowded["x"], _MOST_CROWDS, labels=False))]
    _add(
        figure,
        x=[rows["x"].mean() for rows in crowds],
        y=[_FIRST_LEVEL + _LEVEL * MOST_LEVELS] * len(crowds),
        mode="text",
        text=[f"+{count(len(rows), language)}" for rows in crowds],
        textfont={"size": 11, "color": FAILURE},
        hovertext=[_crowd_hover(rows, language) for rows in crowds],
        name="more",
        showlegend=False,
    )


def _crowd_hover(rows: pd.DataFrame, language: Language) -> str:
    lines = [
        f"{for_plotly(cut(label('mark', kind, language), _LONGEST_NAME, language))}: {count(n, language)}"
        for kind, n in rows["kind"].value_counts().items()
    ]
    return "<br>".join(lines)


def _group(name: str, language: Language) -> dict[str, object]:
    return {"legendgroup": name, "legendgrouptitle": {"text": say(f"story.group.{name}", language)}}


def _add(figure: go.Figure, **trace: object) -> None:
    hover = {} if "hoverinfo" in trace else {"hovertemplate": "%{hovertext}<extra></extra>"}
    figure.add_scatter(**{"mode": "markers", **hover, **trace}, row=1, col=1)
