"""What a message is about, as a few words: what tells one question from another, spelled in one way.

Of a normalised text (see ``text.normalize``) stop words and the small change of chats are left out
(``stop_words.yaml``, ``topic_words.yaml``). What stands for one of many becomes one word: a number or code
``#``, a word of the catalogue's product names ``{product}``, a city of the users ``{city}``, a size
``{size}``, a given name ``{name}``; else a question about a pair of jeans would be another topic than the
same about a dress. What is written in two ways becomes one: a plural its singular, and a rare word a much
more frequent one it differs from by one letter, unless the rare one is a common word of Spanish or English.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from spellchecker import SpellChecker

from analytics_lib.text.normalize import normalise, words
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NUMBER, PRODUCT, CITY, SIZE, NAME = "#", "{product}", "{city}", "{size}", "{name}"
KINDS = (NUMBER, PRODUCT, CITY, SIZE, NAME)

# A word this much more frequent is what a rare one was meant to be.
_RARER = 3
_SHORTEST_MISSPELLED = 5
_SHORTEST_PLURAL = 4
_LONGEST_WORD = 30
# How often a word is seen in a dictionary's corpus of a thousand million words before it is no misspelling.
_COMMON = 300
_FOLD = str.maketrans("áéíóúü", "aeiouu")
_MOST_WORDS = 40


@dataclass(frozen=True)
class Names:
    """Words that stand for one of many.

    Attributes:
        products: Words of the catalogue's product names.
        cities: Cities of users and conversations, each as its words.
    """

    products: frozenset[str] = field(default_factory=frozenset)
    cities: frozenset[tuple[str, ...]] = field(default_factory=frozenset)

    @cached_property
    def city_starts(self) -> frozenset[str]:
        """The words with which a city begins."""
        return frozenset(place[0] for place in self.cities)


def names_of(products: Iterable[str], cities: Iterable[str]) -> Names:
    """The words of these products and cities, as they are met in normalised texts."""
    named = {word for name in products for word in words(normalise(name)) if _telling(word)}
    places = {tuple(words(normalise(city))) for city in cities}
    return Names(
        frozenset(word for word in named if not any(letter.isdigit() for letter in word)),
        frozenset(place for place in places if place and len("".join(place)) > 2),
    )


def telling_words(texts: Sequence[str], *, names: Names | None = None) -> list[tuple[str, ...]]:
    """The telling words of each normalised text, in order; none for a text without any.

    Misspellings are folded by how often the words occur in ``texts``, each of which is taken as said once.

    Args:
        texts: Normalised texts, each different.
        names: What stands for one of many; null = numbers and sizes only.
    """
    known = names or Names()
    said = [words(text)[:_MOST_WORDS] for text in texts]
    counts = Counter(word for each in said for word in set(each))
    meant = folded(counts)
    spelled = ([meant.get(word, word) for word in each] for each in said)
    return [tuple(_once(_words_of(each, known))) for each in spelled]


def may_name(words_of: Iterable[str]) -> bool:
    """Whether telling words may hold a person's name: one is there, or is said to follow."""
    return any(word == NAME or word in _listed("before_names") for word in words_of)


def folded(counts: Mapping[str, int]) -> dict[str, str]:
    """Plurals and misspellings with the word each stands for.

    Args:
        counts: How often each word is used.

    Returns:
        ``tallas`` -> ``talla`` where both are used; ``tarejta`` -> ``tarjeta`` where the second is used at
        least 3 times as often, the first is no common word, and one edit (a letter more, less, other, two
        exchanged) lies between them. A word that stands for itself is left out.
    """
    plural = {word: one for word in counts if (one := _singular(word, counts)) is not None}
    near = _neighbours(counts)
    typed = {
        word: other
        for word in counts
        if word not in plural and (other := _meant(word, counts, near)) is not None
    }
    joined = typed | plural
    return {word: joined.get(other, other) for word, other in joined.items()}


