import re

import pytest

from analytics_lib.charts.chat import chat


def shown(*frames, **options):
    return chat(*frames, **options).html


def text_of(html):
    """What a reader reads, one space between the pieces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " "))


def test_user_stands_left_and_the_shop_right(talk):
    html = shown(*talk(("user", 0, "hola"), ("bot", 1, "buenas"), ("agent", 2, "soy Ana")))
    sides = re.findall(r"align-self:flex-(start|end);max-width:86%;background", html)
    assert sides == ["start", "end", "end"]
    assert [word in text_of(html) for word in ("Cliente", "Bot", "Agente")] == [True] * 3


def test_intent_confidence_and_wait_stand_by_their_message(talk):
    html = shown(
        *talk(
            ("user", 0, "precio?", {"intent": "price", "confidence": 0.82}),
            ("bot", 65, "$ 5", {"response_time_seconds": 65.0}),
        )
    )
    text = text_of(html)
    assert "intención: price · confianza 0,82" in text
    assert "respondió en 1 min 5 s" in text


@pytest.mark.parametrize(("confidence", "low"), [(0.7, False), (0.69, True)])
def test_confidence_below_the_boundary_is_called_low(talk, confidence, low):
    html = shown(*talk(("user", 0, "x", {"confidence": confidence})))
    assert ("confianza baja" in html) is low


def test_long_silence_is_marked(talk):
    frames = talk(("user", 0, "a"), ("bot", 119, "b"), ("bot", 240, "c"))
    assert text_of(shown(*frames)).count("sin mensajes") == 1
    assert "2 min 1 s sin mensajes" in text_of(shown(*frames))
    assert "sin mensajes" not in shown(*frames, long_gap_seconds=300)


def test_new_day_is_marked(talk):
    text = text_of(shown(*talk(("user", 0, "a"), ("bot", 61, "b"))))
    assert re.search(r"2 mar 2026 Cliente .* 3 mar 2026 Bot", text)


def test_actions_say_whether_they_worked_and_why_not(talk):
    actions = [("search", 1, True), ("pay", 2, False, "timeout"), ("check", 3, None)]
    text = text_of(shown(*talk(("user", 0, "a"), actions=actions)))
    assert "search · 1,5 s · ✓ funcionó" in text
    assert "pay · 1,5 s · ✗ falló · timeout" in text
    assert "check · 1,5 s · resultado desconocido" in text
    assert "3 acciones (1 con falla)" in text


def test_everything_stands_where_it_happened(talk):
    frames = talk(
        ("user", 0, "uno"),
        ("bot", 10, "dos"),
        actions=[("buscar", 5, True)],
        events=[("cart_added", 0)],
        escalated_seconds=7.0,
        escalation_reason="pide persona",
    )
    places = [
        text_of(shown(*frames)).index(word)
        for word in ("uno", "agrega al carrito", "buscar", "pide persona", "dos", "fin de la")
    ]
    assert places == sorted(places)


def test_head_tells_channel_length_and_outcome(talk):
    text = text_of(shown(*talk(("user", 0, "a"))))
    assert "c1 WhatsApp · 2 mar 2026, 23:59 · 1 mensaje · 0 acciones · duración: 10 min · Resuelta" in text


def test_open_conversation_is_called_open(talk):
    frames = talk(("user", 0, "a"), outcome=None, ended_seconds=float("nan"))
    assert "Sigue abierta" in shown(*frames)
    assert "fin de la conversación" not in shown(*frames)


def test_message_without_text_shows_its_kind(talk):
    text = text_of(shown(*talk(("user", 0, None, {"kind": "image"}), ("user", 1, "  "))))
    assert "[ imagen ]" in text
    assert "(sin texto)" in text


def test_very_long_message_is_cut_with_its_length(talk):
    html = shown(*talk(("user", 0, "x" * 1_000_000)))
    assert len(html) < 5_000
    assert "… (1.000.000 caracteres)" in html


def test_very_long_conversation_shows_its_beginning_and_its_end(talk):
    text = text_of(shown(*talk(*[("user", second, f"m{second}.") for second in range(10_000)])))
    assert "m159." in text
    assert "m160." not in text
    assert "… 9.800 mensajes más que no se muestran …" in text
    assert "m9959." not in text
    assert "m9960." in text


def test_no_conversation_and_one_without_messages_are_said(talk):
    conversation, messages, actions, events = talk(ended_seconds=float("nan"))
    assert "no tiene mensajes" in shown(conversation, messages, actions, events)
    assert "No hay ninguna conversación" in shown(conversation[:0], messages, actions, events)


def test_hostile_texts_are_inert_wherever_they_stand(talk, hostile):
    frames = talk(
        ("user", 0, hostile, {"intent": hostile, "kind": hostile}),
        ("user", 1, None, {"kind": hostile}),
        actions=[(hostile, 1, False, hostile)],
        events=[(hostile, 2)],
        conversation_id=hostile,
        channel=hostile,
        outcome=hostile,
        escalated_seconds=3.0,
        escalation_reason=hostile,
    )
    html = shown(*frames)
    assert set(re.findall(r"<(\w+)", html)) == {"p", "strong", "br", "span", "bdi", "div", "em"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_text_that_turns_direction_is_isolated(talk):
    assert "<bdi>\u202eabc</bdi>" in shown(*talk(("user", 0, "\u202eabc")))


def test_english_page_speaks_english(talk):
    text = text_of(shown(*talk(("user", 0, "a", {"intent": "price"})), language="en"))
    assert "Customer" in text
    assert "intent: price" in text
    assert "Cliente" not in text
