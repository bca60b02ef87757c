"""A small picture of a page, drawn from what its blocks show and where they stand; no browser is needed.

The same cells give the same bytes. Colours of the page itself are left to its style sheet by class, so that
the picture follows light and dark; marks keep the colours of the figure.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics_lib.dashboards.layout import COLUMNS, Place, place_of
from analytics_lib.dashboards.sketches import sketch
from analytics_lib.dashboards.strokes import Box
from analytics_lib.runs.outputs import PLOTLY

WIDTH, HEIGHT = 320, 180
_EDGE, _GAP, _HEAD = 10.0, 5.0, 22.0
_SMALL_CARD = 4
_HEIGHTS = {"figure": 62.0, "picture": 62.0, "table": 46.0, "text": 24.0, "numbers": 42.0, "nothing": 24.0}
_TAG = re.compile(r"<[^<>]*>")
_NARRATION = re.compile(r"\s*<h2>.*?</h2>(<p>.*?</p>)*\s*", re.DOTALL)
_NUMBER = re.compile(r"[-\N{MINUS SIGN}]?[$]?\d[\d.,]*(\s?%| ?(s|min|h|d))?")
_LONGEST_NUMBER = 12
# What a tile sets in large type: its number.
_LARGE = re.compile(r"<\w+[^>]*font-size:\s?(?:[2-9][\d.]*rem|1\.[4-9]\d*rem|[2-9]\dpx)[^>]*>([^<]{1,20})<")
_MOST_TILES, _TILES_IN_A_ROW = 8, 4

Cell = Mapping[str, Any]


@dataclass(frozen=True)
class _Shown:
    """The main thing a card shows, by its kind."""

    kind: str
    content: Any = None


def thumbnail(cells: Sequence[Cell]) -> str:
    """An inline SVG of 320 by 180 that shows the top of a page.

    Args:
        cells: The cells of the page that are shown, in their order.
    """
    drawn = [shape for place, box in _laid_out(cells) for shape in _card(place, box)]
    head = (
        '<rect class="t-ink" x="10" y="7" width="92" height="6" rx="3"/>'
        '<rect class="t-line" x="106" y="8.5" width="52" height="3.5" rx="1.7"/>'
    )
    return (
        f'<svg class="thumbnail" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f"{head}{''.join(drawn)}</svg>"
    )


def _laid_out(cells: Sequence[Cell]) -> Iterator[tuple[_Shown, Box]]:
    """What each card shows and where, row by row, as the grid sets them, until the picture is full."""
    top = _HEAD
    for row in _rows(cells):
        height = max(_HEIGHTS[shown.kind] for _, _, shown in row)
        for column, place, shown in row:
            unit = (WIDTH - 2 * _EDGE + _GAP) / COLUMNS
            box = Box(_EDGE + column * unit, top, place.width * unit - _GAP, height)
            yield shown, box
        top += height + _GAP
        if top >= HEIGHT:
            return


def _rows(cells: Sequence[Cell]) -> Iterator[list[tuple[int, Place, _Shown]]]:
    row: list[tuple[int, Place, _Shown]] = []
    column = 0
    for cell in cells:
        place = place_of(cell)
        if place is None:
            continue
        if row and (place.row or column + place.width > COLUMNS):
            yield row
            row, column = [], 0
        row.append((column, place, _main(cell, place)))
        column += place.width
    if row:
        yield row


def _main(cell: Cell, place: Place) -> _Shown:
    """The first figure or picture of a card, else its table, else its number, else its text."""
    found = [output["data"] for output in cell["outputs"] if "data" in output]
    for data in found:
        if PLOTLY in data:
            return _Shown("figure", data[PLOTLY])
        if "image/png" in data or "image/jpeg" in data:
            return _Shown("picture")
    texts = [_joined(data.get("text/html") or data.get("text/markdown") or "") for data in found]
    told = [text for text in texts if text and not _NARRATION.fullmatch(text)]
    return _of_text(told[0], place) if told else _Shown("nothing")


def _of_text(text: str, place: Place) -> _Shown:
    if large := [told for told in _LARGE.findall(text) if any(map(str.isdigit, told))]:
        return _Shown("numbers", large[:_MOST_TILES])
    if "<table" in text:
        return _Shown("table", (text.count("<tr"), max(1, text.partition("</tr>")[0].count("<th"))))
    number = _NUMBER.search(_TAG.sub(" ", text))
    if number and place.width <= _SMALL_CARD:
        return _Shown("numbers", [number[0].strip()])
    return _Shown("text")


def _joined(value: object) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _card(shown: _Shown, box: Box) -> Iterator[str]:
    yield _bar("t-card", box, round_by=3)
    yield from _inside(shown, box.inner(5))


def _inside(shown: _Shown, box: Box) -> Iterable[str]:
    if shown.kind == "figure":
        title = _bar("t-quiet", Box(box.x, box.y, 0.4 * box.width, 3), round_by=1.5)
        return [title, *sketch(shown.content, Box(box.x, box.y + 7, box.width, box.height - 7))]
    if shown.kind == "table":
        return _table(box, *shown.content)
    if shown.kind == "numbers":
        return _numbers(box, shown.content)
    return _picture(box) if shown.kind == "picture" else _lines(box)


def _bar(name: str, box: Box, *, round_by: float = 0.0, opacity: float = 1.0) -> str:
    """A rectangle in the page's own colour of that class."""
    return (
        f'<rect class="{name}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{round_by:g}" opacity="{opacity:.2g}"/>'
    )


def _numbers(box: Box, numbers: Sequence[str]) -> Iterator[str]:
    """Tiles, each with its number; a small card has one."""
    columns = min(_TILES_IN_A_ROW, len(numbers), max(1, int(box.width / 34)))
    rows = -(-len(numbers) // columns)
    width, height = box.width / columns, box.height / rows
    for at, number in enumerate(numbers):
        told = number.strip()[:_LONGEST_NUMBER]
        size = min(13.0, 1.5 * (width - 4) / len(told), 0.9 * height)
        x, y = box.x + at % columns * width, box.y + (at // columns + 0.5) * height + size / 3
        place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}"'
        yield f'<text class="t-number" {place}>{html.escape(told)}</text>'


def _table(box: Box, rows: int, columns: int) -> Iterator[str]:
    rows, columns = min(rows, int(box.height / 6)), min(columns, max(1, int(box.width / 18)))
    for row, column in itertools.product(range(rows), range(columns)):
        width = box.width / columns * (0.75 if column == 0 else 0.5)
        place = Box(box.x + column * box.width / columns, box.y + 6 * row, width, 2.6)
        yield _bar("t-quiet" if row == 0 or column == 0 else "t-line", place, round_by=1.3)


def _picture(box: Box) -> Iterator[str]:
    """A picture's pixels are not read: a grid with a strong diagonal stands for any."""
    size = box.height / 5
    for row, column in itertools.product(range(5), range(5)):
        strength = 0.85 if row == column else 0.08 + 0.06 * ((row * 3 + column * 2) % 4)
        place = Box(box.x + column * size * 1.6, box.y + row * size, 1.5 * size, size - 1)
        yield _bar("t-accent", place, opacity=strength)


def _lines(box: Box) -> Iterator[str]:
    yield _bar("t-accent", Box(box.x, box.y, 2, box.height))
    for at, share in enumerate((0.95, 0.8, 0.55)):
        y = box.y + 1 + 5 * at
        if y + 3 <= box.y + box.height:
            yield _bar("t-line", Box(box.x + 6, y, share * (box.width - 8), 2.6), round_by=1.3)
