"""Which numbers in a text belong to a person: phones, identity numbers, payment cards.

A *run* is a stretch of digit groups with at most three separators between neighbours: ``+57 300 123-4567`` is
one run of four groups. A number is one or more whole groups of a run. Whether it is personal depends on its
own groups, on what stands right before the run and right after the number, and on nothing else, so that the
work is linear and masking a text twice changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Iterator

# Blanks, dots, hyphens, brackets, and the invisible marks that phones add when a contact is copied.
SEPARATOR = (
    "[ \t\u00a0\u00ad\u1680\u2000-\u200f\u2010-\u2015\u202a-\u202f\u205f\u2060\u2066-\u2069\u3000\ufeff()._-]"
)
_RUN = re.compile(rf"\d(?:{SEPARATOR}{{0,3}}+\d){{5,}}+")  # an identity number has six digits at least
_GROUP = re.compile(r"\d+")
_PLUS = re.compile(rf"\+{SEPARATOR}{{0,2}}\Z")

# Mobile, landline, toll-free and premium numbers of Colombia, in its numbering plan's lengths.
_NATIONAL = re.compile(
    r"(?:57)?(?:3\d{9}|60\d{8})|46\d{6}|0?3\d{9}|0?1(?:800|9\d\d)\d{7}|9(?:01\d|408)\d{6}", re.ASCII
)
_NATIONAL_STARTS = ("3", "57", "60", "46", "03", "018", "019", "18", "19", "90", "94")
_CEDULA = re.compile(r"1[0-2]\d{8}", re.ASCII)
_PHONE_WORD = re.compile(
    r"(?<![^\W\d])(?:tel|tel[eé]fonos?|fijo|cel|celular(?:es)?|m[oó]vil|whatsapp|wha|wpp|ll[aá]m\w{1,6})"
    r"(?![^\W\d])[^\d\[\]]{0,20}\Z",
    re.IGNORECASE,
)
_ID_NAMES = (
    r"(?:(?i:c\.? ?c|c[eé]\u0301?dulas?|documento|identificaci[oó]\u0301?n"
    r"|nit|n\.i\.t|nuip|dni|pasaporte|c\.e|t\.i)"
    r"|C\.? ?E|T\.? ?I)"
)
_ID_WORD_BEFORE = re.compile(rf"(?<![^\W\d]){_ID_NAMES}(?![^\W\d])[^\d\[\]]{{0,25}}\Z")
_ID_WORD_AFTER = re.compile(
    rf"[ ,]{{0,2}}\(?(?:(?i:es|como|de) )?(?:(?i:mi|la|el|su) )?(?:(?i:n[uú]mero de) )?{_ID_NAMES}(?![^\W\d])"
)
_ID_LAYOUT = re.compile(r"(?:\d{6,11}|\d{1,3}(?:[. \u00a0]\d{3}){1,3})(?:[ ]?-[ ]?\d)?(?!\d)")
_MONEY_BEFORE = re.compile(r"(?:[$€]|(?<![^\W\d])(?:cop|usd|pesos))[ ]?\Z", re.IGNORECASE)
_MONEY_AFTER = re.compile(r"[ ]?(?:[$€%]|(?:pesos?|cop|usd|mil|millones|k)(?![^\W\d]))", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")

# Weights of the check digit of the NIT, last digit first (DIAN, Orden Administrativa 4 of 1989).
_NIT_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_NOTHING = ("", 0)


@dataclass(frozen=True)
class Run:
    """A stretch of digit groups of a text: their digits (as ASCII), starts and ends."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def prefix_start(self, position: int) -> int:
        """Where the number that begins with this group begins: at its ``+`` or bracket, if it has one."""
        start = self.starts[position]
        plus = _PLUS.search(self.text, max(0, start - 3), start) if position == 0 else None
        if plus:
            return plus.start()
        return start - 1 if self.text[max(0, start - 1) : start] == "(" else start

    def raw(self, position: int, groups: int) -> str:
        """The groups as they stand in the text, with what is between them."""
        return self.text[self.starts[position] : self.ends[position + groups - 1]]

    def has_plus(self, position: int) -> bool:
        """Whether a plus sign stands before the group; only the first of a run can have one."""
        return position == 0 and bool(_PLUS.search(self.text, max(0, self.starts[0] - 3), self.starts[0]))

    def is_money(self, position: int, groups: int) -> bool:
        """Whether a currency stands right before or right after."""
        start, end = self.starts[position], self.ends[position + groups - 1]
        return bool(
            _MONEY_BEFORE.search(self.text[max(0, start - 7) : start]) or _MONEY_AFTER.match(self.text, end)
        )


def runs(text: str) -> Iterator[Run]:
    """The runs of a text, from left to right; those of fewer than six digits hold nothing personal."""
    for run in _RUN.finditer(text):
        groups = list(_GROUP.finditer(text, *run.span()))
        yield Run(
            text,
            [_ascii_digits(group.group()) for group in groups],
            [group.start() for group in groups],
            [group.end() for group in groups],
        )


def personal_number(run: Run, position: int) -> tuple[str, int]:
    """The personal number that begins with a group of the run.

    Returns:
        Its label (``[card]``, ``[phone]`` or ``[id]``) and how many groups it takes; 0 if none.
    """
    kinds = (("[card]", _card), ("[phone]", _phone), ("[id]", _identity))
    return next(((label, groups) for label, kind in kinds if (groups := kind(run, position))), _NOTHING)


def _ascii_digits(word: str) -> str:
    return word if word.isascii() else "".join(str(unicodedata.digit(character)) for character in word)


