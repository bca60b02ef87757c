"""The words that address a reader, with the verb forms that follow from an infinitive and three forms."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

TU, USTED, VOS, EITHER = "tú", "usted", "vos", "tú or vos"

_FOLD = str.maketrans("áéíóú", "aeiou")
_ACCENT = str.maketrans("aeiou", "áéíóú")
# A vowel group carries one syllable; the u of "que" and "gue" is silent.
_VOWELS = re.compile(r"(?<![qg])[aeiou]+|(?<=[qg])u?[aeiou]+")
_CLITICS = ("me", "nos", "lo", "la", "los", "las", "le", "les", "melo", "mela", "melos", "melas", "noslo")


class Lists(NamedTuple):
    """What tells the form of address, by how much must stand around it."""

    certain: dict[str, str]
    imperatives: dict[str, str]
    belongings: frozenset[str]
    served: frozenset[str]
    wishes: frozenset[str]
    not_wished: frozenset[str]
    passed_over: frozenset[str]
    conditions: frozenset[str]
    before_wishes: frozenset[str]


@lru_cache(maxsize=1)
def lists() -> Lists:
    """The words of ``address.yaml`` and the forms of its verbs, read once."""
    data = cast("dict[str, Any]", read_yaml(Path(__file__).parent / "address.yaml"))
    verbs = [line.split() for line in data["verbs"].splitlines()]
    never = frozenset(data["never"].split())
    certain = _unambiguous(pair for verb in verbs for pair in _certain(*verb))
    certain |= {word: form for form in (TU, USTED, VOS, EITHER) for word in data[form].split()}
    bare = {verb[2]: TU for verb in verbs} | {verb[3]: USTED for verb in verbs}
    others = never | set(data["no imperatives"].split()) | {"-"}
    return Lists(
        {word: form for word, form in certain.items() if word not in never},
        {word: form for word, form in bare.items() if word not in others},
        *(frozenset(data[name.replace("_", " ")].split()) for name in Lists._fields[2:]),
    )


def _unambiguous(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Words by form, those that two forms share left out."""
    found: dict[str, str] = {}
    shared = set()
    for word, form in pairs:
        if found.setdefault(word, form) != form:
            shared.add(word)
    return {word: form for word, form in found.items() if word not in shared}


def _certain(infinitive: str, present: str, familiar: str, formal: str) -> Iterator[tuple[str, str]]:
    """The forms of a verb that only a reader is addressed with."""
    stem, ending = infinitive[:-2], infinitive[-2:].translate(_FOLD)
    if present != "-":
        yield present, TU
    if formal != "-" and len(formal) > 2:
        yield formal + "s", TU
    yield stem + ("aste" if ending == "ar" else "iste"), EITHER
    yield infinitive.translate(_FOLD) + "ás", EITHER
    yield infinitive.translate(_FOLD) + "ías", EITHER
    if len(stem) > 1 and infinitive not in ("estar", "venir"):
        yield from _of_vos(stem, ending[0])
    yield from _with_clitics(familiar, TU, "te")
    yield from _with_clitics(formal, USTED, "se")


def _of_vos(stem: str, vowel: str) -> Iterator[tuple[str, str]]:
    accented = vowel.translate(_ACCENT)
    yield stem + accented + "s", VOS
    if vowel != "i":  # "escribí" is also what I wrote
        yield stem + accented, VOS
    for clitic in (*_CLITICS[:8], "te"):
        yield stem + vowel + clitic, VOS


def _with_clitics(imperative: str, form: str, reflexive: str) -> Iterator[tuple[str, str]]:
    """*Cuenta* as *cuéntame*, *cuéntanos* …, and as they are typed without the accent."""
    if imperative == "-":
        return
    for clitic in (*_CLITICS, reflexive):
        joined = _stressed(imperative, clitic) + clitic
        yield joined, form
        yield joined.translate(_FOLD), form


def _stressed(imperative: str, clitic: str) -> str:
    """The imperative with the accent that it takes when a clitic moves its end away from the stress."""
    plain = imperative.translate(_FOLD)
    groups = list(_VOWELS.finditer(plain))
    if imperative != plain and len(groups) > 1:
        return imperative
    if len(groups) == 1 and len(clitic) < 4:
        return plain
    stressed = groups[-min(2, len(groups))]
    strong = next(
        (m.start() for m in re.finditer("[aeo]", plain[: stressed.end()]) if m.start() >= stressed.start()),
        None,
    )
    at = stressed.end() - 1 if strong is None else strong
    return plain[:at] + plain[at].translate(_ACCENT) + plain[at + 1 :]
