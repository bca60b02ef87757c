import re

import pandas as pd
import pytest

from analytics_lib.charts.driver_answer import answer
from analytics_lib.charts.drivers import advice, driver_table, drivers

NAN = float("nan")


def overall(change=-0.1, *, low=-0.15, high=-0.05, metric="conversion_rate", **more):
    said = {
        "metric": metric,
        "value0": 0.3,
        "value1": 0.3 + change,
        "change": change,
        "low": low,
        "high": high,
    }
    said |= {"n0": 400.0, "denominator0": 100.0, "denominator1": 110.0}
    said |= {"since": pd.Timestamp("2026-08-03"), "until": pd.Timestamp("2026-08-17")}
    said |= {
        "baseline_since": pd.Timestamp("2026-06-08"),
        "baseline_until": pd.Timestamp("2026-08-03"),
        "compared_days": 48,
    }
    return {**said, "special_days": 0, "other_kind_days": 0, "other_weekday_days": 0, **more}


def row(
    group="instagram", explained=-0.08, *, dimension="channel", second=None, real=True, rate=None, **more
):
    said = {"dimension_1": dimension, "group_1": group, "dimension_2": NAN, "group_2": NAN}
    if second:
        said |= dict(zip(("dimension_2", "group_2"), second, strict=True))
    said |= {"n0": 80.0, "denominator0": 20.0, "denominator1": 22.0, "value0": 0.5, "value1": 0.1}
    said |= {"rate": explained if rate is None else rate, "mix": 0.0, "contribution": explained}
    said |= {"low": explained - 0.02, "high": explained + 0.02, "explained": explained}
    said |= {"explained_low": explained - 0.03, "explained_high": explained + 0.03}
    return {**said, "p_value": 0.001, "q_value": 0.01 if real else 0.4, "real": real, **more}


def rows(*each):
    return pd.DataFrame(list(each), columns=list(row()))


def plain(text):
    return re.sub(r"&#\d+;", "", text.replace("\u00a0", " ").replace("\u2212", "-"))


def text_of(figure):
    return " ".join(plain(re.sub(r"<[^>]+>", " ", figure.layout.title.text)).split())


def test_answer_says_the_change_with_both_n_and_the_first_driver():
    said = plain(answer(overall(), rows(row(), row("web", -0.01))).text)

    assert (
        "bajó de 30,0 % (n = 400) a 20,0 % (n = 110): **-10,0 puntos** (95 %: -15,0 puntos a -5,0 puntos)"
        in said
    )
    assert "Lo que más la explica: canal Instagram.** Su peso pasó de 20,0 % a 20,0 %" in said
    assert "su valor de 50,0 % (n = 80) a 10,0 % (n = 22)" in said
    assert "habría sido -2,0 puntos en vez de -10,0 puntos: explica -8,0 puntos" in said
    assert "También, por separado: canal chat web (-1,0 puntos)" in said


def test_new_group_has_no_value_before_and_one_that_is_gone_none_after():
    new = plain(answer(overall(), rows(row(n0=0.0, denominator0=0.0, value0=NAN))).text)
    gone = plain(answer(overall(), rows(row(denominator1=0.0, value1=NAN))).text)

    assert "En la referencia no hay ninguna; en la ventana pesa 20,0 % y su valor es 10,0 % (n = 22)" in new
    assert "en la ventana no hay ninguna" in gone


def test_answer_without_a_real_group_says_how_many_were_compared():
    said = answer(overall(), rows(row(real=False), row("(other)", p_value=NAN, real=False))).text

    assert "de 1 comparados, ninguno se movió" in said


def test_change_whose_interval_holds_zero_is_not_told_apart():
    assert "no se distingue de la casualidad" in answer(overall(high=0.01), rows(row(real=False))).text
    assert "no se distingue" not in answer(overall(), rows(row())).text


