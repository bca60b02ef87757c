"""In which form a Spanish text addresses its reader: tú, usted or vos.

Only words that leave little doubt are counted; ``address.yaml`` holds them. *Te*, *tu* and *podrás* belong
to tú and to vos alike: they count as vos where the text has a word that only vos takes, as tú otherwise.
*Su*, *le*, *desea* and imperatives such as *elija* may speak of somebody else, and count only where the words
around them say that they do not. Accents tell *mirá* (vos) from *mira* (tú), so texts are read as written.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.text.columns import of_each
from analytics_lib.text.quality import address_words
from analytics_lib.text.quality.address_words import EITHER, TU, USTED, VOS

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENTENCE = re.compile(r"[^.!?\n;…]+[?]?")
# A verb after one of these marks, or after one of these words, opens a clause: "Listo, por favor escriba …".
_CLAUSE = re.compile(r"[,:()¿¡*\-–—]+")  # noqa: RUF001 - dashes as phones write them
_WORD = re.compile(r"[^\W\d_]+")
_FORMS = {"tu": TU, "usted": USTED, "vos": VOS}


def address_forms(texts: pd.Series) -> pd.DataFrame:
    """How many words of a text address its reader as tú, as usted, as vos.

    Args:
        texts: Spanish, as people write them, not normalised; null addresses nobody.

    Returns:
        One row per text, the index kept: ``tu``, ``usted``, ``vos`` (words).
    """
    rows = of_each(texts, address_of, none=dict.fromkeys(_FORMS, 0))
    return pd.DataFrame(rows, columns=list(_FORMS), index=texts.index, dtype="int64")


def address_of(text: str) -> dict[str, int]:
    """How many words of one text address its reader, by ``tu``, ``usted`` and ``vos``."""
    found = Counter(form for sentence in _SENTENCE.findall(text.lower()) for form in _forms(sentence))
    found[VOS if found[VOS] else TU] += found[EITHER]
    return {name: found[form] for name, form in _FORMS.items()}


def _forms(sentence: str) -> Iterator[str]:
    """The form of every word of a sentence that addresses the reader."""
    question = sentence.endswith("?")
    for clause in _CLAUSE.split(sentence):
        words = ["", *_WORD.findall(clause), ""]
        for position in range(1, len(words) - 1):
            form = _form(words[position], words[position - 1], words[position + 1], question=question)
            if form:
                yield form


def _form(word: str, before: str, after: str, *, question: bool) -> str | None:
    lists = address_words.lists()
    certain = lists.certain.get(word)
    if certain:
        return certain
    if word in ("su", "sus"):
        return USTED if after in lists.belongings else None
    if word == "le":
        return USTED if after in lists.served else None
    opens = not before or before in lists.passed_over
    if word in lists.wishes and _wished(before, after, question=question or (word == "puede" and opens)):
        return USTED
    opens = opens and not question
    return lists.imperatives.get(word) if opens else None


@lru_cache(maxsize=10_000)
def _wished(before: str, after: str, *, question: bool) -> bool:
    """Whether a third person such as *desea* stands where its subject is the reader."""
    lists = address_words.lists()
    if after in lists.not_wished:
        return False
    return before in lists.conditions or (question and (not before or before in lists.before_wishes))
