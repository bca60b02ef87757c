import datetime as dt
import importlib.resources
import re
import string

import pandas as pd
import pytest
import yaml

from analytics_lib.charts.compared import change, points
from analytics_lib.charts.comparison import group_names, response_times, shares, words
from analytics_lib.charts.comparison_answer import answer, largest
from analytics_lib.charts.comparison_tables import advice, share_table, wait_table, word_table

NAN = float("nan")
NAMES = ("Escalada", "Resuelta")
DAYS = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}
FOLDER = importlib.resources.files("analytics_lib.charts")


def share_row(name, first, second, *, real=True, few=False, n=100):
    row = {
        "name": name,
        "difference": first - second,
        "p_value": 0.0001 if real else 0.4,
        "real": real,
        "few": few,
    }
    row |= {"low": first - second - 0.05, "high": first - second + 0.05}
    for side, value in (("first", first), ("second", second)):
        row |= {f"{side}_share": value, f"{side}_low": value - 0.04, f"{side}_high": value + 0.04}
        row |= {f"{side}_conversations": 0 if value != value else round(value * n), f"{side}_total": n}  # noqa: PLR0124  # NaN
    return row


def share_frame(*rows):
    return pd.DataFrame(list(rows), columns=list(share_row("", 0, 0)))


def wait_row(replier, first, second, *, real=True, few=False):
    row = {"replier": replier, "difference_seconds": first - second, "low_seconds": first - second - 1}
    row |= {"high_seconds": first - second + 1, "p_value": 0.002, "real": real, "few": few}
    for side, value in (("first", first), ("second", second)):
        row |= {
            f"{side}_median_seconds": value,
            f"{side}_low_seconds": value - 0.5,
            f"{side}_high_seconds": value + 0.5,
        }
        row[f"{side}_replies"] = 0 if value != value else 50  # noqa: PLR0124  # NaN
    return row


def wait_frame(*rows):
    return pd.DataFrame(list(rows), columns=list(wait_row("", 0, 0)))


def word_frame(*rows):
    columns = [
        "word",
        "first_users",
        "second_users",
        "first_total",
        "second_total",
        "log_odds",
        "z",
        "p_value",
        "real",
    ]
    return pd.DataFrame(
        [(word, 9, 4, 90, 80, z / 4, z, 0.01, real) for word, z, real in rows], columns=columns
    )


def found_of(**frames):
    nothing = {kind: share_frame() for kind in ("intents", "stages", "moments")}
    return {**nothing, "waits": wait_frame(), "words": word_frame(), **frames}


def sizes(first=100, second=200):
    return pd.DataFrame({"side": ["first", "second"], "conversations": [first, second], "users": [80, 150]})


def title(figure):
    return re.sub(r"<[^>]+>", "", figure.layout.title.text.replace("<br>", " "))


def notes(figure):
    return [note.text for note in figure.layout.annotations]


def plain(text):
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def test_groups_are_called_by_their_words():
    assert group_names("outcome", "escalated", "resolved") == ("Escalada", "Resuelta")
    assert group_names("channel", "web", "whatsapp", language="en") == ("web chat", "WhatsApp")


def test_periods_are_called_by_the_day_that_splits_them():
    day = dt.date(2026, 3, 9)
    assert group_names("period", "after", "before", day) == ("Desde el 9 mar 2026", "Antes del 9 mar 2026")


def test_each_group_is_a_dot_with_whiskers_and_the_difference_stands_behind():
    figure = shares(share_frame(share_row("price", 0.5, 0.2)), NAMES, kind="intents")
    dots = {trace.name: trace for trace in figure.data if trace.x}

    assert (dots["Escalada"].x, dots["Resuelta"].x) == ((0.5,), (0.2,))
    assert dots["Escalada"].error_x.array == pytest.approx([0.04])
    assert dots["Escalada"].error_x.arrayminus == pytest.approx([0.04])
    assert dots["Escalada"].marker.symbol != dots["Resuelta"].marker.symbol
    assert notes(figure) == ["<b>+30,0</b>"]
    assert "n = 100 (Escalada) y 100 (Resuelta)" in title(figure)


