"""The map: outlines of the project's own, every city where it is, nothing asked of the internet."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analytics_lib.charts import overview_map
from analytics_lib.charts.overview_map import VIEW, coordinates, outlines, users_map

CHARTS = Path(overview_map.__file__).parent
CITIES = yaml.safe_load((CHARTS / "overview_cities.yaml").read_text(encoding="utf-8"))
TOWNS = Path(__file__).parents[3] / "shared/data/geo/colombia_populated_places.geojson"
# A hundredth of a degree is about a kilometre; ports lie on the simplified coast.
COAST = 0.06


def inside(point, ring):
    """Whether a ray to the east crosses the ring an odd number of times."""
    x, y = point
    crossed = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossed = not crossed
    return crossed


def near(point, ring):
    return min((x - point[0]) ** 2 + (y - point[1]) ** 2 for x, y in ring) ** 0.5 < 3 * COAST and any(
        inside((point[0] + dx, point[1] + dy), ring) for dx in (-COAST, 0, COAST) for dy in (-COAST, 0, COAST)
    )


def in_colombia(point):
    return any(inside(point, ring) or near(point, ring) for ring in outlines()["colombia"])


def rows(*places):
    """Each ``(city, country, users)``."""
    frame = pd.DataFrame(places, columns=["place", "country", "users"])
    total = frame["users"].sum()
    return frame.assign(level="city", region=None, share=frame["users"] / total, low=0.1, high=0.9)


def dots(figure):
    return [trace for trace in figure.data if trace.mode == "markers"]


@pytest.mark.parametrize("city", [row for row in CITIES if row[1] == "CO"], ids=lambda row: row[0])
def test_city_of_colombia_lies_inside_its_outline(city):
    _, _, latitude, longitude, *_ = city
    assert in_colombia((longitude, latitude))


def test_no_city_abroad_lies_inside_it():
    assert [row[0] for row in CITIES if row[1] != "CO" and in_colombia((row[3], row[2]))] == []


@pytest.mark.skipif(not TOWNS.is_file(), reason="the towns of Natural Earth are not here")
def test_cities_are_where_natural_earth_has_them():
    """Those with one of that name there; to a tenth of a degree, since a city is no point."""
    towns = {
        feature["properties"]["name"]: feature["properties"]
        for feature in json.loads(TOWNS.read_text(encoding="utf-8"))["features"]
    }
    both = [(row, towns[row[0]]) for row in CITIES if row[1] == "CO" and row[0] in towns]

    assert len(both) > 40
    far = [
        row[0]
        for row, town in both
        if abs(row[2] - town["latitude"]) > 0.1 or abs(row[3] - town["longitude"]) > 0.1
    ]
    assert far == []


def test_file_of_the_map_is_small_and_its_rings_are_closed():
    assert (CHARTS / "overview_map.json").stat().st_size <= 60_000
    assert all(ring[0] == ring[-1] for rings in outlines().values() for ring in rings)


@pytest.mark.parametrize(
    ("city", "country", "found"),
    [
        ("Bogotá", "CO", (-74.08, 4.61)),
        ("BOGOTA D.C.", None, (-74.08, 4.61)),
        ("  cúcuta ", "co", (-72.50, 7.89)),
        ("Madrid", "ES", (-3.70, 40.42)),
        ("Madrid", "CO", (-74.26, 4.73)),
        ("Madrid", None, (-74.26, 4.73)),
        ("Quito", None, (-78.47, -0.18)),
        ("Bogotá", "ES", None),
        ("Macondo", "CO", None),
    ],
)
def test_city_is_found_by_its_name_and_country(city, country, found):
    assert coordinates(city, country) == found


def test_area_of_a_circle_is_its_users():
    (near_by,) = dots(
        users_map(rows(("Bogotá", "CO", 400), ("Cali", "CO", 100)), users=500, known=500, pooled=0)
    )

    assert list(near_by.x) == [-74.08, -76.52]
    assert near_by.marker.size[0] == 2 * near_by.marker.size[1]
    assert "400" in near_by.hovertext[0]


def test_what_lies_beyond_the_view_stands_on_a_map_of_the_world():
    figure = users_map(rows(("Bogotá", "CO", 400), ("Madrid", "ES", 20)), users=420, known=420, pooled=0)
    here, abroad = dots(figure)

    assert list(here.x) == [-74.08]
    assert list(abroad.x) == [-3.70]
    assert not VIEW[0] <= -3.70 <= VIEW[1]
    assert figure.layout.yaxis2.scaleanchor == "x2"


def test_degrees_are_as_long_both_ways_and_nothing_is_fetched():
    figure = users_map(rows(("Bogotá", "CO", 400)), users=400, known=400, pooled=0)
    kinds = {trace.type for trace in figure.data}

    assert figure.layout.yaxis.scaleanchor == "x"
    assert kinds == {"scatter"}
    assert "geo" not in figure.layout.to_plotly_json()
    assert "http" not in figure.to_json()


def test_city_without_coordinates_is_in_the_table_and_not_on_the_map():
    frame = rows(("Bogotá", "CO", 400), ("Macondo", "CO", 20))
    (near_by,) = dots(users_map(frame, users=420, known=420, pooled=0))

    assert len(near_by.x) == 1
    assert "Macondo" in overview_map.place_table(frame).html


def test_country_is_told_where_it_is_not_colombia():
    html = overview_map.place_table(rows(("Bogotá", "CO", 400), ("Quito", "EC", 20))).html

    assert "Quito, Ecuador" in html
    assert "Bogotá, " not in html


@pytest.mark.parametrize(
    ("frame", "users", "words"),
    [
        (rows().head(0), 0, "Sin datos"),
        (rows().head(0), 9, "La fuente no dice dónde"),
        (rows(("other", None, 9)).assign(level="other"), 9, "Ningún lugar con 10"),
    ],
)
def test_map_without_a_place_says_why(frame, users, words):
    known = int(frame["users"].sum()) if len(frame) else 0
    figure = users_map(frame, users=users, known=known, pooled=0)

    assert any(words in (note.text or "") for note in figure.layout.annotations)


def test_name_of_a_city_stays_inert(hostile):
    frame = rows((hostile, "CO", 400)).assign(region=hostile)
    figure = users_map(frame, users=400, known=400, pooled=0)

    assert "<script" not in overview_map.place_table(frame).html
    assert "<script" not in str(figure.to_plotly_json())
