"""How easy a text reads: Szigriszt-Pazos for Spanish, Flesch for English; 100 is very easy, 0 very hard.

Spanish: ``206.835 - 62.3 * syllables / words - words / sentences`` (Szigriszt Pazos, *Sistemas predictivos de
legibilidad del mensaje escrito: fórmula de perspicuidad*, Universidad Complutense de Madrid, 1993). English:
``206.835 - 84.6 * syllables / words - 1.015 * words / sentences`` (Flesch, *A new readability yardstick*,
Journal of Applied Psychology 32, 1948). Spanish syllables follow the rules of diphthong and hiatus; English
ones are vowel groups without silent endings, which errs on words such as *idea*.
"""

from __future__ import annotations

import re
from functools import lru_cache

from analytics_lib.errors import RequestError

FEWEST_WORDS = 20

_NOT_PROSE = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]++@\S+|\[\w{1,20}\]")
# A point that ends no sentence: "10 a. m.", "Dra. Gil".
_ABBREVIATED = re.compile(r"\b(a|p)\. ?m\.|\b(sra?|dra?|cra|cll|av|aprox|mrs?|ms|st)\.", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001 - the apostrophe that phones type

_SILENT_U = re.compile(r"(?<=[qg])u(?=[eiéí])")
_CONSONANT_Y = re.compile(r"y(?=[aeiouáéíóú])")
# Within a group of vowels a syllable begins between two strong ones, and beside an accented weak one.
_HIATUS = re.compile(r"(?<=[aeoáéó])(?=[aeoáéóíú])|(?<=[íú])(?=[aeoáéó])")
_SPANISH_VOWELS = re.compile(r"[aeiouáéíóúüy]+")
_ENGLISH_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_ENDING = re.compile(r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouytd]ed$|[^aeiouyscxzgh]es$")


def readability(text: str, language: str) -> float | None:
    """The reading ease of a text by the formula of its language.

    Args:
        text: Prose, not normalised; addresses, masks and numbers are no words.
        language: ``es`` or ``en``.

    Returns:
        About 0 (very hard) to 100 (very easy), beyond either end for extreme texts; null where the text has
        fewer than ``FEWEST_WORDS`` words, since one long word would then move the score by a whole grade.

    Raises:
        RequestError: If there is no formula for the language.
    """
    if language not in _FORMULAS:
        raise RequestError(f"No readability formula for {language!r}. Give one of: {', '.join(_FORMULAS)}.")
    prose = _ABBREVIATED.sub(" ", _NOT_PROSE.sub(" ", text))
    sentences = [words for part in _SENTENCE_END.split(prose) if (words := _WORD.findall(part.lower()))]
    words = [word for sentence in sentences for word in sentence]
    if len(words) < FEWEST_WORDS:
        return None
    syllables, per_syllable, per_word = _FORMULAS[language]
    density = sum(map(syllables, words)) / len(words)
    return 206.835 - per_syllable * density - per_word * len(words) / len(sentences)


@lru_cache(maxsize=50_000)
def spanish_syllables(word: str) -> int:
    """The number of syllables of a lower-case Spanish word."""
    spoken = _CONSONANT_Y.sub("-", _SILENT_U.sub("", word))
    return max(1, len(_SPANISH_VOWELS.findall(_HIATUS.sub("-", spoken))))


@lru_cache(maxsize=50_000)
def english_syllables(word: str) -> int:
    """The number of syllables of a lower-case English word, about: its vowel groups but a silent last one."""
    return max(1, len(_ENGLISH_VOWELS.findall(word)) - bool(_SILENT_ENDING.search(word)))


_FORMULAS = {"es": (spanish_syllables, 62.3, 1.0), "en": (english_syllables, 84.6, 1.015)}