def test_difference_that_is_not_real_is_pale_and_not_bold():
    frame = share_frame(share_row("price", 0.5, 0.2), share_row("sizes", 0.2, 0.22, real=False))
    figure = shares(frame, NAMES, kind="intents")
    drawn = [(trace.opacity, trace.y[0], trace.showlegend) for trace in figure.data]

    assert [opacity for opacity, place, _ in drawn if place > 0.5] == [0.35, 0.35]
    assert [opacity for opacity, place, _ in drawn if place < 0.5] == [1, 1]
    assert [shown for *_, shown in drawn].count(True) == 2
    assert notes(figure) == ["<b>+30,0</b>", "\u22122,0"]


def test_legend_names_both_groups_where_nothing_is_real():
    figure = shares(share_frame(share_row("price", 0.5, 0.49, real=False)), NAMES, kind="intents")
    assert [trace.name for trace in figure.data if trace.showlegend and trace.x] == list(NAMES)


def test_stages_and_moments_are_called_by_their_words():
    stage = shares(share_frame(share_row("cart_added", 0.5, 0.2)), NAMES, kind="stages")
    moment = shares(share_frame(share_row("dead_end", 0.5, 0.2)), NAMES, kind="moments", language="en")
    assert stage.layout.yaxis.ticktext == ("agrega al carrito",)
    assert moment.layout.yaxis.ticktext == ("Dead end",)
    assert "sample of up to n" in moment.layout.title.text


def test_unknown_share_is_no_dot_at_zero():
    figure = shares(share_frame(share_row("cart_added", NAN, 0.2, real=False)), NAMES, kind="stages")
    dots = {trace.name: trace for trace in figure.data if trace.x}
    assert dots["Escalada"].x[0] != 0
    assert notes(figure) == [""]


def test_only_the_first_rows_are_drawn_and_the_title_says_so():
    frame = share_frame(*(share_row(f"intent {n}", 0.5, 0.2) for n in range(40)))
    figure = shares(frame, NAMES, kind="intents")
    assert len(figure.layout.yaxis.ticktext) == 15
    assert "15 filas de 40" in title(figure)


def test_without_rows_the_picture_says_why():
    for kind, text in (("intents", "No se conoce"), ("stages", "No hay etapas"), ("moments", "No se ve")):
        assert notes(shares(share_frame(), NAMES, kind=kind))[0].startswith(text)
    assert notes(response_times(wait_frame(), NAMES))[0].startswith("Nadie respondió")
    assert notes(words(word_frame(), NAMES))[0].startswith("Sin palabras")


def test_long_and_hostile_names_are_inert_and_wrapped(hostile):
    frame = share_frame(share_row(hostile, 0.5, 0.2), share_row("a_very_long_intent_name_" * 9, 0.4, 0.1))
    figure = shares(frame, (hostile, hostile), kind="intents")
    texts = [*figure.layout.yaxis.ticktext, *(trace.name for trace in figure.data)]
    texts += [hover for trace in figure.data for hover in trace.hovertext or ()]
    for text in texts:
        shown = re.sub(r"</?b>|<br>", "", text)
        assert "<" not in shown
        assert "$" not in shown
    assert max(len(line) for line in figure.layout.yaxis.ticktext[1].split("<br>")) <= 20


def test_waits_stand_on_a_logarithmic_axis_with_their_difference():
    figure = response_times(wait_frame(wait_row("bot", 2.0, 4.0), wait_row("agent", 60.0, 90.0)), NAMES)
    dots = {trace.name: trace for trace in figure.data if trace.x}

    assert figure.layout.xaxis.type == "log"
    assert dots["Escalada"].x == (2.0, 60.0)
    assert figure.layout.yaxis.ticktext == ("Bot", "Agente")
    assert "respuestas: Bot 50 / 50, Agente 50 / 50;" in title(figure)
    assert [plain(note) for note in notes(figure)] == ["<b>-2 s</b>", "<b>-30 s</b>"]


