"""What a message does in a conversation: asks for a person, gives up, cannot help, is mere courtesy.

The dialogue acts that reviews look for, told by wording in Spanish and English (``dialogue_acts.yaml``).
Every function takes a column of normalised texts (see ``normalize``) and gives booleans, false where there is
no text. Wording is all they know: an act in words that nobody listed is missed, and irony taken at its word.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from analytics_lib.text.columns import of_each
from analytics_lib.text.normalize import words
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORDINGS = Path(__file__).with_suffix(".yaml")
_GAP = r"(?: \w+){0,4}?"
_MARKS = frozenset("?!")
# "holaa": a letter drawn out by one only is left alone when texts are normalised.
_DOUBLED = re.compile(r"(.)\1")
_WORD = re.compile(r"\w+")
_PICTURES = re.compile(r"[^\w ?!]+")


def asks_for_person(texts: pd.Series) -> pd.Series:
    """Whether a customer asks for a person instead of the bot; slips of the finger are read over."""
    asked, told, goes_on = (_pattern(act) for act in ("asks_for_person", "tells_of_person", "still_asks"))

    def asks(text: str) -> bool:
        plain = _without_slips(text)
        return bool(asked.search(plain)) and (not told.search(plain) or bool(goes_on.search(plain)))

    return _each(texts, asks)


def says_not_understood(texts: pd.Series) -> pd.Series:
    """Whether a bot says that it did not understand."""
    pattern = _pattern("not_understood")
    return _each(texts, lambda text: bool(pattern.search(text)))


def says_cannot_help(texts: pd.Series) -> pd.Series:
    """Whether a bot says that it cannot do what it was asked, or that something went wrong."""
    pattern = _pattern("cannot_help")
    return _each(texts, lambda text: bool(pattern.search(text)))


def asks_to_wait(texts: pd.Series) -> pd.Series:
    """Whether the shop tells the customer to wait: for an answer to come, or for a person to take over."""
    pattern = _pattern("asks_to_wait")
    return _each(texts, lambda text: bool(pattern.search(text)))


def is_courtesy(texts: pd.Series) -> pd.Series:
    """Whether a text is nothing but greeting, thanks, assent or farewell: it asks and answers nothing.

    A text of emoji alone is courtesy; one without any word is not.
    """
    return _each(texts, _is_courtesy)


def _is_courtesy(text: str) -> bool:
    thanked = _pattern("courtesy_phrases").sub("gracias", text)
    found = [word for word in words(thanked) if word not in _MARKS]
    spoken = [word for word in found if word[0].isalnum()]
    if not spoken:
        return bool(found)
    marks, others = _vocabulary("courtesy_marks"), _vocabulary("courtesy_words")
    plain = [word if word in marks or word in others else _DOUBLED.sub(r"\1", word) for word in spoken]
    return any(word in marks for word in plain) and all(word in marks or word in others for word in plain)


def _without_slips(text: str) -> str:
    """The words of a text without its emoji, those that asking hangs on as they are spelled."""
    plain = text if text.isascii() else " ".join(_PICTURES.sub(" ", text).split())
    slips = _slips()
    if slips.keys().isdisjoint(words(plain)):
        return plain
    return _WORD.sub(lambda found: slips.get(found[0], found[0]), plain)


@cache
def _slips() -> dict[str, str]:
    """The word behind each slip of the finger: a letter left out, doubled or swapped with the next."""
    known = _vocabulary("slips")
    slipped = {spelling: word for word in sorted(known) for spelling in _slipped(word)}
    return {spelling: slipped[spelling] for spelling in slipped.keys() - known - _vocabulary("no_slips")}


def _slipped(word: str) -> Iterator[str]:
    for place, letter in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        yield before + after
        yield before + 2 * letter + after
        yield before + after[:1] + letter + after[1:]


def _each(texts: pd.Series, judge: Callable[[str], bool]) -> pd.Series:
    return pd.Series(of_each(texts, judge, none=False), index=texts.index, dtype=bool)


@cache
def _wordings() -> dict[str, list[str] | str]:
    return cast("dict[str, list[str] | str]", read_yaml(_WORDINGS))


@cache
def _pattern(act: str) -> re.Pattern[str]:
    person = f"(?:{'|'.join(_wordings()['person'])})"
    lines = (line.replace("{person}", person).replace("~", _GAP) for line in _wordings()[act])
    return re.compile("|".join(rf"(?:\b(?:{line})(?!\w))" for line in lines))


@cache
def _vocabulary(name: str) -> frozenset[str]:
    return frozenset(str(_wordings()[name]).split())
