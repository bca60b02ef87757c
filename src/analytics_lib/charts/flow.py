"""Where journeys flow, step by step: bands as wide as the journeys in them, from the start onwards.

Each column is a step. What is too small for a name of its own flows in one band called the others, and what
ended is shown where it ended, so that every step holds all the journeys that reached it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.flow_layout import PLOT_HEIGHT, Place, place_nodes
from analytics_lib.charts.journey_words import (
    CUT,
    END,
    OTHER,
    START,
    Unit,
    colours,
    event_lines,
    event_name,
    units,
)
from analytics_lib.charts.style import INK, LINE, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, count, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

MOST_STEPS = 5
_MOST_NAMED = 6
_THICKNESS = 8
_NAME_WIDTH = 12
_HOVER_WIDTH = 40
_BAND = 0.38


@dataclass(frozen=True)
class Flow:
    """What is drawn: the bands, and the events in their order from top to bottom.

    Attributes:
        bands: ``step source target journeys``, small events pooled.
        order: Names of events, those met earlier first, then the others and the end.
        total: Journeys that start.
    """

    bands: pd.DataFrame
    order: list[str]
    total: int


def flow(paths: pd.DataFrame, *, unit: Unit = "conversation", language: Language = "es") -> go.Figure:
    """How journeys go on from step to step, as a Sankey diagram.

    Args:
        paths: One row per path: ``path`` (names of its events; ``…`` at its end where it was cut)
            ``journeys``. A last row with the path ``other`` holds all that are not listed.
        unit: What one journey is.
        language: es or en.
    """
    drawn = pool_small(to_bands(paths))
    steps = int(drawn.bands["step"].max()) if len(drawn.bands) else 0
    subtitle = say(
        "flow.subtitle", language, n=units(drawn.total, unit, language), steps=count(steps, language)
    )
    figure = chart(say("flow.title", language), subtitle, height=420, language=language)
    if not drawn.total:
        figure.update_xaxes(visible=False).update_yaxes(visible=False)
        return say_nothing_to_show(figure, say("no_data", language))
    places, gap = place_nodes(drawn.bands, drawn.order)
    top = figure.layout.margin.t + 44
    figure.update_layout(height=PLOT_HEIGHT + top + 12, margin={"l": 2, "r": 2, "t": top, "b": 12})
    _add_bands(figure, drawn, places, unit=unit, language=language)
    figure.update_traces(node_pad=gap)
    _add_names(figure, drawn, places, language)
    _add_steps(figure, places, language)
    return figure


def to_bands(paths: pd.DataFrame) -> pd.DataFrame:
    """Paths as pairs: ``step`` (from 1; the place of the target) ``source target journeys``.

    The source of step 1 is ``start``; the target ``end`` means that the journey had no event left. Paths that
    are not listed flow through ``other`` at every step: where they end is not known.
    """
    rows = []
    rest = len(paths) - 1
    for place, (path, journeys) in enumerate(zip(paths["path"], paths["journeys"], strict=True)):
        names = _as_far_as_known(list(path), rest=place == rest and list(path) == [OTHER])
        rows += [
            (step, *pair, journeys) for step, pair in enumerate(pairwise(names), 1) if step <= MOST_STEPS
        ]
    bands = pd.DataFrame(rows, columns=["step", "source", "target", "journeys"])
    bands = bands[bands["journeys"].gt(0)]
    return bands.groupby(["step", "source", "target"])["journeys"].sum().reset_index()


def pool_small(bands: pd.DataFrame) -> Flow:
    """The first steps with six events of their own at each, the rest of it in one."""
    reached = bands.groupby(["step", "target"], sort=False)["journeys"].sum().reset_index()
    events = reached[~reached["target"].isin([END, OTHER])].sort_values(
        ["step", "journeys", "target"], ascending=[True, False, True]
    )
    named = events.groupby("step").head(_MOST_NAMED)
    known = set(zip(named["step"], named["target"], strict=True))
    pooled = bands.assign(
        source=[_pooled(step - 1, name, known) for step, name in bands[["step", "source"]].to_numpy()],
        target=[_pooled(step, name, known) for step, name in bands[["step", "target"]].to_numpy()],
    )
    pooled = pooled.groupby(["step", "source", "target"])["journeys"].sum().reset_index()
    total = int(pooled.loc[pooled["step"] == 1, "journeys"].sum())
    return Flow(pooled, [*_by_mean_step(named), OTHER, END], total)


def _as_far_as_known(path: list[str], *, rest: bool) -> list[str]:
    """The names from the start on: to the end, or to where the path was cut."""
    if rest:
        return [START, *[OTHER] * MOST_STEPS]
    return [START, *path[:-1]] if path[-1:] == [CUT] else [START, *path, END]


def _pooled(step: int, name: str, known: set[tuple[int, str]]) -> str:
    # Only before the first step is the start meant; later it is an event that is called so.
    if step == 0 or name == END or (step, name) in known:
        return name
    return OTHER


def _by_mean_step(named: pd.DataFrame) -> list[str]:
    weighed = named.assign(weight=named["step"] * named["journeys"]).groupby("target")[["weight", "journeys"]]
    totals = weighed.sum().reset_index()
    totals["mean"] = totals["weight"] / totals["journeys"]
    return [str(name) for name in totals.sort_values(["mean", "target"])["target"]]


def _add_bands(
    figure: go.Figure, drawn: Flow, places: Sequence[Place], *, unit: Unit, language: Language
) -> None:
    index = {(place.step, place.name): number for number, place in enumerate(places)}
    tints = colours(drawn.order)
    rows = drawn.bands.to_dict("records")
    sent = drawn.bands.groupby(["step", "source"])["journeys"].transform("sum")
    figure.add_sankey(
        arrangement="fixed",
        node={
            "x": [place.x for place in places],
            "y": [place.y for place in places],
            "align": "left",
            "thickness": _THICKNESS,
            "color": [tints[place.name] for place in places],
            "line": {"color": LINE, "width": 0.5},
            "customdata": [_node_hover(place, drawn.total, unit, language) for place in places],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        link={
            "source": [index[row["step"] - 1, row["source"]] for row in rows],
            "target": [index[row["step"], row["target"]] for row in rows],
            "value": [row["journeys"] for row in rows],
            "color": [_faded(tints[row["target"]]) for row in rows],
            "customdata": [
                _band_hover(row, whole, unit, language) for row, whole in zip(rows, sent, strict=True)
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    )


def _add_names(figure: go.Figure, drawn: Flow, places: Sequence[Place], language: Language) -> None:
    for place in places:
        if place.step == 0:
            continue
        name = event_lines(place.name, language, width=_NAME_WIDTH)
        figure.add_annotation(
            text=f"{name}<br><b>{share(place.journeys / drawn.total, language)}</b>",
            x=place.x,
            y=1 - place.y,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="middle",
            xshift=_THICKNESS / 2 + 1,
            showarrow=False,
            align="left",
            font={"size": 10, "color": INK},
            bgcolor="rgba(255,255,255,0.62)",
            borderpad=0,
        )


def _add_steps(figure: go.Figure, places: Sequence[Place], language: Language) -> None:
    for step, x in sorted({(place.step, place.x) for place in places}):
        text = say("flow.step", language, step=step) if step else say("journeys.mark.start", language)
        figure.add_annotation(
            text=f"<b>{text}</b>",
            x=x,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=6 if step else 22,
            xshift=-_THICKNESS / 2,
            showarrow=False,
            font={"size": 11, "color": INK},
        )


def _node_hover(place: Place, total: int, unit: Unit, language: Language) -> str:
    return say(
        "flow.node",
        language,
        event=for_plotly(event_name(place.name, language), width=_HOVER_WIDTH),
        step=place.step,
        journeys=count(place.journeys, language),
        n=units(total, unit, language),
        share=share(place.journeys / total, language),
    )


def _band_hover(row: Record, whole: float, unit: Unit, language: Language) -> str:
    journeys = row["journeys"]
    return say(
        "flow.band",
        language,
        source=for_plotly(event_name(row["source"], language), width=_HOVER_WIDTH),
        target=for_plotly(event_name(row["target"], language), width=_HOVER_WIDTH),
        journeys=units(journeys, unit, language),
        n=count(whole, language),
        share=share(journeys / whole, language),
    )


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_BAND})"
