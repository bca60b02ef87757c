import re

import plotly.graph_objects as go
import pytest
from page_files import HOSTILE, cell, figure, narration, output

from analytics_lib.dashboards.thumbnails import thumbnail


def shown(*outputs, tags=("page",)):
    return cell("x", *tags, outputs=outputs)


@pytest.mark.parametrize(
    ("trace", "mark"),
    [
        (go.Bar(x=["a", "b"], y=[1, 2]), r'<rect [^>]*fill="#0072B2"'),
        (go.Bar(y=["a", "b"], x=[1, 2], orientation="h"), r'<rect [^>]*fill="#0072B2"'),
        (go.Scatter(x=["2026-01-01", "2026-01-02"], y=[1, 2], mode="lines"), "<polyline"),
        (go.Scatter(x=[1, 2], y=["a", "b"], mode="markers"), "<circle"),
        (go.Pie(labels=["a", "b"], values=[1, 3]), r"<path d=.M[^>]*A"),
        (go.Pie(labels=["a"], values=[1]), r"<path d=.M[^>]*A"),
        (
            go.Sankey(node={"label": ["a", "b"]}, link={"source": [0, 1], "target": [1, 0], "value": [1, 1]}),
            "<path",
        ),
        (go.Heatmap(z=[[1, 2], [3, None]]), "opacity="),
        (go.Histogram(x=[1, 2, 2, 3]), "<rect"),
        (go.Funnel(y=["a", "b"], x=[9, 3]), "<rect"),
        (go.Indicator(value=0.6, gauge={"axis": {"range": [0, 1]}}), "t-gauge"),
    ],
)
def test_every_kind_of_figure_leaves_its_shape(trace, mark):
    drawn = thumbnail([shown(figure(trace))])
    assert re.search(mark, drawn)
    assert "nan" not in drawn.lower()


def test_longest_bar_is_the_largest_value():
    drawn = thumbnail([shown(figure(go.Bar(x=["a", "b"], y=[50, 100])))])
    heights = [float(height) for height in re.findall(r'height="([\d.]+)" fill="#0072B2"', drawn)]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)


def test_cards_stand_where_the_grid_puts_them():
    drawn = thumbnail([shown(output(plain="x"), tags=("page", "span-6")) for _ in range(3)])
    places = re.findall(r'class="t-card" x="([\d.]+)" y="([\d.]+)"', drawn)
    assert [place[1] for place in places] == [places[0][1], places[0][1], places[2][1]]
    assert places[0][0] == places[2][0] != places[1][0]


def test_tile_shows_its_number_and_nothing_of_others():
    drawn = thumbnail(
        [shown(narration(), output(html=f"<p><b>1.234</b>{HOSTILE}</p>"), tags=("page", "span-3"))]
    )
    assert ">1.234</text>" in drawn
    assert "alert" not in drawn


def test_same_cells_give_the_same_bytes():
    cells = [
        shown(figure()),
        shown(output(html="<table><tr><th>a</th></tr></table>")),
        shown(output(png="x")),
    ]
    assert thumbnail(cells) == thumbnail(cells)


def test_page_without_cells_has_an_empty_picture():
    assert thumbnail([]).startswith("<svg")


def test_figure_made_in_an_unknown_way_leaves_its_card_empty():
    broken = output(
        **{"application/vnd.plotly.v1+json": {"data": [{"type": "heatmap", "z": [7]}], "layout": {}}}
    )
    assert "t-card" in thumbnail([shown(broken)])


def test_outline_with_gaps_is_drawn_in_its_pieces():
    drawn = thumbnail([shown(figure(go.Scatter(x=[0, 1, None, 2, 3], y=[0, 1, None, 0, 1], mode="lines")))])
    assert drawn.count("<polyline") == 2


def test_stacked_bars_stand_on_one_another():
    stack = [go.Bar(x=["a"], y=[1], marker_color="#0072B2"), go.Bar(x=["a"], y=[3], marker_color="#E69F00")]
    drawn = thumbnail([shown(figure(*stack, barmode="stack"))])
    (low, low_height), (high, high_height) = [
        (float(y), float(height))
        for y, height in re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill', drawn)
    ]
    assert high_height == pytest.approx(3 * low_height, rel=0.02)
    assert high + high_height == pytest.approx(low, abs=0.2)


def test_each_tile_of_a_card_shows_its_number():
    tiles = "".join(
        f'<p style="font-size:1.7rem;font-weight:700">{number}</p>' for number in ("12", "55,7 %")
    )
    drawn = thumbnail([shown(output(html=f"<div>{tiles}<p>of 7</p></div>"))])
    assert re.findall(r">([^<]+)</text>", drawn) == ["12", "55,7 %"]
