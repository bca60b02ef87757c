import math
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from analytics_lib.charts.verdict import interval, money, opportunities, verdict

NAN = float("nan")
TALK = [
    ("user", 0, "¿precio?"),
    ("bot", 4, "No te entendí", {"response_time_seconds": 4.0}),
    ("user", 60, "¿precio del jean?"),
    ("bot", 185, "89.900", {"response_time_seconds": 125.0}),
    ("user", 200, "chao"),
    ("bot", 201, "Chao", {"response_time_seconds": 1.0}),
]
NOT_UNDERSTOOD = {"kind": "not_understood", "seconds": 4, "position": 2}
REPEATED = {"kind": "repeated_question", "seconds": 60, "position": 3, "related": 1}


def text_of(html):
    return re.sub(r"<[^>]+>", "", html.html).replace("\u00a0", " ")


def improvements(*rows):
    empty = {"name": None, "position": pd.NA, "n": 1, "value": NAN}
    return pd.DataFrame(
        [{**empty, **row} for row in rows], columns=["kind", "name", "position", "n", "value"]
    ).astype({"position": "Int64"})


@pytest.fixture
def reviewed(told, moments):
    """A review with these key moments; parts of it can be given."""

    def reviewed(*marks, said=TALK, improve=(), over=True, escalation=None, moods=(), **business):
        talk = told(*said)
        comparable = [("conversion", 0.42, 0.38, 0.47, 312), ("revenue", 43_210.4, 40_000.0, 46_000.0, 312)]
        worth = {
            "stage": "cart_added",
            "currency": None,
            "comparable": pd.DataFrame(comparable, columns=["measure", "value", "low", "high", "n"]),
            "foreseen_conversion": math.nan,
        }
        return SimpleNamespace(
            metadata=pd.Series({"messages": len(talk.messages), "over": over}, dtype=object),
            timeline=talk,
            key_moments=moments(*marks),
            language=SimpleNamespace(
                sentiment=pd.DataFrame({"sentiment": moods}),
                mean_sentiment=sum(moods) / len(moods) if moods else NAN,
            ),
            performance=SimpleNamespace(escalation=escalation),
            business=SimpleNamespace(**{**worth, **business}),
            opportunities=improvements(*improve),
        )

    return reviewed


def paragraphs(review, **options):
    return [
        re.sub(r"<[^>]+>", "", part).replace("\u00a0", " ")
        for part in re.findall(r"<p>(.*?)</p>", verdict(review, **options).html)
    ]


def test_first_trouble_is_told_with_its_message_and_what_came_after(reviewed):
    review = reviewed(
        {"kind": "purchase_step", "seconds": 1, "position": 1}, NOT_UNDERSTOOD, REPEATED, REPEATED
    )
    assert paragraphs(review)[0] == (
        "Qué salió mal primero. Tras 4 s, el bot no entendió (mensaje 2: «No te entendí»). "
        "Después, 2 problemas más: Pregunta repetida (2)."
    )
    assert '<a href="#message-2">mensaje\u00a02</a>' in verdict(review).html


def test_single_trouble_at_the_start_says_so(reviewed):
    first = {"kind": "escalation_request", "seconds": 0, "position": 1}
    assert paragraphs(reviewed(first))[0] == (
        "Qué salió mal primero. Al empezar, el cliente pide hablar con una persona (mensaje 1: «¿precio?»). "
        "Después no se ve otro problema."
    )


def test_cost_is_what_was_waited_and_the_turns_that_followed(reviewed):
    assert paragraphs(reviewed(NOT_UNDERSTOOD))[1] == (
        "Qué costó. En total, el cliente esperó 2 min 10 s por respuestas; la más larga tardó 2 min 5 s "
        "(mensaje 4). Tras el primer problema hubo 2 turnos."
    )


def test_single_turn_that_followed_is_told_in_good_grammar(reviewed):
    late = {"kind": "long_silence", "seconds": 185, "position": 4, "value": 125.0}
    assert paragraphs(reviewed(late))[1].endswith("Tras el primer problema hubo 1 turno.")


def test_silence_after_being_told_to_wait_was_waited_too(reviewed):
    said = [
        ("user", 0, "quiero un asesor"),
        ("bot", 3, "Te comunico con un asesor", {"response_time_seconds": 3.0}),
        ("agent", 3603, "Hola"),
        ("user", 3610, "mi pedido?"),
        ("agent", 3810, "Ya llega", {"response_time_seconds": 200.0}),
    ]
    silences = [
        {"kind": "long_silence", "seconds": 3603, "position": 3, "value": 3600.0},
        {"kind": "long_silence", "seconds": 3810, "position": 5, "value": 200.0},
    ]
    # 3 s + 1 h + 200 s: the second silence is the second wait for a reply, and counts once.
    assert (
        "En total, el cliente esperó 1 h 3 min por respuestas; la más larga tardó 1 h (mensaje 3)."
        in (paragraphs(reviewed(*silences, said=said))[1])
    )


