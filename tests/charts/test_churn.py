"""Pictures, figures and sentences of who is due to leave."""

import datetime as dt
import html
import re

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import churn, churn_answer, churn_reasons, churn_tables
from analytics_lib.charts.words import UNKNOWN

NAN = float("nan")
PERSON = {
    "user_id": "0123456789abcdef",
    "probability": 0.873,
    "value_at_risk": 1_234_567.0,
    "source": "model",
    "silent_days": 44.4,
    "usual_gap_days": 4.0,
    "occasions": 12,
    "orders": 3,
    "order_silent_days": 61.0,
    "tenure_days": 141.0,
    "segment": "vip",
    "channel": "whatsapp",
    "reason_1": "silence",
    "reason_2": "order_silence",
    "reason_3": None,
}
TOLD = {
    "as_of": dt.date(2026, 11, 1),
    "horizon_days": 30,
    "look_back_days": 60,
    "value_weeks": 26,
    "activity": "contact",
    "reason": "",
    "detail": "",
    "source": "first",
    "model_as_of": dt.date(2026, 11, 1),
    "model_age_days": 0,
    "missing": "none",
    "problem": "",
    "due": 2_536,
    "lapsed": 3_186,
    "once": 730,
    "leavers": 1_566.4,
    "value_at_risk": 388_074_723.0,
    "currency": "COP",
    "modelled": 803,
    "cutoff": dt.date(2026, 10, 2),
    "n": 2_393,
    "base_rate": 0.629,
    "roc_auc": 0.82,
    "roc_auc_low": 0.804,
    "roc_auc_high": 0.836,
    "recency_auc": 0.776,
    "roc_auc_gain": 0.044,
    "roc_auc_gain_low": 0.032,
    "roc_auc_gain_high": 0.056,
    "ece": 0.027,
    "ece_noise": 0.02,
    "alarms": [],
    "random_gap": 0.003,
    "random_gap_low": -0.01,
    "random_gap_high": 0.016,
    "threshold": 0.317,
    "threshold_source": "validated",
    "campaign": 1_732,
    "hold_out": 433,
    "detectable": 0.069,
}


def plain(shown):
    """What a reader of HTML sees, its cells by bars."""
    text = re.sub(r"</t[dh]>", "|", shown.html)
    return re.sub(r"<[^>]+>", "", text).replace("\u00a0", " ")


def said(markdown):
    """What a reader of Markdown sees, but for its stars."""
    return html.unescape(markdown.text).replace("\u00a0", " ").replace("\\", "")


def labels(drawn):
    axes = drawn.axes[0]
    ticks = [tick.get_text() for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_ticklabels()]
    return ticks + [text.get_text().strip() for text in axes.texts]


def test_answer_counts_those_due_and_names_its_population():
    text = said(churn_answer.answer(TOLD))

    assert "**2.536 personas** que escribieron en los últimos 60 días" in text
    assert "**1.566** (61,8 %) no escriban en los próximos **30 días**" in text
    assert "Otras 3.186 llevan más tiempo en silencio" in text
    assert "el **82,0 %** de las veces (AUC 0,82; 95 %: 0,80 a 0,84)" in text
    assert "388.074.723 COP" in text
    assert "a **1.732**, y dejar a **433**" in text


def test_model_no_better_than_silence_is_called_that():
    text = said(churn_answer.answer({**TOLD, "roc_auc_gain_low": -0.01}, language="en"))

    assert "**It does not beat silence**" in text
    assert "Put to the test" not in text


