"""Texts of customers on their way into a picture: cut to a length, and made inert for what draws them."""

from __future__ import annotations

import html
import textwrap
import unicodedata
from functools import cache

from matplotlib import font_manager

from analytics_lib.charts.words import Language, count, say

_JOINER = "\u200d"
# What turns the direction of everything after it; isolates and marks of a whole text are set by the page.
_DIRECTIONS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_LONGEST_CLUSTER = 32
_REPLACEMENT = "□"


def cut(text: str, limit: int, language: Language) -> str:
    """The text, or its first ``limit`` characters and how many it has; no character is cut in two."""
    if len(text) <= limit:
        return text
    end = limit
    # Marks piled on a letter and joined emoji are one character to a reader; a pile has no natural end.
    while end > max(limit - _LONGEST_CLUSTER, 1) and _continues(text, end):
        end -= 1
    return f"{text[:end]}… ({say('characters', language, n=count(len(text), language))})"


def for_page(text: str) -> str:
    """The text for HTML, isolated so that its writing direction stays its own."""
    return f"<bdi>{html.escape(text)}</bdi>"


def inert(text: str) -> str:
    """A text for Markdown that may hold HTML: no mark of either is left active."""
    return "".join(
        f"&#{ord(letter)};" if not letter.isalnum() and letter != " " else letter for letter in text
    )


def for_plotly(text: str, *, width: int = 0) -> str:
    """The text for plotly, which reads a small HTML subset; wrapped at ``width`` characters where given."""
    turned = text.translate(_DIRECTIONS)
    plain = "".join(letter if letter.isprintable() or letter == _JOINER else " " for letter in turned)
    lines = textwrap.wrap(plain, width) if width else [plain]
    # `$` would start a formula where MathJax is at hand.
    return "<br>".join(html.escape(line, quote=False).replace("$", "&#36;") for line in lines)


def for_matplotlib(text: str) -> str:
    """The text for matplotlib, with a box for what its font cannot draw."""
    plain = text.translate(_DIRECTIONS)
    return "".join(character if ord(character) in _drawable() else _REPLACEMENT for character in plain)


def _continues(text: str, place: int) -> bool:
    """Whether the character at ``place`` belongs to the one before it."""
    here, before = text[place], text[place - 1]
    skin_tone_or_tag = (
        0x1F3FB <= ord(here) <= 0x1F3FF or 0xE0020 <= ord(here) <= 0xE007F
    )  # two blocks of Unicode
    joined = _JOINER in {here, before} or skin_tone_or_tag
    return joined or unicodedata.category(here) in {"Mn", "Me", "Mc"}


@cache
def _drawable() -> frozenset[int]:
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    return frozenset(font.get_charmap())
