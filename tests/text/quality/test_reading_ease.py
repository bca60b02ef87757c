import socket

import pytest

from analytics_lib.errors import RequestError
from analytics_lib.text.quality import readability
from analytics_lib.text.quality.reading_ease import english_syllables, spanish_syllables


def test_flesch_of_the_cat_on_the_mat_is_the_published_116():
    # 6 words and 6 syllables a sentence: 206.835 - 1.015 * 6 - 84.6 * 1
    assert readability("The cat sat on the mat. " * 4, "en") == pytest.approx(116.145)


def test_flesch_of_the_platypus_is_the_published_37():
    # 13 words, 24 syllables
    sentence = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature. "
    assert readability(sentence * 2, "en") == pytest.approx(37.455, abs=0.001)


def test_szigriszt_pazos_of_four_sentences_counted_by_hand():
    text = (
        "La casa roja tiene un patio grande. "  # 7 words, 1+2+2+2+1+2+2 = 12 syllables
        "El perro duerme en la puerta. "  # 6 words, 1+2+2+1+1+2 = 9
        "Mi madre compra pan y leche. "  # 6 words, 1+2+2+1+1+2 = 9
        "Todos comemos a las dos."  # 5 words, 2+3+1+1+1 = 8
    )
    assert readability(text, "es") == pytest.approx(206.835 - 62.3 * 38 / 24 - 24 / 4)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("sol", 1), ("muy", 1), ("y", 1), ("día", 2), ("país", 2), ("causa", 2), ("agua", 2), ("guía", 2),
        ("ciudad", 2), ("hoy", 1), ("playa", 2), ("queso", 2), ("oído", 3), ("ahora", 3), ("construido", 3),
        ("aéreo", 4), ("queríamos", 4), ("averigüe", 4), ("búho", 2), ("estoy", 2), ("devolución", 4),
        ("leer", 2),
    ],
)  # fmt: skip
def test_spanish_syllables_follow_the_school_rules(word, syllables):
    assert spanish_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("the", 1), ("size", 1), ("table", 2), ("whole", 1), ("prices", 2), ("times", 1), ("shipped", 1),
        ("needed", 2), ("information", 4), ("ready", 2), ("available", 4), ("order", 2),
    ],
)  # fmt: skip
def test_english_syllables_of_everyday_words(word, syllables):
    assert english_syllables(word) == syllables


def test_nineteen_words_have_no_score_and_twenty_have_one():
    assert readability("sí " * 19, "es") is None
    assert readability("sí " * 20, "es") is not None


def test_addresses_masks_and_numbers_are_no_words():
    assert readability("https://koaj.co/a [phone] 9.900 a@b.co " * 10, "es") is None


def test_point_of_an_abbreviation_or_a_price_ends_no_sentence():
    text = "Abrimos todos los días de diez a. m. a ocho p. m. y el envío cuesta $ 9.900 a todo el país"
    without = text.replace(" a. m.", "").replace(" p. m.", "").replace("9.900", "")
    assert readability(text, "es") == pytest.approx(readability(without, "es"))


def test_wall_of_letters_has_too_few_words():
    assert readability("a" * 50_000, "es") is None


def test_longer_words_read_harder():
    easy, hard = "La tela es suave. ", "Documentación administrativa reglamentaria. "
    assert readability(easy * 7, "es") > readability(hard * 7, "es")


def test_language_without_a_formula_is_refused_by_name():
    with pytest.raises(RequestError, match=r"'fr'.*es, en"):
        readability("Bonjour", "fr")


def test_nothing_is_fetched(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert readability("Where is the parcel now. " * 5, "en") is not None
