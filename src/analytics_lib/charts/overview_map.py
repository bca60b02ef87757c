"""Where users are: a map of Colombia drawn from the project's own outlines, and of the world where needed.

No tile, no topography and no request: outlines are filled lines in plain axes of equal degrees, which near
the equator is true to shape. Sources and licence are in ``overview_map.md``.
"""

from __future__ import annotations

import importlib.resources
import json
import math
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import yaml
from plotly.subplots import make_subplots

from analytics_lib.charts.overview_lists import folded
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import INK, LINE, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, count, label, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

_FILES = importlib.resources.files("analytics_lib.charts")
# West, east, south, north: Colombia with San Andrés, Quito and Panama.
VIEW = (-82.6, -66.2, -4.7, 13.4)
_WORLD = (-170.0, 180.0, -56.0, 78.0)
_LAND, _BESIDE, _SEA, _DOT = "#F1E9D8", "#E4E8ED", "#F7FAFC", "#0072B2"
_BORDER = "#9AA5B4"
_LARGEST, _SMALLEST = 46.0, 8.0
_HOME = "CO"
_NAMED = 6
_LONGEST_NAME = 40
_MOST_ROWS = 12
Ring = list[list[float]]


def users_map(
    rows: pd.DataFrame, *, users: int, known: int, pooled: int, smallest: int = 10, language: Language = "es"
) -> go.Figure:
    """Users by city as circles whose area is their number.

    Args:
        rows: One row per place, the largest first: ``level place region country users share low high``; of
            level ``other`` and ``unknown`` what is pooled and what is not known.
        users: Everybody.
        known: Those whose place is known.
        pooled: How many places are pooled.
        smallest: Places with fewer users are.
        language: es or en.
    """
    subtitle = say(
        "overview.map.subtitle",
        language,
        n=count(known, language),
        unknown=count(users - known, language),
        pooled=count(pooled, language),
        smallest=smallest,
    )
    placed = [(row, where) for row in rows.to_dict("records") if (where := _where(row))]
    near = [one for one in placed if _inside(one[1], VIEW)]
    far = [one for one in placed if not _inside(one[1], VIEW)]
    head = chart(say("overview.map", language), subtitle, height=640 if far else 500, language=language)
    if not known:
        head.update_xaxes(visible=False).update_yaxes(visible=False)
        return say_nothing_to_show(head, say("overview.map.none" if users else "no_data", language))
    figure = head
    if far:
        figure = make_subplots(rows=2, row_heights=[0.72, 0.28], vertical_spacing=0.02)
        figure.update_layout(head.layout)
    largest = max(row["users"] for row, _ in placed) if placed else 1
    _add_land(figure, ("neighbours", "colombia"), place=1 if far else 0)
    _add_dots(figure, near, largest, place=1 if far else 0, language=language)
    _frame(figure, VIEW, place=1 if far else 0)
    if far:
        _add_land(figure, ("world",), place=2)
        _add_dots(figure, far, largest, place=2, language=language)
        _frame(figure, _WORLD, place=2)
    figure.update_layout(plot_bgcolor=_SEA)
    few = not placed and not (rows["level"] == "city").any()
    return (
        say_nothing_to_show(figure, say("overview.map.few", language, smallest=smallest)) if few else figure
    )


def place_table(rows: pd.DataFrame, *, language: Language = "es") -> Html:
    """Users by place in figures: the largest, what is pooled, what is unknown.

    Args:
        rows: As of ``users_map``.
        language: es or en.
    """
    if rows.empty:
        return Html("")
    apart = rows["level"].isin(["other", "unknown"])
    shown = pd.concat([rows[~apart].head(_MOST_ROWS - 2), rows[apart]])
    heads = say("overview.map.head", language).split("|")
    cells = [
        [
            _with_country(row, language),
            count(row["users"], language),
            "" if absent(row["share"]) else _share(row, language),
        ]
        for row in shown.to_dict("records")
    ]
    body = table(pd.DataFrame(cells, columns=heads), title="overview.map.table", language=language)
    return folded(body.html, say("overview.map.table", language))


def place_name(row: Record, language: Language) -> str:
    """What readers call a place; one that is no city says what it is."""
    level = row["level"]
    if level in ("other", "unknown"):
        return say(f"overview.map.{level}", language)
    name = cut(str(row["place"]), _LONGEST_NAME, language)
    if level == "city":
        return name
    name = label("country", row["place"], language) if level == "country" else name
    return say(f"overview.map.{level}", language, name=name)


def _with_country(row: Record, language: Language) -> str:
    name, country = place_name(row, language), row["country"]
    if row["level"] == "country" or absent(country) or country == _HOME:
        return name
    return f"{name}, {label('country', country, language)}"


def coordinates(city: str, country: str | None) -> tuple[float, float] | None:
    """Longitude and latitude of a city; null where the table has none, or several and no country is known."""
    known = _cities().get(_plain(city), {})
    if country is not None:
        return known.get(country.upper())
    # A name without a country is Colombian where there is such a city.
    return known.get(_HOME) or (next(iter(known.values())) if len(known) == 1 else None)


