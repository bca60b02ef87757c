"""Agents beside each other: each value with its interval, before the band that luck alone would give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from plotly.subplots import make_subplots

from analytics_lib.charts.overview_lists import folded
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import LINE, NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, say, share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import plotly.graph_objects as go

MEASURES = ("resolution", "csat", "handling")
_MOST = 15
_ROW, _FRAME = 26, 250
_APART = "#D55E00"
_BAND = "rgba(86,180,233,0.30)"
_TICKS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400)


def agents(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """A panel for each measure: agents by number of conversations, those that differ from the team marked.

    Args:
        frame: One row per measure and agent, agents by falling number of conversations: ``agent_id
            conversations measure n value low high team team_n limit_low limit_high few differs``.
        language: es or en.
    """
    shown = _shown(frame)
    total = int(frame.drop_duplicates("agent_id")["conversations"].sum())
    numbers = {"agents": frame["agent_id"].nunique(), "shown": len(shown), "n": total}
    key = "overview.agents.subtitle.cut" if len(shown) < numbers["agents"] else "overview.agents.subtitle"
    subtitle = say(key, language, **{name: count(n, language) for name, n in numbers.items()})
    height = _FRAME + _ROW * max(len(shown), 4)
    head = chart(say("overview.agents", language), subtitle, height=height, language=language)
    known = frame.groupby("measure")["n"].sum()
    measures = [measure for measure in MEASURES if known.get(measure, 0) > 0]
    if not measures:
        head.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(head, say("overview.agents.none", language))
    figure = make_subplots(cols=len(measures), shared_yaxes=True, horizontal_spacing=0.05)
    figure.update_layout(head.layout)
    shapes = []
    for place, measure in enumerate(measures, 1):
        rows = frame[frame["measure"] == measure].set_index("agent_id", drop=False).loc[shown]
        records = rows.to_dict("records")
        _add_panel(figure, records, measure, place=place, language=language)
        shapes += _bands(records, measure, place)
    # All at once: plotly checks the whole layout again for each that is added.
    figure.update_layout(shapes=shapes)
    names = [for_plotly(agent_name(agent, language)) for agent in shown]
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        range=[len(shown) - 0.4, -0.6],
        showgrid=False,
        linecolor=LINE,
        automargin=True,
    )
    return figure.update_yaxes(ticktext=names, tickfont={"size": 12}, col=1)


def agent_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The same in figures; who has too few to be judged is said.

    Args:
        frame: As of ``agents``.
        language: es or en.
    """
    if frame.empty:
        return Html("")
    found = {(row["agent_id"], row["measure"]): row for row in frame.to_dict("records")}
    each = frame.drop_duplicates("agent_id")[["agent_id", "conversations"]].to_dict("records")
    heads = say("overview.agents.head", language).split("|")
    cells = [
        [
            agent_name(row["agent_id"], language),
            count(row["conversations"], language),
            *(_cell(found[row["agent_id"], measure], language) for measure in MEASURES),
        ]
        for row in each
    ]
    body = table(pd.DataFrame(cells, columns=heads), title="overview.agents.table", language=language).html
    return folded(body, say("overview.agents.table", language))


def agent_name(agent: object, language: Language) -> str:
    """An agent by the first letters of the hash, which is all that is known of them."""
    return say("overview.agents.name", language, id=cut(str(agent)[:6], 6, language))


def _shown(frame: pd.DataFrame) -> list[str]:
    """Those with most conversations, and all that differ, in the order of the frame."""
    order = list(dict.fromkeys(frame["agent_id"]))
    apart = set(frame.loc[frame["differs"].astype(bool), "agent_id"])
    kept = {*apart, *[agent for agent in order if agent not in apart][: max(_MOST - len(apart), 0)]}
    return [agent for agent in order if agent in kept]


def _bands(rows: Sequence[Record], measure: str, place: int) -> list[dict[str, object]]:
    """Where luck alone would leave each agent, and a line for the team."""
    scale = _log if measure == "handling" else _plain
    axes = {"xref": f"x{place}", "yref": f"y{place}", "layer": "below"}
    found: list[dict[str, object]] = [
        {
            "type": "rect",
            "fillcolor": _BAND,
            "line": {"width": 0},
            "x0": scale(row["limit_low"]),
            "x1": scale(row["limit_high"]),
            "y0": number - 0.36,
            "y1": number + 0.36,
            **axes,
        }
        for number, row in enumerate(rows)
        if not absent(row["limit_low"])
    ]
    if absent(rows[0]["team"]):
        return found
    team, line = scale(rows[0]["team"]), {"color": QUIET, "dash": "dash", "width": 1.2}
    ends = {"x0": team, "x1": team, "y0": -0.6, "y1": len(rows) - 0.4}
    return [*found, {"type": "line", "line": line, **ends, **axes}]


