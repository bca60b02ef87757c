"""What people ask, drawn and in figures."""

import pandas as pd
import pytest
from topic_frames import compared, ending, issue, topics_of

from analytics_lib.charts.topics import topic_endings, topic_trends
from analytics_lib.charts.topics_tables import issue_table, topic_table, trending_products, trending_words
from analytics_lib.charts.topics_words import issue_name, times, topic_name


def weeks_of(topic, shares):
    weeks = pd.date_range("2026-03-02", periods=len(shares), freq="7D")
    frame = pd.DataFrame({"topic": topic, "week": weeks, "share": shares, "recent": False})
    frame.loc[len(shares) - 1, "recent"] = True
    return frame.assign(low=frame["share"] * 0.8, high=frame["share"] * 1.2)


@pytest.mark.parametrize(
    ("topic", "es", "en"),
    [
        ("cuanto {product} · kj #", "cuanto (producto) · kj (número)", "cuanto (product) · kj (number)"),
        ("other", "otros temas", "other topics"),
        ("unknown", "sin palabras que digan de qué", "no word that tells what about"),
    ],
)
def test_topics_are_named_in_words(topic, es, en):
    assert (topic_name(topic, "es"), topic_name(topic, "en")) == (es, en)


def test_topic_table_says_how_many_it_leaves_out_and_keeps_those_without_a_topic():
    page = topic_table(topics_of(*[f"tema{n:02}" for n in range(14)], "other", "unknown")).html
    assert "Se muestran 10 de 14 temas" in page
    assert "tema09" in page
    assert "tema10" not in page
    assert "otros temas" in page
    assert "10: 50,0" in page


def test_hostile_example_is_inert(hostile):
    frame = topics_of("pago")
    frame["examples"] = [[hostile]]
    assert "<script>" not in topic_table(frame).html


def test_each_topic_has_a_panel_with_its_last_week_and_verdict():
    weeks = pd.concat([weeks_of("pago", [0.1, 0.1, 0.3]), weeks_of("talla", [0.2, 0.2, 0.2])])
    growth = pd.DataFrame([{"topic": "pago", **compared()}, {"topic": "talla", **compared("steady")}])
    drawn = topic_trends(weeks, growth)
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles[0] == "pago\n30,0\u00a0% (n = 30) ▲ sube"
    assert titles[1].endswith("como siempre")
    assert drawn._repr_png_()[:4] == b"\x89PNG"


def test_no_full_weeks_are_said():
    assert "Todavía no hay semanas completas" in topic_trends(pd.DataFrame(), pd.DataFrame()).html


def test_ending_that_is_not_told_apart_is_hollow():
    figure = topic_endings(pd.DataFrame([ending("pago", 0.2), ending("talla", 0.01, real=False)]))
    assert list(figure.data[0].marker.symbol) == ["circle", "circle-open"]
    assert list(figure.data[0].x) == [20, 1]
    assert "20 de 100" in figure.data[0].hovertext[0]


def test_endings_of_few_conversations_are_said_to_be_too_few():
    few = pd.DataFrame([ending("pago", 0.2) | {"few": True}])
    assert "muy pocas conversaciones" in topic_endings(few).html
    assert "muy pocas conversaciones" in topic_endings(few.iloc[:0]).html


def test_words_that_moved_are_shown_and_those_that_did_not_are_not():
    rows = [{"word": "madrugon", **compared()}, {"word": "talla", **compared("steady")}]
    page = trending_words(pd.DataFrame(rows)).html
    assert "madrugon" in page
    assert "talla" not in page
    assert "3,00 (1,90 a 4,60)" in page


def test_if_nothing_moved_that_is_said_with_how_many_were_compared():
    page = trending_words(pd.DataFrame([{"word": "talla", **compared("steady")}])).html
    assert "Ninguna palabra se mueve más de lo que da la casualidad (comparadas: 1)" in page
    assert "talla" in page


def test_products_name_what_was_measured_and_none_is_said():
    rows = [{"product": "Jean azul", "measure": "ordered", **compared()}]
    assert "Jean azul (pedido)" in trending_products(pd.DataFrame(rows)).html
    assert "No hay productos que comparar" in trending_products(pd.DataFrame(rows).iloc[:0]).html


def test_new_thing_has_a_ratio_bounded_below_only():
    row = compared("new", ratio=float("nan"), ratio_high=float("nan"), ratio_low=5.5)
    assert times(row, "es") == "al menos \N{MULTIPLICATION SIGN}5,50"


def test_issue_is_named_by_kind_thing_and_error():
    assert issue_name(issue(), "es") == "acción fallida: start_payment (timeout)"
    assert issue_name(issue("dead_end", None, None), "es") == "termina sin salida"
    assert issue_name(issue("repeated", "talla #", None), "en") == "asks the same again: talla (number)"


def test_unrecorded_kinds_are_said_beside_the_issues():
    page = issue_table(pd.DataFrame([issue()]), ["fallback"]).html
    assert "30,0 (21,0 a 42,5)" in page
    assert "Sin registro en la fuente: el bot no reconoce la intención" in page
    assert "No se registró ningún problema" in issue_table(pd.DataFrame(), []).html
