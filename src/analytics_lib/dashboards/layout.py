"""Where a cell stands on a page, read from its tags.

``page`` shows what the cell shows, as one card; ``span-3`` to ``span-12`` is its width in a grid of twelve
columns, ``row`` begins a new row, ``block-NAME`` names it. A cell without ``page`` is run and not shown.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Cell = Mapping[str, Any]

COLUMNS = 12
PAGE_TAG = "page"
WIDTHS = {"span-3": 3, "span-4": 4, "span-6": 6, "span-8": 8, "span-12": 12}
_BLOCK = re.compile(r"block-([a-z][a-z0-9-]{0,39})")
# What other parts of the project and Papermill mean by a tag.
_OTHERS = ("parameters", "injected-parameters")
_KNOWN = (PAGE_TAG, "row", *WIDTHS, *_OTHERS)


@dataclass(frozen=True)
class Place:
    """A card's place.

    Attributes:
        name: Unique on its page; made from the cell where no tag names it.
        width: Columns of twelve.
        row: Whether it begins a new row.
    """

    name: str
    width: int = COLUMNS
    row: bool = False


def tags_of(cell: Cell) -> tuple[str, ...]:
    """The tags of a cell."""
    return tuple(str(tag) for tag in cell.get("metadata", {}).get("tags", ()))


def place_of(cell: Cell) -> Place | None:
    """Where the cell stands; null if it is not shown."""
    tags = tags_of(cell)
    if cell.get("cell_type") != "code" or PAGE_TAG not in tags:
        return None
    named = next((found[1] for tag in tags if (found := _BLOCK.fullmatch(tag))), None)
    width = next((WIDTHS[tag] for tag in tags if tag in WIDTHS), COLUMNS)
    return Place(named or name_of(cell), width, "row" in tags)


def name_of(cell: Cell) -> str:
    """A name for a cell that no tag names: the same as long as the cell is."""
    told = f"{cell.get('id', '')}\n{''.join(cell['source'])}"
    return f"cell-{hashlib.sha256(told.encode()).hexdigest()[:10]}"


def wrong_tags(cell: Cell) -> list[str]:
    """What is wrong with the tags of a cell, a sentence each."""
    tags = tags_of(cell)
    problems = [_unknown(tag) for tag in tags if tag not in _KNOWN and not _BLOCK.fullmatch(tag)]
    widths = [tag for tag in tags if tag in WIDTHS]
    if len(widths) > 1:
        problems.append(f"the tags {' and '.join(widths)} contradict each other; keep one.")
    placed = [tag for tag in tags if tag in WIDTHS or tag == "row" or _BLOCK.fullmatch(tag)]
    if placed and PAGE_TAG not in tags:
        problems.append(f"the tag {placed[0]!r} places a cell that is not shown; add the tag 'page'.")
    if PAGE_TAG in tags and cell["cell_type"] != "code":
        problems.append("the tag 'page' stands on a text cell; only what a code cell shows can be shown.")
    return problems


def _unknown(tag: str) -> str:
    if tag.startswith("block-"):
        return f"{tag!r} names no block; use block- and a-z, 0-9, - (at most 40), such as block-top-queries."
    near = difflib.get_close_matches(tag, (*_KNOWN, "block-NAME"), n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown tag {tag!r}.{hint} There are: {', '.join(_KNOWN[: -len(_OTHERS)])}, block-NAME."
