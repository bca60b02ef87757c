import json

import plotly.graph_objects as go
import pytest

from analytics_lib.dashboards.numbers import numbers_of


def numbers(*traces, **layout):
    drawn = go.Figure(list(traces))
    drawn.update_layout(template="none", **layout)
    return numbers_of(json.loads(drawn.to_json()), language="es")


def test_axes_name_the_columns_and_their_format_the_numbers():
    found = numbers(
        go.Scatter(x=["2026-01-31"], y=[0.255], name="<b>rate</b>"),
        xaxis_title="Día",
        yaxis={"title": {"text": "Parte<br>(%)"}, "tickformat": ".0%"},
    )
    assert found.head == ("Día", "Parte (%)")
    assert found.rows == (("31 ene 2026", "25,5\N{NO-BREAK SPACE}%"),)


def test_several_series_are_told_apart():
    found = numbers(go.Bar(x=["a"], y=[1], name="web"), go.Bar(x=["a"], y=[2.5], name="fax"))
    assert found.head[0] == "Serie"
    assert found.rows == (("web", "a", "1"), ("fax", "a", "2,500"))


@pytest.mark.parametrize(
    ("trace", "row"),
    [
        (go.Pie(labels=["good"], values=[3]), ("good", "3")),
        (
            go.Sankey(node={"label": ["in", "out"]}, link={"source": [0], "target": [1], "value": [5]}),
            ("in \N{RIGHTWARDS ARROW} out", "5"),
        ),
        (go.Heatmap(x=["mon"], y=["9"], z=[[4]]), ("9 · mon", "4")),
        (go.Indicator(value=7, title={"text": "score"}), ("score", "7")),
    ],
)
def test_figures_without_axes_are_read_as_well(trace, row):
    assert numbers(trace).rows == (row,)


def test_nothing_to_read_is_no_table():
    assert numbers(go.Scatter(x=[], y=[])) is None
    assert numbers(go.Scatter(x=["a"], y=[None])) is None


def test_long_table_is_cut_and_says_so():
    found = numbers(go.Scatter(x=list(range(200)), y=list(range(200))))
    assert (len(found.rows), found.left_out) == (120, 80)


def test_what_a_mark_says_when_pointed_at_is_better_than_its_place():
    found = numbers(
        go.Scatter(x=[2.3], y=[0], hovertext=["<b>ana: 3 min</b><br>n = 42<br>95 %: 2 to 4"], name="x"),
        go.Scatter(x=[1, 2], y=[1, 2], hoverinfo="skip", name="outline"),
    )
    assert found.head == ("Dónde", "Valor")
    assert found.rows == (("ana: 3 min", "n = 42 · 95 %: 2 to 4"),)


def test_figure_made_in_an_unknown_way_has_no_table():
    assert (
        numbers_of({"data": [{"type": "sankey", "link": {"source": [4], "target": [5]}}]}, language="es")
        is None
    )
    assert numbers_of({"data": [{"type": "heatmap", "x": [1], "y": [1], "z": [7]}]}, language="es") is None
