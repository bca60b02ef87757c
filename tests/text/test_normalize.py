"""The same thing said in two spellings is one text; what only looks like a spelling is left alone."""

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.text import normalize
from analytics_lib.text.normalize import normalise, normalise_column, words, written_words

# Pieces whose neighbourhood decides what they become, and characters that glue emoji together.
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
LETTERS = "x d q k ke pa toy u ta bn bien fa r thank xl talla 2 10 1 de por que you can n Ñ á İ ﬁ ½ Ⅳ"
STRETCHES = "ja jaa jajaj ha kkk xxx xxxl mmm hola siii story ? !! :) :D <3 [id] http://q.co"
GLUE = "👍 👍🏽 ❤️ 1️⃣ 🇨🇴 🇨 \u200d \ufe0f \u20e3 \u0303"
PIECES = st.sampled_from(f"{LETTERS} {STRETCHES} {GLUE}".split())
SNIPPETS = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "\n", ", ", "-"])), max_size=12).map(
    lambda pairs: "".join(part for pair in pairs for part in pair)
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HOLA", "hola"),
        ("Información rápida", "informacion rapida"),
        ("Niña, pingüino", "niña pinguino"),
        ("n\u0303apa MAN\u0303ANA", "ñapa mañana"),
        ("  dos \t\n blancos  ", "dos blancos"),
        ("¿Qué más? ¡Bien!", "que mas? bien!"),
        ("¿¿tienen talla??", "tienen talla??"),
        ("hola ?", "hola?"),
        ("jean (azul), crop-top; crop_top", "jean azul crop top crop top"),
        ("vale $39.900", "vale 39 900"),
        ("\U0001d4d7\U0001d4f8\U0001d4f5\U0001d4ea \uff28\uff2f\uff2c\uff21", "hola hola"),
        ("ho\u200bla\u00ad", "hola"),
        ("mi cel es [phone] y mi correo [email]", "mi cel es y mi correo"),
        ("mira https://koaj.co/x?q=d www.koaj.co/d este", "mira este"),
        ("", ""),
        ("...", ""),
    ],
)
def test_case_accents_blanks_and_punctuation_do_not_matter(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("holaaaa", "hola"),
        ("siiii", "si"),
        ("Buenísimoooo", "buenisimo"),
        ("graciasss", "gracias"),
        ("llega", "llega"),
        ("perro", "perro"),
        ("acción", "accion"),
        ("leer", "leer"),
        ("39000", "39000"),
        ("porfaaaa", "por favor"),
    ],
)
def test_letters_written_three_or_more_times_are_one_letter(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("jajajaja", "jaja"),
        ("JAJA", "jaja"),
        ("jajajajajajajaj", "jaja"),
        ("ajjajaja", "jaja"),
        ("ja ja ja", "jaja"),
        ("jaaaa jaaa", "jaja"),
        ("jsjsjs", "jaja"),
        ("kkkkkk", "jaja"),
        ("jejeje", "jeje"),
        ("hahaha", "haha"),
        ("eje", "eje"),
        ("caja", "caja"),
        ("baja ja", "baja ja"),
    ],
)
def test_laughter_of_any_length_is_one_word(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("q más", "que mas"),
        ("Xq no llega?", "porque no llega?"),
        ("pq, xq, x q", "porque porque porque"),
        ("ke tal k haces", "que tal que haces"),
        ("porfa, xfa, x fa", "por favor por favor por favor"),
        ("porfis, pls, plis", "por favor por favor por favor"),
        ("tmb tb", "tambien tambien"),
        ("todo bn", "todo bien"),
        ("dnd y cdo", "donde y cuando"),
        ("un msj x wpp", "un mensaje por whatsapp"),
        ("grax gracs tqm ntp", "gracias gracias te quiero mucho no te preocupes"),
        ("kiero uno", "quiero uno"),
        ("el pedido d mi mamá", "el pedido de mi mama"),
        ("abren d 8 a 5?", "abren de 8 a 5?"),
        ("toy esperando", "estoy esperando"),
        ("es pa mañana", "es para mañana"),
        ("pa' mañana", "para mañana"),
        ("thx, idk", "thanks i do not know"),
        ("do u have ur card?", "do you have your card?"),
        ("lo necesito asap", "lo necesito asap"),
    ],
)
def test_chat_abbreviations_are_spelled_out(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize(
    "text",
    [
        "talla x",
        "x",
        "x?",
        "hay 2x1",
        "2 x 1",
        "talla xl xxl xs",
        "cuanto vale x xl",
        "30 x 40 cm",
        "talla d",
        "vitamina d para el pelo",
        "i d like one",
        "calle 45 d sur",
        "d",
        "son 50 k en total",
        "uno u otro",
        "estudio en la u nacional",
        "camiseta de toy story",
        "hola pa",
        "mi pa lo quiere",
    ],
)
def test_sizes_addresses_and_single_letters_are_no_abbreviations(text):
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("written", "normal"),
    [("XXXL", "3xl"), ("xxxs", "3xs"), ("mmm no se", "mm no se"), ("xxx nada", "xx nada"), ("aaah", "ah")],
)
def test_a_stretched_consonant_does_not_become_a_size_or_an_abbreviation(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("lindo😍😍", ["lindo", "😍", "😍"]),
        ("👩‍👩‍👧👍🏽❤️❤", ["👩‍👩‍👧", "👍🏽", "❤️", "❤"]),
        ("Colombia🇨🇴🇪🇸!", ["colombia", "🇨🇴", "🇪🇸"]),
        ("quiero el 1️⃣", ["quiero", "el", "1"]),
        (f"{WALES}!", [WALES]),
        ("ho\u200dla\ufe0f", ["hola"]),
        ("gracias :) :( <3 :D", ["gracias", "🙂", "🙁", "❤️", "😄"]),
        ("producto™", ["producto"]),
    ],
)  # fmt: skip
def test_an_emoji_is_one_word_whatever_it_is_made_of(written, tokens):
    assert words(normalise(written)) == tokens


