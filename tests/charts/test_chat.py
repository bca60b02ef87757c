import re

import pytest

from analytics_lib.charts.chat import chat
from analytics_lib.charts.marks import in_words


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
    assert "intención: precio · confianza 0,82" in text
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


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("user_request", "se llama a una persona: el cliente lo pide"),
        ("queja", "se llama a una persona: queja"),
        (None, "se llama a una persona "),
    ],
)
def test_reason_of_an_escalation_is_told_in_words(talk, reason, said):
    text = text_of(shown(*talk(("user", 0, "a"), escalated_seconds=3.0, escalation_reason=reason)))
    assert said in text


def test_failed_action_is_not_named_like_a_reason_to_escalate(talk, moments):
    marks = moments(
        {"kind": "escalated", "seconds": 0, "position": 1, "name": "other"},
        {"kind": "failed_action", "seconds": 0, "position": 1, "name": "other"},
    )
    said = [in_words(moment, "es").rpartition(": ")[2] for moment in marks.to_dict("records")]
    assert said == ["otro motivo", "other"]


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


def test_message_can_be_linked_to(talk):
    html = shown(*talk(("user", 0, "a"), ("bot", 1, "b")))
    assert re.findall(r'<div id="(message-\d+)"', html) == ["message-1", "message-2"]


def test_key_moments_stand_on_their_messages_with_links_to_what_they_repeat(talk, moments):
    frames = talk(("user", 0, "precio?"), ("bot", 1, "no te entendí"), ("user", 400, "precio?"))
    marks = moments(
        {"kind": "not_understood", "seconds": 1, "position": 2},
        {"kind": "repeated_question", "seconds": 400, "position": 3, "related": 1},
        {"kind": "unanswered_question", "seconds": 400, "position": 3},
        {"kind": "long_silence", "seconds": 400, "position": 3, "value": 360.0},
    )
    html = shown(*frames, moments=marks)
    assert 'repite la pregunta del <a href="#message-1">mensaje\u00a01</a>' in html
    text = text_of(html)
    assert re.search(r"no te entendí no entendió .* precio\? repite la pregunta del mensaje 1", text)
    assert "sin respuesta silencio de 6 min esperando" in text


def test_what_has_a_line_of_its_own_is_not_said_twice(talk, moments):
    frames = talk(("user", 0, "a"), actions=[("pay", 1, False)], events=[("cart_added", 2)])
    marks = moments(
        {"kind": "failed_action", "seconds": 1, "position": 1, "name": "pay"},
        {"kind": "purchase_step", "seconds": 2, "position": 1, "name": "cart_added"},
    )
    assert shown(*frames, moments=marks) == shown(*frames)


@pytest.mark.parametrize(
    ("sentiment", "said"),
    [
        (-0.6, "negativo \N{MINUS SIGN}0,6"),
        (0.04, "neutro 0,0"),
        (-0.04, "neutro 0,0"),
        (0.5, "positivo +0,5"),
    ],
)
def test_mood_of_a_message_is_a_word_and_a_number(talk, sentiment, said):
    assert text_of(shown(*talk(("user", 0, "a", {"sentiment": sentiment})))).count(said) == 1


def test_unknown_mood_and_that_of_the_shop_are_not_told(talk):
    text = text_of(shown(*talk(("user", 0, "a", {"sentiment": None}), ("bot", 1, "b", {"sentiment": 0.9}))))
    assert not any(word in text for word in ("positivo", "negativo", "neutro"))


def test_key_moments_in_the_hidden_middle_are_shown_up_to_a_limit(talk, moments):
    frames = talk(*[("bot", second, f"m{second}.") for second in range(1_000)])
    marks = moments(
        *({"kind": "not_understood", "seconds": at, "position": at + 1} for at in range(500, 600))
    )
    text = text_of(shown(*frames, moments=marks))
    assert "… 340 mensajes más que no se muestran …" in text
    assert "m500." in text
    assert "m559." in text
    assert "m560." not in text
    assert "… 400 mensajes más que no se muestran …" in text


def test_link_to_a_hidden_message_leads_to_where_it_is_hidden(talk):
    html = shown(*talk(*[("user", second, "a") for second in range(1_000)]))
    assert sorted(re.findall(r'id="message-(\d+)"', html), key=int) == [str(at) for at in range(1, 1_001)]
    hidden = html[html.index("message-161") : html.index("message-961")]
    assert "… 800\u00a0mensajes más que no se muestran …" in hidden


def test_no_conversation_and_one_without_messages_are_said(talk):
    conversation, messages, actions, events = talk(ended_seconds=float("nan"))
    assert "no tiene mensajes" in shown(conversation, messages, actions, events)
    assert "No hay ninguna conversación" in shown(conversation[:0], messages, actions, events)


def test_hostile_texts_are_inert_wherever_they_stand(talk, moments, hostile):
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
    mark = {"seconds": 0, "position": 1, "name": hostile}
    html = shown(*frames, moments=moments({"kind": "dead_end", **mark}, {"kind": hostile, **mark}))
    assert set(re.findall(r"<(\w+)", html)) == {"p", "strong", "br", "span", "bdi", "div", "em"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_text_that_turns_direction_is_isolated(talk):
    assert "<bdi>\u202eabc</bdi>" in shown(*talk(("user", 0, "\u202eabc")))


def test_english_page_speaks_english(talk):
    text = text_of(shown(*talk(("user", 0, "a", {"intent": "price"})), language="en"))
    assert "Customer" in text
    assert "intent: price" in text
    assert "Cliente" not in text
