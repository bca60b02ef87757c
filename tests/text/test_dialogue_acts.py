import pandas as pd
import pytest

from analytics_lib.text.dialogue_acts import (
    asks_for_person,
    is_courtesy,
    says_cannot_help,
    says_not_understood,
)
from analytics_lib.text.normalize import normalise_column


def judged(act, text):
    return bool(act(normalise_column(pd.Series([text], dtype="str"))).iloc[0])


@pytest.mark.parametrize(
    "text",
    [
        "quiero hablar con una persona",
        "me comunicas con un asesor?",
        "No quiero hablar con un bot",
        "un humano por favor",
        "ASESOR!!",
        "porfa, asesor jaja",
        "buenas tardes, un asesor gracias",
        "pásame un asesor porfa",
        "hay alguien ahí?",
        "necesito que me atienda una persona real",
        "hablé con una persona ayer y quiero que me comuniquen con ella",
        "can I talk to a human",
        "I need a real person!!",
        "get me your manager",
        "uy, qué pena, asesor porque esto no me sirve",
        "no me entiende, una persona por favor",
    ],
)
def test_asking_for_a_person_is_told_by_many_wordings(text):
    assert judged(asks_for_person, text)


@pytest.mark.parametrize("text", ["asesor 😍😍", "🙏 quiero un asesor 🙄", "asesor🙏"])
def test_emoji_beside_a_request_for_a_person_change_nothing(text):
    assert judged(asks_for_person, text)


@pytest.mark.parametrize(
    "text",
    [
        "me comunicas con un aseor?",
        "quiero habar con una persona",
        "asessor",
        "un huamno por fvor",
        "oeprador",
    ],
)
def test_a_slip_of_the_finger_hides_no_request_for_a_person(text):
    assert judged(asks_for_person, text)


@pytest.mark.parametrize(
    "text", ["hay mucha gente en la tienda?", "quiero halar el cierre", "un regalo por fvor"]
)
def test_another_word_that_looks_like_a_slip_stays_what_it_is(text):
    assert not judged(asks_for_person, text)


@pytest.mark.parametrize(
    "text",
    [
        "el asesor de la tienda me dijo que sí",
        "hablé con una persona ayer",
        "tienen asesoría de tallas?",
        "necesito una chaqueta",
        "es para una persona alta",
        "talla para una persona por favor",
        "quiero hablar de mi pedido",
        "the agent told me it was sent",
    ],
)
def test_speaking_of_a_person_is_no_request_for_one(text):
    assert not judged(asks_for_person, text)


@pytest.mark.parametrize(
    "text",
    [
        "No te entendí bien, ¿me lo dices de otra forma?",
        "Perdón, no comprendí. ¿Puedes elegir una opción?",
        "¿Puedes reformular tu pregunta?",
        "Disculpa, no logro entenderte",
        "Sorry, I didn't get that",
        "I don't understand, could you rephrase?",
    ],
)
def test_not_understanding_is_told_by_many_wordings(text):
    assert judged(says_not_understood, text)


@pytest.mark.parametrize(
    "text", ["Entiendo tu molestia", "¿Me entendiste?", "Ya entendí, gracias", "I understand, one moment"]
)
def test_understanding_is_not_taken_for_its_opposite(text):
    assert not judged(says_not_understood, text)


@pytest.mark.parametrize(
    "text",
    [
        "Lo siento, no puedo ayudarte con eso",
        "Algo salió mal, intenta más tarde",
        "No tengo acceso a esa información",
        "I'm sorry, I can't help with that",
    ],
)
def test_an_apology_that_helps_nobody_is_told(text):
    assert judged(says_cannot_help, text)


@pytest.mark.parametrize("text", ["No hay problema", "El envío cuesta $ 9.900", "Puedo ayudarte con eso"])
def test_help_is_no_apology(text):
    assert not judged(says_cannot_help, text)


@pytest.mark.parametrize(
    "text",
    [
        "gracias!!",
        "¡Con gusto! ¿Algo más?",
        "holaa",
        "ok",
        "sí",
        "listo, chao",
        "Que tengas un lindo día 💛",
        "🙏",
        "mil gracias!! excelente servicio",
        "ok, gracias por la información",
        "muchas gracias, muy amables 😊",
        "gracias por responder",
        "Great service, thanks for your help",
    ],
)
def test_courtesy_asks_and_answers_nothing(text):
    assert judged(is_courtesy, text)


@pytest.mark.parametrize(
    "text",
    [
        *("dónde está mi pedido", "de qué talla", "gracias, y el envío?", "12", "!!", "hola, información"),
        *(
            "pésimo servicio",
            "gracias por responder el martes",
            "la respuesta?",
            "buenas, quiero un servicio",
        ),
    ],
)
def test_a_text_with_matter_in_it_is_no_courtesy(text):
    assert not judged(is_courtesy, text)


def test_a_message_without_text_does_nothing():
    texts = pd.Series([None, "gracias"], dtype="str", index=[7, 3])

    found = is_courtesy(texts)

    assert found.to_dict() == {7: False, 3: True}


@pytest.mark.parametrize(
    "text",
    [
        "I will call a person at the bank",
        "please have someone call me",
        "put your manager on the phone",
        "get me an agent",
    ],
)
def test_asking_for_a_person_to_call_or_come_is_a_request(text):
    assert judged(asks_for_person, text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't like people who steal",
        "I get along well with people",
        "I need to meet someone there",
        "I'll get someone else to do it",
        "I'm not some sort of robot like you",
    ],
)
def test_people_met_or_liked_elsewhere_are_no_request(text):
    assert not judged(asks_for_person, text)


@pytest.mark.parametrize("text", ["Please be more specific", "¿Puedes ser más específica?"])
def test_asking_to_be_more_specific_is_not_understanding(text):
    assert judged(says_not_understood, text)


@pytest.mark.parametrize("text", ["¿Buscas algo más específico?", "¿Lo prefieres más claro?"])
def test_offering_a_choice_is_not_taken_for_not_understanding(text):
    assert not judged(says_not_understood, text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but your payment request was unsuccessful.",
        "We couldn't verify your identity",
        "Your order could not be processed at this time",
        "Unfortunately there are no stores that match your search",
        "I do not have that information",
    ],
)
def test_a_failure_told_in_english_helps_nobody(text):
    assert judged(says_cannot_help, text)


@pytest.mark.parametrize(
    "text", ["I can't wait to show you", "There are no fees", "We have that information"]
)
def test_good_news_in_english_is_no_apology(text):
    assert not judged(says_cannot_help, text)


@pytest.mark.parametrize("text", ["Please proceed.", "ok, next step please", "siguiente", "sí, continuar"])
def test_going_on_is_assent(text):
    assert judged(is_courtesy, text)
