import pytest

from analytics_lib.charts.strip import strip
from analytics_lib.charts.style import FAILURE, SENDERS


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_lanes_hold_what_was_written_in_minutes_since_the_start(talk):
    figure = strip(*talk(("user", 0, "a"), ("bot", 60, "b"), ("agent", 240, "c")))
    found = traces(figure)
    assert list(found["Cliente"].x) == [0]
    assert list(found["Bot"].x) == [1]
    assert list(found["Agente"].x) == [4]
    assert found["Bot"].marker.color == SENDERS["bot"]
    assert figure.layout.xaxis.title.text == "Minutos desde el inicio"


@pytest.mark.parametrize(
    ("span", "unit"), [(179, "Segundos"), (180, "Minutos"), (10_800, "Horas"), (300_000, "Días")]
)
def test_unit_of_time_fits_the_conversation(talk, span, unit):
    figure = strip(*talk(("user", 0, "a"), ("bot", span, "b")))
    assert figure.layout.xaxis.title.text == f"{unit} desde el inicio"


def test_line_leads_from_the_first_waiting_message_to_the_reply(talk):
    figure = strip(
        *talk(("user", 0, "a"), ("user", 60, "b"), ("bot", 240, "c", {"response_time_seconds": 240.0}))
    )
    assert list(traces(figure)["wait.bot"].x) == [0, 4, None]
    assert "n = 3" in figure.layout.title.text
    assert "1\u00a0respuesta" in figure.layout.title.text


def test_message_of_low_confidence_is_hollow(talk):
    said = [("user", 0, "a", {"confidence": 0.7}), ("user", 1, "b", {"confidence": 0.69}), ("user", 2, "c")]
    found = traces(strip(*talk(*said)))
    assert list(found["Cliente"].x) == [0, 2]
    assert list(found["Cliente, confianza < 0,7"].x) == [1]
    assert found["Cliente, confianza < 0,7"].marker.symbol == "circle-open"


def test_failed_action_differs_in_shape_and_colour(talk):
    actions = [("search", 1, True), ("pay", 2, False, "timeout"), ("check", 3, None)]
    found = traces(strip(*talk(("user", 0, "a"), actions=actions)))
    failed, succeeded = found["Acción que falló"], found["Acción que funcionó"]
    assert (list(failed.x), failed.marker.symbol, failed.marker.color) == ([2], "x", FAILURE)
    assert succeeded.marker.symbol != "x"
    assert list(found["Acción de resultado desconocido"].x) == [3]
    assert "timeout" in failed.hovertext[0]


def test_escalation_and_end_are_lines(talk):
    figure = strip(*talk(("user", 0, "a"), ("bot", 180, "b"), escalated_seconds=60.0))
    assert [line.x0 for line in figure.layout.shapes] == [1, 10]
    assert [note.text for note in figure.layout.annotations] == ["escalada", "cierre"]
    low, high = figure.layout.xaxis.range
    assert low < 0
    assert high > 10


def test_only_lanes_that_hold_something_are_drawn(talk):
    figure = strip(*talk(("agent", 0, "a"), events=[("cart_added", 1)]))
    assert figure.layout.yaxis.categoryarray == ("Pasos", "Agente")


def test_hover_reads_the_message_its_intent_and_its_wait(talk):
    said = ("user", 0, "a" * 1000, {"intent": "price", "confidence": 0.9})
    hover = traces(strip(*talk(said)))["Cliente"].hovertext[0]
    assert "#1 · 23:59:00" in hover
    assert "intención: price" in hover
    assert "1.000 caracteres" in hover.replace("<br>", " ")
    assert len(hover) < 400


def test_hostile_texts_are_inert(talk, hostile):
    frames = talk(
        ("user", 0, hostile, {"intent": hostile, "confidence": 0.9}),
        actions=[(hostile, 1, False, hostile)],
        events=[(hostile, 2)],
    )
    for trace in strip(*frames).data:
        for hover in trace.hovertext or ():
            shown = hover.replace("<br>", "").replace("<b>", "").replace("</b>", "")
            assert "<" not in shown
            assert "$" not in shown


def test_no_conversation_leaves_empty_axes_and_a_word(talk):
    conversation, messages, actions, events = talk()
    figure = strip(conversation[:0], messages, actions, events)
    assert figure.layout.annotations[0].text == "Sin datos en esta ventana"
    assert figure.layout.xaxis.title.text == "Segundos desde el inicio"


def test_one_message_is_a_picture_too(talk):
    figure = strip(*talk(("user", 0, "a"), ended_seconds=float("nan")))
    assert figure.layout.xaxis.range == (-1, 1)
