"""Pictures, figures and sentences of a load forecast."""

import re

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import load, load_answer, load_tables
from analytics_lib.charts.words import UNKNOWN

AT = pd.Series(pd.date_range("2026-11-01 18:00", periods=3, freq="h"))
FRAME = pd.DataFrame(
    {
        "at": AT,
        "expected": [4.2, 12.6, 9.0],
        "low_80": [2.0, 8.0, 5.0],
        "high_80": [7.0, 18.0, 14.0],
        "low_95": [1.0, 6.0, 3.0],
        "high_95": [9.0, 22.0, 17.0],
    }
)
PEAKS = pd.DataFrame(
    {
        "day": pd.Timestamp("2026-11-01"),
        "at": [AT[1], AT[2], AT[0]],
        "rank": [1, 2, 3],
        "probability": [0.7, 0.25, 0.05],
        "expected": [12.6, 9.0, 4.2],
        "low": [6.0, 3.0, 1.0],
        "high": [22.0, 17.0, 9.0],
    }
)
PAST = pd.DataFrame({"at": AT - pd.Timedelta(hours=3), "value": [3.0, np.nan, 5.0], "left_out": False})
TOLD = {
    "measure": "conversations",
    "as_of": "2026-11-01 18:00:00",
    "ends_at": "2026-11-01 21:00:00",
    "expected": 25.8,
    "low": 20.0,
    "high": 33.0,
    "last_week": 20.0,
    "last_year": None,
    "peak_at": "2026-11-01 19:00:00",
    "peak_expected": 12.6,
    "peak_low": 6.0,
    "peak_high": 22.0,
    "peak_probability": 0.7,
    "method": "regression",
    "mase": 0.71,
    "naive_mase": 1.02,
    "prophet_mase": 0.75,
    "wape": 0.2,
    "bias": -0.12,
    "coverage": 0.951,
    "coverage_low": 0.93,
    "coverage_high": 0.966,
    "coverage_n": 672,
    "coverage_busy": 0.88,
    "peak_hit": 0.9,
    "origins": 42,
    "known_steps": 4320,
    "notes": ["outage"],
}


def plain(text):
    return text.replace("\u00a0", " ")


def test_fan_draws_what_came_what_is_expected_its_bands_and_the_likeliest_peak():
    figure = load.forecast_fan(PAST, FRAME, PEAKS, measure="conversations")
    drawn = {trace.name: trace for trace in figure.data}

    assert list(drawn) == ["95 de cada 100", "80 de cada 100", "Lo que llegó", "Esperado", "Pico del día"]
    assert list(drawn["Esperado"].y) == [4.2, 12.6, 9.0]
    assert list(drawn["95 de cada 100"].y) == [9, 22, 17, 3, 6, 1]
    assert (list(drawn["Pico del día"].x), list(drawn["Pico del día"].y)) == ([AT[1]], [12.6])
    assert "70,0" in drawn["Pico del día"].customdata[0]
    # An hour without data is a gap, not a zero.
    assert np.isnan(drawn["Lo que llegó"].y[1])


def test_usual_week_frames_nothing_it_does_not_know():
    grid = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"]).to_frame(
        index=False
    )
    cells = grid.assign(numerator=np.nan, denominator=np.nan, value=np.nan)
    nothing = load.usual_week(cells, measure="conversations")
    cells.loc[30, ["numerator", "denominator", "value"]] = [20.0, 8.0, 2.5]
    drawn = load.usual_week(cells, measure="conversations")
    texts = [text.get_text() for text in drawn.axes[0].texts]

    assert "no hay historia suficiente" in nothing.html
    assert texts == ["2,5"]


