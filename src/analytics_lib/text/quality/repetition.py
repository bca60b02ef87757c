"""Is it the same question again: two normalised texts compared by the words that say what they are about.

The measure is Dice's: twice the weight of what they share over the weight of both, so that 1 is the same
words in any order. Words of grammar and courtesy weigh nothing, words for one thing count as one, one letter
wrong is forgiven. A number that only one text gives weighs little: who asks again leaves it away. Where each
text names another order, size, place or product, they ask different things however much else they share.
``repetition.yaml`` holds the words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple, cast

from analytics_lib.yaml_files import read_yaml

SAME_QUESTION = 0.7
_DIFFERENT = 0.5
_ASKING_WEIGHT = 0.5
_NUMBER_WEIGHT = 0.3
_SHORTEST_FORGIVEN = 4

# The letters before the digits of an order's code are dropped: people give the number alone the second time.
_WORD = re.compile(r"(?:\b[^\W\d_]{1,3} )?(\d[^\W_]{3,})|([^\W_]+)")
# What is left of "where's", "I'm", "don't" once the apostrophe is a space: else a size S or M.
_CONTRACTED = re.compile(
    r"\b(i|it|you|we|they|what|where|how|who|when|that|there|here|let|[a-z]+n) (?:s|m|t|d|ll|re|ve)\b"
)
# "cuánto se demora" asks for a time, not for a price.
_HOW_LONG = re.compile(r"\bcuanto (?=(?:se |me |nos |le )?(?:demor|tard|tiempo|lleg))")
_LONG_VOWEL = re.compile(r"([aeiou])\1+\Z")
_MOST_PAIRS = 400


class _Words(NamedTuple):
    empty: frozenset[str]
    asking: frozenset[str]
    onward: frozenset[str]
    choices: dict[str, str]
    sides: frozenset[str]
    same: dict[str, str]


def similarity(first: str, second: str) -> float:
    """How much two texts share of what they are about.

    Args:
        first: A text as ``normalize.normalise`` gives it.
        second: Another.

    Returns:
        0 (nothing) to 1 (the same text, or the same words in another order), at most 0.5 where each names
        another order, size, place or thing. 0 where a text only greets or thanks, unless both are equal.
    """
    if first == second:
        return 1.0
    one, other = _content(first), _content(second)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    left, right = one - other, other - one
    forgiven = _forgiven(left, right) if left and right else frozenset()
    left, right = left - forgiven, right - forgiven
    # fsum rounds alike in any order: what shares nothing is exactly 0.
    apart = fsum(map(_weight, [*left, *right]))
    whole = fsum(map(_weight, [*one, *other]))
    share = 1 - apart / whole
    return min(share, _DIFFERENT) if _asks_something_else(left, right) else share


def same_question(first: str, second: str) -> bool:
    """Whether a reader would say that two normalised texts ask the same.

    Greetings and thanks ask nothing; *next step* and *more details* ask something new each time.
    """
    empty = any(_content(text) <= _words().onward for text in (first, second))
    return not empty and similarity(first, second) >= SAME_QUESTION


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = cast("dict[str, Any]", read_yaml(Path(__file__).parent / "repetition.yaml"))
    groups = [line.split() for line in data["same"]]
    return _Words(
        frozenset(map(_jumbled, data["empty"].split())),
        frozenset(data["asking"].split()),
        frozenset(data["onward"].split()),
        {word: kind for kind, words in data["choices"].items() for word in words.split()},
        frozenset(data["sides"].split()),
        {_jumbled(word): group[0] for group in groups for word in group},
    )


@lru_cache(maxsize=20_000)
def _content(text: str) -> frozenset[str]:
    words = _words()
    plain = _HOW_LONG.sub("", _CONTRACTED.sub(r"\1", text))
    found = (number or word for number, word in _WORD.findall(plain))
    # Jumbled, "east" would be "esta": a word that chooses is never taken for an empty one.
    return frozenset(
        _one_name(word) for word in found if word in words.choices or _jumbled(word) not in words.empty
    )


@lru_cache(maxsize=100_000)
def _jumbled(word: str) -> str:
    """A word's first letter and its others in order: *cno* and *con*, *amigaa* and *amiga* are then one."""
    return word[:1] + "".join(sorted(_LONG_VOWEL.sub(r"\1", word[1:])))


@lru_cache(maxsize=100_000)
def _one_name(word: str) -> str:
    """The name for what a word means: its group's, or its singular."""
    words = _words()
    if _jumbled(word) in words.same:
        return words.same[_jumbled(word)]
    if word in words.asking:
        return word
    singulars = (word.removesuffix("s"), word.removesuffix("es"))
    regular = singulars[0] if len(word) > _SHORTEST_FORGIVEN else word
    return next((singular for singular in singulars if singular in words.choices), regular)


@lru_cache(maxsize=100_000)
def _weight(word: str) -> float:
    if word in _words().asking:
        return _ASKING_WEIGHT
    return _NUMBER_WEIGHT if _kind(word) == "number" else 1.0


@lru_cache(maxsize=100_000)
def _kind(word: str) -> str | None:
    """Among which choices a word is one: numbers and codes, sizes, places, …; null for other words."""
    return "number" if any(map(str.isdigit, word)) else _words().choices.get(word)


def _asks_something_else(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether what only one text says makes it another question, however much they share.

    Both choose, and differently; each names a thing that the other does not; or one asks about another side
    of the same thing (its price, its sizes).
    """
    kinds = {_kind(word) for word in left} & {_kind(word) for word in right}
    things = [any(_weight(word) == 1 for word in side) for side in (left, right)]
    return bool(kinds - {None}) or all(things) or bool((left | right) & _words().sides)


def _forgiven(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """The words of both sides that are one letter away from a word of the other side.

    Walls of text are compared as they are: every pair of their words would take a second.
    """
    if len(left) * len(right) > _MOST_PAIRS:
        return frozenset()
    # Of most pairs the lengths tell already, which costs far less than to compare them.
    near = ((one, other) for one in left for other in right if abs(len(one) - len(other)) <= 1)
    return frozenset(word for pair in near if _one_edit(*sorted(pair)) for word in pair)


@lru_cache(maxsize=100_000)
def _one_edit(first: str, second: str) -> bool:
    """Whether a letter more, less, other, or two exchanged, make one the other; not of two known words."""
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) < _SHORTEST_FORGIVEN or len(longer) - len(shorter) > 1:
        return False
    if "number" in (_kind(first), _kind(second)) or (_has_meaning(first) and _has_meaning(second)):
        return False
    alike = zip(shorter, longer, strict=False)
    start = next((at for at, (one, other) in enumerate(alike) if one != other), len(shorter))
    rest, more = shorter[start:], longer[start:]
    if len(rest) < len(more):
        return rest == more[1:]
    return rest[1:] == more[1:] or (rest[:2] == more[1::-1] and rest[2:] == more[2:])


def _has_meaning(word: str) -> bool:
    words = _words()
    return word in words.choices or word in words.asking or _jumbled(word) in words.same