def test_customer_upset_by_nothing_that_is_looked_for_is_not_passed_over(reviewed):
    mood = "el ánimo del cliente fue negativo \N{MINUS SIGN}0,7 en promedio (n = 2 mensajes del cliente)"
    assert mood in paragraphs(reviewed(moods=(-0.9, -0.5)))[0]
    assert "Aun así" not in paragraphs(reviewed(moods=(-0.9,)))[0]
    assert "Aun así" not in paragraphs(reviewed(moods=(-0.5, 0.5)))[0]


def test_lost_purchase_is_told_with_what_a_model_gave_it_where_there_is_one(reviewed):
    lost = [{"kind": "recover_purchase", "name": "cart_added", "value": 43_210.4}]
    cost = paragraphs(reviewed(REPEATED, improve=lost, foreseen_conversion=0.307))[1]

    assert cost.endswith(
        "La compra quedó en «agrega al carrito»: antes de decidirse, el modelo le daba 30,7 % de "
        "terminar en compra."
    )


def test_lost_purchase_is_told_with_what_comparable_conversations_did(reviewed):
    review = reviewed(
        REPEATED, improve=[{"kind": "recover_purchase", "name": "cart_added", "value": 43_210.4}]
    )
    cost, helped = paragraphs(review)[1:]
    assert cost.endswith(
        "La compra quedó en «agrega al carrito»: de 312 conversaciones comparables (misma entrada, al menos "
        "ese paso) terminó en compra el 42,0 % (intervalo del 95 %: 38,0 % a 47,0 %). Su ingreso medio por "
        "conversación fue 43.210 (intervalo del 95 %: 40.000 a 46.000)."
    )
    assert helped == (
        "Qué habría ayudado. Retomar la compra que quedó a medias: agrega al carrito "
        "(ingreso medio de las comparables: 43.210)."
    )


def test_few_comparable_conversations_are_called_few_and_none_are_said(reviewed):
    improve = [{"kind": "recover_purchase", "name": "cart_added"}]
    columns = ["measure", "value", "low", "high", "n"]
    few = [("conversion", 0.5, 0.2, 0.8, 8), ("revenue", NAN, NAN, NAN, 0)]
    none = [("conversion", NAN, NAN, NAN, 0), ("revenue", NAN, NAN, NAN, 0)]
    said = [
        paragraphs(reviewed(REPEATED, improve=improve, comparable=pd.DataFrame(rows, columns=columns)))[1]
        for rows in (few, none)
    ]
    assert "de 8 conversaciones comparables (pocos datos)" in said[0]
    assert "ingreso" not in said[0]
    assert said[1].endswith("no hay conversaciones comparables que digan cuántas compran.")


def test_purchase_nobody_calls_lost_is_not_mentioned(reviewed):
    assert "La compra quedó" not in paragraphs(reviewed(NOT_UNDERSTOOD))[1]


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (125.0, "Desde que se llamó a una persona hasta que escribió pasaron 2 min 5 s."),
        (NAN, "Se llamó a una persona y ninguna escribió."),
    ],
)
def test_wait_for_a_person_is_told(reviewed, wait, said):
    escalation = pd.Series({"wait_seconds": wait})
    assert said in paragraphs(reviewed(REPEATED, escalation=escalation))[1]


def test_nothing_wrong_says_what_was_looked_for(reviewed):
    first = paragraphs(reviewed())[0]
    assert first.startswith(
        "No se ve nada que haya salido mal. En 6 mensajes se buscaron estos problemas: Pide una persona, "
    )
    assert "Sin salida" in first
    assert "abierta" not in first


def test_open_conversation_does_not_claim_to_know_its_end(reviewed):
    first = paragraphs(reviewed(over=False))[0]
    assert "Sin salida" not in first
    assert first.endswith("Sigue abierta: si termina sin salida o sin respuesta aún no se sabe.")


def test_trouble_without_any_reply_after_it_says_so(reviewed):
    last = {"kind": "unanswered_question", "seconds": 300, "position": 6}
    assert paragraphs(reviewed(last))[1].endswith(
        "Tras el primer problema no siguió ningún turno respondido."
    )


def test_conversation_without_messages_is_not_judged(reviewed):
    assert paragraphs(reviewed(said=[])) == ["La conversación no tiene mensajes; no hay nada que juzgar."]


def test_nobody_replying_and_nobody_writing_are_told(reviewed):
    assert "Nadie le respondió al cliente." in paragraphs(reviewed(said=[("user", 0, "a")]))[1]
    assert (
        "Nadie le ha respondido al cliente todavía."
        in paragraphs(reviewed(said=[("user", 0, "a")], over=False))[1]
    )
    assert "El cliente no escribió." in paragraphs(reviewed(said=[("agent", 0, "a")]))[1]
    assert paragraphs(reviewed(said=[("agent", 0, "a")]))[2].endswith("no se ve qué mejorar.")


