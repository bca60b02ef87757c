"""What the Spanish lexicon knows of a word or phrase; ``lexicon_es.yaml`` explains its sections.

Words of the sections that inflect are expanded when the lexicon is read, so that looking one up is one step
and a form that nobody meant (*maleta* for *malo*) cannot match.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Section = Mapping[float, str]

_CHOICE = re.compile(r"\(([^()]*)\)")
_FELT = ("me", "nos", "quede")
_STRONG = 2.0
_SUPERLATIVE = 1.4
_DIMINUTIVE = 0.9

# Endings of the regular verbs, without accents; no conditional.
_ENDINGS = {
    "ar": "o as a amos an e aste aron aba abas aban abamos ado ada ados adas ando es en emos are ara aran",
    "er": "o es e en iste io ieron ia ias ian iamos ido ida idos idas iendo a as an amos emos ere era eran",
    "ir": "o es e en iste io ieron ia ias ian iamos ido ida idos idas iendo a as an amos imos ire ira iran",
}
_PRONOUNS = ("", "me", "te", "se", "nos", "le", "les", "lo", "la", "los", "las")
_BEFORE_E = {"c": "qu", "g": "gu", "z": "c"}


class Entry(NamedTuple):
    """What is known of a word or phrase.

    Attributes:
        weight: Its polarity, -4 to 4.
        negatable: Whether a negation turns it around.
        asked: The share of the weight that remains where the word is asked about, not said.
    """

    weight: float
    negatable: bool
    asked: float


class Lexicon(NamedTuple):
    """All entries, by their normal spelling.

    Attributes:
        anywhere: Words, phrases and emoji that mean the same wherever they stand.
        opening: Those that mean this at the beginning of a clause.
        alone: Those that mean this where they are a whole clause.
        starts: For the first word of every entry the second words of its phrases, and for each how many words
            the phrases have that begin so, longest first.
        singles: Entries of a single word.
        shifts: Words that strengthen or weaken the word after them, and by what factor.
    """

    anywhere: dict[str, Entry]
    opening: dict[str, Entry]
    alone: dict[str, Entry]
    starts: dict[str, dict[str, tuple[int, ...]]]
    singles: frozenset[str]
    shifts: dict[str, float]


@cache
def spanish_lexicon() -> Lexicon:
    """The lexicon of the shop chat, read once in a process."""
    sections = cast("dict[str, Section]", read_yaml(Path(__file__).parent / "lexicon_es.yaml"))
    words = [
        *_forms(sections["verbs"], verb_forms, asked=0.5),
        *_forms(sections["things"], adjective_forms, asked=0.5),
        *_forms(sections["qualities"], adjective_forms, asked=0.0),
        *_forms(sections["exact"], _as_written, asked=0.5),
    ]
    # Later ones win: a word that is listed stays as listed, whatever form of another it may be.
    anywhere = {
        **{form: entry for form, entry, listed in words if not listed},
        **{form: entry for form, entry, listed in words if listed},
        **dict(_phrases(sections["phrases"])),
        **dict(_fixed(sections["courtesy"])),
        **dict(_fixed(sections["emoji"])),
    }
    opening, alone = dict(_fixed(sections["opening"])), dict(_fixed(sections["alone"]))
    shifts = {**_factors(sections["intensifiers"]), **_factors(sections["diminishers"])}
    keys = {*anywhere, *opening, *alone}
    singles = frozenset(key for key in keys if " " not in key)
    return Lexicon(anywhere, opening, alone, _starts(keys), singles, shifts)


def adjective_forms(word: str) -> Iterator[tuple[str, float]]:
    """The forms of an adjective or noun, each with the factor that its ending puts on the weight."""
    stem = word[:-1] if word[-1] in "oae" else word
    gendered = word[-1] in "oa"
    yield word, 1.0
    for plural in ("s",) if word[-1] in "aeou" else ("es",):
        yield word + plural, 1.0
    if gendered:
        yield from ((stem + ending, 1.0) for ending in ("o", "a", "os", "as"))
    soft = _softened(stem)
    for ending in ("o", "a", "os", "as"):
        yield f"{soft}isim{ending}", _SUPERLATIVE
        yield f"{soft}it{ending}", _DIMINUTIVE
    yield (stem + "a" if gendered else word) + "mente", 1.0


def verb_forms(infinitive: str) -> Iterator[tuple[str, float]]:
    """The forms of a regular verb, none of the conditional; the infinitive also with its pronouns."""
    stem, kind = infinitive[:-2], infinitive[-2:]
    for ending in _ENDINGS[kind].split():
        # Sacar, saqué; llegar, llegué; rechazar, rechacé.
        changes = kind == "ar" and ending.startswith("e")
        yield (_softened(stem) if changes else stem) + ending, 1.0
    yield from ((infinitive + pronoun, 1.0) for pronoun in _PRONOUNS)


def alternatives(phrase: str) -> list[str]:
    """Every wording of a phrase with choices: ``no (me|) llego`` is *no me llego* and *no llego*."""
    parts = [part.split("|") for part in _CHOICE.split(phrase)]
    return [" ".join("".join(chosen).split()) for chosen in itertools.product(*parts)]


def terms(section: Section) -> Iterator[tuple[str, float]]:
    """The entries of a section as they are written in the file, each with its weight."""
    for weight, listed in section.items():
        yield from ((term, float(weight)) for term in re.split(r",\s+", listed.strip().rstrip(",")))


def _softened(stem: str) -> str:
    return stem[:-1] + _BEFORE_E.get(stem[-1], stem[-1])


def _as_written(word: str) -> Iterator[tuple[str, float]]:
    yield word, 1.0


def _forms(
    section: Section, forms: Callable[[str], Iterator[tuple[str, float]]], *, asked: float
) -> Iterator[tuple[str, Entry, bool]]:
    """Every form of every word, its entry, and whether it is the form that is listed."""
    for word, weight in terms(section):
        for form, factor in forms(word):
            yield form, Entry(weight * factor, negatable=True, asked=asked), form == word


def _phrases(section: Section) -> Iterator[tuple[str, Entry]]:
    for term, weight in terms(section):
        for phrase in alternatives(term):
            felt = weight < 0 or phrase.startswith(_FELT)
            asked = float(abs(weight) >= _STRONG and felt)
            # A phrase with a negation of its own is not turned around by it.
            yield (
                phrase,
                Entry(weight, negatable=not phrase.startswith(("no ", "nada ", "sin ")), asked=asked),
            )


def _fixed(section: Section) -> Iterator[tuple[str, Entry]]:
    for term, weight in terms(section):
        for phrase in alternatives(term):
            yield phrase, Entry(weight, negatable=False, asked=1.0)


def _factors(section: Section) -> dict[str, float]:
    return dict(terms({float(factor): listed for factor, listed in section.items()}))


def _starts(keys: set[str]) -> dict[str, dict[str, tuple[int, ...]]]:
    starts: dict[str, dict[str, tuple[int, ...]]] = {}
    # Longest first, so that the lengths after each pair of words come out in that order.
    for key in sorted(keys, key=lambda key: -key.count(" ")):
        first, *rest = key.split(" ")
        following = starts.setdefault(first, {})
        if rest:
            following[rest[0]] = tuple(dict.fromkeys((*following.get(rest[0], ()), 1 + len(rest))))
    return starts
