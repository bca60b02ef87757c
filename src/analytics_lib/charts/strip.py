"""One conversation on a line of time: who wrote when, how long each reply took, what the bot did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.style import (
    FAILURE,
    NEUTRAL,
    QUIET,
    SENDERS,
    SUCCESS,
    Record,
    chart,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, clock, counted, duration, label, number, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

LOW_CONFIDENCE = 0.7
_EXCERPT, _WIDTH = 160, 44
_UNITS = (("days", 86_400, 3), ("hours", 3_600, 3), ("minutes", 60, 3), ("seconds", 1, 0))
_MARKERS = {True: ("square", SUCCESS), False: ("x", FAILURE), None: ("square-open", QUIET)}


def strip(
    conversation: pd.DataFrame,
    messages: pd.DataFrame,
    actions: pd.DataFrame,
    events: pd.DataFrame,
    *,
    language: Language = "es",
) -> go.Figure:
    """Messages, actions and events on lanes over the time since the start; a line leads up to each reply.

    Args:
        conversation: One row: ``conversation_id ended_seconds escalated_seconds``; or none.
        messages: ``position sent_local sender text intent confidence seconds response_time_seconds``.
        actions: ``name duration_ms succeeded error seconds started_local``.
        events: ``name seconds occurred_local``.
        language: es or en.
    """
    n = counted(len(messages), "messages", language)
    waits = counted(int(messages["response_time_seconds"].notna().sum()), "replies", language)
    figure = chart(say("strip", language), f"n = {n}, {waits}", height=430, language=language)
    unit, size = _unit(messages)
    lanes = _lanes(messages, actions, events)
    names = {lane: say(f"lane.{lane}", language) for lane in lanes}
    figure.update_xaxes(title_text=say(f"axis.since_start.{unit}", language))
    figure.update_yaxes(
        title_text=say("axis.lane", language),
        categoryorder="array",
        categoryarray=[names[lane] for lane in reversed(lanes)],
        range=[-0.6, max(len(lanes), 1) - 0.4],
    )
    if messages.empty and actions.empty and events.empty:
        figure.update_xaxes(range=[0, 1]).update_yaxes(showticklabels=False)
        return say_nothing_to_show(figure, say("no_data", language))
    _add_waits(figure, messages, names, size)
    _add_messages(figure, messages, names, size, language)
    _add_actions(figure, actions, names, size, language)
    _add_events(figure, events, names, size, language)
    _add_moments(figure, conversation, size, language)
    return figure.update_xaxes(range=_padded(figure))


def _unit(messages: pd.DataFrame) -> tuple[str, int]:
    """The unit in which the span of the messages is at least a few long."""
    span = messages["seconds"].max() - min(0, messages["seconds"].min()) if len(messages) else 0
    return next((name, size) for name, size, least in _UNITS if span >= least * size)


def _padded(figure: go.Figure) -> list[float]:
    """The range of everything drawn, with some room at both ends."""
    drawn = [x for trace in figure.data for x in trace.x if not absent(x)]
    drawn += [line.x0 for line in figure.layout.shapes]
    room = 0.04 * (max(drawn) - min(drawn)) or 1.0
    return [min(drawn) - room, max(drawn) + room]


def _lanes(messages: pd.DataFrame, actions: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    written = [sender for sender in SENDERS if sender in set(messages["sender"])]
    return written + ["actions"] * (not actions.empty) + ["events"] * (not events.empty)


def _add_waits(figure: go.Figure, messages: pd.DataFrame, names: dict[str, str], size: int) -> None:
    replies = messages[messages["response_time_seconds"].notna()]
    for sender in SENDERS:
        rows = replies[replies["sender"] == sender]
        if rows.empty:
            continue
        ends = rows["seconds"] / size
        starts = ends - rows["response_time_seconds"] / size
        # A null between two lines keeps them apart in one trace.
        x = [value for pair in zip(starts, ends, strict=True) for value in (*pair, None)]
        figure.add_scatter(
            x=x,
            y=[names[sender]] * len(x),
            mode="lines",
            line={"color": SENDERS[sender], "width": 7},
            opacity=0.35,
            hoverinfo="skip",
            showlegend=False,
            name=f"wait.{sender}",
        )


def _add_messages(
    figure: go.Figure, messages: pd.DataFrame, names: dict[str, str], size: int, language: Language
) -> None:
    for sender in SENDERS:
        rows = messages[messages["sender"] == sender]
        unsure = rows["confidence"] < LOW_CONFIDENCE
        for low, part in ((False, rows[~unsure]), (True, rows[unsure])):
            if part.empty:
                continue
            _add_marks(
                figure,
                part["seconds"] / size,
                names[sender],
                [_message_hover(row, language) for row in part.to_dict("records")],
                marker={"color": SENDERS[sender], "symbol": "circle-open" if low else "circle"},
                name=say("strip.unsure", language) if low else names[sender],
                showlegend=low,
            )


def _add_actions(
    figure: go.Figure, actions: pd.DataFrame, names: dict[str, str], size: int, language: Language
) -> None:
    for succeeded, (symbol, colour) in _MARKERS.items():
        known = actions["succeeded"].isna() if succeeded is None else actions["succeeded"] == succeeded
        part = actions[known.astype(bool)]
        if part.empty:
            continue
        state = {True: "succeeded", False: "failed", None: "unknown"}[succeeded]
        _add_marks(
            figure,
            part["seconds"] / size,
            names["actions"],
            [_action_hover(row, state, language) for row in part.to_dict("records")],
            marker={"color": colour, "symbol": symbol},
            name=say(f"strip.action.{state}", language),
            showlegend=True,
        )


def _add_events(
    figure: go.Figure, events: pd.DataFrame, names: dict[str, str], size: int, language: Language
) -> None:
    if events.empty:
        return
    hover = [
        f"<b>{for_plotly(cut(label('event', row['name'], language), _EXCERPT, language), width=_WIDTH)}</b>"
        f"<br>{clock(row['occurred_local'])}"
        for row in events.to_dict("records")
    ]
    marker = {"color": NEUTRAL, "symbol": "diamond"}
    _add_marks(
        figure,
        events["seconds"] / size,
        names["events"],
        hover,
        marker=marker,
        name="events",
        showlegend=False,
    )


def _add_marks(
    figure: go.Figure,
    x: pd.Series,
    lane: str,
    hover: list[str],
    *,
    marker: dict[str, str],
    name: str,
    showlegend: bool,
) -> None:
    figure.add_scatter(
        x=x,
        y=[lane] * len(x),
        mode="markers",
        marker={"size": 12, "line": {"width": 2 if "open" in marker["symbol"] else 0}} | marker,
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        name=name,
        showlegend=showlegend,
    )


def _add_moments(figure: go.Figure, conversation: pd.DataFrame, size: int, language: Language) -> None:
    for name in ("escalated", "ended"):
        seconds = conversation[f"{name}_seconds"].dropna()
        if not seconds.empty:
            figure.add_vline(
                x=seconds.iloc[0] / size,
                line={"color": QUIET, "width": 1.5, "dash": "dot"},
                annotation={"text": say(f"strip.{name}", language), "font": {"color": QUIET, "size": 12}},
                annotation_position="top left",
            )


def _message_hover(row: Record, language: Language) -> str:
    text = say("no_text", language) if absent(row["text"]) else cut(row["text"], _EXCERPT, language)
    lines = [f"<b>#{row['position']} · {clock(row['sent_local'])}</b>", for_plotly(text, width=_WIDTH)]
    if not absent(row["intent"]):
        lines.append(f"{say('chat.intent', language)} {for_plotly(cut(row['intent'], _EXCERPT, language))}")
    if not absent(row["confidence"]):
        lines.append(say("chat.confidence", language, value=number(row["confidence"], language, digits=2)))
    if not absent(row["response_time_seconds"]):
        waited = duration(row["response_time_seconds"], language)
        lines.append(say("chat.replied", language, duration=waited))
    return "<br>".join(lines)


def _action_hover(row: Record, state: str, language: Language) -> str:
    name = for_plotly(cut(row["name"], _EXCERPT, language), width=_WIDTH)
    lines = [f"<b>{name}</b>", clock(row["started_local"]), say(f"action.{state}", language)]
    if not absent(row["duration_ms"]):
        lines.append(duration(row["duration_ms"] / 1000, language))
    if not absent(row["error"]):
        lines.append(for_plotly(cut(row["error"], _EXCERPT, language), width=_WIDTH))
    return "<br>".join(lines)
