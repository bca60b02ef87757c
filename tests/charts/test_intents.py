import datetime as dt
import importlib.resources
import re
import string

import pandas as pd
import pytest
import yaml

from analytics_lib.charts.intent_answer import Calibrated, answer
from analytics_lib.charts.intent_review import confused, reliability
from analytics_lib.charts.intent_tables import (
    Limits,
    advice,
    confusion_table,
    example_table,
    failing_table,
    intent_table,
)
from analytics_lib.charts.intents import failing, volumes
from analytics_lib.charts.pages import Html

NAN = float("nan")
RATES = ("low_confidence", "accuracy", "fallback_next", "escalation", "abandonment", "lost")
DAYS = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}
LIMITS = Limits(low_confidence=0.2, accuracy=0.85, fallback_next=0.1, calibration=0.05)
TRUE = Calibrated(messages=1000, error=0.02, floor=0.03, bias=0.01)
UNKNOWN = Calibrated(messages=0, error=NAN, floor=NAN, bias=NAN)
FOLDER = importlib.resources.files("analytics_lib.charts")
CATALOGUE = yaml.safe_load(FOLDER.joinpath("words_intents.yaml").read_text(encoding="utf-8"))


def plain(text):
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def row(intent="price", rate=0.2, *, n=100, real=True, **more):
    """An intent all of whose rates are alike."""
    made = {"intent": intent, "detections": n, "share": 0.5, "mean_confidence": 0.8}
    for name in RATES:
        made |= {f"{name}_count": rate * n, f"{name}_n": n, f"{name}_rate": rate}
        made |= {f"{name}_low": rate - 0.05, f"{name}_high": rate + 0.05}
    made |= {"overall": 0.1, "cost": 3.2, "difference": 0.15, "low": 0.1, "high": 0.2, "p_value": 0.01}
    return {**made, "real": real, **more}


def without(rate, made):
    return {**made, f"{rate}_n": 0, **{f"{rate}_{part}": NAN for part in ("rate", "low", "high")}}


def frame(*rows):
    return pd.DataFrame(list(rows), columns=list(row()))


def overall(**more):
    return pd.Series({**row(n=400), "detections": 400.0, **more})


def pairs(*rows):
    columns = ["true_intent", "intent", "messages", "reviewed"]
    made = pd.DataFrame(list(rows), columns=columns)
    return made.assign(share=made["messages"] / made["reviewed"])


def bins(*rows):
    columns = ["messages", "mean_confidence", "accuracy", "low", "high"]
    return pd.DataFrame(list(rows), columns=columns)


def texts_of(picture):
    axes = picture.axes[0]
    return [
        text.get_text()
        for text in [*picture.texts, *axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]
    ]


def test_volume_is_a_bar_and_doubt_a_dot_with_its_whisker():
    figure = volumes(frame(row("price", 0.2), row("sizes", 0.1)), overall())
    bar, dots = figure.data
    assert list(bar.x) == [100, 100]
    assert list(dots.x) == [0.2, 0.1]
    assert dots.error_x.array == pytest.approx([0.05, 0.05])
    assert list(figure.layout.yaxis.ticktext) == ["precio", "tallas"]
    assert "20 de 100 detecciones" in plain(dots.hovertext[0])
    assert all(axis.title.text for axis in (figure.layout.xaxis, figure.layout.xaxis2))


def test_source_without_confidence_draws_volumes_and_says_so():
    figure = volumes(frame(without("low_confidence", row())), overall())
    assert list(figure.data[1].x) == []
    assert "no trae<br>confianza" in figure.layout.xaxis2.title.text


def test_message_of_no_intent_has_a_bar_and_no_dot_since_it_claims_nothing():
    figure = volumes(frame(row("price", 0.2), row("fallback", 0.99)), overall())
    assert (len(figure.data[0].x), list(figure.data[1].x)) == (2, [0.2])


def test_nothing_detected_is_a_sentence_and_no_empty_chart():
    sentences = [volumes(frame(), overall(detections=0)), confused(pairs())]
    sentences += [failing(frame(), overall(lost_n=0)), failing(frame(), overall())]
    sentences.append(reliability(bins(), error=NAN, floor=NAN))
    assert all(isinstance(sentence, Html) for sentence in sentences)
    assert "Nadie ha revisado" in confused(pairs()).html
    assert "no se equivocó" in confused(pairs(("price", "price", 3, 3))).html


def test_failing_intent_not_told_apart_is_hollow_and_not_bold():
    figure = failing(frame(row("price", 0.6), row("sizes", 0.3, real=False)), overall(lost_rate=0.25))
    assert list(figure.data[0].marker.symbol) == ["circle", "circle-open"]
    assert [plain(note.text) for note in figure.layout.annotations] == ["<b>60,0 %</b>", "30,0 %"]
    assert figure.layout.shapes[0].x0 == 0.25
    assert "60 de 100" in plain(figure.layout.yaxis.ticktext[0])


def test_more_intents_than_fit_are_cut_and_the_title_says_so():
    figure = volumes(frame(*(row(f"intent {n}") for n in range(20))), overall())
    assert len(figure.layout.yaxis.ticktext) == 15
    assert "15 filas de 20" in figure.layout.title.text


def test_confusions_are_percent_of_the_true_intent_and_right_ones_blank():
    picture = confused(
        pairs(("price", "price", 8, 10), ("price", "payment", 2, 10), ("sizes", "sizes", 5, 5))
    )
    said = texts_of(picture)
    assert "20" in said
    assert "80" not in said
    assert "precio (10)" in said
    assert "2 errores en 15 revisados; % de los mensajes de cada fila" in said


