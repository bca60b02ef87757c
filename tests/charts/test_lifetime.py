"""Pictures, figures and sentences of what buyers are worth."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import lifetime, lifetime_answer, lifetime_tables

DAYS = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 4, 1)}
HELD = pd.DataFrame(
    {
        "frequency": [0, 1, 7],
        "users": [40, 20, 1],
        "orders": [0.5, 0.9, 4.0],
        "low": [0.3, 0.6, np.nan],
        "high": [0.7, 1.2, np.nan],
        "bg_nbd": [0.4, 1.0, 3.5],
        "mbg_nbd": [0.5, 0.8, 3.0],
    }
)
TOLD = {
    "until": dt.date(2026, 4, 1),
    "cutoff": dt.date(2026, 3, 1),
    "horizon_weeks": 26,
    "currency": "COP",
    "reason": "",
    "orders": 120,
    "refunds": 3,
    "zeros": 1,
    "later": 2,
    "refunded_share": 0.025,
    "buyers": 80,
    "repeaters": 20,
    "model": "mbg_nbd",
    "problems": [],
    "expected_orders": 41.6,
    "expected_low": 30.2,
    "expected_high": 55.0,
    "value": 1_234_567.0,
    "active": 60.4,
    "half_users": 8,
    "at_risk": 6,
    "at_risk_value": 1.0,
    "correlation": -0.06,
    "correlation_low": -0.2,
    "correlation_high": 0.1,
    "predicted": 30.4,
    "actual": 31.0,
    "slope": 0.97,
    "slope_low": 0.8,
    "slope_high": 1.1,
    "verdict": "good",
}


def texts(drawn):
    """What a picture says outside of its axes' numbers."""
    axes = drawn.axes[0]
    return [text.get_text() for text in (*drawn.texts, *axes.texts, axes.xaxis.label, axes.yaxis.label)]


def plain(shown):
    """The text of what is shown, without marks."""
    source = getattr(shown, "text", None) or shown.html
    return re.sub(r"<[^>]+>|\*\*|&#\d+;", " ", source).replace("\u00a0", " ")


def test_hold_out_shows_what_happened_beside_both_predictions_with_its_n():
    drawn = lifetime.holdout_calibration(HELD, **DAYS)
    axes = drawn.axes[0]
    lines = {line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()}

    assert lines["BG/NBD"] == [0.4, 1.0, 3.5]
    assert lines["MBG/NBD"] == [0.5, 0.8, 3.0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0\nn=40", "1\nn=20", "7 o más\nn=1"]
    assert "1 mar al 31 mar 2026; n = 61 compradores" in " ".join(texts(drawn)).replace("\u00a0", " ")
    assert drawn._repr_png_()


def test_cell_without_a_buyer_is_blank_and_every_other_has_its_n():
    cells = pd.DataFrame(
        {
            "frequency": [0, 0, 2],
            "weeks": [0, 4, 4],
            "users": [12, 3, 1],
            "probability_alive": [0.9, 0.5, 0.25],
        }
    )
    said = [text.replace("\u00a0", " ") for text in texts(lifetime.alive_grid(cells)) if "n=" in text]

    assert said == ["90 %\nn=12", "50 %\nn=3", "25 %\nn=1"]


def test_bars_are_the_shares_of_the_tenths():
    frame = pd.DataFrame(
        {"tenth": [1, 2], "users": [10, 10], "share": [0.75, 0.25], "share_up_to": [0.75, 1]}
    )
    axes = lifetime.concentration(frame, language="en").axes[0]

    assert [bar.get_height() for bar in axes.patches] == [0.75, 0.25]
    assert [text.get_text() for text in axes.texts] == ["75.0%", "25.0%"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_nothing_to_show_is_said(language):
    nothing = pd.DataFrame()
    shown = [
        lifetime.holdout_calibration(nothing, **DAYS, language=language),
        lifetime.alive_grid(nothing, language=language),
        lifetime.concentration(nothing, language=language),
        lifetime_tables.buyer_table(nothing, currency="", limit=5, language=language),
        lifetime_tables.fit_table(nothing, language=language),
    ]

    assert all(plain(each).strip() for each in shown)
    assert lifetime_tables.model_table(nothing, language=language).html == ""


def test_answer_has_the_numbers_with_what_they_are_of():
    said = plain(lifetime_answer.answer(TOLD))

    for words in (
        "80 compradores",
        "25,0 %",
        "42 pedidos",
        "30 a 55",
        "8 compradores",
        "30 previstos, 31 reales",
        "0,97 (95 %: 0,80 a 1,10)",
        "correlación -0,06",
        "3 devoluciones (2,5 % de lo vendido), 1 de valor cero y 2 posteriores",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"verdict": "bad", "slope": 0.4}, "It failed the test"),
        ({"verdict": "unsure"}, "The test does not decide"),
        ({"verdict": None, "slope": None}, "Not tested"),
        ({"problems": ["at_limit", "no_mean"]}, "runs off to infinity or zero"),
        ({"correlation": 0.4}, "Careful"),
        ({"reason": "repeaters", "model": None}, "Too few came back"),
        ({"reason": "spread", "model": None}, "not enough to learn what they spend"),
        ({"reason": "orders", "model": None}, "nobody bought"),
    ],
)
def test_what_is_wrong_is_said(changed, words):
    assert words in plain(lifetime_answer.answer(TOLD | changed, language="en"))


