"""Personal data in texts: e-mails, phones, identity numbers and payment cards become a word in brackets.

Masking errs to safety: an order number that reads like a Colombian mobile is masked. Prices, sizes, dates,
times and numbers of fewer than six digits stay. Masking twice changes nothing. Every pattern is linear in
the length of the text, and every decision looks at a bounded stretch of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.text import numbers

if TYPE_CHECKING:
    from analytics_lib.text.numbers import Run

_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_EMAIL = re.compile(
    # The look-behind and the possessive quantifiers keep every character from being scanned again and again;
    # the outer repetition takes addresses that touch each other.
    rf"(?<!{_LOCAL})(?:{_LOCAL}++(?:@[\w-]++(?:\.[\w-]++)++"
    r"|[ ]?@[ ]?(?:gmail|hotmail|outlook|yahoo|icloud|live)\.[a-z.]++))++",
    re.IGNORECASE,
)
# Texts that may hold something to mask; in RE2, which has no backtracking. All others are left untouched.
_CANDIDATE = (
    rf"(?s)@|\p{{Nd}}(?:{numbers.SEPARATOR}{{0,3}}\p{{Nd}}){{6}}"
    r"|(?:C\.? ?E|T\.? ?I|(?i:c\.? ?c|c.{0,2}dula|docu|ident|nit|n\.i\.t|c\.e|t\.i|nuip|dni|pasap))"
    rf".*\p{{Nd}}(?:{numbers.SEPARATOR}?\p{{Nd}}){{5}}"
)


def mask_column(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column of texts with personal data masked; nulls stay null.

    Args:
        texts: Strings.

    Returns:
        An array of the same length and type; each value is what ``mask_text`` gives for it.
    """
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    candidates = pc.fill_null(pc.match_substring_regex(column, _CANDIDATE), fill_value=False)
    # A bot says the same thing often: every distinct text is looked at once.
    found = column.filter(candidates).dictionary_encode()
    if len(found) == 0:
        return column
    masked = pa.array([mask_text(text) for text in found.dictionary.to_pylist()], column.type)
    return pc.replace_with_mask(column, candidates, masked.take(found.indices))


def mask_text(text: str) -> str:
    """The text with ``[email]``, ``[phone]``, ``[id]`` and ``[card]`` in place of personal data.

    Phones are Colombian ones however they are grouped, any number with ``+`` or ``00`` and a country code,
    and numbers after a word such as *celular*. Identity numbers (cédula, CE, TI, NIT) are told by a word near
    them, by the shape of a ten-digit cédula, by a right NIT check digit, or by standing alone in a message.
    Cards have 13 to 19 digits and a right Luhn digit.
    """
    without_emails = _EMAIL.sub("[email]", text) if "@" in text else text
    pieces: list[str] = []
    done = 0
    for run in numbers.runs(without_emails):
        for start, end, label in _found(run):
            pieces += (without_emails[done:start], label)
            done = end
    return "".join((*pieces, without_emails[done:])) if pieces else without_emails


def _found(run: Run) -> list[tuple[int, int, str]]:
    """What is to be masked in a run of digit groups: start, end and label of each, from left to right."""
    found = []
    position = 0
    while position < len(run.words):
        label, groups = numbers.personal_number(run, position)
        if groups:
            found.append((run.prefix_start(position), run.ends[position + groups - 1], label))
        position += max(groups, 1)
    return found
