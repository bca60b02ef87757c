import pandas as pd
import pytest

from analytics_lib.charts.story import story
from analytics_lib.charts.style import FAILURE, NEUTRAL
from analytics_lib.errors import RequestError
from visiting import Visit

TALK = [
    ("user", 0, "hola"),
    ("bot", 60, "buenas"),
    ("user", 120, "mal"),
    ("bot", 180, "x"),
    ("user", 240, "?"),
]


def moods(*known):
    """Known sentiments as ``(position, sentiment, level)``."""
    frame = pd.DataFrame(known, columns=["position", "sentiment", "level"])
    return frame.assign(scored=True, seconds=0.0)


def drawn(told, moments, sentiment=None, by="time", **options):
    return story(told, moments, moods() if sentiment is None else sentiment, by=by, **options)


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def test_moods_stand_at_their_messages_on_a_scale_of_words(told, moments):
    found = drawn(told(*TALK), moments(), moods((1, 0.5, 0.5), (3, -0.6, -0.05)))
    points = traces(found)["Ánimo de un mensaje"]
    assert (list(points.x), list(points.y)) == ([0, 2], [0.5, -0.6])
    assert list(traces(found)["Media de los últimos 3"].y) == [0.5, -0.05]
    axis = found.layout.yaxis
    assert dict(zip(axis.tickvals, axis.ticktext, strict=True)) == {-1: "negativo", 0: "0", 1: "positivo"}


def test_unknown_mood_is_a_hollow_mark_below_the_scale_and_never_neutral(told, moments):
    found = traces(drawn(told(*TALK), moments(), moods((1, 0.5, 0.5))))["Ánimo desconocido"]
    assert list(found.x) == [2, 4]
    assert max(found.y) < -1
    assert found.marker.symbol == "circle-open"


def test_each_kind_of_moment_has_its_symbol_and_its_group(told, moments):
    marks = moments(
        {"kind": "not_understood", "seconds": 60, "position": 2},
        {"kind": "dead_end", "seconds": 180, "position": 4},
        {"kind": "escalated", "seconds": 200, "position": 4, "name": "queja"},
    )
    found = traces(drawn(told(*TALK), marks))
    problems = [found["Bot no entiende"], found["Sin salida"]]
    assert [trace.marker.color for trace in problems] == [FAILURE] * 2
    assert problems[0].marker.symbol != problems[1].marker.symbol
    assert {trace.legendgrouptitle.text for trace in problems} == {"Problemas"}
    milestone = found["Escalada"]
    assert (milestone.legendgrouptitle.text, milestone.marker.color) == ("Hitos", NEUTRAL)
    assert milestone.hovertext[0].startswith("<b>se llama a una persona: queja</b>")


def test_moments_at_one_message_are_stacked(told, moments):
    here = {"seconds": 120, "position": 3}
    kinds = ("repeated_question", "escalation_request", "sentiment_fall")
    found = drawn(told(*TALK), moments(*({"kind": kind, **here} for kind in kinds)))
    marks = [trace for trace in found.data if trace.legendgroup == "troubles"]
    assert {x for trace in marks for x in trace.x} == {2}
    assert len({y for trace in marks for y in trace.y}) == 3
    assert max(y for trace in marks for y in trace.y) < found.layout.yaxis.range[1]


def test_what_finds_no_room_is_counted_instead(told, moments):
    many = [{"kind": "bot_loop", "seconds": 60, "position": 2, "related": 1}] * 12
    found = drawn(told(*TALK), moments(*many))
    assert len(traces(found)["Bot se repite"].x) == 5
    assert list(traces(found)["more"].text) == ["+7"]
    assert traces(found)["more"].hovertext[0] == "Bot se repite: 7"


