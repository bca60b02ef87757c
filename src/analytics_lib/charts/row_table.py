"""A table of rows that are written already: a caption, heads from the catalogue, numbers to the right."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.pages import Html
from analytics_lib.charts.texts import for_page
from analytics_lib.charts.words import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence

_RIGHT = ' style="text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"'


def row_table(
    title: str, head: str, rows: Sequence[Sequence[str]], language: Language, *, texts: tuple[int, ...] = ()
) -> Html:
    """Rows as a table; texts of others in them are made inert.

    Args:
        title: Key of its caption in the catalogue.
        head: Key of the columns' heads, separated by ``|``.
        rows: One text for each column.
        language: es or en.
        texts: Places of the columns that are words, written from the left.
    """
    names = say(head, language).split("|")
    styles = ["" if place in texts else _RIGHT for place in range(len(names))]
    heads = "".join(
        f'<th scope="col"{style}>{html.escape(name)}</th>' for name, style in zip(names, styles, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(cell, style) for cell, style in zip(row, styles, strict=True))}</tr>"
        for row in rows
    )
    caption = html.escape(say(title, language))
    return Html(
        f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(text: str, style: str) -> str:
    return f"<td{style}>{for_page(text)}</td>"