def test_wait_of_no_time_and_of_one_group_are_drawn():
    figure = response_times(
        wait_frame(wait_row("bot", 0.0, 0.0, real=False), wait_row("agent", 60.0, NAN, real=False)), NAMES
    )
    assert figure.layout.xaxis.range[0] < -1
    assert notes(figure)[1] == ""


def test_words_of_the_first_group_point_right_and_those_not_real_are_pale():
    figure = words(word_frame(("queja", 5.0, True), ("hola", 1.0, False), ("pagar", -3.0, True)), NAMES)
    first, second = figure.data

    assert (list(first.y), list(first.x)) == (["queja", "hola"], [5, 1])
    assert list(first.marker.opacity) == [1, 0.35]
    assert (second.name, list(second.y), list(second.x)) == ("Resuelta", ["pagar"], [-3])


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "+12,3"), (-0.05, "-5,0"), (-0.0001, "0,0"), (NAN, "\N{EN DASH}")]
)
def test_points_carry_their_sign(value, text):
    assert plain(points(value, "es")) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(75.0, "+1 min 15 s"), (-0.164, "-0,16 s"), (0.001, "0,00 s"), (-2.0, "-2 s"), (NAN, "\N{EN DASH}")],
)
def test_change_of_time_carries_its_sign(seconds, text):
    assert plain(change(seconds, "es")) == text


def test_answer_tells_the_three_largest_real_differences_with_numbers_and_n():
    found = found_of(
        intents=share_frame(share_row("price", 0.5, 0.2), share_row("sizes", 0.9, 0.1, real=False)),
        stages=share_frame(share_row("cart_added", 0.1, 0.5), share_row("size_selected", 0.3, 0.29)),
        moments=share_frame(share_row("dead_end", 0.25, 0.05)),
        waits=wait_frame(wait_row("bot", 2.0, 4.0)),
        words=word_frame(("queja", 5.0, True), ("hola", 1.0, False), ("pagar", -3.0, True)),
    )
    text = plain(answer(sizes(), found, NAMES, **DAYS).text)

    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert [
        name in line for name, line in zip(("agrega al carrito", "price", "Sin salida"), lines, strict=True)
    ]
    assert "10,0 % de 100 frente a 50,0 % de 100: **-40,0 puntos** (95 %: -45,0 a -35,0)" in lines[0]
    assert "**Escalada** (100 conversaciones de 80 usuarios)" in text
    assert "(4 de 5 comparadas)" in text
    assert (
        "por el bot fue de 2 s (n = 50) frente a 4 s (n = 50): **-2 s** (95 %: -3 s a -1 s), diferencia real"
        in text
    )
    assert "«Escalada»: *queja*; a «Resuelta»: *pagar*" in text
    assert "no una causa" in text


def test_answer_without_a_real_difference_says_so():
    found = found_of(moments=share_frame(share_row("dead_end", 0.25, 0.24, real=False)))
    text = answer(sizes(), found, NAMES, **DAYS).text
    assert "**Ninguna diferencia real** en intenciones, etapas y momentos clave (1 comparadas)" in text
    assert largest(found).empty


def test_answer_names_what_the_source_does_not_record():
    text = answer(sizes(), found_of(), NAMES, **DAYS).text
    assert "Nada que comparar en: intenciones, etapas." in text


def test_answer_of_an_empty_group_names_it():
    text = answer(sizes(first=0), found_of(), NAMES, **DAYS).text
    assert (
        text
        == "**Sin respuesta: del 2 mar al 8 mar 2026 no hay ninguna conversación en el grupo «Escalada».**"
    )


def test_answer_warns_of_few_conversations():
    assert "Pocos datos" in answer(sizes(first=29), found_of(), NAMES, **DAYS).text
    assert "Pocos datos" not in answer(sizes(first=30), found_of(), NAMES, **DAYS).text


def test_replies_in_one_group_only_are_told_apart():
    found = found_of(waits=wait_frame(wait_row("agent", 60.0, NAN, real=False)))
    text = plain(answer(sizes(), found, NAMES, **DAYS).text)
    assert "Por un agente solo hubo respuestas en «Escalada»: mediana de 1 min (n = 50)." in text


