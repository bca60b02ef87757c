"""The answer, the paths, the tables and the improvement, each from a frame written by hand."""

import datetime as dt
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from charted_journeys import NAN, counted, difference, paths, transitions

from analytics_lib.charts import journey_tables as tables
from analytics_lib.charts import journey_what_if as improvement
from analytics_lib.charts.journey_answer import answer
from analytics_lib.charts.journey_paths import paths as draw_paths
from analytics_lib.charts.journey_words import colours, event_lines, event_name, path_text
from analytics_lib.errors import NotEnoughDataError, RequestError

WINDOW = {"since": dt.date(2026, 5, 4), "until": dt.date(2026, 5, 11)}
ENDS = counted(("cart_added", 50, 100), ("purchase_completed", 50, 100))
LOOPS = counted(("products_viewed", 30, 40), repeats=[45], immediate=[5])


def plain(text):
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text).replace("\u00a0", " ")


OBSERVED = pd.DataFrame({"state": ["overall"], "observed": [0.081], "low": [0.07], "high": [0.09]})


def grid():
    rows = [
        (0.0, 0.6, 0.08, 0.0),
        (0.025, 0.625, 0.084, 0.004),
        (0.05, 0.65, 0.088, 0.008),
        (0.1, 0.7, 0.1, 0.02),
    ]
    frame = pd.DataFrame(rows, columns=["improvement", "probability", "conversion", "effect"])
    frame["low"], frame["high"] = frame["conversion"] - 0.01, frame["conversion"] + 0.01
    frame["effect_low"], frame["effect_high"] = frame["effect"] * 0.5, frame["effect"] * 1.5
    return frame.assign(extra_conversions=1000 * frame["effect"])


def improved(**more):
    said = {"source": "cart_added", "target": "purchase_initiated", "outcome": "purchase_completed"}
    said |= {"journeys": 1000, "grid": grid(), "checks": OBSERVED}
    return SimpleNamespace(**(said | more))


def test_answer_gives_path_end_and_loop_with_their_denominators():
    frame = paths(
        (["conversation_started", "products_viewed", "products_viewed"], 40), (["a"], 10), total=100, users=60
    )
    said = plain(answer(frame, ENDS, LOOPS, **WINDOW).text)

    assert "Del 4 may al 10 may 2026 hay 100 conversaciones con eventos, de 60 usuarios" in said
    assert "conversación iniciada → ve productos \N{MULTIPLICATION SIGN}2" in said
    assert "40 de 100 conversaciones: 40,0 % (95 %: 39,0 % a 41,0 %). Los 2 más comunes suman 50,0 %" in said
    assert "Donde más terminan: agrega al carrito.** Es el último evento de 50 de 100 conversaciones" in said
    assert "ve productos.** Vuelve en 30 de los 40 recorridos que lo tienen: 75,0 %" in said
    assert "45 repeticiones en total" in said


def test_answer_without_repetitions_or_limits_says_so():
    frame = paths((["a"], 4)).assign(low=NAN, high=NAN)
    said = answer(frame, counted(("a", 4, 4)), LOOPS[:0], **WINDOW, unit="user").text

    assert "4 usuarios con eventos.**" in plain(said)
    assert "sin intervalo" in said
    assert "Ningún evento se repite" in said


def test_answer_of_an_empty_window_claims_nothing():
    said = plain(answer(paths()[:0], ENDS[:0], LOOPS[:0], **WINDOW).text)

    assert said.startswith("**Sin datos: del 4 may al 10 may 2026 no hay ningún recorrido**")
    assert "(0 conversaciones con eventos en la ventana)" in said
    assert "con `unit` en `user` se ven los recorridos de las personas" in said
    of_users = plain(answer(paths()[:0], ENDS[:0], LOOPS[:0], unit="user", **WINDOW).text)
    assert of_users.endswith("(0 usuarios con eventos en la ventana).")


