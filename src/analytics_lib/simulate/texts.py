"""Texts of messages: from one list of finished phrases, opener, body and closer are picked by number."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.simulate import phrases
from analytics_lib.simulate.columns import spelled
from analytics_lib.simulate.intents import INTENTS, RECOGNISED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analytics_lib.simulate.world import World

OPENER_SHARE = 0.22
CLOSER_SHARE = 0.25
PERSONAL_SHARE = 0.006
PERSONAL_PHRASES = 300
# Most people type well; some drop accents, some letters.
SPELLINGS = 5
CHAT_SPELLING = (("por qué", "xq"), ("porque", "xq"), ("que", "q"), ("quiero", "kiero"), ("tienen", "tienn"))


@dataclass
class Phrasebook:
    """Finished phrases; a group of them is found by its name.

    Attributes:
        phrases: All phrases; number 0 is empty.
        groups: First number and size of each group.
    """

    phrases: list[str] = field(default_factory=lambda: [""])
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, group: str, texts: Iterable[str]) -> None:
        """Adds a group of phrases."""
        added = list(texts)
        self.groups[group] = (len(self.phrases), len(added))
        self.phrases.extend(added)

    def pick(self, rng: np.random.Generator, group: str, count: int) -> np.ndarray:
        """Numbers of random phrases of one group."""
        begin, size = self.groups[group]
        return begin + rng.integers(0, size, count)

    def pick_by(self, rng: np.random.Generator, groups: list[str], codes: np.ndarray) -> np.ndarray:
        """Numbers of random phrases, one from the group that each code names."""
        begin, size = np.array([self.groups[group] for group in groups]).T
        return np.asarray(begin[codes] + (rng.random(codes.size) * size[codes]).astype(np.int64))


@dataclass(frozen=True)
class Texts:
    """The parts of each text, as numbers of phrases."""

    opener: np.ndarray
    body: np.ndarray
    closer: np.ndarray

    def joined(self, book: Phrasebook, known: np.ndarray) -> pa.Array:
        """The texts, null where not ``known``."""
        parts = [spelled(codes, book.phrases) for codes in (self.opener, self.body, self.closer)]
        text = pc.binary_join_element_wise(*parts, "")
        return pc.if_else(pa.array(known), text, pa.scalar(None, pa.string()))


def create_phrasebook(world: World) -> Phrasebook:
    """Every phrase of this world; misspellings and personal data depend on its seed."""
    rng, book = world.stream("phrases"), Phrasebook()
    for intent in INTENTS:
        filled = itertools.chain.from_iterable(map(_filled, phrases.USER[intent]))
        book.add(f"user {intent}", itertools.chain.from_iterable(_spellings(rng, text) for text in filled))
        book.add(f"button {intent}", [phrases.BUTTONS[intent]])
    for intent in RECOGNISED:
        book.add(f"bot {intent}", itertools.chain.from_iterable(map(_filled, phrases.BOT[intent])))
    book.add("handover", phrases.HANDOVER)
    book.add("agent", phrases.AGENT)
    book.add("opener", phrases.OPENERS)
    book.add("closer", phrases.CLOSERS)
    book.add("personal", _personal(rng))
    book.add("hostile", phrases.HOSTILE)
    return book


def user_texts(
    rng: np.random.Generator, book: Phrasebook, intent: np.ndarray, button: np.ndarray
) -> tuple[Texts, np.ndarray]:
    """What users write, and which messages hold personal data; a button says what stands on it."""
    count = intent.size
    typed = book.pick_by(rng, [f"user {name}" for name in INTENTS], intent)
    pressed = book.pick_by(rng, [f"button {name}" for name in INTENTS], intent)
    opened = ~button & (rng.random(count) < OPENER_SHARE)
    closed = ~button & (rng.random(count) < CLOSER_SHARE)
    personal = ~button & (rng.random(count) < PERSONAL_SHARE)
    closer = np.where(closed, book.pick(rng, "closer", count), 0)
    texts = Texts(
        opener=np.where(opened, book.pick(rng, "opener", count), 0),
        body=np.where(button, pressed, typed),
        closer=np.where(personal, book.pick(rng, "personal", count), closer),
    )
    return texts, personal


def plain(body: np.ndarray) -> Texts:
    """Texts without opener and closer."""
    nothing = np.zeros(body.size, dtype=np.int64)
    return Texts(nothing, body, nothing)


def _filled(template: str) -> list[str]:
    slot = next((name for name in phrases.SLOTS if name in template), None)
    if slot is None:
        return [template]
    return [other for value in phrases.SLOTS[slot] for other in _filled(template.replace(slot, value, 1))]


def _spellings(rng: np.random.Generator, text: str) -> list[str]:
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    short = bare
    for formal, chatty in CHAT_SPELLING:
        short = short.replace(formal, chatty)
    return [*[text] * (SPELLINGS - 3), bare, short, _mistyped(rng, bare)]


def _mistyped(rng: np.random.Generator, text: str) -> str:
    """Two neighbouring letters swapped, or one left out."""
    place = int(rng.integers(1, max(2, len(text) - 2)))
    if rng.random() < 0.5:
        return text[:place] + text[place + 1 :]
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def _personal(rng: np.random.Generator) -> list[str]:
    numbers = rng.integers(0, 10_000_000, PERSONAL_PHRASES).tolist()
    shapes = (
        ", mi correo es ana.torres{0:07d}@example.com",
        ", mi cel es 310 {0:07d}",
        ", me llaman al +57301{0:07d}",
        ", mi cédula es 1.0{1:02d}.{2:03d}.{3:03d}",
    )
    return [
        shapes[place % len(shapes)].format(number, number % 90 + 10, number % 1000, number // 1000 % 1000)
        for place, number in enumerate(numbers)
    ]