def test_hostile_names_are_inert_in_the_answer_and_the_tables(hostile):
    found = found_of(
        intents=share_frame(share_row(hostile, 0.5, 0.2)), words=word_frame((hostile, 5.0, True))
    )
    page = answer(sizes(), found, (hostile, hostile), **DAYS).text
    page += share_table(found["intents"], (hostile, "b"), kind="intents").html
    page += word_table(found["words"], (hostile, "b")).html + advice(found, limit=0.1).html
    assert not re.search(r"<(script|img)|\]\(", page)


def test_tables_hold_shares_with_their_counts():
    html = plain(share_table(share_frame(share_row("price", 0.5, 0.2)), NAMES, kind="intents").html)
    for cell in (
        "50,0 % (50 de 100)",
        "20,0 % (20 de 100)",
        "+30,0 puntos (+25,0 a +35,0)",
        "&lt; 0,001",
        "sí",
    ):
        assert cell in html


def test_tables_tell_few_data_from_no_difference():
    frame = wait_frame(
        wait_row("bot", 2.0, 4.0, real=False, few=True), wait_row("agent", 60.0, 70.0, real=False)
    )
    html = plain(wait_table(frame, NAMES).html)
    assert "2 s (n = 50)" in html
    assert html.count("pocos datos") == 1


def test_words_that_mark_no_group_are_not_listed():
    html = word_table(word_frame(("queja", 5.0, True), ("hola", 1.0, False)), NAMES).html
    assert "queja" in html
    assert "hola" not in html


def test_table_without_rows_says_so():
    assert share_table(share_frame(), NAMES, kind="stages").html == "<p>Etapas: ninguna fila.</p>"


def rows_of(html):
    return [re.sub(r"<[^>]+>", "|", row) for row in plain(html).split("<tr")[2:]]


def test_advice_asks_to_act_from_the_threshold_on():
    frame = share_frame(share_row("price", 0.3, 0.2))
    intents, *_ = rows_of(advice(found_of(intents=frame), limit=0.0999).html)
    assert "font-weight:bold" in intents
    assert "Leer diez conversaciones" in intents
    assert "≥ 10,0 puntos" in intents
    beneath, *_ = rows_of(advice(found_of(intents=frame), limit=0.11).html)
    assert "ninguna diferencia real por encima del umbral" in beneath


def test_advice_measures_waits_against_the_second_group():
    found = found_of(waits=wait_frame(wait_row("bot", 3.0, 2.0), wait_row("agent", 61.0, 60.0)))
    *_, bot, agent = rows_of(advice(found, limit=0.1).html)
    assert "+1 s (+50,0 %)" in bot
    assert "Ver qué cambió en el bot" in bot
    assert "ninguna diferencia real por encima del umbral" in agent


def test_advice_tells_no_data_and_few_data():
    found = found_of(intents=share_frame(share_row("price", 0.5, 0.2, real=False, few=True)))
    intents, stages, *_ = rows_of(advice(found, limit=0.1).html)
    assert "pocos datos para decidir" in intents
    assert "sin datos en alguno de los grupos" in stages


TEXTS = FOLDER.joinpath("words_compare.yaml").read_text(encoding="utf-8")
CATALOGUE = yaml.safe_load(TEXTS)


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_holes():
    for key, texts in CATALOGUE.items():
        assert set(texts) == {"es", "en"}, key
        assert holes(texts["es"]) == holes(texts["en"]), key


def test_no_text_is_written_twice():
    keys = re.findall(r'^"?([\w.]+)"?:', TEXTS, re.MULTILINE)
    assert sorted(keys) == sorted(CATALOGUE)
    others = [file for file in FOLDER.iterdir() if re.fullmatch(r"words(_(?!compare)\w+)?\.yaml", file.name)]
    assert len(others) >= 1
    for file in others:
        assert not CATALOGUE.keys() & yaml.safe_load(file.read_text(encoding="utf-8")).keys(), file.name