def test_hover_of_a_moment_says_what_it_is_and_what_was_written(told, moments):
    mark = {"kind": "repeated_question", "seconds": 120, "position": 3, "related": 1}
    hover = traces(drawn(told(*TALK), moments(mark)))["Pregunta repetida"].hovertext[0]
    assert hover.replace("\u00a0", " ").replace("<br>", " ") == (
        "<b>el cliente repite la pregunta del mensaje 1</b> #3 · 00:01:00 mal"
    )


def test_silence_while_waiting_is_shaded_from_its_start_to_its_end(told, moments):
    mark = {"kind": "long_silence", "seconds": 180, "position": 4, "value": 60.0}
    shade = traces(drawn(told(*TALK), moments(mark)))["Espera en silencio"]
    assert (list(shade.x), shade.fill) == ([2, 2, 3, 3, None], "toself")


def test_wait_leads_from_the_waiting_message_to_the_reply(told, moments):
    said = [("user", 0, "a"), ("user", 60, "b"), ("bot", 240, "c", {"response_time_seconds": 240.0})]
    said.append(("user", 480, "d"))
    found = drawn(told(*said), moments(), by="message")
    assert list(traces(found)["wait.bot"].x) == [1, 3, None]
    assert list(traces(drawn(told(*said), moments(), by="time"))["wait.bot"].x) == [0, 4, None]


def test_confidence_is_a_bar_and_a_low_one_looks_otherwise(told, moments):
    said = [("user", 0, "a", {"confidence": 0.7}), ("user", 60, "b", {"confidence": 0.69})]
    found = drawn(told(*said, ("user", 120, "c")), moments())
    bars = {trace.name: trace for trace in found.data if trace.yaxis == "y3" and trace.mode == "markers"}
    assert (list(bars["sure"].x), list(bars["sure"].y)) == ([0], [0.7])
    assert (list(bars["unsure"].x), list(bars["unsure"].y)) == ([1], [0.69])
    assert bars["unsure"].marker.symbol != bars["sure"].marker.symbol
    stems = [trace.line.dash for trace in found.data if trace.name == "stem"]
    assert stems[0] != stems[1]


@pytest.mark.parametrize("said", [TALK, [("bot", 0, "hola"), ("agent", 60, "buenas")], []])
def test_panel_without_anything_to_draw_is_drawn_without_a_complaint(told, moments, browser, tmp_path, said):
    page = tmp_path / "story.html"
    drawn(told(*said), moments()).write_html(page)
    visit = Visit(browser.new_page())
    visit.page.goto(page.as_uri())
    visit.page.wait_for_selector(".main-svg")
    assert visit.complaints == []


def test_reviewed_message_is_marked_right_or_wrong_and_counted(told, moments):
    said = [
        ("user", 0, "a", {"confidence": 0.9, "intent": "price", "true_intent": "price"}),
        ("user", 60, "b", {"confidence": 0.8, "intent": "price", "true_intent": "sizes"}),
        ("user", 120, "c", {"confidence": 0.8, "intent": "price"}),
    ]
    found = drawn(told(*said), moments())
    assert [list(traces(found)[mark].x) for mark in "✓✗"] == [[0], [1]]
    assert "Confianza del bot por mensaje · ✓ 1 de 2 revisados" in texts(found)
    hover = next(trace for trace in found.data if trace.name == "sure").hovertext[1]
    assert "confianza 0,80" in hover
    assert "intención según la revisión: tallas" in hover


def test_empty_panel_says_why(told, moments):
    notes = texts(drawn(told(("user", 0, "a"), ("bot", 1, "b")), moments()))
    joined = [note.replace("<br>", " ") for note in notes]
    assert "Ningún mensaje del cliente tiene palabras de ánimo conocidas" in joined
    assert "Los datos no traen la confianza del bot" in joined
    assert texts(drawn(told(("agent", 0, "a")), moments())).count("El cliente no escribió") == 2


