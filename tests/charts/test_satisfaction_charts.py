"""What a page says and draws of expected satisfaction, with and without a model."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import satisfaction, satisfaction_answer, satisfaction_tables
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import Picture

TOLD = {
    "since": None,
    "as_of": dt.date(2026, 6, 1),
    "reason": "",
    "closed": 200,
    "answered": 20,
    "silent": 180,
    "unsatisfied": 90,
    "source": "used",
    "missing": "",
    "problem": "",
    "model_as_of": dt.date(2026, 5, 25),
    "model_age_days": 7,
    "cutoff": dt.date(2026, 5, 1),
    "tested": 41,
    "csat_raw_value": 0.8,
    "csat_corrected_value": 0.5,
    "csat_corrected_low": 0.4,
    "csat_corrected_high": 0.6,
    "csat_mean_corrected_value": 3.456,
    "csat_worst_value": 0.08,
    "csat_best_value": 0.98,
}
UNCORRECTED = {name: None for name in TOLD if "corrected" in name}


def said(text):
    return text.text.replace("\u00a0", " ")


def estimates(corrected=0.5):
    values = {"raw": 0.8, "corrected": corrected, "worst": 0.08, "best": 0.98}
    rows = [("csat", name, value, value - 0.05, value + 0.02, 20) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["measure", "estimate", "value", "low", "high", "n"])


def test_answer_gives_each_share_with_what_it_is_of():
    text = said(satisfaction_answer.answer(TOLD, language="en"))

    assert "**200 conversations**" in text
    assert "**20** (10.0%) were answered" in text
    assert "**80.0%** are satisfied" in text
    assert "**50.0%** (40.0% to 60.0%; mean 3.46 of 5)" in text
    assert "between 8.0% and 98.0%" in text
    assert "Of 180 conversations that were silent, an answer below 3 is expected in **90** (50.0%)" in text
    assert "known until May 25, 2026 (7 days ago) and was measured on 41 answers, from May 1, 2026" in text


def test_answer_without_a_model_says_why_and_corrects_nothing():
    text = said(
        satisfaction_answer.answer(
            TOLD | UNCORRECTED | {"reason": "Only <b>3</b> answered.", "source": "none"}, language="en"
        )
    )

    assert "cannot be corrected yet" in text
    assert "<b>" not in text
    assert "Corrected for" not in text


def test_answer_where_nobody_answered_knows_nothing():
    text = said(
        satisfaction_answer.answer(
            TOLD | UNCORRECTED | {"csat_raw_value": None, "source": "none"}, language="en"
        )
    )

    assert "Nobody answered" in text


@pytest.mark.parametrize(("gap", "does"), [(0.05, True), (0.5, False)])
def test_far_apart_shares_ask_for_the_corrected_one_to_be_reported(gap, does):
    table = satisfaction_answer.advice(
        TOLD, least_response=0.2, most_gap=gap, most_unsatisfied=0.25, language="en"
    )

    assert ("Report the corrected figure" in table.html) is does
    assert "30.0%" in table.html.replace("\u00a0", "")


@pytest.mark.parametrize("corrected", [0.5, np.nan])
def test_whole_is_drawn_with_and_without_a_correction(corrected):
    drawn = satisfaction.whole(estimates(corrected), days="up to June 1", language="en")
    texts = [text.get_text() for text in drawn.axes[0].texts]

    assert isinstance(drawn, Picture)
    assert any("50" in text for text in texts) is not np.isnan(corrected)


def test_nothing_known_is_a_sentence_instead_of_a_picture():
    nothing = pd.DataFrame(columns=["expected", "outcome"])

    assert isinstance(satisfaction.expected(nothing, language="en"), Html)
    empty = pd.DataFrame(columns=["expected", "given", "low", "high", "n"])
    assert isinstance(satisfaction.measured(empty, cutoff=None, language="en"), Html)
    assert isinstance(satisfaction.moved(pd.DataFrame(columns=["feature"]), n=0, language="en"), Html)


def test_list_shortens_ids_and_names_reasons():
    row = {
        "conversation_id": "c" * 40,
        "known_at": pd.Timestamp("2026-05-30", tz="UTC"),
        "outcome": None,
        "expected": 1.6,
        "low": 1.0,
        "high": 2.7,
        "reasons": [("fallback_share", 0.5), ("channel", "web")],
    }
    table = satisfaction_tables.call_back(pd.DataFrame([row]), language="en").html.replace("\u00a0", "")

    assert "c" * 40 not in table
    assert "Questions not understood: 50.0%, Channel: web chat" in table
    assert "1.0 to 2.7" in table
