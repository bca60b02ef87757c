"""Texts of errors, logs and parameters as they may leave the machine: without personal data and secrets.

Masking errs to safety. What cannot be told from other words stays: the name of a person in an error.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from analytics_lib.runs.text import plain
from analytics_lib.text.masking import mask_text

_SECRET = "[secret]"  # noqa: S105  # what stands in its place
_LONGEST_VALUE = 80
_TELLING_NAMES = r"passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|contrase\w{1,2}a|cookie"
_IS_SECRET = re.compile(_TELLING_NAMES, re.IGNORECASE)
_PATTERNS = (
    # Who logs in where, as connection strings write it.
    (re.compile(r"(?<=://)[^\s/@]{1,200}(?=@)"), _SECRET),
    (re.compile(r"(\bauthorization\b[\"']?\s{0,9}[:=]).{1,2000}", re.IGNORECASE), rf"\1 {_SECRET}"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {_SECRET}"),
    (
        re.compile(
            rf"\b([\w-]{{0,40}}(?:{_TELLING_NAMES})[\w-]{{0,40}}[\"']?\s{{0,9}}[:=]\s{{0,9}})[^\s,;)&}}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{_SECRET}",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), _SECRET),
    (re.compile(r"\b(?:sk|pk|rk|gh[opsu]|xox[abprs]|AKIA|ASIA|EAA)[_-]?[\w-]{16,}"), _SECRET),
    # Ids of people are keyed hashes; a part of one is enough to find it again.
    (re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24,}\b", re.IGNORECASE), "\\1\N{HORIZONTAL ELLIPSIS}"),
    (re.compile(r"(?:/home|/Users|[A-Za-z]:\\Users)[/\\][^/\\\s:\"']+"), "~"),
)
_LONG_WORD = re.compile(r"[A-Za-z0-9_+=-]{40,}")
# Marks that turn the direction of writing make a text read as another.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def private(text: str) -> str:
    """The text without terminal colours, personal data, passwords, keys, whole ids and home folders."""
    hidden = _TURNING.sub("", plain(text))
    for pattern, instead in _PATTERNS:
        hidden = pattern.sub(instead, hidden)
    return mask_text(_LONG_WORD.sub(_hidden_word, hidden))


def one_line(text: str, longest: int) -> str:
    """The text on one line of at most so many characters, the last one dots where there was more."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def shown_value(name: str, value: object) -> str:
    """The value of a parameter as JSON on one line; of one whose name speaks of a secret, only that."""
    if value is not None and _IS_SECRET.search(name):
        return _SECRET
    return _shown(json.dumps(value, ensure_ascii=False))


@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    # The runs of a job have most values in common.
    return one_line(private(text), _LONGEST_VALUE)


def _hidden_word(match: re.Match[str]) -> str:
    """A long word of digits and letters of both cases is a key; a long name is none."""
    word = match.group()
    kinds = (str.isdigit, str.isupper, str.islower)
    return _SECRET if all(any(kind(letter) for letter in word) for kind in kinds) else word
