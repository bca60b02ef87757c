"""Cohorts drawn and told: what is not observed is blank, what asks for something says so."""

import numpy as np
import pandas as pd
import pytest
from cohort_frames import CELLS, LIFE, TOGETHER, WHOLE, WORTH, compared

from analytics_lib.charts import (
    cohorts,
    cohorts_answer,
    cohorts_compared,
    cohorts_days,
    cohorts_ends,
    cohorts_tables,
)

MONTHS = {"period": "month", "language": "es"}
LIMITS = cohorts_answer.Limits(retention=0.7, quick_ratio=1.0)


def drawn_cells(picture):
    return np.ma.filled(picture.axes[0].collections[0].get_array().astype(float), np.nan).round(2)


def test_unobserved_cell_is_blank_and_observed_nobody_is_zero():
    shown = drawn_cells(cohorts.heatmap(CELLS, WHOLE, **MONTHS))
    assert shown == pytest.approx(np.array([[0.3, 0], [0.4, 0], [0.2, np.nan]]), nan_ok=True)


def test_heatmap_names_cohorts_with_their_sizes_and_its_axis():
    axes = cohorts.heatmap(CELLS, WHOLE, **MONTHS).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "Todas (n = 300)",
        "ene 2026 (n = 100)",
        "feb 2026 (n = 100)",
    ]
    assert axes.get_xlabel() == "Meses desde el primer contacto"


def test_curves_have_a_band_and_every_group():
    groups = pd.concat([WHOLE.assign(channel=name) for name in ("web", "whatsapp")])
    figure = cohorts.curves(WHOLE, groups, by="channel", **MONTHS)
    assert [line.name for line in figure.data] == [
        "chat web",
        "WhatsApp",
        "intervalo del 95 %",
        "todas juntas",
    ]


def test_whoever_left_is_below_the_line():
    figure = cohorts.lifecycle(LIFE, **MONTHS)
    assert list(figure.data[-1].y) == [0, -60]


def test_value_names_its_currency():
    assert "COP" in cohorts.value(WORTH, TOGETHER, **MONTHS).layout.yaxis.title.text


def test_hostile_group_names_stay_text(hostile):
    rows = compared("city", (hostile, 10, 100, -0.4, True, 0.0), ("Cali", 50, 100, 0.0, False, 0.0))
    figure = cohorts_compared.against_rest(rows, by="city", age=1, **MONTHS)
    table = cohorts_tables.compared(rows, by="city", **MONTHS).html
    assert "<script" not in figure.to_json().replace("\\u003c", "<") + table


def test_without_anything_observed_every_picture_says_so():
    none = {name: frame.iloc[:0] for name, frame in (("cells", CELLS), ("whole", WHOLE), ("life", LIFE))}
    nobody = compared("channel", ("web", 1, 100, 0.0, False, 0.0)).iloc[:0]
    figures = [
        cohorts.curves(none["whole"], none["whole"].assign(channel=[]), by="channel", **MONTHS),
        cohorts.lifecycle(none["life"], **MONTHS),
        cohorts.value(WORTH.iloc[:0], TOGETHER.iloc[:0], **MONTHS),
        cohorts_compared.against_rest(nobody, by="channel", age=1, **MONTHS),
    ]

    assert all(len(figure.layout.annotations) == 1 for figure in figures)
    assert len(cohorts.heatmap(none["cells"], none["whole"], **MONTHS).axes) == 1
    assert "Sin respuesta" in cohorts_answer.answer(none["cells"], none["whole"], age=1, **MONTHS).text


def test_answer_gives_the_newest_cohort_and_all_together():
    text = cohorts_answer.answer(CELLS, WHOLE, age=1, **MONTHS).text
    assert text.startswith(
        "De los **100 usuarios** que llegaron en feb 2026, **20 volvieron en el mes 1: 20,0\xa0%**"
    )
    assert "(2): 30,0\xa0% de 200" in text


def test_age_nobody_has_reached_is_said_not_guessed():
    assert "no se sabe" in cohorts_answer.answer(CELLS, WHOLE, age=7, **MONTHS).text


def told(**changed):
    found = {
        "whole": WHOLE,
        "life": LIFE,
        "usage": {"users": 50, "period": "week", "share": 0.9},
        "compared": compared(
            "channel", ("web", 20, 100, -0.3, True, -0.01), ("whatsapp", 50, 100, 0.3, True, 0.29)
        ),
        "by_cohort": compared("cohort", (pd.Timestamp("2026-01-01"), 50, 100, 0.0, False, 0.0)),
        "together": TOGETHER,
        **changed,
    }
    return cohorts_answer.insights(found, age=1, by="channel", limits=LIMITS, **MONTHS).html.split("<p>")[1:]


