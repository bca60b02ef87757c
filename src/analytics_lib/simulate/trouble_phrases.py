"""Wordings of the conversations with planted troubles, and how people type a wording once more.

The catalogue is ``trouble_phrases.yaml``: pools of phrases by language, and families of questions. Within a
group of a family the wordings ask the same with mostly the same words; two groups ask different things.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

_CATALOGUE = Path(__file__).with_name("trouble_phrases.yaml")
_SHORTEST_TYPO = 5


@dataclass(frozen=True)
class Family:
    """One thing customers ask: ``groups`` of wordings, ``answers``, the bot's ``action`` if it calls one."""

    intent: str
    groups: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    action: str | None

    @property
    def telling(self) -> list[str]:
        """Answers that name what was asked about, so that they differ with it."""
        slots = ("{pedido}", "{producto}", "{talla}", "{ciudad}", "{valor}")
        return [answer for answer in self.answers if any(slot in answer for slot in slots)]


@dataclass(frozen=True)
class Phrasebook:
    """What is said in one language: ``pools`` of phrases by name, and the families of questions."""

    pools: Mapping[str, tuple[str, ...]]
    families: tuple[Family, ...]


@cache
def phrasebook(language: str) -> Phrasebook:
    """The phrases of a language, ``es`` or ``en``."""
    catalogue = cast("dict[str, dict[str, Any]]", read_yaml(_CATALOGUE))[language]
    families = tuple(
        Family(
            intent=entry["intent"],
            groups=tuple(tuple(group) for group in entry["groups"]),
            answers=tuple(entry["answers"]),
            action=entry.get("action"),
        )
        for entry in catalogue["families"]
    )
    pools = {name: tuple(phrases) for name, phrases in catalogue.items() if name != "families"}
    return Phrasebook(pools, families)


def without_accents(text: str) -> str:
    """The text as a hurried person types it: no accents, the ñ kept, no opening marks."""
    kept = text.replace("ñ", "\0")
    plain = "".join(sign for sign in unicodedata.normalize("NFD", kept) if not unicodedata.combining(sign))
    return plain.replace("\0", "ñ").replace("¿", "").replace("¡", "")


def with_typo(rng: random.Random, text: str) -> str:
    """The text with two neighbouring letters exchanged, or one lost, inside its longest word of letters.

    A text without a word of five letters comes back as it is.
    """
    words = [
        word for word in text.replace("?", " ").split() if word.isalpha() and len(word) >= _SHORTEST_TYPO
    ]
    if not words:
        return text
    word = max(words, key=len)
    at = rng.randrange(1, len(word) - 2)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    lost = word[:at] + word[at + 1 :]
    return text.replace(word, rng.choice((swapped, lost)), 1)


def typed_again(rng: random.Random, text: str) -> str:
    """The same words as somebody sends them a second time: as they were, hurried, loud, or with a typo."""
    hurried = without_accents(text).rstrip("?")
    return rng.choice((text, f"{hurried}??", hurried, text.upper(), with_typo(rng, text), f"{hurried} porfa"))