@pytest.mark.parametrize("source", ["used", "fitted", "first", "replaced", "kept", "stored"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_answer_says_which_model_it_is_from(source, language):
    assert (
        "2026" in said(churn_answer.answer({**TOLD, "source": source}, language=language)).split("\n\n")[-1]
    )


@pytest.mark.parametrize("reason", ["activity", "time", "few"])
def test_what_cannot_be_trained_is_said_with_its_detail_made_harmless(reason, hostile):
    told = {**TOLD, "source": "none", "reason": reason, "detail": hostile}
    text = churn_answer.answer(told).text

    assert text.startswith("**No se puede entrenar")
    assert "<script" not in text
    assert "](javascript" not in text
    assert plain(churn_answer.advice(told)).startswith("No hay nada")


@pytest.mark.parametrize("source", ["formula", "pays_never", "unknown"])
def test_answer_says_how_the_threshold_came_about(source):
    texts = {said(churn_answer.answer({**TOLD, "threshold_source": name})) for name in (source, "validated")}

    assert len(texts) == 2


def test_unknown_value_is_no_zero():
    text = said(churn_answer.answer({**TOLD, "value_at_risk": None}))

    assert "No se sabe cuánto vale cada quien" in text
    assert "COP" not in text


def test_what_a_split_at_random_would_have_promised_is_said():
    none = {**TOLD, "random_gap": -0.002}
    more = {**TOLD, "random_gap": 0.03, "random_gap_low": 0.01, "random_gap_high": 0.05}

    assert "no habría prometido más (0,00 de AUC; -0,01 a 0,02)" in said(churn_answer.answer(TOLD))
    assert "(0,00 de AUC" in said(churn_answer.answer(none))
    assert "habría prometido 0,03 más de AUC (0,01 a 0,05)" in said(churn_answer.answer(more))
    assert "prometido" not in said(churn_answer.answer({**TOLD, "random_gap": None}))


def test_alarm_is_said_and_asks_for_action():
    told = {**TOLD, "alarms": ["score_too_good"]}

    assert "**Alarma:**" in said(churn_answer.answer(told))
    assert "No usar hasta encontrar" in plain(churn_answer.advice(told))


def test_advice_asks_for_action_beyond_its_thresholds():
    good = plain(churn_answer.advice({**TOLD, "detectable": 0.04}))
    bad = plain(churn_answer.advice({**TOLD, "ece": 0.05, "roc_auc_gain": 0.01}))

    assert "Usar la lista del modelo." in good
    assert "Escribir a los demás" in good
    assert "Ordenar por silencio" in bad
    assert "no para presupuestar" in bad
    assert "Dejar a más sin mensaje" in bad


def test_reasons_are_told_with_the_figures_that_say_so():
    text = churn_reasons.because(PERSON, "es").replace("\u00a0", " ")

    assert text == "lleva 44 días sin escribir; suele tardar 4,0; su último pedido fue hace 61 días"


def test_who_was_there_once_is_told_of_no_usual_gap():
    once = {**PERSON, "usual_gap_days": NAN, "reason_2": "pace", "occasions": 1}

    assert churn_reasons.because(once, "en").replace("\u00a0", " ") == (
        "silent for 44 days; wrote on 1 day in 20 weeks"
    )


def test_person_without_a_reason_is_told_so_and_every_reason_has_words():
    codes = [
        "silence",
        "pace",
        "orders",
        "order_silence",
        "order_pace",
        "experience",
        "interest",
        "segment",
        "channel",
    ]
    empty = {**PERSON, "reason_1": None, "reason_2": NAN}
    each = [churn_reasons.because({**PERSON, "reason_1": code, "reason_2": None}, "es") for code in codes]

    assert churn_reasons.because(empty, "es") == "nada en particular lo empuja"
    assert len(set(each)) == len(codes)


def test_list_shows_the_beginning_of_a_code_and_marks_means():
    people = pd.DataFrame(
        [PERSON, {**PERSON, "source": "mean"}, {**PERSON, "value_at_risk": NAN, "source": "none"}]
    )
    text = plain(churn_tables.people(people, currency="COP", limit=3))

    assert "1|01234567…|87,3 %|1.234.567 COP|" in text
    assert "≈ 1.234.567 COP" in text
    assert f"87,3 %|{UNKNOWN}|" in text
    assert "0123456789abcdef" not in text
    assert plain(churn_tables.people(people, currency="COP", limit=1)).count("87,3 %") == 1


def test_texts_of_the_data_cannot_mark_up_the_list(hostile):
    people = pd.DataFrame([{**PERSON, "segment": hostile, "reason_1": "segment", "user_id": hostile}])
    shown = churn_tables.people(people, currency=hostile, limit=1).html

    assert "<script" not in shown
    assert "<img" not in shown


def test_populations_stand_with_their_n_and_what_chance_alone_would_show():
    frame = pd.DataFrame(
        [
            ("once", 713, 0.7, 0.797, 0.76, 0.83, 0.79, 0.039, 0.036, 0.16),
            ("all", 9, 0.5, NAN, NAN, NAN, NAN, 0.1, 0.2, 0.3),
        ],
        columns=[
            "population",
            "n",
            "base_rate",
            "roc_auc",
            "low",
            "high",
            "recency_auc",
            "ece",
            "ece_noise",
            "brier",
        ],
    )
    text = plain(churn_tables.populations(frame))

    assert "Vigentes con un solo día|70,0 %|0,80 (0,76 a 0,83)|0,79|3,9 (3,6)|713|" in text
    assert f"Todos, también los idos hace tiempo|50,0 %|{UNKNOWN}|{UNKNOWN}|10,0 (20,0)|9|" in text


def test_among_orders_buyers_are_not_told_apart():
    frame = pd.DataFrame(
        [("due", "churn", 20, 0.8, 0.16, 0.02), ("buyers", "repeat", 10, 0.7, 0.2, 0.1)],
        columns=["population", "model", "n", "roc_auc", "brier", "ece"],
    )

    assert "MBG/NBD" in plain(churn_tables.views(frame, activity="contact"))
    assert "MBG/NBD" not in plain(churn_tables.views(frame, activity="order"))


def test_plan_of_the_hold_out_is_by_band_and_of_all():
    frame = pd.DataFrame(
        [(0.8, 650, 163, 0.927, 0.064), (NAN, 1732, 433, 0.693, NAN)],
        columns=["band", "campaign", "hold_out", "expected_rate", "detectable"],
    )
    text = plain(churn_tables.hold_out(frame))

    assert "80 a 100 %|650|163|92,7 %|6,4 pp|" in text
    assert f"Todos|1.732|433|69,3 %|{UNKNOWN}|" in text


def test_cutoffs_are_drawn_with_their_n_and_share():
    cutoffs = pd.to_datetime(["2026-09-02", "2026-09-02", "2026-10-02", "2026-10-02"], utc=True)
    frame = pd.DataFrame(
        {
            "cutoff": cutoffs,
            "model": ["churn", "recency_rule"] * 2,
            "value": [0.81, 0.79, 0.82, 0.776],
            "low": [0.8, 0.77, NAN, NAN],
            "high": [0.83, 0.8, NAN, NAN],
            "n": [2382, 2382, 2393, 2393],
            "base_rate": [0.675, 0.675, 0.629, 0.629],
        }
    )
    drawn = churn.by_cutoff(frame)

    assert "2 oct\nn=2.393\nse fue 62,9\u00a0%" in labels(drawn)
    assert {"0,81", "0,79", "0,82", "0,78"} <= set(labels(drawn))


def test_calibration_and_drivers_name_their_n():
    bins = pd.DataFrame(
        {
            "predicted": [0.2, 0.8],
            "observed": [0.25, 0.75],
            "low": [0.2, 0.7],
            "high": [0.3, 0.8],
            "n": [100, 100],
        }
    )
    moving = pd.DataFrame({"driver": ["silence", "channel"], "importance": [1.1, 0.0], "n": [200, 200]})
    heads = [
        [text.get_text().replace("\u00a0", " ") for text in drawn.texts]
        for drawn in (churn.calibration(bins), churn.drivers(moving))
    ]

    assert "2 grupos del mismo tamaño en el último corte; n = 200 personas" in heads[0]
    assert any("n = 200 personas" in text for text in heads[1])
    assert "El silencio" in labels(churn.drivers(moving))
    assert "El canal" not in labels(churn.drivers(moving))


def test_curves_of_first_and_later_gaps_are_told_apart_with_their_n():
    frame = pd.DataFrame(
        {
            "first_gap": [True, True, False],
            "days": [0, 1, 0],
            "survival": [1.0, 0.5, 1.0],
            "low": [1.0, 0.4, 1.0],
            "high": [1.0, 0.6, 1.0],
            "at_risk": [20.0, 0.0, 1300.0],
        }
    )
    drawn = churn.gaps(frame)
    names = {trace.name for trace in drawn.data if trace.name}

    assert names == {"tras el primer día (n = 20)", "tras otro día (n = 1.300)"}
    first = next(trace for trace in drawn.data if trace.name and "primer" in trace.name)
    # Nobody is watched any more after a day: that part of the curve is not drawn.
    assert np.array_equal(first.x, [0])


def test_without_a_model_pictures_and_tables_say_so():
    empty = pd.DataFrame()
    shown = [
        churn.by_cutoff(empty).html,
        churn.calibration(empty).html,
        churn.drivers(empty).html,
        churn_tables.people(empty, currency="", limit=5).html,
        churn_tables.populations(empty).html,
        churn_tables.views(pd.DataFrame({"population": []}), activity="order").html,
    ]

    assert all("No hay nada que mostrar" in text for text in shown)
    assert "nadie pasa el umbral" in churn_tables.hold_out(empty).html
    assert "No hay nada" in churn.gaps(empty).layout.annotations[0].text
