import re

import pandas as pd
import pytest
from charted_journeys import counted, difference

from analytics_lib.charts.segment_difference import (
    choose_pair,
    difference_table,
    read_comparison,
    segment_difference,
)
from analytics_lib.errors import RequestError

PAIR = ("whatsapp", "instagram")


def draw(*rows, **more):
    return segment_difference(pd.DataFrame(list(rows)), by="channel", pair=PAIR, **more)


def plain(text):
    return re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("\u2212", "-")


def groups(**sizes):
    return counted(*[("a", n, n) for n in sizes.values()], channel=list(sizes))


def test_dot_is_the_difference_in_points_with_its_interval():
    (dots,) = [trace for trace in draw(difference(0.1)).data if trace.x]

    assert dots.x == pytest.approx([10])
    assert dots.error_x.array == pytest.approx([4])
    assert dots.error_x.arrayminus == pytest.approx([5])


def test_real_is_a_filled_diamond_and_the_rest_is_hollow():
    symbols = {trace.name: trace.marker.symbol for trace in draw(difference(), difference(real=False)).data}

    assert symbols == {"real": "diamond", "no distinguible de la casualidad": "circle-open"}


def test_corrected_p_value_stands_beside_each_dot():
    figure = draw(difference(p_value=0.0004), difference(p_value=0.04, real=False))
    said = [plain(note.text) for note in figure.layout.annotations]

    assert said == [" +10,0  q &lt; 0,001", "+10,0 q 0,040"]


def test_rows_keep_their_order_and_say_both_n():
    figure = draw(difference(0.1), difference(-0.3, source="b", target="end"))
    named = [" ".join(plain(text).split()) for text in figure.layout.yaxis.ticktext]

    assert named == ["agrega al carrito → inicia la compra n = 1.000 / 200", "b → fin n = 1.000 / 200"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"event": "cart_added"}, "agrega al carrito"),
        ({"event": "cart_added", "step": 3}, "agrega al carrito, paso 3"),
        ({"path": ["a", "a", "b"]}, "a \N{MULTIPLICATION SIGN}2 → b"),
    ],
)
def test_events_steps_and_paths_are_compared_too(keys, said):
    text = " ".join(plain(draw(difference(**keys)).layout.yaxis.ticktext[0]).split())

    assert text == f"{said} n = 1.000 / 200"


def test_share_that_does_not_exist_in_a_group_is_not_drawn_as_zero():
    nothing = difference(float("nan")) | {"second_share": float("nan"), "second_total": 0}
    figure = draw(difference(), nothing)

    assert len(figure.layout.yaxis.ticktext) == 1


def test_title_names_the_groups_and_how_many_were_compared():
    title = " ".join(plain(draw(difference()).layout.title.text).split())

    assert "WhatsApp frente a Instagram" in title
    assert "1 de 1 comparadas" in title


def test_without_two_groups_the_picture_says_so():
    figure = segment_difference(None, by="channel", pair=None)

    assert [note.text for note in figure.layout.annotations] == ["No hay dos grupos que comparar"]


def test_largest_known_groups_are_compared_unless_others_are_asked_for():
    sizes = groups(web=5, whatsapp=90, unknown=500, instagram=20)

    assert choose_pair(sizes, by="channel") == ("whatsapp", "instagram")
    assert choose_pair(sizes, by="channel", groups=["web"]) == ("web", "whatsapp")
    assert choose_pair(sizes, by="channel", groups=["instagram", "web"]) == ("instagram", "web")


def test_one_group_or_no_dimension_is_nothing_to_compare():
    assert choose_pair(groups(web=5, unknown=4), by="channel") is None
    assert choose_pair(counted(("a", 1, 1)), by="") is None
    assert choose_pair(groups(), by="channel") is None


def test_comparison_is_a_dimension_and_perhaps_two_groups():
    assert read_comparison("channel") == ("channel", [])
    assert read_comparison("segment: vip, nuevo") == ("segment", ["vip", "nuevo"])
    assert read_comparison("") == ("", [])
    with pytest.raises(RequestError, match="names 3 groups"):
        read_comparison("channel: a, b, c")


def test_table_gives_counts_limits_and_verdict_with_inert_names(hostile):
    frame = pd.DataFrame([difference(source=hostile, target="b", p_value=0.0004)])
    said = difference_table(frame, by="segment", pair=("<b>vip</b>", "nuevo")).html.replace("\u00a0", " ")

    assert "30,0 % (300 de 1.000)" in said
    assert "+10,0 (+5,0 a +14,0)" in said
    assert "&lt; 0,001, real" in said
    assert "<script>" not in said
    assert "<b>" not in said


def test_table_tells_groups_apart_that_are_written_alike():
    frame = pd.DataFrame([difference()])
    said = difference_table(frame, by="channel", pair=("whatsapp", "WhatsApp")).html

    assert "(1)</th>" in said
    assert "(2)</th>" in said
    assert "No hay dos grupos" in difference_table(None, by="", pair=None).html


def test_hostile_group_and_event_are_inert_in_the_picture(hostile):
    figure = segment_difference(
        pd.DataFrame([difference(source=hostile, target=hostile)]), by="city", pair=(hostile, "Bogotá")
    )
    shown = [figure.layout.title.text, *figure.layout.yaxis.ticktext]
    shown += [text for trace in figure.data for text in trace.hovertext]

    for text in shown:
        assert not re.search(r"<(?!/?(b|br|span)[ >])", text)
        assert "$" not in text
