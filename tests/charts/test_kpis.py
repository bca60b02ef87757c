import datetime as dt
import importlib.resources
import re
import string

import pandas as pd
import pytest
import yaml

from analytics_lib.charts.card import SIDES, card
from analytics_lib.charts.kpi_answer import answer, moves
from analytics_lib.charts.kpi_tables import Limits, advice, health_table, numbers
from analytics_lib.charts.kpis import by_group, first_contact_curve, ladder
from analytics_lib.charts.measures import name_of, write_change, write_interval, write_value
from analytics_lib.charts.sparks import spark
from analytics_lib.metrics import CATALOG, HealthScore

NAN = float("nan")
DAYS = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}
LIMITS = Limits(health=0.6, resolution_rate=0.6, unanswered_rate=0.05, error_rate=0.01)
FOLDER = importlib.resources.files("analytics_lib.charts")
CATALOGUE = yaml.safe_load(FOLDER.joinpath("words_kpis.yaml").read_text(encoding="utf-8"))


def plain(text):
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def kpi(metric="resolution_rate", value=0.6, *, n=100, missing="", group="resolution", **more):
    """A row of the card whose value was 0.5 before, one in a hundred off either way, and did not move."""
    unit = more.pop("unit", CATALOG[metric].unit)
    row = {"metric": metric, "unit": unit, "kind": CATALOG[metric].kind, "better": "higher", "group": group}
    row |= {"days": NAN, "missing": missing, "few": False, "usual_windows": 4.0}
    for side in ("", *(f"{side}_" for side in SIDES)):
        middle = value if not side else value - 0.1
        row |= {f"{side}value": middle, f"{side}low": middle - 0.01, f"{side}high": middle + 0.01}
        row |= {f"{side}numerator": value * n, f"{side}denominator": n, f"{side}few": False}
    for side in SIDES:
        row |= {f"{side}_change": 0.1, f"{side}_change_low": 0.05, f"{side}_change_high": 0.15}
        row |= {f"{side}_p_value": 0.4, f"{side}_verdict": "same"}
    return {**row, **more}


def unmeasured(metric, missing, group="business"):
    nothing = {name: NAN for name, value in kpi().items() if isinstance(value, float | int) and name != "few"}
    verdicts = {f"{side}_verdict": "unknown" for side in SIDES}
    return kpi(metric, group=group) | nothing | verdicts | {"missing": missing, "few": False}


def daily(metric="resolution_rate", values=(0.5, NAN, 0.7)):
    days = pd.date_range("2026-03-06", periods=len(values), unit="us")
    return pd.DataFrame({"metric": metric, "period": days, "value": values, "denominator": 10})


def health(*, value=0.7, low=0.6, missing=(), covered=1.0):
    names = ["resolution_rate", "csat", "average_response_time", "escalation_rate"]
    known = [name not in missing for name in names]
    parts = pd.DataFrame(
        {
            "metric": names,
            "value": [0.8, 0.75, 4.0, 0.1],
            "normalized": [0.8, 0.75, 0.9286, 0.9],
            "weight": [0.3, 0.3, 0.2, 0.2],
            "numerator": 50.0,
            "denominator": 100.0,
            "low": [0.7, 0.7, 3.0, 0.05],
            "high": [0.9, 0.8, 5.0, 0.15],
            "few": False,
        }
    )
    numbers_of = ["value", "normalized", "numerator", "low", "high"]
    parts.loc[[not each for each in known], numbers_of] = NAN
    parts.loc[[not each for each in known], "denominator"] = 0
    return HealthScore(value, low, 0.8, covered, covered < 0.5, parts)


def drawn(rows, days=None):
    return plain(card(pd.DataFrame(rows), daily() if days is None else days, **DAYS).html)


def title(figure):
    return re.sub(r"<[^>]+>", "", figure.layout.title.text.replace("<br>", " "))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.543, "share", "54,3 %"), (1.906, "seconds", "1,91 s"), (7960.0, "seconds", "2 h 12 min"),
        (359.21, "milliseconds", "359 ms"), (-19.1, "points", "-19,1 puntos"), (0.814, "score", "0,81"),
        (20669600.0, "COP", "20.669.600 COP"), (815.0, "conversations", "815"), (15.11, "messages", "15,1"),
        (NAN, "share", "\N{EN DASH}"),
    ],
)  # fmt: skip
def test_value_is_written_in_its_unit(value, unit, text):
    assert plain(write_value(value, unit, "es")) == text