def test_factors_name_weekdays_and_events_and_leave_out_the_general_event():
    rows = pd.DataFrame(
        [
            ("regression", "hour", "3", 0.1),
            ("regression", "weekday", "6", 1.2),
            ("regression", "special", "payday", 1.35),
            ("regression", "special", "event", 1.6),
            ("regression", "special", "event:rebajas", 1.8),
        ],
        columns=["source", "component", "item", "factor"],
    )
    drawn = load.factors(rows)

    assert [label.get_text() for label in drawn.axes[0].get_yticklabels()] == [
        "sáb",
        "día de pago",
        "evento: rebajas",
    ]
    assert [text.get_text() for text in drawn.axes[0].texts] == ["\u00d71,20", "\u00d71,35", "\u00d71,80"]


def test_answer_says_how_much_when_and_how_well_it_was_tested():
    said = plain(load_answer.answer(TOLD).text)

    assert "se esperan **26 conversaciones** (80 %: 20 a 33)" in said
    assert "La semana anterior fueron 20 (+29,0 %)" in said
    assert "52 semanas" not in said
    assert "**dom 1 nov, 19:00**, con 13 (95 %: 6,0 a 22)" in said
    assert "MASE 0,71 (misma hora hace una semana: 1,02; Prophet: 0,75)" in said
    assert "sus ceros no cuentan como demanda" in said


def test_answer_says_so_when_nothing_beats_the_week_before_or_nothing_is_known():
    baseline = load_answer.answer(TOLD | {"method": "seasonal_naive"}, language="en").text
    unknown = {"notes": ["empty"], "mase": None, "naive_mase": None, "prophet_mase": None, "last_week": None}
    nothing = load_answer.answer(TOLD | unknown | {"method": "none", "wape": None, "bias": None}).text

    assert "Nothing beat the same hour a week earlier" in baseline
    assert "No hay historia" in nothing
    assert "MASE" not in nothing


@pytest.mark.parametrize(("bias", "asked"), [(-0.12, True), (0.05, False)])
def test_advice_asks_for_action_beyond_a_threshold_only(bias, asked):
    said = load_answer.advice(TOLD | {"bias": bias}, max_bias=0.1).html

    assert ("Sumar o restar el sesgo" in said) == asked
    assert "Dejar margen en la hora pico" in said


def test_coverage_has_its_limits_and_of_few_days_none():
    columns = ["method", "level", "by", "item", "n", "days", "coverage", "low", "high"]
    told = pd.DataFrame(
        [
            ("regression", 0.95, "all", "", 672, 28, 0.951, 0.93, 0.966),
            ("regression", 0.95, "weekday", "1", 96, 4, 0.9, 0.8, 0.95),
            ("regression", 0.8, "all", "", 672, 28, 0.8, 0.7, 0.9),
            ("prophet", 0.95, "all", "", 672, 28, 0.5, 0.4, 0.6),
        ],
        columns=columns,
    )
    said = plain(load_tables.coverage_table(told, used="regression").html)

    assert said.count("<tr>") == 3
    assert "93,0 % a 96,6 %" in said
    assert "muy pocos días" in said
    assert "80,0" not in said
    assert "No hay pasado" in load_tables.coverage_table(told.iloc[:0], used="regression").html


def test_tables_write_unknown_as_a_dash_and_mark_the_method_used():
    table = pd.DataFrame(
        {
            "method": ["regression", "seasonal_naive"],
            "mase": [0.71, np.nan],
            "wape": [0.2, 0.3],
            "bias": [0.01, 0.0],
            "coverage_95": [0.95, np.nan],
            "coverage_busy_95": [0.92, np.nan],
            "peak_hit": [0.8, 0.5],
            "n": [1008, 1008],
            "chosen": [True, False],
        }
    )
    said = load_tables.backtest_table(table).html
    compared = pd.DataFrame({"at": AT, "expected": 1.0, "last_week": [1.0, np.nan, 1], "last_year": 2.0})
    cells = re.findall("<bdi>(.*?)</bdi>", load_tables.comparison_table(compared).html)

    assert "regresión de conteos ✓" in said
    assert UNKNOWN in said
    assert cells[1:] == ["3,0", UNKNOWN, "6,0"]
    assert "no tiene anomalías" in load_tables.anomaly_table(pd.DataFrame()).html
    assert "70,0" in load_tables.peak_table(PEAKS).html