def test_answer_speaks_english_and_counts_sessions():
    said = plain(
        answer(paths((["a"], 1)), counted(("a", 1, 1)), LOOPS, **WINDOW, unit="session", language="en").text
    )

    assert "there are 1 session with events" in said
    assert "The commonest path: a." in said


def test_names_of_events_in_the_answer_are_inert(hostile):
    said = answer(
        paths(([hostile], 2)), counted((hostile, 2, 2)), counted((hostile, 1, 2), repeats=[1]), **WINDOW
    ).text

    assert "<" not in said
    assert "](" not in said
    assert "$" not in said


def test_bars_are_the_shares_of_paths_and_the_last_is_all_the_rest():
    figure = draw_paths(paths((["a", "b"], 60), (["a"], 30), total=100))
    (bars,) = figure.data
    texts = [note.text for note in figure.layout.annotations]

    assert list(bars.x) == pytest.approx([0.6, 0.3, 0.1])
    assert bars.marker.pattern.shape == ("", "", "/")
    assert texts[::2] == ["a → b", "a", "todos los demás caminos"]
    assert plain(texts[1]) == "<b>60,0 %</b> · 60"


def test_paths_beyond_twelve_are_added_to_the_rest():
    figure = draw_paths(paths(*[([f"e{place}"], 5) for place in range(15)], total=100))
    (bars,) = figure.data

    assert len(bars.x) == 13
    assert bars.x[-1] == pytest.approx((3 * 5 + 25) / 100)
    assert sum(bars.x) == pytest.approx(1)


def test_text_of_a_path_stands_above_its_bar_and_below_the_bar_before():
    long = [f"evento numero {place}" for place in range(9)]
    figure = draw_paths(paths((long, 9), (["a"], 2)))
    (bars,) = figure.data
    above = [note for note in figure.layout.annotations if note.yanchor == "bottom"]
    tops = [note.y - 16 * (1 + note.text.count("<br>")) for note in above]

    assert all(top >= bar + 8 for top, bar in zip(tops[1:], bars.y, strict=False))
    assert tops[0] >= 0


def test_picture_of_no_paths_says_so():
    assert draw_paths(paths()[:0]).layout.annotations[0].text == "Sin datos en esta ventana"


def test_hostile_path_is_inert(hostile):
    figure = draw_paths(paths(([hostile, "a"], 3)))
    shown = [note.text for note in figure.layout.annotations] + list(figure.data[0].hovertext)

    for text in shown:
        assert not re.search(r"<(?!/?(b|br)>)", text)
        assert "$" not in text


def test_table_of_transitions_never_mixes_its_two_shares():
    frame = transitions(("a", "b", 3), ("a", "c", 1)).assign(users=2, source_users=3, reach=2 / 3)
    said = plain(tables.transition_table(frame).html)

    assert "75,0 % (73,0 % a 77,0 %) de 4" in said
    assert "66,7 % (73,0 % a 77,0 %) de 3" in said
    assert "1 min 30 s" in said


def test_table_of_paths_ends_with_all_others_and_adds_up():
    said = plain(tables.path_table(paths(*[([f"e{place}"], 2) for place in range(50)], total=110)).html)

    assert said.count("<tr>") == 1 + 40
    assert "todos los demás caminos" in said
    assert "<bdi>32</bdi>" in said  # eleven paths of 2 that are not listed, and 10 journeys more
    assert "29,1 % de 110" in said


def test_table_of_loops_counts_those_that_repeat_among_those_that_have_it():
    said = plain(tables.loop_table(LOOPS).html)

    assert "ve productos" in said
    assert "75,0 % (74,0 % a 76,0 %) de 40" in said
    assert "Ningún evento se repite" in tables.loop_table(LOOPS.assign(journeys=0)).html