def test_interval_says_its_unit_once_and_durations_in_full():
    assert plain(write_interval(0.51, 0.57, "share", "es")) == "51,0 a 57,0 %"
    assert plain(write_interval(541.0, 1148.0, "seconds", "es")) == "9 min 1 s a 19 min 8 s"
    assert plain(write_interval(1.87, 1.94, "seconds", "en")) == "1.87 to 1.94 s"


@pytest.mark.parametrize(
    ("change", "unit", "text"),
    [
        (-0.047, "share", "-4,7 puntos"),
        (56.0, "users", "+56"),
        (-0.109, "seconds", "-0,11 s"),
        (0.0, "COP", "0 COP"),
    ],
)
def test_change_carries_its_sign(change, unit, text):
    assert plain(write_change(change, unit, "es")) == text


def test_name_tells_the_days_it_waits_for():
    assert (
        plain(name_of({"metric": "durable_resolution_rate", "days": 1.0}, "es")) == "Resolución duradera (1d)"
    )
    assert name_of({"metric": "csat", "days": NAN}, "en") == "Satisfaction (CSAT)"


def test_card_shows_value_interval_n_and_what_it_was():
    text = drawn([kpi()])
    for part in ("60,0 %", "59,0 a 61,0 % · n = 100", "▲ +10,0 puntos", "no distinguible", "de 50,0 %"):
        assert part in text


def test_real_change_is_told_in_words_and_not_by_colour_alone():
    text = drawn([kpi(previous_verdict="better", usual_verdict="worse", usual_change=-0.1)])
    assert re.search(r"▲ \+10,0 puntos.*mejor", text)
    assert re.search(r"▼ -10,0 puntos.*peor", text)


def test_change_that_rounds_to_nothing_points_nowhere():
    assert "= 0,0 puntos" in drawn([kpi(previous_change=0.0001)])


def test_window_that_was_not_observed_is_said():
    assert "no observado" in drawn([kpi(previous_value=NAN)])


def test_percentile_that_cannot_be_pooled_is_not_called_unobserved():
    row = kpi("median_duration", usual_value=NAN, kind="quantile")
    assert "no se puede sumar por días" in drawn([row])


def test_metrics_without_data_are_named_with_their_reason_in_one_row():
    rows = [unmeasured(name, "orders") for name in ("orders", "revenue")] + [
        unmeasured("conversion_rate", "")
    ]
    text = drawn(rows)
    assert "Sin dato: Pedidos, Ingresos (el almacén no tiene pedidos); Conversión (nada que contar" in text


def test_every_name_of_the_card_has_a_definition_on_hover():
    text = drawn([kpi()])
    assert 'title="De las cerradas con resultado conocido' in text
    assert "Qué mide cada indicador" in text


def test_rate_runs_between_its_own_ends_and_a_day_without_data_is_a_gap():
    values = daily().set_index("period")["value"]
    text = spark(values, unit="share", bars=False, since=dt.date(2026, 3, 8), language="es")
    marks = re.findall(r'<span style="(width:4px[^"]*)"', text)
    assert [re.findall(r"margin-bottom:(\d+)px", mark) for mark in marks] == [["0"], [], ["21"]]
    assert "background-color:#C3CBD6" in marks[0]
    assert "background-color:#44546A" in marks[2]
    assert "2 días con dato: entre 50,0 % y 70,0 %; el último, 70,0 %" in plain(text)


def test_counts_are_bars_from_zero():
    values = daily("conversations", (0.0, 5.0, 10.0)).set_index("period")["value"]
    text = spark(values, unit="conversations", bars=True, since=dt.date(2026, 3, 8), language="es")
    assert re.findall(r"width:4px;height:(\d+)px", text) == ["1", "12", "24"]


def test_spark_without_a_value_is_nothing():
    values = daily(values=(NAN, NAN)).set_index("period")["value"]
    assert spark(values, unit="share", bars=False, since=dt.date(2026, 3, 8), language="es") == ""


