"""One person's journey as a picture: everything that happened, each kind on its lane, over the calendar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analytics_lib.charts.marks import TROUBLES
from analytics_lib.charts.person_answer import short_id
from analytics_lib.charts.person_facts import Fact, fact_words, facts_of, moment
from analytics_lib.charts.style import (
    FAILURE,
    LINE,
    NEUTRAL,
    OUTCOMES,
    QUIET,
    SUCCESS,
    chart,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, counted, label, say, short_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    import plotly.graph_objects as go

    from analytics_lib.charts.person_given import Person

_LANE_PIXELS, _AXIS_PIXELS, _ENTRY_PIXELS = 25, 46, 21
_LONGEST_NAME, _HOVER_WIDTH, _QUOTED = 22, 44, 160
_MOST_TICKS = 4
_ROOM = 0.03
_SHORT_SPAN = pd.Timedelta(days=3)
_SYMBOLS = {
    "purchase": "circle",
    "resolved": "square",
    "escalated": "star",
    "abandoned": "x",
    "open": "circle-open",
    "unknown": "square-open",
}
_ORDERS = {"purchase": ("diamond", SUCCESS), "refund": ("x", FAILURE), "free": ("diamond-open", QUIET)}
# Up to which answer each group of the survey reaches.
_ANSWERS = (
    ("low", 2, "triangle-down", FAILURE),
    ("middle", 3, "circle-open", QUIET),
    ("high", 5, "triangle-up", SUCCESS),
)
# A conversation's start has its own lane already.
_STARTED = "conversation_started"


class Point(NamedTuple):
    """One thing that happened: its lane, and what is read when pointing at it."""

    lane: str
    at: pd.Timestamp
    hover: str
    group: str


def timeline(person: Person, *, language: Language = "es") -> go.Figure:
    """Conversations by channel, steps, troubles, orders and survey answers over time.

    Args:
        person: The journey: ``user_id since until conversations events stages pain_points purchases``.
        language: es or en.
    """
    points = _points(person, language)
    lanes = _lanes(person, points, language)
    problems = counted(len(person.pain_points), "person.problems", language)
    bought = counted(person.purchases.count or 0, "person.purchases", language)
    talks = counted(person.person["conversations"], "conversations", language)
    subtitle = say("person.timeline.n", language, conversations=talks, problems=problems, purchases=bought)
    title = f"{say('person.timeline', language)} · {for_plotly(short_id(person.user_id))}"
    figure = chart(title, subtitle, height=300, language=language)
    figure.update_xaxes(title_text=say("person.timeline.axis", language))
    if not points:
        return say_nothing_to_show(figure, say("no_data", language))
    heights = {lane: len(lanes) - 1 - place for place, lane in enumerate(lanes)}
    for group in dict.fromkeys(point.group for point in points):
        _add(figure, [point for point in points if point.group == group], group, heights, language)
    _set_axes(figure, points, lanes, language)
    return figure


def _points(person: Person, language: Language) -> list[Point]:
    talks = [_talk(row, language) for row in person.conversations.to_dict("records")]
    steps = [
        Point(
            f"step.{row['name']}",
            row["occurred_local"],
            _hover(label("event", row["name"], language), row["occurred_local"], row["product"], language),
            "step",
        )
        for row in person.events.to_dict("records")
        if row["name"] != _STARTED
    ]
    return [*talks, *steps, *(_fact(fact, language) for fact in facts_of(person))]


def _talk(row: dict[object, object], language: Language) -> Point:
    outcome = "unknown" if absent(row["outcome"]) else str(row["outcome"])
    said = label("channel", row["channel"], language)
    about = f"{row['conversation_id']} · {label('outcome', outcome, language)}"
    at = pd.Timestamp(row["started_local"])  # type: ignore[arg-type]  # a moment of the frame
    group = f"outcome.{outcome if outcome in OUTCOMES else 'unknown'}"
    return Point(f"channel.{row['channel']}", at, _hover(said, at, about, language), group)


def _fact(fact: Fact, language: Language) -> Point:
    at, quoted = fact.row["at_local"], fact.row.get("text")
    hover = _hover(fact_words(fact, language), at, quoted, language)
    if fact.kind == "order":
        return Point("orders", at, hover, f"order.{fact.row['kind']}")
    if fact.kind == "csat":
        name = next(name for name, most, _, _ in _ANSWERS if fact.row["csat"] <= most)
        return Point("csat", at, hover, f"csat.{name}")
    return Point(f"trouble.{fact.kind}", at, hover, "trouble")


def _hover(head: str, at: pd.Timestamp, about: object, language: Language) -> str:
    lines = [f"<b>{for_plotly(cut(head, _QUOTED, language), width=_HOVER_WIDTH)}</b>", moment(at, language)]
    if not absent(about):
        lines.append(for_plotly(cut(str(about), _QUOTED, language), width=_HOVER_WIDTH))
    return "<br>".join(lines)


def _lanes(person: Person, points: Iterable[Point], language: Language) -> dict[str, str]:
    """The lanes that hold something, from the top down, with their names."""
    held = {point.lane for point in points}
    order = ["csat", "orders"]
    order += [f"trouble.{kind}" for kind in ("abandoned_cart", "escalated", *TROUBLES)]
    order += [f"step.{name}" for name in reversed(list(person.stages["stage"]))]
    order += [f"channel.{name}" for name in person.channels["channel"]]
    return {lane: _lane_name(lane, language) for lane in order if lane in held}


def _lane_name(lane: str, language: Language) -> str:
    kind, _, name = lane.partition(".")
    if kind in {"csat", "orders"}:
        return say(f"person.lane.{kind}", language)
    if name == "abandoned_cart":
        return say("person.cart", language)
    said = label({"trouble": "mark", "step": "event", "channel": "channel"}[kind], name, language)
    return for_plotly(said if len(said) <= _LONGEST_NAME else f"{said[: _LONGEST_NAME - 1]}…")


def _add(
    figure: go.Figure, points: list[Point], group: str, heights: dict[str, int], language: Language
) -> None:
    shown = [point for point in points if point.lane in heights]
    symbol, colour, name = _look(group, language)
    kind = "outcome" if group.startswith("outcome") else "rest"
    figure.add_scatter(
        x=[point.at for point in shown],
        y=[heights[point.lane] for point in shown],
        mode="markers",
        marker={
            "symbol": symbol,
            "color": colour,
            "size": 9,
            "opacity": 0.75,
            "line": {"width": 2 * ("open" in symbol)},
        },
        hovertext=[point.hover for point in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        name=name,
        legendgroup=kind,
        legendgrouptitle={"text": say(f"person.group.{kind}", language)},
    )


def _look(group: str, language: Language) -> tuple[str, str, str]:
    """Symbol, colour and name of a group of points."""
    kind, _, name = group.partition(".")
    if kind == "outcome":
        return _SYMBOLS[name], OUTCOMES[name], say(f"outcome.{name}", language)
    if kind == "order":
        return (*_ORDERS[name], say(f"person.order.{name}", language))
    if kind == "csat":
        symbol, colour = next((symbol, colour) for each, _, symbol, colour in _ANSWERS if each == name)
        return symbol, colour, say(f"person.satisfied.{name}", language)
    return (
        ("circle", FAILURE, say("person.trouble", language))
        if kind == "trouble"
        else (
            "diamond",
            NEUTRAL,
            say("person.step", language),
        )
    )


def _set_axes(figure: go.Figure, points: list[Point], lanes: dict[str, str], language: Language) -> None:
    first, last = min(point.at for point in points), max(point.at for point in points)
    room = max((last - first) * _ROOM, pd.Timedelta(minutes=1))
    values, texts = time_ticks(first, last, language)
    figure.update_xaxes(range=[first - room, last + room], tickvals=values, ticktext=texts)
    names = list(lanes.values())
    places = list(range(len(names) - 1, -1, -1))
    figure.update_yaxes(
        range=[-0.7, len(names) - 0.3], tickvals=places, ticktext=names, fixedrange=True, title_text=""
    )
    for place in _edges(list(lanes)):
        figure.add_hline(y=len(names) - place - 0.5, line={"color": LINE, "width": 2})
    entries = _ENTRY_PIXELS * (len(figure.data) + 2)
    top = figure.layout.margin.t
    figure.update_layout(
        height=int(top + _LANE_PIXELS * (len(names) + 0.4) + _AXIS_PIXELS + entries), hovermode="closest"
    )


def time_ticks(
    first: pd.Timestamp, last: pd.Timestamp, language: Language
) -> tuple[list[pd.Timestamp], list[str]]:
    """At most five ticks between two moments, in words: days, or times of the day where it is short."""
    if last - first < _SHORT_SPAN:
        step = max(1, math.ceil((last - first) / pd.Timedelta(hours=_MOST_TICKS)))
        hours = list(pd.date_range(first.ceil("h"), last, freq=f"{step}h"))
        ticks = hours or [first]
        return ticks, [f"{tick:%H:%M}<br>{short_day(tick, language)}" for tick in ticks]
    step = max(1, math.ceil((last - first) / pd.Timedelta(days=_MOST_TICKS)))
    days = list(pd.date_range(first.ceil("D"), last, freq=f"{step}D"))
    return days, [short_day(tick, language) for tick in days]


def _edges(lanes: list[str]) -> list[int]:
    """Where one group of lanes ends and the next begins, counted from the top."""
    groups = [lane.partition(".")[0] for lane in lanes]
    return [place for place in range(1, len(groups)) if groups[place] != groups[place - 1]]
