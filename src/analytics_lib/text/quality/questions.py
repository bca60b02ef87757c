"""Does a text ask something: by a question mark, or by how one of its sentences opens.

Chat leaves question marks away, so a text also asks when a sentence of it opens, after a greeting or a
courtesy, with a question word, with a verb that customers ask with (*tienen*, *me pueden*, *do you*) or with
a request (*busco*, *quiero saber*, *I need*). What only looks like it (*qué pena*, *cuando llegue*, *hay un
problema*) does not. ``questions.yaml`` holds the openings.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

_URL = r"(?:https?://|www\.)\S+"
_SENTENCE = r"(?:^|[.!;:…\n])[\s\p{So}\p{Sk}\x{FE0F}\x{200D}\",.!¡:;…*_\-]*"
_BETWEEN = r"[\s\p{So}\p{Sk}\x{FE0F}\x{200D}\",.!¡:;…*_\-]+"
# Within a sentence an accent, or the verb that goes with it, marks the question that a comma may introduce.
_LATER = (
    r"[,\s](?:cuánt[oa]s?|cuál(?:es)?|dónde) \w+|,\s*(?:y |pero |o )?(?:qué|cómo|cuándo) \w+"
    r"|\bcuanto (?:se |me )?(?:cuesta|vale|sale|demora|tarda|cobran)"
    r"|,\s*(?:and |but |so )?(?:(?:can|could|do|did|will|would) (?:you|i|we)|is (?:there|it)|what|why) \w+"
    r"|,\s*(?:me |lo |la |los |las |nos )+"
    r"(?:pued(?:o|es?|en)|podrías?|podrían|muestras?|pasas?|ayudas?|das|dan)\b"
)


def asks(texts: pd.Series) -> pd.Series:
    """Whether a text asks something.

    Args:
        texts: As people write them, not normalised; null asks nothing.

    Returns:
        A boolean per text, the index kept.
    """
    written = pc.fill_null(pa.array(texts, type=pa.string(), from_pandas=True), "")
    lowered = _replaced(pc.utf8_lower(written), _URL, " ")
    marked = pc.match_substring_regex(lowered, rf"[?¿]|{_LATER}")
    asked = pc.or_(marked, pc.match_substring_regex(_openings(lowered), f"\x02(?:{_patterns('asking')})"))
    return pd.Series(asked.to_numpy(zero_copy_only=False), index=texts.index, dtype=bool)


def _openings(lowered: pa.Array) -> pa.Array:
    """The texts without accents, the openings of their sentences marked, greetings passed over."""
    folded = _replaced(pc.utf8_normalize(lowered, form="NFD"), r"\p{Mn}", "")
    opened = _replaced(folded, rf"{_SENTENCE}(?:(?:{_patterns('openers')})(?:{_BETWEEN}|$))*", "\x02")
    return _replaced(opened, f"\x02(?:{_patterns('not_asking')})", "\x03")


def _replaced(texts: pa.Array, pattern: str, replacement: str) -> pa.Array:
    return pc.replace_substring_regex(texts, pattern=pattern, replacement=replacement)


@lru_cache(maxsize=3)
def _patterns(kind: str) -> str:
    data = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))
    return "|".join(rf"(?:{pattern})\b" for pattern in data[kind])
