"""What a reader sees of a model of outcomes: words, units and n, in both languages, inert."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import outcome, outcome_answer, outcome_tables
from analytics_lib.charts.style import Picture
from analytics_lib.charts.words import UNKNOWN

TOLD = {
    "as_of": dt.datetime(2026, 6, 1, 8, 30),  # noqa: DTZ001  # wall clock
    "risk": "abandoned",
    "reason": "",
    "source": "fitted",
    "missing": "later",
    "problem": "",
    "model_as_of": dt.date(2026, 6, 1),
    "model_age_days": 0,
    "in_progress": 7,
    "alarms": 3,
    "threshold": 0.4,
    "judged": 1_200,
    "judged_from": dt.date(2026, 5, 1),
    "auc": 0.89,
    "auc_low": 0.87,
    "auc_high": 0.91,
    "auc_state": 0.56,
    "ece": 0.012,
    "ece_noise": 0.009,
    "cost": 1_500.0,
    "cost_of_none": 9_000.0,
    "cost_of_all": 3_000.0,
    "recall": 0.9,
    "precision": 0.65,
    "recovery": 0.2,
    "turns_before": 5.4,
    "counts": {"unlabelled": 4},
    "alarm_codes": [],
}
LISTED = pd.DataFrame(
    {
        "conversation_id": ["<b>hostile-conversation", "c2", "c3"],
        "abandoned": [0.91, 0.55, 0.1],
        "alarm": [True, True, False],
        "action": ["call", None, None],
        "factor_1": ["silence", "mood", None],
        "factor_2": ["stage", None, None],
        "quiet_seconds": [620.0, 30.0, 5.0],
        "turn": [3, 2, 1],
    }
)
SAYS = {"call": {"es": "Llamar a una persona", "en": "Call a person"}}
CURVE = pd.DataFrame(
    {
        "outcome": ["purchase", "resolved", "escalated", "abandoned"],
        "predicted": [0.1, 0.4, 0.1, 0.4],
        "observed": [0.1, 0.4, 0.1, 0.4],
        "low": [0.05, np.nan, 0.05, 0.3],
        "high": [0.2, np.nan, 0.2, 0.5],
        "n": 50,
    }
)
TURNS = pd.DataFrame(
    {
        "turn": [2, 4],
        "value": [0.8, 0.9],
        "low": [0.7, np.nan],
        "high": [0.85, np.nan],
        "n": [100, 60],
        "base_rate": 0.5,
        "last_state": [0.55, 0.6],
    }
)
DRIVERS = pd.DataFrame(
    {"factor": ["mood", "stage"], "importance": [1.0, 0.3], "low": -1.0, "high": 1.0, "n": 90}
)


def plain(shown):
    text = getattr(shown, "html", None) or shown.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " "))


def written(picture):
    return " ".join(text.get_text() for text in picture.findobj() if hasattr(text, "get_text"))


def test_answer_says_who_is_at_risk_how_sure_and_what_acting_brings():
    said = plain(outcome_answer.answer(TOLD))

    assert "El 1 jun 2026, 08:30 hay **7 conversaciones** en curso; **3** con riesgo" in said
    assert "En 1.200 conversaciones posteriores (desde el 1 may 2026)" in said
    assert "AUC **0,89** (0,87 a 0,91); la etapa sola, 0,56" in said
    assert "4 conversaciones sin final conocido quedaron fuera" in said
    assert "Costo: **1.500**, frente a 9.000 sin actuar y 3.000 actuando siempre" in said
    assert "entrenado ahora** con lo conocido hasta el 1 jun 2026, sin guardar" in said
    assert "Lo guardado conoce días posteriores a la fecha de esta página" in said


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("source", ["used", "fitted", "first", "replaced", "kept", "stored"])
def test_answer_says_of_which_day_the_model_is_and_how_old_one_kept_is(source, language):
    told = {**TOLD, "source": source, "missing": "", "model_age_days": 1, "problem": "x"}
    text = plain(outcome_answer.answer(told, language=language)).replace("**", "")

    assert ("1 jun 2026" in text) or ("Jun 1, 2026" in text)
    assert ("1 day ago" in text or "hace 1 día" in text) == (source in ("used", "kept", "stored"))
    assert ("está dañado" in text) or ("is damaged" in text)


@pytest.mark.parametrize(
    ("age", "said"), [(0, "menos de un día"), (14, "14 días)"), (15, "Tiene más de 14 días")]
)
def test_a_kept_model_that_missed_two_trainings_is_called_old(age, said):
    text = plain(outcome_answer.answer({**TOLD, "source": "used", "missing": "", "model_age_days": age}))

    assert said in text
    assert ("Tiene más de" in text) == (age > 14)


@pytest.mark.parametrize("missing", ["none", "later", "other", "damaged"])
def test_answer_says_why_no_kept_model_was_used(missing):
    texts = {plain(outcome_answer.answer({**TOLD, "missing": one})) for one in ("", missing)}

    assert len(texts) == 2


def test_what_could_not_be_trained_is_said_with_its_reason():
    told = {"risk": "abandoned", "reason": "Only 3 rows", "source": "none", "alarms": 0, "in_progress": 0}
    said = plain(outcome_answer.answer({**told, "as_of": TOLD["as_of"], "threshold": None}))

    assert said == "No se pudo entrenar un modelo. Detalle: Only 3 rows"
    assert "50 conversaciones" in plain(outcome_answer.advice(told, most_ece=0.03))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ece": 0.05}, "se desvían 0,050"),
        ({"auc": 0.56}, "usar la etapa"),
        ({"alarm_codes": ["score_too_good"]}, "demasiado bueno"),
        ({"threshold": 1.1}, "no conviene actuar"),
        ({}, "Atender ahora 3 conversaciones"),
    ],
)
def test_advice_hangs_on_its_figure(more, said):
    assert said in plain(outcome_answer.advice({**TOLD, **more}, most_ece=0.03))


def test_list_says_what_to_do_and_why_and_shortens_ids():
    shown = outcome_tables.at_risk(LISTED, risk="abandoned", says=SAYS, limit=20)
    said = plain(shown)

    assert "91,0 % 10 min 20 s 3 Llamar a una persona silencio; etapa más lejana" in said
    assert "nada: ninguna acción vale lo que cuesta" in said
    assert "nada todavía" in said
    assert "<b>" not in shown.html
    assert "conversation" not in said


def test_nobody_in_progress_is_said():
    assert "no hay conversaciones en curso" in plain(
        outcome_tables.at_risk(LISTED.head(0), risk="abandoned", says=SAYS, limit=20)
    )


def test_costs_name_the_threshold_and_never_is_a_word():
    rows = pd.DataFrame(
        {
            "metric": ["threshold", "alarms", "precision"],
            "value": [1.1, 0.0, np.nan],
            "low": np.nan,
            "high": np.nan,
            "n": 9,
        }
    )
    said = plain(outcome_tables.costs(rows, rows.head(0)))

    assert "Umbral, elegido antes en otras nunca 9" in said
    assert f"Alarmas acertadas {UNKNOWN} 9" in said


@pytest.mark.parametrize("language", ["es", "en"])
def test_pictures_have_words_units_and_n(language):
    path = pd.DataFrame(0.25, index=range(2), columns=["purchase", "resolved", "escalated", "abandoned"])
    drawn = {
        "50": outcome.calibration(CURVE, language=language),
        "n=100": outcome.by_turn(TURNS, outcome="abandoned", language=language),
        "90": outcome.drivers(DRIVERS, outcome="abandoned", language=language),
        "2": outcome.path(path.assign(turn=[1, 2]), language=language),
    }

    for n, picture in drawn.items():
        assert isinstance(picture, Picture)
        assert n in written(picture)
        assert picture.axes[0].get_xlabel()
        picture.canvas.draw()


def test_without_a_model_pictures_say_that_there_is_nothing():
    empty = (outcome.calibration(CURVE.head(0)), outcome.by_turn(TURNS.head(0), outcome="abandoned"))

    assert all("no" in plain(one).lower() for one in empty)