def test_marks_stand_behind_words_and_apart_from_emoji():
    assert normalise("si?!") == "si?!"
    assert normalise("😍 !! y??") == "😍 !! y??"


def test_words_leave_marks_out():
    assert words("que mas? bien!! 😍 ?") == ["que", "mas", "bien", "😍"]
    assert words("") == []


def test_written_words_keep_their_abbreviations():
    assert written_words("Porfaaa, q más?") == ["porfa", "q", "mas"]


def test_nulls_stay_null_and_the_index_and_name_are_kept():
    texts = pd.Series(["Holaaaa", None, "q", "Holaaaa"], index=[7, 3, 9, 3], name="text")
    expected = pd.Series(["hola", None, "que", "hola"], index=[7, 3, 9, 3], name="text", dtype="str")
    pd.testing.assert_series_equal(normalise_column(texts), expected)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_a_column_without_texts_stays_one(values):
    texts = pd.Series(values, dtype="str")
    pd.testing.assert_series_equal(normalise_column(texts), texts)


def test_every_distinct_text_is_worked_on_once(monkeypatch):
    seen = []
    monkeypatch.setattr(normalize, "normalise", lambda text: seen.append(text) or text)
    normalise_column(pd.Series(["a", "b", "a", None, "a"]))
    assert sorted(seen) == ["a", "b"]


@pytest.mark.parametrize("short", sorted(normalize._ABBREVIATIONS | normalize._PAIRS | normalize._GUARDED))
def test_what_an_abbreviation_stands_for_stays_as_it_is(short):
    once = normalise(f"para {short} hola")
    assert normalise(once) == once


@given(st.one_of(st.text(), st.text(st.characters(codec=None), max_size=20), SNIPPETS))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once


@given(st.one_of(st.text(st.characters(codec=None)), SNIPPETS))
def test_no_character_but_letters_numbers_marks_and_emoji_is_left(text):
    once = normalise(text)
    once.encode()  # no half of a surrogate pair
    assert once == once.strip()
    assert "  " not in once
    for word in words(once):
        assert word.isalnum() or not word.isascii()


@pytest.mark.parametrize(
    "unit",
    [
        "hola que mas ", "a", "ja", "aj", "j", "x", "x ", "d x ", "? ", "ja ", "jajaj1", "k", "xl", "ñá",
        "\ud800", "👩\u200d", "👍🏽", "\u0300\u0323", "n\u0303", "\U0001f1e8", "\U000e0067", "🏴\U000e0067",
        "1\ufe0f", "[", ":", ":-", "<3", "http://", "www.",
    ],
)  # fmt: skip
def test_a_text_of_a_megabyte_takes_a_moment(unit):
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    words(normalise(text))
    assert time.perf_counter() - started < 3  # quadratic work would take minutes
