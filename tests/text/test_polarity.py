"""Each rule of the Spanish scorer, on messages whose sign a reader would agree with."""

import math

import pandas as pd
import pytest

from analytics_lib.text.polarity import polarity
from analytics_lib.text.sentiment import score_spanish

POSITIVE = [
    "me encantó",
    "quedé feliz con el vestido",
    "qué chimba de chaqueta",
    "está bacano",
    "buen precio",
    "de una",
    "excelente servicio, los felicito",
    "llegó a tiempo",
    "muchas gracias",
    "I love este vestido",
    "no tengo ninguna queja",
    "volvería a comprar",
]
NEGATIVE = [
    "qué mal servicio",
    "no me ha llegado",
    "no me llegó el pedido",
    "llevo una semana esperando",
    "me cobraron dos veces",
    "me quedó pequeño",
    "está agotado",
    "muy caro",
    "nadie responde",
    "sigo esperando",
    "no sirve",
    "me llegó roto",
    "talla equivocada",
    "me llegó otra talla",
    "me llegó el jean roto",
    "nunca más vuelvo a comprar",
    "qué mamera",
    "paila",
    "me tienen jarta",
    "son unos ladrones",
    "bad service",
    "gracias por nada",
    "no quiero hablar con un bot",
]
NEUTRAL = [
    "tienen algo más barato?",
    "es de buena calidad?",
    "está agotado?",
    "es muy caro el envío?",
    "cuánto se demora el envío?",
    "tienen algo más barato",
    "necesito un vestido lindo",
    "quiero ver algo elegante",
]
UNKNOWN = [
    "",
    "hola",
    "buenas tardes",
    "por favor",
    "quiero la 32 por favor",
    "dónde está mi pedido 20418?",
    "puedo pagar en efectivo?",
    "una camisa a rayas",
    "tienen jeans rotos?",
    "qué pena, tienen crop top?",
    "me gustaría ver blusas",
    "12345",
    "📦",
]


def score(text):
    return score_spanish(pd.Series([text], dtype="str"))[0]


@pytest.mark.parametrize("text", POSITIVE)
def test_praise_is_positive(text):
    assert score(text) >= 0.1


@pytest.mark.parametrize("text", NEGATIVE)
def test_a_complaint_is_negative(text):
    assert score(text) <= -0.1


@pytest.mark.parametrize("text", NEUTRAL)
def test_what_is_asked_or_looked_for_is_not_felt(text):
    assert not abs(score(text)) >= 0.1


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_text_without_a_known_word_is_unknown_not_zero(text):
    assert math.isnan(score(text))


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("muy malo", "malo"),
        ("malo", "un poco malo"),
        ("malo", "poco malo"),
        ("malísimo", "malo"),
        ("bonito", "muy bonito"),
        ("bonito", "bien bonito"),
        ("bonito", "re bonito"),
        ("medio bonito", "bonito"),
        ("bonito", "bonito!!"),
        ("bonito!", "bonito!!"),
        ("bonito", "BONITO"),
        ("bonito", "bonitoooo"),
        ("malo", "no está malo"),
        ("no es bonito", "no es malo"),
        ("me gusta", "me gusta mucho"),
        ("me gusta", "me encanta"),
        ("se demoran mucho", "se demoran"),
        ("bonito", "bonito 😍"),
        ("malo 😡", "malo"),
        ("😍", "😍😍"),
        ("bonito pero caro", "caro pero bonito"),
        ("gracias", "muchas gracias"),
    ],
)
def test_one_message_is_more_positive_than_another(lower, higher):
    assert score(lower) < score(higher)


@pytest.mark.parametrize(
    "text",
    [
        "no es bueno",
        "no está bonito",
        "nunca es puntual",
        "ni bonito ni barato",
        "sin calidad ni buena tela",
        "tampoco es lindo",
        "no me gusta nada",
        "no sirve para nada",
        "nada me gusta",
        "poco amable",
    ],
)
def test_a_negated_praise_is_negative(text):
    assert score(text) < -0.1


@pytest.mark.parametrize(
    "text", ["no está mal", "nada mal", "no es caro", "sin problema", "no hay problema", "menos mal"]
)
def test_a_negated_complaint_is_mildly_positive(text):
    assert 0.1 <= score(text) < 0.35


@pytest.mark.parametrize(
    "text", ["no, está lindo", "no gracias", "no hay talla y es lindo", "no solo es lindo"]
)
def test_a_negation_ends_with_its_clause_and_leaves_courtesy_alone(text):
    assert score(text) > 0.1


def test_what_follows_pero_decides():
    assert score("bonito pero muy caro") < -0.1
    assert score("caro pero muy bonito") > 0.1


def test_a_question_that_blames_is_a_complaint():
    assert score("por qué tan caro?") < -0.1
    assert score("xq tan demorado?") < -0.1


def test_a_complaint_with_a_question_mark_stays_one():
    assert score("por qué no me ha llegado?") < -0.1
    assert score("eso está re caro, no hay más barato?") < -0.1


def test_an_emoji_counts_with_and_without_words():
    assert score("👍") > 0.1
    assert score("😡") < -0.1
    assert score("llegó el pedido 😡") < -0.1


def test_an_emoji_keeps_its_polarity_with_a_skin_tone_or_a_selector():
    assert score("👍🏽") == score("👍")
    assert score("❤️") == score("❤")
    assert score("🤦🏽‍♀️") == score("🤦")


def test_a_row_of_the_same_emoji_adds_little_and_ends():
    assert score("😍" * 3) == score("😍" * 30)
    assert score("😍" * 3) < score("😍 🥰 🤩")


def test_emoticons_count_as_emoji():
    assert score("ok :)") > 0 > score("ok :(")


def test_inflected_forms_are_the_same_word():
    assert score("fea") == score("feo") == score("feos")
    assert score("me encantan") == score("me encanta")


def test_accents_and_chat_spelling_do_not_matter():
    assert score("PESIMO") == score("PÉSIMO")
    assert score("q mal servicio") == score("que mal servicio")


def test_the_weight_is_squashed_as_documented():
    # The weight of *malo* is -2; -2 / sqrt(4 + 15).
    assert polarity(["malo"]) == pytest.approx(-0.4588, abs=1e-4)


def test_irony_is_out_of_reach():
    """A limit, written down: a reader sees a complaint, the word list sees praise."""
    assert score("qué maravilla de bot") > 0