def test_ladder_draws_the_rungs_with_n_and_the_unclassifiable_apart():
    rows = [kpi("containment_rate", 0.9), kpi("resolution_rate", 0.5), kpi("unclassifiable_share", 0.2)]
    figure = ladder(pd.DataFrame([*rows, kpi("assumed_resolution_rate", NAN, n=0)]), **DAYS)
    rungs, apart = figure.data
    assert (list(rungs.x), list(apart.x)) == ([0.9, 0.5], [0.2])
    assert rungs.marker.symbol != apart.marker.symbol
    assert all("n = 100" in name for name in figure.layout.yaxis.ticktext)
    assert figure.layout.xaxis.title.text


def test_ladder_without_a_rung_says_so():
    figure = ladder(pd.DataFrame([kpi(n=0)]), **DAYS)
    assert figure.layout.annotations[0].text == "Ningún peldaño se puede medir"


def group_row(group, value, n, *, real=False, metric="resolution_rate", few=False):
    return {
        "metric": metric, "group": group, "value": value, "low": value - 0.05, "high": value + 0.05,
        "numerator": value * n, "denominator": n, "few": few, "overall": 0.5, "difference": value - 0.5,
        "difference_low": value - 0.6, "difference_high": value - 0.4, "p_value": 0.01, "real": real,
    }  # fmt: skip


def test_group_that_really_differs_is_marked_and_others_are_not():
    rows = [group_row("whatsapp", 0.7, 400, real=True), group_row("web", 0.4, 40)]
    figure = by_group(pd.DataFrame(rows), by="channel", **DAYS)
    texts = [note.text for note in figure.layout.annotations]
    assert [plain(text) for text in texts[1:]] == ["<b>≠ 70,0 %</b>", "<b>40,0 %</b>"]
    assert [name.partition("<")[0] for name in figure.layout.yaxis.ticktext] == ["WhatsApp", "chat web"]
    assert figure.layout.shapes[0].x0 == 0.5
    assert "difieren de verdad" in figure.data[0].hovertext[0]


def test_only_the_largest_groups_are_drawn_and_the_title_says_so():
    rows = [group_row(f"city {n}", 0.5, 100 - n) for n in range(12)]
    figure = by_group(pd.DataFrame(rows), by="city", **DAYS)
    assert len(figure.layout.yaxis.ticktext) == 8
    assert "los 8 mayores de 12" in title(figure)


def test_nothing_to_tell_apart_is_said():
    empty = pd.DataFrame([group_row("a", 0.5, 1)]).iloc[:0]
    assert (
        by_group(empty, by="channel", **DAYS).layout.annotations[0].text
        == "Ninguna tasa se puede separar así"
    )


def curve(at_risk):
    value = [0.6 - 0.01 * day for day in range(len(at_risk))]
    frame = pd.DataFrame({"days": range(1, len(at_risk) + 1), "value": value, "at_risk": at_risk})
    return frame.assign(low=frame["value"] - 0.05, high=frame["value"] + 0.05, first_contacts=500)


def test_curve_is_steps_as_far_as_thirty_were_watched():
    figure = first_contact_curve(curve([400, 90, 30, 29]), **DAYS)
    line = figure.data[-1]
    assert list(line.x) == [1, 2, 3]
    assert {trace.line.shape for trace in figure.data} == {"hv"}
    assert "n = 500" in title(figure)


def test_curve_without_first_contacts_says_so():
    figure = first_contact_curve(curve([400]).assign(value=NAN, first_contacts=0), **DAYS)
    assert figure.layout.annotations[0].text.startswith("Sin primeros contactos")


def said(rows, score=None):
    return plain(answer(score or health(), pd.DataFrame(rows), **DAYS).text)