def test_advice_acts_beyond_its_thresholds():
    calm = plain(lifetime_answer.advice(TOLD, most_at_risk=0.1, language="en"))
    acting = plain(
        lifetime_answer.advice(
            TOLD | {"verdict": "bad", "correlation": 0.3}, most_at_risk=0.05, language="en"
        )
    )

    assert "look again next week" in calm
    assert "7.5% (6)" in calm
    for words in ("Write to them this week", "rank only", "most frequent apart"):
        assert words in acting
        assert words not in calm


def test_advice_without_a_model_is_of_what_is_known():
    nobody = TOLD | {"model": None, "buyers": 0, "repeaters": 0, "reason": "orders"}

    assert "\N{EN DASH}" in plain(lifetime_answer.advice(nobody, most_at_risk=0.1))


def test_user_of_the_list_is_shortened_and_inert(hostile):
    row = {"frequency": 3, "recency": 5.0, "age": 9.5, "probability_alive": 0.5, "expected_purchases": 1.25}
    users = pd.DataFrame(
        [
            {"user_id": each, **row, "expected_spend": 50_000.0, "value": 30_000.0}
            for each in ("f" * 32, hostile)
        ]
    )
    shown = lifetime_tables.buyer_table(users, currency="COP", limit=2)

    assert "f" * 9 not in shown.html
    assert "<script" not in shown.html
    assert "30.000 COP" in plain(shown)
    assert "4,5" in plain(shown)


def test_parameters_have_their_errors_and_what_is_wrong_with_them():
    row = {"parameter": "alpha", "value": 10.0, "standard_error": np.nan, "low": np.nan, "high": np.nan}
    frame = pd.DataFrame(
        [{"model": "bg_nbd", **row, "log_likelihood": -12.5, "customers": 30, "problems": "flat"}]
    )
    said = plain(lifetime_tables.fit_table(frame))

    assert "\N{GREEK SMALL LETTER ALPHA}" in said
    assert "10,000" in said
    assert "la verosimilitud es plana" in said


def test_models_have_their_verdict():
    row = {"predicted": 30.4, "actual": 31.0, "slope": 0.97, "slope_low": 0.8, "slope_high": 1.1}
    frame = pd.DataFrame(
        [{"model": "bg_nbd", **row, "error": 0.5, "baseline_error": 0.7, "verdict": "unsure"}]
    )

    assert "no se sabe" in plain(lifetime_tables.model_table(frame))
