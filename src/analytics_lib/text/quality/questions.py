"""Does a text ask something: by a question mark, or by how one of its sentences opens.

Chat leaves question marks away, so a text also asks when a sentence of it opens, after a greeting or a
courtesy, with a question word, with a verb that customers ask with (*tienen*, *me pueden*, *do you*) or with
a request (*busco*, *quiero saber*, *I need*). What only looks like it (*qué pena*, *cuando llegue*, *hay un
problema*) does not. ``questions.yaml`` holds the openings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import cast

import pandas as pd

from analytics_lib.text.columns import of_each
from analytics_lib.yaml_files import read_yaml

_URL = re.compile(r"(?:https?://|www\.)\S+")
_MARK = re.compile("[\u0300-\u036f]")
# What stands between words: blanks, punctuation, emoji; a question mark would have told already.
_FILLER = r"(?:[^\w?¿]|_)"
# Within a sentence an accent, or the verb that goes with it, marks the question that a comma may introduce.
_LATER = re.compile(
    r"[?¿]|[,\s](?:cuánt[oa]s?|cuál(?:es)?|dónde) \w+|,\s*(?:y |pero |o )?(?:qué|cómo|cuándo) \w+"
    r"|\bcuanto (?:se |me )?(?:cuesta|vale|sale|demora|tarda|cobran)"
    r"|,\s*(?:and |but |so )?(?:(?:can|could|do|did|will|would) (?:you|i|we)|is (?:there|it)|what|why) \w+"
    r"|,\s*(?:me |lo |la |los |las |nos )+"
    r"(?:pued(?:o|es?|en)|podrías?|podrían|muestras?|pasas?|ayudas?|das|dan)\b"
)
# Longer texts are walls; what they ask, they ask early or with a question mark.
_READ = 2_000


def asks(texts: pd.Series) -> pd.Series:
    """Whether a text asks something.

    Args:
        texts: As people write them, not normalised; null asks nothing.

    Returns:
        A boolean per text, the index kept.
    """
    return pd.Series(of_each(texts, _asks, none=False), index=texts.index, dtype=bool)


def _asks(text: str) -> bool:
    lowered = _URL.sub(" ", text.lower())
    if _LATER.search(lowered):
        return True
    folded = _MARK.sub("", unicodedata.normalize("NFD", lowered[:_READ]))
    # The openings of sentences are marked, greetings passed over.
    opened = _pattern("openers").sub("\x02", folded)
    return bool(_pattern("asking").search(_pattern("not_asking").sub("\x03", opened)))


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    listed = cast("dict[str, list[str]]", read_yaml(Path(__file__).parent / "questions.yaml"))[kind]
    words = "|".join(rf"(?:{pattern})\b" for pattern in listed)
    if kind == "openers":
        return re.compile(rf"(?:^|[.!;:…\n]){_FILLER}*(?:(?:{words})(?:{_FILLER}+|$))*")
    return re.compile(rf"\x02(?:{words})")