def test_answer_opens_with_health_and_counts_what_moved():
    rows = [
        kpi("conversations", 815.0, n=NAN, group="conversations"), kpi("users", 629.0, n=NAN),
        kpi("resolution_rate", 0.6, previous_verdict="better", previous_p_value=0.001),
    ]  # fmt: skip
    text = said(rows)
    assert text.startswith("**Salud del servicio, del 2 mar al 8 mar 2026: 70 de 100** (95 %: 60 a 80).")
    assert "Empezaron 815 conversaciones de 629 usuarios" in text
    assert "60,0 % de 100 conversaciones con resultado conocido" in text
    assert "De 6 comparaciones" in text
    assert "1 son un cambio real: 1 a mejor" in text
    assert (
        "- **Tasa de resolución**: 60,0 % (n = 100) frente a 50,0 % del período anterior: +10,0 puntos"
        in text
    )
    assert "Por qué se movió «Tasa de resolución» lo explica el cuaderno" in text


def test_answer_names_the_part_that_is_missing_and_never_as_zero():
    text = said([kpi()], health(missing=("csat",), covered=0.7))
    assert "Falta Satisfacción (CSAT): el puntaje descansa en el 70,0 % de su peso" in text
    assert "parcial" not in text
    assert "Es parcial" in said([kpi()], health(missing=("csat", "resolution_rate"), covered=0.4))


def test_answer_without_any_health_says_no_data():
    assert "sin dato" in said([kpi()], health(value=NAN, covered=0.0))


def test_nothing_that_moved_and_nothing_to_compare_with_are_told_apart():
    assert "Nada se movió de verdad" in said([kpi()])
    alone = kpi(previous_p_value=NAN, usual_p_value=NAN)
    assert "No hay con qué comparar" in said([alone])


def test_moves_are_sorted_by_how_sure_they_are():
    rows = [
        kpi("csat", usual_verdict="worse", usual_p_value=0.04),
        kpi("nps", previous_verdict="moved", previous_p_value=0.01),
    ]
    assert moves(pd.DataFrame(rows))[["metric", "side"]].to_numpy().tolist() == [
        ["nps", "previous"],
        ["csat", "usual"],
    ]


def test_parts_of_health_add_up_to_it():
    text = plain(health_table(health()).html)
    assert all(number in text for number in ("24,0", "22,5", "18,6", "18,0"))
    assert "\N{EN DASH}" in plain(health_table(health(missing=("csat",))).html)


def test_numbers_hold_every_window_with_its_counts():
    text = plain(numbers(pd.DataFrame([kpi(), unmeasured("orders", "orders")])).html)
    assert text.count("Tasa de resolución") == 3
    assert "Pedidos (el almacén no tiene pedidos)" in text
    assert "usual (4)" in text


def rows_of(html):
    return [re.sub(r"<[^>]+>", "|", row) for row in plain(html).split("<tr")[2:]]


def test_advice_acts_beyond_the_threshold_and_tells_no_data():
    low = kpi("resolution_rate", 0.59)
    first, resolution, unanswered, errors = rows_of(advice(health(), pd.DataFrame([low]), limits=LIMITS).html)
    assert "dentro del umbral" in first
    assert "Leer las conversaciones que no se resolvieron" in resolution
    assert "sin datos" in unanswered
    assert "sin datos" in errors


def test_advice_lists_what_got_worse_with_the_notebook_that_explains_it():
    worse = kpi("csat", previous_verdict="worse", previous_p_value=0.01)
    text = advice(health(), pd.DataFrame([worse]), limits=LIMITS).html
    assert "Por qué: cuaderno «Por qué se movió un indicador»" in text


def test_hostile_names_are_inert_everywhere(hostile):
    row = {**kpi(), "group": hostile, "metric": hostile, "missing": ""}
    groups = pd.DataFrame([group_row(hostile, 0.5, 100), group_row("b", 0.5, 90)])
    page = card(pd.DataFrame([row]), daily(hostile), **DAYS).html + numbers(pd.DataFrame([row])).html
    figure = by_group(groups, by="city", **DAYS)
    texts = [*figure.layout.yaxis.ticktext, *figure.data[0].hovertext]
    assert not re.search(r"<(script|img)", page)
    assert not any(re.search(r"<(script|img|a)\b|\$", text) for text in texts)


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_holes():
    for key, texts in CATALOGUE.items():
        assert set(texts) == {"es", "en"}, key
        assert holes(texts["es"]) == holes(texts["en"]), key


def test_page_can_be_made_in_english():
    html = card(pd.DataFrame([kpi()]), daily(), **DAYS, language="en").html
    assert "not told apart" in html
    assert "Resolution rate" in html
