"""What a viewer may set: validated parameters that live in the page's address.

Nothing of an address reaches a kernel but plain values of the page's controls, each of its declared type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from analytics_lib.charts.words import Language, label
from analytics_lib.dashboards.layout import tags_of
from analytics_lib.dashboards.page_keys import nearest
from analytics_lib.dashboards.pages import PARAMETERS_TAG, Page, assignments, code_cell
from analytics_lib.errors import RequestError
from analytics_lib.runs.failure import INJECTED_TAG
from analytics_lib.runs.parameters import Parameter, declared_in, resolve
from analytics_lib.runs.values import Refused, convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Notebook = dict[str, Any]

_LONGEST_VALUE = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
# A calendar of centuries has no window that ends, and days before it would leave it.
_YEARS = range(2000, 2100)
_KINDS = {"date": "date", "literal": "select", "bool": "select", "int": "number", "float": "number"}


@dataclass(frozen=True)
class Field:
    """One input of the form.

    Attributes:
        name: Of the parameter.
        label: What the reader calls it.
        kind: ``date``, ``select``, ``number`` or ``text``.
        value: As it stands in the input; empty for none.
        default: What the page shows unless it is set; the page's script leaves it out of the address.
        choices: Of a select: value and what the reader calls it.
    """

    name: str
    label: str
    kind: str
    value: str
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def from_address(
    page: Page, query: Mapping[str, Sequence[str]], *, choices: Mapping[str, Sequence[str]] | None = None
) -> dict[str, object]:
    """The values that an address sets, checked against what the page's notebooks declare.

    Args:
        page: Only its controls may be set.
        query: The query string, each name with all its values; an empty value counts as not given.
        choices: By control, the only values there are, where they are known.

    Returns:
        Only what the address sets, in the declared types: plain values of JSON.

    Raises:
        RequestError: For an unknown name, one given twice, a value that is not of the declared type, not
            among the choices, too long or with control characters, and a window that ends before it begins;
            all of them at once.
    """
    problems: list[str] = []
    values: dict[str, object] = {}
    for name, given in query.items():
        try:
            if (text := _only(page, name, given)) != "":
                values[name] = _value(page.control(name), text, (choices or {}).get(name))
        except Refused as problem:
            problems.append(f"{_short(name)}: {problem}")
    problems += _wrong_window(page, values)
    if problems:
        allowed = ", ".join(page.controls) or "none"
        told = "\n".join(f"  - {problem}" for problem in problems)
        raise RequestError(f"{len(problems)} problem(s) with the address:\n{told}\nMay be set: {allowed}.")
    return values


def address(page: Page, parameters: Mapping[str, object]) -> str:
    """The query string of a view, without ``?``: sorted, defaults left out; empty for the page's own view."""
    told = {
        name: _text(value)
        for name, value in sorted(parameters.items())
        if name in page.controls and value != page.default(name)
    }
    return urlencode({name: text for name, text in told.items() if text})


def form_fields(
    page: Page,
    parameters: Mapping[str, object],
    *,
    language: str,
    choices: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Field, ...]:
    """The inputs of a page's form in the order of its controls, filled with the view's values.

    A text whose values are known is a select; one that may be empty, or whose value is not among them, has
    that as well. The language has links of its own and no input.
    """
    names = [name for name in page.controls if name != "language"]
    return tuple(
        _field(page, name, parameters.get(name, page.default(name)), language, (choices or {}).get(name))
        for name in names
    )


