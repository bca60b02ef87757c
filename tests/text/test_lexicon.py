"""The lexicon is consistent with itself and with the normal spelling, and inflects as Spanish does."""

from collections import Counter
from pathlib import Path

import pytest

from analytics_lib.text import lexicon
from analytics_lib.text.lexicon import adjective_forms, alternatives, spanish_lexicon, terms, verb_forms
from analytics_lib.text.normalize import normalise
from analytics_lib.yaml_files import read_yaml

SECTIONS = read_yaml(Path(lexicon.__file__).parent / "lexicon_es.yaml")
INFLECTED = ("qualities", "things", "verbs", "exact")


def written(section):
    return [phrase for term, _ in terms(SECTIONS[section]) for phrase in alternatives(term)]


def weight(word):
    return spanish_lexicon().anywhere[word].weight


@pytest.mark.parametrize("section", SECTIONS)
def test_every_term_is_written_as_normalising_would_leave_it(section):
    changed = {term: normalise(term) for term in written(section)}
    without_selectors = {term: normal.replace("\ufe0f", "") for term, normal in changed.items()}
    assert {term: normal for term, normal in without_selectors.items() if term != normal} == {}


@pytest.mark.parametrize("section", SECTIONS)
def test_no_term_has_two_weights_in_one_section(section):
    weights = {(phrase, weight) for term, weight in terms(SECTIONS[section]) for phrase in alternatives(term)}
    count = Counter(phrase for phrase, _ in weights)
    assert [phrase for phrase, times in count.items() if times > 1] == []


def test_leaving_words_out_of_a_phrase_never_leaves_a_mere_function_word():
    common = {
        "no",
        "nunca",
        "me",
        "nos",
        "que",
        "la",
        "el",
        "lo",
        "se",
        "y",
        "un",
        "una",
        "es",
        "no he",
        "no se",
        "me lo",
    }
    assert common.isdisjoint(written("phrases"))


@pytest.mark.parametrize("section", INFLECTED)
def test_words_that_inflect_are_single_words(section):
    assert [term for term, _ in terms(SECTIONS[section]) if " " in term] == []


def test_the_lexicon_is_large_enough_to_be_of_use_and_within_its_scale():
    listed = [
        weight for section in (*INFLECTED, "phrases", "emoji") for _, weight in terms(SECTIONS[section])
    ]
    assert len(listed) >= 700
    assert len(list(terms(SECTIONS["emoji"]))) >= 120
    assert max(map(abs, listed)) <= 4


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("feo", "feas"),
        ("feo", "feisimo"),
        ("rico", "riquisimas"),
        ("largo", "larguisimo"),
        ("amable", "amables"),
        ("genial", "geniales"),
        ("rapido", "rapidamente"),
        ("bonito", "bonita"),
    ],
)
def test_an_adjective_takes_gender_number_and_degree(word, form):
    assert form in dict(adjective_forms(word))


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("encantar", "encanto"),
        ("encantar", "encantaron"),
        ("rechazar", "rechace"),
        ("embarcar", "embarque"),
        ("romper", "rompieron"),
        ("cumplir", "cumplimos"),
        ("felicitar", "felicitarlos"),
    ],
)
def test_a_verb_takes_person_and_tense(verb, form):
    assert form in dict(verb_forms(verb))


def test_a_verb_has_no_conditional_which_only_wishes():
    assert "gustaria" not in dict(verb_forms("gustar"))


@pytest.mark.parametrize(
    "word", ["tarde", "raya", "maleta", "malla", "gustaria", "boleto", "efectivo", "cambio"]
)
def test_words_that_only_look_like_a_form_have_no_weight(word):
    entry = spanish_lexicon().anywhere.get(word)
    assert entry is None or entry.weight == 0


def test_a_superlative_weighs_more_than_its_adjective():
    assert weight("malisimo") < weight("malo") < 0 < weight("lindo") < weight("lindisima")


def test_a_listed_word_wins_over_a_form_of_another():
    assert weight("chimba") > 0 > weight("chimbo")


def test_alternatives_may_be_left_out():
    assert alternatives("no (me|nos|) llego") == ["no me llego", "no nos llego", "no llego"]


@pytest.mark.parametrize(
    "word",
    [
        "bacano",
        "chevere",
        "chimba",
        "berraquera",
        "jarto",
        "paila",
        "mamera",
        "pesimo",
        "divino",
        "hermoso",
        "tenaz",
        "maluco",
        "peye",
        "chiviado",
    ],
)
def test_words_of_the_region_are_known(word):
    assert weight(word) != 0