def test_each_insight_has_its_number_n_and_what_to_do():
    lines = told()
    assert len(lines) == 7
    assert all("(n = " in line and "→ " in line for line in lines)


def test_group_that_returns_less_by_its_own_behaviour_asks_for_action():
    (line,) = [line for line in told() if "chat web" in line]
    assert line.startswith("<strong>")
    assert "\N{MINUS SIGN}30,0 puntos" in line
    assert "n = 100 / 200" in line


def test_difference_by_mix_is_not_to_be_copied():
    (line,) = [line for line in told() if "WhatsApp" in line]
    assert not line.startswith("<strong>")
    assert "No copiarlo" in line


def test_retention_below_its_threshold_asks_only_beyond_chance():
    assert told()[0].startswith("<strong>")
    near = WHOLE.assign(high=0.8)
    (line,) = [line for line in told(whole=near) if "umbral" in line]
    assert not line.startswith("<strong>")


def test_ways_to_end_are_named_and_in_minutes():
    rows = pd.DataFrame(
        {"outcome": "purchase", "time_seconds": [0, 60], "incidence": [0, 0.2], "low": 0.0, "high": 0.3}
    ).assign(conversations=9)
    figure = cohorts_ends.outcomes(rows)

    assert (figure.data[1].name, list(figure.data[1].x)) == ("Compra", [0, 1])
    assert len(cohorts_ends.outcomes(rows.iloc[:0]).layout.annotations) == 1


def days_of(*shares, start="2026-02-01"):
    """A period in which these shares of 100 users were there on 1, 2, ... days or more."""
    return pd.DataFrame(
        {"period": pd.Timestamp(start), "days": range(1, len(shares) + 1), "at_least_share": shares}
    ).assign(users=0, active_users=100, daily_share=0.1)


def test_stickiness_starts_at_two_days_and_ends_where_hardly_anybody_is_left():
    month = days_of(1.0, 0.4, 0.2, 0.1, 0.05, *[0.0] * 23)
    band, line = cohorts_days.stickiness(month).data
    assert list(line.x) == [2, 3, 4, 5, 6]
    assert list(line.y) == [0.4, 0.2, 0.1, 0.05, 0]
    assert (line.name, band.name) == ("feb 2026", "intervalo del 95 %")
    assert "40 de 100: <b>40,0\xa0%</b>" in line.hovertext[0]


def test_stickiness_draws_the_last_period_and_the_one_before():
    starts = ("2026-02-02", "2026-02-09", "2026-02-16")
    weeks = pd.concat([days_of(1.0, 0.5, 0.1, 0, 0, 0, 0, start=start) for start in starts])
    assert [line.name for line in cohorts_days.stickiness(weeks, language="en").data] == [
        "Feb 9, 2026",
        "95% interval",
        "Feb 16, 2026",
    ]


def test_stickiness_of_nobody_says_so():
    none = cohorts_days.stickiness(days_of(1.0).iloc[:0])
    assert [note.text for note in none.layout.annotations] == ["Todavía no hay nada que observar"]


def test_first_order_is_drawn_as_the_share_that_has_ordered():
    curve = pd.DataFrame({"group": "web", "time_seconds": [0.0, 86_400.0], "survival": [1, 0.75]})
    curve = curve.assign(low=[1, 0.6], high=[1, 0.8], at_risk=[8.0, 6.0])
    groups = pd.DataFrame({"group": ["web"], "users": [8], "events": [2], "median_seconds": [np.nan]})
    band, line = cohorts_compared.first_order(curve, groups, by="channel", p_value=np.nan).data
    assert (list(line.x), list(line.y)) == ([0, 1], [0, 0.25])
    assert list(band.y) == pytest.approx([0, 0.4, 0.2, 0])


def test_table_at_risk_reads_whole_days():
    days = 86_400.0
    curve = pd.DataFrame({"group": "web", "time_seconds": [0, days, 7 * days], "at_risk": [9.0, 8.0, 3.0]})
    groups = pd.DataFrame(
        [{"group": "web", "users": 9, "events": 6, "median_seconds": np.nan, **dict.fromkeys(SPREAD, days)}]
    )
    text = cohorts_compared.at_risk(curve, groups, by="channel", language="es").html
    assert [f">{name}<" in text for name in ("Día 1", "Día 7", "Día 14")] == [True, True, False]
    assert "más de la mitad no vuelve" in text


SPREAD = ("restricted_seconds", "low_seconds", "high_seconds")
