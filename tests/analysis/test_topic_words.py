from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.topic_words import folded, may_name, names_of, telling_words
from analytics_lib.text.normalize import normalise

SHOP = names_of(["Jean skinny azul", "Vestido midi"], ["Bogotá", "Santa Marta", "Cali"])


def words_of(*texts, names=SHOP):
    return telling_words([normalise(text) for text in texts], names=names)


def test_greeting_and_stop_words_are_left_out_and_what_is_asked_stays():
    assert words_of("Hola buenas tardes, ¿cuánto cuesta el envío porfa?") == [("cuanto", "cuesta", "envio")]
    assert words_of("hi, how much is the shipping please") == [("how", "much", "shipping")]


def test_what_stands_for_one_of_many_is_one_word():
    assert words_of("tienen el jean skinny en Santa Marta?") == [("{product}", "{city}")]
    assert words_of("dónde está mi pedido KJ-20418") == [("donde", "pedido", "kj", "#")]
    assert words_of("talla M") == [("talla", "{size}")]
    assert words_of("le escribí a Carolina ayer") == [("escribi", "{name}", "ayer")]


def test_single_letter_is_a_size_only_behind_a_word_that_announces_one():
    assert words_of("i m lost") == [("lost",)]
    assert words_of("quiero la m") == [("{size}",)]


def test_text_without_a_telling_word_has_none():
    assert words_of("hola", "👍", "") == [(), (), ()]


def test_misspelling_is_folded_into_the_frequent_word_it_is_one_letter_from():
    counts = Counter({"tarjeta": 9, "tarejta": 1, "tarjta": 2, "tajrtea": 1})
    assert folded(counts) == {"tarejta": "tarjeta", "tarjta": "tarjeta"}


def test_common_word_is_no_misspelling_of_another():
    assert folded(Counter({"pedido": 90, "perdido": 1})) == {}


def test_word_as_frequent_as_its_neighbour_stands_for_itself():
    assert folded(Counter({"plisada": 4, "plisado": 4})) == {}


def test_plural_is_folded_into_a_singular_that_is_used():
    assert folded(Counter({"talla": 1, "tallas": 9, "color": 1, "colores": 1, "botas": 3})) == {
        "tallas": "talla",
        "colores": "color",
    }


@pytest.mark.parametrize(
    ("words", "named"), [(("{name}", "x"), True), (("nombre", "x"), True), (("talla",), False)]
)
def test_words_that_may_hold_a_name_are_told(words, named):
    assert may_name(words) is named


@given(st.lists(st.text(max_size=40), max_size=6, unique=True))
def test_any_text_gives_words_and_the_same_ones_again(texts):
    normal = [normalise(text) for text in texts]
    found = telling_words(normal)
    assert found == telling_words(normal)
    assert len(found) == len(texts)
    assert all(word and " " not in word for words in found for word in words)
