"""One spelling for what people type in a chat, so that the same thing said twice is the same text.

A normalised text is its words, emoji, and question and exclamation marks, one blank between the words. It
is lower case and without accents (ñ is a letter of its own and stays). Stretched letters and laughter are cut
to one length, chat abbreviations are spelled out (``abbreviations.yaml``), and ``:)`` and its kin are emoji.
Links, masked personal data and all other punctuation have become blanks. Normalising twice changes nothing,
no text is refused, and the work is linear in its length.

Known limits: a stretched double letter loses its twin (``perrrro`` becomes ``pero``), and an abbreviation of
two languages is read as people write it to a shop in Colombia (``pls`` becomes ``por favor``).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import emoji
import pandas as pd

from analytics_lib.text.columns import of_each
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

# The structure of a possible emoji (Unicode Technical Standard 51, 1.4.9): a flag of two letters, or pictures
# held together by zero-width joiners, each with a skin tone, a variation selector or a regional flag's tags.
# Older signs (digits, the copyright sign) are emoji only with a selector, and are read as what they were.
_FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"


def _ranges(characters: set[str]) -> str:
    """A regular expression for one of the characters; ranges, since single ones are tried one by one."""
    codes = sorted(map(ord, characters))
    starts = [code for code in codes if chr(code - 1) not in characters]
    ends = [code for code in codes if chr(code + 1) not in characters]
    return "[" + "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True)) + "]"


_PICTURE = _ranges({sequence[0] for sequence in emoji.EMOJI_DATA if sequence[0] >= "\u2190"})
_DRESS = rf"(?:[\ufe0f\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f]++|(?<={_FLAG_LETTER}){_FLAG_LETTER})?+"
_EMOJI = re.compile(rf"({_PICTURE}{_DRESS}(?:\u200d{_PICTURE}{_DRESS})*+)")
_MAY_HOLD_EMOJI = re.compile("[\u2190-\u3299\U0001f000-\U0001faff]")
_BLANK_BEFORE_MARK = re.compile(r"(?<=[\w?!]) (?=[?!])")

_LINK_OR_MASK = re.compile(r"(?:https?://|www\.)\S++|\[[a-z]{2,12}\]", re.IGNORECASE)
_FACE = re.compile(r"(?<!\w)[:;=]-?[DPp](?!\w)|[:;]['-]?(?:\)++|\(++)(?!\w)|<3(?!\w)")
_FACES = {"3": "❤️", "D": "😄", "P": "😛", "p": "😛", ")": "🙂", "(": "🙁"}  # by the last character

_MAY_BE_UNEVEN = re.compile(r"([^ ])\1\1|[jh][aeio]{1,2} ?[jh]|sjs|jsj")  # quick, and true too often
_LARGEST_SIZES = re.compile(r"\b(x{3,}+)([ls])\b")
_LONE_CONSONANT = re.compile(r"\b([^\W\d_aeiouy])\1{2,}+\b")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}+")
_LAUGHING_K = re.compile(r"\bk{3,}+\b")


def _laughter(syllable: str, letters: str) -> str:
    """A word of these letters that holds the syllable and its beginning again, or the syllable said apart."""
    once = rf"{syllable}{syllable[1]}?"
    return rf"\b(?:(?=[{letters}]*{once}{syllable[0]})[{letters}]++|{once}(?: {once}\b)++)\b"


_LAUGHTER = {
    "jaja": re.compile("|".join((_laughter("ja", "ja"), _laughter("js", "jsa")))),
    **{2 * one: re.compile(_laughter(one, one)) for one in ("je", "ji", "jo", "ha", "he")},
}


class _Guarded(NamedTuple):
    """An abbreviation that holds among certain neighbours only."""

    means: str
    needs_next: bool = False
    not_after: frozenset[str] = frozenset()
    not_before: frozenset[str] = frozenset()
    only_after: frozenset[str] = frozenset()
    only_before: frozenset[str] = frozenset()


def _guarded(entry: Mapping[str, Any]) -> _Guarded:
    sets = {key: frozenset(value) for key, value in entry.items() if isinstance(value, list)}
    return _Guarded(entry["means"], entry.get("needs_next", False), **sets)


_DATA = cast("dict[str, dict[str, Any]]", read_yaml(Path(__file__).parent / "abbreviations.yaml"))
_ABBREVIATIONS: dict[str, str] = _DATA["words"]
_PAIRS: dict[str, str] = _DATA["pairs"]
_GUARDED = {word: _guarded(entry) for word, entry in _DATA["guarded"].items()}
_PAIR = re.compile(rf"(?<!\S)(?:{'|'.join(_PAIRS)})(?!\S)")
_MAY_BE_SHORT = frozenset(_ABBREVIATIONS) | frozenset(_GUARDED) | {pair.split()[0] for pair in _PAIRS}
_SIZES = frozenset({"xs", "xl", "xxs", "xxl"})
_ONE_LETTER_WORDS = frozenset("aeouy")


class _Folding(dict[int, str]):
    """For ``str.translate``: what each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_character(chr(code))
        return folded


