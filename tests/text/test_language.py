"""A message is Spanish, English, both, or cannot be told."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.text.language import languages, main_language

SHARED = Path(__file__).parents[3] / "shared" / "data"
SHOWN = {("User", "utter"), ("Wizard", "utter"), ("Wizard", "pick_suggestion")}


def language(text):
    found = languages(pd.Series([text], dtype=object))[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(
    "text",
    [
        "Hola",
        "tienen la chaqueta en talla M?",
        "q mas, kiero un jean",
        "graciasss",
        "porfa",
        "¿Camión?",
        "facturo mañana",
        "mi niño",
    ],
)
def test_spanish_is_told_by_its_words_its_dictionary_and_its_signs(text):
    assert language(text) == "es"


@pytest.mark.parametrize(
    "text", ["Hi", "do you have this in size M?", "how much is it", "thx", "Sneakers", "size?", "I'm waiting"]
)
def test_english_is_told_by_its_words_and_its_dictionary(text):
    assert language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "tienen sale?",
        "vi el outfit con crop top oversize y jean mom fit",
        "lo necesito asap please",
        "ok, me pasas el link y el tracking",
        "hacen envíos a New York?",
        "el black friday cuándo es",
    ],
)
def test_borrowed_words_leave_a_spanish_message_spanish(text):
    assert language(text) == "es"


@pytest.mark.parametrize(
    "text", ["hola, do you have this en talla M?", "thank you, muchas gracias", "cuánto cuesta the dress?"]
)
def test_a_message_with_a_real_share_of_both_is_mixed(text):
    assert language(text) == "mixed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😍👍🏽",
        "38",
        "KJ-20418",
        "https://koaj.co/the-dress",
        "[phone]",
        "no",
        "xqzt wrk",
        "привет",
        None,
    ],
)
def test_a_text_without_a_telling_word_is_unknown(text):
    assert language(text) is None


def test_nulls_stay_null_and_the_index_and_name_are_kept():
    texts = pd.Series(["hola", None, "hi", "hola"], index=[4, 1, 7, 1], name="text")
    expected = pd.Series(["es", None, "en", "es"], index=[4, 1, 7, 1], name="text", dtype="str")
    pd.testing.assert_series_equal(languages(texts), expected)


def test_an_empty_column_stays_empty():
    assert languages(pd.Series([], dtype="str")).empty


@given(st.text(st.characters(codec=None)))
def test_no_text_is_refused(text):
    assert language(text) in {"es", "en", "mixed", None}


@pytest.mark.parametrize(
    ("texts", "main"),
    [
        (["hola", "hi", "gracias"], "es"),
        (["hello", "how much is it?", "hola"], "en"),
        (["hola", "thanks"], "es"),
        (["thanks", "hola"], "en"),
        (["thank you, muchas gracias", "hello"], "en"),
        (["thank you, muchas gracias", "hello", "hola"], "en"),
        (["thank you, muchas gracias"], "es"),
        (["38", None, "😍", "hi"], "en"),
        (["38", None, "😍"], None),
        ([], None),
    ],
)
def test_the_main_language_is_that_of_most_texts_and_the_first_of_two_equals(texts, main):
    assert main_language(pd.Series(texts, dtype="str")) == main


def test_published_spanish_requests_are_told_as_spanish():
    path = SHARED / "intents-es-facebook" / "eval-es.tsv.gz"
    if not path.exists():
        pytest.skip("The Spanish utterances are not here; the data lie in ../shared/data beside the project")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = languages(pd.Series(sorted({line.split("\t")[2] for line in lines})))
    assert found.eq("es").mean() > 0.99


def test_published_english_dialogues_are_told_as_english():
    path = SHARED / "conversations-star" / "star_dialogues_early.jsonl.gz"
    if not path.exists():
        pytest.skip("The STAR dialogues are not here; the data lie in ../shared/data beside the project")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        events = [event for line in lines for event in json.loads(line)["Events"]]
    shown = {event["Text"] for event in events if (event.get("Agent"), event.get("Action")) in SHOWN}
    found = languages(pd.Series(sorted(shown)))
    assert found.eq("en").mean() > 0.96  # the rest are numbers, names and times, which are unknown
    assert found.isin(["es", "mixed"]).mean() < 0.005