def test_reliability_tells_n_error_and_noise_floor_and_both_axes():
    shown = reliability(bins((120, 0.6, 0.5, 0.4, 0.6), (130, 0.9, 1.0, 0.97, 1.0)), error=0.1, floor=0.03)
    said = [plain(text) for text in texts_of(shown)]
    assert "n = 250 revisados; error 10,0 % (por azar solo: 3,0 %)" in said
    assert shown.axes[0].get_xlabel() == "Confianza media del bot (%)"
    assert shown.axes[0].get_ylabel() == "Aciertos según la revisión (%)"
    assert shown.legends[0].get_title().get_text() == "120 a 130 mensajes por punto"
    assert shown._repr_png_().startswith(b"\x89PNG")


def said(whole, failed, calibrated=TRUE):
    return plain(answer(whole, failed, calibrated, **DAYS).text)


def test_answer_tells_doubt_accuracy_cost_and_trust_with_their_n():
    text = said(overall(lost_rate=0.1), frame(row("price", 0.6)))
    assert "Del 2 mar al 8 mar 2026 el bot detectó una intención en **400 mensajes**" in text
    assert "Dudó (confianza menor de 0,7) en **20,0 %** de 400 (95 %: 15,0 % a 25,0 %)" in text
    assert "De 400 mensajes revisados por una persona acertó en **20,0 %**" in text
    assert (
        "Se pierde más que en el resto (10,0 % de 400) cuando el cliente viene por **precio** (60,0 % de 100)"
        in text
    )
    assert "Su confianza se puede creer" in text


def test_answer_without_intents_or_reviews_says_what_is_not_known():
    assert "no hay ninguna intención detectada" in said(overall(detections=0.0), frame(), UNKNOWN)
    text = said(pd.Series(without("accuracy", overall())), frame(row(real=False)), UNKNOWN)
    assert "Nadie ha revisado las intenciones" in text
    assert "Con ninguna intención se pierde de verdad más" in text
    assert "Si su confianza es cierta no se sabe" in text


@pytest.mark.parametrize(
    ("bias", "text"), [(0.1, "más seguro de lo que acierta"), (-0.1, "Acierta más de lo que")]
)
def test_answer_tells_too_sure_from_too_unsure(bias, text):
    calibrated = Calibrated(messages=1000, error=0.1, floor=0.03, bias=bias)
    assert text in said(overall(), frame(), calibrated)


def test_tables_hold_rates_with_interval_and_n_and_say_where_there_is_none():
    html = plain(intent_table(frame(without("accuracy", row()), row("sizes", n=20))).html)
    assert "20,0 % (15,0 % a 25,0 %; n = 100)" in html
    assert "sin dato" in html
    assert "n = 20) (pocos datos)" in html
    assert "+15,0 puntos (95 %: +10,0 a +20,0)" in plain(failing_table(frame(row())).html)
    assert "20,0 % (2 de 10)" in plain(confusion_table(pairs(("price", "payment", 2, 10))).html)


def example(text="hola", true_intent=None):
    columns = ["intent", "true_intent", "confidence", "text", "conversation_id"]
    return pd.DataFrame([("price", true_intent, 0.4, text, "c1")], columns=columns)


def test_examples_are_cut_and_lead_to_their_conversation():
    html = plain(example_table(example("á" * 500, "sizes")).html)
    assert f">{'á' * 120}… (500 caracteres)<" in html
    assert "c1" in html
    assert "sin revisar" in example_table(example()).html


def rows_of(html):
    return [re.sub(r"<[^>]+>", "|", each) for each in plain(html).split("<tr")[2:]]


def test_advice_acts_beyond_the_thresholds_only():
    doubt, right, after, trust, costly = rows_of(
        advice(overall(), frame(row("price", 0.6)), TRUE, limits=LIMITS).html
    )
    assert "dentro del umbral" in doubt
    assert "Separar las parejas" in right
    assert "Leer qué escribe el cliente después" in after
    assert "dentro del umbral" in trust
    assert "Intención: precio" in costly


def test_calibration_error_within_its_noise_asks_nobody_to_act():
    noisy = Calibrated(messages=60, error=0.1, floor=0.12, bias=0.1)
    clear = Calibrated(messages=60, error=0.1, floor=0.02, bias=0.1)
    assert "dentro del umbral" in rows_of(advice(overall(), frame(), noisy, limits=LIMITS).html)[3]
    assert "recalibrarla" in rows_of(advice(overall(), frame(), clear, limits=LIMITS).html)[3]
    assert "sin datos" in rows_of(advice(overall(), frame(), UNKNOWN, limits=LIMITS).html)[3]


def test_hostile_texts_and_names_are_inert(hostile):
    formula = '=HYPERLINK("http://example.com","clic")'
    rows = frame(row(hostile, 0.6))
    html = intent_table(rows).html + failing_table(rows).html + example_table(example(hostile)).html
    html += advice(overall(), rows, TRUE, limits=LIMITS).html + example_table(example(formula)).html
    html += confusion_table(pairs((hostile, "a", 2, 10))).html
    assert not re.search(r"<(script|img)", html)
    assert not re.search(r"<(script|img)|\]\(", answer(overall(), rows, TRUE, **DAYS).text)
    figures = (volumes(rows, overall()), failing(rows, overall()))
    for text in [
        text for figure in figures for text in (*figure.layout.yaxis.ticktext, *figure.data[-1].hovertext)
    ]:
        assert not re.search(r"<(script|img|a)\b|\$", text)
    assert confused(pairs((hostile, "a $x^2$", 2, 10)))._repr_png_().startswith(b"\x89PNG")


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_holes():
    for key, texts in CATALOGUE.items():
        assert set(texts) == {"es", "en"}, key
        assert holes(texts["es"]) == holes(texts["en"]), key
