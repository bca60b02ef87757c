"""Sentiment of messages: -1 (very negative) to 1 (very positive), unknown where no word says anything.

Unknown is not neutral: *hola, mi pedido es el 20418* holds no word of a lexicon and is NaN, not 0. Spanish is
scored by rules over our own lexicon of shop talk (``polarity``, ``lexicon_es.yaml``), English by VADER (Hutto
& Gilbert, 2014) with a few words of shop talk changed (``lexicon_en.yaml``). Any other scorer, such as a
transformer, is plugged in through ``scorers``. Irony is out of reach of all word lists: *qué maravilla, tres
semanas esperando* is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

from analytics_lib.errors import RequestError
from analytics_lib.text.columns import values_of
from analytics_lib.text.language import languages as languages_of
from analytics_lib.text.lexicon import terms
from analytics_lib.text.normalize import normalise, normalise_column, words
from analytics_lib.text.polarity import polarity
from analytics_lib.yaml_files import read_yaml

Scorer = Callable[[pd.Series], pd.Series]
"""Texts without nulls in; -1 to 1, or NaN where no word is known, out, with the same index."""

_CLAUSE_BREAK = r"[,\n\r…]+|\.{2,}|[.;:]\s"
_SKIN_AND_GENDER = "[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[\u2640\u2642]"
# Three letters in a row that are not small, or three times the same; a class of all capitals there are would
# take a millisecond to compile for every column.
_MAY_BE_LOUD = re.compile(r"[^\W\d_a-zß-öø-ÿ]{3}|([aeioulmnrstyz])\1\1")
_WORD = re.compile(r"\w{3,}")
_STRETCHED = re.compile(r"([^\W\d_])\1\1")
_NOT_LOUD: frozenset[str] = frozenset()

# The longest message of WhatsApp has 4,096 characters; what stands behind this many is not read.
_LONGEST = 5_000
# VADER reads an emoji as a sentence, and its time grows with the square of the number of words.
_MOST_EMOJI = 50
_WISH = re.compile(r"\b(would|i'd|we'd|you'd) (?:like|love)\b", re.IGNORECASE)
# VADER turns around the thanks after a refusal, and what "can't wait" or "can't believe" speaks of; those in
# "thanks for nothing" it does not.
_NO_NEGATION = re.compile(
    r"\bno,? (?=thank)|\bi (?:don'?t|do not) think so\b|\bcan(?:\W?t|not) (?:wait|believe)\b", re.IGNORECASE
)
_NO_THANKS = re.compile(r"\bthank(?:s| you) for nothing\b", re.IGNORECASE)
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def score_spanish(texts: pd.Series) -> pd.Series:
    """The sentiment of Spanish texts by the rules of ``polarity``; of each 5,000 characters are read."""
    raw = pc.utf8_slice_codeunits(pa.array(texts, pa.string(), from_pandas=True), 0, _LONGEST)
    loud = {row: _loud_words(text) for row, text in enumerate(raw.to_pylist()) if _MAY_BE_LOUD.search(text)}
    clauses = _clauses(raw).to_pylist()
    scores = [polarity(clause.split(), loud.get(row, _NOT_LOUD)) for row, clause in enumerate(clauses)]
    return pd.Series(scores, index=texts.index, dtype="float64")


def score_english(texts: pd.Series) -> pd.Series:
    """The sentiment of English texts by VADER; of each 5,000 characters or 50 emoji are read."""
    vader = _vader()
    scores = [_vader_score(vader, _shortened(text[:_LONGEST], vader.emojis)) for text in texts]
    return pd.Series(scores, index=texts.index, dtype="float64")


SCORERS: Mapping[str, Scorer] = MappingProxyType({"es": score_spanish, "en": score_english})
"""What scores each language, unless others are given."""


def sentiments(
    texts: pd.Series,
    *,
    languages: pd.Series | None = None,
    fallback_language: str = "es",
    scorers: Mapping[str, Scorer] = SCORERS,
) -> pd.Series:
    """The sentiment of each text, by the scorer of its language; every distinct text is scored once.

    Args:
        texts: Strings, nulls allowed.
        languages: The language of each text, with the same index; worked out from the texts unless given.
            A text of mixed languages is scored as Spanish, which knows the English words of shop talk, unless
            there is a scorer for ``mixed``.
        fallback_language: Of the texts whose language is null.
        scorers: One for each language.

    Returns:
        A float for each text, -1 to 1; NaN where the text is null or its scorer knows no word of it.

    Raises:
        RequestError: If ``languages`` has another index, a language has no scorer, or a scorer returns
            anything but a number in -1 to 1 or NaN for each of its texts.
    """
    spoken = languages_of(texts) if languages is None else languages
    if not spoken.index.equals(texts.index):
        raise RequestError(
            f"`languages` has {len(spoken)} rows, `texts` {len(texts)}, or their index differs. "
            "Give one language for each text, with the same index."
        )
    written = values_of(texts)
    rows: dict[str, list[int]] = {}
    for row, (text, language) in enumerate(zip(written, values_of(spoken), strict=True)):
        if text is not None:
            scored_as = fallback_language if language is None else language
            known = "es" if scored_as == "mixed" and "mixed" not in scorers else scored_as
            rows.setdefault(known, []).append(row)
    scores = np.full(len(texts), np.nan)
    for language, places in rows.items():
        scores[places] = _scores([written[place] for place in places], language, scorers)
    return pd.Series(scores, index=texts.index, name="sentiment")


def _scores(texts: list[str | None], language: str, scorers: Mapping[str, Scorer]) -> np.ndarray:
    """The scores of the texts of one language, each distinct text scored once."""
    if language not in scorers:
        raise RequestError(
            f"There is no scorer for the language {language!r}, only for {', '.join(sorted(scorers))}. "
            "Add one to `scorers`, or correct `languages` or `fallback_language`."
        )
    codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    asked = pd.Series(list(codes), dtype="str")
    return _checked(scorers[language](asked), asked, language)[[codes[text] for text in texts]]


def _checked(scores: object, texts: pd.Series, language: str) -> np.ndarray:
    """What a scorer returned, as floats, if it keeps its promise."""
    promise = (
        f"The scorer for {language!r} must return a Series of numbers in -1 to 1 or NaN "
        "with the index of its texts"
    )
    if not isinstance(scores, pd.Series):
        raise RequestError(f"{promise}, but returned a {type(scores).__name__}.")
    if not scores.index.equals(texts.index):
        raise RequestError(
            f"{promise}, but for {len(texts)} texts returned {len(scores)} rows, or another index."
        )
    if not pd.api.types.is_numeric_dtype(scores.dtype):
        raise RequestError(f"{promise}, but returned values of type {scores.dtype}.")
    values = scores.to_numpy(dtype="float64", na_value=np.nan)
    outside = np.flatnonzero(np.abs(values) > 1)
    if outside.size:
        raise RequestError(f"{promise}, but returned {values[outside[0]]} in row {outside[0]}.")
    return values


def _clauses(raw: pa.Array) -> pa.Array:
    """The normalised texts, with a comma of its own where a clause ends; normalising alone would drop it."""
    parts = pc.split_pattern_regex(raw, _CLAUSE_BREAK)
    normal = pa.array(normalise_column(parts.flatten().to_pandas()), pa.string(), from_pandas=True)
    joined = pc.binary_join(pa.ListArray.from_arrays(parts.offsets, normal), " , ")
    for mark in "?!":
        joined = pc.replace_substring(joined, mark, f" {mark} ")
    bare = pc.replace_substring_regex(joined, _SKIN_AND_GENDER, "")
    return pc.replace_substring(bare, "\u200d", " ")


def _loud_words(text: str) -> frozenset[str]:
    """The words written in capitals or with stretched letters, in their normal spelling."""
    written = [word for word in _WORD.findall(text) if word.isupper() or _STRETCHED.search(word)]
    return frozenset(words(normalise(" ".join(written))))


def _shortened(text: str, emojis: Container[str]) -> str:
    if text.isascii():
        return text
    places = [place for place, character in enumerate(text) if character in emojis]
    return text if len(places) <= _MOST_EMOJI else text[: places[_MOST_EMOJI]]


def _vader_score(vader: SentimentIntensityAnalyzer, text: str) -> float:
    if not _may_be_known(vader, text):
        return np.nan
    plain = _NO_THANKS.sub("awful", _NO_NEGATION.sub("", _WISH.sub(r"\1 want", text)))
    found = vader.polarity_scores(plain)
    # VADER says 0 both of words that cancel out and where it knows none; only in the latter all shares are 0.
    known = found["compound"] or found["pos"] or found["neg"]
    return found["compound"] if known else np.nan


def _may_be_known(vader: SentimentIntensityAnalyzer, text: str) -> bool:
    """Whether a word or an emoji of VADER's may be in the text; far cheaper than asking VADER."""
    if not text.isascii() and not vader.emojis.keys().isdisjoint(text):
        return True
    lexicon = vader.lexicon
    return any(token in lexicon or token.strip(_PUNCTUATION) in lexicon for token in text.lower().split())


@cache
def _vader() -> SentimentIntensityAnalyzer:
    """VADER with the words of a shop chat, made once in a process."""
    vader = SentimentIntensityAnalyzer()
    changes = cast("dict[str, Mapping[float, str]]", read_yaml(Path(__file__).parent / "lexicon_en.yaml"))
    for word, _ in terms({0.0: cast("str", changes["neutral"])}):
        vader.lexicon.pop(word, None)
    vader.lexicon.update(terms(changes["added"]))
    return vader