def test_opportunities_come_in_order_each_with_its_evidence(told):
    frame = improvements(
        {"kind": "answer_question", "position": 3, "n": 2},
        {"kind": "train_intent", "name": "price", "position": 1, "value": 0.4},
        {"kind": "shorten_agent_wait", "position": 4, "value": 125.0},
        {"kind": "keep_address", "name": "tu 7, usted 1", "value": 0.1},
    )
    html = opportunities(frame, told(*TALK).messages)
    items = [
        re.sub(r"<[^>]+>", "", item)
        for item in re.findall(r"<li>(.*?)</li>", html.html.replace("<br>", " | "))
    ]
    assert [item.replace("\u00a0", " ") for item in items] == [
        "Responder lo que el cliente preguntó (2 veces) | mensaje 3: «¿precio del jean?»",
        "Entrenar la intención: precio | mensaje 1: «¿precio?»",
        "Acortar la espera por una persona (2 min 5 s en total) | mensaje 4: «89.900»",
        "Tratar siempre de la misma forma (tú, usted, vos): tú 7, usted 1",
    ]


def test_worth_of_a_purchase_is_told_in_its_currency(reviewed):
    improve = [{"kind": "recover_purchase", "name": "cart_added", "value": 43_210.4}]
    review = reviewed(REPEATED, improve=improve, currency="COP")
    listed = opportunities(review.opportunities, review.timeline.messages, currency="COP")
    said = "(ingreso medio de las comparables: 43.210 COP)"
    assert said in text_of(listed)
    assert said in paragraphs(review)[2]


@pytest.mark.parametrize(
    "kind", ["train_intent", "shorten_bot_wait", "recover_purchase", "calm_customer", "simplify_texts"]
)
def test_opportunity_without_a_value_says_no_number(told, kind):
    shown = text_of(opportunities(improvements({"kind": kind, "value": NAN}), told(*TALK).messages))
    assert re.search(r"nan|\(|\N{EN DASH}|\d", shown) is None


def test_long_quote_is_cut_and_a_message_without_text_is_named_by_its_kind(told):
    said = [("user", 0, "x" * 500), ("user", 1, None, {"kind": "image"}), ("user", 2, " ")]
    frame = improvements(*({"kind": "train_intent", "position": at} for at in (1, 2, 3)))
    text = text_of(opportunities(frame, told(*said).messages))
    assert f"«{'x' * 90}… (500 caracteres)»" in text
    assert "mensaje 2: [imagen]" in text
    assert "mensaje 3: (sin texto)" in text


def test_hostile_texts_are_inert(reviewed, told, hostile):
    said = [("user", 0, hostile, {"kind": hostile})]
    mark = {"kind": "failed_action", "seconds": 0, "position": 1, "name": hostile}
    improve = [{"kind": "fix_action", "name": hostile, "position": 1}, {"kind": hostile, "name": hostile}]
    worth = {"kind": "recover_purchase", "value": 5.0}
    review = reviewed(mark, said=said, improve=[worth, *improve], stage=hostile, currency=hostile)
    listed = opportunities(review.opportunities, review.timeline.messages, currency=hostile)
    html = verdict(review).html + listed.html
    assert set(re.findall(r"<(\w+)", html)) == {"p", "strong", "a", "bdi", "ol", "li", "br"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_english_verdict_speaks_english(reviewed):
    first = paragraphs(reviewed(NOT_UNDERSTOOD, REPEATED), language="en")[0]
    assert first == (
        "What went wrong first. After 4 s, the bot did not understand (message 2: “No te entendí”). "
        "Afterwards, 1 more problem: Repeated question (1)."
    )


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [
        (43_210.4, "COP", "43.210 COP"),
        (9.5, "USD", "9,50 USD"),
        (0.0, None, "0,00"),
        (NAN, "COP", "\N{EN DASH}"),
    ],
)
def test_amounts_are_written_in_their_currency(value, currency, said):
    assert money(value, currency, "es").replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("measure", "value", "low", "said"),
    [
        ("revenue", NAN, NAN, "\N{EN DASH}"),
        ("conversion", NAN, NAN, "\N{EN DASH}"),
        ("revenue", 500.0, NAN, "500 COP (sin intervalo: muy pocos datos)"),
        ("revenue", 500.0, 400.0, "500 COP (intervalo del 95 %: 400 COP a 600 COP)"),
    ],
)
def test_what_has_no_interval_shows_none(measure, value, low, said):
    row = {"measure": measure, "value": value, "low": low, "high": 600.0 if low == 400.0 else NAN}
    assert interval(row, "es", currency="COP").replace("\u00a0", " ") == said