def test_table_of_begins_and_ends_says_none_where_nothing_was_seen():
    said = plain(tables.end_table(counted(("a", 7, 7)), counted(("b", 7, 7))).html)

    assert "7: 100,0 % (99,0 % a 101,0 %) de 7" in said
    assert said.count("ninguno") == 2


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        ({}, "Leer conversaciones que se quedan ahí"),
        ({"ends": counted(("a", 20, 100))}, "dentro del umbral"),
        ({"ends": counted(("a", 9, 10))}, "pocos datos"),
        ({"ends": counted(("purchase_completed", 90, 100))}, "sin datos"),
        ({"loops": LOOPS}, "exploración o un tropiezo"),
        ({"differences": pd.DataFrame([difference()])}, "Mirar el paso que más difiere"),
        ({"improved": improved()}, "Vale la pena probarla"),
        ({"improved": improved(grid=grid().assign(effect_low=-0.01))}, "Poco: buscar otro paso"),
        ({"improved": NotEnoughDataError("no")}, "sin simulación"),
    ],
)
def test_advice_follows_from_its_signal_and_threshold(signal, said):
    asked = {"ends": ENDS, "loops": LOOPS[:0], "differences": None, "improved": None} | signal

    assert said in tables.advice(**asked, outcome="purchase_completed", limit=0.3).html


def test_improvement_is_drawn_from_today_to_the_whole_with_intervals():
    figure = improvement.what_if(improved())
    observed, model = figure.data

    assert observed.x == pytest.approx([8.1])
    assert list(model.x) == pytest.approx([8, 8.4, 8.8, 10])
    assert model.error_x.array == pytest.approx([1, 1, 1, 1])
    assert [plain(name) for name in figure.layout.yaxis.ticktext[2:]] == [
        "25 %<br>(+2,5 puntos)",
        "50 %<br>(+5,0 puntos)",
        "100 %<br>(+10,0 puntos)",
    ]
    assert "n = 1.000 conversaciones" in " ".join(
        plain(re.sub("<[^>]+>", " ", figure.layout.title.text)).split()
    )


def test_table_of_the_improvement_gives_effect_and_conversions():
    said = plain(improvement.what_if_table(improved()).html)

    assert "10,0 % (9,0 % a 11,0 %)" in said
    assert "+2,0 (+1,0 a +3,0)" in said
    assert "20,0" in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (NotEnoughDataError("The model says <script>8 %</script>."), "el modelo no da cuenta"),
        (RequestError("No event 'x'."), "no se puede hacer con los eventos"),
        (None, "No se pidió simular"),
    ],
)
def test_refused_improvement_is_said_in_words_and_never_raised(reason, said):
    shown = improvement.what_if(reason).html

    assert said in shown
    assert "<script>" not in shown
    assert improvement.what_if_table(reason).html == ""


def test_long_names_break_after_their_underscores_and_stay_whole():
    assert event_lines("delivery_choice_confirmed", "es", width=12) == "delivery_<br>choice_<br>confirmed"
    assert event_lines("conversation_started", "es", width=12) == "conversación<br>iniciada"
    assert event_lines("x" * 200, "es", width=10).count("<br>") == 2


def test_marks_have_names_and_nameless_events_are_called_so():
    assert [event_name(name, "es") for name in ("start", "end", "other", " ")] == [
        "inicio",
        "fin",
        "otros",
        "(sin nombre)",
    ]


def test_repetition_in_a_path_is_counted_and_a_long_one_says_what_is_left_out():
    assert path_text(["a", "a", "b", "a"], "es") == "a \N{MULTIPLICATION SIGN}2 → b → a"
    assert path_text(["a", "b", "c", "c"], "es", most=2) == "a → b → … (2 más)"
    assert path_text(["a", "…"], "es") == "a → …"


def test_an_event_has_one_colour_and_the_rest_is_grey():
    tints = colours(["a", "b", "other", "end"])

    assert tints["a"] != tints["b"]
    assert {tints["other"], tints["end"]}.isdisjoint({tints["a"], tints["b"]})
