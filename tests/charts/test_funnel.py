"""Pictures, sentences and tables of a funnel: what they say, what they leave out, and what they let in."""

import datetime as dt
import re

import pandas as pd
import pytest

from analytics_lib.charts import funnel, funnel_answer, funnel_compared, funnel_tables

NAN = float("nan")
WINDOW = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)}


def stages(*users, names=("conversation_started", "cart_added", "purchase_completed"), seconds=60.0):
    """A funnel of so many users a stage, with half the interval's width everywhere 0.05."""
    rows = []
    for place, n in enumerate(users):
        before = users[max(place - 1, 0)]
        whole, step = (n / of if of else NAN for of in (users[0], before))
        rows.append(
            {
                "stage": names[place],
                "position": place + 1,
                "users": n,
                "entered": users[0],
                "users_before": before,
                "drop_offs": before - n,
                "conversion_rate": whole,
                "conversion_low": whole - 0.05,
                "conversion_high": whole + 0.05,
                "step_conversion_rate": step,
                "step_low": step - 0.05,
                "step_high": step + 0.05,
                "drop_off_rate": 1 - step,
                "few": before < 30,
                **{f"{name}_seconds": place * seconds for name in ("p25", "median", "p90")},
                **{f"step_{name}_seconds": seconds if place else NAN for name in ("p25", "median", "p90")},
            }
        )
    return pd.DataFrame(rows)


def percentiles(*seconds, share=(0.25, 0.5, 0.75)):
    return pd.DataFrame(
        {
            "share": share,
            "seconds": seconds,
            "low_seconds": seconds,
            "high_seconds": NAN,
            "converters_seconds": 90.0,
        }
    )


def compared(*rows):
    """Each ``(group, difference, real)`` at the last stage."""
    names = ("segment", "difference", "real")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names).assign(
        stage="purchase_completed",
        position=3,
        low=-0.1,
        high=0.1,
        first_rate=0.3,
        first_n=40,
        second_rate=0.2,
        second_n=60,
    )


NOBODY = compared()


def plain(text):
    said = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text)
    return said.replace("\u00a0", " ").replace("\u2212", "-")


def texts(figure):
    return plain(" ".join(str(note.text) for note in figure.layout.annotations))


def test_answer_says_the_conversion_the_worst_step_and_the_time():
    said = plain(funnel_answer.answer(stages(100, 60, 20), percentiles(600, NAN, NAN), NOBODY, **WINDOW).text)

    assert (
        "**20 de 100 usuarios** que entraron por «conversación iniciada» llegaron a «compra terminada»"
        in said
    )
    assert "**20,0 %** (95 %: 15,0 % a 25,0 %)" in said
    assert "de «agrega al carrito» a «compra terminada».** No sigue el 66,7 %" in said
    assert "n = 60): 40 usuarios" in said
    assert "Quienes llegaron al final (n = 20) tardaron 2 min de mediana" in said
    assert "el 25,0 % llega en 10 min" in said


def test_answer_says_when_the_curve_reaches_no_percentile():
    said = plain(funnel_answer.answer(stages(100, 60, 20), percentiles(NAN, NAN, NAN), NOBODY, **WINDOW).text)

    assert "no llega ni el 25,0 % en lo que va observado" in said


def test_answer_names_the_groups_that_differ_for_real():
    groups = compared(("vip", 0.1, True), ("nuevo", -0.2, True), ("otro", 0.3, False))

    said = plain(
        funnel_answer.answer(
            stages(100, 60, 20), percentiles(NAN, NAN, NAN), groups, by="segment", **WINDOW
        ).text
    )

    assert "Por segmento, más allá de la casualidad: nuevo llega menos al final (30,0 %, n = 40)" in said
    assert "vip llega más" in said
    assert "otro" not in said


def test_answer_of_an_empty_window_says_so():
    assert (
        "Nadie entró"
        in funnel_answer.answer(stages(0, 0, 0), percentiles(NAN, NAN, NAN), NOBODY, **WINDOW).text
    )