def _add_panel(
    figure: go.Figure, rows: Sequence[Record], measure: str, *, place: int, language: Language
) -> None:
    at = {"row": 1, "col": place}
    # Drawn on a common scale of time: each tick is several times the one before.
    at_scale = _log if measure == "handling" else _plain
    drawn = [(number, row) for number, row in enumerate(rows) if not absent(row["value"])]
    for differs in (False, True):
        _add_marks(
            figure,
            [(number, row) for number, row in drawn if bool(row["differs"]) is differs],
            differs=differs,
            scale=at_scale,
            at=at,
            language=language,
        )
    _set_axis(figure, rows, measure, at, language)


def _add_marks(  # of one look
    figure: go.Figure,
    marks: Sequence[tuple[int, Record]],
    *,
    differs: bool,
    scale: Callable[[float], float],
    at: dict[str, int],
    language: Language,
) -> None:
    figure.add_scatter(
        x=[scale(row["value"]) for _, row in marks],
        y=[number for number, _ in marks],
        mode="markers",
        marker={
            "color": _APART if differs else NEUTRAL,
            "size": 11 if differs else 8,
            "symbol": [
                "diamond" if differs else "circle-open" if row["few"] else "circle" for _, row in marks
            ],
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_reach(row["high"], row["value"], scale) for _, row in marks],
            "arrayminus": [_reach(row["value"], row["low"], scale) for _, row in marks],
            "color": _APART if differs else NEUTRAL,
            "thickness": 1.4,
            "width": 0,
        },
        hovertext=[_hover(row, language) for _, row in marks],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        **at,
    )


def _reach(high: float, low: float, scale: Callable[[float], float]) -> float:
    return 0.0 if absent(high) or absent(low) else max(scale(high) - scale(low), 0.0)


def _plain(value: float) -> float:
    return value


def _log(seconds: float) -> float:
    return math.log10(max(seconds, 1e-3))


def _set_axis(
    figure: go.Figure, rows: Sequence[Record], measure: str, at: dict[str, int], language: Language
) -> None:
    n = count(rows[0]["team_n"], language)
    text = say(f"overview.agents.{measure}", language, n=n).replace("|", "<br>")
    title = {"text": text, "font": {"size": 12, "color": QUIET}, "standoff": 6}
    common = {"title": title, "gridcolor": LINE, "linecolor": LINE, "automargin": True, "zeroline": False}
    if measure != "handling":
        figure.update_xaxes(
            range=[-0.03, 1.03], tickvals=[0, 0.5, 1], ticktext=["0", "50%", ""], **common, **at
        )
        return
    ends = [row[part] for row in rows for part in ("low", "high", "value", "limit_low", "limit_high")]
    known = np.array([value for value in ends if not absent(value) and value > 0])
    low, high = float(known.min()), float(known.max())
    ticks = [tick for tick in _TICKS if low / 1.6 <= tick <= high * 1.6]
    ticks = ticks[:: -(-len(ticks) // 2) or 1]
    figure.update_xaxes(
        range=[_log(low) - 0.08, _log(high) + 0.08],
        tickvals=[_log(tick) for tick in ticks],
        ticktext=[duration(tick, language) for tick in ticks],
        **common,
        **at,
    )


def _written(value: float, measure: str, language: Language) -> str:
    return duration(value, language) if measure == "handling" else share(value, language)


def _hover(row: Record, language: Language) -> str:
    measure = str(row["measure"])
    values = {
        part: _written(row[part], measure, language)
        for part in ("value", "low", "high", "team", "limit_low", "limit_high")
    }
    verdict = say(f"overview.agents.verdict.{_verdict(row)}", language)
    return say(
        "overview.agents.hover",
        language,
        name=for_plotly(agent_name(row["agent_id"], language)),
        measure=say(f"overview.agents.measure.{measure}", language),
        n=count(row["n"], language),
        verdict=verdict,
        **values,
    )


def _verdict(row: Record) -> str:
    if absent(row["limit_low"]):
        return "few"
    if not row["differs"]:
        return "same"
    return "above" if row["value"] > row["limit_high"] else "below"


def _cell(row: Record, language: Language) -> str:
    if not row["n"]:
        return UNKNOWN
    measure = str(row["measure"])
    values = {part: _written(row[part], measure, language) for part in ("value", "low", "high")}
    said = say("overview.agents.cell", language, n=count(row["n"], language), **values)
    verdict = _verdict(row)
    return said if verdict == "same" else f"{said} {say(f'overview.agents.mark.{verdict}', language)}"
