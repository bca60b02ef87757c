"""Pictures of the operations page: the lines of the last hours, and how fresh all of it is."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from analytics_lib.charts.measures import write_value
from analytics_lib.charts.operations_words import interval, moment, usual
from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.style import FAILURE, INK, NEUTRAL, QUIET, SENDERS, chart, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_page, for_plotly
from analytics_lib.charts.words import (
    Language,
    absent,
    count,
    counted,
    duration,
    label,
    number,
    say,
    share,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from analytics_lib.charts.operations_told import Told
    from analytics_lib.charts.style import Record

_HEIGHT = 320
_LONGEST_NAME = 40
_MOST_QUEUES = 5
_FEW_STEPS = 5
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_P50, _P95 = SENDERS["user"], "#D55E00"
_LINE = f"color:{INK};font-size:.95rem"
_NOTE = f"color:{QUIET};font-size:.85rem"
_WARNING = (
    f"border-left:4px solid {FAILURE};padding:8px 12px;background-color:#FBEDEC;color:{INK};margin-top:8px"
)


def status(told: Told, *, language: Language = "es") -> Html:
    """Up to when the data are, whether that is too long ago, which sources are silent, and who is looked at.

    Args:
        told: Its ``as_of_local seen_local behind_seconds stale channel segment sources``.
        language: es or en.
    """
    until = say("operations.until", language, **moment(told.as_of_local, language))
    age = duration(told.behind_seconds, language)
    notes = [*_filters(told, language), *_sources(told, language)]
    parts = [f'<div style="{_LINE}"><strong>{html.escape(until)}</strong>{_came(told, age, language)}</div>']
    if told.stale:
        parts.append(
            f'<div style="{_WARNING}">\N{WARNING SIGN} {html.escape(_stale(told, age, language))}</div>'
        )
    if notes:
        parts.append(f'<div style="{_NOTE}">{" · ".join(notes)}</div>')
    return Html("".join(parts))


def _came(told: Told, age: str, language: Language) -> str:
    """How long ago the last row came; nothing where it was looked at as of then."""
    if absent(told.behind_seconds):
        return f" · {html.escape(say('operations.age.none', language))}"
    if told.seen_local == told.as_of_local and told.behind_seconds < 1:
        return ""
    return f" · {html.escape(say('operations.age', language, age=age))}"


def answer(told: Told, *, language: Language = "es") -> Markdown:
    """How things stand, in two sentences."""
    tiles = {row["name"]: row for row in told.tiles.to_dict("records")}
    resolved, waits, begun = (
        tiles[name] for name in ("resolution_rate", "median_response_time", "conversations")
    )
    counts = {"users": tiles["active_users"]["value"], "conversations": begun["value"]}
    written = {noun: _counted(value, noun, language) for noun, value in counts.items()}
    verdict = say(f"operations.verdict.{begun['verdict']}", language)
    return Markdown(
        say(
            "operations.answer",
            language,
            **moment(told.as_of_local, language),
            **written,
            verdict=f"{usual(begun, language)}, {verdict}",
            share=share(resolved["value"], language),
            n=count(resolved["denominator"], language),
            interval=interval(resolved, language) or say("few", language),
            median=write_value(waits["value"], "seconds", language),
            waits=count(waits["denominator"], language),
        )
    )


def minutes(told: Told, *, language: Language = "es") -> go.Figure:
    """Messages per minute over the last hour; the running minute is hollow.

    Args:
        told: Its ``minutes``, and ``recorded``.
        language: es or en.
    """
    frame = told.minutes
    n = counted(frame["messages"].sum(), "messages", language)
    subtitle = say("operations.minutes.subtitle", language, n=n)
    figure = _lines("minutes", subtitle, language)
    if "messages" not in told.recorded:
        return _nothing(figure, "operations.lines.never", language)
    running = ~frame["complete"].to_numpy(dtype=bool)
    figure.add_scatter(
        x=frame["at"],
        y=frame["messages"],
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 2},
        marker={
            "size": [9 if runs else 4 for runs in running],
            "color": ["white" if runs else NEUTRAL for runs in running],
            "line": {"color": NEUTRAL, "width": 1.5},
        },
        customdata=[_minute_hover(row, language) for row in frame.to_dict("records")],
        hovertemplate="%{customdata}<extra></extra>",
        name=say("operations.minutes.chart", language),
        showlegend=False,
    )
    return _counted_axis(figure, float(frame["messages"].max()))


def queue(told: Told, *, language: Language = "es") -> go.Figure:
    """How many wait in each queue; of many queues the longest.

    Args:
        told: Its ``queue``, and ``recorded``.
        language: es or en.
    """
    frame = told.queue
    n = count(frame["readings"].sum(), language)
    figure = _lines("queue", say("operations.queue.subtitle", language, n=n), language)
    if "samples" not in told.recorded or frame.empty:
        key = "operations.lines.empty" if "samples" in told.recorded else "operations.lines.never"
        return _nothing(figure, key, language)
    longest = frame.groupby("queue")["depth"].max().sort_values(ascending=False).index[:_MOST_QUEUES]
    for name, dash in zip(longest, _DASHES, strict=False):
        rows, written = frame[frame["queue"] == name], queue_name(str(name), language)
        figure.add_scatter(
            x=rows["at"],
            y=rows["depth"],
            mode="lines+markers" if len(rows) == 1 else "lines",
            line={"color": NEUTRAL, "width": 2, "dash": dash, "shape": "hv"},
            customdata=[_queue_hover(row, written, language) for row in rows.to_dict("records")],
            hovertemplate="%{customdata}<extra></extra>",
            name=for_plotly(written),
        )
    figure.update_layout(showlegend=len(longest) > 1)
    return _counted_axis(figure, float(frame["depth"].max()))


def api(told: Told, *, language: Language = "es") -> go.Figure:
    """Latency of the APIs, half and 95 of 100; quarters of an hour of few requests are hollow.

    Args:
        told: Its ``api``, and ``recorded``.
        language: es or en.
    """
    frame = told.api
    requests, errors = frame["requests"].sum(), frame["errors"].sum()
    written = {"n": count(requests, language), "errors": count(errors, language)}
    rate = share(errors / requests if requests else float("nan"), language)
    figure = _lines("api", say("operations.api.subtitle", language, **written, share=rate), language)
    if "api_requests" not in told.recorded or frame.empty:
        key = "operations.lines.empty" if "api_requests" in told.recorded else "operations.lines.never"
        return _nothing(figure, key, language)
    for name, colour, symbol in (("p95", _P95, "diamond"), ("p50", _P50, "circle")):
        figure.add_scatter(
            x=frame["at"],
            y=frame[f"{name}_ms"],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={
                "symbol": symbol,
                "size": 8,
                "color": ["white" if few else colour for few in frame["few"]],
                "line": {"color": colour, "width": 1.5},
            },
            customdata=[_api_hover(row, name, language) for row in frame.to_dict("records")],
            hovertemplate="%{customdata}<extra></extra>",
            name=name,
        )
    return figure.update_yaxes(rangemode="tozero", tickformat=",d")


def queue_name(labels: str, language: Language) -> str:
    """What readers call a queue: the value of its only label, or all of them."""
    try:
        found = json.loads(labels)
    except ValueError:
        found = {}
    values = list(found.values()) if isinstance(found, dict) else []
    name = label("operations.queue", values[0], language) if len(values) == 1 else labels
    return cut(str(name), _LONGEST_NAME, language)


def _lines(name: str, subtitle: str, language: Language) -> go.Figure:
    figure = chart(say(f"operations.{name}.chart", language), subtitle, height=_HEIGHT, language=language)
    figure.update_xaxes(
        title_text=say("operations.axis.time", language), tickformat="%H:%M", tickangle=0, nticks=5
    )
    return figure.update_yaxes(title_text=say(f"operations.{name}.axis", language), nticks=6)


def _counted_axis(figure: go.Figure, most: float) -> go.Figure:
    """From 0, in whole steps; where all is 0 the line still lies on the ground."""
    figure.update_yaxes(range=[-0.03 * max(most, 1.0), 1.1 * max(most, 1.0)], tickformat=",d")
    return figure.update_yaxes(dtick=1) if most <= _FEW_STEPS else figure


def _nothing(figure: go.Figure, key: str, language: Language) -> go.Figure:
    figure.update_xaxes(range=[0, 1], showticklabels=False, tickformat=None).update_yaxes(range=[0, 1])
    return say_nothing_to_show(figure.update_yaxes(showticklabels=False), say(key, language))


def _minute_hover(row: Record, language: Language) -> str:
    texts = {"messages": counted(row["messages"], "messages", language), "time": f"{row['at']:%H:%M}"}
    users = counted(row["users"], "users", language)
    said = say("operations.minutes.hover", language, **texts, users=users)
    return said if row["complete"] else f"{said}<br>{say('operations.running', language)}"


def _queue_hover(row: Record, name: str, language: Language) -> str:
    depth = number(row["depth"], language, digits=0 if float(row["depth"]).is_integer() else 1)
    values = {"depth": depth, "time": f"{row['at']:%H:%M}", "n": count(row["readings"], language)}
    return say("operations.queue.hover", language, queue=for_plotly(name), **values)


def _api_hover(row: Record, name: str, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("low", "high")}
    return say(
        "operations.api.hover",
        language,
        time=f"{row['at']:%H:%M}",
        name=name,
        value=write_value(row[f"{name}_ms"], "milliseconds", language),
        n=count(row["timed"], language),
        errors=count(row["errors"], language),
        share=share(row["error_rate"], language),
        **shares,
    )


def _counted(value: float, noun: str, language: Language) -> str:
    if absent(value):
        return f"\N{EN DASH} {say(f'{noun}.many', language)}"
    return counted(value, noun, language)


def _stale(told: Told, age: str, language: Language) -> str:
    if absent(told.behind_seconds):
        return say("operations.stale.none", language)
    return say("operations.stale", language, age=age, **moment(told.seen_local, language))


def _filters(told: Told, language: Language) -> list[str]:
    chosen = [
        say(f"operations.filter.{kind}", language, name=label(kind, value, language))
        for kind, value in (("channel", told.channel), ("segment", told.segment))
        if value
    ]
    if not chosen:
        return []
    return [for_page(cut(text, 2 * _LONGEST_NAME, language)) for text in chosen] + [
        html.escape(say("operations.filter.all", language))
    ]


def _sources(told: Told, language: Language) -> list[str]:
    """What is silent, or never was recorded."""
    said = []
    for row in told.sources.to_dict("records"):
        name = say(f"operations.source.{row['source']}", language)
        if not row["recorded"]:
            said.append(say("operations.never", language, source=name))
        elif row["stale"] and not told.stale:
            age = duration(row["behind_seconds"], language)
            key = "operations.silent.day" if absent(row["behind_seconds"]) else "operations.silent"
            said.append(say(key, language, source=name, age=age))
    return [html.escape(text[:1].upper() + text[1:]) for text in said]