def test_one_group_alone_is_not_compared():
    alone = compared(("vip", NAN, False))

    said = funnel_answer.answer(stages(100, 60, 20), percentiles(1, 2, 3), alone, by="segment", **WINDOW).text

    assert "segmento" not in said


def test_step_with_few_users_is_not_called_the_worst():
    said = plain(funnel_answer.answer(stages(100, 20, 1), percentiles(NAN, NAN, NAN), NOBODY, **WINDOW).text)

    assert "a «agrega al carrito».** No sigue el 80,0 %" in said


def test_bars_hold_who_reached_and_who_stopped():
    drawn = funnel.funnel(stages(100, 60, 20), **WINDOW, within=dt.timedelta(days=1))

    assert list(drawn.data[0].x) == [100, 60, 20]
    assert list(drawn.data[1].x) == [0, 40, 40]
    assert "60 · 60,0 %" in texts(drawn)
    assert "33,3 % del anterior" in texts(drawn)
    hover = plain(drawn.data[0].hovertext[2])
    assert "20 de 100 que entraron: <b>20,0 %</b> (95 %: 15,0 % a 25,0 %)" in hover
    assert "con 1 d de plazo" in plain(drawn.layout.title.text.replace("<br>", " "))
    assert drawn.layout.xaxis.title.text == "Usuarios"


def test_empty_funnel_draws_its_axes_and_says_why():
    assert "Nadie entró" in texts(funnel.funnel(stages(0, 0, 0), **WINDOW))
    assert "Nadie llegó" in texts(
        funnel.time_curve(
            pd.DataFrame(columns=["seconds", "converted_rate", "low", "high", "at_risk"], dtype=float),
            percentiles(NAN, NAN, NAN),
            users=0,
            converted=0,
        )
    )
    assert "Sin pedidos" in texts(funnel_compared.revenue(pd.DataFrame(columns=["high"])))
    rows = stages(0, 0, 0).assign(segment="vip").head(0)
    assert "No hay usuarios que comparar" in texts(funnel_compared.groups(rows, NOBODY, by="segment"))


def test_where_no_events_are_recorded_the_page_says_that_it_is_not_known():
    nothing = stages(0).head(0)
    assert "no se sabe" in funnel_answer.answer(nothing, percentiles(NAN, NAN, NAN), NOBODY, **WINDOW).text
    assert "La tienda no registra eventos" in texts(funnel.funnel(nothing, **WINDOW))
    trend = pd.DataFrame(columns=["period", "complete", "entered", "users", "conversion_rate"])
    assert "plazo completo" in texts(funnel.trend(trend, period="week"))


def test_curve_stops_where_fewer_than_thirty_are_watched():
    curve = pd.DataFrame(
        {
            "seconds": [0.0, 60, 3600, 86_400],
            "converted_rate": [0, 0.1, 0.2, 0.3],
            "low": [0, 0.05, 0.1, 0.2],
            "high": [0, 0.15, 0.3, 0.4],
            "at_risk": [100, 90, 30, 29],
        }
    )

    drawn = funnel.time_curve(curve, percentiles(60, NAN, NAN), users=100, converted=25)

    line = next(trace for trace in drawn.data if trace.name == "de todos los que entraron")
    assert list(line.x) == [60, 3600]
    assert any(
        "mediana solo de quienes llegaron: 1 min 30 s" in plain(str(trace.name)) for trace in drawn.data
    )
    assert {"1 min", "10 min", "1 h"} == {plain(text) for text in drawn.layout.xaxis.ticktext}


def test_incomplete_period_of_a_trend_is_hollow():
    rows = pd.DataFrame(
        {
            "period": pd.to_datetime(["2026-03-02", "2026-03-09"]),
            "complete": [True, False],
            "users": [5, 6],
            "entered": [50, 60],
            "conversion_rate": [0.1, 0.1],
            "conversion_low": [0.05, 0.05],
            "conversion_high": [0.2, 0.2],
        }
    )

    drawn = funnel.trend(rows, period="week", within=dt.timedelta(days=1))
    open_ended = funnel.trend(rows, period="week")

    assert list(drawn.data[-1].marker.symbol) == ["circle", "circle-open"]
    assert "incompleto" in drawn.data[-1].hovertext[1]
    assert "plazo ya cumplido" in drawn.layout.title.text
    assert "sin plazo" in open_ended.layout.title.text


