"""Sequences of events drawn and in figures, what to do, and the answer of the page."""

import datetime as dt
import math

import pandas as pd
import pytest
from topic_frames import compared, ending, hours_of, issue, pattern, topics_of

from analytics_lib.charts import patterns_answer, patterns_tables
from analytics_lib.charts.patterns import frequent_sequences, tells

STEPS = ("cart_added", "purchase_initiated")


def test_frequent_sequences_leave_out_single_events():
    figure = frequent_sequences(pd.DataFrame([pattern(["cart_added"]), pattern(STEPS)]))
    assert list(figure.data[0].x) == [0.2]
    assert "agrega al carrito → inicia la compra" in figure.data[0].hovertext[0].replace("<br>", " ")


def test_source_without_events_is_said_once():
    empty = pd.DataFrame()
    assert "La fuente no registra eventos" in frequent_sequences(empty, missing="events").html
    assert tells(empty, outcome="purchase_completed", missing="events").html == ""
    assert "compra terminada" in tells(empty, outcome="purchase_completed", missing="outcome").html


def test_tell_stands_where_its_lift_is_with_what_was_not_confirmed_hollow():
    rows = [
        pattern(STEPS),
        pattern(["x"], verdict="chance"),
        pattern(["y"], verdict="structural", flow_lift=math.nan),
    ]
    figure = tells(pd.DataFrame(rows), outcome="purchase_completed")
    drawn = {trace.name: (list(trace.x), list(trace.marker.symbol)) for trace in figure.data}
    assert drawn["más entre quienes llegan"] == ([pytest.approx(math.log10(2))], ["circle"])
    assert drawn["no se distingue de la casualidad"][1] == ["circle-open"]
    assert len(figure.layout.yaxis.ticktext) == 2


def test_part_of_a_shorter_tell_is_not_shown_again():
    rows = [pattern(["a"]), pattern(["a", "b"], part_of=["a"])]
    assert len(tells(pd.DataFrame(rows), outcome="o").layout.yaxis.ticktext) == 1


def test_no_tell_is_said_with_how_many_were_compared():
    assert "(comparadas: 1)" in tells(pd.DataFrame([pattern(STEPS, verdict="chance")]), outcome="o").html


def test_hostile_event_is_inert(hostile):
    shown = str(frequent_sequences(pd.DataFrame([pattern([hostile, "b"])])).to_dict())
    assert "<script>" not in shown
    assert (
        "<script>" not in patterns_tables.apart_table(pd.DataFrame([pattern([hostile], verdict="flow")])).html
    )


def test_structural_sequences_are_set_apart_with_the_reason():
    page = patterns_tables.apart_table(
        pd.DataFrame([pattern(STEPS, verdict="structural"), pattern(["x"])])
    ).html
    assert "paso obligado" in page
    assert "30,0\u00a0% (60 de 200)" in page
    assert page.count("<tr>") == 2


def test_steps_before_leaving_and_before_the_outcome_keep_their_counts():
    rates = {"ended": 50, "ended_rate": 0.25, "share": 0.4, "lift": 1.5, "before": 30, "outcome_rate": 0.3}
    row = pattern(STEPS, **rates, lift_low=1.2, lift_high=1.9, structural=False)
    assert (
        "25,0\u00a0% (18,0\u00a0% a 23,0\u00a0%; n = 200)"
        in patterns_tables.drop_off_table(pd.DataFrame([row])).html
    )
    assert "1,50 (1,20 a 1,90)" in patterns_tables.success_table(pd.DataFrame([row])).html
    assert "camino obligado" in patterns_tables.success_table(pd.DataFrame([row | {"structural": True}])).html


def test_advice_names_what_grows_fails_and_ends_worse():
    words = pd.DataFrame([{"word": "madrugon", **compared("new")}])
    page = patterns_tables.advice(
        words, pd.DataFrame([issue(verdict="new")]), pd.DataFrame([ending("pago", 0.1)]), most_per_thousand=20
    ).html
    for said in (
        "Se mueve: madrugon",
        "Problema que crece: acción fallida",
        "más frecuente",
        "termina peor: pago",
    ):
        assert said in page


def test_advice_leaves_alone_what_is_within_chance_and_threshold():
    words = pd.DataFrame([{"word": "talla", **compared("steady")}])
    issues = pd.DataFrame([issue(verdict="steady")])
    page = patterns_tables.advice(
        words, issues, pd.DataFrame([ending("pago", 0.1)]).iloc[:0], most_per_thousand=50
    ).html
    assert "Nada se mueve" in page
    assert "Problema" not in page


def found(**given):
    none = pd.DataFrame([{"verdict": "few"}]).iloc[:0]
    parts = {
        "topics": topics_of("pago · tarjeta", "talla", "other", "unknown"), "users": 20,
        "hours": hours_of((4, 19, 50.0, 4.0, False, False)), "growth": none, "words": none, "products": none,
        "issues": none, "worse": pd.DataFrame([ending("pago", 0.1)]).iloc[:0], "compared_endings": 6,
        "tells": pd.DataFrame(), "outcome": "purchase_completed",
    }  # fmt: skip
    return patterns_answer.Found(**(parts | given))


def said(**given):
    window = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 5, 1)}
    return patterns_answer.answer(found(**given), **window).text.replace("\u00a0", " ")


def test_answer_counts_who_asked_and_names_what_is_asked_most():
    text = said()
    assert "**20 usuarios** escribieron 154 mensajes" in text
    assert "50,0 % de los usuarios" in text
    assert "37 sin palabras" in text
    assert "el jue a las 19:00: 12,5 por hora (n = 4)" in text


def test_answer_says_what_moves_or_that_nothing_does_or_that_it_cannot_be_said():
    moving = pd.DataFrame([{"word": "madrugon", **compared("new")}])
    assert "madrugon nuevo (30,0 % frente a 10,0 %)" in said(words=moving)
    assert "Nada de lo comparado (1:" in said(words=moving.assign(verdict="steady"))
    assert "menos de tres semanas completas" in said()


def test_answer_names_the_costliest_bad_end_or_that_there_is_none():
    assert "20,0 % escaladas frente a 10,0 % sin el tema (n = 100)" in said(
        worse=pd.DataFrame([ending("pago", 0.1)])
    )
    assert "Ningún tema termina peor" in said()
    assert "termina peor" not in said(compared_endings=0)


def test_answer_names_the_first_confirmed_tell():
    assert "2,00 (95 %: 1,50 a 2,70)" in said(tells=pd.DataFrame([pattern(STEPS)]))


def test_answer_of_nobody_writing_is_said():
    assert "nadie escribió" in said(topics=topics_of("a").iloc[:0], users=0, hours=hours_of())