def inject(notebook: Notebook, parameters: Mapping[str, object]) -> Notebook:
    """The merged notebook with the values of a view behind each parameters cell, as code.

    Each notebook gets what it declares and nothing else.

    Args:
        notebook: As ``pages.merged`` makes it.
        parameters: As ``from_address`` gives them; checked again.

    Raises:
        RequestError: If a name is declared nowhere or a value is not of its declared type.
    """
    left = set(parameters)
    cells: list[Notebook] = []
    given: dict[str, object] = {}
    for cell in notebook["cells"]:
        if given and not _is_own_values(cell):
            cells.append(_injected(given, len(cells)))
            given = {}
        if INJECTED_TAG in tags_of(cell):
            continue
        cells.append(cell)
        if PARAMETERS_TAG in tags_of(cell):
            known = declared_in("".join(cell["source"]), notebook=str(cell.get("id", "page")))
            given = _declared_only(known, parameters)
            left -= given.keys()
    if left:
        raise RequestError(f"No notebook of the page declares {', '.join(sorted(map(_short, left)))}.")
    return {**notebook, "cells": [*cells, _injected(given, len(cells))] if given else cells}


def _is_own_values(cell: Notebook) -> bool:
    return str(cell.get("id", "")).endswith("-own-values")


def _injected(given: Mapping[str, object], position: int) -> Notebook:
    source = f"# Parameters\n{assignments(given)}"
    return code_cell(source, name=f"injected-{position}", tags=(INJECTED_TAG,))


def _declared_only(known: Sequence[Parameter], parameters: Mapping[str, object]) -> dict[str, object]:
    wanted = [one for one in known if one.name in parameters]
    return dict(resolve(wanted, {one.name: parameters[one.name] for one in wanted}))


def _only(page: Page, name: str, given: Sequence[str]) -> str:
    """The one value of a name, as text."""
    if name not in page.controls:
        raise Refused(f"unknown.{nearest(name[:_LONGEST_VALUE], page.controls)}")
    if len(given) != 1:
        raise Refused(f"given {len(given)} times; give it once.")
    text = given[0]
    if len(text) > _LONGEST_VALUE:
        raise Refused(f"{len(text):,} characters; at most {_LONGEST_VALUE} are read.")
    if _CONTROL.search(text):
        raise Refused("it holds control characters; give plain text.")
    return text.strip()


def _value(parameter: Parameter, text: str, choices: Sequence[str] | None) -> object:
    value = convert(text, parameter.type)
    if parameter.type.kind == "date" and int(str(value)[:4]) not in _YEARS:
        raise Refused(f"{value!r} is not a day from {_YEARS.start} to {_YEARS.stop - 1}.")
    if choices is not None and value not in choices:
        raise Refused(f"{_short(text)} is not one of {', '.join(choices)}.{nearest(text, choices)}")
    return value


def _wrong_window(page: Page, values: Mapping[str, object]) -> list[str]:
    ends = {name: values.get(name) for name in ("since", "until")}
    if not values.keys() & ends.keys():
        return []
    for name, end in ends.items():
        if end is None and name in page.controls:
            ends[name] = page.default(name)
    since, until = ends.values()
    if since is not None and until is not None and str(since) >= str(until):
        return [f"since is {since} and until {until}; the window must begin before it ends."]
    return []


def _field(page: Page, name: str, value: object, language: str, choices: Sequence[str] | None) -> Field:
    parameter, text = page.control(name), _text(value)
    told: Language = "en" if language == "en" else "es"
    known = [_text(choice) for choice in parameter.type.choices] or list(choices or ())
    if parameter.type.kind == "bool":
        known = ["true", "false"]
    kind = "select" if known else _KINDS.get(parameter.type.kind, "text")
    if known and (parameter.type.nullable or page.default(name) == "") and "" not in known:
        known = ["", *known]
    if known and text not in known:
        known = [text, *known]
    named = tuple((choice, _named(name, choice, told)) for choice in known)
    return Field(name, _label("control", name, told), kind, text, _text(page.default(name)), named)


def _named(name: str, choice: str, language: Language) -> str:
    if not choice:
        return label("dashboard", "everything", language)
    for kind in (name, f"choice.{name}"):
        if (told := label(kind, choice, language)) != choice:
            return told
    return choice


def _label(kind: str, name: str, language: Language) -> str:
    told = label(kind, name, language)
    return told if told != name else name.replace("_", " ").capitalize()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _short(text: str) -> str:
    return ascii(text[:40])