@cache
def outlines() -> dict[str, list[Ring]]:
    """The rings of ``colombia``, ``neighbours`` and ``world``, as longitudes and latitudes."""
    found: dict[str, list[Ring]] = json.loads(_FILES.joinpath("overview_map.json").read_text("utf-8"))
    return found


@cache
def _cities() -> Mapping[str, Mapping[str, tuple[float, float]]]:
    text = _FILES.joinpath("overview_cities.yaml").read_text("utf-8")
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for name, country, latitude, longitude, *others in yaml.safe_load(text):
        for each in (name, *others):
            found.setdefault(_plain(each), {})[country] = (longitude, latitude)
    return found


def _plain(name: str) -> str:
    """Small letters without accents and marks: *Bogotá, D.C.* is *bogota dc*, and that *bogota*."""
    split = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in split if letter.isalnum() or letter in " -")
    return " ".join(letters.replace("-", " ").split())


def _where(row: Record) -> tuple[float, float] | None:
    if row["level"] != "city":
        return None
    return coordinates(str(row["place"]), None if absent(row["country"]) else str(row["country"]))


def _inside(where: tuple[float, float], view: tuple[float, float, float, float]) -> bool:
    west, east, south, north = view
    return west <= where[0] <= east and south <= where[1] <= north


def _add_land(figure: go.Figure, names: Sequence[str], *, place: int) -> None:
    for name in names:
        rings = outlines()[name]
        figure.add_scatter(
            # A gap between two rings ends one area and begins the next.
            x=[x for ring in rings for x in (*(point[0] for point in ring), None)],
            y=[y for ring in rings for y in (*(point[1] for point in ring), None)],
            mode="lines",
            fill="toself",
            fillcolor=_LAND if name == "colombia" else _BESIDE,
            line={"color": _BORDER if name == "colombia" else "#C9D0D9", "width": 1},
            hoverinfo="skip",
            showlegend=False,
            **_at(place),
        )


def _add_dots(
    figure: go.Figure,
    placed: Sequence[tuple[Record, tuple[float, float]]],
    largest: int,
    *,
    place: int,
    language: Language,
) -> None:
    figure.add_scatter(
        x=[where[0] for _, where in placed],
        y=[where[1] for _, where in placed],
        mode="markers",
        marker={
            "size": [max(_LARGEST * math.sqrt(row["users"] / largest), _SMALLEST) for row, _ in placed],
            "color": _DOT,
            "opacity": 0.62,
            "line": {"color": "white", "width": 1},
        },
        hovertext=[_hover(row, language) for row, _ in placed],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        **_at(place),
    )
    for row, where, beside in _names(placed):
        name = for_plotly(place_name(row, language))
        figure.add_annotation(
            x=where[0],
            y=where[1],
            text=f"<b>{name}</b> {count(row['users'], language)}",
            showarrow=False,
            xanchor=beside,
            xshift=(1 if beside == "left" else -1)
            * (max(_LARGEST * math.sqrt(row["users"] / largest), _SMALLEST) / 2 + 2),
            font={"size": 11, "color": INK},
            bgcolor="rgba(255,255,255,0.55)",
            borderpad=0,
            **_at(place),
        )


def _names(
    placed: Sequence[tuple[Record, tuple[float, float]]],
) -> list[tuple[Record, tuple[float, float], str]]:
    """The largest places that can be named without one name on another: to the side that is free."""
    taken: list[tuple[float, float, float]] = []
    named: list[tuple[Record, tuple[float, float], str]] = []
    for row, where in placed:
        for beside in ("left", "right"):
            ends = (where[0], where[0] + 5.4) if beside == "left" else (where[0] - 5.4, where[0])
            free = all(
                abs(where[1] - y) > 0.75 or ends[1] < low or ends[0] > high  # a line of type
                for low, high, y in taken
            )
            if free and len(named) < _NAMED:
                taken.append((*ends, where[1]))
                named.append((row, where, beside))
                break
    return named


def _frame(figure: go.Figure, view: tuple[float, float, float, float], *, place: int) -> None:
    west, east, south, north = view
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "title_text": "", "ticks": ""}
    line = {"showline": True, "linecolor": LINE, "mirror": True, "fixedrange": False}
    figure.update_xaxes(range=[west, east], constrain="domain", **hidden, **line, **_at(place))
    anchor = "x" if place < 2 else f"x{place}"  # plotly's names of axes
    figure.update_yaxes(
        range=[south, north], scaleanchor=anchor, constrain="domain", **hidden, **line, **_at(place)
    )


def _at(place: int) -> dict[str, int]:
    return {"row": place, "col": 1} if place else {}


def _hover(row: Record, language: Language) -> str:
    region = "" if absent(row["region"]) else f", {for_plotly(str(row['region']), width=40)}"
    name = for_plotly(place_name(row, language), width=40)
    return f"<b>{name}</b>{region}<br>{count(row['users'], language)}: {_share(row, language)}"


def _share(row: Record, language: Language) -> str:
    ends = {part: share(row[part], language) for part in ("share", "low", "high")}
    return say("overview.share", language, **ends)
