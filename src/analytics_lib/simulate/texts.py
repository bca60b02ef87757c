"""Texts of messages: from one list of finished phrases, opener, body and closer are picked by number."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.simulate import phrases
from analytics_lib.simulate.columns import spelled
from analytics_lib.simulate.intents import INTENTS, RECOGNISED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    """Finished phrases by group; a template of a group stands for all of its fillings and spellings.

    Attributes:
        phrases: All phrases; number 0 is empty. Those of a template lie together, spellings fastest.
        templates: For each template its first phrase, its fillings, its spellings of each.
        groups: First template and number of templates of each group.
    """

    phrases: list[str] = field(default_factory=lambda: [""])
    templates: list[tuple[int, int, int]] = field(default_factory=list)
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, group: str, templates: Sequence[str], spell: Callable[[str], list[str]] | None = None
    ) -> None:
        """Adds a group of templates, each filling spelled in every way of ``spell``."""
        self.groups[group] = (len(self.templates), len(templates))
        for template in templates:
            fillings = [spell(text) if spell else [text] for text in _filled(template)]
            self.templates.append((len(self.phrases), len(fillings), len(fillings[0])))
            self.phrases.extend(itertools.chain.from_iterable(fillings))

    def pick(
        self, rng: np.random.Generator, groups: list[str], codes: np.ndarray, topic: np.ndarray
    ) -> np.ndarray:
        """Numbers of random phrases, one from the group that each code names; a topic always fills alike."""
        first, count = np.array([self.groups[group] for group in groups]).T
        template = first[codes] + (rng.random(codes.size) * count[codes]).astype(np.int64)
        begin, fillings, spellings = np.array(self.templates)[template].T
        spelling = (rng.random(codes.size) * spellings).astype(np.int64)
        return np.asarray(begin + (topic % fillings) * spellings + spelling)

    def pick_plain(self, rng: np.random.Generator, group: str, count: int) -> np.ndarray:
        """Numbers of random phrases of one group whose templates hold no slot."""
        nothing = np.zeros(count, dtype=np.int64)
        return self.pick(rng, [group], nothing, nothing)

    def numbers(self, group: str) -> np.ndarray:
        """Numbers of the first phrase of each template of a group."""
        first, count = self.groups[group]
        return np.array([begin for begin, _, _ in self.templates[first : first + count]])


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
        book.add(f"user {intent}", phrases.USER[intent], partial(_spellings, rng))
        book.add(f"button {intent}", [phrases.BUTTONS[intent]])
    for intent in RECOGNISED:
        book.add(f"bot {intent}", phrases.BOT[intent])
    for group, templates in (
        ("handover", phrases.HANDOVER),
        ("agent hello", phrases.AGENT_HELLO),
        ("agent", phrases.AGENT),
        ("opener", phrases.OPENERS),
        ("closer", phrases.CLOSERS),
        ("personal", _personal(rng)),
        ("hostile", phrases.HOSTILE),
    ):
        book.add(group, templates)
    return book


def user_texts(
    rng: np.random.Generator, book: Phrasebook, intent: np.ndarray, button: np.ndarray, topic: np.ndarray
) -> tuple[Texts, np.ndarray]:
    """What users write, and which messages hold personal data; a button says what stands on it."""
    count = intent.size
    typed = book.pick(rng, [f"user {name}" for name in INTENTS], intent, topic)
    pressed = book.pick(rng, [f"button {name}" for name in INTENTS], intent, topic)
    opened = ~button & (rng.random(count) < OPENER_SHARE)
    closed = ~button & (rng.random(count) < CLOSER_SHARE)
    personal = ~button & (rng.random(count) < PERSONAL_SHARE)
    closer = np.where(closed, book.pick_plain(rng, "closer", count), 0)
    texts = Texts(
        opener=np.where(opened, book.pick_plain(rng, "opener", count), 0),
        body=np.where(button, pressed, typed),
        closer=np.where(personal, book.pick_plain(rng, "personal", count), closer),
    )
    return texts, personal


def plain(body: np.ndarray) -> Texts:
    """Texts without opener and closer."""
    nothing = np.zeros(body.size, dtype=np.int64)
    return Texts(nothing, body, nothing)


def _filled(template: str) -> list[str]:
    """The template with every value of its slots; the first slot varies fastest, so that a topic keeps it."""
    slots = [slot for slot in phrases.SLOTS if slot in template]
    filled = []
    for values in itertools.product(*(phrases.SLOTS[slot] for slot in reversed(slots))):
        text = template
        for slot, value in zip(reversed(slots), values, strict=True):
            text = text.replace(slot, value)
        filled.append(text)
    return filled


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