@pytest.mark.parametrize(
    ("matched", "said"),
    [
        ({}, "Referencia: 48 días del 8 jun al 2 ago 2026, con los mismos días"),
        ({"special_days": 2}, "Los 2 festivos o días de pago de la ventana se comparan con días iguales"),
        (
            {"special_days": 2, "other_kind_days": 1},
            "De los 2 festivos o días de pago de la ventana, 1 no tienen",
        ),
        ({"other_kind_days": 1}, "1 de sus días se comparan con festivos"),
        ({"other_weekday_days": 1}, "1 de sus días se comparan con otros días"),
    ],
)
def test_answer_says_how_the_baseline_was_matched(matched, said):
    assert said in plain(answer(overall(**matched), rows(row())).text)


def test_answer_speaks_english():
    said = answer(overall(), rows(row()), language="en").text

    assert "fell from 30.0% (n = 400) to 20.0% (n = 110)" in plain(said)
    assert "What explains it most" in said


def test_bars_are_the_value_and_the_weight_and_the_diamond_their_sum():
    figure = drivers(overall(), rows(row(explained=-0.08, rate=-0.06)))
    bars = {trace.name.partition(":")[0]: trace for trace in figure.data if trace.type == "bar"}
    (total,) = [trace for trace in figure.data if trace.type == "scatter" and trace.x]

    assert bars["tasa"].x == pytest.approx([-6])
    assert bars["mezcla"].x == pytest.approx([-2])
    assert bars["mezcla"].marker.pattern.shape
    assert not bars["tasa"].marker.pattern.shape
    assert total.x == pytest.approx([-8])
    assert (total.error_x.array, total.error_x.arrayminus) == (pytest.approx([3]), pytest.approx([3]))
    assert "puntos porcentuales" in figure.layout.xaxis.title.text
    assert "n = 400 en la referencia y 110 en la ventana" in text_of(figure)


def test_rows_are_named_with_their_n_and_pooled_ones_are_not_drawn():
    pair = row("web", second=("segment", "<b>vip</b>"))
    figure = drivers(overall(), rows(row(), pair, row("(other)", p_value=NAN)))
    names = [re.sub(r"<[^>]+>", " ", name) for name in figure.layout.yaxis.ticktext]

    assert len(names) == 2
    assert names[0].startswith("canal: Instagram")
    assert "n = 80 → 22" in names[0]
    assert "&lt;b&gt;vip" in figure.layout.yaxis.ticktext[1]


def test_what_is_not_real_is_pale():
    figure = drivers(overall(), rows(row(), row("web", real=False)))
    (bar,) = [trace for trace in figure.data if trace.type == "bar" and trace.name.startswith("tasa")]

    assert bar.marker.opacity == (1.0, 0.35)


def test_times_are_drawn_in_seconds_and_not_in_percent():
    figure = drivers(overall(5.0, low=4.0, high=6.0, metric="duration"), rows(row(explained=4.0)))

    assert figure.data[0].x == pytest.approx([4.0])
    assert "segundos" in figure.layout.xaxis.title.text


def test_picture_without_groups_says_so():
    figure = drivers(overall(), rows())

    assert [note.text for note in figure.layout.annotations] == ["No hay grupos que comparar"]


def test_table_gives_both_windows_with_n_and_escapes_names():
    shown = plain(driver_table(overall(), rows(row("<script>", dimension="city", q_value=0.0001))).html)

    assert "50,0 % (n = 80)" in shown
    assert "10,0 % (n = 22)" in shown
    assert "-8,0 puntos (-10,0 puntos a -6,0 puntos)" in shown
    assert "&lt; 0,001" in shown
    assert "<script>" not in shown


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (row(), "Su valor cambió"),
        (row(rate=0.0), "Su peso cambió"),
        (row("failing", dimension="systems", rate=0.0), "equipo técnico"),
        (row(explained=-0.01), "Explica poco"),
        (row(real=False), "Nada que reparar en un grupo"),
    ],
)
def test_advice_follows_from_what_the_first_driver_is(first, said):
    assert said in advice(overall(), rows(first), limit=0.3).html


def test_change_that_is_not_told_apart_asks_for_nothing():
    assert "Nada: no se distingue" in advice(overall(high=0.01), rows(), limit=0.3).html
    assert "Es real" in advice(overall(), rows(), limit=0.3).html