def _folded_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Mc"}:
        return ""
    if category[0] not in "LN":
        return " "
    # Compatibility forms are letters in fancy dress; what they decompose into may need folding itself.
    parts = unicodedata.normalize("NFKD", character.lower())
    return parts if parts == character else "".join(map(_folded_character, parts))


_FOLDING = _Folding({ord("?"): " ? ", ord("!"): " ! ", ord("Ñ"): "ñ", ord("ñ"): "ñ"})


def normalise(text: str) -> str:
    """The text in its normal spelling; see the module for what that is.

    A ``?`` or ``!`` stands right behind its word, and is kept as often as it was written.
    """
    plain = _plain(text)
    if not _MAY_BE_SHORT.isdisjoint(plain.split(" ")):
        plain = _spelled_out(plain)
    if plain.isascii():  # no emoji, to which a mark would not be attached
        return plain.replace(" ?", "?").replace(" !", "!")
    return _BLANK_BEFORE_MARK.sub("", plain)


def normalise_column(texts: pd.Series) -> pd.Series:
    """A column of texts in their normal spelling; null stays null.

    Args:
        texts: Strings, nulls allowed. A bot says the same thing often: every distinct text is worked on once.

    Returns:
        A column of the same index and name.
    """
    return pd.Series(of_each(texts, normalise, None), index=texts.index, name=texts.name, dtype="str")


def words(normalised: str) -> list[str]:
    """The words and emoji of a normalised text, in order; without question and exclamation marks."""
    return normalised.replace("?", " ").replace("!", " ").split()


def written_words(text: str) -> list[str]:
    """The words and emoji of a text as they were typed: normalised, but with no abbreviation spelled out."""
    return words(_plain(text))


def without_links(text: str) -> str:
    """The text with a blank for each link and each mask such as ``[phone]``."""
    # To look for a character is much cheaper than to search for a pattern.
    if ":" in text or "[" in text or "ww." in text or "WW." in text:
        return _LINK_OR_MASK.sub(" ", text)
    return text


def _plain(text: str) -> str:
    """Words, emoji and marks with one blank between all of them, stretched letters and laughter evened."""
    text = without_links(text)
    if ":" in text or ";" in text or "=" in text or "<" in text:
        text = _FACE.sub(lambda face: f" {_FACES[face[0][-1]]} ", text)
    folded = text.translate(_FOLDING) if text.isascii() else _folded(text)
    plain = " ".join(folded.split())
    return _evened(plain) if _MAY_BE_UNEVEN.search(plain) else plain


def _folded(text: str) -> str:
    composed = text.replace("n\u0303", "ñ").replace("N\u0303", "ñ")
    if not _MAY_HOLD_EMOJI.search(composed):
        return composed.translate(_FOLDING)
    # Every second piece is an emoji, and stays as it is.
    pieces = _EMOJI.split(composed)
    pieces[::2] = [piece.translate(_FOLDING) for piece in pieces[::2]]
    return " ".join(pieces)


def _evened(plain: str) -> str:
    """Stretched letters and laughter cut to one length; none becomes a size or an abbreviation."""
    plain = _LARGEST_SIZES.sub(lambda size: f"{len(size[1])}x{size[2]}", plain)
    plain = _LONE_CONSONANT.sub(r"\1\1", _LAUGHING_K.sub("jaja", plain))
    plain = _STRETCHED.sub(r"\1", plain)
    for laughter, pattern in _LAUGHTER.items():
        plain = pattern.sub(laughter, plain)
    return plain


def _spelled_out(plain: str) -> str:
    tokens = _PAIR.sub(lambda pair: _PAIRS[pair[0]], plain).split(" ")
    tokens = " ".join([_ABBREVIATIONS.get(token, token) for token in tokens]).split(" ")
    # From the right: whether a word stands for another may hang on the word after it.
    for place in range(len(tokens) - 1, -1, -1):
        guarded = _GUARDED.get(tokens[place])
        if guarded:
            before = tokens[place - 1] if place else ""
            after = tokens[place + 1] if place + 1 < len(tokens) else ""
            if _holds(guarded, before, after):
                tokens[place] = guarded.means
    return " ".join(tokens)


def _holds(guarded: _Guarded, before: str, after: str) -> bool:
    """Whether an abbreviation is one between these neighbours."""
    if before[-1:].isdigit() or after in _SIZES:
        return False
    if before in guarded.not_after or after in guarded.not_before:
        return False
    if guarded.needs_next and not _is_word(after):
        return False
    chosen = guarded.only_after or guarded.only_before
    return not chosen or before in guarded.only_after or after in guarded.only_before


def _is_word(token: str) -> bool:
    """Whether a token is a number or a word, not a mark, an emoji or a stray letter."""
    return token.isalnum() and (len(token) > 1 or token.isdigit() or token in _ONE_LETTER_WORDS)
