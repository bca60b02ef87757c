"""Pictures, tables and sentences of how many people are needed."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from analytics_lib.charts import staffing, staffing_answer, staffing_tables

AT = pd.to_datetime(["2026-11-06 17:30", "2026-11-06 18:00", "2026-11-06 22:00", "2026-11-07 08:00"])
HALVES = pd.DataFrame(
    {
        "at": AT,
        "open": [True, True, False, True],
        "needed": [4, 5, 2, 1],
        "agents": [3, 4, 2, 1],
        "on_duty": [4, 5, 0, 2],
        "held": [0.9, 0.95, 0.0, 1.0],
        "given": np.nan,
        "held_given": np.nan,
        "contacts": [6.0, 8.0, 3.0, 1.0],
        "contacts_low": [4.5, 6.0, 2.0, 0.5],
        "contacts_high": [8.0, 11.0, 5.0, 2.0],
        "service_level": [0.9, 0.91, 0.0, 0.99],
    }
)
TOLD = {
    "staffing_reason": "",
    "target_wait_seconds": 60,
    "service_level": 0.8,
    "confidence": 0.9,
    "shrinkage": 0.2,
    "handle_time_seconds": 248.0,
    "handle_time_low": 235.0,
    "handle_time_high": 261.0,
    "handled": 690,
    "escalation_rate": 0.1083,
    "escalated": 768,
    "closed": 7090,
    "chats_at_once": 1,
    "chats_measured": 1.02,
    "currency": "COP",
    "staffed_since": dt.date(2026, 11, 2),
    "staffed_until": dt.date(2026, 11, 9),
    "agents_peak": 5,
    "agents_peak_at": pd.Timestamp("2026-11-06 18:00"),
    "shifts": 52,
    "roster_cost": 6_563_075.0,
    "roster_hours": 316.0,
    "roster_people": 9,
    "held_day_least": 0.998,
    "held_day_given": None,
    "short": 0,
}
DAY = pd.Timestamp("2026-11-06")
ADVICE = {
    "peak": {
        "since": AT[0],
        "until": AT[2],
        "agents": 5,
        "answering": 4,
        "contacts": 66.7,
        "contacts_low": 55.7,
        "contacts_high": 81.4,
        "held": 1.0,
        "cost": 350_900.0,
    },
    "roster": {
        "shifts": 1,
        "hours": 8.0,
        "people": 1,
        "cost": 120_000.0,
        "day": DAY,
        "held_day": 0.91,
        "proven": False,
    },
    "short": {"at": AT[1], "missing": 2, "slots": 3, "needed": 5},
    "given": {
        "at": AT[1],
        "held": 0.0,
        "on_duty": 3,
        "needed": 5,
        "day": DAY,
        "held_day": 0.4,
        "cost": 100_000.0,
        "difference": -20_000.0,
    },
    "mean": {
        "at": AT[1],
        "agents": 4,
        "agents_expected": 3,
        "held_expected": 0.501,
        "slots": 32,
        "of": 196,
        "cost": 303_775.0,
    },
    "more": {
        "day": DAY,
        "cost": 272_781.0,
        "contacts": 24.0,
        "service_level": 0.81,
        "held_day": 0.7,
        "service_level_changed": 0.96,
        "held_day_changed": 1.0,
    },
    "less": {
        "day": DAY,
        "cost": -272_781.0,
        "contacts": -36.3,
        "service_level": 0.92,
        "held_day": 0.99,
        "service_level_changed": 0.57,
        "held_day_changed": 0.0,
    },
    "outside": {"contacts": 155.4, "share": 0.141},
    "bot": {"at": AT[1], "replicas": 3, "messages_per_second": 0.5, "held": 1.0, "spare": 1},
}
ROW = {
    "day": DAY,
    "contacts": 153.2,
    "peak": 5,
    "paid_hours": 46.0,
    "cost": 800_000.0,
    "service_level": 0.909,
    "service_level_low": 0.88,
    "service_level_high": 0.94,
    "held_day": 1.0,
    "held_every": 0.675,
    "service_level_one_less": 0.527,
    "service_level_one_more": 0.989,
    "cost_one_agent": 272_781.0,
    "held_day_given": np.nan,
}


def plain(shown):
    """The text of what is shown, without marks."""
    source = getattr(shown, "text", None) or shown.html
    return re.sub(r"<[^>]+>|\*\*|&#\d+;", " ", source).replace("\u00a0", " ")


def say(code, language="es", **changed):
    said = staffing_answer.sentence(
        {"code": code, **ADVICE[code], **changed}, currency="COP", language=language
    )
    return said.replace("\u00a0", " ").replace("**", "")


def test_curve_has_the_need_as_an_area_and_the_roster_as_a_line_with_gaps_while_closed():
    figure = staffing.staffing_curve(HALVES)
    needed, on_duty = figure.data

    assert list(needed.y) == [4, 5, 0, 1]
    assert needed.fill == "tozeroy"
    assert list(on_duty.y)[:2] == [4, 5]
    assert np.isnan(on_duty.y[2])
    assert "6 nov al 7 nov 2026; n = 15" in figure.layout.title.text.replace("\u00a0", " ")
    hover = on_duty.text[1].replace("\u00a0", " ")
    for words in ("vie 6 nov, 18:00", "Hacen falta 5 en turno (4 atendiendo)", "8,0 (6,0 a 11,0)", "95 %"):
        assert words in hover


def test_present_roster_is_a_line_of_its_own():
    figure = staffing.staffing_curve(HALVES.assign(given=[3, 3, 0, 3], held_given=0.5), language="en")

    assert [trace.name for trace in figure.data] == ["Needed", "Present roster", "Cheapest shifts"]
    assert "Present roster: 3; held with probability 50%" in figure.data[2].text[0]


def test_grid_numbers_the_half_hours_below_the_certainty_asked_for():
    drawn = staffing.held_grid(HALVES, confidence=0.92)
    axes = drawn.axes[0]

    assert [text.get_text() for text in axes.texts] == ["90"]
    assert "1 de 3 medias horas" in " ".join(text.get_text() for text in drawn.texts)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["vie\n6 nov", "sáb\n7 nov"]
    assert drawn._repr_png_()


def test_grid_is_of_the_present_roster_where_there_is_one():
    drawn = staffing.held_grid(
        HALVES.assign(given=3, held_given=[0.2, 0.9, 0.9, 0.9]), confidence=0.8, language="en"
    )

    assert [text.get_text() for text in drawn.axes[0].texts] == ["20"]
    assert "the present roster" in drawn.texts[0].get_text()


@pytest.mark.parametrize("language", ["es", "en"])
def test_nothing_to_show_is_said(language):
    nothing = HALVES.iloc[:0]
    figure = staffing.staffing_curve(nothing, language=language)

    assert figure.layout.annotations[0].text
    assert plain(staffing.held_grid(nothing, confidence=0.8, language=language)).strip()
    assert plain(staffing_tables.day_table(nothing, currency="", language=language)).strip()
    assert staffing_tables.shift_table(nothing, currency="", language=language).html == ""
    assert plain(staffing_answer.advice([], currency="", language=language)).strip()
    for reason in ("escalations", "handling", "measure"):
        assert plain(staffing_answer.answer(TOLD | {"staffing_reason": reason}, language=language))


def test_answer_has_how_many_when_what_it_costs_and_what_it_comes_from():
    said = plain(staffing_answer.answer(TOLD))

    for words in (
        "80,0 %",
        "espere 1 min o menos, con una seguridad del 90,0 %",
        "5 agentes en turno",
        "vie 6 nov, a las 18:00",
        "52 turnos",
        "316 horas pagadas y al menos 9 personas",
        "6 563 075 COP",
        "99,8 %",
        "10,8 %",
        "768 de 7.090 cerradas",
        "4 min 8 s por chat (95 %: 3 min 55 s a 4 min 21 s; n = 690) con 1 chat a la vez",
        "20,0 % del tiempo pagado",
    ):
        assert words in said
    assert "Cuidado" not in said
    assert "el azar pesa" not in said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"chats_at_once": 3}, "measured with 1.0 chats at once; with 3 each takes longer"),
        ({"short": 7}, "7 agent half-hours are missing"),
        ({"held_day_given": 0.42}, "present roster holds its worst day with probability 42.0%"),
        ({"closed": None, "escalated": None}, "are taken to need a person"),
        ({"handled": None}, "an agent is taken to need 4 min 8 s"),
        ({"agents_peak": 0, "shifts": 0}, "Nobody is expected to need a person"),
        ({"held_day_least": 1.0}, "over 99.9%"),
        ({"held_day_least": 0.74}, "among few people chance weighs"),
    ],
)
def test_what_is_special_is_said(changed, words):
    assert words in plain(staffing_answer.answer(TOLD | changed, language="en"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("peak", "vie 6 nov, 17:30 a 22:00: 5 en turno (4 atendiendo). Se espera a 67 por atender (56 a 81)"),
        ("peak", "probabilidad más de 99,9 %. Esas horas cuestan 350.900 COP."),
        ("roster", "Planear 1 turno para estos días, con al menos 1 persona: 8 horas pagadas, 120.000 COP."),
        ("roster", "vie 6 nov, cumple con probabilidad 91,0 %. La búsqueda se detuvo por tiempo"),
        ("short", "en 3 medias horas falta gente"),
        ("short", "vie 6 nov a las 18:00, pide 5 y faltan 2"),
        ("given", "vie 6 nov a las 18:00: hay 3 y hacen falta 5; se cumple con probabilidad menos de 0,1 %"),
        ("given", "Cuesta 100.000 COP, 20.000 COP menos que la más barata"),
        ("mean", "a las 18:00 pediría 3 en vez de 4 atendiendo, y cumpliría con probabilidad 50,1 %"),
        ("mean", "32 medias horas de 196; cubrirlas cuesta 303.775 COP"),
        ("more", "a tiempo pasa de 81,0 % a 96,0 % (24 personas más)"),
        ("more", "de 70,0 % a más de 99,9 %. Cuesta 272.781 COP"),
        ("less", "de 92,0 % a 57,0 % (36 personas menos)"),
        ("less", "Ahorra 272.781 COP"),
        ("outside", "155 personas (14,1 % de las que necesitan una)"),
        ("bot", "3 réplicas (1 de reserva) en el momento más cargado, vie 6 nov a las 18:00: 30,0 mensajes"),
    ],
)
def test_recommendation_has_its_numbers(code, words):
    assert words in say(code)


def test_one_person_is_not_people():
    assert "(1 person more)" in say("more", "en", contacts=1.2)
    assert "(1 persona menos)" in say("less", contacts=-0.6)


@pytest.mark.parametrize("code", ADVICE)
def test_recommendations_are_said_in_english_too(code):
    assert "{" not in say(code, "en")
    shown = staffing_answer.advice([{"code": code, **ADVICE[code]}], currency="<b>", language="en")
    assert shown.html.startswith("<ul><li>")
    assert "<b>" not in shown.html


def test_day_has_what_an_agent_more_or_less_changes():
    said = plain(staffing_tables.day_table(pd.DataFrame([ROW]), currency="COP"))

    for words in (
        "vie 6 nov",
        "90,9 % (88 a 94)",
        "más de 99,9 %",
        "67,5 %",
        "52,7 %",
        "272.781 COP",
    ):
        assert words in said
    assert "Planilla actual" not in said
    given = plain(staffing_tables.day_table(pd.DataFrame([ROW | {"held_day_given": 0.25}]), currency="COP"))
    assert "Planilla actual cumple" in given
    assert "25,0 %" in given


def test_shifts_are_listed_with_their_breaks():
    row = {
        "day": DAY,
        "starts": AT[0],
        "ends": AT[2],
        "break_starts": AT[1],
        "break_ends": AT[1] + pd.Timedelta(minutes=30),
        "paid_hours": 4.0,
        "agents": 2,
        "cost": 116_000.0,
    }
    frame = pd.DataFrame([row, row | {"break_starts": pd.NaT, "break_ends": pd.NaT}])
    said = plain(staffing_tables.shift_table(frame, currency="COP"))

    for words in ("17:30\N{EN DASH}22:00", "18:00\N{EN DASH}18:30", "sin descanso", "116.000 COP"):
        assert words in said
