"""Misspelled words of a text, told with more care for precision than for recall.

A word is misspelled if no dictionary knows it and one edit (a letter more, less, other, two exchanged, an
accent forgotten) makes it a common word. Names, codes, addresses, masks, words in capitals and laughter are
left out, and so are the words of the shop, of Colombia and of English shop talk (``spelling.yaml``): a rare
word is no typo. Two words written as one and real words in the wrong place are mostly not seen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import simplemma
from spellchecker import SpellChecker

from analytics_lib.errors import RequestError
from analytics_lib.text.quality import address_words
from analytics_lib.yaml_files import read_yaml

LANGUAGES = ("es", "en")

_BETWEEN_SPACES = re.compile(r"<[^<>]{0,200}>|\S+")
_CODE = re.compile(r"[\d#@_/\\=<>\[{]|\.(?:com|co|net|org)\b")
_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001 - the apostrophe that phones type
_OPENS = re.compile(r"(?:^|[.!?…\n:])[\s¡¿\"'(*_]*\Z")
_STRETCHED = re.compile(r"(.)\1\1|(?:j[aeiou]){2}|(?:h[aei]){2}|\A(?:[^aeiouáéíóúüy]+|[aeiou]+)\Z")
_LETTERS = {"es": "abcdefghijklmnopqrstuvwxyzáéíóúüñ", "en": "abcdefghijklmnopqrstuvwxyz"}
_FOLD = str.maketrans("áéíóúü", "aeiouu")
_CLITICS = re.compile(r"(?:(?:me|te|se|nos)(?:l[oae]s?)?|l[oae]s?|monos)\Z")
_SHORT_VERBS = frozenset({"da", "dar", "de", "di", "haz", "ir", "pon", "sal", "ser", "ten", "ve", "ver"})
_SHORTEST, _LONGEST = 4, 25
# How often a word is seen in a dictionary's corpus: 0.7 thousand million words of Spanish, 1.6 of English.
_COMMON = 300
_BORROWED = 300


def typos(text: str, language: str) -> list[str]:
    """The misspelled words of a text, in order, as they are written.

    Args:
        text: As written; a missing accent is a misspelling where no word is written without it.
        language: ``es`` or ``en``.

    Raises:
        RequestError: If there is no dictionary for the language.
    """
    if language not in LANGUAGES:
        raise RequestError(f"No dictionary for language {language!r}. Give one of: {', '.join(LANGUAGES)}.")
    plain = _BETWEEN_SPACES.sub(_blank_if_code, text)
    return [
        word.group()
        for word in _WORD.finditer(plain)
        if _SHORTEST <= len(word.group()) <= _LONGEST
        and _plain_word(plain, word)
        and _misspelled(_bare(word.group()), language)
    ]


def _blank_if_code(found: re.Match[str]) -> str:
    """As many blanks for what has digits, slashes, brackets …: a code, an address, a mask, markup."""
    return " " * len(found.group()) if _CODE.search(found.group()) else found.group()


def _bare(written: str) -> str:
    return written.lower().replace("’", "'").removesuffix("'s")  # noqa: RUF001 - the apostrophe that phones type


def _plain_word(text: str, word: re.Match[str]) -> bool:
    """Whether a word is no name and no shout: small letters, but for the first of a sentence."""
    written = word.group()
    if written.islower():
        return True
    named = text[word.end() : word.end() + 1] == ","  # "Andrea, tu pedido …"
    return (
        written[1:].islower()
        and not named
        and bool(_OPENS.search(text, max(0, word.start() - 8), word.start()))
    )


@lru_cache(maxsize=2)
def _dictionary(language: str) -> dict[str, int]:
    return dict(SpellChecker(language=language, distance=1).word_frequency.dictionary)


@lru_cache(maxsize=1)
def _own_words() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """The words that are right though no dictionary has them, and by language those wrong though one has."""
    data = cast("dict[str, Any]", read_yaml(Path(__file__).parent / "spelling.yaml"))
    known = frozenset(word for words in data["known"].values() for word in words.split())
    return known, {language: frozenset(words.split()) for language, words in data["wrong"].items()}


@lru_cache(maxsize=100_000)
def _misspelled(word: str, language: str) -> bool:
    known, wrong = _own_words()
    if word in wrong[language]:
        return True
    if _STRETCHED.search(word) or word in known or _known(word, language):
        return False
    return any(_common(edit, language) for edit in _edits(word, _LETTERS[language]))


def _known(word: str, language: str) -> bool:
    if _listed(word, language):
        return True
    # Shop talk borrows common English words; a rare one is as likely a Spanish word misspelled.
    return language == "es" and (
        _dictionary("en").get(word, 0) >= _BORROWED or _addressed_or_with_clitic(word)
    )


def _listed(word: str, language: str) -> bool:
    return word in _dictionary(language) or simplemma.is_known(word, lang=language)


def _addressed_or_with_clitic(word: str) -> bool:
    """Whether a word is a form that dictionaries leave out: *podés*, or a verb with pronouns, *pídelo*."""
    clitic = _CLITICS.search(word)
    if word in address_words.lists().certain:  # "podés", "cuéntame"
        return True
    verb = word[: clitic.start()] if clitic else ""
    if len(verb) < 4:
        return verb.translate(_FOLD) in _SHORT_VERBS
    return any(_listed(base, "es") for base in (verb, verb.translate(_FOLD)))


def _common(word: str, language: str) -> bool:
    """Whether a word, or the word that it is a form of, is one that people write."""
    frequency = _dictionary(language)
    if frequency.get(word, 0) >= _COMMON or word in _own_words()[0]:
        return True
    lemma = simplemma.lemmatize(word, lang=language) if simplemma.is_known(word, lang=language) else ""
    return frequency.get(lemma, 0) >= _COMMON


def _edits(word: str, letters: str) -> set[str]:
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    shorter = {left + right[1:] for left, right in halves if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1}
    other = {left + letter + right[1:] for left, right in halves if right for letter in letters}
    longer = {left + letter + right for left, right in halves for letter in letters}
    return shorter | swapped | other | longer
