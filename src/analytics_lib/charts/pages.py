"""Pieces of a page that a notebook shows: text in Markdown, and HTML with its styles inside.

HTML made here names each style on its element, so that it looks the same in JupyterLab, in a report and in
Voilà, and uses only what the report's sanitiser lets through.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import Language, absent, count, day, duration, label, number, say, share

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_CELL = 200
_FOLDED_ABOVE = 12
_SHARES = {"share", "low", "high", "limit", "value"}
_RIGHT = "text-align:right;font-variant-numeric:tabular-nums"


@dataclass(frozen=True)
class Html:
    """HTML that a notebook shows as it is; every text of others in it is escaped."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True)
class Markdown:
    """Markdown that a notebook shows; a report sets it out as an answer."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text


def narrate(key: str, language: Language) -> Html:
    """The heading ``<key>.title`` of the catalogue and its paragraphs ``<key>.text``."""
    paragraphs = "".join(
        f"<p>{_emphasised(part)}</p>" for part in say(f"{key}.text", language).split("\n") if part
    )
    return Html(f"<h2>{html.escape(say(f'{key}.title', language))}</h2>{paragraphs}")


def table(frame: pd.DataFrame, *, title: str, language: Language) -> Html:
    """A frame as a table: columns named in words, numbers in their units; folded if it is long.

    Durations are the columns ending in ``_seconds``, shares those named so; values of ``outcome`` and
    ``replier`` get their names.

    Args:
        frame: Any small frame; its index is left out.
        title: Key of its caption in the catalogue.
        language: es or en.
    """
    heads = "".join(
        f'<th scope="col"{_aligned(frame[name])}>{_head(str(name), language)}</th>' for name in frame
    )
    cells = {str(name): _cells(frame[name], language) for name in frame}
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells.values(), strict=True))
    body = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    caption = html.escape(say(title, language))
    if len(frame) > _FOLDED_ABOVE:
        return Html(f"<details><summary>{caption}</summary>{body}</details>")
    return Html(body.replace("<table>", f"<table><caption>{caption}</caption>", 1))


def _emphasised(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))


def _head(name: str, language: Language) -> str:
    return html.escape(label("column", name, language))


def _aligned(column: pd.Series) -> str:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return f' style="{_RIGHT}"' if numeric else ""


def _cells(column: pd.Series, language: Language) -> list[str]:
    write, style = _writer(column, language), _aligned(column)
    return [f"<td{style}>{write(value)}</td>" for value in column]


def _writer(column: pd.Series, language: Language) -> Callable[[object], str]:
    name = str(column.name)
    writers: list[tuple[bool, Callable]] = [  # type: ignore[type-arg]  # each takes what its column holds
        (name.endswith("_seconds"), lambda value: duration(value, language)),
        (name in _SHARES, lambda value: share(value, language)),
        (pd.api.types.is_bool_dtype(column), lambda value: say("yes" if value else "no", language)),
        (pd.api.types.is_integer_dtype(column), lambda value: count(value, language)),
        (pd.api.types.is_float_dtype(column), lambda value: number(value, language)),
        (pd.api.types.is_datetime64_any_dtype(column), lambda value: day(value, language)),
    ]
    fits = [write for applies, write in writers if applies]
    return fits[0] if fits else lambda value: _text(name, value, language)


def _text(name: str, value: object, language: Language) -> str:
    return "" if absent(value) else for_page(cut(label(name, value, language), _LONGEST_CELL, language))