def _windows(run: Run, position: int, low: int, high: int) -> list[tuple[int, str]]:
    """The numbers of ``low`` to ``high`` digits that begin here: groups and digits, longest first."""
    found = []
    digits = ""
    for groups, word in enumerate(run.words[position : position + high], 1):
        digits += word
        if len(digits) > high:
            break
        if len(digits) >= low:
            found.append((groups, digits))
    return found[::-1]


def _card(run: Run, position: int) -> int:
    """Groups of four and more digits (the last may be shorter), or single digits, with a right Luhn digit."""
    first = len(run.words[position])
    if first == 1:
        windows = [(n, digits) for n, digits in _windows(run, position, 15, 16) if n == len(digits)]
    elif first >= 4:
        windows = [
            (n, digits)
            for n, digits in _windows(run, position, 13, 19)
            if all(len(word) >= 4 for word in run.words[position : position + n - 1])
        ]
    else:
        windows = []
    return next((groups for groups, digits in windows if _luhn(digits)), 0)


def _luhn(digits: str) -> bool:
    plain = sum(map(int, digits[-1::-2]))
    return (plain + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def _phone(run: Run, position: int) -> int:
    word = run.words[position]
    if run.has_plus(position) or (word.startswith("00") and word != "000"):
        return _international(run, position)
    return (
        _national(run, position)
        or _bracketed(run, position)
        or (_foreign_digits(word))
        or (_announced_phone(run) if position == 0 else 0)
    )


def _international(run: Run, position: int) -> int:
    """A number after ``+`` or ``00``: the longest valid one, else the longest of a possible length.

    Groups of three after a dot are an amount (``+10.000.000``), unless the number is valid.
    """
    windows = [(n, digits.removeprefix("00")) for n, digits in _windows(run, position, 7, 17)]
    windows = [(n, digits) for n, digits in windows if 7 <= len(digits) <= 15]
    for groups, digits in windows:
        if (len(digits) == 12 and digits.startswith("573")) or _is_valid(digits):
            return groups
    possible = (
        n for n, digits in windows if len(digits) >= 8 and not _THOUSANDS.fullmatch(run.raw(position, n))
    )
    return next(possible, 0)


def _is_valid(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


def _national(run: Run, position: int) -> int:
    if not "".join(run.words[position : position + 3]).startswith(_NATIONAL_STARTS):
        return 0
    for groups, digits in _windows(run, position, 8, 12):
        if _NATIONAL.fullmatch(digits) and _reads_like_a_phone(
            run.words[position : position + groups], digits
        ):
            return groups
    return 0


def _reads_like_a_phone(words: list[str], digits: str) -> bool:
    """Whether the grouping is one of phones, not of prices (``39.900 45.900``) or sizes (``30 32 34``)."""
    if len(words) == 1 or digits.startswith(("018", "18")):
        return True
    country = "57" if len(digits) == 12 else ""
    national = [words[0].removeprefix(country), *words[1:]]
    national = national if national[0] else national[1:]
    if len(national[0]) >= 3:
        return True
    numbers = [int(word) for word in national]
    rising = sorted(set(numbers))
    sizes = numbers in (rising, rising[::-1])
    return all(len(word) == len(national[0]) for word in national) and not sizes


def _bracketed(run: Run, position: int) -> int:
    """An area code in brackets and six to eight digits after it, ``(977) 625-2661``."""
    start, end = run.starts[position], run.ends[position]
    if run.text[max(0, start - 1) : start] != "(" or run.text[end : end + 1] != ")" or end - start > 4:
        return 0
    for groups, digits in _windows(run, position, 7, 12):
        rest = run.raw(position + 1, groups - 1) if groups > 1 else ""
        if 6 <= len(digits) - (end - start) <= 8 and not _THOUSANDS.fullmatch(rest):
            return groups
    return 0


def _foreign_digits(word: str) -> int:
    """1 if an unbroken number is a valid one of some country once a plus is put before it."""
    return int(11 <= len(word) <= 15 and _is_valid(word))


def _announced_phone(run: Run) -> int:
    """Seven to ten digits after a word such as *teléfono*."""
    if not _PHONE_WORD.search(run.text[max(0, run.starts[0] - 32) : run.starts[0]]):
        return 0
    for groups, _ in _windows(run, 0, 7, 10):
        if not run.is_money(0, groups) and not _THOUSANDS.fullmatch(run.raw(0, groups)):
            return groups
    return 0


def _identity(run: Run, position: int) -> int:
    """An identity number: by its own shape, by a word beside it, or because the message is nothing else."""
    layout = _ID_LAYOUT.match(run.text, run.starts[position])
    if not layout:
        return 0
    groups = sum(end <= layout.end() for end in run.ends[position : position + 6])
    if groups == 0 or run.is_money(position, groups):
        return 0
    digits = "".join(run.words[position : position + groups])
    shaped = bool(_CEDULA.fullmatch(digits)) or ("-" in layout.group() and _nit(digits))
    return groups if shaped or _is_announced(run, position, digits, layout.end()) else 0


def _is_announced(run: Run, position: int, digits: str, end: int) -> bool:
    start = run.starts[position]
    if position == 0 and len(digits) >= 6 and _ID_WORD_BEFORE.search(run.text[max(0, start - 42) : start]):
        return True
    if len(digits) >= 7 and _ID_WORD_AFTER.match(run.text, end):
        return True
    return (
        8 <= len(digits) <= 10
        and run.raw(position, 1) != ""
        and run.text.strip(" .\n") == run.text[start:end]
    )


def _nit(digits: str) -> bool:
    """Whether the last of nine to ten digits is the check digit of a NIT."""
    if not 9 <= len(digits) <= 11:
        return False
    weighted = zip(reversed(digits[:-1]), _NIT_WEIGHTS, strict=False)
    rest = sum(int(digit) * weight for digit, weight in weighted) % 11
    return int(digits[-1]) == (rest if rest < 2 else 11 - rest)
