"""Which event follows which: a graph of transitions that stays readable with many events.

Events stand in rows from start to end; a line is as thick as its transitions are many. Lines down are solid,
lines back up are dotted, a ring around an event is its repetition. Only the strongest lines are drawn, and
what is left out is counted in the title.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.charts.flow_graph_layout import Spot, place_events
from analytics_lib.charts.journey_words import END, START, event_lines, event_name
from analytics_lib.charts.style import INK, NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, say, share

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

_MOST_EVENTS, _MOST_LINES = 30, 30
_ROW_HEIGHT = 112
_NAME_WIDTH = 12
_HOVER_WIDTH = 40
_THINNEST, _THICKEST = 1.0, 11.0
_SMALLEST, _LARGEST = 9.0, 24.0
_POINTS = 41
# Where the head of an arrow is, counted from the end of its line.
_TIP = 7
_DOWN, _UP, _OUT = "#0072B2", "#D55E00", "#8B96A5"


@dataclass(frozen=True)
class Graph:
    """What is drawn and what is not.

    Attributes:
        lines: The transitions drawn, thickest last.
        loops: Repetitions of an event by itself, of the events drawn.
        visits: How often each event drawn occurs.
        spots: Where it stands.
        pairs: How many pairs of events there are.
        transitions: How many transitions there are.
    """

    lines: pd.DataFrame
    loops: dict[str, float]
    visits: dict[str, float]
    spots: dict[str, Spot]
    pairs: int
    transitions: int


def transition_graph(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """Which event directly follows which.

    Args:
        frame: One row per pair: ``source target transitions users share reach source_transitions
            source_users median_seconds``; with ``start`` as source of first events and ``end`` as target of
            last ones where these are to be drawn. ``share`` is of the transitions that leave the source,
            ``reach`` of its users.
        language: es or en.
    """
    graph = choose_lines(frame)
    figure = chart(
        say("flow.graph.title", language), _subtitle(graph, language), height=420, language=language
    )
    figure.update_xaxes(visible=False, range=[-0.02, 1.02], fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    if not graph.transitions:
        return say_nothing_to_show(figure, say("no_data", language))
    rows = 1 + max(spot.row for spot in graph.spots.values())
    figure.update_yaxes(range=[rows - 0.28, -0.4])
    figure.update_layout(
        height=figure.layout.margin.t + 30 + _ROW_HEIGHT * rows, hovermode="closest", showlegend=False
    )
    figure.update_layout(margin={"l": 2, "r": 2})
    widest = float(graph.lines["transitions"].max()) if len(graph.lines) else 1.0
    for row in graph.lines.to_dict("records"):
        _add_line(figure, row, graph, widest, language)
    _add_loops(figure, graph, frame, language)
    _add_events(figure, graph, language)
    return figure


def choose_lines(frame: pd.DataFrame) -> Graph:
    """The strongest lines among the most frequent events, and the strongest of each event that had none."""
    known = frame[frame["transitions"].gt(0)]
    visits = _visits(known)
    events = set(sorted(visits, key=lambda name: (-visits[name], name))[:_MOST_EVENTS]) | {START, END}
    ranked = known.sort_values(["transitions", "source", "target"], ascending=[False, True, True])
    among = ranked[ranked["source"].isin(events) & ranked["target"].isin(events)]
    lines = among[among["source"] != among["target"]]
    drawn = lines.head(_MOST_LINES)
    present = events & ({*known["source"]} | {*known["target"]})
    alone = present - set(drawn["source"]) - set(drawn["target"])
    more = [lines[(lines["source"] == name) | (lines["target"] == name)].head(1) for name in sorted(alone)]
    drawn = pd.concat([drawn, *more]).drop_duplicates(["source", "target"])[::-1]
    loops = among[among["source"] == among["target"]].set_index("source")["transitions"].to_dict()
    weights = {(row["source"], row["target"]): row["transitions"] for row in drawn.to_dict("records")}
    spots = place_events(weights | {(name, name): n for name, n in loops.items()})
    return Graph(
        lines=drawn,
        loops={str(name): float(n) for name, n in loops.items()},
        visits={name: n for name, n in visits.items() if name in spots},
        spots=spots,
        pairs=len(known),
        transitions=int(known["transitions"].sum()),
    )


def _visits(known: pd.DataFrame) -> dict[str, float]:
    """How often each event occurs: as a source or as a target, whichever is more."""
    left = known.groupby("source")["transitions"].sum()
    reached = known.groupby("target")["transitions"].sum()
    both = pd.concat([left, reached], axis=1).max(axis=1).drop([START, END], errors="ignore")
    return {str(name): float(n) for name, n in both.items()}


def _subtitle(graph: Graph, language: Language) -> str:
    shown = float(graph.lines["transitions"].sum()) + sum(graph.loops.values())
    pairs = len(graph.lines) + len(graph.loops)
    return say(
        "flow.graph.subtitle",
        language,
        pairs=count(pairs, language),
        all_pairs=count(graph.pairs, language),
        n=count(graph.transitions, language),
        share=share(shown / graph.transitions, language) if graph.transitions else UNKNOWN,
        hidden=count(graph.transitions - shown, language),
    )


def _add_line(figure: go.Figure, row: Record, graph: Graph, widest: float, language: Language) -> None:
    source, target = graph.spots[row["source"]], graph.spots[row["target"]]
    x, y = _curve(source, target)
    back = target.row < source.row
    colour = _OUT if row["source"] == START or row["target"] == END else _UP if back else _DOWN
    width = _THINNEST + (_THICKEST - _THINNEST) * row["transitions"] / widest
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colour, "width": width, "dash": "dot" if back else "solid", "simplify": False},
        opacity=0.5,
        hovertext=[_line_hover(row, language)] * len(x),
        hovertemplate="%{hovertext}<extra></extra>",
        name="line",
    )
    tip, tail = _POINTS - _TIP, _POINTS - _TIP - 1
    figure.add_annotation(
        x=x[tip],
        y=y[tip],
        ax=x[tail],
        ay=y[tail],
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        text="",
        showarrow=True,
        arrowhead=2,
        arrowsize=1,
        arrowwidth=1.6,
        arrowcolor=colour,
    )


def _curve(source: Spot, target: Spot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A line that leaves the row it passes free: down straight to the next row, else bowed out to a side."""
    rows = target.row - source.row
    middle = [(source.x + target.x) / 2, (source.row + target.row) / 2]
    if rows == 0:
        middle[1] += -0.42 if target.x > source.x else 0.42
    elif rows != 1:
        middle[0] += math.copysign(min(0.12 + 0.05 * abs(rows), 0.5), rows)
        middle[0] = min(max(middle[0], -0.12), 1.12)
    t = np.linspace(0, 1, _POINTS)
    parts = ((1 - t) ** 2, 2 * t * (1 - t), t**2)
    x, y = (
        sum(part * place for part, place in zip(parts, places, strict=True))
        for places in ((source.x, middle[0], target.x), (source.row, middle[1], target.row))
    )
    return np.asarray(x), np.asarray(y)