def test_axis_counts_messages_where_one_silence_takes_most_of_the_time(told, moments):
    talk = told(
        ("user", 0, "a"), ("bot", 5, "b"), ("user", 90_000, "c"), ("bot", 90_005, "d"), ended_seconds=90_010.0
    )
    found = drawn(talk, moments(), by=None)
    title = found.layout.xaxis3.title.text.replace("\u00a0", " ").replace("<br>", " ")
    assert title == "Número del mensaje (no el tiempo: un silencio de 1 d, de 1 d 1 h)"
    assert list(traces(found)["Cliente"].x) == [1, 3]
    assert [note.text.replace("\u00a0", " ") for note in found.layout.annotations if "+" in note.text] == [
        "+1 d"
    ]


def test_axis_is_time_where_no_silence_dominates(told, moments):
    found = drawn(told(*TALK, ended_seconds=300.0), moments(), by=None)
    assert found.layout.xaxis3.title.text == "Minutos desde el inicio"


def test_closing_long_after_the_last_word_does_not_squeeze_the_talk(told, moments):
    found = drawn(told(*TALK, ended_seconds=86_400.0), moments(), by=None)
    assert found.layout.xaxis3.title.text.startswith("Número del mensaje")
    assert list(traces(found)["Bot"].x) == [2, 4]


def test_actions_stand_between_the_messages_they_happened_between(told, moments):
    talk = told(*TALK, actions=[("pay", 90, False)])
    assert list(traces(drawn(talk, moments(), by="message"))["Acción que falló"].x) == [2.5]


def test_unknown_axis_is_refused(told, moments):
    with pytest.raises(RequestError, match="Unknown axis 'hours'; expected time, message"):
        drawn(told(*TALK), moments(), by="hours")


def test_names_of_lines_do_not_lie_on_each_other(told, moments):
    found = drawn(told(*TALK, escalated_seconds=230.0, ended_seconds=240.0), moments())
    named = {note.text: note.y for note in found.layout.annotations if note.text in {"escalada", "cierre"}}
    assert abs(named["escalada"] - named["cierre"]) > 0.3


def test_ten_thousand_messages_are_drawn_small_and_without_stems(told, moments):
    said = [("user", second, "a", {"confidence": 0.5 + second % 2 / 2}) for second in range(10_000)]
    found = drawn(told(*said), moments(), moods(*((place, 0.5, 0.5) for place in range(1, 10_001))))
    assert traces(found)["Cliente"].marker.size == 5
    assert "stem" not in traces(found)
    assert len(traces(found)["Media por tramo"].x) == 60
    assert len(found.to_json()) < 6_000_000


def test_hostile_texts_are_inert(told, moments, hostile):
    talk = told(
        ("user", 0, hostile, {"intent": hostile, "confidence": 0.9, "true_intent": hostile, "kind": hostile}),
        ("user", 1, None, {"kind": hostile}),
        actions=[(hostile, 1, False, hostile)],
        events=[(hostile, 2)],
    )
    marks = moments({"kind": "failed_action", "seconds": 1, "position": 1, "name": hostile})
    figure = drawn(talk, marks, moods((1, 0.1, 0.1)))
    hovers = [hover for trace in figure.data for hover in trace.hovertext or ()]
    assert sum("alert(1)" in hover for hover in hovers) >= 5
    for hover in hovers:
        shown = hover.replace("<br>", "").replace("<b>", "").replace("</b>", "")
        assert "<" not in shown
        assert "$" not in shown


def test_no_conversation_is_a_picture_too(told, moments):
    empty = told()
    empty.conversation = empty.conversation[:0]
    assert "Sin datos en esta ventana" in texts(drawn(empty, moments()))


def test_english_picture_speaks_english(told, moments):
    found = drawn(told(*TALK), moments({"kind": "dead_end", "seconds": 180, "position": 4}), language="en")
    assert "Dead end" in traces(found)
    assert found.layout.yaxis.ticktext[:2] == ("negative", "positive")
    assert "The conversation at a glance" in found.layout.title.text