def _words_of(said: Sequence[str], names: Names) -> Iterator[str]:
    """Telling words of one text, with one word for what stands for one of many."""
    place = 0
    while place < len(said):
        word = said[place]
        city = _city_length(said, place, names) if word in names.city_starts else 0
        kind = CITY if city else _kind(said, place, names)
        if kind or _telling(word):
            yield kind or word[:_LONGEST_WORD]
        place += max(city, 1)


def _city_length(said: Sequence[str], place: int, names: Names) -> int:
    """How many words of a city's name begin here, at most three; 0 for none."""
    return next((n for n in (3, 2, 1) if tuple(said[place : place + n]) in names.cities), 0)


def _kind(said: Sequence[str], place: int, names: Names) -> str:
    word, before = said[place], said[place - 1] if place else ""
    if word in _listed("sizes") or (word in _listed("letter_sizes") and before in _listed("before_size")):
        return SIZE
    if any(letter.isdigit() for letter in word):
        return NUMBER
    if word in _listed("given_names") and word not in names.products:
        return NAME
    return PRODUCT if word in names.products else ""


def _telling(word: str) -> bool:
    if len(word) < 2 or not word[0].isalnum() or word in _listed("fillers"):
        return False
    return word in _listed("asks") or word not in _stop_words()


def _once(said: Iterable[str]) -> Iterator[str]:
    """Without what merely repeats the word before it."""
    before = ""
    for word in said:
        if word != before:
            yield word
        before = word


def _singular(word: str, counts: Mapping[str, int]) -> str | None:
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word in _listed("fillers"):
        return None
    shorter = (word[:-1], word[:-2] if word.endswith("es") else "")
    return next((one for one in shorter if len(one) > 2 and one in counts), None)


def _neighbours(counts: Mapping[str, int]) -> Mapping[str, list[str]]:
    """Frequent words by what is left of them without one letter."""
    near: defaultdict[str, list[str]] = defaultdict(list)
    for word, n in counts.items():
        if n >= _RARER and _may_be_misspelled(word):
            for less in {word, *_without_one(word)}:
                near[less].append(word)
    return near


def _meant(word: str, counts: Mapping[str, int], near: Mapping[str, list[str]]) -> str | None:
    if not _may_be_misspelled(word):
        return None
    close = {other for less in (word, *_without_one(word)) for other in near.get(less, ())} - {word}
    frequent = [other for other in close if counts[other] >= _RARER * counts[word]]
    best = sorted((other for other in frequent if _one_edit(word, other)), key=lambda o: (-counts[o], o))
    return best[0] if best and word not in _common_words() else None


def _may_be_misspelled(word: str) -> bool:
    return len(word) >= _SHORTEST_MISSPELLED and word.isalpha()


def _without_one(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two exchanged, lie between two words."""
    short, long = sorted((one, other), key=len)
    place = next(
        (n for n, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short)
    )
    if len(short) < len(long):
        return short[place:] == long[place + 1 :]
    exchanged = short[place : place + 2] == long[place : place + 2][::-1]
    return short[place + 1 :] == long[place + 1 :] or (exchanged and short[place + 2 :] == long[place + 2 :])


@cache
def _common_words() -> frozenset[str]:
    """What people write often in Spanish or English, without accents."""
    found: set[str] = set()
    for language in ("es", "en"):
        frequencies = SpellChecker(language=language).word_frequency.dictionary
        found.update(word.translate(_FOLD) for word, n in frequencies.items() if n >= _COMMON)
    return frozenset(found)


@cache
def _listed(name: str) -> frozenset[str]:
    lists = cast("dict[str, str]", read_yaml(Path(__file__).with_suffix(".yaml")))
    return frozenset(str(lists[name]).split())


@cache
def _stop_words() -> frozenset[str]:
    lists = cast("dict[str, str]", read_yaml(Path(__file__).parent / "stop_words.yaml"))
    return frozenset(word for of_language in lists.values() for word in of_language.split())