def _add_loops(figure: go.Figure, graph: Graph, frame: pd.DataFrame, language: Language) -> None:
    rows = frame[(frame["source"] == frame["target"]) & frame["source"].isin(list(graph.spots))]
    most = max(graph.loops.values(), default=1.0)
    for row in rows[rows["transitions"].gt(0)].to_dict("records"):
        spot = graph.spots[row["source"]]
        figure.add_scatter(
            x=[spot.x],
            y=[spot.row],
            mode="markers",
            marker={
                "symbol": "circle-open",
                "color": _UP,
                "size": _size(graph, row["source"]) + 11,
                "line": {"width": 1.5 + 4 * row["transitions"] / most},
            },
            hovertext=[_line_hover(row, language)],
            hovertemplate="%{hovertext}<extra></extra>",
            name="loop",
        )


def _add_events(figure: go.Figure, graph: Graph, language: Language) -> None:
    names = list(graph.spots)
    figure.add_scatter(
        x=[graph.spots[name].x for name in names],
        y=[graph.spots[name].row for name in names],
        mode="markers",
        marker={
            "color": [_OUT if name in {START, END} else NEUTRAL for name in names],
            "size": [_size(graph, name) for name in names],
            "line": {"color": "white", "width": 1.5},
        },
        hovertext=[_event_hover(name, graph, language) for name in names],
        hovertemplate="%{hovertext}<extra></extra>",
        name="event",
    )
    for name in names:
        figure.add_annotation(
            text=_event_text(name, graph, language),
            x=graph.spots[name].x,
            y=graph.spots[name].row,
            yanchor="top",
            yshift=-_size(graph, name) / 2 - 5,
            showarrow=False,
            font={"size": 11, "color": INK},
            bgcolor="rgba(255,255,255,0.78)",
            borderpad=0,
        )


def _size(graph: Graph, name: str) -> float:
    most = max(graph.visits.values(), default=1.0)
    return _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(graph.visits.get(name, 0.0) / most)


def _event_text(name: str, graph: Graph, language: Language) -> str:
    said = event_lines(name, language, width=_NAME_WIDTH)
    if name not in graph.visits:
        return f"<b>{said}</b>"
    again = f"<br>↻ {count(graph.loops[name], language)}" if name in graph.loops else ""
    return f'{said}<br><span style="color:{QUIET}">{count(graph.visits[name], language)}{again}</span>'


def _event_hover(name: str, graph: Graph, language: Language) -> str:
    said = for_plotly(event_name(name, language), width=_HOVER_WIDTH)
    if name not in graph.visits:
        return f"<b>{said}</b>"
    return say("flow.graph.event", language, event=said, n=count(graph.visits[name], language))


def _line_hover(row: Record, language: Language) -> str:
    source, target = (
        for_plotly(event_name(row[end], language), width=_HOVER_WIDTH) for end in ("source", "target")
    )
    said = say(
        "flow.graph.line",
        language,
        source=source,
        target=target,
        transitions=count(row["transitions"], language),
        share=share(row["share"], language),
        n=count(row["source_transitions"], language),
        users=count(row["users"], language),
        reach=share(row["reach"], language),
        source_users=count(row["source_users"], language),
    )
    waited = row["median_seconds"]
    if absent(waited):
        return said
    return f"{said}<br>{say('flow.graph.wait', language, duration=duration(waited, language))}"