def test_group_that_really_differs_is_a_diamond():
    rows = pd.concat([stages(40, 30, n).assign(segment=name) for name, n in (("vip", 20), ("nuevo", 5))])

    drawn = funnel_compared.groups(rows, compared(("vip", 0.3, True), ("nuevo", -0.3, False)), by="segment")

    assert list(drawn.data[0].marker.symbol) == ["diamond", "circle"]
    assert "≠ 50,0 %" in texts(drawn)
    assert "12,5 %" in texts(drawn)


def lost(**more):
    row = {"stage": "cart_added", "dropped": 10, "passed": 40, "buyers": 8, "currency": "COP", "few": False}
    return pd.DataFrame(
        [{**row, "mean_revenue": 900.4, "comparable_rate": 0.5, "low": 1e6, "high": 4.2e7, **more}]
    )


def test_revenue_lost_is_a_range_and_never_one_figure():
    drawn = funnel_compared.revenue(lost())

    assert (drawn.data[0].base[0], drawn.data[0].x[0]) == (1e6, 4.1e7)
    assert "1,0 a 42,0 millones" in texts(drawn)
    assert "1,0 a 42,0 millones COP" in plain(funnel_tables.revenue(lost()).html)
    assert "500 a 9.000 COP" in plain(funnel_tables.revenue(lost(low=500.0, high=9_000.0)).html)


def test_tables_give_every_stage_its_numbers_and_a_dash_for_the_unknown():
    table = plain(funnel_tables.stages(stages(100, 60, 20)).html)
    times = plain(funnel_tables.times(percentiles(600, NAN, NAN)).html)

    assert "33,3 % (28,3 a 38,3 %)" in table
    assert "1 min · 1 min · 1 min" in table
    assert "10 min (10 min a sin límite)" in times
    assert times.count("no se alcanza") == 2


def test_table_by_group_keeps_two_stages_of_one_name_apart():
    rows = pd.concat(
        [stages(40, 30, 20, names=("a", "b", "b")).assign(segment=name) for name in ("vip", "nuevo")]
    )

    table = plain(funnel_tables.by_group(rows, by="segment").html)

    assert table.count("30 (75,0 %)") == 2
    assert table.count("20 (66,7 %)") == 2


def test_advice_compares_with_its_thresholds():
    rows, groups = stages(100, 60, 20), compared(("vip", 0.1, True), ("nuevo", -0.1, True))

    asks = plain(funnel_tables.advice(rows, groups, by="segment", limit=0.5).html)
    waits = plain(funnel_tables.advice(rows, NOBODY, by="segment", limit=0.9).html)

    assert "Leer conversaciones" in asks
    assert "Revisar a nuevo" in asks
    assert "Observar" in waits


@pytest.mark.parametrize("language", ["es", "en"])
def test_names_that_mean_harm_stay_text(hostile, language):
    rows = stages(100, 60, 20, names=("*", hostile, hostile)).assign(segment=hostile)
    groups = compared((hostile, -0.1, True)).assign(stage=hostile)
    said = [
        funnel_answer.answer(
            rows, percentiles(1, 2, 3), groups, by="segment", **WINDOW, language=language
        ).text,
        funnel_tables.stages(rows, language=language).html,
        funnel_tables.by_group(rows, by="segment", language=language).html,
        funnel_tables.revenue(lost(stage=hostile), language=language).html,
        funnel_tables.advice(rows, groups, by="segment", limit=0.1, language=language).html,
    ]
    drawn = [
        funnel.funnel(rows, **WINDOW, language=language),
        funnel_compared.groups(rows, groups, by="segment", language=language),
        funnel_compared.revenue(lost(stage=hostile), language=language),
    ]

    assert not [text for text in said if re.search(r"<(script|img)", text)]
    for figure in drawn:
        assert not re.search(r"<(script|img)|\$", str(figure.to_dict()))
