"""Which language a message is written in: Spanish, English, or both.

A message is judged by its telling words (``language_words.yaml``): words that one of the two languages uses
all the time and the other hardly ever. Words that Spanish shop talk borrows (*sale*, *outfit*, *tracking*)
count only where nothing else tells. Where no telling word is found, a dictionary of each language (simplemma)
is asked for words that only one of them knows. Spanish signs (ñ, ¿, accents) decide last.

A message is *mixed* when the smaller language has 30 % of its different telling words or more, as in
"hola, do you have this en talla M?".

Known limits: a title or a place named in the other language counts like any words of it, so that
"graba Game of Thrones" may be mixed, and a Portuguese message may pass for Spanish.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd
import simplemma

from analytics_lib.text.columns import of_each, values_of
from analytics_lib.text.normalize import without_links, written_words
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTS = cast("dict[str, str]", read_yaml(Path(__file__).parent / "language_words.yaml"))
_SPANISH, _ENGLISH, _BORROWED = (frozenset(_LISTS[key].split()) for key in ("es", "en", "borrowed"))
_SURELY_ENGLISH = _ENGLISH - _BORROWED
_BORROWED_ENGLISH = _ENGLISH & _BORROWED
_MIXED_SHARE = 0.3
_SHORTEST_LOOKED_UP = 3
_READ = 500  # characters; a longer text without a telling word is hardly in either language
_LETTERS = re.compile(rf"[^\W\d_]{{{_SHORTEST_LOOKED_UP},}}")
_SPANISH_SIGN = re.compile("[ñÑ¿¡áéíóúÁÉÍÓÚ]")


def languages(texts: pd.Series) -> pd.Series:
    """The language of each text: ``es``, ``en``, ``mixed``, or null where it cannot be said.

    Null are nulls, and texts without a word (digits, emoji, links) or with words of neither language only.

    Args:
        texts: Strings, nulls allowed; every distinct text is looked at once.

    Returns:
        A column of the same index and name.
    """
    return pd.Series(of_each(texts, _language, None), index=texts.index, name=texts.name, dtype="str")


def main_language(texts: pd.Series) -> str | None:
    """The language of most of these texts, ``es`` or ``en``; null if none of them can be told.

    A mixed text counts for both. Where both have as many, the language of the first text in one alone counts.
    """
    return main_of(values_of(languages(texts)))


def main_of(languages: Iterable[object]) -> str | None:
    """The main language (see ``main_language``) of texts whose languages are told already."""
    found = [language for language in languages if isinstance(language, str)]
    spanish, english = found.count("es"), found.count("en")
    if spanish != english:
        return "es" if spanish > english else "en"
    if spanish:
        return next(language for language in found if language != "mixed")
    return "es" if "mixed" in found else None


def _language(text: str) -> str | None:
    words = written_words(text)
    return (
        _judged(len(_SPANISH.intersection(words)), len(_SURELY_ENGLISH.intersection(words)))
        or _judged_by_dictionary(text)
        or ("es" if _SPANISH_SIGN.search(text) else None)
        or ("en" if not _BORROWED_ENGLISH.isdisjoint(words) else None)
    )


def _judged(spanish: int, english: int) -> str | None:
    """The language by how many different telling words of each there are."""
    if spanish + english == 0:
        return None
    if min(spanish, english) >= _MIXED_SHARE * (spanish + english):
        return "mixed"
    return "es" if spanish > english else "en"


def _judged_by_dictionary(text: str) -> str | None:
    """The language by the words that one dictionary knows and the other does not."""
    # As written: the dictionary knows words with their accents only.
    known = [_known_only_in(word.lower()) for word in _LETTERS.findall(without_links(text)[:_READ])]
    return _judged(known.count("es"), known.count("en"))


@lru_cache(maxsize=50_000)
def _known_only_in(word: str) -> str | None:
    if word in _BORROWED:
        return None
    spanish, english = (simplemma.is_known(word, lang=language) for language in ("es", "en"))
    if spanish == english:
        return None
    return "es" if spanish else "en"
